//! `bench forecast`: M4 weekly and hourly by every method alone and by the automatic choice, beside statsforecast where a Python
//! that has it is named, and a hundred thousand simulated weekly series.
//!
//! One thread on both sides, CPU seconds. The automatic choice is made by rolling origins inside the histories; what came after them
//! is read for the marks only. A method that both sides have must not be worse here; the naive one, which leaves nothing to
//! estimate, must come out equal, or the marks are not the same and the row is wrong.

mod m4;
mod many;

use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum, ValueHint};
use learn::series::{Answer, AutoParams, Band, Method, Outlook};
use m4::{Data, Group, HOURLY, Marks, WEEKLY};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `bench forecast`.
#[derive(Debug, Args)]
pub(crate) struct ForecastArgs {
    /// Folder with `Weekly-train.csv.gz` and so on; without it, ../shared/data/m4.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: Option<PathBuf>,
    /// Only these parts; without it, all.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Simulated weekly series.
    #[arg(long, default_value_t = 100_000)]
    series: u64,
    /// A Python that has statsforecast; without it, only our figures.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    python: Option<PathBuf>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Weekly,
    Hourly,
    Many,
}

/// Where M4 lies when it is there, from the project's root.
const SHARED: &str = "../shared/data/m4";
const SCRIPT: &str = include_str!("../../peers/forecast_statsforecast.py");
/// CPU seconds of all our methods, the automatic choice among them, over those of the peer's.
const CPU_GOAL: f64 = 0.2;
/// OWA that is level: what the third decimal cannot tell.
const LEVEL: f64 = 0.0005;

/// A method of ours.
#[derive(Debug, Serialize)]
struct Ours {
    method: String,
    marks: Marks,
    cpu_s: f64,
    more: serde_json::Value,
    /// The peer's name for the same.
    #[serde(skip)]
    peer: Option<&'static str>,
}

/// A method of the peer's.
#[derive(Debug, Deserialize, Serialize)]
struct Theirs {
    version: String,
    method: String,
    owa: f64,
    cpu_s: f64,
}

pub(crate) fn run(args: &ForecastArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    ensure!(args.series > 0, "--series must be at least 1");
    let wanted = |part: Part| args.only.is_empty() || args.only.contains(&part);
    let folder = args.data.as_deref().unwrap_or(Path::new(SHARED));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().context("one thread")?;
    for (part, group) in [(Part::Weekly, &WEEKLY), (Part::Hourly, &HOURLY)] {
        if !wanted(part) {
            continue;
        }
        if !folder.join(format!("{}-train.csv.gz", group.file)).is_file() {
            ensure!(args.data.is_none(), "there is no {}-train.csv.gz in {}", group.file, folder.display());
            report::note(&format!(
                "M4 {} is skipped: the optional data is not in {SHARED}; name it by --data",
                group.word
            ));
            continue;
        }
        let data = Data::read(folder, group)?;
        let ours = one.install(|| ours(group, &data))?;
        let theirs = peer(args, folder, group)?;
        add(row(group, &data, &ours, &theirs));
    }
    if wanted(Part::Many) {
        add(one.install(|| many::row(args.series)));
    }
    Ok(())
}

/// Every method alone, then the automatic choice.
fn ours(group: &Group, data: &Data) -> Result<Vec<Ours>> {
    let mut found = Vec::new();
    for (method, peer) in group.methods {
        report::note(&format!("forecast, M4 {}: {method}", group.word));
        found.push(single(group, data, *method, *peer)?);
    }
    report::note(&format!("forecast, M4 {}: the automatic choice", group.word));
    found.push(automatic(data, &AutoParams::new(group.horizon, group.seasons))?);
    Ok(found)
}

