//! Association rules: who buys these also buys those.
//!
//! With `n` baskets and `n(X)` those that hold every item of `X`, for a rule `A → C`:
//! - support `n(A ∪ C) / n`, confidence `n(A ∪ C) / n(A)`,
//! - lift `confidence / (n(C) / n)`: 1 when A and C are independent,
//! - leverage `support - n(A)/n · n(C)/n`: the share of baskets beyond independence,
//! - `lift_low`: the lift with the lower end of the confidence's Wilson interval, so that a rule seen
//!   eight times does not outshine one seen eight hundred times,
//! - p- and q-value, conviction and improvement: [`evidence`]; pairs rarer than any share of baskets: [`pairs`].
//!
//! Source: Agrawal, Imieliński & Swami, "Mining association rules between sets of items in large
//! databases", SIGMOD 1993; leverage by Piatetsky-Shapiro, 1991. Every split of every frequent
//! itemset with enough confidence is a rule. They are ordered by lift (rounded to 9 decimals, so
//! that the order of additions cannot matter), support, then the texts of antecedent and
//! consequent. Cost: FP-growth, then `2^|set|` splits of each set.

pub mod evidence;
pub mod pairs;

use crate::AudienceError;
use crate::figures::LEVEL;
use learn::fpgrowth::{FpGrowthParams, Itemset, frequent_itemsets};
use learn::interval::wilson;
use learn::multiple_tests::benjamini_hochberg;
use std::collections::BTreeMap;

/// What makes a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleParams {
    /// Smallest share of baskets that hold the whole rule, in (0, 1], inclusive.
    pub min_support: f64,
    /// Fewest baskets that hold the whole rule, whatever the share says.
    pub min_count: u32,
    /// Smallest confidence, in [0, 1], inclusive.
    pub min_confidence: f64,
    /// Most items in a rule, at least 2.
    pub max_len: usize,
    /// Most itemsets before giving up with an error. A set of four has fourteen splits, each of which may
    /// be a rule and has to be held.
    pub max_itemsets: usize,
}

impl Default for RuleParams {
    fn default() -> Self {
        Self { min_support: 0.02, min_count: 10, min_confidence: 0.3, max_len: 4, max_itemsets: 100_000 }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Items bought, in ascending order of their names.
    pub antecedent: Vec<u32>,
    /// Items bought with them, in ascending order of their names.
    pub consequent: Vec<u32>,
    /// Baskets that hold all.
    pub support_count: u32,
    /// Their share of the baskets.
    pub support: f64,
    /// Share of the antecedent's baskets that hold the consequent too.
    pub confidence: f64,
    /// Confidence over the consequent's own share.
    pub lift: f64,
    /// Cautious lift: the lower end of the confidence's 95 % interval over the consequent's share.
    pub lift_low: f64,
    /// Support beyond independence.
    pub leverage: f64,
    /// How much more often it would fail under independence; infinite without an exception.
    pub conviction: f64,
    /// Confidence above the best rule with a smaller antecedent and the same consequent.
    pub improvement: f64,
    /// Probability of as many baskets with both sides under independence.
    pub p_value: f64,
    /// Share of chance findings expected among all rules whose value is no larger.
    pub q_value: f64,
}

/// Frequent itemsets and the rules in them.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    n_baskets: usize,
    itemsets: Vec<Itemset>,
    rules: Vec<Rule>,
}

/// Names of a set's items in ascending text order, joined by `+`. A name may hold a `+` itself: there
/// it is written `\+`, and a backslash `\\`, so that [`set_names`] gets the names back.
///
/// # Panics
/// If an item has no name.
pub fn set_text(items: &[u32], names: &[String]) -> String {
    let mut texts: Vec<&str> = items.iter().map(|&item| names[item as usize].as_str()).collect();
    texts.sort_unstable();
    texts.iter().map(|text| text.replace('\\', r"\\").replace('+', r"\+")).collect::<Vec<_>>().join("+")
}

/// The names that [`set_text`] joined.
pub fn set_names(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let name = names.last_mut().expect("there is always a name under way");
        match c {
            '+' => names.push(String::new()),
            '\\' => name.extend(chars.next()),
            c => name.push(c),
        }
    }
    names
}

impl RuleParams {
    /// Mines baskets of strictly ascending item ids; `names[item]` is the item's text, which breaks
    /// ties. An empty list of baskets has no rules.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a parameter outside its range, [`AudienceError::Item`] for an
    /// item without a name, [`AudienceError::Learn`] for a basket that does not ascend or too many
    /// itemsets.
    pub fn mine(&self, baskets: &[Vec<u32>], names: &[String]) -> Result<RuleSet, AudienceError> {
        self.check()?;
        if let Some(&item) = baskets.iter().flatten().find(|&&item| item as usize >= names.len()) {
            return Err(AudienceError::Item { item, n_names: names.len() });
        }
        let growth = FpGrowthParams {
            min_count: least_count(self.min_support, baskets.len()).max(self.min_count),
            max_len: self.max_len,
            max_itemsets: self.max_itemsets,
        };
        let itemsets = frequent_itemsets(baskets, &growth)?;
        let rules = self.rules(&itemsets, baskets.len(), names);
        Ok(RuleSet { n_baskets: baskets.len(), itemsets, rules })
    }

