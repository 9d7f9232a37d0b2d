//! What decisions rest on, read once: products with their attributes and costs, weekly sales by product and market,
//! competitors' prices, advertising spend, stock, exchange rates.

use crate::pipeline::rates::Rates;
use crate::pipeline::rows::Rows;
use crate::pipeline::shelves::Stock;
use anyhow::Result;
use domain::{Amount, Currency, Day, Decimal, FxRate, Market, Money};
use lake::Engine;
use std::collections::BTreeMap;

/// A product as the catalogue has it.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) category: String,
    pub(super) voltage_v: Option<f64>,
    pub(super) plug: Option<String>,
    /// What the seller states of it: printed range of voltage, marks, languages of label and manual, battery, liquid.
    pub(super) stated: [Option<String>; 5],
    pub(super) battery_wh: Option<f64>,
    pub(super) wattage_w: Option<f64>,
    /// Length, width, height.
    pub(super) size_cm: Option<[f64; 3]>,
    pub(super) weight_kg: Option<f64>,
    /// Code of the tariff as stated.
    pub(super) hs: Option<String>,
    /// Newest cost of one unit.
    pub(super) cost: Option<(Amount, Currency)>,
}

/// A market that something was sold in.
#[derive(Clone, Debug)]
pub(super) struct MarketSales {
    pub(super) market: Market,
    /// Currency of most of its lines.
    pub(super) currency: Currency,
    /// Last day with a sale.
    pub(super) last: Day,
}

/// What was sold of a product in a week of a market.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProductWeek {
    /// Place in [`Inputs::products`].
    pub(super) product: usize,
    /// Place in [`Inputs::markets`].
    pub(super) market: usize,
    /// Monday.
    pub(super) week: Day,
    pub(super) units: i64,
    /// Median over lines of what a unit was paid with, in the market's currency.
    pub(super) price: f64,
}

/// The latest price of a competitor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rival {
    pub(super) product: usize,
    pub(super) market: Market,
    /// In the market's currency.
    pub(super) price: f64,
}

/// Spend of a channel in a week, reporting currency.
#[derive(Clone, Debug)]
pub(super) struct ChannelWeek {
    pub(super) market: Market,
    pub(super) channel: String,
    pub(super) week: Day,
    pub(super) spend: f64,
}

/// Sales of a market in a week, reporting currency.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarketWeek {
    pub(super) market: Market,
    pub(super) week: Day,
    pub(super) sales: f64,
}

/// Everything.
#[derive(Clone)]
pub(super) struct Inputs {
    pub(super) base: Currency,
    /// First day without a sale.
    pub(super) as_of: Day,
    pub(super) products: Vec<Product>,
    pub(super) markets: Vec<MarketSales>,
    pub(super) weeks: Vec<ProductWeek>,
    pub(super) rivals: Vec<Rival>,
    pub(super) spend: Vec<ChannelWeek>,
    pub(super) sales: Vec<MarketWeek>,
    pub(super) stock: Stock,
    /// Prices to start from where nothing was sold yet, by place of market and product.
    pub(super) carried: BTreeMap<(usize, usize), Carried>,
    rates: Rates,
}

/// A price of another market.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    /// In the market's currency.
    pub(super) price: f64,
    /// As it is there.
    pub(super) asked: Money,
    pub(super) source: Market,
}

/// What may be decided about; the name that cleaning knows a test order by is that of no product.
const PRODUCTS: &str = "\
with listed as (select product_id, cast(cost as double) as cost, currency from (select product_id, cost, currency,
  row_number() over (partition by product_id order by valid_from desc) as nth from clean.costs) c where nth = 1)
select p.product_id, p.name, p.description, p.category, p.voltage_v, p.plug, p.voltage_range,
  p.marks, p.label_languages, p.battery, p.battery_wh, p.liquid, p.wattage_w, p.length_cm, p.width_cm,
  p.height_cm, p.weight_kg, p.hs_code, coalesce(l.cost, cast(p.unit_cost as double)) as cost,
  coalesce(l.currency, p.cost_currency) as cost_currency
from clean.products p left join listed l on l.product_id = p.product_id
where not p.service and p.junk is null and not regexp_like(p.name, '^ *test *(-|order)', 'i') order by p.product_id";

const MARKETS: &str = "\
select market, currency, last_day from (
  select market, currency, max(max(day)) over (partition by market) as last_day,
    row_number() over (partition by market order by count(*) desc, currency) as nth
  from clean.order_lines where settled and market <> 'ZZ' group by market, currency) m
where nth = 1 order by market";

