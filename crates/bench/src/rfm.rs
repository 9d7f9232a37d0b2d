//! `bench rfm`: recency, frequency and monetary scores of the Online Retail file, beside pandas.
//!
//! Two rows: sums and scores of lines in memory, texts as texts on both sides, and the same from the file on. What counts
//! is a line of a known customer with a positive quantity and price that is no cancellation. One thread; CPU seconds.
//! Cleaning is another question, and `bench ingest` asks it.

use crate::data::{self, Place};
use crate::peer::Peer;
use crate::portolan::Portolan;
use crate::recommend::cpu_seconds;
use crate::report::{self, Better, Goal, Row};
use anyhow::{Context, Result, ensure};
use audience::rfm::{Rfm, RfmParams, ScoreMethod};
use audience::{Sale, summaries};
use clap::{Args, ValueHint};
use domain::{Amount, Day, Decimal, Market};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

/// `bench rfm`.
#[derive(Debug, Default, Args)]
pub(crate) struct RfmArgs {
    /// A file in the Online Retail layout; without it, ../shared's or a simulated one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    data: Option<PathBuf>,
    /// How often sums and scores are made on each side; without it, 20.
    #[arg(long)]
    repeats: Option<u32>,
}

const SCRIPT: &str = include_str!("../peers/rfm_pandas.py");
/// How much quicker than the peer it has to be.
const RATIO_GOAL: f64 = 10.0;

/// A line that counts.
struct Line {
    invoice: String,
    customer: String,
    day: Day,
    amount: Amount,
}

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
    read_s: f64,
    score_s: f64,
    control: Control,
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &RfmArgs) -> Result<Vec<Row>> {
    let repeats = args.repeats.unwrap_or(20);
    ensure!(repeats > 0, "--repeats must be at least 1");
    let file = data::retail_file(portolan, place, args.data.as_deref())?;
    let started = cpu_seconds();
    let lines = read(&file)?;
    let read_s = cpu_seconds() - started;
    let started = cpu_seconds();
    let mut scored = rfm(&lines)?;
    for _ in 1..repeats {
        scored = rfm(&lines)?;
    }
    let score_s = (cpu_seconds() - started) / f64::from(repeats);
    let ours = control(&lines, &scored);
    let said = peer(&Peer::ready()?, place, &file, repeats)?;
    let wrong =
        if ours == said.control { Vec::new() } else { vec![format!("ours {ours:?}, the peer's {:?}", said.control)] };
    let row = |what: &str, our_s: f64, their_s: f64| -> Result<Row> {
        let ratio = their_s / our_s.max(1e-6);
        Ok(Row {
            task: format!("RFM, {what}"),
            data: format!("{}, {} lines of {} customers", data::describe(&file)?, ours.lines, ours.shoppers),
            ours: format!("{:.1} CPU ms", 1e3 * our_s),
            peer: format!("pandas@{}: {:.1} CPU ms", said.version, 1e3 * their_s),
            ratio: format!("{ratio:.1}"),
            quality: format!("sums and scores {}", if wrong.is_empty() { "equal / equal" } else { "DIFFER" }),
            goals: vec![Goal::new("ratio of CPU seconds", ratio, Better::Higher, RATIO_GOAL, "")],
            wrong: wrong.clone(),
            runs: json!({ "ours_cpu_s": our_s, "peer_cpu_s": their_s, "control": ours }),
        })
    };
    Ok(vec![
        row("from lines in memory", score_s, said.score_s)?,
        row("from the file", read_s + score_s, said.read_s + said.score_s)?,
    ])
}

fn read(file: &Path) -> Result<Vec<Line>> {
    let opened = BufReader::new(File::open(file).with_context(|| format!("opening {}", file.display()))?);
    let packed = file.extension().is_some_and(|e| e == "gz");
    let input: Box<dyn Read> = if packed { Box::new(flate2::read::GzDecoder::new(opened)) } else { Box::new(opened) };
    let mut csv = csv::Reader::from_reader(input);
    let (mut record, mut lines) = (csv::StringRecord::new(), Vec::new());
    while csv.read_record(&mut record)? {
        // InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
        let cell = |i: usize| record.get(i).unwrap_or_default();
        let (invoice, customer) = (cell(0), cell(6));
        let quantity: i64 = cell(3).parse().with_context(|| format!("quantity `{}`", cell(3)))?;
        if invoice.starts_with('C') || customer.is_empty() || quantity <= 0 {
            continue;
        }
        let price: Decimal = cell(5).parse().ok().with_context(|| format!("price `{}`", cell(5)))?;
        let price = Amount::from_decimal(price).with_context(|| format!("price `{}`", cell(5)))?;
        if price > Amount::ZERO {
            let day =
                cell(4).get(..10).and_then(|day| day.parse().ok()).with_context(|| format!("day `{}`", cell(4)))?;
            let amount = price.times(quantity).context("an amount that is too large")?;
            lines.push(Line { invoice: invoice.to_owned(), customer: customer.to_owned(), day, amount });
        }
    }
    Ok(lines)
}

fn rfm(lines: &[Line]) -> Result<Rfm> {
    let snapshot = lines.iter().map(|l| l.day).max().context("no line that counts")?.plus(1);
    let shoppers = summaries(lines.iter().map(|line| Sale {
        shopper: &line.customer,
        order: &line.invoice,
        market: Market::UNKNOWN,
        day: line.day,
        amount: line.amount,
    }));
    Ok(RfmParams { snapshot, method: ScoreMethod::RankQuintiles }.score(&shoppers)?)
}

fn control(lines: &[Line], scored: &Rfm) -> Control {
    let rows = scored.rows();
    let micros: i64 = rows.iter().map(|r| r.monetary.micros()).sum();
    Control {
        lines: lines.len(),
        shoppers: rows.len(),
        days: rows.iter().map(|r| u64::from(r.recency_days)).sum(),
        orders: rows.iter().map(|r| u64::from(r.frequency)).sum(),
        cents: (micros + 5_000).div_euclid(10_000),
        best: rows.iter().filter(|r| (r.r, r.f, r.m) == (5, 5, 5)).count(),
        weighed: rows.iter().map(|r| u64::from(r.r) * 25 + u64::from(r.f) * 5 + u64::from(r.m)).sum(),
    }
}

fn peer(peer: &Peer, place: &Place, file: &Path, repeats: u32) -> Result<Said> {
    report::note("asking pandas");
    let folder = place.fresh()?;
    let script = folder.path().join("rfm_pandas.py");
    std::fs::write(&script, SCRIPT)?;
    let said = Command::new(peer.python())
        .arg(&script)
        .arg(file)
        .arg(repeats.to_string())
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
        let lines = read(&file).expect("lines");
        let found = control(&lines, &rfm(&lines).expect("scores"));
        assert_eq!((found.lines, found.shoppers, found.days, found.orders, found.cents), (3, 2, 3, 2, 725));
    }
}
