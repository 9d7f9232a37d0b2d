//! `bench growth`: what fitting each model costs as the data grow, in CPU seconds and memory, until a model
//! takes longer than the limit or the machine has no more memory.
//!
//! Data are simulated: shoppers have ten interactions on average, products are a hundredth of the
//! interactions and at most 20,000, drawn by Zipf's law of power 0.8, two of three within one of ten tastes. A
//! model that took more than the limit at one size is not asked at larger ones. Rows go to a CSV file, both
//! figures to one SVG each.

use crate::recommend::cpu_seconds;
use crate::report::{self, Row};
use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, ValueHint};
use domain::{Day, Interaction, Interactions, ItemIdx, Kind, Market, Seed, ShopperIdx};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use recommend::ModelKind;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `bench growth`.
#[derive(Debug, Args)]
pub(crate) struct GrowthArgs {
    /// Numbers of interactions, ascending.
    #[arg(long, value_delimiter = ',', default_values_t = [100_000, 1_000_000])]
    sizes: Vec<usize>,
    /// Models, such as item-knn,ials; without it, all.
    #[arg(long = "model", value_delimiter = ',', value_name = "NAME,NAME")]
    models: Vec<String>,
    /// CPU seconds above which a model is not asked at larger sizes.
    #[arg(long, default_value_t = 60.0)]
    limit: f64,
    /// Folder for growth.csv, growth-time.svg and growth-memory.svg; rows of earlier calls stay in the CSV.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
}

/// One fit.
#[derive(Clone, Debug, PartialEq)]
struct Fit {
    model: String,
    cells: usize,
    items: usize,
    cpu_s: f64,
    peak_mb: f64,
}

pub(crate) fn run(args: &GrowthArgs, add: &mut dyn FnMut(Row)) -> Result<()> {
    ensure!(args.sizes.windows(2).all(|w| w[0] < w[1]), "sizes ascend");
    let known = ModelKind::all(Market::UNKNOWN);
    let unknown = args.models.iter().find(|name| known.iter().all(|kind| kind.name() != **name));
    ensure!(unknown.is_none(), "there is no model `{}`", unknown.map_or("", String::as_str));
    let mut kinds: Vec<ModelKind> = known
        .into_iter()
        .filter(|k| args.models.is_empty() || args.models.iter().any(|name| name == k.name()))
        .collect();
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let table = args.out.join("growth.csv");
    let mut rows = read(&table)?;
    let mut measured = Vec::new();
    for &size in &args.sizes {
        let train = simulated(size);
        let mut slow = Vec::new();
        for kind in &kinds {
            forget_peak();
            let started = cpu_seconds();
            match kind.fit(&train, Seed(1)) {
                Err(error) => {
                    report::note(&format!("{} at {size}: {error}", kind.name()));
                    slow.push(*kind);
                }
                Ok(model) => {
                    let (cpu_s, peak_mb) = (cpu_seconds() - started, peak_mb());
                    drop(model);
                    report::note(&format!("{} at {}: {cpu_s:.2} CPU s, {peak_mb:.0} MB", kind.name(), train.len()));
                    let items = train.n_items();
                    let fit = Fit { model: kind.name().into(), cells: train.len(), items, cpu_s, peak_mb };
                    rows.retain(|r| (r.model.as_str(), r.cells) != (kind.name(), train.len()));
                    rows.push(fit.clone());
                    measured.push(fit);
                    // Written at once: a fit that takes all memory ends the program.
                    write(&table, &rows)?;
                    slow.extend((cpu_s > args.limit).then_some(*kind));
                }
            }
        }
        kinds.retain(|kind| !slow.contains(kind));
    }
    rows.sort_by(|a, b| (&a.model, a.cells).cmp(&(&b.model, b.cells)));
    write(&table, &rows)?;
    plot(&args.out.join("growth-time.svg"), "CPU seconds to fit", &rows, |r| r.cpu_s.max(0.001))?;
    plot(&args.out.join("growth-memory.svg"), "most memory while fitting, MB, data included", &rows, |r| r.peak_mb)?;
    let largest = measured.iter().map(|fit| fit.cells).max().unwrap_or(0);
    let at_largest: Vec<&Fit> = measured.iter().filter(|fit| fit.cells == largest).collect();
    let all: Vec<_> = measured.iter().map(|f| json!([f.model, f.cells, f.items, f.cpu_s, f.peak_mb])).collect();
    add(Row {
        task: "growth".into(),
        data: format!("up to {largest} simulated interactions"),
        ours: at_largest.iter().map(|f| format!("{} {:.1} CPU s", f.model, f.cpu_s)).collect::<Vec<_>>().join(", "),
        peer: "no peer".into(),
        ratio: "-".into(),
        quality: format!("{} fits in {}", measured.len(), table.display()),
        goals: Vec::new(),
        wrong: Vec::new(),
        runs: json!(all),
    });
    Ok(())
}

