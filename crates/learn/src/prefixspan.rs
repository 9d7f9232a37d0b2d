//! Sequential patterns: lists of items that many sequences hold in this order, within stated gaps.
//!
//! PrefixSpan (Pei, Han, Mortazavi-Asl, Pinto, Chen, Dayal and Hsu, "PrefixSpan: mining sequential patterns efficiently by
//! prefix-projected pattern growth", ICDE 2001): a pattern is grown by one item at a time, looking only at what follows its
//! occurrences, so no candidate is made that no sequence holds. Nothing is copied: a projection is a list of places.
//!
//! Departures from the paper: an element is one item (items of one time are one basket, which
//! [`crate::fpgrowth`] is for), the next item comes strictly later, and the time between neighbours and over the whole
//! pattern is bounded. With a bounded gap the earliest occurrence is not enough, so a projection keeps every place at which an
//! occurrence can end, with the latest start that leads there: any other start leaves less of the window.
//!
//! Cost: proportional to the patterns and the places at which they end, times the events that follow within the gap. The
//! first items are mined in parallel; the result is ordered by length, then by items, at any thread count.

use crate::LearnError;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What counts as a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PrefixSpanParams {
    /// Fewest sequences that hold it, at least 1.
    pub min_count: u32,
    /// Most items, at least 1.
    pub max_len: usize,
    /// Longest time between neighbours, at least 1.
    pub max_gap: i32,
    /// Longest time from the first item to the last, at least 1.
    pub max_window: i32,
    /// Most patterns before giving up with an error.
    pub max_patterns: usize,
}

impl Default for PrefixSpanParams {
    fn default() -> Self {
        Self { min_count: 2, max_len: 3, max_gap: i32::MAX, max_window: i32::MAX, max_patterns: 1_000_000 }
    }
}

/// An item at a time.
pub type Happened = (i32, u32);

/// A pattern and how many sequences hold it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// Items in the order of their times.
    pub items: Vec<u32>,
    /// Sequences that hold it at least once.
    pub count: u32,
}

/// All patterns, by length and then by items. A sequence is a list of (time, item) with ascending times; an item may come
/// again, also at the same time, where it counts once.
///
/// # Errors
/// [`LearnError::Param`] for a parameter outside its range, [`LearnError::Sequence`] for times that fall,
/// [`LearnError::TooManyItemsets`] beyond the limit.
pub fn sequential_patterns(sequences: &[Vec<Happened>], params: &PrefixSpanParams) -> Result<Vec<Pattern>, LearnError> {
    let whole =
        |name, got: f64| if got < 1.0 { Err(LearnError::Param { name, rule: "at least 1", got }) } else { Ok(()) };
    whole("min_count", f64::from(params.min_count))?;
    whole("max_len", params.max_len as f64)?;
    whole("max_gap", f64::from(params.max_gap))?;
    whole("max_window", f64::from(params.max_window))?;
    for (sequence, events) in sequences.iter().enumerate() {
        if let Some(pair) = events.windows(2).find(|pair| pair[0].0 > pair[1].0) {
            return Err(LearnError::Sequence { sequence, time: pair[1].0 });
        }
    }
    let mut first: BTreeMap<u32, Vec<Places>> = BTreeMap::new();
    for (s, events) in sequences.iter().enumerate() {
        for (at, &(time, item)) in events.iter().enumerate() {
            add(first.entry(item).or_default(), s as u32, at as u32, time);
        }
    }
    let miner = Miner { sequences, params, found: AtomicUsize::new(0) };
    let first: Vec<(u32, Vec<Places>)> = first.into_iter().collect();
    let grown: Result<Vec<Vec<Pattern>>, LearnError> = first
        .into_par_iter()
        .map(|(item, places)| {
            let mut out = Vec::new();
            miner.grow(&mut vec![item], &places, &mut out)?;
            Ok(out)
        })
        .collect();
    let mut patterns: Vec<Pattern> = grown?.into_iter().flatten().collect();
    patterns.sort_by(|a, b| a.items.len().cmp(&b.items.len()).then_with(|| a.items.cmp(&b.items)));
    Ok(patterns)
}

/// Where the occurrences of a pattern end in one sequence.
struct Places {
    sequence: u32,
    /// Position of the last item and the latest start that leads there, by position.
    ends: Vec<(u32, i32)>,
}

/// Adds an end. Sequences come in ascending order; within one, the ends of one position may come more than once.
fn add(places: &mut Vec<Places>, sequence: u32, at: u32, start: i32) {
    if places.last().is_none_or(|p| p.sequence != sequence) {
        places.push(Places { sequence, ends: Vec::new() });
    }
    let ends = &mut places.last_mut().expect("one was just there").ends;
    match ends.binary_search_by_key(&at, |e| e.0) {
        Ok(i) => ends[i].1 = ends[i].1.max(start),
        Err(i) => ends.insert(i, (at, start)),
    }
}

struct Miner<'a> {
    sequences: &'a [Vec<Happened>],
    params: &'a PrefixSpanParams,
    found: AtomicUsize,
}

