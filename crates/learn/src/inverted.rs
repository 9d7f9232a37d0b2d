//! The vectors with the largest products with one query: all of them looked at, or only likely ones.
//!
//! [`Scan`] multiplies with every vector and is exact. [`Inverted`] deals the vectors out into lists around
//! centroids (k-means on a sample) and looks into the lists whose centroids have the largest products with
//! the query; within a list, vectors stand by falling length and the rest is left when even one in the
//! query's direction could not get among the best (`|q| |y|`), which loses nothing. What it may miss lies in
//! lists that it does not open: `n_probes` says how many it does. Where vectors are skipped (another market's, sold out), lists count
//! by the share that is not, so that as many of those that may be given are looked at as without a filter; of few of them
//! all are. Products have the bits of [`lanes::dot`](crate::lanes::dot), so a found vector's is the one that a scan gives.
//!
//! Sources: lists: Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", IEEE TPAMI 33(1),
//! 2011 (its inverted file, without the codes); the bound by lengths: Teflioudi, Gemulla and Mykytiuk, "LEMP:
//! fast retrieval of large entries in a matrix product", SIGMOD 2015. Cost: a scan `n f` multiply-adds;
//! lists `(√n + n_probes · √n) f` for `√n` lists; building `n_sweeps · n_sample · n_lists · f`, and memory for a
//! copy of the vectors.

use crate::Panels;
use crate::lanes::{dot, vectorised};
use crate::top_products::Found;
use domain::Seed;

/// Finds the best vectors of one query.
pub trait Nearest: Send + Sync {
    /// The at most `n` vectors with the largest products, best first, ties to the lower number, without
    /// those for which `skip` holds.
    ///
    /// # Panics
    /// If the query has another length than the vectors.
    fn best(&self, query: &[f32], n: usize, skip: &dyn Fn(u32) -> bool) -> Vec<Found>;
}

/// All vectors, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    n_factors: usize,
    vectors: Vec<f32>,
}

impl Scan {
    /// Takes `n × n_factors` numbers.
    ///
    /// # Panics
    /// If `n_factors` is 0 or the length is no multiple of it.
    pub fn new(vectors: Vec<f32>, n_factors: usize) -> Self {
        assert!(n_factors > 0 && vectors.len().is_multiple_of(n_factors), "vectors of {n_factors} numbers");
        Self { n_factors, vectors }
    }
}

impl Nearest for Scan {
    fn best(&self, query: &[f32], n: usize, skip: &dyn Fn(u32) -> bool) -> Vec<Found> {
        assert_eq!(query.len(), self.n_factors, "a query as long as the vectors");
        let mut products = Vec::new();
        products_with(query, &self.vectors, &mut products);
        let mut best = Best::new(n);
        for (id, product) in (0_u32..).zip(products) {
            if product >= best.floor && !skip(id) {
                best.offer(id, product);
            }
        }
        best.finish()
    }
}

vectorised! {
    fn products_with(query: &[f32], vectors: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.extend(vectors.chunks_exact(query.len()).map(|v| dot(query, v)));
    }
}

/// How lists are made and searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvertedParams {
    /// Lists; 0 takes the root of the number of vectors.
    pub n_lists: usize,
    /// Lists that a query opens, at least 1; more where vectors are skipped.
    pub n_probes: usize,
    /// Vectors that the centroids are learnt from, at least 1.
    pub n_sample: usize,
    /// Times that centroids are moved.
    pub n_sweeps: usize,
}

impl Default for InvertedParams {
    fn default() -> Self {
        Self { n_lists: 0, n_probes: 24, n_sample: 20_000, n_sweeps: 8 }
    }
}

/// Vectors in lists around centroids.
#[derive(Clone, Debug, PartialEq)]
pub struct Inverted {
    n_factors: usize,
    n_probes: usize,
    centroids: Vec<f32>,
    /// List `l` is `offsets[l]..offsets[l + 1]` of what follows, by falling length.
    offsets: Vec<usize>,
    ids: Vec<u32>,
    lengths: Vec<f32>,
    vectors: Vec<f32>,
}

