//! How good and how fast forecasts are on M4 weekly and hourly, and how long 100,000 series take.
//!
//! `cargo run --release -p learn --example m4 FOLDER [weekly|hourly|many]`, where FOLDER holds `Weekly-train.csv.gz`
//! and so on; `many` needs no folder and takes the number of series instead. One thread. Beside it runs
//! `scripts/peers/statsforecast_m4.py FOLDER`. The combination is chosen by rolling origins inside
//! the histories; the test part is read for the measures only. Prints one JSON object a row.

#![allow(clippy::print_stdout, reason = "a tool for developers")]

use domain::Seed;
use eval::forecast::{covered, interval_score, mase, owa, smape};
use learn::series::season::naive2;
use learn::series::{Answer, AutoParams, Band, Basis, Method, Outlook, Scale};
use rayon::prelude::*;
use std::io::Read;
use std::path::Path;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "many", n] => many(n.parse()?),
        [_, folder] => {
            weekly(Path::new(folder))?;
            hourly(Path::new(folder))
        }
        [_, folder, "weekly"] => weekly(Path::new(folder)),
        [_, folder, "hourly"] => hourly(Path::new(folder)),
        _ => Err("give FOLDER [weekly|hourly], or many N".into()),
    }
}

struct Group {
    name: &'static str,
    train: Vec<Vec<f64>>,
    test: Vec<Vec<f64>>,
    period: usize,
    horizon: usize,
    benchmark: (f64, f64),
}

impl Group {
    fn read(folder: &Path, file: &str, name: &'static str, period: usize, horizon: usize) -> Result<Self, Failure> {
        let rows = |part: &str| -> Result<Vec<Vec<f64>>, Failure> {
            let bytes = std::fs::read(folder.join(format!("{file}-{part}.csv.gz")))?;
            let mut text = String::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
            let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
            let mut rows = Vec::new();
            for record in csv.records() {
                let record = record?;
                let values = record.iter().skip(1).filter(|v| !v.is_empty()).map(str::parse);
                rows.push(values.collect::<Result<_, _>>()?);
            }
            Ok(rows)
        };
        let mut group =
            Self { name, train: rows("train")?, test: rows("test")?, period, horizon, benchmark: (1.0, 1.0) };
        let forecasts: Vec<Vec<f64>> =
            group.train.iter().map(|y| naive2(y, period, horizon).unwrap_or_default()).collect();
        group.benchmark = group.errors(&forecasts).ok_or("Naive2 has no forecast")?;
        Ok(group)
    }

    fn errors(&self, forecasts: &[Vec<f64>]) -> Option<(f64, f64)> {
        let (mut s, mut a) = (0.0, 0.0);
        for ((x, y), f) in self.train.iter().zip(&self.test).zip(forecasts) {
            s += smape(y, f)?;
            a += mase(x, y, f, self.period)?;
        }
        let n = self.train.len() as f64;
        Some((s / n, a / n))
    }

    fn row(&self, method: &str, forecasts: &[Vec<f64>], cpu: f64, more: serde_json::Value) -> Result<(), Failure> {
        let (s, a) = self.errors(forecasts).ok_or("a forecast is missing")?;
        let total = owa(s, a, self.benchmark.0, self.benchmark.1).ok_or("no OWA")?;
        println!(
            "{}",
            serde_json::json!({
                "group": self.name, "series": self.train.len(), "method": method,
                "smape": s, "mase": a, "owa": total, "cpu_s": cpu, "more": more,
            })
        );
        Ok(())
    }

    fn single(&self, method: Method, periods: &[usize]) -> Result<(), Failure> {
        let clock = cpu()?;
        let outlooks: Vec<Outlook> = self
            .train
            .iter()
            .map(|y| method.forecast(y, periods, self.horizon).or_else(|| Method::Naive.forecast(y, &[], self.horizon)))
            .collect::<Option<_>>()
            .ok_or("a series is empty")?;
        let spent = cpu()? - clock;
        let bands = |level| outlooks.iter().map(|o| Band::normal(o, level)).collect::<Option<Vec<_>>>();
        let more: Vec<_> = [0.8, 0.95].iter().filter_map(|l| Some(self.coverage(&bands(*l)?, *l))).collect();
        let means: Vec<Vec<f64>> = outlooks.into_iter().map(|o| o.mean).collect();
        self.row(&method.to_string(), &means, spent, serde_json::json!(more))
    }

    fn coverage(&self, bands: &[Band], level: f64) -> serde_json::Value {
        let mean = |of: &dyn Fn(&[f64], &Band) -> Option<f64>| {
            self.test.iter().zip(bands).filter_map(|(y, b)| of(y, b)).sum::<f64>() / bands.len() as f64
        };
        let share = mean(&|y, b| covered(y, &b.low, &b.high));
        let scaled = |y: &[f64], b: &Band| {
            let size = y.iter().map(|y| y.abs()).sum::<f64>() / y.len() as f64;
            Some(interval_score(y, &b.low, &b.high, level)? / size)
        };
        serde_json::json!({ "level": level, "covered": share, "interval_score_by_size": mean(&scaled) })
    }

