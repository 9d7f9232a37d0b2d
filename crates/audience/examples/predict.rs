//! How good and how costly each kind of classifier is, beside scikit-learn and LightGBM on the same rows, and
//! the whole chain from orders to a list of shoppers on real orders.
//!
//! `cargo run --release -p audience --example predict DATA TABLES [PART [one [SPLIT]]]` with DATA the folder that holds
//! `online_shoppers` and `uci_online_retail`; the tables are written to the folder TABLES for
//! `scripts/peers/classifiers.py`, which learns the same settings from the same rows. PART is one of `online_shoppers`,
//! `retail_churn`, `chain` and `next_order`; without it all are run, and with
//! `one` only the default of each kind; a number after `one` draws another split. One JSON object is printed. Rows are parted by SplitMix64:
//! 30 % test (salt 1), of the rest 30 % validation (salt 2), both 2 higher for each further split. The setting of a kind is chosen by log loss on the validation rows; it then learns from
//! both and is asked about the test rows, once. Seconds are those of the processor.

use audience::predict::{
    FeatureSpace, LabelledTable, NextOrderBacktest, NextOrderParams, OrderFact, PredictParams, ReturnFact,
    ShopperFacts, SpendParams, Target, gains,
};
use domain::{Amount, Day, Figure, Rng, Seed, market_by_name};
use learn::classify::{
    Classifier, ClassifierKind, ClassifierParams, Subset, auc, brier, calibration_error, log_loss, reliability,
};
use learn::trees::{Features, Samples};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

type Failure = Box<dyn std::error::Error>;
const SEED: Seed = Seed(7);

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let (data, tables, part, search, split) = match args.as_slice() {
        [_, data, tables] => (Path::new(data), Path::new(tables), None, Search::All, Split(0)),
        [_, data, tables, part] => (Path::new(data), Path::new(tables), Some(part.as_str()), Search::All, Split(0)),
        [_, data, tables, part, one, rest @ ..] if one == "one" && rest.len() < 2 => {
            let split = rest.first().map_or(Ok(0), |text| text.parse())?;
            (Path::new(data), Path::new(tables), Some(part.as_str()), Search::One, Split(split))
        }
        _ => return Err("give DATA TABLES [PART [one [SPLIT]]]".into()),
    };
    let asked = |name: &str| part.is_none_or(|part| part == name);
    let mut out = serde_json::Map::new();
    if asked("online_shoppers") {
        let (features, labels) = sessions(data)?;
        write_table(&tables.join("online_shoppers.csv"), &features, &labels, split)?;
        out.insert("online_shoppers".to_owned(), compare(&features, &labels, search, split)?);
    }
    let shoppers = if part == Some("online_shoppers") { Vec::new() } else { orders(data)? };
    if asked("retail_churn") {
        let (features, labels) = churn(&shoppers)?;
        write_table(&tables.join("retail_churn.csv"), &features, &labels, split)?;
        out.insert("retail_churn".to_owned(), compare(&features, &labels, search, split)?);
    }
    if asked("next_order") {
        out.insert("next_order".to_owned(), next_order(&shoppers)?);
    }
    if asked("chain") {
        out.insert("chain".to_owned(), chain(&shoppers, search)?);
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&out)?)?;
    Ok(())
}

/// How many settings of a kind are tried.
#[derive(Clone, Copy)]
enum Search {
    All,
    /// The default alone: for a quick look.
    One,
}

impl Search {
    fn settings(self, kind: ClassifierKind) -> Vec<ClassifierParams> {
        match self {
            Self::All => kind.candidates(),
            Self::One => vec![kind.params()],
        }
    }
}

/// Number of a split.
#[derive(Clone, Copy)]
struct Split(u64);

impl Split {
    fn is_test(self, row: usize) -> bool {
        drawn(row, 1 + 2 * self.0)
    }

    fn is_validation(self, row: usize) -> bool {
        !self.is_test(row) && drawn(row, 2 + 2 * self.0)
    }

    fn is_train(self, row: usize) -> bool {
        !self.is_test(row) && !self.is_validation(row)
    }
}

