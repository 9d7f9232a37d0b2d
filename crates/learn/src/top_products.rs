//! For each of many query vectors the `k` vectors with the largest products, exactly.
//!
//! A product of two matrices in tiles that stay in the cache, with the selection fused into it: no
//! score is written to memory unless it may be among the query's best. The tile multiplies and adds in one
//! step where the machine can, so its sums differ from machine to machine by their rounding: they only say
//! who *may* be among the best. Whoever is as near to the `k`-th best as roundings can reach stays, and of
//! these, some more than `k`, every product is summed again factor by factor, multiplied, rounded, added. So
//! what is found and its bits are the same on every machine.
//!
//! Vectors stand by falling length. A query is done when even a vector in its own direction could no longer
//! get among its best (`|q| |v|`), and queries that are done at about the same length share a tile.
//!
//! Sources: the tile is that of Goto and van de Geijn, "Anatomy of high-performance matrix
//! multiplication", ACM TOMS 34(3), 2008; the bound by lengths Teflioudi, Gemulla and Mykytiuk, "LEMP: fast
//! retrieval of large entries in a matrix product", SIGMOD 2015; the error of a sum of products Higham,
//! "Accuracy and stability of numerical algorithms", 2nd edition, SIAM 2002, section 3.1. Cost: at most
//! `n_queries · n_vectors · f` multiply-adds and a comparison a product, less where lengths differ; memory for
//! two copies of the vectors and about `2 k` candidates a query at work, more where many products are equal.

use crate::lanes::{LANES, add_product};
use rayon::prelude::*;

/// Queries in a tile: twelve sums of sixteen fill the registers of AVX-512, six at a time those of AVX2.
const QUERIES: usize = 12;
/// Tiles of queries that share a pass over the vectors, at most.
const TILES: usize = 32;
/// Numbers of the vectors that should stay in the second cache.
const CACHED: usize = 128 * 1024;
/// Products that are summed side by side where all of their bits count.
const SIDE_BY_SIDE: usize = 8;

/// Vectors laid out for the tile: sixteen together, factor by factor, the longest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Panels {
    n_factors: usize,
    packed: Vec<[f32; LANES]>,
    /// The same, one after the other.
    rows: Vec<f32>,
    /// Numbers of the vectors in the order in which they stand.
    order: Vec<u32>,
    /// What the length of no vector of a panel exceeds; infinite where one of the numbers is not finite.
    lengths: Vec<f64>,
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
        let of: Vec<f64> = vectors.chunks_exact(n_factors).map(length).collect();
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by(|a, b| of[*b as usize].total_cmp(&of[*a as usize]));
        let mut packed = vec![[0.0; LANES]; n.div_ceil(LANES) * n_factors];
        let mut rows = Vec::with_capacity(vectors.len());
        for (i, number) in order.iter().enumerate() {
            let vector = &vectors[*number as usize * n_factors..][..n_factors];
            rows.extend_from_slice(vector);
            let panel = &mut packed[i / LANES * n_factors..][..n_factors];
            panel.iter_mut().zip(vector).for_each(|(row, v)| row[i % LANES] = *v);
        }
        let lengths = order.iter().step_by(LANES).map(|first| of[*first as usize]).collect();
        Self { n_factors, packed, rows, order, lengths }
    }

    /// The best `k` vectors of each query (`n_queries × n_factors`), without those that
    /// `left_out(query)` lists in ascending order. A product that is not a number is never found.
    ///
    /// # Panics
    /// If the length of `queries` is no multiple of the number of factors.
    pub fn top<'a>(&self, queries: &[f32], k: usize, left_out: impl Fn(usize) -> &'a [u32] + Sync) -> Vec<Vec<Found>> {
        let f = self.n_factors;
        assert!(queries.len().is_multiple_of(f), "queries of {} numbers", self.n_factors);
        if k == 0 {
            return vec![Vec::new(); queries.len() / f];
        }
        // Some batches a thread, so that none waits long for the last.
        let tiles = (queries.len() / f).div_ceil(QUERIES * 4 * rayon::current_num_threads());
        let batch = QUERIES * tiles.clamp(1, TILES);
        let of_batch = |(b, queries): (usize, &[f32])| {
            let one = |(at, query)| Best::new(self, k, at, query, left_out(b * batch + at));
            let mut best: Vec<Best<'_>> = queries.chunks_exact(f).enumerate().map(one).collect();
            self.search(&mut best);
            best.sort_unstable_by_key(|one| one.at);
            best.into_iter().map(|one| one.finish(self)).collect::<Vec<_>>()
        };
        queries.par_chunks(batch * f).enumerate().flat_map_iter(of_batch).collect()
    }

    fn search(&self, best: &mut [Best<'_>]) {
        let f = self.n_factors;
        let cached = (CACHED / (LANES * f)).max(1);
        let mut tiles: Vec<Vec<[f32; QUERIES]>> = Vec::new();
        for (pass, panels) in self.packed.chunks(cached * f).enumerate() {
            // What is enough changes less and less, and laying out tiles costs something, too.
            if pass == 0 || pass.is_power_of_two() {
                best.sort_by(|a, b| a.enough.total_cmp(&b.enough));
                tiles = best.chunks(QUERIES).map(|tile| transposed(tile, f)).collect();
            }
            let longest = self.lengths[pass * cached];
            for (tile, best) in tiles.iter().zip(best.chunks_mut(QUERIES)) {
                if best.iter().any(|one| one.enough < longest) {
                    scan(panels, tile, pass * cached * LANES, &self.order, best);
                }
            }
        }
    }

    /// The products of a query with vectors at these places, summed factor by factor.
    fn products(&self, query: &[f32], places: &[u32]) -> Vec<f32> {
        let row = |place: u32| &self.rows[place as usize * self.n_factors..][..query.len()];
        let mut products = Vec::with_capacity(places.len() + SIDE_BY_SIDE);
        for few in places.chunks(SIDE_BY_SIDE) {
            let rows: [&[f32]; SIDE_BY_SIDE] = std::array::from_fn(|r| row(few[r.min(few.len() - 1)]));
            let mut sums = [0.0_f32; SIDE_BY_SIDE];
            for (j, q) in query.iter().enumerate() {
                for (sum, row) in sums.iter_mut().zip(rows) {
                    *sum += q * row[j];
                }
            }
            products.extend_from_slice(&sums[..few.len()]);
        }
        products
    }
}

