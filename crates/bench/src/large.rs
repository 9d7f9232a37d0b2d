//! `bench ingest-large`: a simulated file of millions of lines must go through in bounded memory,
//! about as fast a row as a small file, and nothing may be lost on the way.

use crate::data::{self, Place, RETAIL_LINES};
use crate::measure;
use crate::portolan::Portolan;
use crate::report::{self, Better, Goal, Row, mib};
use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Of the small file's rows a second, at least so much.
const RATE_RATIO: f64 = 0.75;
/// Peak memory, MiB: 1.5 GiB.
const PEAK_MIB: f64 = 1536.0;

/// `bench ingest-large`.
#[derive(Debug, Default, Args)]
pub(crate) struct LargeArgs {
    /// Lines of the simulated file; without it, 20,000,000.
    #[arg(long, value_name = "N")]
    lines: Option<u64>,
    /// Folder for the simulated files, which stay there; without it, one for temporary files.
    #[arg(long = "files", value_name = "DIR", value_hint = ValueHint::DirPath)]
    files: Option<PathBuf>,
    /// The small file; without it, ../shared's or a simulated one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    small: Option<PathBuf>,
}

/// A file taken in.
struct Taken {
    rows: u64,
    wall_s: f64,
    cpu_s: f64,
    peak_bytes: u64,
}

impl Taken {
    fn rows_per_s(&self) -> f64 {
        self.rows as f64 / self.wall_s
    }

    /// Rows a second of CPU time: what is left to compare on a machine that is busy with other work.
    fn rows_per_cpu_s(&self) -> f64 {
        self.rows as f64 / self.cpu_s
    }
}

pub(crate) fn run(portolan: &Portolan, place: &Place, args: &LargeArgs) -> Result<Row> {
    let lines = args.lines.unwrap_or(20_000_000);
    let files = args.files.clone().unwrap_or_else(|| place.lasting("portolan-bench-bulk"));
    let (large_file, _) = data::bulk_file(portolan, &files, lines)?;
    let real = data::retail_file(portolan, place, args.small.as_deref())?;
    let (small_file, _) = data::bulk_file(portolan, &files, RETAIL_LINES)?;
    let mut wrong = Vec::new();
    // The small ones first and once more afterwards: a machine that gets busier shows.
    let small = take(portolan, place, &small_file, Some(RETAIL_LINES), &mut wrong)?;
    let shop = take(portolan, place, &real, None, &mut wrong)?;
    let large = take(portolan, place, &large_file, Some(lines), &mut wrong)?;
    let again = take(portolan, place, &small_file, Some(RETAIL_LINES), &mut wrong)?;
    let small_rate = (small.rows_per_s() + again.rows_per_s()) / 2.0;
    let small_cpu_rate = (small.rows_per_cpu_s() + again.rows_per_cpu_s()) / 2.0;
    let rate = |rows_per_s: f64| format!("{:.0} rows/s", rows_per_s);
    Ok(Row {
        task: "ingest + clean + write, large".to_owned(),
        data: format!("{} of {lines} lines", data::describe(&large_file)?),
        ours: format!(
            "{}: {}, {:.1} s wall, {:.1} s CPU, {:.0} MiB",
            portolan.version(),
            rate(large.rows_per_s()),
            large.wall_s,
            large.cpu_s,
            mib(large.peak_bytes)
        ),
        peer: format!(
            "ours on {RETAIL_LINES} simulated lines: {}, {:.0} MiB; on {}: {}",
            rate(small_rate),
            mib(small.peak_bytes),
            data::describe(&real)?,
            rate(shop.rows_per_s())
        ),
        ratio: format!(
            "rate by wall clock {:.2}, by CPU {:.2}",
            large.rows_per_s() / small_rate,
            large.rows_per_cpu_s() / small_cpu_rate
        ),
        quality: if wrong.is_empty() {
            "every line is in the lake or among the rejects".to_owned()
        } else {
            "lines LOST".to_owned()
        },
        goals: vec![
            Goal::new(
                "rows a second, large / small simulated",
                large.rows_per_s() / small_rate,
                Better::Higher,
                RATE_RATIO,
                "",
            ),
            Goal::new(
                "rows a second, large / small file",
                large.rows_per_s() / shop.rows_per_s(),
                Better::Higher,
                RATE_RATIO,
                "",
            ),
            Goal::new("peak memory", mib(large.peak_bytes), Better::Lower, PEAK_MIB, " MiB"),
        ],
        wrong,
        runs: json!([small, shop, large, again].map(|t: Taken| json!({
            "rows": t.rows, "wall_s": t.wall_s, "cpu_s": t.cpu_s, "peak_bytes": t.peak_bytes
        }))),
    })
}

/// Takes a file in and counts what arrived.
fn take(portolan: &Portolan, place: &Place, file: &Path, lines: Option<u64>, wrong: &mut Vec<String>) -> Result<Taken> {
    let folder = place.fresh()?;
    let workspace = folder.path().join("workspace");
    measure::settle();
    let (_, cost) = portolan.init_and_ingest(file, &workspace)?;
    let query = "select (select count(*) from raw.order_lines) as raw, (select count(*) from order_lines) as clean, \
                 (select count(*) from rejects.rows where stage = 'read') as unread, \
                 (select count(*) from rejects.rows where stage = 'clean') as rejected, \
                 (select count(distinct line) from order_lines) as distinct_lines, \
                 (select cast(sum(unit_price * quantity - amount) as varchar) from order_lines) as untied";
    let row = portolan.one_row(&workspace, query)?;
    let figure =
        |name: &str| row.get(name).and_then(serde_json::Value::as_u64).with_context(|| format!("no figure {name}"));
    let (raw, clean, rejected) = (figure("raw")?, figure("clean")?, figure("rejected")?);
    let name = file.display();
    if let Some(lines) = lines
        && raw + figure("unread")? != lines
    {
        wrong.push(format!("{name}: {raw} raw rows and {} rejects of {lines} lines", figure("unread")?));
    }
    if clean + rejected != raw || figure("distinct_lines")? != clean {
        wrong.push(format!(
            "{name}: {clean} clean rows ({} lines) and {rejected} rejects of {raw} raw rows",
            figure("distinct_lines")?
        ));
    }
    let untied = row.get("untied").and_then(|v| v.as_str()).unwrap_or_default();
    if !untied.trim_matches(['0', '.', '-']).is_empty() {
        wrong.push(format!("{name}: amounts differ from quantity × price by {untied}"));
    }
    let taken = Taken { rows: raw, wall_s: cost.wall_s, cpu_s: cost.cpu_s, peak_bytes: cost.peak_bytes };
    report::note(&format!(
        "{name}: {raw} rows, {:.2} s wall, {:.2} s CPU, {:.0} MiB, {:.0} rows/s",
        taken.wall_s,
        taken.cpu_s,
        mib(taken.peak_bytes),
        taken.rows_per_s()
    ));
    Ok(taken)
}
