//! Events of machines: crawlers that say so, visits faster than a person can click, visits with the
//! regularity of a clock.
//!
//! *Agent*: a user agent that `tracking::machine_word` knows. *Rate*: more views than `bot_views_a_minute` within some
//! minute. *Period*: at least `bot_period_views` views of which nine in ten follow the one before after the same time, to
//! two in a hundred. Rate and period speak against the whole visit, which is what a visitor does without a pause of
//! `bot_visit_minutes`. A view is a page, a screen, or a track event about a product or a search; orders and
//! heartbeats of a player are not.

use super::{Policy, Rule, RuleDoc};
use crate::CleanParams;
use crate::rejects::Finding;
use tracking::machine_word;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "bot_traffic",
    policy: Policy::Reject,
    doc: "events of crawlers (by their user agent), of visits with more views in a minute than a person makes, and of visits \
          with the regularity of a clock are put aside, so that behaviour is that of people",
};

const MINUTE: i64 = 60_000_000;

/// An event, as far as this rule looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    /// Shopper where known, else the anonymous visitor.
    pub(crate) visitor: Option<&'a str>,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    /// The message; an event of several products has several rows.
    pub(crate) message: &'a str,
    /// Whether it is a view.
    pub(crate) view: bool,
    pub(crate) agent: Option<&'a str>,
}

/// Why an event is a machine's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sign {
    /// The word of its user agent.
    Agent(String),
    /// Views within a minute of its visit.
    Rate(usize),
    /// Views of its visit and the time between two, in microseconds.
    Period(usize, i64),
}

impl Sign {
    /// The finding for rejects.rows; `agent` is the row's user agent.
    pub(crate) fn finding(&self, agent: Option<&str>, params: &CleanParams) -> Finding {
        let (column, value, expected) = match self {
            Self::Agent(word) => (
                "user_agent",
                agent.unwrap_or_default().to_owned(),
                format!("a person's browser or application; `{word}` names a machine"),
            ),
            Self::Rate(n) => (
                "occurred_at",
                format!("{n} views of the visitor in a minute"),
                format!("at most {} views in a minute", params.bot_views_a_minute),
            ),
            Self::Period(n, gap) => (
                "occurred_at",
                format!("{n} views of the visitor, one every {:.1} s", *gap as f64 / 1e6),
                "pauses that differ, as those of people do".to_owned(),
            ),
        };
        Finding { rule: Rule::BotTraffic, column, value: Some(value), expected }
    }
}