/// Above the length of a vector by no more than roundings; infinite where a number is not finite.
fn length(vector: &[f32]) -> f64 {
    let squares: f64 = vector.iter().map(|v| f64::from(*v) * f64::from(*v)).sum();
    if squares.is_finite() { squares.sqrt() * (1.0 + 1e-9) } else { f64::INFINITY }
}

/// Factor by factor; the queries that a tile lacks are 0.
fn transposed(tile: &[Best<'_>], f: usize) -> Vec<[f32; QUERIES]> {
    let mut out = vec![[0.0; QUERIES]; f];
    for (q, best) in tile.iter().enumerate() {
        out.iter_mut().zip(best.query).for_each(|(row, v)| row[q] = *v);
    }
    out
}

/// `sum + a · v`, rounded once where the machine has an instruction for it.
#[inline(always)]
fn step<const FUSED: bool>(mut sum: [f32; LANES], a: f32, v: &[f32; LANES]) -> [f32; LANES] {
    if !FUSED {
        return add_product(sum, a, v);
    }
    for l in 0..LANES {
        sum[l] = a.mul_add(v[l], sum[l]);
    }
    sum
}

/// Products of six queries of a tile, from one of them on, with a panel.
#[inline(always)]
fn six<const FUSED: bool>(panel: &[[f32; LANES]], tile: &[[f32; QUERIES]], from: usize) -> [[f32; LANES]; 6] {
    let [mut a, mut b, mut c, mut d, mut e, mut f] = [[0.0_f32; LANES]; 6];
    for (v, q) in panel.iter().zip(tile) {
        a = step::<FUSED>(a, q[from], v);
        b = step::<FUSED>(b, q[from + 1], v);
        c = step::<FUSED>(c, q[from + 2], v);
        d = step::<FUSED>(d, q[from + 3], v);
        e = step::<FUSED>(e, q[from + 4], v);
        f = step::<FUSED>(f, q[from + 5], v);
    }
    [a, b, c, d, e, f]
}

/// Products of all queries of a tile with a panel, in one go.
#[inline(always)]
fn twelve(panel: &[[f32; LANES]], tile: &[[f32; QUERIES]]) -> [[f32; LANES]; QUERIES] {
    let [mut a, mut b, mut c, mut d, mut e, mut f] = [[0.0_f32; LANES]; 6];
    let [mut g, mut h, mut i, mut j, mut k, mut l] = [[0.0_f32; LANES]; 6];
    for (v, q) in panel.iter().zip(tile) {
        a = step::<true>(a, q[0], v);
        b = step::<true>(b, q[1], v);
        c = step::<true>(c, q[2], v);
        d = step::<true>(d, q[3], v);
        e = step::<true>(e, q[4], v);
        f = step::<true>(f, q[5], v);
        g = step::<true>(g, q[6], v);
        h = step::<true>(h, q[7], v);
        i = step::<true>(i, q[8], v);
        j = step::<true>(j, q[9], v);
        k = step::<true>(k, q[10], v);
        l = step::<true>(l, q[11], v);
    }
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

/// Offers what is above the floor of a query.
#[inline(always)]
fn offer_all(products: &[[f32; LANES]], place: usize, order: &[u32], best: &mut [Best<'_>]) {
    for (products, best) in products.iter().zip(best) {
        let floor = best.floor;
        if products.iter().fold(false, |any, p| any | (*p > floor)) {
            best.offer(products, place, order);
        }
    }
}

#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx2+avx+bmi1+bmi2+fma+lzcnt",
    "x86_64+avx2+avx+bmi1+bmi2+fma+lzcnt"
))]
fn scan(panels: &[[f32; LANES]], tile: &[[f32; QUERIES]], first: usize, order: &[u32], best: &mut [Best<'_>]) {
    use multiversion::target::target_cfg_f;
    for (p, panel) in panels.chunks_exact(tile.len()).enumerate() {
        let place = first + p * LANES;
        if target_cfg_f!(target_feature = "avx512f") {
            offer_all(&twelve(panel, tile), place, order, best);
            continue;
        }
        let (some, others) = best.split_at_mut(best.len().min(6));
        if target_cfg_f!(any(target_feature = "fma", target_feature = "neon")) {
            offer_all(&six::<true>(panel, tile, 0), place, order, some);
            offer_all(&six::<true>(panel, tile, 6), place, order, others);
        } else {
            offer_all(&six::<false>(panel, tile, 0), place, order, some);
            offer_all(&six::<false>(panel, tile, 6), place, order, others);
        }
    }
}

/// How the best of a query are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Candidates by the tile.
    Tile,
    /// All products are 0.
    Zeros,
    /// Products may leave the range of the numbers: each is computed on its own.
    Each,
}

