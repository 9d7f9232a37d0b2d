//! Stage `rules`: association rules of each market's baskets.

use super::batch::Columns;
use super::rows::Rows;
use super::{Stage, Tables, queries};
use anyhow::Result;
use audience::rules::{Rule, RuleParams, set_text};
use domain::Market;
use std::collections::BTreeMap;

/// Rules kept of a market, best lift first: more than a plan shows, few enough to read.
const KEPT: usize = 200;

/// A market's baskets with fewer orders than this give no rule worth reading.
const MIN_BASKETS: usize = 30;

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let rows = Rows::query(&stage.engine, queries::BASKETS).await?;
    let (markets, orders, products) = (rows.markets("market")?, rows.texts("order_id")?, rows.texts("product_id")?);
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
        let rules = RuleParams::default().mine(&baskets, &names)?;
        found.extend(rules.rules().iter().take(KEPT).map(|r| (market, r.clone())));
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
