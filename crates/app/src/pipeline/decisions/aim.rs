//! For whom the code of a market would pay first: `marts.coupons`.
//!
//! The code takes a share off an order. A shopper who would have ordered anyway takes it too; one who would not has to come because
//! of it. How many come nobody has measured, so the list is ordered by what *has* to come: see
//! [`decide::promotion::coupons::needed`]. Who needs least is asked first, and `portolan decide coupons` keeps some without a code so
//! that it is known afterwards.

use super::inputs::Inputs;
use super::promote::PromoRow;
use crate::pipeline::batch::Columns;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::promotion::coupons::needed;
use domain::Market;
use lake::Engine;
use std::collections::BTreeMap;

/// Shoppers listed of a market: more than a mailing list of a test.
const LISTED: usize = 5_000;

/// A shopper for whom the code can pay.
pub(super) struct Aimed {
    market: Market,
    shopper: String,
    /// Chance of an order in the next 90 days without a code.
    anyway: f64,
    order: f64,
    margin: f64,
    value: f64,
    needed: f64,
}

const SHOPPERS: &str = "\
select market, shopper_id, churn_risk, expected_orders, expected_revenue, expected_margin from marts.shopper_outlook
where churn_risk is not null and expected_orders > 0 and expected_revenue > 0 and expected_margin > 0 order by market, shopper_id";

/// By market, then by what has to come.
pub(super) async fn aimed(engine: &Engine, inputs: &Inputs, promotions: &[PromoRow]) -> Result<Vec<Aimed>> {
    let depths: BTreeMap<Market, f64> = promotions
        .iter()
        .filter(|row| row.kind == "code" && row.verdict == "test")
        .filter_map(|row| Some((inputs.markets[row.market].market, row.depth?)))
        .collect();
    let rows = Rows::query(engine, SHOPPERS).await?;
    let (markets, shoppers) = (rows.markets("market")?, rows.texts("shopper_id")?);
    let (risk, orders) = (rows.floats("churn_risk")?, rows.floats("expected_orders")?);
    let (revenue, margin) = (rows.floats("expected_revenue")?, rows.floats("expected_margin")?);
    let mut by_market: BTreeMap<Market, Vec<Aimed>> = BTreeMap::new();
    for i in 0..markets.len() {
        let (Some(depth), Some(risk)) = (depths.get(&markets[i]), risk[i]) else { continue };
        let (Some(orders), Some(revenue), Some(margin)) = (orders[i], revenue[i], margin[i]) else { continue };
        let (order, margin) = (revenue / orders, margin / orders);
        let value = depth * order;
        if let Some(needed) = needed(1.0 - risk, value, margin) {
            let shopper = shoppers[i].clone();
            let one = Aimed { market: markets[i], shopper, anyway: 1.0 - risk, order, margin, value, needed };
            by_market.entry(markets[i]).or_default().push(one);
        }
    }
    let mut all = Vec::new();
    for mut of in by_market.into_values() {
        of.sort_by(|a, b| a.needed.total_cmp(&b.needed).then_with(|| a.shopper.cmp(&b.shopper)));
        of.truncate(LISTED);
        all.extend(of);
    }
    Ok(all)
}

/// `marts.coupons`.
pub(super) fn table(all: &[Aimed]) -> Result<RecordBatch> {
    let mut counts: BTreeMap<Market, i64> = BTreeMap::new();
    let rank = |a: &Aimed| {
        let n = counts.entry(a.market).or_default();
        *n += 1;
        *n
    };
    let ranks: Vec<i64> = all.iter().map(rank).collect();
    Columns::default()
        .text("market", all.iter().map(|a| a.market.code().to_owned()))
        .int("rank", ranks)
        .text("shopper_id", all.iter().map(|a| a.shopper.as_str()))
        .float("anyway", all.iter().map(|a| a.anyway))
        .float("order_value", all.iter().map(|a| a.order))
        .float("margin", all.iter().map(|a| a.margin))
        .float("value", all.iter().map(|a| a.value))
        .float("needed", all.iter().map(|a| a.needed))
        .batch()
}
