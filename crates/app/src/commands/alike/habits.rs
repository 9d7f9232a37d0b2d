//! `portolan segments behaviour`: groups of shoppers with like habits, from all their orders.

use crate::commands::Environment;
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{output, pipeline};
use anyhow::Result;
use audience::AudienceError;
use audience::segments::behaviour::{HabitParams, ShopperHabits};
use domain::{Language, Market, Seed, ShopperId};
use lake::Engine;
use serde_json::json;
use std::collections::BTreeMap;

/// What each shopper's orders show.
const HABITS: &str = "\
with priced as (
  select l.shopper_id, percent_rank() over (partition by l.market, split_part(coalesce(p.category, ''), ' > ', 1)
    order by l.unit_price) as rank
  from clean.order_lines l join clean.products p on p.product_id = l.product_id
  where l.settled and l.shopper_id is not null
), price as (select shopper_id, avg(rank) as price_rank from priced group by shopper_id
), orders as (
  select shopper_id, order_key, sum(quantity) as n_units, max(case when returned_quantity > 0 then 1 else 0 end) as back
  from clean.order_lines where settled and shopper_id is not null group by shopper_id, order_key
), lines as (
  select shopper_id, count(*) as n_orders, sum(n_units) as n_units, sum(back) as n_returned,
    sum(case when n_units <= 1 then 1 else 0 end) as b0, sum(case when n_units = 2 then 1 else 0 end) as b1,
    sum(case when n_units between 3 and 4 then 1 else 0 end) as b2, sum(case when n_units > 4 then 1 else 0 end) as b3
  from orders group by shopper_id
), days as (
  select distinct shopper_id, order_key, date_part('dow', day) as dow from clean.order_lines
  where settled and shopper_id is not null
), week as (
  select shopper_id, sum(case when dow = 0 then 1 else 0 end) as d6, sum(case when dow = 1 then 1 else 0 end) as d0,
    sum(case when dow = 2 then 1 else 0 end) as d1, sum(case when dow = 3 then 1 else 0 end) as d2,
    sum(case when dow = 4 then 1 else 0 end) as d3, sum(case when dow = 5 then 1 else 0 end) as d4,
    sum(case when dow = 6 then 1 else 0 end) as d5
  from days group by shopper_id
)
select l.*, t.market, t.channel_share, t.brand_share, p.price_rank, w.d0, w.d1, w.d2, w.d3, w.d4, w.d5, w.d6
from lines l join marts.shopper_traits t on t.shopper_id = l.shopper_id
left join price p on p.shopper_id = l.shopper_id join week w on w.shopper_id = l.shopper_id
order by l.shopper_id";

/// Categories that are told apart: those most bought; the others count as one.
const CATEGORIES: usize = 40;

/// Lines by category of each shopper. Categories are numbered by how much of them is bought.
const GOODS: &str = "\
with lines as (
  select l.shopper_id, coalesce(p.category, '') as category from clean.order_lines l
  left join clean.products p on p.product_id = l.product_id where l.settled and l.shopper_id is not null
), numbered as (
  select category, row_number() over (order by count(*) desc, category) - 1 as number from lines group by category
)
select l.shopper_id, cast(least(n.number, {most}) as bigint) as category, count(*) as n
from lines l join numbered n on n.category = l.category
group by l.shopper_id, least(n.number, {most}) order by l.shopper_id, category";

/// When each shopper ordered, where the source says more than the day. A market without one clock has no hours.
const TIMES: &str = "\
select shopper_id, market, arrow_cast(arrow_cast(ordered_at, 'Timestamp(Second, Some(\"UTC\"))'), 'Int64') as second
from clean.orders
where kind = 'sale' and shopper_id is not null and ordered_at <> date_trunc('day', ordered_at)
order by shopper_id, ordered_at";