const WEEKS: &str = "\
select market, currency, product_id, cast(date_trunc('week', day) as date) as week, sum(quantity) as units,
  approx_median(cast(amount as double) / quantity) as price
from clean.order_lines where settled and not repeat and product_id is not null
group by market, currency, product_id, date_trunc('week', day)
order by market, product_id, week, currency";

const SALES: &str = "\
select market, cast(date_trunc('week', day) as date) as week, sum(cast(amount_base as double)) as sales
from clean.order_lines where settled group by market, date_trunc('week', day) order by market, week";

const SPEND: &str = "\
select market, channel, currency, cast(date_trunc('week', day) as date) as week, sum(cast(spend as double)) as spend
from clean.ad_spend group by market, channel, currency, date_trunc('week', day) order by market, channel, week, currency";

const RIVALS: &str = "\
select product_id, market, day, cast(price as double) as price, currency from (select product_id, market, day, price, currency,
  row_number() over (partition by product_id, market, competitor order by day desc) as nth from clean.competitor_prices) c
where nth = 1 order by product_id, market, day";

impl Inputs {
    pub(super) async fn load(engine: &Engine, base: Currency) -> Result<Self> {
        let products = products(engine).await?;
        let at: BTreeMap<&str, usize> = products.iter().enumerate().map(|(i, p)| (p.id.as_str(), i)).collect();
        let markets = markets(engine).await?;
        let rates = Rates::load(engine).await?;
        let weeks = weeks(engine, &at, &markets).await?;
        let rivals = rivals(engine, &at, &markets, &rates).await?;
        let as_of = markets.iter().map(|m| m.last).max().unwrap_or(Day(0)).plus(1);
        let rows = Rows::query(engine, SALES).await?;
        let (places, days) = (rows.markets("market")?, rows.days("week")?);
        let sales = rows.floats("sales")?;
        let sales = (0..places.len())
            .map(|i| MarketWeek { market: places[i], week: days[i], sales: sales[i].unwrap_or(0.0) })
            .collect();
        let stock = Stock::load(engine).await?;
        let carried = BTreeMap::new();
        let mut inputs =
            Self { base, as_of, products, markets, weeks, rivals, spend: Vec::new(), sales, stock, carried, rates };
        inputs.spend = inputs.channels(engine).await?;
        Ok(inputs)
    }

    /// Spend in the reporting currency; a currency without a rate leaves its rows out, which the caller is told by
    /// [`Self::rate`].
    async fn channels(&self, engine: &Engine) -> Result<Vec<ChannelWeek>> {
        let rows = Rows::query(engine, SPEND).await?;
        let (markets, channels) = (rows.markets("market")?, rows.texts("channel")?);
        let (currencies, weeks, spend) = (rows.texts("currency")?, rows.days("week")?, rows.floats("spend")?);
        let mut sums: BTreeMap<(Market, String, Day), f64> = BTreeMap::new();
        for i in 0..markets.len() {
            let rate = currencies[i].parse::<Currency>().ok().and_then(|c| self.rate(c, self.base));
            if let (Some(rate), Some(spend)) = (rate, spend[i]) {
                *sums.entry((markets[i], channels[i].clone(), weeks[i])).or_default() += spend * rate;
            }
        }
        Ok(sums
            .into_iter()
            .map(|((market, channel, week), spend)| ChannelWeek { market, channel, week, spend })
            .collect())
    }

    /// What was known before a Monday: sales, spend and prices of earlier weeks. Competitors' prices, stock and rates stay those
    /// of today.
    pub(super) fn before(mut self, day: Day) -> Self {
        self.as_of = day;
        self.weeks.retain(|w| w.week < day);
        self.sales.retain(|w| w.week < day);
        self.spend.retain(|w| w.week < day);
        self.markets.iter_mut().for_each(|m| m.last = m.last.min(day.plus(-1)));
        self
    }

    /// The same seen from markets in which nothing was sold.
    pub(super) fn to_enter(&self, markets: Vec<MarketSales>) -> Self {
        let (base, as_of, products, stock) = (self.base, self.as_of, self.products.clone(), self.stock.clone());
        let (rivals, rates) = (self.rivals.clone(), self.rates.clone());
        let (weeks, spend, sales, carried) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
        Self { base, as_of, products, markets, weeks, rivals, spend, sales, stock, carried, rates }
    }

    /// The same with the reporting currency worth so many times as much of every other.
    pub(super) fn with_base_worth(mut self, times: f64) -> Self {
        self.rates = self.rates.with_worth(self.base, times);
        self
    }

