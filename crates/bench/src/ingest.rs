//! `bench ingest`: a retail export taken in and cleaned, by `portolan` and by pandas.
//!
//! Both start as fresh processes on fresh folders, ours by two commands (`init`, `ingest`). They
//! take turns, so that a machine that slows down slows both, and ratios are taken pair by pair.

use crate::control::{self, Control};
use crate::data::{self, Place};
use crate::measure::{self, Cost};
use crate::peer::{Peer, Style};
use crate::portolan::Portolan;
use crate::report::{self, Better, Goal, Row, mib};
use crate::stats::Spread;
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueHint};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The goals: ours in at most so much of the peer's time and memory.
const TIME_RATIO: f64 = 0.25;
const MEMORY_RATIO: f64 = 0.5;

/// `bench ingest`.
#[derive(Debug, Default, Args)]
pub(crate) struct IngestArgs {
    /// A file in the Online Retail layout; without it, ../shared's or a simulated one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    data: Option<PathBuf>,
    /// Runs of each side; without it, 3.
    #[arg(long)]
    runs: Option<usize>,
    /// Only this peer; without it, both.
    #[arg(long, value_enum)]
    peer: Option<Style>,
}

/// One turn of ours and of each peer.
struct Turn {
    ours: Cost,
    peers: Vec<Cost>,
}

/// What one peer said.
#[derive(Default)]
struct Said {
    wrong: Vec<String>,
    phases: Vec<String>,
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &IngestArgs) -> Result<Vec<Row>> {
    let file = data::retail_file(portolan, place, args.data.as_deref())?;
    let runs = args.runs.unwrap_or(3);
    ensure!(runs > 0, "--runs must be at least 1");
    let styles = args.peer.map_or_else(|| Style::ALL.to_vec(), |style| vec![style]);
    let peer = Peer::ready()?;
    let mut turns = Vec::new();
    let mut said: Vec<Said> = styles.iter().map(|_| Said::default()).collect();
    let mut figures = Control::new();
    for run in 1..=runs {
        let (ours, our_control) = ours(portolan, place, &file)?;
        report::note(&format!("ingest, run {run} of {runs}: ours {}", words(ours)));
        let mut turn = Turn { ours, peers: Vec::new() };
        for (style, said) in styles.iter().zip(&mut said) {
            let (cost, control, phases) = theirs(&peer, *style, place, &file)?;
            report::note(&format!("ingest, run {run} of {runs}: pandas {} {}", style.word(), words(cost)));
            let different = control::differences(&our_control, &control);
            said.wrong.extend(different.into_iter().map(|d| format!("run {run}: {d}")));
            said.phases = phases.lines().map(str::to_owned).collect();
            turn.peers.push(cost);
        }
        turns.push(turn);
        figures = our_control;
    }
    let rows = styles.iter().zip(said).enumerate();
    rows.map(|(at, (style, said))| {
        let pairs: Vec<(Cost, Cost)> = turns.iter().map(|t| (t.ours, t.peers[at])).collect();
        row(&file, portolan, *style, &pairs, &figures, said)
    })
    .collect()
}

fn ours(portolan: &Portolan, place: &Place, file: &Path) -> Result<(Cost, Control)> {
    let folder = place.fresh()?;
    let workspace = folder.path().join("workspace");
    measure::settle();
    let (cost, _) = portolan.init_and_ingest(file, &workspace)?;
    let control = control::of_object(&portolan.one_row(&workspace, &control::query())?)?;
    Ok((cost, control))
}

fn theirs(peer: &Peer, style: Style, place: &Place, file: &Path) -> Result<(Cost, Control, String)> {
    let folder = place.fresh()?;
    measure::settle();
    let ended = measure::run(&peer.python(), &[peer.script(style).into(), file.into(), folder.path().into()])?;
    let control = control::of_output(&ended.stdout)?;
    Ok((ended.cost, control, ended.stderr))
}

/// One row from pairs of (ours, the peer's).
fn row(
    file: &Path,
    portolan: &Portolan,
    style: Style,
    pairs: &[(Cost, Cost)],
    figures: &Control,
    said: Said,
) -> Result<Row> {
    let spread = |f: &dyn Fn(&(Cost, Cost)) -> f64| Spread::of(pairs.iter().map(f)).context("no runs");
    let side = |of: &dyn Fn(&(Cost, Cost)) -> Cost| -> Result<String> {
        Ok(format!(
            "{} wall, {} CPU, {:.0} MiB",
            spread(&|p| of(p).wall_s)?.text(2, " s"),
            spread(&|p| of(p).cpu_s)?.text(2, " s"),
            spread(&|p| mib(of(p).peak_bytes))?.median
        ))
    };
    let wall = spread(&|(ours, theirs)| ours.wall_s / theirs.wall_s)?;
    let cpu = spread(&|(ours, theirs)| ours.cpu_s / theirs.cpu_s)?;
    let memory = spread(&|(ours, theirs)| ours.peak_bytes as f64 / theirs.peak_bytes as f64)?;
    let quality = if said.wrong.is_empty() {
        format!("all {} control figures equal / equal", figures.len())
    } else {
        "control figures DIFFER".to_owned()
    };
    Ok(Row {
        task: "ingest + clean + write".to_owned(),
        data: data::describe(file)?,
        ours: format!("{}: {}", portolan.version(), side(&|p| p.0)?),
        peer: format!("{} ({}): {}", Peer::version(), style.word(), side(&|p| p.1)?),
        ratio: format!("wall {}, CPU {}, memory {}", wall.text(2, ""), cpu.text(2, ""), memory.text(2, "")),
        quality,
        goals: match style {
            // Shown beside it as the harder comparison; no goal was set for it.
            Style::Tuned => Vec::new(),
            Style::Plain => vec![
                Goal::new("wall clock, ours / the peer's", wall.median, Better::Lower, TIME_RATIO, ""),
                Goal::new("peak memory, ours / the peer's", memory.median, Better::Lower, MEMORY_RATIO, ""),
            ],
        },
        wrong: said.wrong,
        runs: json!({
            "pairs": pairs.iter().map(|(ours, theirs)| json!({"ours": ours, "peer": theirs})).collect::<Vec<_>>(),
            "control": figures,
            "peer_phases": said.phases,
        }),
    })
}

fn words(cost: Cost) -> String {
    format!("{:.2} s wall, {:.2} s CPU, {:.0} MiB", cost.wall_s, cost.cpu_s, mib(cost.peak_bytes))
}