/// Hours of the orders and lines by category of each shopper.
async fn hours_and_goods(engine: &Engine) -> Result<(BTreeMap<String, [u32; 24]>, BTreeMap<String, Vec<(u32, u32)>>)> {
    let rows = Rows::query(engine, TIMES).await?;
    let (ids, markets, seconds) = (rows.texts("shopper_id")?, rows.markets("market")?, rows.ints("second")?);
    let mut hours: BTreeMap<String, [u32; 24]> = BTreeMap::new();
    for ((id, market), second) in ids.into_iter().zip(markets).zip(seconds) {
        if let Some(hour) = pipeline::clocks::hour(market, second) {
            hours.entry(id).or_insert([0; 24])[usize::from(hour)] += 1;
        }
    }
    let rows = Rows::query(engine, &GOODS.replace("{most}", &(CATEGORIES - 1).to_string())).await?;
    let (ids, categories, counts) = (rows.texts("shopper_id")?, rows.ints("category")?, rows.ints("n")?);
    let mut goods: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
    for ((id, category), n) in ids.into_iter().zip(categories).zip(counts) {
        let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        goods.entry(id).or_default().push((small(category), small(n)));
    }
    Ok((hours, goods))
}

/// Groups of shoppers with like habits.
pub(in crate::commands) async fn behaviour(env: &Environment, market: Option<Market>, json: bool) -> Result<()> {
    let opened = env.opened().await?;
    pipeline::computed(&opened.workspace, &opened.snapshot, "segments")?;
    let rows = Rows::query(&opened.engine, HABITS).await?;
    let (ids, markets) = (rows.texts("shopper_id")?, rows.markets("market")?);
    let (orders, units, returned) = (rows.ints("n_orders")?, rows.ints("n_units")?, rows.ints("n_returned")?);
    let [channel, brand, price] = ["channel_share", "brand_share", "price_rank"].map(|name| rows.floats(name));
    let (channel, brand, price) = (channel?, brand?, price?);
    let counts = |name: &str, n: usize| (0..n).map(|d| rows.ints(&format!("{name}{d}"))).collect::<Result<Vec<_>>>();
    let (week, sizes) = (counts("d", 7)?, counts("b", 4)?);
    let (hours, goods) = hours_and_goods(&opened.engine).await?;
    let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let shoppers: Vec<ShopperHabits> = (0..ids.len())
        .filter(|i| market.is_none_or(|m| markets[*i] == m))
        .map(|i| ShopperHabits {
            shopper: ShopperId::new(ids[i].clone()),
            n_orders: small(orders[i]).max(1),
            n_units: small(units[i]).max(1),
            n_returned: small(returned[i]),
            channel_share: channel[i],
            brand_share: brand[i],
            price_rank: price[i],
            hours: hours.get(&ids[i]).copied().unwrap_or_default(),
            weekdays: std::array::from_fn(|d| small(week[d][i])),
            baskets: std::array::from_fn(|b| small(sizes[b][i])),
            goods: goods.get(&ids[i]).cloned().unwrap_or_default(),
        })
        .collect();
    let params = HabitParams::default();
    let fitted = params.fit(&shoppers, Seed(1)).map_err(|error| match error {
        AudienceError::TooLittleData { .. } => {
            Stop::error(Exit::Missing, error.to_string(), "habits show from four orders on; leave out --market")
        }
        other => other.into(),
    })?;
    let known = fitted.labels().iter().flatten().count();
    let share = |n: usize| n as f64 / known.max(1) as f64;
    if json {
        let items: Vec<_> = fitted
            .groups()
            .iter()
            .map(|g| {
                json!({"label": {"en": g.label(Language::EN), "zh": g.label(Language::ZH)}, "shoppers": g.n_shoppers,
                    "share": share(g.n_shoppers), "apart": g.apart})
            })
            .collect();
        return output::json(&json!({"market": market, "shoppers": shoppers.len(), "grouped": known, "groups": items}));
    }
    output::line(&format!(
        "{} of {} shoppers have ordered {} times or more: before, habits do not show.",
        output::count(known as u64),
        output::count(shoppers.len() as u64),
        params.min_orders
    ));
    let cells = fitted.groups().iter().map(|g| {
        vec![g.label(Language::EN), output::count(g.n_shoppers as u64), format!("{:.0} %", 100.0 * share(g.n_shoppers))]
    });
    output::table(&["habits", "shoppers", "share"], &[1, 2], cells.collect());
    if fitted.groups().len() == 1 {
        output::note("one group describes them best: their habits do not fall into kinds");
    }
    Ok(())
}
