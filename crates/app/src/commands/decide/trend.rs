//! `portolan decide trend`: which categories grow in a market, and by how much for sure.

use super::Opened;
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{cli, output};
use anyhow::Result;
use decide::demand::trend::{Direction, TrendParams};
use decide::demand::weeks::DemandSeries;
use decide::price::panel::monday;
use domain::{Day, Seed};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) async fn trend(opened: &Opened, args: &cli::Trend) -> Result<()> {
    let of = args.market.get().map_or_else(|| "market <> 'ZZ'".to_owned(), |m| format!("market = '{m}'"));
    let sql = format!(
        "select q.category, cast(date_trunc('week', l.day) as date) as week, sum(l.quantity) as units \
         from clean.order_lines l join clean.products q on q.product_id = l.product_id \
         where l.settled and not l.repeat and q.category <> '' and l.{of} \
         group by q.category, date_trunc('week', l.day) order by q.category, week"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (categories, weeks, units) = (rows.texts("category")?, rows.days("week")?, rows.ints("units")?);
    let last = "select max(day) as day from clean.order_lines where settled";
    let last = Rows::query(&opened.engine, last).await?.optional_days("day")?.into_iter().flatten().next();
    let Some(until) = last.map(|day| monday(day.plus(1))).filter(|_| !weeks.is_empty()) else {
        return Err(Stop::error(
            Exit::Missing,
            "no product with a category was sold there",
            "a catalogue with `category` brings it; `portolan markets` has the markets",
        ));
    };
    let mut of: BTreeMap<&str, BTreeMap<Day, f64>> = BTreeMap::new();
    let mut all: BTreeMap<Day, f64> = BTreeMap::new();
    for i in (0..weeks.len()).filter(|i| weeks[*i] < until) {
        *of.entry(&categories[i]).or_default().entry(weeks[i]).or_default() += units[i] as f64;
        *all.entry(weeks[i]).or_default() += units[i] as f64;
    }
    let names: Vec<String> =
        std::iter::once("everything".to_owned()).chain(of.keys().map(|name| (*name).to_owned())).collect();
    // Every series begins with the market's first week: a category that came later grew from nothing, and is told so.
    let first = all.keys().next().copied().unwrap_or(until);
    let n = usize::try_from(until.since(first) / 7).unwrap_or(0);
    let series = |(number, weeks): (usize, &BTreeMap<Day, f64>)| DemandSeries {
        series: u32::try_from(number).unwrap_or(u32::MAX),
        first,
        units: (0..n).map(|t| weeks.get(&first.plus(7 * t as i32)).copied().unwrap_or(0.0)).collect(),
        price: vec![0.0; n],
        promoted: vec![0.0; n],
        n_masked: 0,
    };
    let panel: Vec<DemandSeries> = std::iter::once(&all).chain(of.values()).enumerate().map(series).collect();
    let ranked = TrendParams::default().rank(&panel, Seed(1));
    if args.json {
        let rows: Vec<Value> = ranked
            .iter()
            .map(|g| json!({"category": names[g.series as usize], "growth": g.figure, "direction": format!("{:?}", g.direction).to_lowercase(), "said": g.said}))
            .collect();
        return output::json(&json!({"market": args.market.get(), "until": until, "categories": rows}));
    }
    output::line(&format!(
        "units of the last 52 weeks before {until} beside those of the 52 before, surest growth first"
    ));
    let cells = ranked.iter().map(|g| {
        let percent = |x: f64| format!("{:+.0} %", 100.0 * x);
        let ends = g.figure.interval.map_or_else(String::new, |i| format!("{} to {}", percent(i.low), percent(i.high)));
        let sure = match g.direction {
            Direction::Up => "grows",
            Direction::Down => "shrinks",
            Direction::NotClear => "may be chance",
            Direction::Unknown => "too little data",
        };
        let value = g.figure.as_f64().map_or_else(String::new, percent);
        vec![names[g.series as usize].clone(), value, ends, sure.to_owned()]
    });
    output::table(&["category", "growth", "90 % interval", ""], &[1, 2], cells.collect());
    Ok(())
}
