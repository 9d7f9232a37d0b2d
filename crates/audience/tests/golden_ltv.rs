//! Lifetime value against figures recorded from the Python package lifetimes and an independent optimiser
//! (`golden/ltv.json` of the optional data; definitions are in that file). Simulated shoppers with a known
//! truth, which always run, are in `value_truth.rs`.

use audience::value::{
    BgNbd, BgNbdParams, Discount, GammaGamma, GammaGammaParams, MbgNbd, MbgNbdParams, ParetoNbd, ParetoNbdParams,
    PurchaseModel, PurchaseTable, Purchases, Spend, SpendTable,
};
use domain::Day;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::OnceLock;
use testkit::golden::{Case, Golden, number};
use testkit::shared::shared_data;

/// Amounts of each purchase day of each shopper.
type Days = BTreeMap<u32, BTreeMap<Day, f64>>;

fn text(file: &str) -> Option<String> {
    let path = shared_data(file)?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    Some(text)
}

fn cdnow() -> Option<&'static Days> {
    static DAYS: OnceLock<Option<Days>> = OnceLock::new();
    let read = || {
        let mut days = Days::new();
        for line in text("cdnow/CDNOW_sample.txt.gz")?.lines() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let part = |from: usize, to: usize| cells[2][from..to].parse::<u32>().unwrap();
            let day = Day::from_ymd(part(0, 4) as i32, part(4, 6), part(6, 8)).unwrap();
            let shopper = days.entry(cells[1].parse().unwrap()).or_default();
            *shopper.entry(day).or_default() += cells[4].parse::<f64>().unwrap();
        }
        Some(days)
    };
    DAYS.get_or_init(read).as_ref()
}

fn retail() -> Option<&'static Days> {
    static DAYS: OnceLock<Option<Days>> = OnceLock::new();
    let read = || {
        let text = text("uci_online_retail/online_retail.csv.gz")?;
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let (mut days, mut record) = (Days::new(), csv::StringRecord::new());
        while csv.read_record(&mut record).unwrap() {
            // InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
            let (quantity, price): (f64, f64) = (record[3].parse().unwrap(), record[5].parse().unwrap());
            if record[0].starts_with('C') || quantity <= 0.0 || price <= 0.0 || record[6].is_empty() {
                continue;
            }
            let shopper = days.entry(record[6].parse().unwrap()).or_default();
            *shopper.entry(record[4][..10].parse().unwrap()).or_default() += quantity * price;
        }
        Some(days)
    };
    DAYS.get_or_init(read).as_ref()
}

/// What a case looks at: shoppers up to the end of calibration, and what they bought after it.
struct Split {
    purchases: Vec<Purchases>,
    spend: Vec<Spend>,
    later: Vec<f64>,
}

