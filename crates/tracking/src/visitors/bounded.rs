//! A map that forgets what has not been touched for longest, in constant time and without lists.
//!
//! Two halves: what is touched moves into the young one; when that is full it becomes the old one and the old one is
//! dropped. So at most `limit` entries of at most `bytes` bytes are kept (and one entry more while it is being changed),
//! and those touched among the last half of either are.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// What an entry takes in memory.
pub(crate) trait Weigh {
    /// Bytes, its own and those that it points to.
    fn bytes(&self) -> usize;
}

/// Bytes that a text takes beside its letters: its place, and what an allocation is rounded up by.
const TEXT: usize = size_of::<String>() + 8;
/// Bytes of an entry beside its value: its name twice as long as most, its place in the table.
const ENTRY: usize = 96;

/// Bytes of a text.
pub(crate) fn text_bytes(text: &str) -> usize {
    TEXT + text.len()
}

impl Weigh for BTreeSet<String> {
    fn bytes(&self) -> usize {
        self.iter().map(|text| text_bytes(text)).sum()
    }
}

impl<T> Weigh for Option<T> {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Bounded<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    limit: usize,
    /// The most that both halves take.
    bytes: usize,
    young_bytes: usize,
    old_bytes: usize,
}

impl<K: Hash + Eq + Clone, V: Default + Weigh> Bounded<K, V> {
    pub(crate) fn new(limit: usize, bytes: usize) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self { young, old, limit: limit.max(2), bytes, young_bytes: 0, old_bytes: 0 }
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Changes the entry, made where there is none; it counts as touched.
    pub(crate) fn change<T>(&mut self, key: &K, change: impl FnOnce(&mut V) -> T) -> T {
        if !self.young.contains_key(key) {
            let known = self.old.remove(key);
            if let Some(value) = &known {
                self.old_bytes = self.old_bytes.saturating_sub(ENTRY + value.bytes());
            }
            let value = known.unwrap_or_default();
            let bytes = ENTRY + value.bytes();
            if self.young.len() >= self.limit / 2 {
                self.age();
            }
            self.young_bytes += bytes;
            self.young.insert(key.clone(), value);
        }
        let value = self.young.entry(key.clone()).or_default();
        let before = value.bytes();
        let told = change(value);
        self.young_bytes = (self.young_bytes + value.bytes()).saturating_sub(before);
        if self.young_bytes > self.bytes / 2 {
            self.age();
        }
        told
    }

    fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
        self.old_bytes = std::mem::take(&mut self.young_bytes);
    }

    /// Bytes that the entries take, by their own word.
    pub(crate) const fn bytes(&self) -> usize {
        self.young_bytes + self.old_bytes
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if let Some(value) = self.young.remove(key) {
            self.young_bytes = self.young_bytes.saturating_sub(ENTRY + value.bytes());
            return Some(value);
        }
        let value = self.old.remove(key)?;
        self.old_bytes = self.old_bytes.saturating_sub(ENTRY + value.bytes());
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
    }

    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for Vec<u8> {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn the_limit_holds_and_what_is_touched_stays() {
        let mut map: Bounded<u32, Option<u32>> = Bounded::new(10, usize::MAX);
        for n in 0..1_000 {
            map.change(&n, |value| *value = Some(n));
            map.change(&0, |_| ());
            assert!(map.len() <= 10);
            assert_eq!(map.get(&0), Some(&Some(0)));
            assert_eq!(map.get(&n), Some(&Some(n)));
            if n >= 4 {
                assert_eq!(map.get(&(n - 3)), Some(&Some(n - 3)));
            }
        }
        assert_eq!(map.remove(&0), Some(Some(0)));
        assert_eq!(map.get(&0), None);
    }

    #[test]
    fn bytes_are_bounded_however_few_the_entries_and_the_sum_is_kept() {
        let mut map: Bounded<u32, Vec<u8>> = Bounded::new(1_000, 10_000);
        for n in 0..3_000_u32 {
            // Few who grow, up to 2,000 bytes as a visitor does up to so many steps; then many who do not.
            let (who, more) = if n < 1_000 { (n % 3, 50) } else { (n, 100) };
            map.change(&who, |value| value.resize((value.len() + more).min(2_000), 0));
            let counted: usize = map.iter().map(|(_, value)| ENTRY + value.len()).sum();
            assert_eq!(map.bytes(), counted, "after {n}");
            assert!(counted <= 10_000 + 2_000 + ENTRY, "{counted} after {n}");
            assert!(map.get(&who).is_some(), "what was just changed is there");
        }
        // Half of 10,000 bytes in entries of 196 are 25, and those are kept for certain.
        assert!((2_975..3_000).all(|n| map.get(&n).is_some()));
        map.remove(&2_999);
        assert_eq!(map.bytes(), map.iter().map(|(_, value)| ENTRY + value.len()).sum::<usize>());
    }
}
