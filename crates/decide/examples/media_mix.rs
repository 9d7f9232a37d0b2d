//! How fast and how well: search of a media mix, its study, and an allocation of 20 channels over 20 markets, as one JSON object.
//!
//! `cargo run --release -p decide --example media_mix -- <folder mmm_simulated>`; `scripts/peers/media_mix.py` runs the same search
//! by scipy's differential evolution. Seconds are CPU seconds of all threads, from `/proc/self/stat`, in steps of a hundredth.

use decide::budget::{AllocateParams, Cell, Grid, Limits, Line, Response, Total};
use decide::media::{Channel, Control, MediaData, MediaParams, StudyParams};
use domain::{Currency, Money, Seed};
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;

#[expect(clippy::print_stdout, reason = "an example prints its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("the folder mmm_simulated")?;
    let folder = Path::new(&folder);
    let robyn = robyn(&read(&folder.join("robyn/dt_simulated_weekly.csv.gz"))?)?;
    let start = cpu()?;
    let params = MediaParams { ridge: 1e-4, ..MediaParams::default() };
    let model = params.fit(&robyn, &[], Seed(1))?;
    // One search is too short for the clock: twenty seeds, and the worst of their fits.
    let mut worst = f64::INFINITY;
    for seed in 1..=20 {
        worst = worst.min(params.fit(&robyn, &[], Seed(seed))?.train_fit().r2);
    }
    let search = (cpu()? - start) / 21.0;
    let start = cpu()?;
    let study = MediaParams::default().study(&robyn, &[], &StudyParams::default(), Seed(1))?;
    let studied = cpu()? - start;
    let geo = geo(&read(&folder.join("meridian/geo_all_channels.csv.gz"))?)?;
    let start = cpu()?;
    let panel = MediaParams::default().fit(&geo, &[], Seed(1))?;
    let panel_seconds = cpu()? - start;
    let start = cpu()?;
    let allocation = AllocateParams::default().allocate(&grid(20, 20))?;
    let allocated = cpu()? - start;
    let channels: Vec<Value> = study
        .channels
        .iter()
        .map(|c| {
            json!({ "name": c.name, "share": [c.share.1.low, c.share.0, c.share.1.high],
                "roi": [c.roi.1.low, c.roi.0, c.roi.1.high], "verdict": c.verdict })
        })
        .collect();
    let held =
        study.held_out.as_ref().map(|h| json!({ "with": h.with_media, "without": h.without_media, "saved": h.saved }));
    let out = json!({
        "robyn": { "r2_train": model.train_fit().r2, "r2_train_worst_of_20_seeds": worst,
            "r2_test": model.test_fit().map(|f| f.r2), "search_seconds": search,
            "study_seconds": studied, "channels": channels, "held_out": held },
        "geo_panel": { "places": geo.n_places(), "weeks": geo.n_weeks(), "seconds": panel_seconds,
            "r2_train": panel.train_fit().r2, "r2_test": panel.test_fit().map(|f| f.r2),
            "shares": panel.channels().iter().map(|c| c.share).collect::<Vec<_>>() },
        "allocation_20_x_20": { "seconds": allocated, "gap": allocation.gap(), "spent": allocation.spent().minor },
    });
    println!("{}", serde_json::to_string_pretty(&out)?);
    Ok(())
}

/// CPU seconds of this process so far, in steps of a hundredth.
fn cpu() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may hold blanks; user and system time are fields 14 and 15.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

type Table = Vec<(String, Vec<String>)>;

fn read(path: &Path) -> Result<Table, Box<dyn Error>> {
    let mut csv = csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path)?));
    let mut columns: Table = csv.headers()?.iter().map(|h| (h.to_owned(), Vec::new())).collect();
    for record in csv.records() {
        record?.iter().zip(&mut columns).for_each(|(cell, column)| column.1.push(cell.to_owned()));
    }
    Ok(columns)
}

fn column<'a>(table: &'a Table, name: &str) -> Result<&'a [String], Box<dyn Error>> {
    Ok(&table.iter().find(|(n, _)| n == name).ok_or_else(|| format!("no column {name}"))?.1)
}

fn numbers(table: &Table, name: &str) -> Result<Vec<f64>, Box<dyn Error>> {
    column(table, name)?.iter().map(|c| Ok(c.parse()?)).collect()
}

fn robyn(table: &Table) -> Result<MediaData, Box<dyn Error>> {
    let mut channels = Vec::new();
    for name in ["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"] {
        channels.push(Channel { name: name.to_owned(), spend: numbers(table, name)? });
    }
    let mut controls = Vec::new();
    for name in ["competitor_sales_B", "newsletter"] {
        controls.push(Control { name: name.to_owned(), values: numbers(table, name)? });
    }
    for event in ["event1", "event2"] {
        let values = column(table, "events")?.iter().map(|c| f64::from(u8::from(c == event))).collect();
        controls.push(Control { name: event.to_owned(), values });
    }
    Ok(MediaData::national(numbers(table, "revenue")?, channels, controls))
}

fn geo(table: &Table) -> Result<MediaData, Box<dyn Error>> {
    let names = column(table, "geo")?;
    let n_weeks = names.iter().take_while(|n| **n == names[0]).count();
    let population = numbers(table, "population")?;
    let (orders, value) = (numbers(table, "conversions")?, numbers(table, "revenue_per_conversion")?);
    let mut channels = Vec::new();
    for at in 0..5 {
        let name = format!("Channel{at}_spend");
        channels.push(Channel { spend: numbers(table, &name)?, name });
    }
    let mut controls = Vec::new();
    for name in ["competitor_sales_control", "sentiment_score_control", "Promo"] {
        controls.push(Control { name: name.to_owned(), values: numbers(table, name)? });
    }
    Ok(MediaData {
        outcome: orders.iter().zip(&value).map(|(n, v)| n * v).collect(),
        channels,
        controls,
        size: population.iter().step_by(n_weeks).copied().collect(),
    })
}

/// Curves of every steepness under limits of every kind.
fn grid(rows: usize, columns: usize) -> Grid {
    let mut rng = Seed(11).stream(0);
    let eur = Currency::new(*b"EUR");
    let cells = (0..rows * columns)
        .map(|_| {
            let response = Response::Hill {
                coefficient: 20_000.0 * rng.uniform(),
                alpha: 0.5 + 2.5 * rng.uniform(),
                gamma: 0.2 + 0.8 * rng.uniform(),
                scale: 5_000.0 + 20_000.0 * rng.uniform(),
            };
            Some(Cell { response, limits: Limits { least: 0, most: Some(2_000_000) } })
        })
        .collect();
    let line = |kind: &str, at: usize, limits| Line { name: format!("{kind} {at}"), limits };
    Grid {
        rows: (0..rows).map(|r| line("channel", r, Limits::between(1_000_000, 12_000_000))).collect(),
        columns: (0..columns).map(|c| line("market", c, Limits::between(2_000_000, 15_000_000))).collect(),
        cells,
        total: Total::Exactly(Money { minor: 100_000_000, currency: eur }),
    }
}
