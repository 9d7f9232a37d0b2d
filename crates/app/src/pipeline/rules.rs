//! Stage `rules`: association rules of each market's baskets.
//!
//! Two kinds together: sets in a share of the baskets, of up to four products, and pairs however rare, for which the evidence
//! has to do ([`audience::rules::pairs`]). In a catalogue of some hundred products only the second kind is found.
//!
//! Large baskets that repeat (a wholesaler who orders the same hundred products each week) have more
//! frequent sets than anybody can hold. Such a market gets a higher support, and where that is not
//! enough shorter rules, and the run says so; the other markets are mined as ever.

use super::batch::Columns;
use super::rows::Rows;
use super::{Stage, Tables, queries};
use anyhow::Result;
use audience::AudienceError;
use audience::rules::pairs::PairParams;
use audience::rules::{Rule, RuleParams, RuleSet, set_text};
use domain::Market;
use learn::LearnError;
use std::collections::BTreeMap;

/// Rules kept of a market and kind, best lift first: more than a plan shows, few enough to read.
const KEPT: usize = 200;

/// A market's baskets with fewer orders than this give no rule worth reading.
const MIN_BASKETS: usize = 30;

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let rows = Rows::query(&stage.engine, queries::BASKETS).await?;
    let (markets, orders, products) = (rows.markets("market")?, rows.texts("order_key")?, rows.texts("product_id")?);
    let mut names: Vec<String> = products.clone();
    names.sort_unstable();
    names.dedup();
    let number: BTreeMap<&str, u32> = names.iter().enumerate().map(|(i, n)| (n.as_str(), i as u32)).collect();
    let mut baskets: BTreeMap<Market, Vec<Vec<u32>>> = BTreeMap::new();
    let mut before: Option<(Market, &str)> = None;
    for i in 0..rows.len() {
        let of_market = baskets.entry(markets[i]).or_default();
        if before != Some((markets[i], orders[i].as_str())) {
            of_market.push(Vec::new());
            before = Some((markets[i], orders[i].as_str()));
        }
        // The query sorts by product, and numbers follow the alphabet, so baskets come out sorted.
        if let (Some(basket), Some(&item)) = (of_market.last_mut(), number.get(products[i].as_str())) {
            basket.push(item);
        }
    }
    let mut found: Vec<(Market, Rule)> = Vec::new();
    let total = baskets.len() as u64;
    for (i, (market, baskets)) in baskets.into_iter().enumerate() {
        stage.bar.step("running", &format!("rules of {market}"), i as u64, total);
        if baskets.len() < MIN_BASKETS {
            continue;
        }
        let Some((rules, used)) = mine(&baskets, &names)? else {
            stage.not_computed(market, "bundles", "too many products are bought together too often to list the sets");
            continue;
        };
        if used != RuleParams::default() {
            let why = format!(
                "its large baskets repeat: only sets of at most {} products in at least {:.0} % of the orders were looked at",
                used.max_len,
                100.0 * used.min_support
            );
            stage.not_computed(market, "rarer bundles", &why);
        }
        let usual = rules.rules().iter().take(KEPT);
        let same = |a: &Rule, b: &Rule| a.antecedent == b.antecedent && a.consequent == b.consequent;
        let pairs = PairParams::default().mine(&baskets, &names).or_else(too_many)?;
        let rarer = pairs.iter().filter(|pair| !usual.clone().any(|rule| same(rule, pair)));
        found.extend(usual.clone().chain(rarer.take(KEPT)).map(|r| (market, r.clone())));
    }
    let batch = Columns::default()
        .text("market", found.iter().map(|(m, _)| m.code().to_owned()))
        .text("antecedent", found.iter().map(|(_, r)| set_text(&r.antecedent, &names)))
        .text("consequent", found.iter().map(|(_, r)| set_text(&r.consequent, &names)))
        .int("support_count", found.iter().map(|(_, r)| i64::from(r.support_count)))
        .float("support", found.iter().map(|(_, r)| r.support))
        .float("confidence", found.iter().map(|(_, r)| r.confidence))
        .float("lift", found.iter().map(|(_, r)| r.lift))
        .batch()?;
    Ok(vec![("rules", vec![batch])])
}

/// Where even pairs in every basket cannot be held there are none to show; anything else is an error.
fn too_many(error: AudienceError) -> Result<Vec<Rule>> {
    match error {
        AudienceError::Learn(LearnError::TooManyItemsets { .. }) => Ok(Vec::new()),
        other => Err(other.into()),
    }
}

/// The rules and the parameters that could be held: the usual ones, else twice the support again and
/// again, else sets of fewer products. `None` where even pairs in every basket are too many.
fn mine(baskets: &[Vec<u32>], names: &[String]) -> Result<Option<(RuleSet, RuleParams)>> {
    let mut params = RuleParams::default();
    loop {
        match params.mine(baskets, names) {
            Ok(rules) => return Ok(Some((rules, params))),
            Err(AudienceError::Learn(LearnError::TooManyItemsets { .. })) => {}
            Err(other) => return Err(other.into()),
        }
        if params.min_support < 1.0 {
            params.min_support = (2.0 * params.min_support).min(1.0);
        } else if params.max_len > 2 {
            params.max_len -= 1;
        } else {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 120 products in each of 40 baskets: C(120, 4) = 8,214,570 sets of four, C(120, 3) = 280,840 of three
    fn baskets_that_repeat_are_mined_for_shorter_rules_instead_of_stopping_the_run() {
        let names: Vec<String> = (0..120).map(|i| format!("P{i:03}")).collect();
        let baskets = vec![(0..120).collect::<Vec<u32>>(); 40];
        let (rules, used) = mine(&baskets, &names).unwrap().expect("pairs can be held");
        assert_eq!((used.min_support, used.max_len), (1.0, 2));
        assert_eq!(rules.rules().len(), 120 * 119);
        let few: Vec<Vec<u32>> = (0..40).map(|i| (0..2 + i % 2).collect()).collect();
        assert_eq!(mine(&few, &names).unwrap().unwrap().1, RuleParams::default());
    }

    #[test] // C(1,000, 2) = 499,500 pairs, more than may be held
    fn a_market_whose_pairs_cannot_be_held_has_no_rules() {
        let names: Vec<String> = (0..1_000).map(|i| format!("P{i:04}")).collect();
        let baskets = vec![(0..1_000).collect::<Vec<u32>>(); 30];
        assert_eq!(mine(&baskets, &names).unwrap(), None);
    }
}