fn single(group: &Group, data: &Data, method: Method, peer: Option<&'static str>) -> Result<Ours> {
    let started = cpu_seconds();
    let of = |y: &Vec<f64>| {
        let outlook = method.forecast(y, group.seasons, group.horizon);
        outlook.or_else(|| Method::Naive.forecast(y, &[], group.horizon))
    };
    let outlooks: Vec<Outlook> = data.train.iter().map(of).collect::<Option<_>>().context("an empty series")?;
    let cpu_s = cpu_seconds() - started;
    let bands = |level| outlooks.iter().map(|o| Band::normal(o, level)).collect::<Option<Vec<_>>>();
    let held: Vec<_> = [0.8, 0.95].into_iter().filter_map(|l| Some(data.held(&bands(l)?, l))).collect();
    let means: Vec<Vec<f64>> = outlooks.into_iter().map(|o| o.mean).collect();
    let marks = data.marks(&means)?;
    Ok(Ours { method: method.to_string(), marks, cpu_s, more: json!({ "intervals": held }), peer })
}

fn automatic(data: &Data, params: &AutoParams) -> Result<Ours> {
    let started = cpu_seconds();
    let answers: Vec<Answer> = params.forecast(&data.train);
    let cpu_s = cpu_seconds() - started;
    let mut weights: Vec<(Method, f64)> = params.methods.iter().map(|m| (*m, 0.0)).collect();
    for (method, weight) in answers.iter().flat_map(|a| &a.weights) {
        let of = weights.iter_mut().filter(|w| w.0 == *method);
        of.for_each(|w| w.1 += weight / answers.len() as f64);
    }
    let weights: Vec<_> = weights.into_iter().map(|(m, w)| (m.to_string(), (w * 1e3).round() / 1e3)).collect();
    let mut held = Vec::new();
    for (at, level) in params.levels.iter().enumerate() {
        let bands: Option<Vec<Band>> = answers.iter().map(|a| Some(a.bands.get(at)?.0.clone())).collect();
        held.extend(bands.map(|bands| data.held(&bands, *level)));
    }
    let means: Vec<Vec<f64>> = answers.into_iter().map(|a| a.mean).collect();
    let more = json!({ "weights": weights, "intervals": held });
    Ok(Ours { method: "automatic".into(), marks: data.marks(&means)?, cpu_s, more, peer: None })
}

fn peer(args: &ForecastArgs, folder: &Path, group: &Group) -> Result<Vec<Theirs>> {
    let Some(python) = &args.python else { return Ok(Vec::new()) };
    report::note(&format!("forecast, M4 {}: asking statsforecast", group.word));
    let place = tempfile::tempdir()?;
    let script = place.path().join("forecast_statsforecast.py");
    std::fs::write(&script, SCRIPT)?;
    let said = Command::new(python)
        .arg(&script)
        .arg(folder)
        .arg(group.word)
        .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"].map(|name| (name, "1")))
        .output()
        .with_context(|| format!("starting {}", python.display()))?;
    ensure!(said.status.success(), "the peer ended with {}: {}", said.status, String::from_utf8_lossy(&said.stderr));
    let answers = serde_json::Deserializer::from_slice(&said.stdout).into_iter().collect::<Result<Vec<_>, _>>();
    let answers: Vec<Theirs> = answers.context("the peer's answer")?;
    ensure!(!answers.is_empty(), "the peer said nothing");
    Ok(answers)
}

