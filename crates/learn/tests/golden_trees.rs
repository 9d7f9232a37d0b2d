//! Tree, forest and boosting against scikit-learn and LightGBM on purchase intent and churn
//! (`golden/classification.json` of the optional data; definitions are in that file). The formulas
//! on small tables worked by hand are beside the code and always run.

use domain::{Day, Rng, Seed};
use learn::trees::{BoostParams, CartParams, Features, ForestParams, Impurity, Objective, Samples};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use testkit::golden::{Case, Golden, number};
use testkit::shared::shared_data;

/// A table with labels, split in two as the golden file says.
struct Sets {
    train: (Features, Vec<f32>),
    test: (Features, Vec<f32>),
    n_rows: usize,
}

impl Sets {
    fn of(rows: Vec<(Vec<f64>, f32)>, salt: u64) -> Self {
        let n_columns = rows[0].0.len();
        let test = |i: u64| uniform(i + 1 + 1_000_003 * salt) < 0.3;
        let part = |want: bool| {
            let part = rows.iter().enumerate().filter(|(i, _)| test(*i as u64) == want).map(|(_, row)| row);
            let values = part.clone().flat_map(|(values, _)| values.iter().map(|v| *v as f32)).collect();
            (Features::new(values, n_columns).unwrap(), part.map(|(_, label)| *label).collect())
        };
        Self { train: part(false), test: part(true), n_rows: rows.len() }
    }
}

/// `u(n)` of the golden file: the n-th draw of SplitMix64 from 0.
fn uniform(n: u64) -> f64 {
    Rng::new((n - 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).uniform()
}

fn read(path: &std::path::Path) -> csv::Reader<flate2::read::GzDecoder<std::fs::File>> {
    csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()))
}

fn sessions() -> Option<Vec<(Vec<f64>, f32)>> {
    const MONTHS: [&str; 10] = ["Aug", "Dec", "Feb", "Jul", "June", "Mar", "May", "Nov", "Oct", "Sep"];
    let mut file = read(&shared_data("online_shoppers/online_shoppers_intention.csv.gz")?);
    let row = |record: csv::StringRecord| {
        let mut values: Vec<f64> = (0..10).map(|c| record[c].parse().unwrap()).collect();
        let is = |c: usize, text: &str| f64::from(u8::from(record[c].eq_ignore_ascii_case(text)));
        values.extend([is(16, "TRUE"), is(15, "Returning_Visitor")]);
        values.extend(MONTHS.map(|month| is(10, month)));
        (values, record[17].parse().unwrap_or_else(|_| is(17, "TRUE") as f32))
    };
    Some(file.records().map(|record| row(record.unwrap())).collect())
}

/// What a customer did before the cut, and whether they came back.
#[derive(Default)]
struct Customer {
    days: BTreeSet<Day>,
    invoices: BTreeMap<String, Day>,
    cancelled: BTreeSet<String>,
    products: BTreeSet<String>,
    revenue: f64,
    late_revenue: f64,
    units: f64,
    lines: f64,
    uk: bool,
    back: bool,
}

fn churn(cut: Day) -> Option<Vec<(Vec<f64>, f32)>> {
    let mut customers: BTreeMap<u32, Customer> = BTreeMap::new();
    let mut file = read(&shared_data("uci_online_retail/online_retail.csv.gz")?);
    for record in file.records() {
        // InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
        let record = record.unwrap();
        let Ok(id) = record[6].trim_end_matches(".0").parse() else { continue };
        let (quantity, price): (f64, f64) = (record[3].parse().unwrap(), record[5].parse().unwrap());
        let day: Day = record[4][..10].parse().unwrap();
        let customer = customers.entry(id).or_default();
        let clean = !record[0].starts_with('C') && quantity > 0.0 && price > 0.0;
        if day >= cut {
            customer.back |= clean && day.0 < cut.0 + 90;
        } else if record[0].starts_with('C') {
            customer.cancelled.insert(record[0].to_owned());
        } else if clean {
            customer.days.insert(day);
            customer.invoices.insert(record[0].to_owned(), day);
            customer.products.insert(record[1].to_owned());
            customer.revenue += quantity * price;
            customer.late_revenue += if day.0 >= cut.0 - 90 { quantity * price } else { 0.0 };
            customer.units += quantity;
            customer.lines += 1.0;
            customer.uk = &record[7] == "United Kingdom";
        }
    }
    let row = |c: Customer| {
        let (first, last) = (c.days.first()?.0, c.days.last()?.0);
        let n = c.invoices.len() as f64;
        let late = c.invoices.values().filter(|day| day.0 >= cut.0 - 90).count();
        let values = vec![
            f64::from(cut.0 - last),
            f64::from(cut.0 - first),
            n,
            c.revenue.ln_1p(),
            c.products.len() as f64,
            (c.revenue / n).ln_1p(),
            c.units / c.lines,
            c.cancelled.len() as f64,
            c.late_revenue / c.revenue,
            late as f64,
            f64::from(u8::from(c.uk)),
        ];
        Some((values, f32::from(u8::from(!c.back))))
    };
    Some(customers.into_values().filter_map(row).collect())
}

