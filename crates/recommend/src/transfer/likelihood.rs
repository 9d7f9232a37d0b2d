//! How much likelier the sources' pairs make what the target's shoppers have bought.
//!
//! What goes with item `i` is a distribution over the other items: counts `c` of the target's pairs, smoothed by
//! [`DOUBT`] pairs drawn from a prior: `(c(i, j) + DOUBT · prior(j)) / (Σ_j c(i, j) + DOUBT)`. The prior is the
//! target's popularity, or half that and half the sources' pairs of `i`. Each purchase is left out and told by
//! the mean of the distributions of the shopper's other items, counted without this shopper. The answer is the
//! mean of `ln(with the sources / without)`, in nats a purchase: above 0 where the sources know what the target
//! will find out. Only rows that may be learnt from are counted, nothing is fitted.
//!
//! Sources: the likelihood of a target's data under what a source knows tells transferability in Nguyen et al.,
//! "LEEP: a new measure to evaluate transferability of learned representations", ICML 2020; smoothing by a
//! Dirichlet prior in Zhai and Lafferty, "A study of smoothing methods for language models", ACM TOIS 22(2),
//! 2004. Cost: one pass over the pairs of both sides.

use super::similarity_prior::Shares;

/// Pairs that the prior of an item's company is worth.
const DOUBT: f64 = 10.0;

/// How likely the target's purchases are without and with the sources' pairs, summed over what tells them.
pub(super) struct Likelihood<'a> {
    own: &'a Shares,
    n_rows: f64,
    /// One a cell of each shopper.
    sums: Vec<Vec<[f64; 2]>>,
}

impl<'a> Likelihood<'a> {
    pub(super) fn new(own: &'a Shares) -> Self {
        let rows = 0..own.by_shopper.n_rows();
        let sums = rows.map(|s| vec![[0.0; 2]; own.by_shopper.row(s).0.len()]).collect();
        Self { own, n_rows: own.totals.iter().copied().map(f64::from).sum(), sums }
    }

    /// What item `i` says of the purchases beside it, from how often other items go with it here and there, each
    /// with the list of those that do.
    pub(super) fn add(&mut self, i: usize, here: (&[f32], &[u32]), there: (&[f32], &[u32])) {
        let company = |(counts, items): (&[f32], &[u32])| -> f64 {
            items.iter().filter(|j| **j as usize != i).map(|j| f64::from(counts[*j as usize])).sum()
        };
        let (all_here, all_there) = (company(here), company(there));
        let n_items = self.own.n_items() as f64;
        for (s, v) in self.own.by_item.cells(i) {
            let (columns, values) = self.own.by_shopper.row(s as usize);
            let beside: f32 = values.iter().sum::<f32>() - v;
            // The shopper's own pairs are not known when the shopper is asked.
            let total = (all_here - f64::from(v * beside)).max(0.0) + DOUBT;
            for ((j, w), sums) in columns.iter().zip(values).zip(&mut self.sums[s as usize]) {
                let at = *j as usize;
                if at == i {
                    continue;
                }
                let count = f64::from(here.0[at] - v * w).max(0.0);
                let bought = f64::from(self.own.totals[at] - w * w).max(0.0);
                let popular = (bought + 1.0) / (self.n_rows + n_items);
                let taught = if all_there > 0.0 { f64::from(there.0[at]) / all_there } else { popular };
                for (sum, prior) in sums.iter_mut().zip([popular, (popular + taught) / 2.0]) {
                    *sum += (count + DOUBT * prior) / total;
                }
            }
        }
    }

    /// Nats that the sources add to a purchase; 0 where nobody has two.
    pub(super) fn mean(&self) -> f64 {
        let told = self.sums.iter().flatten().filter(|[without, _]| *without > 0.0);
        let (n, sum) = told.fold((0.0, 0.0), |(n, sum), [without, with]| (n + 1.0, sum + (with / without).ln()));
        if n > 0.0 { sum / n } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;

    /// Target: {0, 1}, {1, 2}, {3}: five rows, five items. Source: {0, 1}, {0, 1}, {1}, {4}.
    #[test]
    fn four_purchases_by_hand() {
        let ground = ground(5, &[&[0, 1], &[1, 2], &[3]], &[&[0, 1], &[0, 1], &[1], &[4]]);
        let (own, taught) = (Shares::of(ground.target()), Shares::of(&ground.taught(&[1.0]).unwrap()));
        let mut told = Likelihood::new(&own);
        for i in 0..5 {
            let (mut here, mut there) = (vec![0.0; 5], vec![0.0; 5]);
            let (mut touched, mut others) = (Vec::new(), Vec::new());
            own.add(i, &mut here, &mut touched);
            taught.add(i, &mut there, &mut others);
            told.add(i, (&here, &touched), (&there, &others));
        }
        // Only shoppers 0 {0, 1} and 1 {1, 2} have something beside a purchase; rows 5, items 5. Without the shopper's
        // own pairs item 0 has no company left and item 1 that of the other shopper: one pair.
        // Of 0 told by 1: no pair, popularity (1 - 1 + 1)/10; the source says 0 whenever it says something of 1.
        let chances = |count: f64, total: f64, popular: f64, taught: f64| {
            let chance = |prior: f64| (count + 10.0 * prior) / (total + 10.0);
            (chance((popular + taught) / 2.0) / chance(popular)).ln()
        };
        let want = chances(0.0, 1.0, 0.1, 1.0) // 0 told by 1, which shopper 1 has with 2
            + chances(0.0, 0.0, 0.2, 1.0) // 1 told by 0
            + chances(0.0, 0.0, 0.2, 0.2) // 1 told by 2, of which the source knows nothing
            + chances(0.0, 1.0, 0.1, 0.0); // 2 told by 1, which shopper 0 has with 0
        assert!((told.mean() - want / 4.0).abs() < 1e-9, "{}", told.mean());
    }
}