/// Whether a row is in the drawn part.
fn drawn(row: usize, salt: u64) -> bool {
    let n = row as u64 + 1 + 1_000_003 * salt;
    Rng::new((n - 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).uniform() < 0.3
}

fn write_table(path: &Path, features: &Features, labels: &[f32], split: Split) -> Result<(), Failure> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (i, (row, label)) in features.rows().zip(labels).enumerate() {
        let part = if split.is_test(i) {
            "test"
        } else if split.is_validation(i) {
            "validation"
        } else {
            "train"
        };
        let cells: Vec<String> = row.iter().map(|x| if x.is_nan() { String::new() } else { x.to_string() }).collect();
        writeln!(file, "{part},{label},{}", cells.join(","))?;
    }
    Ok(file.flush()?)
}

fn compare(features: &Features, labels: &[f32], search: Search, split: Split) -> Result<Value, Failure> {
    let all = Samples::new(features, labels)?;
    let rows =
        |want: fn(Split, usize) -> bool| (0..features.n_rows()).filter(|i| want(split, *i)).collect::<Vec<usize>>();
    let (test, known) = (rows(Split::is_test), rows(|split, i| !split.is_test(i)));
    let (validation, train) = (rows(Split::is_validation), rows(Split::is_train));
    let [test, known, validation, train] = [test, known, validation, train].map(|rows| Subset::new(&all, &rows));
    let mut table = serde_json::Map::new();
    for kind in ClassifierKind::ALL {
        let started = cpu_seconds()?;
        let mut best = (f64::INFINITY, None);
        for setting in search.settings(kind) {
            let model = setting.fit(train.samples()?, SEED)?;
            let loss = log_loss(&model.probabilities(validation.samples()?.features()), validation.samples()?.labels());
            if let Some(loss) = loss.filter(|loss| *loss < best.0) {
                best = (loss, Some(setting));
            }
        }
        let (searched, setting) = (cpu_seconds()? - started, best.1.ok_or("no setting")?);
        let started = cpu_seconds()?;
        let model = setting.fit(known.samples()?, SEED)?;
        let fitted = cpu_seconds()? - started;
        let p = model.probabilities(test.samples()?.features());
        let y = test.samples()?.labels().to_vec();
        let marks = json!({
            "setting": format!("{setting:?}"), "validation_log_loss": best.0,
            "auc": auc(&p, &y), "log_loss": log_loss(&p, &y), "brier": brier(&p, &y),
            "calibration_error": calibration_error(&reliability(&p, &y, 10)),
            "search_cpu_s": searched, "fit_cpu_s": fitted,
        });
        table.insert(kind.name().to_owned(), marks);
    }
    Ok(Value::Object(table))
}

fn read(path: &Path) -> Result<csv::Reader<flate2::read::GzDecoder<std::fs::File>>, Failure> {
    Ok(csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path)?)))
}

fn sessions(data: &Path) -> Result<(Features, Vec<f32>), Failure> {
    const MONTHS: [&str; 10] = ["Aug", "Dec", "Feb", "Jul", "June", "Mar", "May", "Nov", "Oct", "Sep"];
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for record in read(&data.join("online_shoppers/online_shoppers_intention.csv.gz"))?.records() {
        let record = record?;
        let is = |c: usize, text: &str| f32::from(u8::from(record[c].eq_ignore_ascii_case(text)));
        for c in 0..10 {
            values.push(record[c].parse::<f32>()?);
        }
        values.extend([is(16, "TRUE"), is(15, "Returning_Visitor")]);
        values.extend(MONTHS.map(|month| is(10, month)));
        labels.push(is(17, "TRUE").max(is(17, "1")));
    }
    Ok((Features::new(values, 22)?, labels))
}

