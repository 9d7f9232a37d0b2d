//! A map that forgets what has not been touched for longest, in constant time and without lists.
//!
//! Two halves: what is touched moves into the young one; when that is full it becomes the old one and the old one is
//! dropped. So at most `limit` entries are kept, and those touched among the last `limit / 2` are.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

#[derive(Clone, Debug)]
pub(crate) struct Bounded<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    limit: usize,
}

impl<K: Hash + Eq + Clone, V: Default> Bounded<K, V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), limit: limit.max(2) }
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// The entry, made where there is none; it counts as touched.
    pub(crate) fn touch(&mut self, key: &K) -> &mut V {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key).unwrap_or_default();
            if self.young.len() >= self.limit / 2 {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(key.clone(), value);
        }
        self.young.entry(key.clone()).or_default()
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.young.remove(key).or_else(|| self.old.remove(key))
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

    #[test]
    fn the_limit_holds_and_what_is_touched_stays() {
        let mut map: Bounded<u32, u32> = Bounded::new(10);
        for n in 0..1_000 {
            *map.touch(&n) = n;
            *map.touch(&0) += 0;
            assert!(map.len() <= 10);
            assert_eq!(map.get(&0), Some(&0));
            assert_eq!(map.get(&n), Some(&n));
            if n >= 4 {
                assert_eq!(map.get(&(n - 3)), Some(&(n - 3)));
            }
        }
        assert_eq!(map.remove(&0), Some(0));
        assert_eq!(map.get(&0), None);
    }
}