    fn check(&self) -> Result<(), AudienceError> {
        let param = |name, rule, got| Err(AudienceError::Param { name, rule, got });
        if !(self.min_support > 0.0 && self.min_support <= 1.0) {
            return param("min_support", "above 0 and at most 1", self.min_support);
        }
        if !(0.0..=1.0).contains(&self.min_confidence) {
            return param("min_confidence", "between 0 and 1", self.min_confidence);
        }
        if !(2..=20).contains(&self.max_len) {
            return param("max_len", "2 to 20", self.max_len as f64);
        }
        Ok(())
    }

    fn rules(&self, itemsets: &[Itemset], n_baskets: usize, names: &[String]) -> Vec<Rule> {
        let n = n_baskets as f64;
        let counts: BTreeMap<&[u32], u32> = itemsets.iter().map(|set| (set.items.as_slice(), set.count)).collect();
        let mut rules = Vec::new();
        for set in itemsets.iter().filter(|set| set.items.len() >= 2) {
            for split in 1..(1_u32 << set.items.len()) - 1 {
                let (antecedent, consequent) = parts(&set.items, split);
                // Every part of a frequent set is frequent, so both counts are there.
                let (n_a, n_c) = (counts[antecedent.as_slice()], counts[consequent.as_slice()]);
                let confidence = f64::from(set.count) / f64::from(n_a);
                if confidence < self.min_confidence {
                    continue;
                }
                let (share_a, share_c) = (f64::from(n_a) / n, f64::from(n_c) / n);
                let support = f64::from(set.count) / n;
                let low = wilson(u64::from(set.count), u64::from(n_a), LEVEL).map_or(0.0, |i| i.low);
                rules.push(Rule {
                    support_count: set.count,
                    support,
                    confidence,
                    lift: confidence / share_c,
                    lift_low: low / share_c,
                    leverage: support - share_a * share_c,
                    conviction: evidence::conviction(confidence, share_c),
                    improvement: evidence::improvement(&antecedent, &consequent, confidence, share_c, &counts),
                    p_value: evidence::p_value(n_baskets, n_a, n_c, set.count),
                    q_value: f64::NAN,
                    antecedent: by_name(antecedent, names),
                    consequent: by_name(consequent, names),
                });
            }
        }
        let q_values = benjamini_hochberg(&rules.iter().map(|r| r.p_value).collect::<Vec<_>>());
        rules.iter_mut().zip(q_values).for_each(|(rule, q)| rule.q_value = q);
        let key = |rule: &Rule| (set_text(&rule.antecedent, names), set_text(&rule.consequent, names));
        let nine = |x: f64| (x * 1e9).round() / 1e9;
        rules.sort_by_cached_key(key);
        rules.sort_by(|a, b| nine(b.lift).total_cmp(&nine(a.lift)).then(b.support_count.cmp(&a.support_count)));
        rules
    }
}

impl RuleSet {
    /// Baskets that were mined.
    pub fn n_baskets(&self) -> usize {
        self.n_baskets
    }

    /// Frequent itemsets, by length and then by items.
    pub fn itemsets(&self) -> &[Itemset] {
        &self.itemsets
    }

