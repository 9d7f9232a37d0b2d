//! `bench rfm`: recency, frequency and monetary scores of the Online Retail file, beside pandas.
//!
//! Three rows: sums and scores of lines in memory, columns of texts, days and amounts on both sides, by one thread and in CPU
//! seconds; the same from the file on, and from the file unpacked beforehand, in seconds, because our reader ([`crate::retail`]'s)
//! works with every core and the peer's with one. What counts is a line of a known customer with a positive quantity and price
//! that is no cancellation. Cleaning is another question, and `bench ingest` asks it.

use crate::data::{self, Place};
use crate::peer::Peer;
use crate::portolan::Portolan;
use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use crate::retail;
use anyhow::{Context, Result, ensure};
use audience::rfm::{Rfm, RfmParams, ScoreMethod};
use audience::{Sales, summaries};
use clap::{Args, ValueHint};
use domain::Day;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// `bench rfm`.
#[derive(Debug, Default, Args)]
pub(crate) struct RfmArgs {
    /// A file in the Online Retail layout; without it, ../shared's or a simulated one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    data: Option<PathBuf>,
    /// How often the peer makes sums and scores, and we ten times as often; without it, 20.
    #[arg(long)]
    repeats: Option<u32>,
}

const SCRIPT: &str = include_str!("../peers/rfm_pandas.py");
/// How much quicker than the peer it has to be.
const RATIO_GOAL: f64 = 10.0;
/// How often we go over the lines for one time of the peer's, so that both work for about as long: a tenth of a second beside two
/// seconds would say more of what else the machine had to do in it.
const OURS_FOR_ONE: u32 = 10;

/// How often both are asked in turn; the middle one counts.
const TURNS: usize = 5;

/// How often both go from the file to the scores in a turn; the middle one counts.
const READS: usize = 3;

/// What both sides must agree on.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Control {
    lines: usize,
    shoppers: usize,
    days: u64,
    orders: u64,
    cents: i64,
    best: usize,
    weighed: u64,
}

#[derive(Deserialize)]
struct Said {
    version: String,
    whole_s: f64,
    score_cpu_s: f64,
    control: Control,
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &RfmArgs) -> Result<Vec<Row>> {
    let repeats = args.repeats.unwrap_or(20);
    ensure!((1..=1_000).contains(&repeats), "--repeats must be from 1 to 1000");
    let file = data::retail_file(portolan, place, args.data.as_deref())?;
    let peer = Peer::ready()?;
    let folder = place.fresh()?;
    let (ours, theirs) = in_turn(&peer, place, &file, repeats)?;
    let row = |what: &str, (ours, theirs): (&Ours, &Said), times: [f64; 2], shown: [String; 2]| -> Result<Row> {
        let ratio = times[1] / times[0].max(1e-6);
        let equal = ours.control == theirs.control;
        let [our_time, their_time] = shown;
        Ok(Row {
            task: format!("RFM, {what}"),
            data: format!(
                "{}, {} lines of {} customers",
                data::describe(&file)?,
                ours.control.lines,
                ours.control.shoppers
            ),
            ours: our_time,
            peer: format!("pandas@{}: {their_time}", theirs.version),
            ratio: format!("{ratio:.1}"),
            quality: format!("sums and scores {}", if equal { "equal / equal" } else { "DIFFER" }),
            goals: vec![Goal::new("ratio of times", ratio, Better::Higher, RATIO_GOAL, "")],
            wrong: if equal {
                Vec::new()
            } else {
                vec![format!("ours {:?}, the peer's {:?}", ours.control, theirs.control)]
            },
            runs: json!({ "ours_s": times[0], "peer_s": times[1], "control": ours.control }),
        })
    };
    let whole = |what: &str, ours: &Ours, theirs: &Said| {
        let times = [ours.whole_s, theirs.whole_s];
        row(what, (ours, theirs), times, times.map(|s| format!("{:.1} ms", 1e3 * s)))
    };
    let times = [ours.score_cpu_s, theirs.score_cpu_s];
    let mut rows = vec![
        row("from lines in memory", (&ours, &theirs), times, times.map(|s| format!("{:.1} CPU ms", 1e3 * s)))?,
        whole("from the file", &ours, &theirs)?,
    ];
    if let Some(plain) = unpacked(&file, folder.path())? {
        let (ours, theirs) = in_turn(&peer, place, &plain, 1)?;
        rows.push(whole("from the unpacked file", &ours, &theirs)?);
    }
    Ok(rows)
}