impl Inverted {
    /// Deals out `n × n_factors` vectors.
    ///
    /// # Panics
    /// If `n_factors` is 0, the length is no multiple of it, or `n_probes` or `n_sample` is 0.
    pub fn new(vectors: &[f32], n_factors: usize, params: &InvertedParams, seed: Seed) -> Self {
        assert!(n_factors > 0 && vectors.len().is_multiple_of(n_factors), "vectors of {n_factors} numbers");
        assert!(params.n_probes > 0 && params.n_sample > 0, "at least one list and one vector");
        let f = n_factors;
        let n = vectors.len() / f;
        let n_lists = if params.n_lists == 0 { (n as f64).sqrt().round() as usize } else { params.n_lists };
        let n_lists = n_lists.clamp(1, n.max(1));
        let of = |i: u32| &vectors[i as usize * f..][..f];
        let mut order: Vec<u32> = (0..n as u32).collect();
        seed.stream(0).shuffle(&mut order);
        let sample: Vec<f32> = order.iter().take(params.n_sample).flat_map(|i| of(*i)).copied().collect();
        // The first of the shuffled vectors are as good a start as any for lists of a search.
        let mut centroids: Vec<f32> = order.iter().take(n_lists).flat_map(|i| of(*i)).copied().collect();
        for _ in 0..params.n_sweeps {
            centroids = moved(&centroids, &sample, f);
        }
        let list_of = nearest_centroids(&centroids, vectors, f);
        let length = |i: u32| dot(of(i), of(i)).sqrt();
        let lengths: Vec<f32> = (0..n as u32).map(length).collect();
        let mut ids: Vec<u32> = (0..n as u32).collect();
        ids.sort_by(|a, b| {
            let (x, y) = (*a as usize, *b as usize);
            list_of[x].cmp(&list_of[y]).then(lengths[y].total_cmp(&lengths[x])).then(a.cmp(b))
        });
        let n_lists = centroids.len() / f;
        let mut offsets = vec![0; n_lists + 1];
        list_of.iter().for_each(|list| offsets[*list as usize + 1] += 1);
        (0..n_lists).for_each(|l| offsets[l + 1] += offsets[l]);
        Self {
            n_factors,
            n_probes: params.n_probes,
            centroids,
            offsets,
            lengths: ids.iter().map(|i| lengths[*i as usize]).collect(),
            vectors: ids.iter().flat_map(|i| of(*i)).copied().collect(),
            ids,
        }
    }

    /// The same lists, of which a query opens another number, at least 1.
    #[must_use]
    pub fn with_probes(self, n_probes: usize) -> Self {
        Self { n_probes: n_probes.max(1), ..self }
    }
}

/// The nearest centroid of each vector: the largest `v · c − |c|² / 2`.
fn nearest_centroids(centroids: &[f32], vectors: &[f32], f: usize) -> Vec<u32> {
    let longer = |v: &[f32], last: f32| v.iter().copied().chain([last]).collect::<Vec<f32>>();
    let packed: Vec<f32> = centroids.chunks_exact(f).flat_map(|c| longer(c, -dot(c, c) / 2.0)).collect();
    let queries: Vec<f32> = vectors.chunks_exact(f).flat_map(|v| longer(v, 1.0)).collect();
    let found = Panels::pack(&packed, f + 1).top(&queries, 1, |_| &[]);
    // A vector that is no number is nearest to nothing; it may stand in the first list.
    found.into_iter().map(|best| best.first().map_or(0, |(list, _)| *list)).collect()
}

/// Centroids moved to the mean of their vectors; one without any stays.
fn moved(centroids: &[f32], sample: &[f32], f: usize) -> Vec<f32> {
    let nearest = nearest_centroids(centroids, sample, f);
    let (mut sums, mut counts) = (vec![0.0_f64; centroids.len()], vec![0_u32; centroids.len() / f]);
    for (list, vector) in nearest.iter().zip(sample.chunks_exact(f)) {
        counts[*list as usize] += 1;
        let sum = &mut sums[*list as usize * f..][..f];
        sum.iter_mut().zip(vector).for_each(|(s, v)| *s += f64::from(*v));
    }
    let mean = |at: usize| match counts[at / f] {
        0 => centroids[at],
        n => (sums[at] / f64::from(n)) as f32,
    };
    (0..centroids.len()).map(mean).collect()
}

impl Inverted {
    /// The lists of a query: first the `n_probes` likeliest, then, should they be asked for, all others.
    fn order(&self, products: &[f32]) -> impl Iterator<Item = u32> {
        let mut first = Best::new(self.n_probes);
        (0_u32..).zip(products).for_each(|(list, product)| first.offer(list, *product));
        let first: Vec<u32> = first.finish().into_iter().map(|(list, _)| list).collect();
        // The others are put in order only when somebody comes that far.
        let (mut at, mut rest): (usize, Option<Vec<u32>>) = (0, None);
        std::iter::from_fn(move || {
            let next = first.get(at).copied().or_else(|| {
                let others = rest.get_or_insert_with(|| {
                    let mut others: Vec<Found> = (0_u32..).zip(products.iter().copied()).collect();
                    others.retain(|(list, _)| !first.contains(list));
                    others.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                    others.into_iter().map(|(list, _)| list).collect()
                });
                others.get(at - first.len()).copied()
            });
            at += 1;
            next
        })
    }

