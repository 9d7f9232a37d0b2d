//! Forecasts against statsforecast on M4 and on exact small cases (`golden/forecast.json` of the
//! optional data; definitions are in that file). Formulas on series worked by hand are beside the code
//! and always run.

use eval::forecast::{mae, mase, owa, rmse, smape, wape};
use learn::series::intermittent::{croston, sba, tsb};
use learn::series::naive::{drift, historic_mean, seasonal_naive, seasonal_window_mean, simple_smoothing, window_mean};
use learn::series::season::{autocorrelation, is_seasonal, naive2};
use learn::series::{Method, Scale};
use rayon::prelude::*;
use serde_json::{Value, json};
use testkit::golden::{Case, Golden, number};
use testkit::shared::shared_data;

/// A series of M4: number in its id, history, what came.
struct Series {
    number: usize,
    train: Vec<f64>,
    test: Vec<f64>,
}

fn rows(file: &str) -> Option<Vec<(usize, Vec<f64>)>> {
    let path = shared_data(&format!("m4/{file}.csv.gz"))?;
    let mut csv = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()));
    let row = |record: csv::StringRecord| {
        let number = record[0][1..].parse().unwrap();
        (number, record.iter().skip(1).filter(|v| !v.is_empty()).map(|v| v.parse().unwrap()).collect())
    };
    Some(csv.records().map(|r| row(r.unwrap())).collect())
}

fn m4(group: &str) -> Option<Vec<Series>> {
    let tests = rows(&format!("{group}-test"))?;
    let join = |((number, train), (same, test)): ((usize, Vec<f64>), (usize, Vec<f64>))| {
        assert_eq!(number, same);
        Series { number, train, test }
    };
    Some(rows(&format!("{group}-train"))?.into_iter().zip(tests).map(join).collect())
}

/// Errors of the named method, one (sMAPE, MASE) a series.
fn errors(name: &str, series: &[&Series], period: usize, mase_period: usize) -> Option<Vec<(f64, f64)>> {
    let horizon = series[0].test.len();
    let say = |method: Method, y: &[f64]| method.forecast(y, &[24, 168], horizon).unwrap().mean;
    let of = |y: &[f64]| -> Option<Vec<f64>> {
        Some(match name {
            "Naive2" => naive2(y, period, horizon)?,
            "Naive" => say(Method::Naive, y),
            "SeasonalNaive52" => say(Method::SeasonalNaive(52), y),
            "SeasonalNaive24" => say(Method::SeasonalNaive(24), y),
            "AutoTheta" => say(Method::Theta(period), y),
            "AutoETS" => say(Method::Ets(period), y),
            "MeanETSTheta" => {
                let (a, b) = (say(Method::Ets(period), y), say(Method::Theta(period), y));
                a.iter().zip(&b).map(|(a, b)| (a + b) / 2.0).collect()
            }
            "MSTL24_168" => say(Method::MstlEts(Scale::Plain), y),
            _ => return None,
        })
    };
    series
        .par_iter()
        .map(|s| {
            let f = of(&s.train)?;
            Some((smape(&s.test, &f)?, mase(&s.train, &s.test, &f, mase_period)?))
        })
        .collect()
}

fn check_accuracy(case: &Case) {
    let p = &case.params;
    let size = |name: &str| p[name].as_u64().unwrap() as usize;
    let (group, subset) = (p["group"].as_str().unwrap(), p["subset"].as_str().unwrap());
    let Some(all) = m4(if group == "weekly" { "Weekly" } else { "Hourly" }) else { return };
    let odd = subset.starts_with("odd");
    let last = if subset.contains("H1..H100") { 100 } else { usize::MAX };
    let series: Vec<&Series> = all.iter().filter(|s| s.number <= last && (!odd || s.number % 2 == 1)).collect();
    assert_eq!(series[0].test.len(), size("h"));
    let mean = |name: &str| -> Option<(f64, f64, usize)> {
        let e = errors(name, &series, size("m_model"), size("m_mase"))?;
        let n = e.len() as f64;
        Some((e.iter().map(|e| e.0).sum::<f64>() / n, e.iter().map(|e| e.1).sum::<f64>() / n, e.len()))
    };
    let benchmark = mean("Naive2").unwrap();
    let mut known: std::collections::BTreeMap<String, Option<(f64, f64, usize)>> = Default::default();
    case.check(|key| {
        let (name, measure) = key.split_once('|')?;
        let (s, a, n) = (*known.entry(name.to_owned()).or_insert_with(|| mean(name)))?;
        Some(match measure {
            "series" => json!(n),
            "smape" => number(s),
            "mase" => number(a),
            "owa" => number(owa(s, a, benchmark.0, benchmark.1)?),
            _ => return None,
        })
    })
    .assert_all();
}

