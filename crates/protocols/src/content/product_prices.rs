//! What a product costs, told from its title, from what it is bought with and from how it sells, fused: a regression on fused vectors.
//!
//! A product's price is the median of what was paid for a piece; of products with at least ten lines a fifth is the test, a fifth chooses
//! the way of joining and the passes, the others are learnt from. Baskets are those of all weeks: they hold no prices. The error is that of the
//! logarithm, so that a third too much weighs as much for a candle as for a cupboard.

use super::joining::Joining;
use super::product_demand::Shop;
use super::report::mean;
use super::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use crate::ProtocolError;
use content::space::ablation;
use content::text::{Features, LsaParams, TfIdfParams};
use content::{Encode, Vectors};
use domain::Seed;
use eval::{Bootstrap, paired_difference};
use learn::quantile::median;

pub(super) const TASK: &str = "product_prices";
const MODALITIES: [&str; 3] = ["title", "baskets", "how it sells"];
/// Lines that a product has to have.
const LEAST: usize = 10;
/// Passes over the rows that are tried.
const PASSES: [usize; 3] = [10, 30, 60];
const ERROR: &str = "mean |ln error|";
const CLOSE: &str = "within a quarter";

fn wrong(why: impl ToString) -> ProtocolError {
    ProtocolError::Recipe { config: "fused".to_owned(), task: TASK.to_owned(), why: why.to_string() }
}

/// Products with their modalities and the logarithms of their prices.
struct Part {
    titles: Vec<String>,
    parts: Vec<Vectors>,
    prices: Vec<f64>,
}

impl Part {
    fn of<'a>(&'a self, set: &[usize]) -> Vec<&'a Vectors> {
        set.iter().map(|m| &self.parts[*m]).collect()
    }

    fn errors(&self, told: &[f64]) -> Vec<f64> {
        self.prices.iter().zip(told).map(|(price, told)| (price - told).abs()).collect()
    }
}

/// Products that are learnt from, that choose, and of the test.
fn read(asked: &Asked<'_>) -> Result<[Part; 3], ProtocolError> {
    let shop = Shop::read(asked)?;
    let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new(); shop.titles.len()];
    shop.lines.iter().for_each(|line| lines[line.product as usize].push((line.units, line.price)));
    let baskets = shop.basket_vectors(shop.n_weeks, asked.seed).map_err(wrong)?;
    let mut split = [(); 3].map(|()| Part {
        titles: Vec::new(),
        parts: vec![Vectors::new(1), Vectors::new(baskets.width()), Vectors::new(4)],
        prices: Vec::new(),
    });
    for (product, lines) in lines.iter().enumerate().filter(|(_, lines)| lines.len() >= LEAST) {
        let part = &mut split[match Seed(product as u64).derive(5).0 % 5 {
            0 => 2,
            1 => 1,
            _ => 0,
        }];
        let prices: Vec<f64> = lines.iter().map(|(_, price)| *price).collect();
        let units: Vec<f64> = lines.iter().map(|(units, _)| *units).collect();
        part.prices.push(median(&prices).unwrap_or(1.0).ln());
        part.titles.push(shop.titles[product].clone());
        match baskets.row(product) {
            Some(row) => part.parts[1].push(row).map_err(wrong)?,
            None => part.parts[1].push_missing(),
        }
        let single = units.iter().filter(|units| **units == 1.0).count() as f64 / units.len() as f64;
        let mean = units.iter().sum::<f64>() / units.len() as f64;
        let sells = [(lines.len() as f64).ln(), mean.ln(), median(&units).unwrap_or(1.0).ln(), single];
        part.parts[2].push(&sells.map(|x| x as f32)).map_err(wrong)?;
    }
    if split.iter().any(|part| part.prices.len() < 10) {
        return Err(wrong("fewer than ten products to learn from, to choose by or to ask about"));
    }
    let tf_idf = TfIdfParams { features: Features::default(), min_texts: 2, ..TfIdfParams::default() };
    let lsa = LsaParams { tf_idf, width: 64, whitening: 0.5 }.fit(&split[0].titles, asked.seed).map_err(wrong)?;
    for part in &mut split {
        part.parts[0] = lsa.encode(&part.titles.iter().map(|title| Some(title.as_str())).collect::<Vec<_>>());
    }
    Ok(split)
}

pub(super) fn run(asked: &mut Asked<'_>) -> Result<Vec<ContentReport>, ProtocolError> {
    let (clock, seed) = (asked.cpu_s, asked.seed);
    (asked.step)("titles and baskets become numbers", 0, 1);
    let [learn, choose, test] = read(asked)?;
    let told = |how: Joining, to: &Part, set: &[usize]| {
        how.told(0.2, (&learn.of(set), &learn.prices), &to.of(set), seed).map_err(wrong)
    };
    let every: Vec<usize> = (0..MODALITIES.len()).collect();
    let (how, on_held) = Joining::chosen(asked, &PASSES, |how| Ok(mean(&choose.errors(&told(how, &choose, &every)?))))?;
    let mut rows = Vec::new();
    let mut add = |config: String, start: f64, errors: &[f64]| {
        let close: Vec<f64> = errors.iter().map(|error| f64::from(u8::from(*error <= 1.25_f64.ln()))).collect();
        let measures = vec![Measure::mean(ERROR, errors, seed)?, Measure::mean(CLOSE, &close, seed)?];
        rows.push(ContentRow { config, measures, fit_cpu_s: clock() - start, score_cpu_s: 0.0 });
        Ok::<(), ProtocolError>(())
    };
    let usual = median(&learn.prices).unwrap_or_default();
    add("the middle price".to_owned(), clock(), &test.errors(&vec![usual; test.prices.len()]))?;
    let mut alone: Vec<(f64, usize)> = Vec::new();
    let mut done = 0;
    let table = ablation(MODALITIES.len(), |set| {
        let name = set.iter().map(|m| MODALITIES[*m]).collect::<Vec<_>>().join(" + ");
        (asked.step)(&name, done, 2 * MODALITIES.len() as u64 + 1);
        done += 1;
        let start = clock();
        let errors = test.errors(&told(how, &test, set)?);
        add(format!("{name} ({})", how.join.name()), start, &errors)?;
        if let [m] = set {
            alone.push((mean(&choose.errors(&told(how, &choose, set)?)), *m));
        }
        Ok::<_, ProtocolError>(errors)
    })?;
    let single = alone.iter().fold(alone[0], |best, one| if one.0 < best.0 { *one } else { best }).1;
    let fused = &table[table.len() - 1].mark;
    let gain = paired_difference(&table[single].mark, fused, &Bootstrap::default(), seed)?.difference;
    let about = format!(
        "{} products to learn from, {} that chose {} with {} passes (error {on_held:.4}), {} of the test; error that all three take off \
         that of {} alone, the best of them where it was chosen: {:+.4} [{:+.4}, {:+.4}]",
        learn.prices.len(),
        choose.prices.len(),
        how.join.name(),
        how.n_epochs,
        test.prices.len(),
        MODALITIES[single],
        gain.mean,
        gain.interval.low,
        gain.interval.high,
    );
    let what = format!("lower end of the error that fusing takes off that of {}", MODALITIES[single]);
    let goals = vec![ContentGoal::new(&what, 1e-9, gain.interval.low)];
    Ok(vec![ContentReport { task: "product prices".to_owned(), about, rows, goals, references: &[] }])
}
