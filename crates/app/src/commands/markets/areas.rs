//! `portolan markets areas`: what can be said of places where a marketplace keeps its shoppers to itself.
//!
//! Orders without a shopper by region (or city): how lately, how often, for how much, whether it grows, and in words what is lost
//! by not knowing who bought.

use super::super::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use audience::AudienceError;
use audience::cohort_level::{Area, CohortLevelParams, FlatOrder, not_identifiable};
use domain::{Figure, Market, Window};
use serde_json::json;

/// Stands for the blanks of a name while areas are made, which take what follows a blank for the rest of a postcode. It is
/// no blank itself, and no name has it.
const JOINED: &str = "\u{2060}";

pub(super) async fn areas(opened: &Opened, market: Option<Market>, column: &str, json: bool) -> Result<()> {
    let only = market.map_or_else(String::new, |m| format!(" and market = '{m}'"));
    let sql = format!(
        "select market, coalesce({column}, '') as area, day, gross, shopper_id is null as unknown from clean.orders \
         where kind = 'sale' and gross >= 0{only} order by order_key"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
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
    let n_unknown = unknown.iter().filter(|u| **u).count();
    let (Some(first), Some(last), Some(currency)) = (days.iter().min(), days.iter().max(), opened.snapshot.currency)
    else {
        let what = market.map_or_else(|| "there is no sale".to_owned(), |m| format!("there is no sale in {m}"));
        return Err(Stop::error(Exit::Missing, what, "`portolan ingest FILE` takes orders"));
    };
    let window = Window { from: *first, to: last.plus(1) };
    let params = CohortLevelParams { area_length: usize::MAX, ..CohortLevelParams::default() };
    let level = params.group(&orders, window, currency).map_err(|error| match error {
        AudienceError::TooLittleData { .. } => {
            Stop::error(Exit::Missing, error.to_string(), "`portolan ingest FILE` takes orders")
        }
        other => other.into(),
    })?;
    let name = |area: &Area| match area {
        Area::Postcode(name) => name.replace(JOINED, " "),
        Area::NoPostcode => format!("no {column} given"),
        Area::Rest => format!("areas of fewer than {} orders, together", params.min_orders),
    };
    let lost = not_identifiable();
    if json {
        let items: Vec<_> = level
            .rows()
            .iter()
            .map(|row| {
                json!({"market": row.marketplace, "area": name(&row.area), "orders": row.n_orders, "scores": row.scores,
                    "recency_days": row.recency_days, "figures": level.figures(row)})
            })
            .collect();
        let (en, zh): (Vec<&str>, Vec<&str>) = lost.iter().map(|w| (w.en.as_str(), w.zh.as_str())).unzip();
        return output::json(&json!({"by": column, "orders": orders.len(), "orders_without_shopper": n_unknown,
            "areas": items, "areas_joined": level.n_joined(), "lost_en": en, "lost_zh": zh}));
    }
    output::line(&format!(
        "{} orders, {} of them without a shopper; {} areas of too few orders stand together",
        output::count(orders.len() as u64),
        output::count(n_unknown as u64),
        level.n_joined()
    ));
    let shown = |figures: &[Figure], key: &str| {
        let figure = figures.iter().find(|f| f.key == key);
        let value = figure.and_then(Figure::as_f64).filter(|v| v.is_finite());
        value.map_or_else(|| "too little data".to_owned(), |v| format!("{v:.2}"))
    };
    let cells = level.rows().iter().map(|row| {
        let figures = level.figures(row);
        let scores = row.scores.map_or_else(String::new, |(r, f, m)| format!("{r} {f} {m}"));
        vec![
            row.marketplace.clone(),
            name(&row.area),
            output::count(row.n_orders),
            shown(&figures, "area.order_value"),
            shown(&figures, "area.value_a_month"),
            shown(&figures, "area.growth"),
            row.recency_days.to_string(),
            scores,
        ]
    });
    let head = ["market", "area", "orders", "an order", "a month", "later half / earlier", "days silent", "R F M"];
    output::table(&head, &[2, 3, 4, 5, 6], cells.collect());
    if n_unknown > 0 {
        output::line("What cannot be said of orders without a shopper:");
        lost.iter().for_each(|words| output::line(&format!("  · {}", words.en)));
        lost.iter().for_each(|words| output::line(&format!("  · {}", words.zh)));
    }
    Ok(())
}
