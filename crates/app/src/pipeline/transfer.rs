//! Stage `transfer`: for the largest target markets what home and the other markets promise, whether that is
//! proved, and how many of the target's own purchases they replace. Neighbourhoods only, so that a run stays
//! short; `portolan transfer` measures every way for any target.
//!
//! It decides nothing: what serves a market is the verdict of stage `offers`. Its tables show why.

use super::batch::Columns;
use super::purchases::Purchases;
use super::{Stage, Tables, home};
use crate::transfer::{Depth, Domains, Measured, measure};
use anyhow::Result;
use domain::{Market, ShopperIdx};
use recommend::transfer::Source;
use std::collections::BTreeMap;

/// Target markets that are measured, those with most shoppers.
const TARGETS: usize = 3;
/// Shoppers below which a market is not measured: it could not have enough held-out ones.
const MIN_SHOPPERS: usize = 30;

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let purchases = Purchases::load(&stage.engine).await?;
    let home = home(&stage.engine, stage.workspace).await?;
    let all = &purchases.interactions;
    let mut sizes: BTreeMap<Market, usize> = BTreeMap::new();
    for s in (0..all.n_shoppers() as u32).map(ShopperIdx).filter(|s| !all.row(*s).is_empty()) {
        *sizes.entry(all.markets()[s.at()]).or_default() += 1;
    }
    let mut targets: Vec<(Market, usize)> = sizes.into_iter().collect();
    targets.retain(|(market, n)| *market != home && *market != Market::UNKNOWN && *n >= MIN_SHOPPERS);
    targets.sort_by_key(|(market, n)| (std::cmp::Reverse(*n), *market));
    targets.truncate(TARGETS);
    let mut measured = Vec::new();
    let total = targets.len() as u64;
    for (done, (target, _)) in (0..).zip(targets) {
        let of = |keep: &dyn Fn(Market) -> bool| all.filter(|row| keep(all.markets()[row.shopper.at()]));
        let mut sources = vec![
            Source { name: home.code().to_owned(), rows: of(&|m| m == home) },
            Source { name: "others".to_owned(), rows: of(&|m| m != home && m != target) },
        ];
        sources.retain(|source| !source.rows.is_empty());
        let domains = Domains { target: of(&|m| m == target), sources };
        let found = tokio::task::block_in_place(|| {
            let mut progress =
                |step: &str| stage.bar.step("running", &format!("transfer to {target}, {step}"), done, total);
            measure(target.code(), &domains, Depth::Quick, stage.seed, &mut progress)
        })?;
        if found.study.is_none() {
            let (n, m) = found.n_questions;
            let why = format!("{n} and {m} held-out shoppers in the two windows, 20 are needed in each");
            stage.not_computed(target, "transfer", &why);
        }
        measured.push((target, found));
    }
    Ok(vec![
        ("transfer_sources", vec![sources(&measured)?]),
        ("transfer_methods", vec![methods(&measured)?]),
        ("transfer_curve", vec![curve(&measured)?]),
    ])
}

type Batch = arrow::array::RecordBatch;

fn sources(measured: &[(Market, Measured)]) -> Result<Batch> {
    let mut lines: Vec<(Market, &str, &str, f64, f64)> = Vec::new();
    for (market, found) in measured {
        for promise in &found.promises {
            lines.push((*market, &promise.source, "score", promise.score, promise.score));
            lines.extend(
                promise
                    .parts
                    .iter()
                    .map(|(part, value, adds)| (*market, promise.source.as_str(), *part, *value, *adds)),
            );
        }
    }
    Columns::default()
        .text("market", lines.iter().map(|l| l.0.code().to_owned()))
        .text("source", lines.iter().map(|l| l.1))
        .text("part", lines.iter().map(|l| l.2))
        .float("value", lines.iter().map(|l| l.3))
        .float("adds", lines.iter().map(|l| l.4))
        .batch()
}

/// One line of `marts.transfer_methods`.
struct Method<'a> {
    market: Market,
    method: &'a str,
    chosen: &'a str,
    decided: [Option<f64>; 3],
    verdict: &'static str,
    value: f64,
    gain: [Option<f64>; 3],
    n: [usize; 2],
}

fn methods(measured: &[(Market, Measured)]) -> Result<Batch> {
    let mut lines = Vec::new();
    for (market, found) in measured {
        let Some(study) = &found.study else { continue };
        let n = [study.n_validation, study.n_test];
        lines.push(Method {
            market: *market,
            method: "target alone",
            chosen: &study.alone_chosen,
            decided: [None; 3],
            verdict: "",
            value: study.alone.mean,
            gain: [None; 3],
            n,
        });
        lines.extend(study.methods.iter().map(|m| {
            let d = &m.gain.difference;
            Method {
                market: *market,
                method: m.name,
                chosen: &m.chosen,
                decided: [m.verdict.gain, m.verdict.low, m.verdict.high],
                verdict: if m.verdict.accepted { "accepted" } else { "refused" },
                value: m.test.mean,
                gain: [d.mean, d.interval.low, d.interval.high].map(Some),
                n,
            }
        }));
    }
    Columns::default()
        .text("market", lines.iter().map(|l| l.market.code().to_owned()))
        .text("method", lines.iter().map(|l| l.method))
        .text("chosen", lines.iter().map(|l| l.chosen))
        .int("n_validation", lines.iter().map(|l| l.n[0] as i64))
        .optional_float("decided", lines.iter().map(|l| l.decided[0]))
        .optional_float("decided_low", lines.iter().map(|l| l.decided[1]))
        .optional_float("decided_high", lines.iter().map(|l| l.decided[2]))
        .text("verdict", lines.iter().map(|l| l.verdict))
        .int("n_test", lines.iter().map(|l| l.n[1] as i64))
        .float("value", lines.iter().map(|l| l.value))
        .optional_float("gain", lines.iter().map(|l| l.gain[0]))
        .optional_float("gain_low", lines.iter().map(|l| l.gain[1]))
        .optional_float("gain_high", lines.iter().map(|l| l.gain[2]))
        .batch()
}

fn curve(measured: &[(Market, Measured)]) -> Result<Batch> {
    let lines: Vec<_> = measured.iter().flat_map(|(m, found)| found.curve.iter().map(move |p| (*m, p))).collect();
    let gain = |p: &protocols::transfer::CurvePoint| p.gain.difference;
    Columns::default()
        .text("market", lines.iter().map(|(m, _)| m.code().to_owned()))
        .int("purchases", lines.iter().map(|(_, p)| p.k.round() as i64))
        .float("alone", lines.iter().map(|(_, p)| p.alone))
        .float("transferred", lines.iter().map(|(_, p)| p.transferred))
        .float("gain", lines.iter().map(|(_, p)| gain(p).mean))
        .float("low", lines.iter().map(|(_, p)| gain(p).interval.low))
        .float("high", lines.iter().map(|(_, p)| gain(p).interval.high))
        // Nobody saves a part of a purchase.
        .float("saved", lines.iter().map(|(_, p)| p.saved.round()))
        .truth("at_least", lines.iter().map(|(_, p)| p.at_least))
        .int("n", lines.iter().map(|(_, p)| gain(p).n as i64))
        .batch()
}
