//! Pairs that are bought together beyond chance, however rare each product is.
//!
//! A catalogue of some hundred products has hardly a pair in one of fifty baskets, so a floor on the *share* of baskets hides
//! every companion: a descaler that joins one kettle in four is in one basket of a thousand. Here evidence is the floor. A pair
//! counts when it lies in at least `min_count` baskets and its q-value (Fisher's exact test, Benjamini and Hochberg, "Controlling the
//! false discovery rate", JRSS B 57(1), 1995) is at most `max_q`. The tests that are counted are all pairs that *could* have been
//! found: those of products in at least `min_count` baskets each. Counting only the pairs that were seen often would take the
//! luck of having been seen for evidence.
//!
//! Both directions of a pair are rules, ordered by cautious lift ([`Rule::lift_low`]). Cost: FP-growth for sets of two.

use super::{Rule, RuleParams};
use crate::AudienceError;
use learn::LearnError;
use learn::multiple_tests::benjamini_hochberg;
use std::collections::BTreeMap;

/// What makes a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct PairParams {
    /// Fewest baskets that hold both.
    pub min_count: u32,
    /// Smallest confidence of a direction, in [0, 1].
    pub min_confidence: f64,
    /// Largest q-value.
    pub max_q: f64,
    /// Most sets held; where there are more, twice as many baskets are asked of a pair, again and again.
    pub max_itemsets: usize,
}

impl Default for PairParams {
    fn default() -> Self {
        Self { min_count: 5, min_confidence: 0.05, max_q: 0.05, max_itemsets: 100_000 }
    }
}

impl PairParams {
    /// The pairs of strictly ascending baskets; `names[item]` breaks ties.
    ///
    /// # Errors
    /// As [`RuleParams::mine`].
    pub fn mine(&self, baskets: &[Vec<u32>], names: &[String]) -> Result<Vec<Rule>, AudienceError> {
        let mut params = RuleParams {
            // No share of the baskets is asked for: the count is the floor.
            min_support: f64::MIN_POSITIVE,
            min_count: self.min_count.max(1),
            min_confidence: 0.0,
            max_len: 2,
            max_itemsets: self.max_itemsets,
        };
        let set = loop {
            match params.mine(baskets, names) {
                Err(AudienceError::Learn(LearnError::TooManyItemsets { .. }))
                    if u64::from(params.min_count) < baskets.len() as u64 =>
                {
                    params.min_count = params.min_count.saturating_mul(2);
                }
                other => break other?,
            }
        };
        let singles = set.itemsets().iter().filter(|s| s.items.len() == 1).count() as f64;
        let n_tests = singles * (singles - 1.0) / 2.0;
        let pair = |rule: &Rule| {
            let (a, b) = (rule.antecedent[0], rule.consequent[0]);
            (a.min(b), a.max(b))
        };
        // Both directions of a pair are one test.
        let mut tests: BTreeMap<(u32, u32), f64> = BTreeMap::new();
        for rule in set.rules() {
            tests.insert(pair(rule), rule.p_value);
        }
        let p_values: Vec<f64> = tests.values().copied().collect();
        // Pairs that were not seen often enough are tests too, with a p-value of 1: they come last and only make the rest dearer.
        let dearer = n_tests.max(1.0) / p_values.len().max(1) as f64;
        let q_values = benjamini_hochberg(&p_values).into_iter().map(|q| (q * dearer).min(1.0));
        let q_of: BTreeMap<(u32, u32), f64> = tests.keys().copied().zip(q_values).collect();
        let kept = set.rules().iter().filter_map(|rule| {
            let q_value = *q_of.get(&pair(rule))?;
            let kept = q_value <= self.max_q && rule.lift > 1.0 && rule.confidence >= self.min_confidence;
            kept.then(|| Rule { q_value, ..rule.clone() })
        });
        let mut kept: Vec<Rule> = kept.collect();
        // Stable: what `mine` ordered by lift, support and names stays so among equals.
        kept.sort_by(|a, b| b.lift_low.total_cmp(&a.lift_low));
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn names(n: u32) -> Vec<String> {
        (0..n).map(|i| format!("P{i:03}")).collect()
    }

    /// Baskets of 60 products; product 0 brings product 1 along in `joins` of its baskets.
    fn baskets(n: usize, joins: f64, seed: u64) -> Vec<Vec<u32>> {
        let mut rng = Seed(seed).stream(0);
        let one = |_| {
            let mut basket: Vec<u32> = vec![rng.below(60) as u32];
            if rng.uniform() < 0.5 {
                basket.push(rng.below(60) as u32);
            }
            if basket.contains(&0) && rng.uniform() < joins {
                basket.push(1);
            }
            basket.sort_unstable();
            basket.dedup();
            basket
        };
        (0..n).map(one).collect()
    }

    #[test] // 2,000 baskets hold product 0 about 50 times: a companion in one of four is 12 baskets, .6 % of all.
    fn a_rare_companion_is_found_where_a_share_of_the_baskets_hides_it() {
        let (baskets, names) = (baskets(2_000, 0.25, 1), names(60));
        assert!(RuleParams::default().mine(&baskets, &names).unwrap().rules().is_empty());
        let pairs = PairParams::default().mine(&baskets, &names).unwrap();
        assert_eq!((&pairs[0].antecedent, &pairs[0].consequent), (&vec![0], &vec![1]), "{pairs:?}");
        assert!(pairs[0].lift_low > 1.0 && pairs[0].q_value < 0.01, "{:?}", pairs[0]);
        assert!(pairs.len() <= 4, "{pairs:?}");
    }

    #[test] // At a false discovery rate of 5 % twenty shops without companions give about one find, not one each.
    fn where_nothing_goes_together_hardly_a_pair_is_found() {
        let names = names(60);
        let finds: usize = (0..20)
            .map(|seed| PairParams::default().mine(&baskets(2_000, 0.0, 100 + seed), &names).unwrap().len() / 2)
            .sum();
        assert!(finds <= 4, "{finds}");
    }

    #[test] // By hand: 10 baskets {0, 1}, 30 {2}: confidence 1, lift 40/10 = 4; 3 singles make 3 tests, p = 1 / C(40, 10).
    fn q_counts_every_pair_that_could_have_been_found() {
        let mut baskets = vec![vec![0, 1]; 10];
        baskets.extend(vec![vec![2]; 30]);
        let pairs = PairParams::default().mine(&baskets, &names(3)).unwrap();
        assert_eq!(pairs.len(), 2);
        assert!((pairs[0].lift - 4.0).abs() < 1e-12 && pairs[0].support_count == 10);
        let p = 1.0 / 847_660_528.0;
        assert!((pairs[0].q_value / (3.0 * p) - 1.0).abs() < 1e-6, "{}", pairs[0].q_value);
        // Too many sets: more baskets are asked for, and nothing fails.
        let crowded: Vec<Vec<u32>> = (0..50).map(|_| (0..40).collect()).collect();
        let few = PairParams { max_itemsets: 100, ..PairParams::default() };
        assert!(few.mine(&crowded, &names(40)).is_err() || few.mine(&crowded, &names(40)).unwrap().is_empty());
    }
}