/// For each event why it is a machine's, or nothing. The result does not depend on the order of events.
pub(crate) fn signs(acts: &[Act<'_>], params: &CleanParams) -> Vec<Option<Sign>> {
    let mut signs: Vec<Option<Sign>> =
        acts.iter().map(|act| act.agent.and_then(machine_word).map(Sign::Agent)).collect();
    let mut order: Vec<usize> = (0..acts.len()).filter(|&i| acts[i].visitor.is_some()).collect();
    order.sort_unstable_by_key(|&i| (acts[i].visitor, acts[i].at, acts[i].message, i));
    let pause = i64::from(params.bot_visit_minutes) * MINUTE;
    let same_visit =
        |a: &usize, b: &usize| acts[*a].visitor == acts[*b].visitor && acts[*b].at.saturating_sub(acts[*a].at) <= pause;
    for visit in order.chunk_by(same_visit) {
        let mut views: Vec<(i64, &str)> =
            visit.iter().map(|&i| &acts[i]).filter(|a| a.view).map(|a| (a.at, a.message)).collect();
        views.dedup();
        let times: Vec<i64> = views.into_iter().map(|(at, _)| at).collect();
        if let Some(sign) = rate(&times, params).or_else(|| period(&times, params)) {
            for &i in visit {
                signs[i].get_or_insert_with(|| sign.clone());
            }
        }
    }
    signs
}

/// The most views within a minute, where they are more than a person makes; `times` ascend.
fn rate(times: &[i64], params: &CleanParams) -> Option<Sign> {
    let mut from = 0;
    let mut most = 0;
    for (i, &at) in times.iter().enumerate() {
        while at - times[from] >= MINUTE {
            from += 1;
        }
        most = most.max(i + 1 - from);
    }
    (most > params.bot_views_a_minute as usize).then_some(Sign::Rate(most))
}

/// Whether nine in ten pauses are the middle one, to two in a hundred; shorter than two seconds says
/// nothing, because trackers write whole seconds.
fn period(times: &[i64], params: &CleanParams) -> Option<Sign> {
    if times.len() < (params.bot_period_views as usize).max(3) {
        return None;
    }
    let gaps: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    let mut sorted = gaps.clone();
    sorted.sort_unstable();
    let middle = sorted[sorted.len() / 2];
    let alike = gaps.iter().filter(|g| (**g - middle).abs() * 50 <= middle).count();
    (middle >= 2_000_000 && alike * 10 >= gaps.len() * 9).then_some(Sign::Period(times.len(), middle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn views<'a>(visitor: &'a str, messages: &'a [String], seconds: impl IntoIterator<Item = f64>) -> Vec<Act<'a>> {
        let act = |(message, at): (&'a String, f64)| Act {
            visitor: Some(visitor),
            at: (at * 1e6) as i64,
            message,
            view: true,
            agent: None,
        };
        messages.iter().zip(seconds).map(act).collect()
    }

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("m{i}")).collect()
    }

    #[test]
    fn sixty_views_in_a_minute_are_a_person_and_sixty_one_are_not() {
        let p = CleanParams::default();
        let names = names(61);
        // Seven in ten seconds, unevenly: 61 within a minute, 60 without the last.
        let at = |i: usize| i as f64 * 0.97 + if i.is_multiple_of(2) { 0.2 } else { 0.0 };
        let all = views("v", &names, (0..61).map(at));
        assert_eq!(signs(&all, &p)[0], Some(Sign::Rate(61)));
        assert!(signs(&all[..60], &p).iter().all(Option::is_none));
        // Rows of one message are one view; events that are no views do not count, but share the visit's fate.
        let mut rows = all[..60].to_vec();
        rows.extend_from_slice(&all[..60]);
        rows.push(Act { view: false, ..all[60] });
        assert!(signs(&rows, &p).iter().all(Option::is_none));
        rows.push(Act { message: "another", ..all[60] });
        assert!(signs(&rows, &p).iter().all(|s| *s == Some(Sign::Rate(61))));
    }

    #[test]
    fn a_clock_is_found_and_the_rest_of_the_visitors_life_stays() {
        let p = CleanParams::default();
        let names = names(60);
        // One view every 30 s, twice a second late; then after two hours five views like a person's.
        let clock = (0..24).map(|i| 30.0 * f64::from(i) + if i == 7 { 1.0 } else { 0.0 });
        let person = [10_000.0, 10_013.0, 10_020.0, 10_090.0, 10_100.0];
        let acts = views("v", &names, clock.chain(person));
        let found = signs(&acts, &p);
        assert!(found[..24].iter().all(|s| *s == Some(Sign::Period(24, 30_000_000))), "{found:?}");
        assert!(found[24..].iter().all(Option::is_none));
        let few = views("v", &names, (0..19).map(|i| 30.0 * f64::from(i)));
        assert!(signs(&few, &p).iter().all(Option::is_none), "19 views are too few to call it a clock");
    }

    #[test] // 2,000 visits of 25 views with exponential pauses of 20 s on average: none may be a machine's.
    fn people_with_random_pauses_are_never_machines() {
        let p = CleanParams::default();
        let names = names(25);
        let mut rng = Seed(3).stream(0);
        for _ in 0..2_000 {
            let mut at = 0.0_f64;
            let seconds: Vec<f64> = (0..25)
                .map(|_| {
                    at += 1.0 + (20.0 * rng.exponential()).floor();
                    at
                })
                .collect();
            assert!(signs(&views("v", &names, seconds), &p).iter().all(Option::is_none));
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_visitors_are_apart() {
        let p = CleanParams::default();
        let names = names(80);
        let machine = views("m", &names, (0..80).map(|i| f64::from(i) * 0.5));
        let person = views("p", &names, (0..30).map(|i| f64::from(i * i) * 0.9));
        let mut acts: Vec<Act<'_>> = machine.into_iter().chain(person).collect();
        let forward = signs(&acts, &p);
        assert_eq!(forward.iter().filter(|s| s.is_some()).count(), 80);
        acts.reverse();
        let mut backward = signs(&acts, &p);
        backward.reverse();
        assert_eq!(forward, backward);
        let nobody: Vec<Act<'_>> = acts.iter().map(|a| Act { visitor: None, ..*a }).collect();
        assert!(signs(&nobody, &p).iter().all(Option::is_none), "without a visitor there is no visit");
    }
}
