//! For each of many query vectors the `k` vectors with the largest products, exactly.
//!
//! A product of two matrices in tiles that stay in the cache, with the selection fused into it: no
//! score is written to memory unless it beats the query's `k`-th best so far. The tile is six queries
//! times sixteen vectors, which is what the registers of AVX2 hold; each product is summed factor by
//! factor, so its bits are the same on every machine. A query collects candidates in a buffer of
//! `2 k` and drops the worse half when it is full, `O(1)` a candidate.
//!
//! Source: the tile is that of Goto and van de Geijn, "Anatomy of high-performance matrix
//! multiplication", ACM TOMS 34(3), 2008. Cost: `n_queries · n_vectors · f` multiply-adds and a
//! comparison a product; memory for one copy of the vectors and `2 k` candidates a query at work.

use crate::lanes::{LANES, add_product, vectorised};
use rayon::prelude::*;

/// Queries in a tile.
const QUERIES: usize = 6;
/// Tiles of queries that share a pass over the vectors.
const TILES: usize = 8;
/// Numbers of the vectors that should stay in the second cache.
const CACHED: usize = 64 * 1024;

/// Vectors laid out for the tile: sixteen together, factor by factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Panels {
    n: usize,
    n_factors: usize,
    packed: Vec<[f32; LANES]>,
}

/// A found vector with its product, best first; ties to the lower number.
pub type Found = (u32, f32);

impl Panels {
    /// Packs `n × n_factors` vectors.
    ///
    /// # Panics
    /// If `n_factors` is 0 or the length is no multiple of it.
    pub fn pack(vectors: &[f32], n_factors: usize) -> Self {
        assert!(n_factors > 0 && vectors.len().is_multiple_of(n_factors), "vectors of {n_factors} numbers");
        let n = vectors.len() / n_factors;
        let mut packed = vec![[0.0; LANES]; n.div_ceil(LANES) * n_factors];
        for (i, vector) in vectors.chunks_exact(n_factors).enumerate() {
            let panel = &mut packed[i / LANES * n_factors..][..n_factors];
            panel.iter_mut().zip(vector).for_each(|(row, v)| row[i % LANES] = *v);
        }
        Self { n, n_factors, packed }
    }

    /// The best `k` vectors of each query (`n_queries × n_factors`), without those that
    /// `left_out(query)` lists in ascending order. A product that is not a number is never found.
    ///
    /// # Panics
    /// If the length of `queries` is no multiple of the number of factors.
    pub fn top<'a>(&self, queries: &[f32], k: usize, left_out: impl Fn(usize) -> &'a [u32] + Sync) -> Vec<Vec<Found>> {
        assert!(queries.len().is_multiple_of(self.n_factors), "queries of {} numbers", self.n_factors);
        let batch = QUERIES * TILES;
        let of_batch = |(b, queries): (usize, &[f32])| {
            let n = queries.len() / self.n_factors;
            let mut best: Vec<Best<'_>> = (0..n).map(|q| Best::new(k, left_out(b * batch + q))).collect();
            if k > 0 {
                self.search(queries, &mut best);
            }
            best.into_iter().map(Best::finish).collect::<Vec<_>>()
        };
        queries.par_chunks(batch * self.n_factors).enumerate().flat_map_iter(of_batch).collect()
    }

    fn search(&self, queries: &[f32], best: &mut [Best<'_>]) {
        let f = self.n_factors;
        let tiles: Vec<Vec<[f32; QUERIES]>> = queries.chunks(QUERIES * f).map(|tile| transposed(tile, f)).collect();
        let panels_cached = (CACHED / (LANES * f)).max(1);
        for (pass, panels) in self.packed.chunks(panels_cached * f).enumerate() {
            for (tile, best) in tiles.iter().zip(best.chunks_mut(QUERIES)) {
                let first = (pass * panels_cached * LANES) as u32;
                scan(panels, tile, first, self.n as u32, best);
            }
        }
    }
}

/// Factor by factor; the queries that a tile lacks are 0.
fn transposed(tile: &[f32], f: usize) -> Vec<[f32; QUERIES]> {
    let mut out = vec![[0.0; QUERIES]; f];
    for (q, query) in tile.chunks_exact(f).enumerate() {
        out.iter_mut().zip(query).for_each(|(row, v)| row[q] = *v);
    }
    out
}

