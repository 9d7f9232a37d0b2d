//! Which rules say more than chance and more than a shorter rule.
//!
//! - `p_value`: probability of at least as many baskets with both sides were they independent, exact (Fisher's test on the
//!   2 × 2 table); `q_value`: Benjamini and Hochberg's over the rules of the set. Thousands of pairs are looked
//!   at, so some hundreds have `p < .05` by luck; of the rules with `q ≤ .05` at most one in twenty is expected to be chance.
//! - `conviction` `(1 − n(C)/n) / (1 − confidence)`: how much more often the rule would fail were the sides independent
//!   (Brin, Motwani, Ullman and Tsur, "Dynamic itemset counting and implication rules for market basket data", SIGMOD 1997);
//!   infinite for a rule without exception.
//! - `improvement`: confidence above that of the best rule with a smaller antecedent and the same consequent, the empty one
//!   included (Bayardo, Agrawal and Gunopulos, "Constraint-based rule mining in large, dense databases", ICDE 1999). A rule
//!   that improves nothing is redundant: the shorter one already says it.
//!
//! Cost: Fisher's sum, some hundred steps a rule, and `2^|antecedent|` look-ups.

use super::{Rule, RuleSet};
use learn::two_by_two::TwoByTwo;
use std::collections::BTreeMap;

/// p-value of `both` of `n` baskets where the sides have `n_a` and `n_c`; 1 where the counts contradict each other.
pub(super) fn p_value(n: usize, n_a: u32, n_c: u32, both: u32) -> f64 {
    let table = TwoByTwo::from_margins(n as u64, n_a.into(), n_c.into(), both.into());
    table.map_or(1.0, |t| t.fisher_greater())
}

/// Conviction of a confidence beside the consequent's own share.
pub(super) fn conviction(confidence: f64, share_c: f64) -> f64 {
    if confidence >= 1.0 { f64::INFINITY } else { (1.0 - share_c) / (1.0 - confidence) }
}

/// Confidence above the best shorter rule. `antecedent` and `consequent` ascend by item; every part of them is in `counts`.
pub(super) fn improvement(
    antecedent: &[u32],
    consequent: &[u32],
    confidence: f64,
    share_c: f64,
    counts: &BTreeMap<&[u32], u32>,
) -> f64 {
    let mut best = share_c;
    let mut part = Vec::with_capacity(antecedent.len());
    for split in 1..(1_u32 << antecedent.len()) - 1 {
        part.clear();
        part.extend(antecedent.iter().enumerate().filter(|(bit, _)| split >> bit & 1 == 1).map(|(_, item)| *item));
        let n_part = counts[part.as_slice()];
        part.extend_from_slice(consequent);
        part.sort_unstable();
        best = best.max(f64::from(counts[part.as_slice()]) / f64::from(n_part));
    }
    confidence - best
}

impl Rule {
    /// Whether a rule with a smaller antecedent is as sure of the same consequent.
    pub fn is_redundant(&self) -> bool {
        self.improvement <= 0.0
    }
}

impl RuleSet {
    /// The rules worth showing: beyond chance at a false discovery rate of `max_q`, bought together more often than apart,
    /// and not said by a shorter rule; in the order of [`RuleSet::rules`].
    pub fn telling(&self, max_q: f64) -> impl Iterator<Item = &Rule> {
        self.rules().iter().filter(move |r| r.q_value <= max_q && r.lift > 1.0 && !r.is_redundant())
    }
}

#[cfg(test)]
mod tests {
    use super::super::RuleParams;
    use domain::Seed;

    // Ten baskets: tea in 5, lemon in 5, together in 4. P(≥ 4) = (C(5,4)·C(5,1) + 1) / C(10,5) = 26/252.
    // tea → lemon: confidence .8, conviction (1 − .5) / (1 − .8) = 2.5, improvement .8 − .5.
    #[test]
    fn figures_of_ten_baskets_by_hand() {
        let mut baskets = vec![vec![0, 1]; 4];
        baskets.extend([vec![0], vec![1], vec![2], vec![2], vec![2], vec![2]]);
        let names = ["tea", "lemon", "cup"].map(String::from);
        let params = RuleParams { min_support: 0.1, min_count: 1, min_confidence: 0.5, ..RuleParams::default() };
        let set = params.mine(&baskets, &names).unwrap();
        let rule = &set.rules()[0];
        assert!((rule.p_value - 26.0 / 252.0).abs() < 1e-12 && (rule.q_value - rule.p_value).abs() < 1e-12);
        assert!((rule.conviction - 2.5).abs() < 1e-12 && (rule.improvement - 0.3).abs() < 1e-12);
        assert_eq!((set.telling(0.05).count(), set.telling(0.2).count()), (0, 2));
    }

    // 0 → 1 always; a third item bought at random beside them adds nothing: {0, 2} → 1 is as sure as 0 → 1.
    #[test]
    fn a_longer_rule_that_is_no_surer_is_redundant() {
        let mut baskets = vec![vec![0, 1]; 6];
        baskets.extend(vec![vec![0, 1, 2]; 6]);
        baskets.extend(vec![vec![3]; 12]);
        let names = ["a", "b", "c", "d"].map(String::from);
        let set = RuleParams { min_count: 1, ..RuleParams::default() }.mine(&baskets, &names).unwrap();
        let of = |a: &[u32], c: &[u32]| {
            set.rules().iter().find(|r| r.antecedent == a && r.consequent == c).unwrap().is_redundant()
        };
        assert!(of(&[0, 2], &[1]) && !of(&[0], &[1]));
        assert!(set.rules().iter().any(|r| r.conviction.is_infinite()));
    }

    // Independent items, 300 pairs looked at: a handful of p-values below .05, no rule left at q ≤ .05 in 19 of 20 draws.
    #[test]
    fn chance_leaves_no_rule() {
        let names: Vec<String> = (0..25).map(|i| format!("{i:02}")).collect();
        let (mut small, mut found) = (0, 0);
        for trial in 0..20 {
            let mut rng = Seed(3).stream(trial);
            let basket = |_| (0..25).filter(|_| rng.uniform() < 0.15).collect::<Vec<u32>>();
            let baskets: Vec<Vec<u32>> = (0..400).map(basket).collect();
            let params = RuleParams {
                min_support: 0.01,
                min_count: 1,
                min_confidence: 0.0,
                max_len: 2,
                ..RuleParams::default()
            };
            let set = params.mine(&baskets, &names).unwrap();
            small += set.rules().iter().filter(|r| r.p_value < 0.05).count();
            found += usize::from(set.telling(0.05).next().is_some());
        }
        assert!(small > 100 && found <= 3, "{small} {found}");
    }
}