/// Orders and returns of every customer of the retailer.
fn orders(data: &Path) -> Result<Vec<ShopperFacts>, Failure> {
    type Invoices = BTreeMap<String, OrderFact>;
    let mut by_shopper: BTreeMap<String, (Invoices, BTreeMap<String, ReturnFact>)> = BTreeMap::new();
    let mut products: BTreeMap<String, u32> = BTreeMap::new();
    for record in read(&data.join("uci_online_retail/online_retail.csv.gz"))?.records() {
        // InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
        let record = record?;
        if record[6].is_empty() {
            continue;
        }
        let (quantity, price): (i64, f64) = (record[3].parse()?, record[5].parse()?);
        let day: Day = record[4][..10].parse()?;
        let amount = Amount::from_micros((price * 1e6).round() as i64 * quantity);
        let (orders, returns) = by_shopper.entry(record[6].trim_end_matches(".0").to_owned()).or_default();
        if record[0].starts_with('C') {
            let back = returns.entry(record[0].to_owned()).or_insert(ReturnFact { day, value: Amount::ZERO });
            back.value += amount;
        } else if quantity > 0 && price > 0.0 {
            let next = products.len() as u32;
            let product = *products.entry(record[1].to_owned()).or_insert(next);
            let order = orders.entry(record[0].to_owned()).or_insert_with(|| OrderFact {
                day,
                market: market_by_name(&record[7]).unwrap_or(domain::Market::UNKNOWN),
                revenue: Amount::ZERO,
                n_units: 0,
                products: Vec::new(),
                categories: Vec::new(),
                channel: None,
            });
            order.revenue += amount;
            order.n_units += quantity as u32;
            order.products.push(product);
        }
    }
    let facts = |(id, (orders, returns)): (String, (Invoices, BTreeMap<String, ReturnFact>))| {
        let (orders, returns) = (orders.into_values().collect(), returns.into_values().collect());
        ShopperFacts { shopper: id.into(), orders, returns }.sorted()
    };
    Ok(by_shopper.into_iter().map(facts).collect())
}

/// The churn label of 90 days at 2011-09-01, with our own columns.
fn churn(shoppers: &[ShopperFacts]) -> Result<(Features, Vec<f32>), Failure> {
    let cutoff: Day = "2011-09-01".parse()?;
    let target = Target::Churn { horizon_days: 90 };
    let all: Vec<&ShopperFacts> = shoppers.iter().collect();
    let space = FeatureSpace::learn(&all, cutoff, target);
    let table = LabelledTable::new(&all, &[cutoff], target, &space)?;
    Ok((table.features().clone(), table.labels().to_vec()))
}

fn number(figure: &Figure) -> Value {
    json!({"value": figure.as_f64(), "interval": figure.interval.map(|i| [i.low, i.high]), "n": figure.n})
}