vectorised! {
    fn scan(panels: &[[f32; LANES]], tile: &[[f32; QUERIES]], first: u32, n: u32, best: &mut [Best<'_>]) {
        for (p, panel) in panels.chunks_exact(tile.len()).enumerate() {
            let [mut a, mut b, mut c, mut d, mut e, mut f] = [[0.0_f32; LANES]; QUERIES];
            for (v, q) in panel.iter().zip(tile) {
                a = add_product(a, q[0], v);
                b = add_product(b, q[1], v);
                c = add_product(c, q[2], v);
                d = add_product(d, q[3], v);
                e = add_product(e, q[4], v);
                f = add_product(f, q[5], v);
            }
            let start = first + (p * LANES) as u32;
            for (sums, best) in [a, b, c, d, e, f].iter().zip(best.iter_mut()) {
                let floor = best.floor;
                if sums.iter().fold(false, |any, s| any | (*s > floor)) {
                    best.offer(sums, start, n);
                }
            }
        }
    }
}

/// The candidates of one query.
struct Best<'a> {
    k: usize,
    left_out: &'a [u32],
    /// Only what is above can still be among the best.
    floor: f32,
    found: Vec<Found>,
}

impl<'a> Best<'a> {
    fn new(k: usize, left_out: &'a [u32]) -> Self {
        Self { k, left_out, floor: f32::NEG_INFINITY, found: Vec::with_capacity(2 * k + LANES) }
    }

    /// Vectors come in ascending order, so one that ties with the `k`-th best is behind it.
    #[cold]
    #[inline(never)]
    fn offer(&mut self, sums: &[f32; LANES], start: u32, n: u32) {
        for (l, &score) in sums.iter().enumerate() {
            let vector = start + l as u32;
            if score > self.floor && vector < n && self.left_out.binary_search(&vector).is_err() {
                self.found.push((vector, score));
            }
        }
        if self.found.len() >= 2 * self.k {
            self.found.select_nth_unstable_by(self.k - 1, better);
            self.found.truncate(self.k);
            self.floor = self.found[self.k - 1].1;
        }
    }

    fn finish(mut self) -> Vec<Found> {
        self.found.sort_unstable_by(better);
        self.found.truncate(self.k);
        self.found
    }
}

fn better(a: &Found, b: &Found) -> std::cmp::Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONE: &[u32] = &[];

    #[test] // Products of (1, 2) with (1, 0), (0, 1), (1, 1), (2, 0.5): 1, 2, 3, 3; ties to the lower.
    fn four_vectors_by_hand() {
        let panels = Panels::pack(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 0.5], 2);
        assert_eq!(panels.top(&[1.0, 2.0], 3, |_| NONE), [[(2, 3.0), (3, 3.0), (1, 2.0)]]);
        assert_eq!(panels.top(&[1.0, 2.0], 2, |_| &[2]), [[(3, 3.0), (1, 2.0)]]);
        assert_eq!(panels.top(&[1.0, 2.0], 0, |_| NONE), [[]]);
        assert_eq!(panels.top(&[f32::NAN, 2.0], 2, |_| NONE), [[]]);
        assert_eq!(Panels::pack(&[], 2).top(&[1.0, 2.0], 2, |_| NONE), [[]]);
    }

    proptest! {
        /// Small whole numbers have exact products, so the order is exact, with many ties.
        #[test]
        fn the_best_are_those_of_a_full_sort(vectors in prop::collection::vec(-3_i8..4, 0..900), queries in prop::collection::vec(-3_i8..4, 3 * 61), k in 1_usize..20) {
            let f = 3;
            let numbers = |v: &[i8]| v[..v.len() / f * f].iter().map(|v| f32::from(*v)).collect::<Vec<f32>>();
            let (vectors, queries) = (numbers(&vectors), numbers(&queries));
            let got = Panels::pack(&vectors, f).top(&queries, k, |q| if q % 2 == 0 { &[0, 5] } else { NONE });
            for (q, (query, got)) in queries.chunks(f).zip(got).enumerate() {
                let product = |v: &[f32]| v.iter().zip(query).map(|(a, b)| a * b).fold(0.0, |sum, v| sum + v);
                let mut want: Vec<Found> = vectors.chunks(f).enumerate().map(|(i, v)| (i as u32, product(v))).collect();
                want.retain(|(i, _)| q % 2 == 1 || ![0, 5].contains(i));
                want.sort_by(better);
                want.truncate(k);
                prop_assert_eq!(got, want);
            }
        }
    }
}