impl Miner<'_> {
    fn grow(&self, items: &mut Vec<u32>, places: &[Places], out: &mut Vec<Pattern>) -> Result<(), LearnError> {
        if places.len() < self.params.min_count as usize {
            return Ok(());
        }
        if self.found.fetch_add(1, Ordering::Relaxed) >= self.params.max_patterns {
            return Err(LearnError::TooManyItemsets { limit: self.params.max_patterns });
        }
        out.push(Pattern { items: items.clone(), count: places.len() as u32 });
        if items.len() == self.params.max_len {
            return Ok(());
        }
        let mut next: BTreeMap<u32, Vec<Places>> = BTreeMap::new();
        for place in places {
            let events = &self.sequences[place.sequence as usize];
            for &(end, start) in &place.ends {
                let last = events[end as usize].0;
                let until = last.saturating_add(self.params.max_gap).min(start.saturating_add(self.params.max_window));
                let later = events.partition_point(|e| e.0 <= last);
                for (at, &(time, item)) in events.iter().enumerate().skip(later) {
                    if time > until {
                        break;
                    }
                    add(next.entry(item).or_default(), place.sequence, at as u32, start);
                }
            }
        }
        for (item, places) in next {
            items.push(item);
            self.grow(items, &places, out)?;
            items.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mine(sequences: &[Vec<Happened>], params: &PrefixSpanParams) -> Vec<String> {
        let text = |p: Pattern| format!("{:?}{}", p.items, p.count);
        sequential_patterns(sequences, params).unwrap().into_iter().map(text).collect()
    }

    // 1 then 2: in the first within 5 days, in the second after 30; in the third both on one day, which is no sequence.
    #[test]
    fn what_comes_next_within_a_gap() {
        let sequences = [vec![(0, 1), (5, 2)], vec![(0, 1), (30, 2)], vec![(7, 1), (7, 2)]];
        let two = PrefixSpanParams { min_count: 1, ..PrefixSpanParams::default() };
        assert_eq!(mine(&sequences, &two), ["[1]3", "[2]3", "[1, 2]2"]);
        assert_eq!(mine(&sequences, &PrefixSpanParams { max_gap: 29, ..two.clone() })[2], "[1, 2]1");
        assert_eq!(mine(&sequences, &PrefixSpanParams { min_count: 3, ..two }), ["[1]3", "[2]3"]);
    }

    #[test] // 1 at 0 and 8, 2 at 9, 3 at 12: within a window of 5 only the later 1 starts 1, 2, 3.
    fn the_latest_start_leaves_most_of_the_window() {
        let sequences = [vec![(0, 1), (8, 1), (9, 2), (12, 3)]];
        let params = PrefixSpanParams { min_count: 1, max_window: 5, ..PrefixSpanParams::default() };
        assert!(mine(&sequences, &params).contains(&"[1, 2, 3]1".to_owned()));
        assert!(!mine(&sequences, &PrefixSpanParams { max_window: 3, ..params }).contains(&"[1, 2, 3]1".to_owned()));
    }

    #[test]
    fn falling_times_and_a_flood_are_refused() {
        let params = PrefixSpanParams::default();
        let wrong = sequential_patterns(&[vec![(1, 1)], vec![(2, 1), (1, 2)]], &params).unwrap_err();
        assert_eq!(wrong, LearnError::Sequence { sequence: 1, time: 1 });
        let few = PrefixSpanParams { min_count: 1, max_patterns: 3, ..params };
        let flood = sequential_patterns(&[(0..9).map(|i| (i, i as u32)).collect()], &few).unwrap_err();
        assert_eq!(flood, LearnError::TooManyItemsets { limit: 3 });
        assert!(sequential_patterns(&[], &PrefixSpanParams { max_gap: 0, ..few }).is_err());
    }

    /// Whether `items` occur in order from position `from` on, by trying everything.
    fn holds(events: &[Happened], items: &[u32], from: usize, since: Option<(i32, i32)>, p: &PrefixSpanParams) -> bool {
        let Some((&item, rest)) = items.split_first() else { return true };
        (from..events.len()).any(|at| {
            let (time, found) = events[at];
            let fits = since
                .is_none_or(|(start, last)| time > last && time - last <= p.max_gap && time - start <= p.max_window);
            found == item && fits && holds(events, rest, at + 1, Some((since.map_or(time, |s| s.0), time)), p)
        })
    }

    proptest! {
        #[test]
        fn equal_to_trying_every_pattern(
            sequences in prop::collection::vec(prop::collection::vec((0_i32..12, 0_u32..3), 0..8), 1..10),
            min_count in 1_u32..4, max_gap in 1_i32..12, max_window in 1_i32..14,
        ) {
            let mut sequences = sequences;
            sequences.iter_mut().for_each(|s| s.sort_by_key(|e| e.0));
            let params = PrefixSpanParams { min_count, max_gap, max_window, ..PrefixSpanParams::default() };
            let mut brute = Vec::new();
            for length in 1..=3_u32 {
                for way in 0..3_u32.pow(length) {
                    let items: Vec<u32> = (0..length).map(|i| way / 3_u32.pow(length - 1 - i) % 3).collect();
                    let count = sequences.iter().filter(|s| holds(s, &items, 0, None, &params)).count() as u32;
                    if count >= min_count {
                        brute.push(Pattern { items, count });
                    }
                }
            }
            prop_assert_eq!(sequential_patterns(&sequences, &params).unwrap(), brute);
        }
    }
}