/// From orders to a list: several cutoffs, choice on a later period, marks on a still later one, lift of the list.
fn chain(shoppers: &[ShopperFacts], search: Search) -> Result<Value, Failure> {
    let now: Day = "2011-12-10".parse()?;
    let target = Target::NextPurchase { horizon_days: 90 };
    let params = PredictParams::new(target);
    let prepared = params.prepare(shoppers, now)?;
    let (mut trials, mut seconds) = (Vec::new(), serde_json::Map::new());
    for kind in &params.kinds {
        let started = cpu_seconds()?;
        let settings = search.settings(*kind).into_iter();
        let of = settings.map(|setting| prepared.try_setting(setting, SEED)).collect::<Result<Vec<_>, _>>()?;
        let best = of.iter().map(|trial| trial.log_loss).fold(f64::INFINITY, f64::min);
        let area = of.iter().filter_map(|trial| trial.auc).fold(0.0, f64::max);
        seconds.insert(
            kind.name().to_owned(),
            json!({"cpu_s": cpu_seconds()? - started, "validation_log_loss": best, "validation_auc": area}),
        );
        trials.extend(of);
    }
    let started = cpu_seconds()?;
    let predictor = prepared.finish(trials, SEED)?;
    let finished = cpu_seconds()? - started;
    let cutoff = predictor.periods().test;
    let spend = SpendParams::default().fit(shoppers, cutoff)?;
    let by_id: BTreeMap<&str, &ShopperFacts> = shoppers.iter().map(|facts| (facts.shopper.as_str(), facts)).collect();
    let outcome =
        |facts: &ShopperFacts| facts.orders_within(cutoff, now).iter().map(|order| order.revenue.to_f64()).sum::<f64>();
    let ranked = |score: &dyn Fn(f64, &ShopperFacts) -> f64| {
        let of = |held: &audience::predict::HeldOut| {
            let facts = by_id[held.shopper.as_str()];
            (score(held.probability, facts), outcome(facts))
        };
        let found = gains(&predictor.held_out().iter().map(of).collect::<Vec<_>>(), 10)?;
        let rows: Vec<Value> = found
            .rows
            .iter()
            .map(|r| json!({"depth": r.depth, "buyers": r.buyers_share, "revenue": r.revenue_share, "lift": r.lift}))
            .collect();
        Some(json!({"lift": number(&found.lift()), "rows": rows}))
    };
    let marks: serde_json::Map<String, Value> =
        predictor.quality().figures().iter().map(|figure| (figure.key.clone(), number(figure))).collect();
    let pooled: serde_json::Map<String, Value> =
        predictor.pooled_quality().figures().iter().map(|figure| (figure.key.clone(), number(figure))).collect();
    let bins: Vec<Value> = predictor
        .quality()
        .bins()
        .iter()
        .map(|b| json!({"promised": b.mean_predicted, "came": b.observed(), "n": b.n}))
        .collect();
    let started = cpu_seconds()?;
    let predictions = predictor.predict_all(shoppers, now, 0);
    let asked = cpu_seconds()? - started;
    let started = cpu_seconds()?;
    let reasoned = predictor.predict_all(&shoppers[..200], now, 3);
    let reasons = cpu_seconds()? - started;
    let markets: serde_json::Map<String, Value> = predictor
        .shifts()
        .markets()
        .map(|market| (market.code().to_owned(), number(&predictor.market(market, &predictions))))
        .collect();
    let example: Vec<String> = predictions[0].reasons.iter().map(|reason| reason.text(domain::Language::EN)).collect();
    Ok(json!({
        "periods": {"train": predictor.periods().train.iter().map(Day::to_string).collect::<Vec<_>>(),
            "validation": predictor.periods().validation.to_string(), "test": cutoff.to_string()},
        "train_rows": prepared.train().n_rows(), "kinds": seconds, "chosen": format!("{:?}", predictor.chosen().setting),
        "finish_cpu_s": finished, "predict_cpu_s": asked, "predicted": predictions.len(),
        "reasons_cpu_s_each": reasons / reasoned.len() as f64,
        "test": marks, "test_without_market_shifts": pooled, "bins": bins,
        "market_spread": predictor.shifts().spread(), "markets": markets, "example_reasons": example,
        "gains_probability_x_value": ranked(&|p, facts| p * spend.order_value(facts, cutoff)),
        "gains_probability": ranked(&|p, _| p),
        "gains_past_revenue": ranked(&|_, facts| facts.orders_before(cutoff).iter().map(|o| o.revenue.to_f64()).sum()),
        "gains_recency": ranked(&|_, facts| -f64::from(cutoff.since(facts.orders_before(cutoff).last().map_or(cutoff, |o| o.day)))),
    }))
}

fn next_order(shoppers: &[ShopperFacts]) -> Result<Value, Failure> {
    let (cutoff, now): (Day, Day) = ("2011-06-01".parse()?, "2011-12-10".parse()?);
    let started = cpu_seconds()?;
    let model = NextOrderParams::default().fit(shoppers, cutoff)?;
    let fitted = cpu_seconds()? - started;
    let test = NextOrderBacktest::new(&model, shoppers, cutoff, now);
    let survival: Vec<Value> =
        [0.1, 0.25, 0.5, 0.75, 0.9].iter().map(|u| json!({"u": u, "above": test.survival(*u)})).collect();
    Ok(json!({
        "fit_cpu_s": fitted, "regularity": model.regularity(), "shoppers": test.n().0, "came": test.n().1,
        "coverage": number(&test.coverage()), "coverage_formula": test.coverage().formula,
        "median_miss_days": number(&test.median_miss()), "survival": survival,
    }))
}

fn cpu_seconds() -> Result<f64, Failure> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Ok(0.0) };
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Result<Vec<f64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}
