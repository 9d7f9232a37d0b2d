//! The vectors with the largest products with one query.
//!
//! [`Scan`] multiplies with every vector and is exact; [`NearGraph`](crate::NearGraph) follows a graph and looks at few of them.
//! Products have the bits of [`lanes::dot`](crate::lanes::dot), so a found vector's is the one that a scan gives.
//! Where vectors are skipped (another market's, sold out), a scan asks first and multiplies afterwards once it sees that few are
//! left; until then it asks only for those that could get among the best. Cost: `n f` multiply-adds, or `n` questions and as many
//! products as vectors are left.

use crate::lanes::{dot, vectorised};
use crate::top_products::Found;

/// Finds the best vectors of one query.
pub trait Nearest: Send + Sync {
    /// The at most `n` vectors with the largest products, best first, ties to the lower number, without
    /// those for which `skip` holds. A product that is not a number is never found.
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

/// Vectors that are multiplied together.
const BLOCK: usize = 256;
/// Of so many vectors of a block one tells which share is skipped.
const SAMPLED: usize = 8;
/// Share of what is not skipped below which asking comes before multiplying.
const FEW: f64 = 0.25;
/// What a question costs, in products of 64 numbers.
const ASKING: f64 = 0.15;

impl Scan {
    /// Takes `n × n_factors` numbers.
    ///
    /// # Panics
    /// If `n_factors` is 0 or the length is no multiple of it.
    pub fn new(vectors: Vec<f32>, n_factors: usize) -> Self {
        assert!(n_factors > 0 && vectors.len().is_multiple_of(n_factors), "vectors of {n_factors} numbers");
        Self { n_factors, vectors }
    }

    /// Numbers of a vector.
    pub const fn n_factors(&self) -> usize {
        self.n_factors
    }

    /// All numbers, vector by vector.
    pub fn values(&self) -> &[f32] {
        &self.vectors
    }

    /// How many vectors there are.
    pub const fn len(&self) -> usize {
        self.vectors.len() / self.n_factors
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// A vector by its number.
    ///
    /// # Panics
    /// Where there are not so many.
    pub fn row(&self, id: u32) -> &[f32] {
        &self.vectors[id as usize * self.n_factors..][..self.n_factors]
    }

    /// What a scan costs where a share of the vectors is not skipped, in products a vector.
    pub(crate) fn cost(passing: f64) -> f64 {
        if passing < FEW { passing + ASKING } else { 1.0 }
    }

    /// The best `n` of some vectors, which are not asked whether they are skipped.
    pub(crate) fn best_of(&self, query: &[f32], n: usize, ids: &[u32]) -> Vec<Found> {
        let mut products = Vec::with_capacity(ids.len());
        products_of(query, &self.vectors, ids, &mut products);
        let mut best = Best::new(n);
        ids.iter().zip(products).for_each(|(id, product)| best.offer(*id, product));
        best.finish()
    }
}

impl Nearest for Scan {
    fn best(&self, query: &[f32], n: usize, skip: &dyn Fn(u32) -> bool) -> Vec<Found> {
        assert_eq!(query.len(), self.n_factors, "a query as long as the vectors");
        let (mut best, mut products, mut ids) = (Best::new(n), Vec::new(), Vec::new());
        let (mut asked, mut kept) = (0_u32, 0_u32);
        let total = self.len() as u32;
        for first in (0..total).step_by(BLOCK) {
            let block = first..(first + BLOCK as u32).min(total);
            if f64::from(kept) < FEW * f64::from(asked) {
                ids.clear();
                ids.extend(block.clone().filter(|id| !skip(*id)));
                asked += block.len() as u32;
                kept += ids.len() as u32;
                products_of(query, &self.vectors, &ids, &mut products);
                ids.iter().zip(&products).for_each(|(id, product)| best.offer(*id, *product));
                continue;
            }
            let f = self.n_factors;
            products_with(query, &self.vectors[block.start as usize * f..block.end as usize * f], &mut products);
            for (id, product) in block.clone().zip(&products) {
                if *product >= best.floor && !skip(id) {
                    best.offer(id, *product);
                }
            }
            let sample = block.step_by(SAMPLED);
            asked += sample.len() as u32;
            kept += sample.filter(|id| !skip(*id)).count() as u32;
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

vectorised! {
    fn products_of(query: &[f32], vectors: &[f32], ids: &[u32], out: &mut Vec<f32>) {
        out.clear();
        let f = query.len();
        out.extend(ids.iter().map(|id| dot(query, &vectors[*id as usize * f..][..f])));
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
        if self.n == 0 || product.is_nan() || product < self.floor {
            return;
        }
        self.found.push((id, product));
        if self.found.len() >= self.n.saturating_mul(2) {
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
    use domain::Seed;
    use proptest::prelude::*;

    #[test] // Products 1, 3, 3, −1, 2: ties to the lower number; without number 1: 2, 4, 0.
    fn a_scan_by_hand() {
        let scan = Scan::new(vec![1.0, 3.0, 3.0, -1.0, 2.0], 1);
        assert_eq!(scan.best(&[1.0], 2, &|_| false), [(1, 3.0), (2, 3.0)]);
        assert_eq!(scan.best(&[1.0], 3, &|id| id == 1), [(2, 3.0), (4, 2.0), (0, 1.0)]);
        assert_eq!((scan.best(&[1.0], 9, &|_| false).len(), scan.best(&[1.0], 0, &|_| false)), (5, vec![]));
        assert_eq!(scan.best_of(&[1.0], 2, &[4, 3, 0]), [(4, 2.0), (0, 1.0)]);
    }

    proptest! {
        /// Whatever is skipped, asked first or last: the definition, by sorting all that is left.
        #[test]
        fn a_scan_is_the_definition(n in 0_u32..1200, k in 0_usize..15, seed in 0_u64..99, left in 1_u32..40) {
            let mut rng = Seed(seed).stream(0);
            // Few values, so that there are ties.
            let vectors: Vec<f32> = (0..3 * n).map(|_| rng.below(5) as f32 - 2.0).collect();
            let query = [1.0, 0.5, -0.25];
            let skip = |id: u32| id % 40 >= left;
            let product = |id: u32| (0..3).map(|j| query[j] * vectors[id as usize * 3 + j]).sum::<f32>();
            let mut all: Vec<Found> = (0..n).filter(|id| !skip(*id)).map(|id| (id, product(id))).collect();
            all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            all.truncate(k);
            prop_assert_eq!(Scan::new(vectors, 3).best(&query, k, &skip), all);
        }
    }
}
