//! The tables of `golden/classification.json`, built from the optional data as that file says, and its marks.

use domain::{Day, Rng};
use learn::classify::{Confusion, auc, average_precision, brier, calibration_error, log_loss, reliability};
use learn::trees::Features;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use testkit::golden::{Case, number};
use testkit::shared::shared_data;

/// A table with labels, split in two as the golden file says.
pub(crate) struct Sets {
    pub(crate) train: (Features, Vec<f32>),
    pub(crate) test: (Features, Vec<f32>),
    pub(crate) n_rows: usize,
    /// Means of the training columns, in double precision.
    #[allow(dead_code, reason = "only one of the two tests asks for them")]
    pub(crate) means: Vec<f64>,
}

impl Sets {
    pub(crate) fn of(rows: Vec<(Vec<f64>, f32)>, salt: u64) -> Self {
        let n_columns = rows[0].0.len();
        let test = |i: u64| uniform(i + 1 + 1_000_003 * salt) < 0.3;
        let part = |want: bool| {
            let part = rows.iter().enumerate().filter(|(i, _)| test(*i as u64) == want).map(|(_, row)| row);
            let values = part.clone().flat_map(|(values, _)| values.iter().map(|v| *v as f32)).collect();
            (Features::new(values, n_columns).unwrap(), part.map(|(_, label)| *label).collect())
        };
        let train: Vec<&Vec<f64>> =
            rows.iter().enumerate().filter(|(i, _)| !test(*i as u64)).map(|(_, row)| &row.0).collect();
        let mean = |c: usize| train.iter().map(|row| row[c]).sum::<f64>() / train.len() as f64;
        let means = (0..n_columns).map(mean).collect();
        Self { train: part(false), test: part(true), n_rows: rows.len(), means }
    }
}

/// `u(n)` of the golden file: the n-th draw of SplitMix64 from 0.
fn uniform(n: u64) -> f64 {
    Rng::new((n - 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).uniform()
}

fn read(path: &std::path::Path) -> csv::Reader<flate2::read::GzDecoder<std::fs::File>> {
    csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()))
}

pub(crate) fn sessions() -> Option<Vec<(Vec<f64>, f32)>> {
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

pub(crate) fn churn(cut: Day) -> Option<Vec<(Vec<f64>, f32)>> {
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

/// A mark of predictions by the name that the file gives it.
pub(crate) fn mark(key: &str, p: &[f64], y: &[f32]) -> Option<Value> {
    let value = match key {
        "auc" => auc(p, y),
        "average_precision" => average_precision(p, y),
        "logloss" => log_loss(p, y),
        "brier" => brier(p, y),
        "accuracy" => Confusion::above(0.5, p, y).accuracy(),
        "f1_at_half" => Confusion::above(0.5, p, y).f1(),
        "ece10" => calibration_error(&reliability(p, y, 10)),
        _ => return None,
    };
    value.map(number)
}

/// Compares sizes, marks and what `more` knows with the case; everything recorded has to be answered.
pub(crate) fn check(case: &Case, sets: &Sets, p: &[f64], more: impl Fn(&str) -> Option<Value>) {
    let y = &sets.test.1;
    let figure = |key: &str| {
        Some(match key {
            "rows" => Value::from(sets.n_rows),
            "positives" => Value::from(sets.train.1.iter().chain(y).filter(|label| **label > 0.5).count()),
            "train_rows" => Value::from(sets.train.1.len()),
            "test_positives" => Value::from(y.iter().filter(|label| **label > 0.5).count()),
            _ => return more(key).or_else(|| mark(key, p, y)),
        })
    };
    case.check(figure).assert_all();
}
