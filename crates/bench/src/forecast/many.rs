//! Many weekly series of three years: level, trend, yearly season and noise of their own.

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use domain::Seed;
use learn::series::{Method, Scale};
use rayon::prelude::*;
use serde_json::json;

/// CPU seconds for a hundred thousand series of one class.
const CPU_S: f64 = 300.0;
const WEEKS: usize = 156;
const HORIZON: usize = 13;

pub(super) fn row(n: u64) -> Row {
    let series: Vec<Vec<f64>> = (0..n).into_par_iter().map(made).collect();
    let (mut said, mut goals, mut wrong, mut runs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for method in [Method::Ets(1), Method::Theta(1), Method::MstlEts(Scale::Plain)] {
        report::note(&format!("forecast, {n} series: {method}"));
        let started = cpu_seconds();
        let answers = |y: &&Vec<f64>| method.forecast(y, &[52], HORIZON).is_some_and(|o| o.mean.len() == HORIZON);
        let answered = series.par_iter().filter(answers).count();
        let cpu_s = cpu_seconds() - started;
        if answered as u64 != n {
            wrong.push(format!("{method} answered {answered} of {n} series"));
        }
        said.push(format!("{method} {cpu_s:.1} CPU s"));
        let allowed = CPU_S * n as f64 / 1e5;
        goals.push(Goal::new(&method.to_string(), cpu_s, Better::Lower, allowed, " CPU s"));
        runs.push(json!({ "method": method.to_string(), "answered": answered, "cpu_s": cpu_s }));
    }
    Row {
        task: "forecast, many series".into(),
        data: format!("{n} simulated weekly series of {WEEKS} weeks, {HORIZON} ahead"),
        ours: said.join(", "),
        peer: "no peer".into(),
        ratio: "-".into(),
        quality: if wrong.is_empty() {
            "every series answered by every method".into()
        } else {
            "not all answered".into()
        },
        goals,
        wrong,
        runs: json!(runs),
    }
}

fn made(i: u64) -> Vec<f64> {
    let mut rng = Seed(17).stream(i);
    let (level, trend, swing) = (20.0 + 200.0 * rng.uniform(), 0.3 * rng.normal(), 0.4 * rng.uniform());
    let mut walk = 0.0;
    (0..WEEKS)
        .map(|t| {
            let t = t as f64;
            walk += 0.02 * rng.normal();
            let season = 1.0 + swing * (t / 52.0 * std::f64::consts::TAU).sin();
            ((level + trend * t) * season * (walk + 0.1 * rng.normal()).exp()).max(0.0).round()
        })
        .collect()
}
