//! Orders and returns of every shopper as the models want them.

use crate::pipeline::lines::Lines;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use audience::predict::{OrderFact, ReturnFact, ShopperFacts};
use audience::value::ValueRow;
use domain::{Amount, Currency, Day, Market, ShopperId};
use lake::Engine;
use std::collections::BTreeMap;

/// What the lake knows of the shoppers.
pub(super) struct Facts {
    /// In the order of their identifiers.
    pub(super) shoppers: Vec<ShopperFacts>,
    /// What the numbers of categories stand for: first parts of category paths.
    pub(super) departments: Vec<String>,
    /// What the numbers of channels stand for.
    pub(super) channels: Vec<String>,
    pub(super) values: Vec<ValueRow>,
    pub(super) home: BTreeMap<ShopperId, Market>,
    pub(super) consent: BTreeMap<ShopperId, bool>,
    /// Markets with a shopper.
    pub(super) markets: Vec<Market>,
    /// Share of the sales that is margin, where the costs of most sales are known.
    pub(super) margin_share: BTreeMap<Market, f64>,
    /// First day without facts.
    pub(super) cutoff: Day,
}

/// A sale that is only marked as returned has no day on which it came back, and is left out: a fact without a day may be
/// of the future.
const RETURNS: &str = "\
select shopper_id, day, sum(amount_base) as value from clean.order_lines
where kind = 'cancellation' and shopper_id is not null and flags not like '%other_file_repeat%'
group by shopper_id, day order by shopper_id, day";

/// Each day of a shopper is one purchase.
const VALUES: &str = "\
with d as (
  select shopper_id, day, sum(amount_base) as amount from clean.order_lines
  where settled and shopper_id is not null group by shopper_id, day
), f as (
  select shopper_id, min(day) as first_day, max(day) as last_day, count(*) as n_days, sum(amount) as revenue
  from d group by shopper_id
), r as (
  select d.shopper_id, sum(d.amount) as later from d join f on f.shopper_id = d.shopper_id
  where d.day > f.first_day group by d.shopper_id
)
select f.shopper_id, s.market, f.first_day, f.last_day, f.n_days, f.revenue,
  cast(coalesce(r.later, 0) as decimal(18, 6)) as later, s.accepts_marketing is not null as asked,
  coalesce(s.accepts_marketing, false) as consent
from f join clean.shoppers s on s.shopper_id = f.shopper_id left join r on r.shopper_id = f.shopper_id
order by f.shopper_id";

/// Cost at the newest rate: what a product cost in another currency is not followed day by day.
const MARGINS: &str = "\
with rate as (
  select quote, cast(rate as double) as rate from (select quote, rate,
    row_number() over (partition by quote order by day desc) as nth from clean.fx_rates where base = 'EUR') where nth = 1
  union all select 'EUR', 1.0
), cost as (
  select c.product_id, cast(c.cost as double) / r.rate as euro from (select product_id, cost, currency,
    row_number() over (partition by product_id order by valid_from desc) as nth from clean.costs) c
  join rate r on r.quote = c.currency where c.nth = 1
), listed as (
  select p.product_id, cast(p.unit_cost as double) / r.rate as euro from clean.products p
  join rate r on r.quote = p.cost_currency where p.unit_cost is not null
), known as (
  select coalesce(c.product_id, l.product_id) as product_id, coalesce(c.euro, l.euro) as euro
  from cost c full outer join listed l on l.product_id = c.product_id
)
select l.market, cast(sum(l.amount_base) as double) as sales,
  sum(case when k.euro is not null then cast(l.amount_base as double) else 0 end) as covered,
  sum(coalesce(k.euro, 0) * l.quantity) as cost_euro
from clean.order_lines l left join known k on k.product_id = l.product_id
where l.settled group by l.market order by l.market";

