//! What a launch plan is made of: marts in, [`MarketEvidence`] out. Every figure carries the query
//! that gives it.

use super::evidence;
use super::rows::Rows;
use anyhow::Result;
use decide::plan::{
    BundleEvidence, CaveatEvidence, ClusterEvidence, ClusterRow, Cohort, CohortEvidence, Glance, Input, MarketEvidence,
    Metric, MonthEvidence, ProductEvidence, ReasonEvidence, SegmentEvidence, Span, Uptake, UptakeParams,
};
use domain::{Amount, Currency, Day, Figure, Market, Money, ProductId, Rounding, Window};
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
    inputs: BTreeSet<Input>,
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
            inputs: BTreeSet::new(),
        };
        let products = Rows::query(engine, "select product_id, name from clean.products").await?;
        all.names = products
            .texts("product_id")?
            .into_iter()
            .zip(products.texts("name")?)
            .filter(|(_, n)| !n.is_empty())
            .collect();
        all.load_glances().await?;
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
        self.glances.contains_key(&market)
    }

    fn money(&self, amount: Amount) -> Result<Money> {
        Ok(Money::from_decimal(amount.to_decimal(), self.currency, Rounding::HalfEven)?)
    }

    async fn load_glances(&mut self) -> Result<()> {
        let rows = Rows::query(self.engine, "select * from marts.market_summary order by market").await?;
        let months = Rows::query(
            self.engine,
            "select market, month, revenue, returned, n_orders from marts.market_months order by market, month",
        )
        .await?;
        let (month_market, month_day) = (months.markets("market")?, months.days("month")?);
        let month_orders = months.ints("n_orders")?;
        let month_net: Vec<Amount> =
            months.amounts("revenue")?.into_iter().zip(months.amounts("returned")?).map(|(a, b)| a + b).collect();
        let markets = rows.markets("market")?;
        let (orders, shoppers, repeat) =
            (rows.ints("n_orders")?, rows.ints("n_shoppers")?, rows.ints("n_repeat_shoppers")?);
        let (revenue, returned) = (rows.amounts("revenue")?, rows.amounts("returned")?);
        let (mean, sd) = (rows.floats("order_mean")?, rows.floats("order_sd")?);
        let (first, last) = (rows.days("first_day")?, rows.days("last_day")?);
        let window = Window {
            from: first.iter().min().copied().unwrap_or(Day(0)),
            to: last.iter().max().map_or(Day(0), |d| d.plus(1)),
        };
        self.window = window;
        let total: Amount = revenue.iter().copied().sum::<Amount>() + returned.iter().copied().sum::<Amount>();
        for (i, market) in markets.iter().enumerate() {
            let query = format!("select * from marts.market_summary where market = '{market}'");
            let (n_orders, n_shoppers) = (orders[i].unsigned_abs(), shoppers[i].unsigned_abs());
            let net = revenue[i] + returned[i];
            let series: BTreeMap<Day, (Amount, u64)> = (0..month_market.len())
                .filter(|&m| month_market[m] == *market)
                .map(|m| (month_day[m], (month_net[m], month_orders[m].unsigned_abs())))
                .collect();
            let basket_mean = mean[i].unwrap_or(0.0);
            let half = 1.959_964 * sd[i].unwrap_or(0.0) / (n_orders.max(1) as f64).sqrt();
            let basket = revenue[i].to_decimal() / domain::Decimal::from(n_orders.max(1));
            let basket = Money::from_decimal(basket, self.currency, Rounding::HalfEven)?;
            let (low, high) = wilson(repeat[i].unsigned_abs(), n_shoppers);
            let share_returned = -returned[i].to_f64() / revenue[i].to_f64();
            let glance = Glance {
                revenue: Some(Metric::Revenue.money(self.money(net)?, n_orders, &query)),
                orders: Some(Metric::Orders.number(n_orders as f64, n_orders, &query)),
                shoppers: Some(Metric::Shoppers.number(n_shoppers as f64, n_shoppers, &query)),
                basket: Some(Metric::Basket.money(basket, n_orders, &query).interval(
                    basket_mean - half,
                    basket_mean + half,
                    0.95,
                )),
                repeat_rate: (n_shoppers > 0).then(|| {
                    let rate = repeat[i] as f64 / n_shoppers as f64;
                    Metric::RepeatRate.number(rate, n_shoppers, &query).interval(low, high, 0.95)
                }),
                return_rate: Some(Metric::ReturnRate.number(share_returned, n_orders, &query)),
                growth: growth(&series, window, *market),
                sales_share: (total > Amount::ZERO).then(|| {
                    Metric::SalesShare.number(
                        net.to_f64() / total.to_f64(),
                        n_orders,
                        "select market, revenue + returned from marts.market_summary",
                    )
                }),
            };
            self.glances.insert(*market, (glance, Summary { orders: n_orders, shoppers: n_shoppers, net }));
        }
        Ok(())
    }

    /// Everything known about one market.
    pub(crate) async fn evidence(&self, market: Market) -> Result<MarketEvidence> {
        Ok(MarketEvidence {
            market,
            home: self.home,
            currency: self.currency,
            window: self.window,
            glance: self.glances.get(&market).map(|(g, _)| g.clone()).unwrap_or_default(),
            home_glance: (market != self.home).then(|| self.glances.get(&self.home).map(|(g, _)| g.clone())).flatten(),
            months: self.months(market).await?,
            segments: self.segments(market).await?,
            clusters: self.clusters(market).await?,
            products: self.products(market).await?,
            bundles: self.bundles(market).await?,
            transfer: evidence::transfer(self.engine, market).await?,
            serving: evidence::serving(self.engine, market).await?,
            cohorts: self.cohorts(market).await?,
            caveats: self.caveats(market).await?,
            inputs: self.inputs.clone(),
        })
    }

    async fn months(&self, market: Market) -> Result<Vec<MonthEvidence>> {
        let query = format!(
            "select month, revenue, returned, n_orders from marts.market_months where market = '{market}' order by month"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (days, orders) = (rows.days("month")?, rows.ints("n_orders")?);
        let (revenue, returned) = (rows.amounts("revenue")?, rows.amounts("returned")?);
        (0..rows.len())
            .map(|i| {
                let n = orders[i].unsigned_abs();
                let source = format!("{} -- month {}", query, days[i]);
                Ok(MonthEvidence {
                    month: days[i],
                    span: if whole(days[i], self.window) { Span::Whole } else { Span::Partial },
                    revenue: Metric::MonthRevenue.money(self.money(revenue[i] + returned[i])?, n, &source),
                    orders: Some(Metric::MonthOrders.number(n as f64, n, &source)),
                })
            })
            .collect()
    }

    async fn segments(&self, market: Market) -> Result<Vec<SegmentEvidence>> {
        let query = format!(
            "select segment, count(*) as n, sum(monetary) as revenue from marts.segments where market = '{market}' group by segment order by segment"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (keys, n, revenue) = (rows.texts("segment")?, rows.ints("n")?, rows.amounts("revenue")?);
        let all_shoppers: u64 = n.iter().map(|n| n.unsigned_abs()).sum();
        let all_revenue: Amount = revenue.iter().copied().sum();
        let mut out = Vec::new();
        for segment in audience::Segment::ALL {
            let Some(i) = keys.iter().position(|k| k == segment.key()) else { continue };
            out.push(SegmentEvidence {
                key: segment.key().to_owned(),
                shoppers: Metric::SegmentShoppers.number(n[i] as f64, n[i].unsigned_abs(), &query),
                revenue: Some(Metric::SegmentRevenue.money(self.money(revenue[i])?, n[i].unsigned_abs(), &query)),
                revenue_share: Metric::SegmentRevenueShare.number(
                    revenue[i].to_f64() / all_revenue.to_f64(),
                    all_shoppers,
                    &query,
                ),
            });
        }
        Ok(out)
    }

    async fn clusters(&self, market: Market) -> Result<Option<ClusterEvidence>> {
        let query = format!(
            "select cluster, count(*) as n, median(cast(recency_days as double)) as recency, median(cast(frequency as double)) as frequency, \
             median(cast(monetary as double)) as monetary from marts.segments where market = '{market}' and cluster is not null \
             group by cluster order by n desc, cluster"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let whole = Rows::query(self.engine, "select * from marts.clusters order by cluster").await?;
        if rows.len() == 0 || whole.len() == 0 {
            return Ok(None);
        }
        let all: i64 = whole.ints("n_shoppers")?.iter().sum();
        let at = |values: Vec<Option<f64>>| values.first().copied().flatten();
        let stability = at(whole.floats("stability")?).map(|value| {
            let figure = Metric::ClusterStability.number(
                value,
                all.unsigned_abs(),
                "select stability, stability_low, stability_high from marts.clusters limit 1",
            );
            match (
                at(whole.floats("stability_low").unwrap_or_default()),
                at(whole.floats("stability_high").unwrap_or_default()),
            ) {
                (Some(low), Some(high)) => figure.interval(low, high, 0.95),
                _ => figure,
            }
        });
        let (n, recency, frequency, spend) =
            (rows.ints("n")?, rows.floats("recency")?, rows.floats("frequency")?, rows.floats("monetary")?);
        let rows = (0..rows.len())
            .map(|i| {
                let size = n[i].unsigned_abs();
                let spend = domain::Decimal::from_f64_retain(spend[i].unwrap_or(0.0)).unwrap_or_default();
                let spend = Money::from_decimal(spend, self.currency, Rounding::HalfEven)?;
                Ok(ClusterRow {
                    shoppers: Metric::ClusterShoppers.number(size as f64, size, &query),
                    recency: Metric::ClusterRecency.number(recency[i].unwrap_or(f64::NAN), size, &query),
                    frequency: Metric::ClusterFrequency.number(frequency[i].unwrap_or(f64::NAN), size, &query),
                    spend: Metric::ClusterSpend.money(spend, size, &query),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Some(ClusterEvidence { stability, rows }))
    }

    async fn products(&self, market: Market) -> Result<Vec<ProductEvidence>> {
        let query = format!(
            "select r.rank, r.product_id, r.model, r.score, r.n_shoppers, r.reasons, coalesce(h.n_buyers, 0) as here, coalesce(o.n_buyers, 0) as at_home, \
             coalesce(h.last_price, o.last_price) as price, s.quantity as stock \
             from marts.recommendations r \
             left join marts.product_market h on h.product_id = r.product_id and h.market = '{market}' \
             left join marts.product_market o on o.product_id = r.product_id and o.market = '{home}' \
             left join (select product_id, sum(quantity) as quantity from clean.stock where market in ('{market}', 'ZZ') group by product_id) s \
               on s.product_id = r.product_id \
             where r.market = '{market}' order by r.rank limit {PRODUCTS}",
            home = self.home
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (ids, models, scores) = (rows.texts("product_id")?, rows.texts("model")?, rows.floats("score")?);
        let (here, at_home, reasons) = (rows.ints("here")?, rows.ints("at_home")?, rows.texts("reasons")?);
        let (prices, stock, asked) = (rows.amounts("price")?, rows.floats("stock")?, rows.ints("n_shoppers")?);
        let shoppers = |m: Market| self.glances.get(&m).map_or(0, |(_, s)| s.shoppers);
        (0..rows.len())
            .map(|i| {
                let source = format!("{query} -- product {}", ids[i]);
                let (buyers, buyers_home) = (here[i].unsigned_abs(), at_home[i].unsigned_abs());
                let seen = if market == self.home {
                    Uptake { buyers, shoppers: shoppers(market), buyers_home: 0, shoppers_home: 0 }
                } else {
                    Uptake { buyers, shoppers: shoppers(market), buyers_home, shoppers_home: shoppers(self.home) }
                };
                let reasons: Vec<(String, String, f64)> = serde_json::from_str(&reasons[i]).unwrap_or_default();
                Ok(ProductEvidence {
                    id: ProductId::new(ids[i].as_str()),
                    name: self.name(&ids[i]),
                    buyers: Metric::ProductBuyersHere.number(buyers as f64, buyers, &source),
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
                        })
                        .collect(),
                    uptake: UptakeParams::default().estimate(seen, &source)?,
                    price: (prices[i] > Amount::ZERO)
                        .then(|| {
                            Ok::<_, anyhow::Error>(Metric::ProductPrice.money(self.money(prices[i])?, buyers, &source))
                        })
                        .transpose()?,
                    stock: stock[i].map(|s| Metric::ProductStock.number(s, 1, &source)),
                    margin: None,
                })
            })
            .collect()
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
            let parts = |text: &str| text.split('+').map(str::to_owned).collect::<Vec<_>>();
            let (a, b) = (parts(&left[i]), parts(&right[i]));
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

    async fn cohorts(&self, market: Market) -> Result<Option<CohortEvidence>> {
        let query = format!(
            "select cohort, months_since, n_shoppers from marts.cohorts where market = '{market}' order by cohort, months_since"
        );
        let rows = Rows::query(self.engine, &query).await?;
        let (cohort, since, n) = (rows.days("cohort")?, rows.ints("months_since")?, rows.ints("n_shoppers")?);
        let (last_year, last_month) = self.window.to.plus(-1).year_month();
        let mut sizes: BTreeMap<Day, (u64, BTreeMap<i64, u64>)> = BTreeMap::new();
        for i in 0..rows.len() {
            let entry = sizes.entry(cohort[i]).or_default();
            if since[i] == 0 {
                entry.0 = n[i].unsigned_abs();
            } else {
                entry.1.insert(since[i], n[i].unsigned_abs());
            }
        }
        let rows: Vec<Cohort> = sizes
            .into_iter()
            .map(|(month, (shoppers, active))| {
                let (year, of_year) = month.year_month();
                let span = i64::from(last_year - year) * 12 + i64::from(last_month) - i64::from(of_year);
                Cohort { month, shoppers, active: (1..=span).map(|k| active.get(&k).copied().unwrap_or(0)).collect() }
            })
            .collect();
        Ok((!rows.is_empty()).then_some(CohortEvidence { source: query, rows }))
    }

    async fn caveats(&self, market: Market) -> Result<Vec<CaveatEvidence>> {
        let query = "select rule, sum(touched) as n, min(sample) as sample from clean.rule_counts group by rule having sum(touched) > 0 order by n desc, rule";
        let rows = Rows::query(self.engine, query).await?;
        let (rules, n, samples) = (rows.texts("rule")?, rows.ints("n")?, rows.texts("sample")?);
        let _ = market;
        Ok((0..rows.len())
            .map(|i| CaveatEvidence {
                rule: rules[i].clone(),
                rows: Metric::CaveatRows.number(n[i] as f64, n[i].unsigned_abs(), query),
                sample: samples[i].clone(),
            })
            .collect())
    }
}

/// Whether all days of the month that starts on `month` lie in the window.
fn whole(month: Day, window: Window) -> bool {
    let (year, of_year) = month.year_month();
    let next = if of_year == 12 { Day::from_ymd(year + 1, 1, 1) } else { Day::from_ymd(year, of_year + 1, 1) };
    next.is_some_and(|next| window.from <= month && next <= window.to)
}

/// The last whole months against as many before them, at most six each. It rests on the orders of
/// the weaker half.
fn growth(series: &BTreeMap<Day, (Amount, u64)>, window: Window, market: Market) -> Option<Figure> {
    // A month without a sale is a month too.
    let mut months: Vec<(f64, u64)> = Vec::new();
    let (mut year, mut of_year) = window.from.year_month();
    while let Some(month) = Day::from_ymd(year, of_year, 1).filter(|m| *m < window.to) {
        if whole(month, window) {
            let (net, orders) = series.get(&month).copied().unwrap_or_default();
            months.push((net.to_f64(), orders));
        }
        (year, of_year) = if of_year == 12 { (year + 1, 1) } else { (year, of_year + 1) };
    }
    let half = (months.len() / 2).min(6);
    if half == 0 {
        return None;
    }
    let sum = |part: &[(f64, u64)]| part.iter().fold((0.0, 0), |(a, n), (b, m)| (a + b, n + m));
    let (recent, n_recent) = sum(&months[months.len() - half..]);
    let (before, n_before) = sum(&months[months.len() - 2 * half..months.len() - half]);
    let query =
        format!("select month, revenue + returned from marts.market_months where market = '{market}' order by month");
    Some(Metric::Growth.number(recent / before - 1.0, n_recent.min(n_before), &query))
}

fn wilson(hits: u64, n: u64) -> (f64, f64) {
    learn::interval::wilson(hits.min(n), n, 0.95).map_or((f64::NAN, f64::NAN), |i| (i.low, i.high))
}
