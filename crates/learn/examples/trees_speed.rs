//! How long boosting takes and how good it is, beside LightGBM on the same data.
//!
//! `cargo run --release -p learn --example trees_speed TASK THREADS [FOLDER]` with TASK `binary`
//! (1,000,000 × 30, 100 rounds) or `rank` (2,000 groups × 50 × 30, 50 rounds); 31 leaves, rate 0.1,
//! seed 7. With a folder the data is written there, little-endian, for
//! `crates/bench/peers/trees_lightgbm.py`, which fits the same task, and read from there next time. Time is that of the processor,
//! all threads together; quality is on rows that were not learnt from (100,000 rows, 1,000 groups).

use domain::{Rng, Seed};
use learn::trees::{BoostParams, Features, LambdaRankParams, Objective, Samples, ndcg};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

const COLUMNS: usize = 30;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let (task, threads, folder) = match args.as_slice() {
        [_, task, threads] => (task, threads.parse()?, None),
        [_, task, threads, folder] => (task, threads.parse()?, Some(Path::new(folder))),
        _ => return Err("give TASK THREADS [FOLDER]".into()),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    match task.as_str() {
        "binary" => binary(folder),
        "rank" => rank(folder),
        other => Err(format!("no task {other}").into()),
    }
}

/// Log-odds of products, steps and one wave over 30 columns, some with few values, one in 50 missing.
fn signal(row: &[f32]) -> f64 {
    let at = |c: usize| if row[c].is_nan() { 0.5 } else { f64::from(row[c]) };
    let steps = if at(3) > 0.5 { 1.0 } else { -0.5 } + if at(4) * at(5) > 0.0 { 0.8 } else { -0.8 };
    at(0) - 0.7 * at(1) * at(2) + steps + (2.0 * at(6)).sin() + 0.3 * (10..20).map(at).sum::<f64>()
}

fn table(n: usize, seed: Seed) -> Features {
    let value = |rng: &mut Rng, c: usize| {
        let x = rng.normal();
        match c {
            _ if rng.uniform() < 0.02 => f32::NAN,
            20..25 => (x * 2.0).round() as f32,
            25..30 => x.exp() as f32,
            _ => x as f32,
        }
    };
    let row = |i: usize| {
        let mut rng = seed.stream(i as u64);
        (0..COLUMNS).map(move |c| value(&mut rng, c)).collect::<Vec<f32>>()
    };
    Features::new((0..n).flat_map(row).collect(), COLUMNS).expect("whole rows")
}

fn binary(folder: Option<&Path>) -> Result<(), Failure> {
    let make = |seed: Seed, set: usize| {
        let table = table([1_000_000, 100_000][set], seed);
        let label = |(i, row): (usize, &[f32])| {
            let chance = 1.0 / (1.0 + (-signal(row)).exp());
            f32::from(u8::from(seed.derive(1).stream(i as u64).uniform() < chance))
        };
        let labels: Vec<f32> = table.rows().enumerate().map(label).collect();
        (table, labels)
    };
    let [(train, y), (test, test_y)] = sets(folder, "binary", make)?;
    let clock = Clock::new()?;
    let model = BoostParams { objective: Objective::Binary, ..BoostParams::default() }
        .fit(Samples::new(&train, &y)?, Seed(7))?;
    let fitted = clock.read()?;
    let predictions = model.predictions(&test)?;
    let loss = |(p, y): (&f64, &f32)| -(if *y > 0.5 { *p } else { 1.0 - p }).ln();
    let loss = predictions.iter().zip(&test_y).map(loss).sum::<f64>() / test_y.len() as f64;
    report("binary", fitted, clock.read()?.0 - fitted.0, &format!("log-loss {loss:.5}"))
}

fn rank(folder: Option<&Path>) -> Result<(), Failure> {
    let make = |seed: Seed, set: usize| {
        let table = table([100_000, 50_000][set], seed);
        let grade = |(i, row): (usize, &[f32])| {
            let s = signal(row) + seed.derive(1).stream(i as u64).normal();
            [1.0, 2.5, 4.0, 5.0].iter().filter(|edge| s > **edge).count() as f32
        };
        let labels: Vec<f32> = table.rows().enumerate().map(grade).collect();
        (table, labels)
    };
    let [(train, y), (test, test_y)] = sets(folder, "rank", make)?;
    let (groups, test_groups) = (vec![50; y.len() / 50], vec![50; test_y.len() / 50]);
    let clock = Clock::new()?;
    let objective = Objective::LambdaRank(LambdaRankParams::default());
    let model = BoostParams { objective, n_rounds: 50, ..BoostParams::default() }
        .fit(Samples::new(&train, &y)?.grouped(&groups)?, Seed(7))?;
    let fitted = clock.read()?;
    let scores = model.scores(&test)?;
    let quality = ndcg(&test_groups, &test_y, &scores, 10).unwrap_or(0.0);
    report("rank", fitted, clock.read()?.0 - fitted.0, &format!("nDCG@10 {quality:.5}"))
}

fn report(task: &str, (cpu, wall): (f64, f64), predict: f64, quality: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{task}: fit {cpu:.2} CPU s ({wall:.2} s), predict {predict:.2} CPU s, {quality}")?;
    Ok(())
}

type Set = (Features, Vec<f32>);

/// Training and test set: from the folder if they are there, else made, and written if there is a folder.
fn sets(folder: Option<&Path>, task: &str, make: impl Fn(Seed, usize) -> Set) -> Result<[Set; 2], Failure> {
    let file =
        |folder: &Path, set: usize, what: &str| folder.join(format!("{task}_{}_{what}.f32", ["train", "test"][set]));
    if let Some(folder) = folder.filter(|folder| file(folder, 1, "y").exists()) {
        let read = |set| -> Result<Set, Failure> {
            let values = read_values(&file(folder, set, "x"))?;
            Ok((Features::new(values, COLUMNS)?, read_values(&file(folder, set, "y"))?))
        };
        return Ok([read(0)?, read(1)?]);
    }
    let made = [make(Seed(7), 0), make(Seed(8), 1)];
    for (set, (table, labels)) in made.iter().enumerate() {
        for (values, what) in [(table.values(), "x"), (labels.as_slice(), "y")] {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            folder.map_or(Ok(()), |folder| std::fs::write(file(folder, set, what), bytes))?;
        }
    }
    Ok(made)
}

fn read_values(file: &Path) -> Result<Vec<f32>, Failure> {
    Ok(std::fs::read(file)?.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// Seconds on the processor (Linux, in steps of 10 ms; elsewhere 0) and on the wall.
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
