//! The floor of a product on every channel that sells it: fees differ, so a price that is fine in the own shop may lose money on a
//! marketplace.
//!
//! Channels are those that orders of the last half year name, with the fees of the row of the cost tables that bears the name
//! (`Amazon.sa` is `amazon`); names of the seller's own shop have the fees of `channel` in the settings. A channel without fees is said to
//! have none known: no floor is made up for it. Cost: the landed costs once more for each different set of fees.

use super::costs::{CostSettings, Costed, costs};
use super::inputs::Inputs;
use super::prices::money;
use super::tables::Tables;
use crate::pipeline::batch::Columns;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::sellability::ProductFacts;
use domain::{Amount, Market, Money};
use lake::Engine;
use std::collections::{BTreeMap, BTreeSet};

/// Days whose orders tell which channels sell a product.
const RECENT: i32 = 182;
/// What orders call the seller's own shop.
const OWN: &[&str] = &["web", "website", "shop", "online", "store", "shopify", "woocommerce", "own_shop", "pos"];

/// A product on a channel of a market.
pub(super) struct ChannelFloor {
    /// Place in [`Inputs::markets`].
    pub(super) market: usize,
    pub(super) product: usize,
    pub(super) channel: String,
    /// Row of the cost tables; `None` where none bears the name.
    fees: Option<String>,
    pub(super) price: Option<Money>,
    pub(super) floor: Option<Money>,
    pub(super) said: Said,
}

impl ChannelFloor {
    /// Whether it sells under its floor there.
    pub(super) fn below(&self) -> bool {
        self.price.zip(self.floor).is_some_and(|(price, floor)| price.minor < floor.minor)
    }
}

/// Market, product, channel as orders name it, its row of the cost tables, what was paid.
type Sold = (usize, usize, String, Option<String>, Option<Money>);

const PAID: &str = "\
select market, currency, product_id, channel, approx_median(cast(amount as double) / quantity) as paid
from clean.order_lines where settled and not repeat and product_id is not null and channel is not null and day >= ";

