//! Fast hashing and interning of short texts.
//!
//! The hash folds eight bytes at a time by a 64 × 64 → 128 bit multiplication, as wyhash does. It
//! is the same on every machine and not meant against adversaries: a file made to collide would
//! be slow to clean, never wrong, because equal hashes are always followed by a comparison.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

const K0: u64 = 0xA076_1D64_78BD_642F;
const K1: u64 = 0xE703_7ED1_A0B4_28DB;

const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Mixes one word into a running hash.
pub(crate) const fn mix(hash: u64, word: u64) -> u64 {
    fold(hash ^ word ^ K0, K1)
}

/// Hash of bytes, continuing from `seed`.
#[inline]
pub(crate) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut hash = seed;
    for chunk in chunks {
        hash = mix(hash, u64::from_le_bytes(*chunk));
    }
    let mut tail = [0; 8];
    tail[..rest.len()].copy_from_slice(rest);
    // The length keeps "a" and "a\0" apart.
    mix(mix(hash, u64::from_le_bytes(tail)), bytes.len() as u64)
}

/// The same hash for the standard maps.
#[derive(Clone, Copy, Default)]
pub(crate) struct FoldHasher(u64);

impl Hasher for FoldHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_bytes(self.0, bytes);
    }
    fn write_u8(&mut self, n: u8) {
        self.0 = mix(self.0, u64::from(n));
    }
    fn write_u32(&mut self, n: u32) {
        self.0 = mix(self.0, u64::from(n));
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = mix(self.0, n);
    }
    fn write_i64(&mut self, n: i64) {
        self.0 = mix(self.0, n as u64);
    }
    fn write_i32(&mut self, n: i32) {
        self.0 = mix(self.0, u64::from(n as u32));
    }
    fn write_usize(&mut self, n: usize) {
        self.0 = mix(self.0, n as u64);
    }
}

/// A map with the fast hash. Its order of iteration is never used.
pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FoldHasher>>;

/// "Nothing" where a `u32` index is kept.
pub(crate) const NONE: u32 = u32::MAX;

/// Texts by number, in one arena: read without checking UTF-8 again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    arena: String,
    ends: Vec<usize>,
}

impl Texts {
    /// All texts of an interner that was given texts.
    pub(crate) fn of(interner: &Interner) -> Self {
        let mut texts = Self::default();
        for id in 0..interner.len() as u32 {
            texts.arena.push_str(interner.text(id));
            texts.ends.push(texts.arena.len());
        }
        texts
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of number `id`.
    #[inline]
    pub(crate) fn get(&self, id: u32) -> &str {
        let i = id as usize;
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.arena[start..self.ends[i]]
    }
}

/// Distinct byte strings, numbered in order of arrival. All bytes lie in one arena: a key costs
/// its length plus about 20 bytes, which matters with millions of e-mail hashes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Upper half of the hash and number + 1; 0 is free. Open addressing, at most 3/4 full.
    slots: Vec<(u32, u32)>,
}

impl Interner {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of number `id`.
    #[inline]
    pub(crate) fn bytes(&self, id: u32) -> &[u8] {
        let i = id as usize;
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.bytes[start..self.ends[i]]
    }

    /// The text of number `id`; for interners that were given texts.
    pub(crate) fn text(&self, id: u32) -> &str {
        std::str::from_utf8(self.bytes(id)).unwrap_or_default()
    }

    /// The number of `key` where it is known.
    pub(crate) fn get(&self, key: &[u8]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let (_, found) = self.find(hash_bytes(0, key), key);
        (found != 0).then(|| found - 1)
    }

    /// The number of `key`, given now if it is new.
    pub(crate) fn intern(&mut self, key: &[u8]) -> u32 {
        if (self.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let hash = hash_bytes(0, key);
        let (slot, found) = self.find(hash, key);
        if found != 0 {
            return found - 1;
        }
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        let number = self.len() as u32;
        self.slots[slot] = ((hash >> 32) as u32, number);
        number - 1
    }

    fn find(&self, hash: u64, key: &[u8]) -> (usize, u32) {
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) as u32;
        let mut slot = hash as usize & mask;
        loop {
            let (slot_tag, number) = self.slots[slot];
            if number == 0 || (slot_tag == tag && self.bytes(number - 1) == key) {
                return (slot, number);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        self.slots = vec![(0, 0); size];
        for id in 0..self.len() as u32 {
            let hash = hash_bytes(0, self.bytes(id));
            let mut slot = hash as usize & (size - 1);
            while self.slots[slot].1 != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = ((hash >> 32) as u32, id + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_and_zero_bytes_are_told_apart() {
        assert_ne!(hash_bytes(0, b"a"), hash_bytes(0, b"a\0"));
        assert_ne!(hash_bytes(0, b""), hash_bytes(0, b"\0"));
        assert_ne!(hash_bytes(0, b"12345678"), hash_bytes(0, b"12345678\0"));
    }

    proptest! {
        #[test]
        fn a_key_keeps_its_number_and_its_bytes(keys in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..300)) {
            let mut interner = Interner::default();
            let ids: Vec<u32> = keys.iter().map(|k| interner.intern(k)).collect();
            for (key, &id) in keys.iter().zip(&ids) {
                prop_assert_eq!(interner.get(key), Some(id));
                prop_assert_eq!(interner.bytes(id), key.as_slice());
            }
            let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
            prop_assert_eq!(interner.len(), distinct.len());
        }
    }
}
