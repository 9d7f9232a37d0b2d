//! When an event happened, although the client's clock is wrong.
//!
//! `occurred = received − (sent − original)`: both times of the client come from one clock, so its error falls out, and
//! what remains is how long the event waited there. The formula is that of Segment's tracking API. It fails where the clock
//! was set between the two; then the waiting time is negative or absurd, and the time of arrival is taken instead.

use crate::time::{DAY, MINUTE, Micros};

/// What waiting times are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockParams {
    /// Longest time an event may have waited, or lie in the past: imports of old events use the same calls.
    pub longest_days: u32,
    /// Minutes that a time without `sentAt` may lie in the future.
    pub ahead_minutes: u32,
}

impl Default for ClockParams {
    fn default() -> Self {
        Self { longest_days: 3_653, ahead_minutes: 10 }
    }
}

/// The time that was settled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// When it happened.
    pub at: Micros,
    /// Error of the client's clock, positive where it is ahead; `None` where it sent no `sentAt`.
    pub skew: Option<Micros>,
    /// Why the client's times were not believed.
    pub fault: Option<ClockFault>,
}

/// Why the client's times were not believed: the event has the time of its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// It happened after it was sent.
    SentBeforeItHappened,
    /// It waited longer than is believed.
    TooOld,
    /// It lies in the future.
    InTheFuture,
}

impl ClockFault {
    /// What to tell the sender.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SentBeforeItHappened => "the event's time lies after sentAt: the time of arrival was taken",
            Self::TooOld => "the event's time lies further back than is believed: the time of arrival was taken",
            Self::InTheFuture => "the event's time lies in the future: the time of arrival was taken",
        }
    }
}

/// Settles when an event happened. A second of disorder between `original` and `sent` is rounding of the client.
pub fn correct(original: Option<Micros>, sent: Option<Micros>, received: Micros, params: &ClockParams) -> Correction {
    let skew = sent.map(|s| s.saturating_sub(received));
    let longest = i64::from(params.longest_days) * DAY;
    let arrival = |fault| Correction { at: received, skew, fault };
    let Some(original) = original else { return arrival(None) };
    let waited = match sent {
        Some(sent) => sent.saturating_sub(original),
        None => received.saturating_sub(original),
    };
    let ahead = if sent.is_some() { 1_000_000 } else { i64::from(params.ahead_minutes) * MINUTE };
    match waited {
        _ if waited > longest => arrival(Some(ClockFault::TooOld)),
        _ if waited < -ahead && sent.is_some() => arrival(Some(ClockFault::SentBeforeItHappened)),
        _ if waited < -ahead => arrival(Some(ClockFault::InTheFuture)),
        _ => Correction { at: received.saturating_sub(waited), skew, fault: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Micros = 1_760_000_000_000_000;
    const S: Micros = 1_000_000;

    fn at(original: Option<Micros>, sent: Option<Micros>) -> Correction {
        correct(original, sent, NOW, &ClockParams::default())
    }

    #[test] // The clock is 3 h ahead; the event waited 40 s: it happened 40 s before it came, whatever the clock says.
    fn the_error_of_the_clock_falls_out() {
        let ahead = 3 * 3600 * S;
        let settled = at(Some(NOW + ahead - 40 * S), Some(NOW + ahead));
        assert_eq!(settled, Correction { at: NOW - 40 * S, skew: Some(ahead), fault: None });
    }

    #[test]
    fn a_clock_a_day_off_either_way_changes_nothing() {
        for off in [-DAY, DAY, -56 * 365 * DAY] {
            assert_eq!(at(Some(NOW + off - 5 * S), Some(NOW + off)).at, NOW - 5 * S);
        }
    }

    #[test]
    fn a_clock_set_between_event_and_sending_is_told_and_not_believed() {
        // 1970 when it happened, right when it was sent.
        let settled = at(Some(60 * S), Some(NOW));
        assert_eq!((settled.at, settled.fault), (NOW, Some(ClockFault::TooOld)));
        let settled = at(Some(NOW + DAY), Some(NOW));
        assert_eq!((settled.at, settled.fault), (NOW, Some(ClockFault::SentBeforeItHappened)));
    }

    #[test]
    fn without_sent_at_the_past_is_believed_and_the_future_is_not() {
        assert_eq!(at(Some(NOW - 400 * DAY), None), Correction { at: NOW - 400 * DAY, skew: None, fault: None });
        assert_eq!(at(Some(NOW + DAY), None).fault, Some(ClockFault::InTheFuture));
        assert_eq!(at(None, None), Correction { at: NOW, skew: None, fault: None });
    }

    proptest! {
        #[test]
        fn the_result_never_lies_in_the_future_beyond_what_is_allowed_nor_before_the_longest(
            original in any::<i64>(), sent in proptest::option::of(any::<i64>()),
        ) {
            let settled = at(Some(original), sent);
            prop_assert!(settled.at <= NOW + 10 * MINUTE);
            prop_assert!(settled.at >= NOW - 3_653 * DAY);
        }

        #[test]
        fn with_both_times_only_their_difference_counts(waited in 0_i64..1_000 * DAY, off in -1_000 * DAY..1_000 * DAY) {
            prop_assert_eq!(at(Some(NOW + off - waited), Some(NOW + off)).at, NOW - waited);
        }
    }
}