/// By market, channel, product.
pub(super) async fn channel_floors(
    engine: &Engine,
    inputs: &Inputs,
    own: &Tables,
    facts: &[ProductFacts],
    settings: CostSettings<'_>,
) -> Result<Vec<ChannelFloor>> {
    let from = inputs.as_of.plus(-RECENT);
    let sql = format!(
        "{PAID}cast('{from}' as date) group by market, currency, product_id, channel order by market, channel, product_id, currency"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (markets, currencies) = (rows.markets("market")?, rows.texts("currency")?);
    let (ids, channels, paid) = (rows.texts("product_id")?, rows.texts("channel")?, rows.floats("paid")?);
    let at: BTreeMap<&str, usize> = inputs.products.iter().enumerate().map(|(i, p)| (p.id.as_str(), i)).collect();
    let mut seen: Vec<Sold> = Vec::new();
    for i in 0..ids.len() {
        let Some(market) = inputs.markets.iter().position(|m| m.market == markets[i]) else { continue };
        let (Some(&product), place) = (at.get(ids[i].as_str()), &inputs.markets[market]) else { continue };
        if place.currency.code() != currencies[i] {
            continue;
        }
        let known = |name: &str| own.costs.channel(name, place.market, inputs.as_of).is_some();
        let fees = fees(&channels[i], settings.channel, &known);
        let price = paid[i].and_then(|x| money(x, place.currency));
        seen.push((market, product, channels[i].clone(), fees, price));
    }
    let names: BTreeSet<&str> = seen.iter().filter_map(|s| s.3.as_deref()).collect();
    let mut floors: BTreeMap<(&str, usize, usize), Money> = BTreeMap::new();
    for name in names {
        let (found, _) = costs(inputs, own, facts, CostSettings { channel: name, ..settings });
        floors.extend(found.iter().map(|c: &Costed| ((name, c.market, c.product), c.floor.floor)));
    }
    let one = |(market, product, channel, fees, price): &Sold| {
        let floor = fees.as_deref().and_then(|name| floors.get(&(name, *market, *product)).copied());
        let said = told(inputs.markets[*market].market, channel, fees.as_deref(), *price, floor);
        ChannelFloor {
            market: *market,
            product: *product,
            channel: channel.clone(),
            fees: fees.clone(),
            price: *price,
            floor,
            said,
        }
    };
    Ok(seen.iter().map(one).collect())
}

/// The row of the cost tables for a channel as orders name it.
fn fees(channel: &str, shop: &str, known: &dyn Fn(&str) -> bool) -> Option<String> {
    let small = channel.trim().to_lowercase().replace([' ', '-'], "_");
    let stem = small.split('.').next().unwrap_or(&small).to_owned();
    let found = [small, stem.clone()].into_iter().find(|name| known(name));
    found.or_else(|| (OWN.contains(&stem.as_str()) && known(shop)).then(|| shop.to_owned()))
}

fn told(market: Market, channel: &str, fees: Option<&str>, price: Option<Money>, floor: Option<Money>) -> Said {
    match (fees, price, floor) {
        (None, ..) => Said::new(
            format!("no fees of {channel} are known in {market}: name them in costs.toml"),
            format!("{market} 的 {channel} 费用未知：请在 costs.toml 中填写"),
        ),
        (Some(_), Some(price), Some(floor)) if price.minor < floor.minor => Said::new(
            format!("{channel} sells it at {price}, below its floor there of {floor}"),
            format!("{channel} 售价 {price}，低于该渠道底价 {floor}"),
        ),
        (Some(_), Some(price), Some(floor)) => Said::new(
            format!("{channel} sells it at {price}; the floor there is {floor}"),
            format!("{channel} 售价 {price}；该渠道底价为 {floor}"),
        ),
        (Some(_), _, None) => {
            Said::new(format!("its landed cost in {market} is not known"), format!("其在 {market} 的到岸成本未知"))
        }
        (Some(_), None, Some(floor)) => {
            Said::new(format!("the floor on {channel} is {floor}"), format!("{channel} 的底价为 {floor}"))
        }
    }
}

/// `marts.channel_floors`.
pub(super) fn table(inputs: &Inputs, all: &[ChannelFloor]) -> Result<RecordBatch> {
    let amount = |m: Option<Money>| m.and_then(|m| Amount::from_decimal(m.to_decimal()));
    Columns::default()
        .text("market", all.iter().map(|c| inputs.markets[c.market].market.code().to_owned()))
        .text("channel", all.iter().map(|c| c.channel.as_str()))
        .text("product_id", all.iter().map(|c| inputs.products[c.product].id.as_str()))
        .optional_text("fees", all.iter().map(|c| c.fees.as_deref()))
        .text("currency", all.iter().map(|c| inputs.markets[c.market].currency.to_string()))
        .optional_amount("price", all.iter().map(|c| amount(c.price)))?
        .optional_amount("floor", all.iter().map(|c| amount(c.floor)))?
        .truth("below", all.iter().map(ChannelFloor::below))
        .text("en", all.iter().map(|c| c.said.en.as_str()))
        .text("zh", all.iter().map(|c| c.said.zh.as_str()))
        .batch()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_the_fees_of_its_name_the_own_shop_those_of_the_settings() {
        let known = |name: &str| ["amazon", "shopee", "own_shop", "mercado_libre"].contains(&name);
        let of = |channel: &str| fees(channel, "own_shop", &known);
        assert_eq!(of("Amazon.sa").as_deref(), Some("amazon"));
        assert_eq!(of("Mercado Libre").as_deref(), Some("mercado_libre"));
        assert_eq!((of("web").as_deref(), of("shopify").as_deref()), (Some("own_shop"), Some("own_shop")));
        assert_eq!(of("tmall"), None, "no fees are made up");
    }
}