    /// Offers what a list holds, and says which share of it is not skipped: of all that it came to where `skips_first`, else of a
    /// sample. A list that it did not have to look into counts as whole.
    fn open(&self, list: usize, query: &Query<'_>, skips_first: bool, best: &mut Best, products: &mut Vec<f32>) -> f64 {
        let f = self.n_factors;
        let (mut at, end) = (self.offsets[list], self.offsets[list + 1]);
        let (mut asked, mut kept) = (0_u32, 0_u32);
        // In blocks, so that the bound is looked at between them and not at every vector.
        while at < end {
            // Rounding may lift a product above the bound by a hair.
            if query.length * self.lengths[at] * 1.000_01 < best.floor {
                break;
            }
            let block = at..(at + BLOCK).min(end);
            at = block.end;
            if skips_first {
                for place in block {
                    asked += 1;
                    if !(query.skip)(self.ids[place]) {
                        kept += 1;
                        best.offer(self.ids[place], dot(query.vector, &self.vectors[place * f..(place + 1) * f]));
                    }
                }
                continue;
            }
            for place in block.clone().step_by(SAMPLED) {
                asked += 1;
                kept += u32::from(!(query.skip)(self.ids[place]));
            }
            products_with(query.vector, &self.vectors[block.start * f..block.end * f], products);
            for (id, product) in self.ids[block].iter().zip(&*products) {
                if *product >= best.floor && !(query.skip)(*id) {
                    best.offer(*id, *product);
                }
            }
        }
        if asked == 0 { 1.0 } else { f64::from(kept) / f64::from(asked) }
    }
}

/// Vectors of a list that are multiplied together.
const BLOCK: usize = 32;
/// Of so many vectors one tells which share of a list is skipped.
const SAMPLED: usize = 8;
/// Share of what is not skipped below which skipping comes before multiplying.
const FEW: f64 = 0.25;

/// What is asked.
struct Query<'a> {
    vector: &'a [f32],
    length: f32,
    skip: &'a dyn Fn(u32) -> bool,
}

impl Nearest for Inverted {
    fn best(&self, query: &[f32], n: usize, skip: &dyn Fn(u32) -> bool) -> Vec<Found> {
        assert_eq!(query.len(), self.n_factors, "a query as long as the vectors");
        let mut products = Vec::new();
        products_with(query, &self.centroids, &mut products);
        let query = Query { vector: query, length: dot(query, query).sqrt(), skip };
        let mut best = Best::new(n);
        let (mut opened, mut lists) = (0.0, 0.0);
        let order: Vec<f32> = std::mem::take(&mut products);
        for list in self.order(&order) {
            let few = lists > 0.0 && opened < FEW * lists;
            opened += self.open(list as usize, &query, few, &mut best, &mut products);
            lists += 1.0;
            // Half a list that may be given is half a list, so a filter opens more of them: the fewer it lets through, the nearer
            // this comes to a scan of what it does.
            if opened >= self.n_probes as f64 {
                break;
            }
        }
        best.finish()
    }
}

/// The best `n` so far: a buffer of twice as many, of which the worse half goes when it is full.
struct Best {
    n: usize,
    found: Vec<Found>,
    /// What a product has to reach to matter.
    floor: f32,
}

impl Best {
    fn new(n: usize) -> Self {
        // With nothing wanted, nothing reaches the floor.
        let floor = if n == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        Self { n, found: Vec::with_capacity(n.saturating_mul(2).min(1 << 12)), floor }
    }