fn golden_case(id: &str) -> Option<Case> {
    Some(Golden::load("forecast").unwrap()?.case(id).unwrap().clone())
}

/// `bench forecast` has every method and the automatic choice beside statsforecast.
#[test]
fn accuracy_on_every_second_weekly_series_is_that_of_the_reference_or_better() {
    let Some(case) = golden_case("m4_weekly_odd") else { return };
    check_accuracy(&case);
}

#[test]
fn accuracy_on_every_second_hourly_series_is_that_of_the_reference_or_better() {
    let Some(case) = golden_case("m4_hourly_odd") else { return };
    check_accuracy(&case);
}

#[test]
fn seasonal_smoothing_of_hours_is_that_of_the_reference_or_better() {
    let Some(case) = golden_case("m4_hourly_ets_odd") else { return };
    check_accuracy(&case);
}

#[test]
fn accuracy_on_all_weekly_series_is_that_of_the_reference_or_better() {
    let Some(case) = golden_case("m4_weekly_all") else { return };
    check_accuracy(&case);
}

#[test]
fn seasonal_smoothing_of_all_hours_is_that_of_the_reference_or_better() {
    let Some(case) = golden_case("m4_hourly_ets_all") else { return };
    check_accuracy(&case);
}

#[test]
fn accuracy_on_all_hourly_series_is_that_of_the_reference_or_better() {
    let Some(case) = golden_case("m4_hourly_all") else { return };
    check_accuracy(&case);
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn closed_forms_are_those_of_the_reference() {
    for id in ["exact_W1_last60", "exact_H77_last96"] {
        let Some(case) = golden_case(id) else { return };
        let (y, m) = (floats(&case.inputs["y"]), case.params["m"].as_u64().unwrap() as usize);
        case.check(|key| {
            Some(match key {
                "ses_alpha_0.3_h3" => json!(simple_smoothing(&y, 0.3, 3)?),
                "window_average_6_h2" => json!(window_mean(&y, 6, 2)?),
                "seasonal_window_average_2_h5" => json!(seasonal_window_mean(&y, m, 2, 5)?),
                "rwd_drift_h4" => json!(drift(&y, 4)?),
                "historic_average_h1" => json!(historic_mean(&y, 1)?),
                "seasonal_naive_h5" => json!(seasonal_naive(&y, m, 5)?),
                "acf_1_to_6" => json!(autocorrelation(&y, 6)),
                "naive2_h6" => json!(naive2(&y, m, 6)?),
                "is_seasonal_at_90_percent" => json!(is_seasonal(&y, m)),
                // Shown for orientation: the forms are the reference's choice.
                "AutoETS_h4_m4" | "AutoETS_h4_m24" => json!(Method::Ets(m).forecast(&y, &[], 4)?.mean),
                "AutoTheta_h4_m4" | "AutoTheta_h4_m24" => json!(Method::Theta(m).forecast(&y, &[], 4)?.mean),
                _ => return None,
            })
        })
        .assert_all();
    }
}

#[test]
fn intermittent_demand_is_that_of_the_reference() {
    for id in ["intermittent_0", "intermittent_2"] {
        let Some(case) = golden_case(id) else { return };
        let y = floats(&case.inputs["y"]);
        case.check(|key| match key {
            "croston_classic" => croston(&y, 0.1).map(number),
            "croston_sba" => sba(&y, 0.1).map(number),
            "tsb_0.2_0.2" => tsb(&y, 0.2, 0.2).map(number),
            _ => None,
        })
        .assert_all();
    }
}

#[test]
fn error_measures_are_those_of_the_reference() {
    for id in ["metrics_1", "metrics_2"] {
        let Some(case) = golden_case(id) else { return };
        let m = case.params["m"].as_u64().unwrap() as usize;
        let [train, actual, forecast] = ["train", "actual", "forecast"].map(|name| floats(&case.inputs[name]));
        case.check(|key| {
            let value = match key {
                "smape" => smape(&actual, &forecast),
                "mase" => mase(&train, &actual, &forecast, m),
                "rmse" => rmse(&actual, &forecast),
                "mae" => mae(&actual, &forecast),
                "wape" => wape(&actual, &forecast),
                _ => None,
            };
            value.map(number)
        })
        .assert_all();
    }
}