/// The candidates of one query.
struct Best<'a> {
    k: usize,
    /// The number of the query within its batch.
    at: usize,
    query: &'a [f32],
    left_out: &'a [u32],
    way: Way,
    /// What a tile's sum can differ from the product by, at most.
    error: f64,
    /// The length of the query.
    length: f64,
    /// Only what is above can still be among the best.
    floor: f32,
    /// Vectors that are no longer than that are no candidates.
    enough: f64,
    /// Candidates at which the worse ones are left out.
    full: usize,
    /// Places and the tile's sums.
    found: Vec<Found>,
}

impl<'a> Best<'a> {
    fn new(panels: &Panels, k: usize, at: usize, query: &'a [f32], left_out: &'a [u32]) -> Self {
        let length = length(query);
        let longest = panels.lengths.first().copied().unwrap_or(0.0);
        let f = panels.n_factors as f64;
        // Both sums are within γ Σ|q v| of what is exact, γ = f u / (1 − f u), u = 2⁻²⁴; γ is below 1.1 f u while f is
        // below a million, and Σ|q v| is not above |q| |v|. The other term is what products near 0 lose.
        let error = 2.0 * 1.1 * f * (0.5_f64).powi(24) * length * longest + f * f64::from(f32::MIN_POSITIVE);
        let way = match length * longest {
            0.0 => Way::Zeros,
            reach if reach < f64::from(f32::MAX) / 16.0 && f < 1e6 => Way::Tile,
            _ => Way::Each,
        };
        let (floor, enough) = match way {
            Way::Tile => (f32::NEG_INFINITY, f64::NEG_INFINITY),
            Way::Zeros | Way::Each => (f32::INFINITY, f64::INFINITY),
        };
        let found = Vec::with_capacity((2 * k).min(panels.order.len()) + LANES);
        Self { k, at, query, left_out, way, error, length, floor, enough, full: 2 * k, found }
    }

    #[cold]
    #[inline(never)]
    fn offer(&mut self, sums: &[f32; LANES], place: usize, order: &[u32]) {
        for ((sum, place), number) in sums.iter().zip(place as u32..).zip(&order[place..]) {
            if *sum > self.floor && self.left_out.binary_search(number).is_err() {
                self.found.push((place, *sum));
            }
        }
        if self.found.len() >= self.full {
            self.leave_out_the_worse();
        }
    }

    /// `k` sums are at least the `k`-th largest, so `k` products are at least that less the error; a sum that is
    /// lower by more than twice the error is of a product below these.
    fn leave_out_the_worse(&mut self) {
        if self.found.len() < self.k {
            return;
        }
        let (_, least, _) = self.found.select_nth_unstable_by(self.k - 1, |a, b| b.1.total_cmp(&a.1));
        self.floor = ((f64::from(least.1) - 2.0 * self.error) as f32).next_down();
        self.enough = (f64::from(self.floor) - self.error) / self.length;
        self.found.retain(|(_, sum)| *sum > self.floor);
        self.full = 2 * self.found.len();
    }