/// Area under the ROC curve: the chance that a one ranks above a zero, ties half.
fn auc(p: &[f64], y: &[f32]) -> f64 {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut below, mut sum, mut ones) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| p[a] == p[b]) {
        let positive = tied.iter().filter(|&&i| y[i] > 0.5).count() as f64;
        let negative = tied.len() as f64 - positive;
        sum += positive * (below + negative / 2.0);
        below += negative;
        ones += positive;
    }
    sum / (below * ones)
}

/// `Σ (recall_k − recall_{k−1}) · precision_k` over the distinct thresholds.
fn average_precision(p: &[f64], y: &[f32]) -> f64 {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let (mut seen, mut hits, mut sum) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| p[a] == p[b]) {
        let positive = tied.iter().filter(|&&i| y[i] > 0.5).count() as f64;
        (seen, hits) = (seen + tied.len() as f64, hits + positive);
        sum += positive * hits / seen;
    }
    sum / hits
}

fn mean(p: &[f64], y: &[f32], of: impl Fn(f64, f64) -> f64) -> f64 {
    p.iter().zip(y).map(|(p, y)| of(*p, f64::from(*y))).sum::<f64>() / p.len() as f64
}

fn mark(key: &str, p: &[f64], y: &[f32]) -> Option<Value> {
    Some(number(match key {
        "auc" => auc(p, y),
        "average_precision" => average_precision(p, y),
        "logloss" => mean(p, y, |p, y| {
            let p = p.clamp(1e-15, 1.0 - 1e-15);
            -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
        }),
        "brier" => mean(p, y, |p, y| (p - y) * (p - y)),
        _ => return None,
    }))
}

fn check(case: &Case, sets: &Sets, p: &[f64]) {
    let y = &sets.test.1;
    let figure = |key: &str| {
        Some(match key {
            "rows" => Value::from(sets.n_rows),
            "positives" => Value::from(sets.train.1.iter().chain(y).filter(|label| **label > 0.5).count()),
            "train_rows" => Value::from(sets.train.1.len()),
            "test_positives" => Value::from(y.iter().filter(|label| **label > 0.5).count()),
            _ => return mark(key, p, y),
        })
    };
    case.check(figure).assert_all();
}

fn predict(model: &str, sets: &Sets) -> Vec<f64> {
    let ((train, y), test) = (&sets.train, &sets.test.0);
    let samples = Samples::new(train, y).unwrap();
    match model {
        "tree" => {
            let params = CartParams { impurity: Impurity::Gini, ..CartParams::default() };
            params.fit(samples).unwrap().predictions(test).unwrap()
        }
        "forest" => ForestParams::default().fit(samples, Seed(1)).unwrap().predictions(test).unwrap(),
        "lightgbm" => {
            let objective = Objective::Binary;
            let params = BoostParams { objective, n_rounds: 200, learning_rate: 0.05, ..BoostParams::default() };
            params.fit(samples, Seed(1)).unwrap().predictions(test).unwrap()
        }
        other => panic!("no model {other}"),
    }
}

/// Every tree model of the cases that begin with `prefix`, on the rows that `rows` reads.
fn compare(prefix: &str, rows: impl Fn() -> Option<Vec<(Vec<f64>, f32)>>) {
    let Some(golden) = Golden::load("classification").unwrap() else { return };
    let cases: Vec<&Case> = golden.cases.iter().filter(|case| case.id.starts_with(prefix)).collect();
    assert!(!cases.is_empty(), "no case begins with {prefix}");
    let Some(rows) = rows() else { return };
    let sets = Sets::of(rows, cases[0].params["salt"].as_u64().unwrap());
    for case in cases {
        let model = case.params["model"].as_str().unwrap();
        if model == "logreg" {
            // The same features: their means are recorded with this case.
            let (table, n) = (&sets.train.0, sets.train.1.len() as f64);
            let means = (0..table.n_columns()).map(|c| table.rows().map(|row| f64::from(row[c])).sum::<f64>() / n);
            let want = case.expect.iter().find(|e| e.key == "feature_means_train").unwrap().value.as_array().unwrap();
            for (got, want) in means.zip(want) {
                let want = want.as_f64().unwrap();
                assert!((got / want - 1.0).abs() < 1e-6, "{}: mean {got}, want {want}", case.id);
            }
        } else if ["tree", "forest", "lightgbm"].contains(&model) {
            check(case, &sets, &predict(model, &sets));
        }
    }
}

#[test]
fn purchase_intent_is_predicted_as_well_as_by_the_peers() {
    compare("shoppers_s1_", sessions);
}

#[test]
fn churn_is_predicted_as_well_as_by_the_peers() {
    compare("churn_2011-09-01_", || churn("2011-09-01".parse().unwrap()));
}

#[test]
fn the_marks_are_those_of_the_peers() {
    let Some(golden) = Golden::load("classification").unwrap() else { return };
    for case in golden.cases.iter().filter(|case| case.id.starts_with("metric_vector_")) {
        let list = |key: &str| -> Vec<f64> {
            case.inputs[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
        };
        let y: Vec<f32> = list("y").into_iter().map(|y| y as f32).collect();
        let p = list("p");
        // F1 and calibration error are not ours to compute here.
        case.check(|key| mark(key, &p, &y)).assert_answered();
    }
}