const HEADER: &str = "model,cells,items,cpu_s,peak_mb";

fn write(path: &Path, rows: &[Fit]) -> Result<()> {
    let lines = rows.iter().map(|r| format!("{},{},{},{:.2},{:.0}\n", r.model, r.cells, r.items, r.cpu_s, r.peak_mb));
    let text: String = std::iter::once(format!("{HEADER}\n")).chain(lines).collect();
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<Vec<Fit>> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(Vec::new()) };
    let row = |line: &str| {
        let c: Vec<&str> = line.split(',').collect();
        let [model, cells, items, cpu_s, peak_mb] = c.as_slice() else { return None };
        let (cells, items) = (cells.parse().ok()?, items.parse().ok()?);
        Some(Fit { model: (*model).into(), cells, items, cpu_s: cpu_s.parse().ok()?, peak_mb: peak_mb.parse().ok()? })
    };
    let lines = text.lines().skip(1);
    lines.map(|l| row(l).with_context(|| format!("{}: `{l}` is not `{HEADER}`", path.display()))).collect()
}

/// Shoppers × items with about `n` cells.
fn simulated(n: usize) -> Interactions {
    let (n_shoppers, n_items) = ((n / 10).max(1), (n / 100).clamp(100, 20_000));
    let weights: Vec<f64> = (1..=n_items).map(|rank| (rank as f64).powf(-0.8)).collect();
    let total: f64 = weights.iter().sum();
    let mut summed = 0.0;
    let mut running = |w: &f64| {
        summed += w / total;
        summed
    };
    let cumulated: Vec<f64> = weights.iter().map(&mut running).collect();
    let row = |s: usize| {
        let mut rng = Seed(11).stream(s as u64);
        let (taste, length) = (rng.below(10), 1 + rng.poisson(9.0));
        let mut items: Vec<u32> = (0..length)
            .map(|_| {
                let drawn = rng.uniform();
                let rank = cumulated.partition_point(|c| *c < drawn).min(n_items - 1);
                let of_taste = if rng.below(3) > 0 { rank - rank % 10 + taste } else { rank };
                of_taste.min(n_items - 1) as u32
            })
            .collect();
        items.sort_unstable();
        items.dedup();
        items
    };
    let cell = |s: usize, item: u32| Interaction {
        shopper: ShopperIdx(s as u32),
        item: ItemIdx(item),
        kind: Kind::Purchase,
        day: Day(0),
        weight: 1.0,
    };
    let rows = (0..n_shoppers).flat_map(|s| row(s).into_iter().map(move |item| cell(s, item))).collect();
    Interactions::new(n_items, vec![Market::UNKNOWN; n_shoppers], rows).expect("items and shoppers within the matrix")
}

/// Starts the measure of [`peak_mb`] anew; where that is refused, peaks are those since the start.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Most memory that this process held, in MB; 0 where the system does not say.
fn peak_mb() -> f64 {
    let of = |status: String| {
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?.to_owned();
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    std::fs::read_to_string("/proc/self/status").ok().and_then(of).map_or(0.0, |kb| kb / 1024.0)
}

/// Dark enough on white, and unlike their neighbours.
const COLOURS: [RGBColor; 8] = [
    RGBColor(31, 119, 180),
    RGBColor(200, 80, 0),
    RGBColor(30, 130, 50),
    RGBColor(190, 30, 45),
    RGBColor(110, 70, 170),
    RGBColor(120, 75, 60),
    RGBColor(205, 40, 140),
    RGBColor(0, 130, 140),
];

/// Heights of names beside the ends of lines, which ascend: as near to them as names can stand that do not cover each other, above
/// `bottom` where there is room.
fn apart(ends: &[i32], bottom: i32) -> Vec<i32> {
    const NAME: i32 = 14;
    let mut heights = ends.to_vec();
    for i in 1..heights.len() {
        heights[i] = heights[i].max(heights[i - 1] + NAME);
    }
    let mut room = bottom;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(room);
        room = *height - NAME;
    }
    heights
}