    fn finish(mut self, panels: &Panels) -> Vec<Found> {
        let open = |number: u32| self.left_out.binary_search(&number).is_err();
        let places: Vec<u32> = match self.way {
            Way::Tile => {
                self.leave_out_the_worse();
                self.found.iter().map(|(place, _)| *place).collect()
            }
            Way::Each => {
                (0..).zip(&panels.order).filter(|(_, number)| open(**number)).map(|(place, _)| place).collect()
            }
            Way::Zeros => {
                return (0..panels.order.len() as u32).filter(|n| open(*n)).take(self.k).map(|n| (n, 0.0)).collect();
            }
        };
        let products = panels.products(self.query, &places);
        let found = places.iter().map(|place| panels.order[*place as usize]).zip(products);
        let mut found: Vec<Found> = found.filter(|(_, product)| !product.is_nan()).collect();
        found.sort_unstable_by(better);
        found.truncate(self.k);
        found
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

    /// What is found one product at a time.
    fn by_hand(vectors: &[f32], query: &[f32], k: usize, left_out: &[u32]) -> Vec<Found> {
        let product = |v: &[f32]| v.iter().zip(query).fold(0.0, |sum, (a, b)| sum + a * b);
        let mut all: Vec<Found> = (0..).zip(vectors.chunks(query.len()).map(product)).collect();
        all.retain(|(i, p)| !left_out.contains(i) && !p.is_nan());
        all.sort_by(better);
        all.truncate(k);
        all
    }

    #[test] // What a fused sum would round otherwise, next to each other: 1,000 vectors that differ in their last bits.
    fn products_that_differ_in_their_last_bits_come_in_the_order_of_their_own_sums() {
        let (f, n) = (37, 1000);
        let mut rng = domain::Seed(3).stream(0);
        let base: Vec<f32> = (0..f).map(|_| rng.uniform() as f32 - 0.5).collect();
        let near = |b: &f32, rng: &mut domain::Rng| b * (1.0 + 1e-6 * rng.uniform() as f32);
        let vectors: Vec<f32> =
            (0..n).flat_map(|_| base.iter().map(|b| near(b, &mut rng)).collect::<Vec<_>>()).collect();
        let queries: Vec<f32> = (0..30 * f).map(|_| rng.uniform() as f32 - 0.4).collect();
        let got = Panels::pack(&vectors, f).top(&queries, 20, |_| &[1, 7]);
        for (query, got) in queries.chunks(f).zip(got) {
            assert_eq!(got, by_hand(&vectors, query, 20, &[1, 7]));
        }
    }

    #[test]
    fn numbers_at_the_ends_of_their_range_are_found_as_one_by_one() {
        let big = f32::MAX;
        let vectors = [1.0, 2.0, big, -big, big, big, f32::INFINITY, 0.0, f32::NAN, 1.0, 0.0, 0.0, 1e-40, 1e-40];
        let finite = [1.0, 2.0, 3.0, -1.0, 0.0, 0.0, 1e-40, 1e-40, 1e-20, 1e-20];
        for query in [[2.0, 2.0], [0.0, 0.0], [big, 1.0], [1e-25, 1e-25], [f32::INFINITY, 0.0], [-0.0, 1.0]] {
            for vectors in [&vectors[..], &finite, &[-big, 1.0, -big, 2.0, -big, 3.0]] {
                assert_eq!(
                    Panels::pack(vectors, 2).top(&query, 4, |_| &[1]),
                    [by_hand(vectors, &query, 4, &[1])],
                    "{query:?}"
                );
            }
        }
    }

    #[test] // Each query has a short vector in its own direction, behind thousands of longer ones in any direction.
    fn short_vectors_are_left_out_only_where_they_cannot_matter() {
        let (f, n) = (64, 6000);
        let mut rng = domain::Seed(5).stream(0);
        let one = |rng: &mut domain::Rng| (0..f).map(|_| rng.uniform() as f32 - 0.5).collect::<Vec<f32>>();
        let queries: Vec<f32> = (0..100).flat_map(|_| one(&mut rng)).collect();
        let shorter = |i: usize, v: Vec<f32>| v.into_iter().map(move |v| v / (1.0 + i as f32 / 3000.0));
        let mut vectors: Vec<f32> = queries.iter().map(|q| 0.38 * q).collect();
        vectors.extend((0..n).flat_map(|i| shorter(i * 7919 % n, one(&mut rng))));
        let got = Panels::pack(&vectors, f).top(&queries, 5, |_| NONE);
        for (at, (query, got)) in (0..).zip(queries.chunks(f).zip(got)) {
            assert_eq!(got, by_hand(&vectors, query, 5, NONE));
            assert!(got.iter().any(|found| found.0 == at), "the one in its own direction");
        }
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
                let want = by_hand(&vectors, query, k, if q % 2 == 0 { &[0, 5] } else { NONE });
                prop_assert_eq!(got, want);
            }
        }
    }
}
