//! What to offer and to bundle in a market, from `marts.promotions`.

use super::Gatherer;
use super::decided::money;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use audience::rules::set_names;
use decide::Said;
use decide::plan::{Advised, Metric, OfferKind, OfferRow};
use domain::{Currency, Market, Window};

/// Rows of each sort: own offers, what pays, bundles, other tests.
const OWN: usize = 10;
const PAYING: usize = 12;
const BUNDLES: usize = 6;
const TESTS: usize = 5;
/// Names of products that a row shows.
const NAMES: usize = 3;

impl Gatherer<'_> {
    pub(super) async fn promotions(&self, market: Market) -> Result<Vec<OfferRow>> {
        let query =
            format!("select * from marts.promotions where market = '{market}' and verdict <> 'no' order by place");
        let rows = Rows::query(self.engine, &query).await?;
        let (offers, kinds, verdicts) = (rows.texts("offer")?, rows.texts("kind")?, rows.texts("verdict")?);
        let (sets, currencies) = (rows.texts("products")?, rows.texts("currency")?);
        let (from, until) = (rows.optional_days("day")?, rows.optional_days("until")?);
        let (occasion, occasion_zh) = (rows.optional_texts("occasion")?, rows.optional_texts("occasion_zh")?);
        let [price, list, prior] = ["price", "list", "prior_price"].map(|name| rows.floats(name));
        let (price, list, prior) = (price?, list?, prior?);
        let (added, low, high) = (rows.floats("margin")?, rows.floats("margin_low")?, rows.floats("margin_high")?);
        let (stacking, stacking_zh) = (rows.texts("stacking")?, rows.texts("stacking_zh")?);
        let (en, zh) = (rows.texts("en")?, rows.texts("zh")?);
        let mut left = [OWN, PAYING, BUNDLES, TESTS];
        let mut found = Vec::new();
        for i in 0..offers.len() {
            let (Some(kind), Some(advised)) = (OfferKind::of_name(&kinds[i]), Advised::of_name(&verdicts[i])) else {
                continue;
            };
            let Ok(currency) = currencies[i].parse::<Currency>() else { continue };
            let sort = match (kind, advised) {
                (OfferKind::Own, _) => 0,
                (_, Advised::Pays) => 1,
                (OfferKind::Bundle, _) => 2,
                (OfferKind::Limited | OfferKind::Threshold | OfferKind::Code, _) => 3,
            };
            if left[sort] == 0 {
                continue;
            }
            left[sort] -= 1;
            let ids = if sets[i].is_empty() { Vec::new() } else { set_names(&sets[i]) };
            let figure = |metric: Metric, value: Option<f64>| {
                value.and_then(|x| money(x, currency)).map(|m| metric.money_of(&offers[i], m, 0, &query))
            };
            let added = figure(Metric::PromoAdded, added[i]);
            let ends = low[i].zip(high[i]);
            let both = |en: &str, zh: &str| Said::new(en.to_owned(), zh.to_owned());
            found.push(OfferRow {
                offer: offers[i].clone(),
                kind,
                advised,
                products: if ids.len() > NAMES {
                    Vec::new()
                } else {
                    ids.iter().map(|id| self.product(id).1).collect()
                },
                n_products: ids.len(),
                days: from[i].zip(until[i]).map(|(from, until)| Window { from, to: until.plus(1) }),
                occasion: occasion[i].as_deref().zip(occasion_zh[i].as_deref()).map(|(en, zh)| both(en, zh)),
                price: figure(Metric::PromoPrice, price[i]),
                list: figure(Metric::PromoList, list[i]),
                prior: figure(Metric::PromoPrior, prior[i]),
                added: added.map(|f| ends.map_or(f.clone(), |(low, high)| f.interval(low, high, 0.9))),
                stacking: both(&stacking[i], &stacking_zh[i]),
                why: both(&en[i], &zh[i]),
            });
        }
        Ok(found)
    }
}