/// A line a model over the number of interactions, both axes logarithmic.
fn plot(path: &Path, title: &str, rows: &[Fit], value: impl Fn(&Fit) -> f64) -> Result<()> {
    let mut lines: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    rows.iter().for_each(|r| lines.entry(&r.model).or_default().push((r.cells as f64, value(r).max(1e-3))));
    let points = || lines.values().flatten();
    let range = |of: fn(&(f64, f64)) -> f64| {
        let (low, high) = points().map(of).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        low * 0.8..high.max(low * 1.1) * 1.25
    };
    if lines.is_empty() {
        return Ok(());
    }
    // The names stand right of the points, where nothing else is drawn.
    let across = range(|p| p.0);
    let across = across.start..across.end * 30.0;
    let failed = |e: &dyn std::fmt::Display| anyhow!("drawing {}: {e}", path.display());
    let (wide, high) = (900, 560);
    let root = SVGBackend::new(path, (wide, high)).into_drawing_area();
    root.fill(&WHITE).map_err(|e| failed(&e))?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(60)
        .build_cartesian_2d(across.log_scale(), range(|p| p.1).log_scale())
        .map_err(|e| failed(&e))?;
    let number = |v: &f64| if *v >= 1e5 { format!("{v:.0e}") } else { format!("{v}") };
    let mesh =
        chart.configure_mesh().x_desc("interactions").x_label_formatter(&number).y_label_formatter(&number).draw();
    mesh.map_err(|e| failed(&e))?;
    let mut ends = Vec::new();
    for (at, (model, points)) in lines.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart.draw_series(line).map_err(|e| failed(&e))?;
        ends.extend(points.last().map(|last| (chart.backend_coord(last), *model, colour)));
    }
    ends.sort_by_key(|((_, y), ..)| *y);
    let beside = apart(&ends.iter().map(|((_, y), ..)| *y).collect::<Vec<_>>(), high as i32 - 60);
    let left = wide as i32 - 140;
    for (((x, y), model, colour), beside) in ends.into_iter().zip(beside) {
        let leader = PathElement::new(vec![(x + 4, y), (left - 12, beside), (left - 4, beside)], colour.mix(0.4));
        let centred = Pos::new(HPos::Left, VPos::Center);
        let name = Text::new(model, (left, beside), ("sans-serif", 12).into_font().color(&colour).pos(centred));
        root.draw(&leader).and_then(|()| root.draw(&name)).map_err(|e| failed(&e))?;
    }
    root.present().map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_apart_beside_their_lines() {
        assert_eq!(apart(&[10, 100, 103, 110], 500), [10, 100, 114, 128]);
        assert_eq!(apart(&[10, 470, 480], 480), [10, 466, 480]);
        assert!(apart(&[], 480).is_empty());
    }

    #[test]
    fn rows_come_back_from_the_table_and_are_drawn() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let fit = |model: &str, cells| Fit { model: model.into(), cells, items: 100, cpu_s: 1.25, peak_mb: 40.0 };
        let rows = vec![fit("ials", 1000), fit("ials", 10_000), fit("slim", 1000)];
        let path = dir.path().join("growth.csv");
        assert_eq!(read(&path).expect("nothing yet"), []);
        write(&path, &rows).expect("a table");
        assert_eq!(read(&path).expect("the table"), rows);
        std::fs::write(&path, "x\n1,2\n").expect("a file");
        assert!(read(&path).is_err());
        let svg = dir.path().join("a.svg");
        plot(&svg, "time", &rows, |r| r.cpu_s).expect("a picture");
        let text = std::fs::read_to_string(svg).expect("the picture");
        assert!(text.contains("ials") && text.contains("slim") && text.contains("<polyline"));
    }
}
