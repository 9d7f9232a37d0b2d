//! A pair of offers as a bag of pieces: which words both titles have, which one has alone, which word stands against
//! which.
//!
//! From these a linear model learns which words matter: that `upgrade` on one side only makes another product and
//! `software` does not. Words are known by hash, so the same model reads other tables.

use super::table::{Pair, Prepared, Tables};
use learn::TextTable;
use rayon::prelude::*;
use std::collections::BTreeSet;

fn key(kind: u64, parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xFF]));
    let hash = bytes.fold(0xCBF2_9CE4_8422_2325 ^ kind, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
    });
    (hash ^ (hash >> 29)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// Words of each kind stand for their class as well: a number, a code.
fn class(word: &str) -> &'static str {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    match (digits, word.chars().count()) {
        (0, _) => "word",
        (4, 4) => "year",
        (d, n) if d == n => "number",
        (_, n) if n >= 5 => "code",
        (_, _) => "mixed",
    }
}

fn pieces(l: &Prepared, r: &Prepared) -> Vec<u64> {
    let set = |words: &[String]| words.iter().cloned().collect::<BTreeSet<String>>();
    let (left, right) = (set(&l.title), set(&r.title));
    let mut out = Vec::new();
    let shared: Vec<&String> = left.intersection(&right).collect();
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>, other: &str| -> Vec<String> {
        a.difference(b).filter(|word| word.len() < 4 || !other.contains(word.as_str())).cloned().collect()
    };
    let (only_l, only_r) = (only(&left, &right, &r.all_squeezed), only(&right, &left, &l.all_squeezed));
    for word in &shared {
        out.push(key(1, &[word]));
        out.push(key(2, &[class(word)]));
    }
    for (side, words) in [(3, &only_l), (4, &only_r)] {
        for word in words {
            out.push(key(side, &[word]));
            out.push(key(5, &[word]));
            out.push(key(side + 10, &[class(word)]));
        }
    }
    for a in &only_l {
        for b in &only_r {
            let (first, second) = if a < b { (a, b) } else { (b, a) };
            out.push(key(6, &[first, second]));
            if class(a) == class(b) && class(a) != "word" {
                out.push(key(7, &[class(a)]));
            }
        }
    }
    out
}

impl Tables {
    /// The pieces of pairs.
    pub(super) fn crossed(&self, pairs: &[Pair]) -> TextTable {
        let of = |&(l, r): &Pair| pieces(&self.left[l as usize], &self.right[r as usize]);
        TextTable::from_keys(pairs.par_iter().map(of).collect())
    }
}
