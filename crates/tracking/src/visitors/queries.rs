//! What was searched for over the last hours, by market and language, and what found nothing.
//!
//! Counted by arrival in parts of [`PART`], so that what is old falls out in one piece. Bounded: [`QUERIES`] searches are
//! told apart in a part; the others are counted together, by market. A search that did not say how many hits it had is
//! no search without hits.

use crate::event::ShopEvent;
use crate::time::{MINUTE, Micros};
use crate::vocabulary::Deed;
use domain::{Language, Market, market_by_name};
use std::collections::{BTreeMap, VecDeque};

/// Length of a part.
const PART: Micros = 10 * MINUTE;
/// Parts kept: three hours.
const PARTS: usize = 18;
/// Searches counted by name in a part.
const QUERIES: usize = 2_000;
/// Letters of a search that are kept.
const LETTERS: usize = 100;
/// What stands for the rest.
const REST: &str = "(other)";

/// A search text in a market and a language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueryKey {
    /// Of the event's country; `None` where it said none that is known.
    pub market: Option<Market>,
    /// Of the event's locale.
    pub language: Option<Language>,
    /// In lower case, without spaces around it.
    pub query: String,
}

/// How often it was searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryCount {
    /// Searches.
    pub searches: u64,
    /// Those of them that said how many hits they had.
    pub with_hits_said: u64,
    /// Those that said that they had none.
    pub without_hits: u64,
}

/// Which searches are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueriesAsked {
    /// Of this market alone.
    pub market: Option<Market>,
    /// In this language alone.
    pub language: Option<Language>,
    /// Only what found nothing, most often so first.
    pub without_hits: bool,
}

/// All parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queries {
    parts: VecDeque<(Micros, BTreeMap<QueryKey, QueryCount>)>,
}

impl Queries {
    /// Counts a search that arrived at this time; any other event is none.
    pub(crate) fn add(&mut self, event: &ShopEvent, received: Micros) {
        let Some(query) = event.query.as_ref().filter(|_| event.deed == Deed::Searched) else { return };
        let start = received - received.rem_euclid(PART);
        // Where the clock was set back the newest part goes on.
        if self.parts.back().is_none_or(|(newest, _)| *newest < start) {
            self.parts.push_back((start, BTreeMap::new()));
            if self.parts.len() > PARTS {
                self.parts.pop_front();
            }
        }
        let Some((_, part)) = self.parts.back_mut() else { return };
        let mut key = QueryKey {
            market: event.country.as_deref().and_then(market_by_name),
            language: event.language.as_deref().and_then(|l| l.parse().ok()),
            query: query.trim().to_lowercase().chars().take(LETTERS).collect(),
        };
        if part.len() >= QUERIES && !part.contains_key(&key) {
            key = QueryKey { language: None, query: REST.to_owned(), ..key };
        }
        let count = part.entry(key).or_default();
        count.searches += 1;
        count.with_hits_said += u64::from(event.n_results.is_some());
        count.without_hits += u64::from(event.n_results == Some(0));
    }

    /// The `n` searches of the last three hours that were made most often, ties in order of the text.
    pub(crate) fn top(&self, asked: QueriesAsked, now: Micros, n: usize) -> Vec<(QueryKey, QueryCount)> {
        let since = now.saturating_sub(PART * PARTS as i64);
        let mut sums: BTreeMap<&QueryKey, QueryCount> = BTreeMap::new();
        let wanted = |key: &QueryKey| {
            asked.market.is_none_or(|m| key.market == Some(m)) && asked.language.is_none_or(|l| key.language == Some(l))
        };
        for (_, part) in self.parts.iter().filter(|(start, _)| *start > since) {
            for (key, count) in part.iter().filter(|(key, _)| wanted(key)) {
                let sum = sums.entry(key).or_default();
                sum.searches += count.searches;
                sum.with_hits_said += count.with_hits_said;
                sum.without_hits += count.without_hits;
            }
        }
        let weight = |count: &QueryCount| if asked.without_hits { count.without_hits } else { count.searches };
        let mut top: Vec<(&QueryKey, QueryCount)> = sums.into_iter().filter(|(_, c)| weight(c) > 0).collect();
        top.sort_by(|a, b| weight(&b.1).cmp(&weight(&a.1)).then_with(|| a.0.query.cmp(&b.0.query)));
        top.into_iter().take(n).map(|(key, count)| (key.clone(), count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn search(query: &str, country: &str, locale: &str, results: Option<i64>) -> ShopEvent {
        let mut line = json!({"type": "track", "event": "Products Searched", "anonymousId": "a", "timestamp": 0,
            "properties": {"query": query}, "context": {"locale": locale, "location": {"country": country}}});
        if let Some(n) = results {
            line["properties"]["result_count"] = n.into();
        }
        ShopEvent::from_line(&line).unwrap()
    }

    fn told(queries: &Queries, asked: QueriesAsked, now: Micros) -> Vec<(String, u64, u64, u64)> {
        let row = |(key, c): (QueryKey, QueryCount)| (key.query, c.searches, c.with_hits_said, c.without_hits);
        queries.top(asked, now, 10).into_iter().map(row).collect()
    }

    #[test]
    fn searches_are_told_by_market_and_language_and_those_without_hits_apart() {
        let mut queries = Queries::default();
        for (event, at) in [
            (search("Kettle ", "Germany", "en-GB", Some(3)), 0),
            (search("kettle", "DE", "en", None), PART),
            (search("wasserkocher", "DE", "de-DE", Some(0)), PART),
            (search("kettle", "FR", "en", Some(0)), PART),
        ] {
            queries.add(&event, at);
        }
        let germany = QueriesAsked { market: "DE".parse().ok(), ..QueriesAsked::default() };
        let kettle = |n: u64, said: u64, none: u64| ("kettle".to_owned(), n, said, none);
        let wasserkocher = || ("wasserkocher".to_owned(), 1, 1, 1);
        assert_eq!(told(&queries, germany, PART), [kettle(2, 1, 0), wasserkocher()]);
        assert_eq!(told(&queries, QueriesAsked { language: "de".parse().ok(), ..germany }, PART), [wasserkocher()]);
        let none = QueriesAsked { without_hits: true, ..QueriesAsked::default() };
        assert_eq!(told(&queries, none, PART), [kettle(1, 1, 1), wasserkocher()], "the one of France is without hits");
        // Three hours later the first part is over, then the second.
        assert_eq!(told(&queries, germany, 18 * PART)[0], kettle(1, 0, 0));
        assert_eq!(told(&queries, germany, 19 * PART), []);
    }

    #[test]
    fn memory_is_bounded_and_no_search_is_lost_from_the_sums() {
        let mut queries = Queries::default();
        for n in 0..5_000_i64 {
            queries.add(&search(&format!("q{n}"), "DE", "de", None), 0);
        }
        assert!(queries.parts[0].1.len() <= QUERIES + 1);
        let all = queries.top(QueriesAsked::default(), 0, usize::MAX);
        assert_eq!((all[0].0.query.as_str(), all[0].1.searches), (REST, 3_000));
        assert_eq!(all.iter().map(|(_, count)| count.searches).sum::<u64>(), 5_000);
        for n in 0..100 {
            queries.add(&search("kettle", "DE", "de", None), n * PART);
        }
        assert_eq!(queries.parts.len(), PARTS);
    }
}
