//! The tables of the stage `personas`.

use super::Findings;
use super::loaded::Loaded;
use crate::pipeline::Tables;
use crate::pipeline::batch::Columns;
use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use audience::persona::page::Persona;
use audience::retention::chart;
use domain::Market;

/// Points of a curve that are kept.
const POINTS: usize = 60;

pub(super) fn all(loaded: &Loaded, found: &Findings, pages: &[Persona]) -> Result<Tables> {
    let mut all = found.concerns.tables()?;
    all.extend([
        ("personas", vec![personas(pages)?]),
        ("habits", vec![habits(found)?]),
        ("interests", vec![interests(loaded)?]),
        ("retention", vec![retention(found)?]),
        ("next_products", vec![next_products(loaded, found)?]),
        ("levers", vec![levers(found)?]),
        ("price_response", vec![prices(found)?]),
        ("loyalty", vec![loyalty(found)?]),
    ]);
    Ok(all)
}

fn personas(pages: &[Persona]) -> Result<RecordBatch> {
    let whole = pages.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>().context("a persona as JSON")?;
    Columns::default()
        .text("market", pages.iter().map(|p| p.whose.market.code().to_owned()))
        .text("name", pages.iter().map(|p| p.name.en.as_str()))
        .text("name_zh", pages.iter().map(|p| p.name.zh.as_str()))
        .int("n_shoppers", pages.iter().map(|p| i64::try_from(p.n_shoppers).unwrap_or(i64::MAX)))
        .text("page", whole)
        .batch()
}

fn code(market: &Market) -> String {
    market.code().to_owned()
}

fn habits(found: &Findings) -> Result<RecordBatch> {
    let rows: Vec<_> = found.usage.iter().flat_map(|(m, u)| u.preferences.iter().map(move |p| (m, p))).collect();
    Columns::default()
        .text("market", rows.iter().map(|(m, _)| code(m)))
        .text("habit", rows.iter().map(|(_, p)| p.dimension.key()))
        .text("value", rows.iter().map(|(_, p)| p.value.as_str()))
        .optional_float("share", rows.iter().map(|(_, p)| p.share.as_f64()))
        .optional_float("low", rows.iter().map(|(_, p)| p.share.interval.map(|i| i.low)))
        .optional_float("high", rows.iter().map(|(_, p)| p.share.interval.map(|i| i.high)))
        .int("n", rows.iter().map(|(_, p)| p.share.n as i64))
        .optional_float("at_home", rows.iter().map(|(_, p)| p.at_home))
        .optional_float("q_value", rows.iter().map(|(_, p)| Some(p.q_value).filter(|q| q.is_finite())))
        .batch()
}

fn interests(loaded: &Loaded) -> Result<RecordBatch> {
    let lists = [("category", &loaded.categories), ("brand", &loaded.brands)];
    let rows: Vec<_> = lists
        .iter()
        .flat_map(|(kind, counts)| {
            counts.rows().map(move |(market, name, shoppers, n)| (market, *kind, name, shoppers, n))
        })
        .collect();
    Columns::default()
        .text("market", rows.iter().map(|r| code(&r.0)))
        .text("kind", rows.iter().map(|r| r.1))
        .text("name", rows.iter().map(|r| r.2))
        .int("n_shoppers", rows.iter().map(|r| r.3 as i64))
        .int("n_lines", rows.iter().map(|r| r.4 as i64))
        .batch()
}

fn retention(found: &Findings) -> Result<RecordBatch> {
    let rows: Vec<_> = found
        .retention
        .iter()
        .flat_map(|(market, curves)| {
            let pooled = curves.pooled();
            let of =
                |name: &'static str, curve| chart(curve, POINTS).into_iter().map(move |point| (*market, name, point));
            of("not_returned", &pooled.not_returned).chain(of("active", &pooled.active)).collect::<Vec<_>>()
        })
        .collect();
    Columns::default()
        .text("market", rows.iter().map(|r| code(&r.0)))
        .text("curve", rows.iter().map(|r| r.1))
        .float("days", rows.iter().map(|r| r.2.day))
        .float("share", rows.iter().map(|r| r.2.share))
        .float("low", rows.iter().map(|r| r.2.low))
        .float("high", rows.iter().map(|r| r.2.high))
        .int("at_risk", rows.iter().map(|r| r.2.at_risk as i64))
        .batch()
}

