//! k-means, Gaussian mixture and joining on made data, one JSON object: `clusters_speed FOLDER [SCALE]`.
//!
//! Writes the points as little-endian `f64` into the folder, so that `scripts/peers/clusters.py` runs
//! scikit-learn and scipy on the same. Threads as rayon takes them (RAYON_NUM_THREADS).

use domain::Seed;
use learn::Points;
use learn::hierarchy::{HierarchyParams, Linkage};
use learn::kmeans::KMeansParams;
use learn::mixture::{Covariance, MixtureParams};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

/// Name, points, columns, planted groups, deviation of a group (their centres have 1).
const SETS: [(&str, usize, usize, usize, f64); 4] = [
    ("rfm", 200_000, 3, 6, 0.6),
    ("habits", 100_000, 12, 8, 0.5),
    ("wide", 50_000, 32, 20, 0.4),
    ("noise", 100_000, 8, 1, 1.0),
];

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("a folder to write to")?;
    let scale: f64 = args.next().map_or(Ok(1.0), |s| s.parse())?;
    let mut out = serde_json::Map::new();
    for (at, (name, n, d, groups, deviation)) in SETS.into_iter().enumerate() {
        let n = (n as f64 * scale) as usize;
        let points = made(n, d, groups, deviation, Seed(at as u64 + 1))?;
        write(&Path::new(&folder).join(format!("{name}.f64")), &points, n)?;
        let k = if groups == 1 { 8 } else { groups };
        let params = KMeansParams { k, n_starts: 10, max_iter: 300, tol: 1e-4 };
        let clock = Clock::new()?;
        let fitted = params.fit(&points, Seed(7))?;
        let (cpu, wall) = clock.read()?;
        let row = serde_json::json!({
            "n": n, "d": d, "k": k, "cpu_s": cpu, "wall_s": wall, "inertia": fitted.inertia(), "passes": fitted.n_iter(),
        });
        out.insert(format!("k-means {name}"), row);
    }
    let n = (20_000.0 * scale) as usize;
    let points = made(n, 6, 5, 0.5, Seed(11))?;
    write(&Path::new(&folder).join("mixture.f64"), &points, n)?;
    for (name, covariance) in [("full", Covariance::Full), ("diagonal", Covariance::Diagonal)] {
        let params = MixtureParams { n_components: 5, covariance, reg: 1e-6, max_iter: 500, tol: 1e-6, n_starts: 5 };
        let clock = Clock::new()?;
        let fitted = params.fit(&points, Seed(7))?;
        let (cpu, wall) = clock.read()?;
        let row = serde_json::json!({
            "n": n, "d": 6, "k": 5, "cpu_s": cpu, "wall_s": wall,
            "mean_log_likelihood": fitted.mean_log_likelihood(), "bic": fitted.bic(),
        });
        out.insert(format!("mixture {name}"), row);
    }
    let n = 3_000;
    let points = made(n, 5, 6, 0.5, Seed(13))?;
    write(&Path::new(&folder).join("joins.f64"), &points, n)?;
    for (name, linkage) in [("ward", Linkage::Ward), ("average", Linkage::Average), ("complete", Linkage::Complete)] {
        let clock = Clock::new()?;
        let fitted = HierarchyParams { linkage, ..HierarchyParams::default() }.fit(&points)?;
        let (cpu, wall) = clock.read()?;
        let heights: Vec<f64> = fitted.joins().iter().map(|j| j.distance).collect();
        let row =
            serde_json::json!({ "n": n, "cpu_s": cpu, "wall_s": wall, "heights": heights, "cut": fitted.cut(6)? });
        out.insert(format!("joins {name}"), row);
    }
    writeln!(std::io::stdout(), "{}", serde_json::Value::Object(out))?;
    Ok(())
}

/// Groups of normal points around normal centres.
fn made(n: usize, d: usize, groups: usize, deviation: f64, seed: Seed) -> Result<Points, Failure> {
    let mut rng = seed.stream(0);
    let centres: Vec<f64> = (0..groups * d).map(|_| rng.normal()).collect();
    let mut values = Vec::with_capacity(n * d);
    for _ in 0..n {
        let group = rng.below(groups);
        values.extend((0..d).map(|j| centres[group * d + j] + deviation * rng.normal()));
    }
    Ok(Points::new(values, d)?)
}

fn write(path: &Path, points: &Points, n: usize) -> Result<(), Failure> {
    let bytes: Vec<u8> = points.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(bytes.len(), n * points.n_columns() * 8, "all rows are written");
    Ok(std::fs::write(path, bytes)?)
}

struct Clock {
    wall: Instant,
    cpu: f64,
}

impl Clock {
    fn new() -> Result<Self, Failure> {
        Ok(Self { wall: Instant::now(), cpu: cpu_seconds()? })
    }

    fn read(&self) -> Result<(f64, f64), Failure> {
        Ok((cpu_seconds()? - self.cpu, self.wall.elapsed().as_secs_f64()))
    }
}

fn cpu_seconds() -> Result<f64, Failure> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Ok(0.0) };
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Result<Vec<f64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}