/// Both sides in turn, so that what else the machine does befalls both; of every time the middle one.
fn in_turn(peer: &Peer, place: &Place, file: &Path, repeats: u32) -> Result<(Ours, Said)> {
    let both = || -> Result<(Ours, Said)> {
        Ok((Ours::of(file, repeats * OURS_FOR_ONE)?, asked(peer, place, file, repeats)?))
    };
    let (mut ours, mut theirs): (Vec<Ours>, Vec<Said>) =
        (0..TURNS).map(|_| both()).collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let middle = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[TURNS / 2]
    };
    let (our_whole, our_score) =
        (ours.iter().map(|o| o.whole_s).collect(), ours.iter().map(|o| o.score_cpu_s).collect());
    let (whole, score) = (theirs.iter().map(|t| t.whole_s).collect(), theirs.iter().map(|t| t.score_cpu_s).collect());
    let (last, said) = (ours.pop().context("a turn")?, theirs.pop().context("a turn")?);
    Ok((
        Ours { whole_s: middle(our_whole), score_cpu_s: middle(our_score), ..last },
        Said { whole_s: middle(whole), score_cpu_s: middle(score), ..said },
    ))
}

/// What our side needed and found.
struct Ours {
    whole_s: f64,
    score_cpu_s: f64,
    control: Control,
}

impl Ours {
    fn of(file: &Path, repeats: u32) -> Result<Self> {
        let threads = std::thread::available_parallelism()?.get();
        let once = || -> Result<f64> {
            let started = Instant::now();
            rfm(&retail::read(file, threads)?)?;
            Ok(started.elapsed().as_secs_f64())
        };
        let mut whole_s = (0..READS).map(|_| once()).collect::<Result<Vec<_>>>()?;
        whole_s.sort_by(f64::total_cmp);
        let lines = retail::read(file, threads)?;
        let started = cpu_seconds();
        let mut scored = rfm(&lines)?;
        for _ in 1..repeats {
            scored = rfm(&lines)?;
        }
        let score_cpu_s = (cpu_seconds() - started) / f64::from(repeats);
        Ok(Self { whole_s: whole_s[READS / 2], score_cpu_s, control: control(&lines, &scored) })
    }
}

/// The file without gzip, in `folder`; `None` where it has none.
fn unpacked(file: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    if file.extension().is_none_or(|e| e != "gz") {
        return Ok(None);
    }
    let plain = folder.join("retail.csv");
    let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
    std::io::copy(&mut flate2::read::GzDecoder::new(opened), &mut File::create(&plain)?)?;
    Ok(Some(plain))
}

fn rfm(lines: &[Sales]) -> Result<Rfm> {
    let shoppers = summaries(lines);
    // The day after the last one.
    let last = shoppers.iter().map(|shopper| shopper.last_day.0).max().context("no line that counts")?;
    let params = RfmParams { snapshot: Day(last).plus(1), method: ScoreMethod::RankQuintiles };
    Ok(params.score(&shoppers)?)
}

fn control(lines: &[Sales], scored: &Rfm) -> Control {
    let rows = scored.rows();
    let micros: i64 = rows.iter().map(|r| r.monetary.micros()).sum();
    Control {
        lines: lines.iter().map(Sales::len).sum(),
        shoppers: rows.len(),
        days: rows.iter().map(|r| u64::from(r.recency_days)).sum(),
        orders: rows.iter().map(|r| u64::from(r.frequency)).sum(),
        cents: (micros + 5_000).div_euclid(10_000),
        best: rows.iter().filter(|r| (r.r, r.f, r.m) == (5, 5, 5)).count(),
        weighed: rows.iter().map(|r| u64::from(r.r) * 25 + u64::from(r.f) * 5 + u64::from(r.m)).sum(),
    }
}

fn asked(peer: &Peer, place: &Place, file: &Path, repeats: u32) -> Result<Said> {
    report::note("asking pandas");
    let folder = place.fresh()?;
    let script = folder.path().join("rfm_pandas.py");
    std::fs::write(&script, SCRIPT)?;
    let said = Command::new(peer.python())
        .arg(&script)
        .arg(file)
        .args([READS.to_string(), repeats.to_string()])
        .env("OMP_NUM_THREADS", "1")
        .output()
        .context("starting the peer")?;
    ensure!(said.status.success(), "the peer ended with {}: {}", said.status, String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).context("the peer's answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2 at 1.50 and 1 at 0.25 are 3.25 for A, whose last day is two before the snapshot; the cancellation, the guest and
    // the gift do not count.
    #[test]
    fn lines_that_count_are_read_and_scored() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("retail.csv");
        let text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
            1,x,X,2,2011-01-01 08:00:00,1.50,A,GB\n1,y,Y,1,2011-01-01 08:00:00,0.25,A,GB\n\
            C2,x,X,-2,2011-01-02 08:00:00,1.50,A,GB\n3,x,X,2,2011-01-02 08:00:00,1.50,,GB\n\
            4,x,X,2,2011-01-02 08:00:00,0,B,GB\n5,x,X,1,2011-01-02 09:00:00,4,B,GB\n";
        std::fs::write(&file, text).expect("writing");
        let lines = retail::read(&file, 2).expect("lines");
        let found = control(&lines, &rfm(&lines).expect("scores"));
        assert_eq!((found.lines, found.shoppers, found.days, found.orders, found.cents), (3, 2, 3, 2, 725));
    }
}