    /// The rules, largest lift first.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

/// The smallest count `c` with `c / n ≥ share`. Found by the division itself: `ceil(0.1 · 30)` is 4
/// in floating point, and a support of exactly one tenth has to be enough.
fn least_count(share: f64, n: usize) -> u32 {
    let about = (share * n as f64).ceil() as u32;
    let enough = |count: u32| f64::from(count) / n as f64 >= share;
    if about > 1 && enough(about - 1) { about - 1 } else { about.max(1) }
}

/// Items whose bit is set, and the others.
fn parts(items: &[u32], split: u32) -> (Vec<u32>, Vec<u32>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (bit, &item) in items.iter().enumerate() {
        if split >> bit & 1 == 1 { left.push(item) } else { right.push(item) }
    }
    (left, right)
}

fn by_name(mut items: Vec<u32>, names: &[String]) -> Vec<u32> {
    items.sort_by(|&a, &b| names[a as usize].cmp(&names[b as usize]).then(a.cmp(&b)));
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Vec<String> {
        ["kettle", "descaler", "filter", "cup"].map(String::from).to_vec()
    }

    const ALL: RuleParams =
        RuleParams { min_support: 0.4, min_count: 1, min_confidence: 0.5, max_len: 4, max_itemsets: 1_000 };

    // Five baskets; kettle 4, descaler 3, filter 2, cup 1; kettle + descaler 3, kettle + filter 2. At 40 %, so 2 baskets.
    // descaler -> kettle: confidence 3/3, lift 1 / 0.8; leverage 0.6 - 0.6 · 0.8. kettle -> descaler: 3/4, lift 0.75 / 0.6.
    // filter -> kettle: 2/2, lift 1.25; kettle -> filter: 2/4, lift 0.5 / 0.4 = 1.25. All lifts 1.25: support, then text.
    #[test] // A code such as `USB+C` split at its plus would be two products that do not exist.
    fn names_with_a_plus_come_back_whole() {
        let names: Vec<String> = ["USB+C", r"a\b", r"end\", "plain"].map(str::to_owned).to_vec();
        let text = set_text(&[0, 1, 2, 3], &names);
        assert_eq!(text, r"USB\+C+a\\b+end\\+plain");
        assert_eq!(set_names(&text), names);
        assert_eq!(set_names("85123A+22423"), ["85123A", "22423"]);
    }

    #[test]
    fn rules_of_five_baskets_by_hand() {
        let baskets = [vec![0, 1], vec![0, 1, 2], vec![0, 1], vec![0, 2], vec![3]];
        let set = ALL.mine(&baskets, &names()).unwrap();
        let text = |r: &Rule| format!("{} > {}", set_text(&r.antecedent, &names()), set_text(&r.consequent, &names()));
        let texts: Vec<String> = set.rules().iter().map(text).collect();
        assert_eq!(texts, ["descaler > kettle", "kettle > descaler", "filter > kettle", "kettle > filter"]);
        let first = &set.rules()[0];
        assert_eq!((first.support_count, first.support, first.confidence, first.lift), (3, 0.6, 1.0, 1.25));
        assert!((first.leverage - 0.12).abs() < 1e-12);
        assert!((first.lift_low - 0.438_503 / 0.8).abs() < 1e-4, "{first:?}"); // Wilson of 3 of 3: 3 / (3 + 1.96²)
        assert_eq!(set.itemsets().len(), 5);
    }

    #[test] // One basket of three: every lift and support is 1, so text alone orders the 6 + 3 · 2 rules.
    fn a_set_is_written_in_the_order_of_its_names() {
        let set = RuleParams { min_confidence: 0.0, ..ALL }.mine(&[vec![0, 1, 2]], &names()).unwrap();
        let of_three = || set.rules().iter().filter(|r| r.antecedent.len() + r.consequent.len() == 3);
        let firsts: Vec<String> = of_three().map(|r| set_text(&r.antecedent, &names())).collect();
        assert_eq!(firsts, ["descaler", "descaler+filter", "descaler+kettle", "filter", "filter+kettle", "kettle"]);
        assert_eq!(of_three().nth(1).unwrap().antecedent, [1, 2]);
        assert_eq!(set.rules().len(), 12);
    }

    #[test]
    fn a_support_of_exactly_one_tenth_is_enough() {
        assert_eq!(
            [least_count(0.1, 30), least_count(0.05, 379), least_count(0.02, 1), least_count(0.5, 0)],
            [3, 19, 1, 1]
        );
    }

    #[test]
    fn wrong_parameters_and_nameless_items_are_refused() {
        assert!(RuleParams { min_support: 0.0, ..ALL }.mine(&[], &[]).is_err());
        assert!(RuleParams { max_len: 1, ..ALL }.mine(&[], &[]).is_err());
        assert_eq!(ALL.mine(&[vec![7]], &names()), Err(AudienceError::Item { item: 7, n_names: 4 }));
        assert_eq!(ALL.mine(&[], &[]).unwrap().rules(), []);
    }

    proptest! {
        #[test]
        fn every_rule_equals_a_recount(
            baskets in prop::collection::vec(prop::collection::btree_set(0_u32..4, 0..5), 1..20),
        ) {
            let baskets: Vec<Vec<u32>> = baskets.into_iter().map(|b| b.into_iter().collect()).collect();
            let set = RuleParams { min_support: 0.1, ..ALL }.mine(&baskets, &names()).unwrap();
            let count = |items: &[u32]| baskets.iter().filter(|b| items.iter().all(|i| b.contains(i))).count() as f64;
            let n = baskets.len() as f64;
            // Brute force: each of the 3⁴ ways to put four items left, right or nowhere.
            let mut expected = 0;
            for way in 0..81_u32 {
                let side = |s: u32| (0..4_u32).filter(|&i| way / 3_u32.pow(i) % 3 == s).collect::<Vec<_>>();
                let (left, right) = (side(1), side(2));
                let both = count(&[left.clone(), right.clone()].concat());
                if left.is_empty() || right.is_empty() || both == 0.0 || both / n < 0.1 || both / count(&left) < 0.5 {
                    continue;
                }
                expected += 1;
                let rule = set.rules().iter().find(|r| {
                    set_text(&r.antecedent, &names()) == set_text(&left, &names())
                        && set_text(&r.consequent, &names()) == set_text(&right, &names())
                });
                let rule = rule.expect("a rule of the recount is found");
                prop_assert!((rule.lift - both * n / (count(&left) * count(&right))).abs() < 1e-12);
                prop_assert!((rule.leverage - (both / n - count(&left) * count(&right) / n / n)).abs() < 1e-12);
                prop_assert!(rule.lift_low <= rule.lift);
            }
            prop_assert_eq!(set.rules().len(), expected);
        }
    }
}
