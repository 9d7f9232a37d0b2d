//! The candidates of many shoppers with their features.
//!
//! A score means little by itself: 0.3 may be the best of one list and the worst of another, and the
//! ranker only orders within lists. So each scorer gives three features: the score, its rank in the
//! list (1 is best, ties share the mean of their ranks), and how many standard deviations it lies
//! above the mean of the list. A scorer that cannot say leaves all three missing, and missing is
//! something that trees can learn from. Everything else (popularity, market, length of the history)
//! is taken as it is. Within-list ranks as features: what the winning entries of the WSDM Cup 2022
//! on cross-market recommendation had in common.
//! Cost: one sort a scorer and list.

use super::RankError;
use domain::{ItemIdx, ShopperIdx};
use learn::trees::Features;
use std::collections::BTreeSet;

/// Lists of candidates, one a shopper, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateLists {
    names: Vec<String>,
    n_scorers: usize,
    shoppers: Vec<ShopperIdx>,
    seen: BTreeSet<ShopperIdx>,
    sizes: Vec<usize>,
    items: Vec<ItemIdx>,
    values: Vec<f32>,
}

impl CandidateLists {
    /// No list yet. `scorers` and `others` name what [`Self::push`] will be given.
    pub fn new(scorers: &[&str], others: &[&str]) -> Self {
        let of_scorer = |name: &&str| [(*name).to_owned(), format!("{name}: rank"), format!("{name}: above the list")];
        let names = scorers.iter().flat_map(of_scorer).chain(others.iter().map(|name| (*name).to_owned())).collect();
        Self {
            names,
            n_scorers: scorers.len(),
            shoppers: Vec::new(),
            seen: BTreeSet::new(),
            sizes: Vec::new(),
            items: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Adds the list of a shopper: for each scorer, then for each other feature, one value a
    /// candidate, in the candidates' order. `None` and NaN are missing.
    ///
    /// # Errors
    /// [`RankError::ShopperTwice`] for a shopper who has a list, [`RankError::Shape`] when a feature
    /// or a value is missing altogether or too many; the lists are as before then.
    pub fn push(
        &mut self,
        shopper: ShopperIdx,
        candidates: &[ItemIdx],
        scores: &[Vec<Option<f32>>],
        others: &[Vec<Option<f32>>],
    ) -> Result<(), RankError> {
        let n_others = self.names.len() - 3 * self.n_scorers;
        for (what, got, need) in [("scorers", scores.len(), self.n_scorers), ("other features", others.len(), n_others)]
        {
            if got != need {
                return Err(RankError::Shape { what, got, need });
            }
        }
        let n = candidates.len();
        if let Some(wrong) = scores.iter().chain(others).find(|values| values.len() != n) {
            return Err(RankError::Shape { what: "values of a feature", got: wrong.len(), need: n });
        }
        if !self.seen.insert(shopper) {
            return Err(RankError::ShopperTwice(shopper.0));
        }
        let plain = |values: &Vec<Option<f32>>| values.iter().map(|v| v.unwrap_or(f32::NAN)).collect::<Vec<f32>>();
        let mut columns: Vec<Vec<f32>> = Vec::with_capacity(self.names.len());
        for scores in scores.iter().map(plain) {
            let (ranks, above) = (ranks(&scores), above_the_list(&scores));
            columns.extend([scores, ranks, above]);
        }
        columns.extend(others.iter().map(plain));
        self.values.extend((0..n).flat_map(|at| columns.iter().map(move |column| column[at])));
        self.shoppers.push(shopper);
        self.sizes.push(n);
        self.items.extend_from_slice(candidates);
        Ok(())
    }

    /// Names of the features, in the order of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whose lists these are.
    pub fn shoppers(&self) -> &[ShopperIdx] {
        &self.shoppers
    }

    /// Number of candidates of each list.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The candidates, list after list.
    pub fn items(&self) -> &[ItemIdx] {
        &self.items
    }

    /// Candidates in all lists.
    pub const fn n_rows(&self) -> usize {
        self.items.len()
    }

    /// The features, one row a candidate.
    ///
    /// # Errors
    /// [`RankError::Learn`] when there is no feature at all.
    pub fn features(&self) -> Result<Features, RankError> {
        Ok(Features::new(self.values.clone(), self.names.len())?)
    }
}

/// Rank of each value from the largest, 1 first, ties at the mean of their ranks.
fn ranks(values: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&at| !values[at].is_nan()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let mut ranks = vec![f32::NAN; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let mean = start as f32 + (tied.len() as f32 + 1.0) / 2.0;
        tied.iter().for_each(|&at| ranks[at] = mean);
        start += tied.len();
    }
    ranks
}

/// Standard deviations above the mean of the list; 0 where all are equal.
fn above_the_list(values: &[f32]) -> Vec<f32> {
    let known: Vec<f64> = values.iter().filter(|v| !v.is_nan()).map(|v| f64::from(*v)).collect();
    let n = known.len().max(1) as f64;
    let mean = known.iter().sum::<f64>() / n;
    let deviation = (known.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
    let above = |v: &f32| match () {
        () if v.is_nan() => f32::NAN,
        () if deviation > 0.0 => ((f64::from(*v) - mean) / deviation) as f32,
        () => 0.0,
    };
    values.iter().map(above).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 5 is first, the two 3s share ranks 2 and 3, and who cannot say has none.
    fn ranks_within_the_list_are_shared_by_equals() {
        let ranks = ranks(&[3.0, f32::NAN, 5.0, 3.0, 1.0]);
        assert_eq!((ranks[0], ranks[2], ranks[3], ranks[4]), (2.5, 1.0, 2.5, 4.0));
        assert!(ranks[1].is_nan());
    }

    #[test] // Mean 3, variance ((−2)² + 0 + 2²) / 3 = 8/3: −2 / 1.632993 = −1.224745.
    fn a_score_is_set_off_against_its_list() {
        let above = above_the_list(&[1.0, 3.0, 5.0]);
        assert!((above[0] + 1.224_745).abs() < 1e-6 && above[1] == 0.0);
        assert_eq!(above_the_list(&[2.0, 2.0]), [0.0, 0.0]);
    }

    #[test]
    fn a_list_is_three_columns_a_scorer_and_one_for_each_other_feature() {
        let mut lists = CandidateLists::new(&["item-knn"], &["buyers"]);
        assert_eq!(lists.names(), ["item-knn", "item-knn: rank", "item-knn: above the list", "buyers"]);
        let push = |lists: &mut CandidateLists, shopper, scores: &[Vec<Option<f32>>]| {
            let others = [vec![Some(7.0), Some(9.0)]];
            lists.push(ShopperIdx(shopper), &[ItemIdx(4), ItemIdx(2)], scores, &others)
        };
        push(&mut lists, 3, &[vec![Some(0.5), Some(1.5)]]).unwrap();
        assert_eq!(lists.features().unwrap().row(0), [0.5, 2.0, -1.0, 7.0]);
        assert_eq!(lists.features().unwrap().row(1), [1.5, 1.0, 1.0, 9.0]);
        assert_eq!(push(&mut lists, 3, &[vec![None, None]]), Err(RankError::ShopperTwice(3)));
        assert!(matches!(push(&mut lists, 4, &[]), Err(RankError::Shape { what: "scorers", .. })));
        assert!(matches!(push(&mut lists, 4, &[vec![None]]), Err(RankError::Shape { got: 1, need: 2, .. })));
        assert_eq!((lists.n_rows(), lists.shoppers()), (2, &[ShopperIdx(3)][..]));
    }
}