impl Facts {
    pub(super) async fn load(engine: &Engine, currency: Option<Currency>) -> Result<Self> {
        let lines = Lines::load(engine).await?;
        let (mut shoppers, departments) = orders(&lines);
        returns(engine, &mut shoppers).await?;
        let rows = Rows::query(engine, VALUES).await?;
        let (ids, markets, days) = (rows.texts("shopper_id")?, rows.markets("market")?, rows.ints("n_days")?);
        let (first, last) = (rows.days("first_day")?, rows.days("last_day")?);
        let (revenue, later) = (rows.amounts("revenue")?, rows.amounts("later")?);
        let (asked, consent) = (rows.truths("asked")?, rows.truths("consent")?);
        let id = |i: usize| ShopperId::new(ids[i].clone());
        let values = (0..ids.len())
            .map(|i| ValueRow {
                shopper: id(i),
                market: markets[i],
                first_day: first[i],
                last_day: last[i],
                n_days: u32::try_from(days[i]).unwrap_or(u32::MAX),
                // Gifts and full discounts leave days without a spend, which has no logarithm.
                repeat_spend: (days[i] > 1 && later[i] > Amount::ZERO)
                    .then(|| Amount::from_micros(later[i].micros() / (days[i] - 1))),
                revenue: revenue[i],
            })
            .collect();
        let cutoff = last.iter().max().map_or(Day(0), |day| day.plus(1));
        let mut known: Vec<Market> = markets.clone();
        known.sort_unstable();
        known.dedup();
        Ok(Self {
            shoppers: shoppers.into_values().map(ShopperFacts::sorted).collect(),
            departments,
            channels: lines.channels,
            values,
            home: (0..ids.len()).map(|i| (id(i), markets[i])).collect(),
            consent: (0..ids.len()).filter(|&i| asked[i]).map(|i| (id(i), consent[i])).collect(),
            markets: known,
            margin_share: match currency {
                Some(currency) => margins(engine, currency).await?,
                None => BTreeMap::new(),
            },
            cutoff,
        })
    }
}

/// Orders of every shopper; guests have none.
fn orders(all: &Lines) -> (BTreeMap<ShopperId, ShopperFacts>, Vec<String>) {
    let mut departments: BTreeMap<&str, u32> = BTreeMap::new();
    let mut shoppers: BTreeMap<ShopperId, ShopperFacts> = BTreeMap::new();
    let of_one = all.lines.chunk_by(|a, b| a.shopper == b.shopper);
    for lines in of_one {
        let Some(id) = lines[0].shopper.map(|number| ShopperId::new(all.shoppers[number as usize].clone())) else {
            continue;
        };
        let mut facts = ShopperFacts { shopper: id.clone(), orders: Vec::new(), returns: Vec::new() };
        for of_order in lines.chunk_by(|a, b| a.order == b.order) {
            let mut order = OrderFact {
                day: of_order[0].day,
                market: of_order[0].market,
                revenue: Amount::ZERO,
                n_units: 0,
                products: Vec::new(),
                categories: Vec::new(),
                channel: of_order[0].channel,
            };
            for line in of_order {
                order.revenue = Amount::from_micros(order.revenue.micros() + line.amount.micros());
                order.n_units = order.n_units.saturating_add(line.units);
                order.products.extend(line.product);
                let department = all.of(line).department();
                let next = departments.len() as u32;
                let number = (!department.is_empty()).then(|| *departments.entry(department).or_insert(next));
                order.categories.extend(number);
            }
            facts.orders.push(order);
        }
        shoppers.insert(id, facts);
    }
    let mut names = vec![String::new(); departments.len()];
    departments.into_iter().for_each(|(name, number)| names[number as usize] = name.to_owned());
    (shoppers, names)
}

async fn returns(engine: &Engine, shoppers: &mut BTreeMap<ShopperId, ShopperFacts>) -> Result<()> {
    let rows = Rows::query(engine, RETURNS).await?;
    let (ids, days, values) = (rows.texts("shopper_id")?, rows.days("day")?, rows.amounts("value")?);
    for ((id, day), value) in ids.into_iter().zip(days).zip(values) {
        if let Some(facts) = shoppers.get_mut(&ShopperId::new(id)) {
            facts.returns.push(ReturnFact { day, value });
        }
    }
    Ok(())
}

/// Sales whose costs have to be known for a market to have a margin.
const COVERED: f64 = 0.8;

async fn margins(engine: &Engine, currency: Currency) -> Result<BTreeMap<Market, f64>> {
    let sql = format!(
        "select cast(rate as double) as rate from clean.fx_rates where base = 'EUR' and quote = '{currency}' order by day desc limit 1"
    );
    let newest = Rows::query(engine, &sql).await?.floats("rate")?.into_iter().flatten().next();
    let euro = Currency::new(*b"EUR");
    let Some(per_euro) = newest.or((currency == euro).then_some(1.0)) else { return Ok(BTreeMap::new()) };
    let rows = Rows::query(engine, MARGINS).await?;
    let (markets, sales) = (rows.markets("market")?, rows.floats("sales")?);
    let (covered, cost) = (rows.floats("covered")?, rows.floats("cost_euro")?);
    let mut shares = BTreeMap::new();
    for i in 0..markets.len() {
        if let (Some(sales), Some(covered), Some(cost)) = (sales[i], covered[i], cost[i])
            && covered >= COVERED * sales
            && covered > 0.0
        {
            let share = 1.0 - cost * per_euro / covered;
            if share > 0.0 && share < 1.0 {
                shares.insert(markets[i], share);
            }
        }
    }
    Ok(shares)
}
