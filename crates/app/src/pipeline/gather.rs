//! What a launch plan is made of: marts in, [`MarketEvidence`] out. Every figure carries the query
//! that gives it.

mod decided;
mod market;
mod paid;
mod planned;
mod promoted;
mod quality;
mod reach;
mod spend;
mod trade;
mod who;

pub(crate) use paid::LINES as PAID_LINES;

use super::evidence;
use super::rows::Rows;
use anyhow::Result;
use audience::market_profile::MarketCounts;
use audience::rules::set_names;
use decide::plan::{
    BundleEvidence, CaveatEvidence, Glance, Input, MarketEvidence, Metric, ProductEvidence, ReasonEvidence, Uptake,
    UptakeError, UptakeParams,
};
use domain::{Amount, Currency, Day, Market, Money, ProductId, Rounding, Window};
use lake::Engine;
use std::collections::{BTreeMap, BTreeSet};

/// Products of a plan.
const PRODUCTS: usize = 20;
/// Bundles of a plan.
const BUNDLES: usize = 12;

/// Loads what all markets share once, then gives each market's evidence.
pub(crate) struct Gatherer<'a> {
    engine: &'a Engine,
    home: Market,
    currency: Currency,
    window: Window,
    names: BTreeMap<String, String>,
    glances: BTreeMap<Market, (Glance, Summary)>,
    counts: BTreeMap<Market, MarketCounts>,
    inputs: BTreeSet<Input>,
    /// Markets that were decided without a sale there.
    entered: BTreeSet<Market>,
}

/// One row of `marts.market_summary`, for arithmetic.
#[derive(Clone, Copy)]
struct Summary {
    orders: u64,
    shoppers: u64,
    net: Amount,
}

impl<'a> Gatherer<'a> {
    pub(crate) async fn new(engine: &'a Engine, home: Market, currency: Currency) -> Result<Self> {
        let mut all = Self {
            engine,
            home,
            currency,
            window: Window { from: Day(0), to: Day(0) },
            names: BTreeMap::new(),
            glances: BTreeMap::new(),
            counts: BTreeMap::new(),
            inputs: BTreeSet::new(),
            entered: BTreeSet::new(),
        };
        let products = Rows::query(engine, "select product_id, name from clean.products").await?;
        all.names = products
            .texts("product_id")?
            .into_iter()
            .zip(products.texts("name")?)
            .filter(|(_, n)| !n.is_empty())
            .collect();
        all.load_glances().await?;
        let decided = Rows::query(engine, "select distinct market from marts.decision_figures order by market").await?;
        all.entered = decided.markets("market")?.into_iter().filter(|m| !all.glances.contains_key(m)).collect();
        for (input, table) in [
            (Input::Costs, "costs"),
            (Input::CompetitorPrices, "competitor_prices"),
            (Input::AdSpend, "ad_spend"),
            (Input::Stock, "stock"),
            (Input::Reviews, "reviews"),
            (Input::Events, "events"),
        ] {
            let rows = Rows::query(engine, &format!("select count(*) as n from clean.{table}")).await?;
            if rows.ints("n")?.first().is_some_and(|n| *n > 0) {
                all.inputs.insert(input);
            }
        }
        Ok(all)
    }

    /// Markets with at least so many orders, by revenue.
    pub(crate) fn markets(&self, min_orders: u64) -> Vec<Market> {
        let mut markets: Vec<(&Market, &Summary)> = self.glances.iter().map(|(m, (_, s))| (m, s)).collect();
        markets.retain(|(m, s)| s.orders >= min_orders && **m != Market::UNKNOWN);
        markets.sort_by_key(|(m, s)| (std::cmp::Reverse(s.net), **m));
        markets.into_iter().map(|(m, _)| *m).collect()
    }

    /// Whether the lake knows the market at all.
    pub(crate) fn knows(&self, market: Market) -> bool {
        self.glances.contains_key(&market) || self.entered.contains(&market)
    }

    /// Markets that can be planned though nothing was ever sold there.
    pub(crate) fn to_enter(&self) -> impl Iterator<Item = Market> {
        self.entered.iter().copied()
    }

    fn money(&self, amount: Amount) -> Result<Money> {
        Ok(Money::from_decimal(amount.to_decimal(), self.currency, Rounding::HalfEven)?)
    }

