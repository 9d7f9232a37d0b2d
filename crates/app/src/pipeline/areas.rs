//! Areas of orders, whoever bought: `marts.areas`, and what `portolan markets areas` groups.
//!
//! An area is the beginning of the postcode where four of five orders of the market state one, else its region, else its city.

use super::Stage;
use super::batch::Columns;
use super::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use audience::AudienceError;
use audience::cohort_level::{Area, AreaRow, CohortLevel, CohortLevelParams, FlatOrder};
use domain::{Currency, Day, Figure, Market, Window};
use lake::Engine;
use std::collections::BTreeMap;

/// Stands for the blanks of a name while areas are made, which take what follows a blank for the rest of a postcode. It is
/// no blank itself, and no name has it.
const JOINED: &str = "\u{2060}";
/// Columns of `clean.orders` that can be areas, the finest first that is worth having.
const COLUMNS: [&str; 3] = ["postcode_area", "region", "city"];
/// Share of the orders that has to state a column for it to make the areas.
const STATED: f64 = 0.8;

/// Orders of some markets by area.
pub(crate) struct Areas {
    /// The areas.
    pub(crate) level: CohortLevel,
    /// Orders that were looked at.
    pub(crate) n_orders: usize,
    /// Those of which nobody knows who bought.
    pub(crate) n_unknown: usize,
}

/// Fewest orders of an area.
pub(crate) fn floor() -> u64 {
    CohortLevelParams::default().min_orders
}

