//! Live counters: what came in, minute by minute, over the last hours.
//!
//! Minutes are those of arrival, so that a counter never changes after its minute and shows how far behind the senders are.
//! Bounded: so many minutes, countries, searches and visitors a minute; what is over a bound is counted under one name, never
//! dropped.

use crate::event::ShopEvent;
use crate::time::{MINUTE, Micros};
use crate::vocabulary::Deed;
use domain::{Currency, Money, Rounding};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

/// Minutes kept.
const MINUTES: usize = 180;
/// Countries counted by name.
const COUNTRIES: usize = 300;
/// Searches counted by name in a minute.
const QUERIES: usize = 500;
/// Visitors told apart in a minute.
const VISITORS: usize = 50_000;
/// Minutes whose visitors are told apart from those of other minutes; of older ones only their number is kept, or three
/// hours of them would take 160 MB.
const ACTIVE: usize = 5;
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
    /// Searches: how often, and how often without a hit where the shop says that.
    pub queries: BTreeMap<String, (u64, u64)>,
    /// Longest time between an event and its arrival.
    pub longest_delay: Micros,
    visitors: HashSet<u64>,
    n_visitors: usize,
}

impl Minute {
    /// Visitors that were told apart.
    pub const fn n_visitors(&self) -> usize {
        self.n_visitors
    }
}

/// All minutes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    minutes: VecDeque<Minute>,
}

/// The counters at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountersView {
    /// The minutes that had events, the oldest first.
    pub minutes: Vec<Minute>,
    /// Visitors of the last five minutes.
    pub active_visitors: usize,
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
            if let Some(older) = self.minutes.len().checked_sub(ACTIVE + 2) {
                self.minutes[older].visitors = HashSet::new();
            }
            if self.minutes.len() > MINUTES {
                self.minutes.pop_front();
            }
        }
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
        if let Some(query) = event.query.as_ref().filter(|_| event.deed == Deed::Searched) {
            let query: String = query.trim().to_lowercase().chars().take(100).collect();
            let (n, without) = named(&mut minute.queries, &query, QUERIES);
            *n += 1;
            *without += u64::from(event.n_results == Some(0));
        }
        minute.longest_delay = minute.longest_delay.max(received.saturating_sub(event.at));
        if minute.visitors.len() < VISITORS {
            minute.n_visitors += usize::from(minute.visitors.insert(owner_hash));
        }
    }

    pub(crate) fn view(&self, now: Micros) -> CountersView {
        let since = now.saturating_sub(ACTIVE as i64 * MINUTE);
        let recent: Vec<&Minute> = self.minutes.iter().filter(|m| m.start + MINUTE > since).collect();
        let active: BTreeSet<u64> = recent.iter().flat_map(|m| m.visitors.iter().copied()).collect();
        CountersView {
            minutes: self.minutes.iter().cloned().collect(),
            active_visitors: active.len(),
            at_least: recent.iter().any(|m| m.n_visitors >= VISITORS),
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
    fn minutes_count_deeds_money_and_searches() {
        let mut counters = Counters::default();
        let order =
            |revenue: &str| event(json!({"event": "purchase", "properties": {"revenue": revenue, "currency": "EUR"}}));
        counters.add(&order("0.10"), 1, 0);
        counters.add(&order("0.20"), 2, MINUTE - 1);
        let search =
            |results: i64| event(json!({"event": "search", "properties": {"query": " Kettle", "results": results}}));
        counters.add(&search(0), 1, MINUTE);
        counters.add(&search(3), 1, MINUTE);
        let view = counters.view(MINUTE);
        assert_eq!(view.minutes.len(), 2);
        let eur = Currency::new(*b"EUR");
        assert_eq!(view.minutes[0].revenue[&eur], Money { minor: 30, currency: eur });
        assert_eq!(view.minutes[0].by_deed[&Deed::OrderCompleted], 2);
        assert_eq!(view.minutes[1].queries["kettle"], (2, 1));
        assert_eq!(view.active_visitors, 2);
        assert_eq!(counters.view(7 * MINUTE).active_visitors, 0);
    }

    #[test]
    fn bounds_hold_and_nothing_is_lost_from_the_sums() {
        let mut counters = Counters::default();
        for i in 0..2_000_i64 {
            let search = event(json!({"event": "search", "properties": {"query": format!("q{i}")}}));
            counters.add(&search, i as u64, i / 1_000 * MINUTE);
        }
        assert_eq!(counters.view(0).minutes[0].n_visitors(), 1_000);
        let minute = &counters.view(0).minutes[0];
        assert!(minute.queries.len() <= QUERIES + 1);
        assert_eq!(minute.queries.values().map(|(n, _)| n).sum::<u64>(), 1_000);
        assert_eq!(minute.queries[REST].0, 500);
        for i in 0..1_000_i64 {
            counters.add(&event(json!({"event": "x"})), 0, i * MINUTE);
        }
        assert_eq!(counters.view(0).minutes.len(), MINUTES);
    }

    /// Two visitors a minute, one of them every minute. Six minutes reach into the last five, with seven visitors; of each
    /// minute two are told.
    #[test]
    fn visitors_are_told_apart_over_five_minutes_and_counted_for_all() {
        let mut counters = Counters::default();
        for minute in 0..20_i64 {
            for who in [7_000, minute as u64] {
                counters.add(&event(json!({"event": "x"})), who, minute * MINUTE);
            }
        }
        let view = counters.view(19 * MINUTE + MINUTE - 1);
        assert_eq!(view.active_visitors, 7);
        assert!(view.minutes.iter().all(|m| m.n_visitors() == 2));
        assert!(counters.minutes.iter().filter(|m| !m.visitors.is_empty()).count() <= ACTIVE + 1);
    }
}