fn row(group: &Group, data: &Data, ours: &[Ours], theirs: &[Theirs]) -> Row {
    let all = |seconds: &mut dyn Iterator<Item = f64>| seconds.sum::<f64>();
    let our_s = all(&mut ours.iter().map(|o| o.cpu_s));
    let their_s = all(&mut theirs.iter().map(|t| t.cpu_s));
    let said = |method: &str, owa: f64, cpu_s: f64| format!("{method} {owa:.4} in {cpu_s:.2} CPU s");
    let mut goals = Vec::new();
    let mut wrong = Vec::new();
    for automatic in ours.iter().filter(|o| o.method == "automatic") {
        goals.push(Goal::new("OWA of the automatic choice", automatic.marks.owa, Better::Lower, group.owa_goal, ""));
    }
    let mut pairs = Vec::new();
    for ours in ours {
        let Some(peer) = theirs.iter().find(|t| Some(t.method.as_str()) == ours.peer) else { continue };
        let apart = ours.marks.owa - peer.owa;
        if peer.method.ends_with("Naive") {
            if apart.abs() > 1e-9 {
                wrong.push(format!("{}: OWA {} here, {} by the peer", ours.method, ours.marks.owa, peer.owa));
            }
            continue;
        }
        pairs.push(format!("{} {:.3} / {:.3}", ours.method, ours.marks.owa, peer.owa));
        let what = format!("OWA of {} less the peer's {}", ours.method, peer.method);
        goals.push(Goal::new(&what, apart, Better::Lower, LEVEL, ""));
    }
    let ratio = our_s / their_s.max(1e-9);
    if !theirs.is_empty() {
        goals.push(Goal::new("CPU of all our methods over the peer's", ratio, Better::Lower, CPU_GOAL, ""));
    }
    Row {
        task: format!("forecast, M4 {}", group.word),
        data: format!("{} series, {} ahead", data.train.len(), group.horizon),
        ours: format!(
            "OWA of {}; together {our_s:.1} CPU s",
            ours.iter().map(|o| said(&o.method, o.marks.owa, o.cpu_s)).collect::<Vec<_>>().join(", ")
        ),
        peer: theirs.first().map_or_else(
            || "not asked: name a Python that has statsforecast by --python".to_owned(),
            |first| {
                let each: Vec<String> = theirs.iter().map(|t| said(&t.method, t.owa, t.cpu_s)).collect();
                format!("statsforecast@{}: {}; together {their_s:.1} CPU s", first.version, each.join(", "))
            },
        ),
        ratio: if theirs.is_empty() { "-".to_owned() } else { format!("{ratio:.3}") },
        quality: if pairs.is_empty() { "-".to_owned() } else { format!("OWA {}", pairs.join(", ")) },
        goals,
        wrong,
        runs: json!({ "ours": ours, "peer": theirs }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Outcome, Report};

    fn ours(method: &str, owa: f64, cpu_s: f64, peer: Option<&'static str>) -> Ours {
        let marks = Marks { smape: 1.0, mase: 1.0, owa };
        Ours { method: method.into(), marks, cpu_s, more: json!(null), peer }
    }

    fn theirs(method: &str, owa: f64, cpu_s: f64) -> Theirs {
        Theirs { version: "2".into(), method: method.into(), owa, cpu_s }
    }

    fn outcome(ours: &[Ours], theirs: &[Theirs]) -> Outcome {
        let data = Data::of(vec![vec![1.0, 2.0]], vec![vec![3.0]]);
        let mut report = Report::new(true);
        report.add(row(&WEEKLY, &data, ours, theirs));
        report.finish().expect("nothing to print")
    }

    // 4 CPU seconds of 20 are a fifth; a tie to the fourth decimal is level, a naive forecast that differs is another measure.
    #[test]
    fn a_goal_is_missed_by_time_or_accuracy_and_unlike_marks_are_wrong() {
        let peers = [theirs("Naive", 1.0, 0.0), theirs("AutoETS", 0.93, 20.0)];
        let at = |owa: f64, cpu_s: f64, naive: f64| {
            let ours = [
                ours("Naive", naive, 0.0, Some("Naive")),
                ours("ETS", owa, 1.0, Some("AutoETS")),
                ours("automatic", 0.75, cpu_s - 1.0, None),
            ];
            outcome(&ours, &peers)
        };
        assert_eq!(at(0.9304, 4.0, 1.0), Outcome::Good);
        assert_eq!(at(0.9306, 4.0, 1.0), Outcome::GoalMissed);
        assert_eq!(at(0.92, 4.1, 1.0), Outcome::GoalMissed);
        assert_eq!(at(0.92, 4.0, 1.001), Outcome::Wrong);
        assert_eq!(outcome(&[ours("automatic", 0.95, 1.0, None)], &[]), Outcome::GoalMissed);
    }
}