fn next_products(loaded: &Loaded, found: &Findings) -> Result<RecordBatch> {
    let rows: Vec<_> = found.sequences.iter().flat_map(|(m, s)| s.next().iter().map(move |n| (m, n))).collect();
    let id = |thing: u32| loaded.products.get(thing as usize).map(|p| p.id.clone()).unwrap_or_default();
    Columns::default()
        .text("market", rows.iter().map(|(m, _)| code(m)))
        .text("product_id", rows.iter().map(|(_, n)| id(n.from)))
        .text("next_id", rows.iter().map(|(_, n)| id(n.to)))
        .int("n_from", rows.iter().map(|(_, n)| n.n_from as i64))
        .int("n_both", rows.iter().map(|(_, n)| n.n_both as i64))
        .float("share", rows.iter().map(|(_, n)| n.n_both as f64 / n.n_from.max(1) as f64))
        .float("base", rows.iter().map(|(_, n)| n.base))
        .optional_float("lift", rows.iter().map(|(_, n)| Some(n.lift).filter(|l| l.is_finite())))
        .optional_float("days", rows.iter().map(|(_, n)| n.days.as_f64()))
        .float("days_low", rows.iter().map(|(_, n)| n.quartiles.0))
        .float("days_high", rows.iter().map(|(_, n)| n.quartiles.1))
        .float("q_value", rows.iter().map(|(_, n)| n.q_value))
        .batch()
}

fn levers(found: &Findings) -> Result<RecordBatch> {
    let rows: Vec<_> = found
        .levers
        .iter()
        .flat_map(|(m, l)| l.levers().iter().zip(1_i64..).map(move |(f, rank)| (m, rank, f)))
        .collect();
    Columns::default()
        .text("market", rows.iter().map(|(m, _, _)| code(m)))
        .int("rank", rows.iter().map(|(_, rank, _)| *rank))
        .text("lever", rows.iter().map(|(_, _, f)| f.name.as_str()))
        .text("value", rows.iter().map(|(_, _, f)| f.value.as_str()))
        .text("against", rows.iter().map(|(_, _, f)| f.against.as_str()))
        .optional_float("rate", rows.iter().map(|(_, _, f)| f.rate.as_f64()))
        .optional_float("odds", rows.iter().map(|(_, _, f)| f.odds.as_f64()))
        .optional_float("odds_low", rows.iter().map(|(_, _, f)| f.odds.interval.map(|i| i.low)))
        .optional_float("odds_high", rows.iter().map(|(_, _, f)| f.odds.interval.map(|i| i.high)))
        .optional_float("gain", rows.iter().map(|(_, _, f)| f.gain.as_f64()))
        .optional_float("q_value", rows.iter().map(|(_, _, f)| Some(f.q_value).filter(|q| q.is_finite())))
        .truth("found", rows.iter().map(|(_, _, f)| f.found))
        .int("n", rows.iter().map(|(_, _, f)| f.n as i64))
        .batch()
}

fn prices(found: &Findings) -> Result<RecordBatch> {
    let rows: Vec<_> = found.sensitivity.iter().collect();
    let deal = |market: &Market| found.deals.get(market).map(|d| &d.lines);
    Columns::default()
        .text("market", rows.iter().map(|(m, _)| code(m)))
        .optional_float("sensitivity", rows.iter().map(|(_, s)| s.figure.as_f64()))
        .optional_float("low", rows.iter().map(|(_, s)| s.figure.interval.map(|i| i.low)))
        .optional_float("high", rows.iter().map(|(_, s)| s.figure.interval.map(|i| i.high)))
        .optional_float("own", rows.iter().map(|(_, s)| s.own.map(|e| e.value)))
        .optional_float("own_se", rows.iter().map(|(_, s)| s.own.map(|e| e.se)))
        .int("n_lines", rows.iter().map(|(_, s)| s.n as i64))
        .optional_float("deal_share", rows.iter().map(|(m, _)| deal(m).and_then(|d| d.as_f64())))
        .optional_float("deal_low", rows.iter().map(|(m, _)| deal(m).and_then(|d| d.interval).map(|i| i.low)))
        .optional_float("deal_high", rows.iter().map(|(m, _)| deal(m).and_then(|d| d.interval).map(|i| i.high)))
        .batch()
}

fn loyalty(found: &Findings) -> Result<RecordBatch> {
    let rows: Vec<_> = found
        .loyalty
        .iter()
        .flat_map(|(market, l)| {
            let parts = l.parts.iter().map(|(part, figure)| (part.words().0, figure));
            std::iter::once(("index", &l.index)).chain(parts).map(move |(part, figure)| (market, part, figure))
        })
        .collect();
    Columns::default()
        .text("market", rows.iter().map(|(m, _, _)| code(m)))
        .text("part", rows.iter().map(|(_, part, _)| *part))
        .optional_float("value", rows.iter().map(|(_, _, f)| f.as_f64()))
        .optional_float("low", rows.iter().map(|(_, _, f)| f.interval.map(|i| i.low)))
        .optional_float("high", rows.iter().map(|(_, _, f)| f.interval.map(|i| i.high)))
        .int("n", rows.iter().map(|(_, _, f)| f.n as i64))
        .batch()
}