    fn mean_of(&self, methods: &[Method], periods: &[usize]) -> Result<(), Failure> {
        let clock = cpu()?;
        let mut forecasts = vec![vec![0.0; self.horizon]; self.train.len()];
        for method in methods {
            for (f, y) in forecasts.iter_mut().zip(&self.train) {
                let outlook = method.forecast(y, periods, self.horizon);
                let outlook = outlook.or_else(|| Method::Naive.forecast(y, &[], self.horizon)).ok_or("empty")?;
                f.iter_mut().zip(outlook.mean).for_each(|(f, m)| *f += m / methods.len() as f64);
            }
        }
        let spent = cpu()? - clock;
        let name = methods.iter().map(Method::to_string).collect::<Vec<_>>().join(" & ");
        self.row(&format!("Mean of {name}"), &forecasts, spent, serde_json::Value::Null)
    }

    fn automatic(&self, params: &AutoParams) -> Result<(), Failure> {
        let clock = cpu()?;
        let answers: Vec<Answer> = params.forecast(&self.train);
        let spent = cpu()? - clock;
        let mut totals: Vec<(Method, f64)> = params.methods.iter().map(|m| (*m, 0.0)).collect();
        for (method, weight) in answers.iter().flat_map(|a| &a.weights) {
            totals.iter_mut().filter(|t| t.0 == *method).for_each(|t| t.1 += weight / answers.len() as f64);
        }
        let mut more = vec![serde_json::json!(
            totals.iter().map(|(m, w)| (m.to_string(), (w * 1e3).round() / 1e3)).collect::<Vec<_>>()
        )];
        for (i, level) in params.levels.iter().enumerate() {
            let found: Vec<&(Band, Basis)> = answers.iter().filter_map(|a| a.bands.get(i)).collect();
            let bands: Vec<Band> = found.iter().map(|(b, _)| b.clone()).collect();
            if bands.len() == self.test.len() {
                more.push(self.coverage(&bands, *level));
            }
        }
        let means: Vec<Vec<f64>> = answers.into_iter().map(|a| a.mean).collect();
        self.row("Automatic", &means, spent, serde_json::json!(more))
    }
}

fn weekly(folder: &Path) -> Result<(), Failure> {
    let group = Group::read(folder, "Weekly", "weekly", 1, 13)?;
    for method in [Method::Naive, Method::SeasonalNaive(52), Method::Ets(1), Method::DampedEts, Method::Theta(1)] {
        group.single(method, &[52])?;
    }
    for method in [Method::MstlEts(Scale::Plain), Method::MstlTheta(Scale::Log)] {
        group.single(method, &[52])?;
    }
    group.mean_of(&[Method::Ets(1), Method::Theta(1)], &[52])?;
    group.automatic(&AutoParams::new(group.horizon, &[52]))
}

fn hourly(folder: &Path) -> Result<(), Failure> {
    let group = Group::read(folder, "Hourly", "hourly", 24, 48)?;
    for method in [
        Method::SeasonalNaive(24),
        Method::SeasonalNaive(168),
        Method::Theta(24),
        Method::MstlEts(Scale::Plain),
        Method::MstlEts(Scale::Log),
        Method::MstlTheta(Scale::Plain),
    ] {
        group.single(method, &[24, 168])?;
    }
    group.automatic(&AutoParams::new(group.horizon, &[24, 168]))
}

/// Weekly series of three years: level, trend, yearly season and noise of their own.
fn many(n: usize) -> Result<(), Failure> {
    let make = |i: u64| -> Vec<f64> {
        let mut rng = Seed(17).stream(i);
        let (level, trend, swing) = (20.0 + 200.0 * rng.uniform(), 0.3 * rng.normal(), 0.4 * rng.uniform());
        let mut walk = 0.0;
        (0..156)
            .map(|t| {
                walk += 0.02 * rng.normal();
                let season = 1.0 + swing * (t as f64 / 52.0 * std::f64::consts::TAU).sin();
                ((level + trend * f64::from(t)) * season * (walk + 0.1 * rng.normal()).exp()).max(0.0).round()
            })
            .collect()
    };
    let series: Vec<Vec<f64>> = (0..n as u64).map(make).collect();
    for method in [Method::Ets(1), Method::Theta(1), Method::MstlEts(Scale::Plain)] {
        let clock = cpu()?;
        let answered =
            series.par_iter().filter(|y| method.forecast(y, &[52], 13).is_some_and(|o| o.mean.len() == 13)).count();
        let spent = cpu()? - clock;
        println!(
            "{}",
            serde_json::json!({"group": "many", "series": n, "weeks": 156, "method": method.to_string(), "answered": answered, "cpu_s": spent})
        );
    }
    Ok(())
}

/// CPU seconds of this process, all threads together.
fn cpu() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let own: f64 = text.split_whitespace().next().ok_or("no time")?.parse()?;
    let mut all = 0.0;
    for entry in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(entry?.path().join("schedstat"))?;
        all += text.split_whitespace().next().ok_or("no time")?.parse::<f64>()?;
    }
    Ok(all.max(own) / 1e9)
}