fn split(case: &Case, days: &Days) -> Split {
    let day = |value: &Value| value.as_str().map(|text| text.parse::<Day>().unwrap());
    let from = |key: &str| day(&case.params[key]).or_else(|| day(&case.inputs[key]));
    let end = from("calibration_end").unwrap();
    let holdout_end = from("holdout_end").unwrap_or(end);
    let mut split = Split { purchases: Vec::new(), spend: Vec::new(), later: Vec::new() };
    for (id, days) in days {
        if case.params["id_mod_2"].as_u64().is_some_and(|half| u64::from(id % 2) != half) {
            continue;
        }
        let seen: Vec<(Day, f64)> = days.range(..=end).map(|(d, a)| (*d, *a)).collect();
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else { continue };
        let weeks = |to: Day| f64::from(to.since(first.0)) / 7.0;
        let repeats = seen.len() as u32 - 1;
        split.purchases.push(Purchases::new(repeats, weeks(last.0), weeks(end)));
        let sum: f64 = seen[1..].iter().map(|(_, amount)| amount).sum();
        split.spend.push(Spend { repeats, mean: if repeats > 0 { sum / f64::from(repeats) } else { 0.0 } });
        split.later.push(days.keys().filter(|day| **day > end && **day <= holdout_end).count() as f64);
    }
    split
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// `key[3]` is 3.
fn position(key: &str) -> Option<usize> {
    key.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}

#[test]
fn every_case_of_lifetime_value_equals_the_recorded_one() {
    let Some(golden) = Golden::load("ltv").unwrap() else { return };
    let (Some(cdnow), Some(retail)) = (cdnow(), retail()) else { return };
    assert_eq!(golden.cases.len(), 18);
    for case in &golden.cases {
        if case.id.starts_with("clv_") {
            case.check(|key| clv_figure(case, key)).assert_all();
            continue;
        }
        let file = case.inputs["file"].as_str().unwrap();
        let split = split(case, if file.starts_with("cdnow") { cdnow } else { retail });
        match case.params["model"].as_str().unwrap() {
            "gamma_gamma" => check_spend(case, &split),
            name => check_purchases(case, name, &split),
        }
    }
}

fn check_purchases(case: &Case, name: &str, split: &Split) {
    let table = PurchaseTable::new(&split.purchases).unwrap();
    let given = |keys: [&str; 4]| {
        keys.map(|k| case.params["parameters_at_which_probes_are_evaluated"][k].as_f64().unwrap_or(f64::NAN))
    };
    let [r, alpha, a, b] = given(["r", "alpha", "a", "b"]);
    match name {
        "bgnbd" => {
            let fitted = BgNbdParams::default().fit(&table).unwrap();
            let values = parameters(fitted.r(), fitted.alpha(), fitted.drop_out(), ["a", "b"]);
            let probe = BgNbd::from_parameters(r, alpha, a, b).unwrap();
            check_model(case, split, &table, &fitted, &probe, &values);
        }
        "mbgnbd" => {
            let fitted = MbgNbdParams::default().fit(&table).unwrap();
            let values = parameters(fitted.r(), fitted.alpha(), fitted.drop_out(), ["a", "b"]);
            let probe = MbgNbd::from_parameters(r, alpha, a, b).unwrap();
            check_model(case, split, &table, &fitted, &probe, &values);
        }
        "pareto_nbd" => {
            let fitted = ParetoNbdParams::default().fit(&table).unwrap();
            let values = parameters(fitted.r(), fitted.alpha(), fitted.lifetime(), ["s", "beta"]);
            let [r, alpha, s, beta] = given(["r", "alpha", "s", "beta"]);
            let probe = ParetoNbd::from_parameters(r, alpha, s, beta).unwrap();
            check_model(case, split, &table, &fitted, &probe, &values);
        }
        other => panic!("an unknown model {other}"),
    }
}

fn parameters(
    r: f64,
    alpha: f64,
    ending: Option<(f64, f64)>,
    names: [&'static str; 2],
) -> BTreeMap<&'static str, Value> {
    let ending = ending.map_or([Value::Null, Value::Null], |(x, y)| [number(x), number(y)]);
    [("r", number(r)), ("alpha", number(alpha))].into_iter().chain(names.into_iter().zip(ending)).collect()
}

fn check_model<M: PurchaseModel>(
    case: &Case,
    split: &Split,
    table: &PurchaseTable,
    fitted: &M,
    probe: &M,
    parameters: &BTreeMap<&str, Value>,
) {
    let weeks = case.params["horizon"].as_f64().unwrap();
    let rows = fitted.score(table, &[weeks]);
    let predicted: Vec<f64> = table.row_of().iter().map(|&row| rows[row as usize].expected[0]).collect();
    let n = predicted.len() as f64;
    let off = |power: i32| predicted.iter().zip(&split.later).map(|(p, a)| (p - a).abs().powi(power)).sum::<f64>() / n;
    let probes: Vec<Purchases> = case.inputs["probes_x_tx_T"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let row = floats(row);
            Purchases::new(row[0] as u32, row[1], row[2])
        })
        .collect();
    let checked = case.check(|key| match key {
        "customers" => Some(json!(split.purchases.len())),
        "sum_frequency" => Some(number(table.sum_repeats())),
        "log_likelihood" | "log_likelihood_floor" => Some(number(fitted.report().log_likelihood)),
        "no_dropout_boundary" => Some(json!(fitted.report().how.no_dropout_boundary())),
        "expected_purchases_new_customer" => Some(number(probe.expected_of_newcomer(weeks))),
        "holdout_actual_total" => Some(number(split.later.iter().sum())),
        "holdout_predicted_total" => Some(number(predicted.iter().sum())),
        "holdout_mae" => Some(number(off(1))),
        "holdout_rmse" => Some(number(off(2).sqrt())),
        "holdout_correlation" => Some(number(correlation(&predicted, &split.later))),
        "top_decile_share_of_actual" => Some(number(top_decile(&predicted, &split.later))),
        _ if key.starts_with("expected_purchases[") => {
            Some(number(probe.expected_purchases(&probes[position(key)?], weeks)))
        }
        _ if key.starts_with("p_alive[") => Some(number(probe.p_alive(&probes[position(key)?]))),
        _ => parameters.get(key).cloned(),
    });
    checked.assert_all();
    // The recorded naive forecast is only for orientation, but the model has to be worth its trouble on CDNOW.
    if case.id.starts_with("cdnow_published") {
        let naive: f64 = split
            .purchases
            .iter()
            .zip(&split.later)
            .map(|(p, a)| (f64::from(p.repeats) / p.age * weeks - a).abs())
            .sum::<f64>()
            / n;
        assert!(off(1) < 0.8 * naive, "{} {naive}", off(1));
    }
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let of = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(x - mx, y - my)).sum::<f64>();
    of(&|x, y| x * y) / (of(&|x, _| x * x) * of(&|_, y| y * y)).sqrt()
}

