//! A mark expected over every draw of the items that an answer is ranked among.
//!
//! A published question ranks the answer among `n` drawn items, and which ones are drawn moves the mark as much as
//! the model does. Where all `m` items that could be drawn are scored, nothing has to be drawn: of `b` better
//! ones `k` are in a draw with the chance `C(b, k) C(m − b, n − k) / C(m, n)`, and the mark is the sum over `k`
//! of that chance times the gain at rank `k + 1`. It has the mean of a drawn mark and less spread, so that as
//! many shoppers prove more.
//!
//! Source: the hypergeometric distribution; that marks on drawn items are estimates, Krichene and Rendle, "On
//! sampled metrics for item recommendation", KDD 2020. Cost: `depth` terms a mark.

/// Draws of `n` out of at most `most` items.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draws {
    n: usize,
    /// `ln(k!)`.
    ln_factorials: Vec<f64>,
}

impl Draws {
    pub(super) fn new(n: usize, most: usize) -> Self {
        let ln_factorials = std::iter::once(0.0).chain((1..=most).scan(0.0, |sum, k| {
            *sum += (k as f64).ln();
            Some(*sum)
        }));
        Self { n, ln_factorials: ln_factorials.collect() }
    }

    fn ln_choose(&self, from: usize, k: usize) -> f64 {
        let f = &self.ln_factorials;
        if k > from { f64::NEG_INFINITY } else { f[from] - f[k] - f[from - k] }
    }

    /// nDCG at `depth` of the only answer, of which `better` of `all` other items are ranked before it.
    pub(super) fn ndcg(&self, better: usize, all: usize, depth: usize) -> f64 {
        let n = self.n.min(all);
        let term = |k: usize| {
            let drawn = self.ln_choose(better, k) + self.ln_choose(all - better, n - k) - self.ln_choose(all, n);
            drawn.exp() / (k as f64 + 2.0).log2()
        };
        (0..depth.min(n + 1)).map(term).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // One better item of four, two drawn: in half of the six draws.
    fn six_draws_by_hand() {
        let draws = Draws::new(2, 4);
        assert!((draws.ndcg(1, 4, 10) - (0.5 + 0.5 / 3.0_f64.log2())).abs() < 1e-12);
        assert!((draws.ndcg(1, 4, 1) - 0.5).abs() < 1e-12, "at rank 2 nothing is gained");
        assert!((draws.ndcg(0, 4, 10) - 1.0).abs() < 1e-12);
        // Both are always among the two that are drawn of two.
        assert!((draws.ndcg(2, 2, 10) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn it_is_the_mean_of_drawn_marks() {
        let (better, all, n) = (7, 60, 20);
        let mut rng = domain::Seed(4).stream(0);
        let runs = 20_000;
        let drawn: f64 = (0..runs)
            .map(|_| {
                let mut items: Vec<usize> = (0..all).collect();
                rng.shuffle(&mut items);
                let rank = 1 + items[..n].iter().filter(|i| **i < better).count();
                if rank <= 3 { 1.0 / (rank as f64 + 1.0).log2() } else { 0.0 }
            })
            .sum();
        let want = Draws::new(n, all).ndcg(better, all, 3);
        // A mark deviates by at most 0.5, a mean of 20,000 by 0.0036.
        assert!((drawn / f64::from(runs) - want).abs() < 0.012, "{} {want}", drawn / f64::from(runs));
    }
}