/// Groups the orders of one market, of all without one, by a column of `clean.orders`; `None` without a sale.
///
/// # Errors
/// Of the query, and of a negative order value.
pub(crate) async fn group(
    engine: &Engine,
    market: Option<Market>,
    column: &str,
    currency: Currency,
) -> Result<Option<Areas>> {
    let only = market.map_or_else(String::new, |m| format!(" and market = '{m}'"));
    let sql = format!(
        "select market, coalesce({column}, '') as area, day, gross, shopper_id is null as unknown from clean.orders \
         where kind = 'sale' and gross >= 0{only} order by order_key"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (markets, names, days) = (rows.texts("market")?, rows.texts("area")?, rows.days("day")?);
    let (amounts, unknown) = (rows.amounts("gross")?, rows.truths("unknown")?);
    let orders: Vec<FlatOrder> = (0..markets.len())
        .map(|i| FlatOrder {
            marketplace: markets[i].clone(),
            postcode: names[i].split_whitespace().collect::<Vec<_>>().join(JOINED),
            day: days[i],
            amount: amounts[i],
        })
        .collect();
    let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) else { return Ok(None) };
    let window = Window { from: *first, to: last.plus(1) };
    let params = CohortLevelParams { area_length: usize::MAX, ..CohortLevelParams::default() };
    let n_unknown = unknown.iter().filter(|u| **u).count();
    match params.group(&orders, window, currency) {
        Ok(level) => Ok(Some(Areas { level, n_orders: orders.len(), n_unknown })),
        Err(AudienceError::TooLittleData { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// The name of an area as the data have it; empty where none was stated, `*` for those of few orders together.
pub(crate) fn name(area: &Area) -> String {
    match area {
        Area::Postcode(name) => name.replace(JOINED, " "),
        Area::NoPostcode => String::new(),
        Area::Rest => "*".to_owned(),
    }
}

/// What makes the areas of a market.
pub(crate) async fn column(engine: &Engine, market: Market) -> Result<&'static str> {
    let sql = format!(
        "select count(*) as n, count(postcode_area) as postcode_area, count(region) as region, count(city) as city \
         from clean.orders where kind = 'sale' and market = '{market}'"
    );
    let rows = Rows::query(engine, &sql).await?;
    let all = rows.ints("n")?.first().copied().unwrap_or(0) as f64;
    for column in COLUMNS {
        if rows.ints(column)?.first().is_some_and(|n| *n as f64 >= STATED * all) {
            return Ok(column);
        }
    }
    Ok("region")
}

/// City of most orders of each area of postcodes; ties to the first by name.
async fn towns(engine: &Engine, market: Market) -> Result<BTreeMap<String, String>> {
    let sql = format!(
        "select postcode_area, city, count(*) as n from clean.orders where kind = 'sale' and market = '{market}' \
         and postcode_area is not null and city is not null group by postcode_area, city order by postcode_area, n desc, city"
    );
    let rows = Rows::query(engine, &sql).await?;
    let mut towns = BTreeMap::new();
    for (area, city) in rows.texts("postcode_area")?.into_iter().zip(rows.texts("city")?) {
        towns.entry(area.to_uppercase()).or_insert(city);
    }
    Ok(towns)
}

/// One row of the table.
struct Row {
    market: Market,
    by: &'static str,
    area: String,
    town: Option<String>,
    of: AreaRow,
    figures: Vec<Figure>,
}

impl Row {
    fn figure(&self, key: &str) -> Option<&Figure> {
        self.figures.iter().find(|f| f.key == key)
    }

    fn value(&self, key: &str) -> Option<f64> {
        self.figure(key)?.as_f64().filter(|x| x.is_finite())
    }

    /// The ends of a figure that has a value.
    fn ends(&self, key: &str) -> Option<(f64, f64)> {
        self.value(key)?;
        let interval = self.figure(key)?.interval?;
        Some((interval.low, interval.high))
    }
}

/// `marts.areas`: every market with a sale.
pub(super) async fn table(stage: &Stage<'_>) -> Result<RecordBatch> {
    let engine = &stage.engine;
    let sql = "select distinct market from clean.orders where kind = 'sale' and market <> 'ZZ' order by market";
    let mut rows: Vec<Row> = Vec::new();
    for market in Rows::query(engine, sql).await?.markets("market")? {
        let Some(currency) = stage.currency else { break };
        let by = column(engine, market).await?;
        let towns = if by == COLUMNS[0] { towns(engine, market).await? } else { BTreeMap::new() };
        let Some(areas) = group(engine, Some(market), by, currency).await? else { continue };
        for of in areas.level.rows() {
            let area = name(&of.area);
            let figures = areas.level.figures(of);
            rows.push(Row { market, by, town: towns.get(&area).cloned(), area, of: of.clone(), figures });
        }
    }
    let n = |key: &'static str| rows.iter().map(move |r| r.figure(key).map_or(0, |f| f.n as i64)).collect::<Vec<_>>();
    let (n_growth, whole) = (n("area.growth"), |x: Option<u8>| x.map(i64::from));
    Columns::default()
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .text("by", rows.iter().map(|r| r.by))
        .text("area", rows.iter().map(|r| r.area.as_str()))
        .optional_text("town", rows.iter().map(|r| r.town.as_deref()))
        .int("n_orders", rows.iter().map(|r| r.of.n_orders as i64))
        .amount("revenue", rows.iter().map(|r| r.of.revenue))?
        .optional_float("order_value", rows.iter().map(|r| r.value("area.order_value")))
        .optional_float("next_90_days", rows.iter().map(|r| r.value("area.next_90_days")))
        .optional_float("next_low", rows.iter().map(|r| r.ends("area.next_90_days").map(|e| e.0)))
        .optional_float("next_high", rows.iter().map(|r| r.ends("area.next_90_days").map(|e| e.1)))
        .int("n_pace", rows.iter().map(|r| r.of.pace.0 as i64))
        .optional_float("growth", rows.iter().map(|r| r.value("area.growth")))
        .optional_float("growth_low", rows.iter().map(|r| r.ends("area.growth").map(|e| e.0)))
        .optional_float("growth_high", rows.iter().map(|r| r.ends("area.growth").map(|e| e.1)))
        .int("n_growth", n_growth)
        .int("recency_days", rows.iter().map(|r| i64::from(r.of.recency_days)))
        .optional_int("r", rows.iter().map(|r| whole(r.of.scores.map(|s| s.0))))
        .optional_int("f", rows.iter().map(|r| whole(r.of.scores.map(|s| s.1))))
        .optional_int("m", rows.iter().map(|r| whole(r.of.scores.map(|s| s.2))))
        .batch()
}

/// A month as the command line writes it.
///
/// # Errors
/// Naming what would be right.
pub(crate) fn month(text: &str) -> Result<audience::Month, String> {
    let day: Result<Day, _> = format!("{text}-01").parse();
    day.map(audience::Month::of).map_err(|_| format!("`{text}` is no month: write 2025-07"))
}