/// Share of what was bought that the tenth with the highest forecasts bought.
fn top_decile(predicted: &[f64], actual: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..predicted.len()).collect();
    order.sort_by(|&i, &j| predicted[j].total_cmp(&predicted[i]).then(i.cmp(&j)));
    let top: f64 = order[..predicted.len() / 10].iter().map(|&i| actual[i]).sum();
    top / actual.iter().sum::<f64>()
}

fn check_spend(case: &Case, split: &Split) {
    let table = SpendTable::new(&split.spend).unwrap();
    let model = GammaGammaParams::default().fit(&table).unwrap();
    let probes: Vec<Vec<f64>> = case.inputs["probes_x_m"].as_array().unwrap().iter().map(floats).collect();
    let checked = case.check(|key| match key {
        "customers" => Some(json!(table.n_shoppers())),
        "correlation_frequency_monetary" => table.correlation().map(number),
        "log_likelihood" | "log_likelihood_floor" => Some(number(model.report().log_likelihood)),
        "p" => Some(number(model.p())),
        "q" => Some(number(model.q())),
        "v" => Some(number(model.v())),
        "population_mean_spend" => model.population_mean().map(number),
        _ if key.starts_with("expected_spend[") => {
            let probe = &probes[position(key)?];
            model.expected_spend(&Spend { repeats: probe[0] as u32, mean: probe[1] }).map(number)
        }
        _ => None,
    });
    checked.assert_all();
}

fn clv_figure(case: &Case, key: &str) -> Option<Value> {
    let [r, alpha, a, b] = floats(&case.params["r_alpha_a_b"])[..] else { return None };
    let [p, q, v] = floats(&case.params["p_q_v"])[..] else { return None };
    let model = BgNbd::from_parameters(r, alpha, a, b).unwrap();
    let spend = GammaGamma::from_parameters(p, q, v).unwrap();
    let row = floats(&case.inputs["rows_x_tx_T_m"][position(key)?]);
    let expected = spend.expected_spend(&Spend { repeats: row[0] as u32, mean: row[3] })?;
    if key.starts_with("expected_spend") {
        return Some(number(expected));
    }
    let discount = Discount {
        months: case.params["months"].as_u64()? as u32,
        monthly: case.params["monthly_discount"].as_f64()?,
        weeks_per_month: case.params["weeks_per_month"].as_f64()?,
    };
    Some(number(discount.value(&model, &Purchases::new(row[0] as u32, row[1], row[2]), expected)))
}
