//! Which records are there already, by key, within a window of days and a bound of memory.
//!
//! Keys lie in eight generations, each a set that is filled and then only asked. Forgetting drops the oldest generation as
//! a whole: when all its keys are older than the window, or when the bound is reached, whichever comes first. A key takes
//! about 19.4 bytes in a full set (16 of its own and one of the table, in a table filled to seven eighths), so the bound
//! of 7,340,032 keys that is the default is 143 MB, and is only used by who sends so much.
//! What comes again later than that is merged by its identifier when the lake is cleaned.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// Identifier of a record: 128 bits of a cryptographic hash, so that nobody can choose two records with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub u128);

/// How long and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenParams {
    /// Days after which a key may be forgotten, at least 1.
    pub window_days: u32,
    /// Keys kept at most, at least 8.
    pub max_keys: usize,
}

impl Default for SeenParams {
    fn default() -> Self {
        Self { window_days: 7, max_keys: N_GENERATIONS * ((1 << 20) / 8 * 7) }
    }
}

const N_GENERATIONS: usize = 8;
const DAY_MS: i64 = 86_400_000;

/// The key is a hash already: half of it serves as the table's hash.
#[derive(Clone, Copy, Default)]
struct Low64(u64);

impl Hasher for Low64 {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64 ^ (key >> 64) as u64;
    }
}

#[derive(Default)]
struct Generation {
    keys: HashSet<Key, BuildHasherDefault<Low64>>,
    first_ms: i64,
    last_ms: i64,
}

/// The keys of the window.
pub(crate) struct Seen {
    window_ms: i64,
    per_generation: usize,
    generations: VecDeque<Generation>,
}

impl Seen {
    pub(crate) fn new(params: &SeenParams) -> Self {
        Self {
            window_ms: i64::from(params.window_days.max(1)) * DAY_MS,
            per_generation: (params.max_keys / N_GENERATIONS).max(1),
            generations: VecDeque::new(),
        }
    }

    pub(crate) fn contains(&self, key: Key) -> bool {
        self.generations.iter().rev().any(|g| g.keys.contains(&key))
    }

    /// Takes a key in that came at this time; forgets what has to go for it.
    pub(crate) fn insert(&mut self, key: Key, at_ms: i64) {
        let span = self.window_ms / (N_GENERATIONS as i64 - 1);
        let starts_new =
            |g: &Generation| g.keys.len() >= self.per_generation || at_ms.saturating_sub(g.first_ms) >= span;
        if self.generations.back().is_none_or(starts_new) {
            let oldest_kept = at_ms.saturating_sub(self.window_ms);
            while self
                .generations
                .front()
                .is_some_and(|g| g.last_ms < oldest_kept || self.generations.len() >= N_GENERATIONS)
            {
                self.generations.pop_front();
            }
            self.generations.push_back(Generation { first_ms: at_ms, last_ms: at_ms, ..Generation::default() });
        }
        if let Some(newest) = self.generations.back_mut() {
            // A clock that is set back does not make a generation younger than it is.
            newest.last_ms = newest.last_ms.max(at_ms);
            newest.keys.insert(key);
        }
    }

    /// Takes a key back whose record did not reach the disk.
    pub(crate) fn remove(&mut self, key: Key) {
        for generation in self.generations.iter_mut().rev() {
            if generation.keys.remove(&key) {
                return;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.generations.iter().map(|g| g.keys.len()).sum()
    }

    pub(crate) fn window_ms(&self) -> i64 {
        self.window_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(n: u64) -> Key {
        Key(u128::from(n) << 64 | u128::from(n))
    }

    #[test]
    fn a_key_is_known_for_the_whole_window_and_forgotten_after_it() {
        let mut seen = Seen::new(&SeenParams { window_days: 7, max_keys: 1 << 20 });
        for day in 0..30_i64 {
            seen.insert(key(day as u64), day * DAY_MS);
            for before in 0..=day {
                let age = day - before;
                if age <= 7 {
                    assert!(seen.contains(key(before as u64)), "age {age} on day {day}");
                }
                // A generation is dropped as a whole, so a key may outlive the window by its span.
                if age > 7 + 3 {
                    assert!(!seen.contains(key(before as u64)), "age {age} on day {day}");
                }
            }
        }
    }

    #[test]
    fn the_bound_holds_and_the_newest_seven_eighths_are_kept() {
        let mut seen = Seen::new(&SeenParams { window_days: 7, max_keys: 800 });
        for n in 0..5_000 {
            seen.insert(key(n), 0);
            assert!(seen.len() <= 800);
            if n % 61 == 0 {
                assert!((n.saturating_sub(699)..=n).all(|k| seen.contains(key(k))), "after {n}");
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_a_day_ahead_and_back_loses_nothing_of_the_days_before() {
        let mut seen = Seen::new(&SeenParams { window_days: 7, max_keys: 1 << 20 });
        seen.insert(key(1), 0);
        seen.insert(key(2), DAY_MS);
        seen.insert(key(3), 0);
        seen.insert(key(4), -DAY_MS);
        assert!((1..=4).all(|n| seen.contains(key(n))));
    }

    proptest! {
        #[test]
        fn inside_the_window_it_is_a_set(ops in prop::collection::vec((0_u64..50, any::<bool>()), 0..200)) {
            let mut seen = Seen::new(&SeenParams { window_days: 1, max_keys: 8_000 });
            let mut model = std::collections::BTreeSet::new();
            for (n, insert) in ops {
                if insert && !seen.contains(key(n)) {
                    seen.insert(key(n), 0);
                    model.insert(n);
                } else {
                    seen.remove(key(n));
                    model.remove(&n);
                }
                for k in 0..50 {
                    prop_assert_eq!(seen.contains(key(k)), model.contains(&k));
                }
            }
        }
    }
}