    /// Everything known about one market.
    pub(crate) async fn evidence(&self, market: Market) -> Result<MarketEvidence> {
        let (products, contradiction) = self.products(market).await?;
        let mut caveats = self.caveats(market).await?;
        caveats.extend(contradiction);
        Ok(MarketEvidence {
            market,
            home: self.home,
            currency: self.currency,
            window: self.window,
            glance: self.glances.get(&market).map(|(g, _)| g.clone()).unwrap_or_default(),
            home_glance: (market != self.home).then(|| self.glances.get(&self.home).map(|(g, _)| g.clone())).flatten(),
            months: self.months(market).await?,
            seasonality: self.seasonality(market),
            decided: self.decided(market).await?,
            reach: self.reach(market).await?,
            segments: self.segments(market).await?,
            clusters: self.clusters(market).await?,
            products,
            bundles: self.bundles(market).await?,
            transfer: evidence::transfer(self.engine, market).await?,
            serving: evidence::serving(self.engine, market).await?,
            cohorts: self.cohorts(market).await?,
            repeat: self.repeat(market).await?,
            caveats,
            sources: self.sources(market).await?,
            inputs: self.inputs.clone(),
        })
    }

    /// The products, and a caveat about those whose buyers contradict the market's shoppers.
    async fn products(&self, market: Market) -> Result<(Vec<ProductEvidence>, Option<CaveatEvidence>)> {
        let query = format!(
            "select r.rank, r.product_id, r.model, r.score, r.n_shoppers, r.reasons, coalesce(h.n_buyers, 0) as here, coalesce(h.n_orders, 0) as orders, coalesce(o.n_buyers, 0) as at_home, \
             coalesce(h.last_price, o.last_price) as price, s.quantity as stock, p.currency, \
             case when p.asked < p.least then p.asked end as below, \
             case when p.asked < p.least then coalesce(p.advised, p.least) end as offered \
             from marts.recommendations r \
             left join marts.product_market h on h.product_id = r.product_id and h.market = '{market}' \
             left join marts.product_market o on o.product_id = r.product_id and o.market = '{home}' \
             left join (select product_id, sum(quantity) as quantity from clean.stock where market in ('{market}', 'ZZ') group by product_id) s \
               on s.product_id = r.product_id \
             left join (select product_id as priced, currency, cast(price as double) as asked, cast(floor as double) as least, \
               cast(advised as double) as advised from marts.prices where market = '{market}') p on p.priced = r.product_id \
             where r.market = '{market}' and r.product_id not in \
               (select product_id from marts.sellability where market = '{market}' and verdict = 'blocked') \
             order by case when p.asked < p.least then 1 else 0 end, r.rank limit {PRODUCTS}",
            home = self.home
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (ids, models, scores) = (rows.texts("product_id")?, rows.texts("model")?, rows.floats("score")?);
        let (here, at_home, reasons) = (rows.ints("here")?, rows.ints("at_home")?, rows.texts("reasons")?);
        // What sells below its floor goes last, and with the price that it is to be offered at.
        let (below, offered, currencies) =
            (rows.floats("below")?, rows.floats("offered")?, rows.optional_texts("currency")?);
        let (prices, stock, asked) = (rows.amounts("price")?, rows.floats("stock")?, rows.ints("n_shoppers")?);
        let orders = rows.ints("orders")?;
        let hidden = self.glances.get(&market).is_some_and(|(glance, _)| glance.hidden());
        let shoppers = |m: Market| self.glances.get(&m).map_or(0, |(_, s)| s.shoppers);
        let mut contradicting: Vec<String> = Vec::new();
        let products = (0..rows.len())
            .map(|i| {
                let (own, other) = (shoppers(market), shoppers(self.home));
                let source = format!("{query} -- product {} -- {own} shoppers here, {other} at home", ids[i]);
                let (buyers, buyers_home) = (here[i].unsigned_abs(), at_home[i].unsigned_abs());
                let seen = if market == self.home {
                    Uptake { buyers, shoppers: shoppers(market), buyers_home: 0, shoppers_home: 0 }
                } else {
                    Uptake { buyers, shoppers: shoppers(market), buyers_home, shoppers_home: shoppers(self.home) }
                };
                let uptake = match UptakeParams::default().estimate(seen, &source) {
                    // Two shops that number their orders alike look like one order of one shopper: the
                    // plan goes on without this figure, and says why.
                    Err(UptakeError::Buyers { .. }) => {
                        contradicting.push(ids[i].clone());
                        seen.contradiction(&source)
                    }
                    other => other?,
                };
                let asked_for = below[i].zip(offered[i]).zip(currencies[i].as_deref()).and_then(|((now, to), code)| {
                    let currency: Currency = code.parse().ok()?;
                    let to = decided::money(to, currency)?;
                    Some(Metric::ProductPrice.money(to, 1, &source).formula(format!(
                        "price advised, at or above the floor; it sells at {currency} {now:.2} now, below its floor"
                    )))
                });
                let reasons: Vec<(String, String, f64)> = serde_json::from_str(&reasons[i]).unwrap_or_default();
                Ok(ProductEvidence {
                    id: ProductId::new(ids[i].as_str()),
                    name: self.name(&ids[i]),
                    buyers: if hidden {
                        Metric::ProductOrdersHere.number(orders[i] as f64, orders[i].unsigned_abs(), &source)
                    } else {
                        Metric::ProductBuyersHere.number(buyers as f64, buyers, &source)
                    },
                    buyers_home: (market != self.home)
                        .then(|| Metric::ProductBuyersHome.number(buyers_home as f64, buyers_home, &source)),
                    score: Metric::ProductScore.number(scores[i].unwrap_or(f64::NAN), asked[i].unsigned_abs(), &source),
                    scorer: models[i].clone(),
                    reasons: reasons
                        .into_iter()
                        .map(|(term, product, part)| ReasonEvidence {
                            term,
                            text: if product.is_empty() { product } else { self.name(&product) },
                            part,
                            n: asked[i].unsigned_abs(),
                        })
                        .collect(),
                    uptake,
                    price: match asked_for {
                        Some(price) => Some(price),
                        None => (prices[i] > Amount::ZERO)
                            .then(|| {
                                let price = self.money(prices[i])?;
                                Ok::<_, anyhow::Error>(Metric::ProductPrice.money(
                                    price,
                                    if hidden { orders[i].unsigned_abs() } else { buyers },
                                    &source,
                                ))
                            })
                            .transpose()?,
                    },
                    stock: stock[i].map(|s| Metric::ProductStock.number(s, 1, &source)),
                    margin: None,
                })
            })
            .collect::<Result<_>>()?;
        let caveat = quality::contradiction(&contradicting, &query);
        Ok((products, caveat))
    }

    fn name(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    async fn bundles(&self, market: Market) -> Result<Vec<BundleEvidence>> {
        let query = format!(
            "select antecedent, consequent, support_count, support, confidence, lift from marts.rules where market = '{market}' \
             order by lift desc, support_count desc, antecedent, consequent"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (left, right, n) = (rows.texts("antecedent")?, rows.texts("consequent")?, rows.ints("support_count")?);
        let (confidence, lift) = (rows.floats("confidence")?, rows.floats("lift")?);
        // A rule, its reverse and its splits are one bundle to a seller: keep the first of a set.
        let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
        let mut out = Vec::new();
        for i in 0..rows.len() {
            let (a, b) = (set_names(&left[i]), set_names(&right[i]));
            let mut all = [a.clone(), b.clone()].concat();
            all.sort();
            if out.len() == BUNDLES || !seen.insert(all) {
                continue;
            }
            let count = n[i].unsigned_abs();
            let of_antecedent = (count as f64 / confidence[i].unwrap_or(1.0)).round() as u64;
            let (low, high) = wilson(count, of_antecedent);
            out.push(BundleEvidence {
                antecedent: a.iter().map(|p| self.name(p)).collect(),
                consequent: b.iter().map(|p| self.name(p)).collect(),
                baskets: Metric::BundleBaskets.number(count as f64, count, &query),
                confidence: Metric::BundleConfidence
                    .number(confidence[i].unwrap_or(f64::NAN), of_antecedent, &query)
                    .interval(low, high, 0.95),
                lift: Metric::BundleLift.number(lift[i].unwrap_or(f64::NAN), count, &query),
            });
        }
        Ok(out)
    }
}

fn wilson(hits: u64, n: u64) -> (f64, f64) {
    learn::interval::wilson(hits.min(n), n, 0.95).map_or((f64::NAN, f64::NAN), |i| (i.low, i.high))
}