    /// Currencies with a rate.
    pub(super) fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.rates.currencies()
    }

    /// Units of `to` for one of `from` at the newest rates.
    pub(super) fn rate(&self, from: Currency, to: Currency) -> Option<f64> {
        self.rates.rate(from, to)
    }

    /// The same as a dated rate.
    pub(super) fn fx(&self, from: Currency, to: Currency) -> Option<FxRate> {
        self.rates.fx(from, to, self.as_of.plus(-1))
    }
}

async fn products(engine: &Engine) -> Result<Vec<Product>> {
    let rows = Rows::query(engine, PRODUCTS).await?;
    let (ids, names, descriptions) = (rows.texts("product_id")?, rows.texts("name")?, rows.texts("description")?);
    let (categories, plugs) = (rows.texts("category")?, rows.optional_texts("plug")?);
    let codes = rows.optional_texts("hs_code")?;
    let [range, marks, languages, battery, liquid] =
        ["voltage_range", "marks", "label_languages", "battery", "liquid"].map(|name| rows.optional_texts(name));
    let stated = [range?, marks?, languages?, battery?, liquid?];
    let battery_wh = rows.floats("battery_wh")?;
    let [volts, watts, weight] = ["voltage_v", "wattage_w", "weight_kg"].map(|name| rows.floats(name));
    let [length, width, height] = ["length_cm", "width_cm", "height_cm"].map(|name| rows.floats(name));
    let (volts, watts, weight, length, width, height) = (volts?, watts?, weight?, length?, width?, height?);
    let (costs, currencies) = (rows.floats("cost")?, rows.texts("cost_currency")?);
    let cost = |i: usize| {
        let amount = Amount::from_decimal(Decimal::try_from(costs[i]?).ok()?)?;
        Some((amount, currencies[i].parse().ok()?))
    };
    let size = |i: usize| Some([length[i]?, width[i]?, height[i]?]);
    let products = (0..ids.len()).map(|i| Product {
        id: ids[i].clone(),
        name: names[i].clone(),
        description: descriptions[i].clone(),
        category: categories[i].clone(),
        voltage_v: volts[i],
        plug: plugs[i].clone(),
        stated: std::array::from_fn(|k| stated[k][i].clone()),
        battery_wh: battery_wh[i],
        wattage_w: watts[i],
        size_cm: size(i),
        weight_kg: weight[i],
        hs: codes[i].clone(),
        cost: cost(i),
    });
    Ok(products.collect())
}

async fn markets(engine: &Engine) -> Result<Vec<MarketSales>> {
    let rows = Rows::query(engine, MARKETS).await?;
    let (markets, currencies) = (rows.markets("market")?, rows.texts("currency")?);
    let last = rows.days("last_day")?;
    let known = (0..markets.len()).filter_map(|i| {
        let currency = currencies[i].parse().ok()?;
        Some(MarketSales { market: markets[i], currency, last: last[i] })
    });
    Ok(known.collect())
}

/// Weeks in another currency than the market's are left out: their prices do not compare.
async fn weeks(engine: &Engine, at: &BTreeMap<&str, usize>, markets: &[MarketSales]) -> Result<Vec<ProductWeek>> {
    let rows = Rows::query(engine, WEEKS).await?;
    let (places, currencies) = (rows.markets("market")?, rows.texts("currency")?);
    let (ids, weeks, units) = (rows.texts("product_id")?, rows.days("week")?, rows.ints("units")?);
    let price = rows.floats("price")?;
    let mut found = Vec::with_capacity(ids.len());
    for i in 0..ids.len() {
        let Some(market) = markets.iter().position(|m| m.market == places[i]) else { continue };
        let (Some(&product), Some(price)) = (at.get(ids[i].as_str()), price[i]) else { continue };
        if markets[market].currency.code() == currencies[i] && price > 0.0 {
            found.push(ProductWeek { product, market, week: weeks[i], units: units[i], price });
        }
    }
    Ok(found)
}

async fn rivals(
    engine: &Engine,
    at: &BTreeMap<&str, usize>,
    markets: &[MarketSales],
    rates: &Rates,
) -> Result<Vec<Rival>> {
    let rows = Rows::query(engine, RIVALS).await?;
    let (ids, places) = (rows.texts("product_id")?, rows.markets("market")?);
    let (prices, currencies) = (rows.floats("price")?, rows.texts("currency")?);
    let one = |i: usize| {
        let product = *at.get(ids[i].as_str())?;
        let home = markets.iter().find(|m| m.market == places[i])?.currency;
        let stated: Currency = currencies[i].parse().ok()?;
        let rate = rates.rate(stated, home)?;
        Some(Rival { product, market: places[i], price: prices[i]? * rate })
    };
    Ok((0..ids.len()).filter_map(one).collect())
}
