//! Live counters: what came in, minute by minute, over the last hours.
//!
//! Minutes are those of arrival, so that a counter never changes after its minute and shows how far behind the senders are.
//! The last minute is counted by seconds, so that it is 60 seconds long whenever it is asked for. Bounded: so many minutes,
//! countries and visitors; what is over a bound is counted under one name, never dropped.

use crate::event::ShopEvent;
use crate::time::{MINUTE, Micros};
use crate::vocabulary::Deed;
use domain::{Currency, Money, Rounding};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Minutes kept.
const MINUTES: usize = 180;
/// Countries counted by name.
const COUNTRIES: usize = 300;
/// Visitors told apart; about 5 MB.
const VISITORS: usize = 200_000;
/// For how long a visitor is one of the last visitors: the pause after which a session is over.
const ACTIVE: Micros = 30 * MINUTE;
const SECOND: Micros = 1_000_000;
/// What stands for the rest.
const REST: &str = "(other)";

/// One minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Its beginning.
    pub start: Micros,
    /// Events.
    pub events: u64,
    /// By deed.
    pub by_deed: BTreeMap<Deed, u64>,
    /// By country as written.
    pub by_country: BTreeMap<String, u64>,
    /// Value of completed orders, by currency.
    pub revenue: BTreeMap<Currency, Money>,
    /// Longest time between an event and its arrival.
    pub longest_delay: Micros,
}

/// All minutes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    minutes: VecDeque<Minute>,
    /// Events of the last 60 seconds that had some, by second.
    seconds: VecDeque<(Micros, u64)>,
    /// When each of the last visitors was seen last, by the hash of the identifier.
    visitors: HashMap<u64, Micros>,
    /// When there were last more of them than are told apart.
    overflow: Option<Micros>,
}

/// The counters at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountersView {
    /// The minutes that had events, the oldest first.
    pub minutes: Vec<Minute>,
    /// Events of the last 60 seconds.
    pub last_minute: u64,
    /// Visitors of the last half hour.
    pub visitors: usize,
    /// Whether there were more of them than are told apart.
    pub at_least: bool,
}

impl Counters {
    /// Counts an event that arrived at this time.
    pub(crate) fn add(&mut self, event: &ShopEvent, owner_hash: u64, received: Micros) {
        let start = received - received.rem_euclid(MINUTE);
        // Where the clock was set back the newest minute goes on.
        if self.minutes.back().is_none_or(|m| m.start < start) {
            self.minutes.push_back(Minute { start, ..Minute::default() });
            if self.minutes.len() > MINUTES {
                self.minutes.pop_front();
            }
            self.visitors.retain(|_, seen| received.saturating_sub(*seen) < ACTIVE);
        }
        self.see(owner_hash, received);
        self.tick(received);
        let Some(minute) = self.minutes.back_mut() else { return };
        minute.events += 1;
        *minute.by_deed.entry(event.deed).or_default() += 1;
        if let Some(country) = &event.country {
            *named(&mut minute.by_country, country, COUNTRIES) += 1;
        }
        if event.deed == Deed::OrderCompleted
            && let (Some(value), Some(Ok(currency))) =
                (event.value, event.currency.as_ref().map(|c| c.parse::<Currency>()))
            && let Ok(money) = Money::from_decimal(value.to_decimal(), currency, Rounding::HalfEven)
        {
            let sum = minute.revenue.entry(currency).or_insert(Money { minor: 0, currency });
            *sum = sum.plus(money).unwrap_or(*sum);
        }
        minute.longest_delay = minute.longest_delay.max(received.saturating_sub(event.at));
    }

    fn see(&mut self, owner_hash: u64, received: Micros) {
        if self.visitors.len() < VISITORS || self.visitors.contains_key(&owner_hash) {
            self.visitors.insert(owner_hash, received);
        } else {
            self.overflow = Some(received);
        }
    }

    fn tick(&mut self, received: Micros) {
        let second = received - received.rem_euclid(SECOND);
        match self.seconds.back_mut() {
            Some((newest, n)) if *newest >= second => *n += 1,
            _ => self.seconds.push_back((second, 1)),
        }
        while self.seconds.front().is_some_and(|(oldest, _)| *oldest <= second - MINUTE) {
            self.seconds.pop_front();
        }
    }