    fn offer(&mut self, id: u32, product: f32) {
        if self.n == 0 || product.is_nan() {
            return;
        }
        self.found.push((id, product));
        if self.found.len() >= 2 * self.n {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let better = |a: &Found, b: &Found| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if self.found.len() > self.n {
            self.found.select_nth_unstable_by(self.n, better);
            self.found.truncate(self.n);
        }
        if self.found.len() == self.n {
            self.floor = self.found.iter().map(|found| found.1).fold(f32::INFINITY, f32::min);
        }
    }

    fn finish(mut self) -> Vec<Found> {
        self.cut();
        self.found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn random(n: usize, f: usize, seed: u64) -> Vec<f32> {
        let mut rng = Seed(seed).stream(0);
        (0..n * f).map(|_| rng.normal() as f32).collect()
    }

    #[test] // Products 1, 3, 3, −1, 2: ties to the lower number; without number 1: 2, 4, 0.
    fn a_scan_by_hand() {
        let scan = Scan::new(vec![1.0, 3.0, 3.0, -1.0, 2.0], 1);
        assert_eq!(scan.best(&[1.0], 2, &|_| false), [(1, 3.0), (2, 3.0)]);
        assert_eq!(scan.best(&[1.0], 3, &|id| id == 1), [(2, 3.0), (4, 2.0), (0, 1.0)]);
        assert_eq!((scan.best(&[1.0], 9, &|_| false).len(), scan.best(&[1.0], 0, &|_| false)), (5, vec![]));
    }

    #[test]
    fn no_vectors_have_no_best() {
        let lists = Inverted::new(&[], 3, &InvertedParams::default(), Seed(0));
        assert_eq!(lists.best(&[1.0; 3], 5, &|_| false), []);
    }

    /// 4,000 vectors around 40 directions, 16 numbers each: most of what a scan finds, from a few lists.
    #[test]
    fn few_lists_hold_nearly_all_of_the_best() {
        let (f, directions) = (16, random(40, 16, 1));
        let noise = random(4000, f, 2);
        let place = |i: usize| directions[(i / f % 40) * f + i % f] + 0.4 * noise[i];
        let vectors: Vec<f32> = (0..4000 * f).map(place).collect();
        let scan = Scan::new(vectors.clone(), f);
        let lists = Inverted::new(&vectors, f, &InvertedParams { n_probes: 12, ..InvertedParams::default() }, Seed(3));
        let queries = random(50, f, 4);
        let found: usize = queries
            .chunks_exact(f)
            .map(|q| {
                let (want, got) = (scan.best(q, 10, &|_| false), lists.best(q, 10, &|_| false));
                want.iter().filter(|w| got.contains(w)).count()
            })
            .sum();
        assert!(found >= 475, "{found} of 500");
    }

    /// 6,000 vectors around 40 directions: half of them, a twentieth and two hundredths by lot, and the half of all directions alone.
    /// As many lists whatever passes would leave out most of what little does.
    #[test]
    fn a_filter_loses_no_more_than_none() {
        let (f, n, directions) = (16, 6000_usize, random(40, 16, 1));
        let noise = random(n, f, 2);
        let place = |i: usize| directions[(i / f % 40) * f + i % f] + 0.4 * noise[i];
        let vectors: Vec<f32> = (0..n * f).map(place).collect();
        let scan = Scan::new(vectors.clone(), f);
        let lists = Inverted::new(&vectors, f, &InvertedParams { n_probes: 12, ..InvertedParams::default() }, Seed(3));
        let queries = random(50, f, 4);
        let lot = |id: u32| Seed(9).stream(u64::from(id)).uniform();
        let recall = |skip: &dyn Fn(u32) -> bool| {
            let one = |q: &[f32]| {
                let (want, got) = (scan.best(q, 10, skip), lists.best(q, 10, skip));
                assert_eq!((want.len(), got.len()), (10, 10));
                assert!(got.iter().all(|(id, _)| !skip(*id)));
                want.iter().filter(|w| got.contains(w)).count()
            };
            queries.chunks_exact(f).map(one).sum::<usize>() as f64 / 500.0
        };
        assert!(recall(&|_| false) >= 0.95);
        for share in [0.5, 0.05, 0.02] {
            assert!(recall(&|id| lot(id) >= share) >= 0.95, "{share}");
        }
        assert!(recall(&|id| id % 2 == 1) >= 0.95, "directions of even numbers");
        assert_eq!(lists.best(&queries[..f], 10, &|_| true), []);
    }

    proptest! {
        /// With all lists open nothing is missed, bit by bit, whatever is skipped.
        #[test]
        fn all_lists_are_a_scan(n in 1_usize..120, k in 0_usize..15, seed in 0_u64..99, n_lists in 0_usize..9, every in 1_u32..5) {
            let (vectors, query) = (random(n, 5, seed), random(1, 5, seed + 1000));
            let params = InvertedParams { n_lists, n_probes: 1000, n_sample: 50, n_sweeps: 3 };
            let lists = Inverted::new(&vectors, 5, &params, Seed(seed));
            let skip = |id: u32| id % every == 1;
            prop_assert_eq!(lists.best(&query, k, &skip), Scan::new(vectors, 5).best(&query, k, &skip));
        }
    }
}
