//! Which pictures are nearly the same: all prints within a distance, without comparing each with each.
//!
//! A print's 128 bits are eight parts of 16. Two prints that differ in at most `d` bits agree in one part up to `d / 8`
//! bits, so it is enough to look into the places of a part's own value and of all values that many bits
//! away. Nothing is missed. Source: Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing",
//! CVPR 2012. Cost: 8, 136 or 1,096 look-ups for distances below 8, 16 or 24, and the prints found there.

use super::PicturePrint;
use std::collections::HashMap;

/// Prints to be searched.
#[derive(Clone, Debug)]
pub struct PrintIndex {
    prints: Vec<PicturePrint>,
    places: [HashMap<u16, Vec<u32>>; 8],
}

/// Largest distance that is searched by parts.
const BY_PARTS: u32 = 23;

impl PrintIndex {
    /// An index of prints; their numbers are their places in the list.
    pub fn new(prints: Vec<PicturePrint>) -> Self {
        let mut places: [HashMap<u16, Vec<u32>>; 8] = Default::default();
        for (at, print) in (0..).zip(&prints) {
            for (map, part) in places.iter_mut().zip(print.parts()) {
                map.entry(part).or_default().push(at);
            }
        }
        Self { prints, places }
    }

    /// Numbers of prints that differ in at most `distance` bits and whose colours are at most `colour` apart, nearest
    /// first, with the bits.
    pub fn near(&self, print: &PicturePrint, distance: u32, colour: u8) -> Vec<(u32, u32)> {
        let mut found: Vec<u32> = if distance > BY_PARTS {
            (0..self.prints.len() as u32).collect()
        } else {
            let mut found = Vec::new();
            for (map, part) in self.places.iter().zip(print.parts()) {
                flips(distance / 8, |mask| found.extend(map.get(&(part ^ mask)).into_iter().flatten()));
            }
            found
        };
        found.sort_unstable();
        found.dedup();
        let apart = |at: u32| {
            let other = &self.prints[at as usize];
            let bits = print.distance(other);
            (bits <= distance && print.colour_distance(other) <= colour).then_some((at, bits))
        };
        let mut near: Vec<(u32, u32)> = found.into_iter().filter_map(apart).collect();
        near.sort_by_key(|(at, bits)| (*bits, *at));
        near
    }

    /// Groups of pictures that are connected by pairs so near and `same`, each ascending, in the order of their first; what is like
    /// no other is in none.
    pub fn groups(&self, distance: u32, colour: u8, same: impl Fn(u32, u32) -> bool) -> Vec<Vec<u32>> {
        let n = self.prints.len();
        let mut first: Vec<usize> = (0..n).collect();
        for at in 0..n {
            let near = self.near(&self.prints[at], distance, colour).into_iter();
            for (other, _) in near.filter(|(other, _)| same(at as u32, *other)) {
                let (a, b) = (root(&mut first, at), root(&mut first, other as usize));
                first[a.max(b)] = a.min(b);
            }
        }
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); n];
        for at in 0..n {
            groups[root(&mut first, at)].push(at as u32);
        }
        groups.retain(|group| group.len() > 1);
        groups
    }
}

fn root(first: &mut [usize], mut at: usize) -> usize {
    while first[at] != at {
        first[at] = first[first[at]];
        at = first[at];
    }
    at
}

/// All values of 16 bits with at most so many bits set, at most two.
fn flips(most: u32, mut mask: impl FnMut(u16)) {
    mask(0);
    if most >= 1 {
        (0..16).for_each(|i| mask(1 << i));
    }
    if most >= 2 {
        (0..16).for_each(|i| (0..i).for_each(|j| mask(1 << i | 1 << j)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;
    use proptest::prelude::*;

    /// Prints of which many are some bits away from another.
    fn prints(n: usize, rng: &mut Rng) -> Vec<PicturePrint> {
        let mut out: Vec<[u8; 28]> = Vec::new();
        for _ in 0..n {
            let mut bytes = [0_u8; 28];
            if out.is_empty() || rng.uniform() < 0.3 {
                bytes[..16].iter_mut().for_each(|b| *b = rng.below(256) as u8);
            } else {
                bytes = out[rng.below(out.len())];
                (0..rng.below(30)).for_each(|_| bytes[rng.below(16)] ^= 1 << rng.below(8));
                bytes[16] = rng.below(40) as u8;
            }
            out.push(bytes);
        }
        out.iter().map(PicturePrint::from_bytes).collect()
    }

    #[test]
    fn chains_of_near_pictures_are_one_group() {
        let with = |bits: u8| {
            let mut bytes = [0; 28];
            bytes[0] = bits;
            PicturePrint::from_bytes(&bytes)
        };
        let mut far = [255; 28];
        far[16..].fill(0);
        let index = PrintIndex::new(vec![with(0), PicturePrint::from_bytes(&far), with(0b111), with(0b1)]);
        assert_eq!(index.groups(2, 0, |_, _| true), [vec![0, 2, 3]]);
        assert_eq!(index.groups(2, 0, |a, b| a != 2 && b != 2), [vec![0, 3]]);
        assert_eq!(index.near(&with(0), 2, 0), [(0, 0), (3, 1)]);
        assert!(index.groups(0, 0, |_, _| true).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn nothing_near_is_missed(seed in 0_u64..1000, distance in 0_u32..32, colour in 0_u8..40) {
            let mut rng = Rng::new(seed);
            let all = prints(60, &mut rng);
            let index = PrintIndex::new(all.clone());
            for print in &all {
                let near = |p: &PicturePrint| print.distance(p) <= distance && print.colour_distance(p) <= colour;
                let want: Vec<u32> = (0..).zip(&all).filter(|(_, p)| near(p)).map(|(i, _)| i).collect();
                let mut got: Vec<u32> = index.near(print, distance, colour).into_iter().map(|f| f.0).collect();
                got.sort_unstable();
                prop_assert_eq!(got, want);
            }
        }
    }
}