    pub(crate) fn view(&self, now: Micros) -> CountersView {
        let active = |seen: Micros| now.saturating_sub(seen) < ACTIVE;
        CountersView {
            minutes: self.minutes.iter().cloned().collect(),
            // The second that is 60 seconds back is over, and so is all before it.
            last_minute: self.seconds.iter().filter(|(s, _)| *s > now - MINUTE && *s <= now).map(|(_, n)| n).sum(),
            visitors: self.visitors.values().filter(|seen| active(**seen)).count(),
            at_least: self.overflow.is_some_and(active),
        }
    }
}

fn named<'m, V: Default>(map: &'m mut BTreeMap<String, V>, name: &str, limit: usize) -> &'m mut V {
    let name = if map.len() < limit || map.contains_key(name) { name } else { REST };
    map.entry(name.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(extra: serde_json::Value) -> ShopEvent {
        let mut line = json!({"type": "track", "anonymousId": "a", "timestamp": 0});
        line.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        ShopEvent::from_line(&line).unwrap()
    }

    #[test] // 0.10 + 0.20 EUR are 0.30 EUR exactly.
    fn minutes_count_deeds_and_money() {
        let mut counters = Counters::default();
        let order =
            |revenue: &str| event(json!({"event": "purchase", "properties": {"revenue": revenue, "currency": "EUR"}}));
        counters.add(&order("0.10"), 1, 0);
        counters.add(&order("0.20"), 2, MINUTE - 1);
        counters.add(&event(json!({"event": "x"})), 1, MINUTE);
        let view = counters.view(MINUTE);
        assert_eq!(view.minutes.len(), 2);
        let eur = Currency::new(*b"EUR");
        assert_eq!(view.minutes[0].revenue[&eur], Money { minor: 30, currency: eur });
        assert_eq!(view.minutes[0].by_deed[&Deed::OrderCompleted], 2);
        assert_eq!(view.minutes[0].longest_delay, MINUTE - 1, "it happened at 0");
        assert_eq!(view.visitors, 2);
    }

    /// One event a second for two minutes: 60 of them are in the last minute, at its second second as at its last.
    #[test]
    fn the_last_minute_is_the_last_sixty_seconds_whenever_it_is_asked_for() {
        let mut counters = Counters::default();
        for second in 0..120 {
            counters.add(&event(json!({"event": "x"})), 0, second * SECOND);
            let view = counters.view(second * SECOND + SECOND / 2);
            assert_eq!(view.last_minute, 60.min(second as u64 + 1), "at second {second}");
        }
        assert!(counters.seconds.len() <= 60);
        assert_eq!(counters.view(119 * SECOND + MINUTE).last_minute, 0);
        // A clock that was set back tells nothing of what is to come.
        assert_eq!(counters.view(0).last_minute, 0);
    }

    #[test]
    fn bounds_hold_and_nothing_is_lost_from_the_sums() {
        let mut counters = Counters::default();
        for i in 0..VISITORS as u64 + 10 {
            counters.add(&event(json!({"event": "x", "properties": {"country": format!("c{i}")}})), i, 0);
        }
        let view = counters.view(0);
        assert_eq!((view.visitors, view.at_least), (VISITORS, true));
        let countries = &view.minutes[0].by_country;
        assert_eq!((countries.len(), countries.values().sum::<u64>()), (COUNTRIES + 1, VISITORS as u64 + 10));
        for i in 0..1_000_i64 {
            counters.add(&event(json!({"event": "x"})), 0, i * MINUTE);
        }
        assert_eq!((counters.view(0).minutes.len(), counters.visitors.len()), (MINUTES, 1));
        assert!(!counters.view(1_000 * MINUTE).at_least);
    }

    /// A visitor a minute for an hour, and one that comes every minute: of the last half hour that are 31.
    #[test]
    fn visitors_of_the_last_half_hour_are_told_apart() {
        let mut counters = Counters::default();
        for minute in 0..60_i64 {
            for who in [7_000, minute as u64] {
                counters.add(&event(json!({"event": "x"})), who, minute * MINUTE);
            }
        }
        assert_eq!(counters.view(59 * MINUTE + 1).visitors, 31);
        assert_eq!(counters.view(59 * MINUTE + ACTIVE).visitors, 0);
    }
}
