//! Media mix and allocation against figures recorded from scipy (`golden/mmm_budget.json` of the optional data; definitions
//! are in that file). The same on tables of our own, with a known truth, is in `media_planted.rs`, which always runs.

use decide::budget::{AllocateParams, Grid, Total};
use decide::media::{Adstock, Channel, Control, MediaData, MediaModel, MediaParams, Shape, Trend};
use domain::{Currency, Decimal, Money, Rounding, Seed};
use serde_json::{Value, json};
use testkit::golden::{Case, Golden, number};
use testkit::shared::shared_data;

/// The columns of a file by name.
fn columns(file: &str) -> Option<Vec<(String, Vec<String>)>> {
    let path = shared_data(file)?;
    let mut csv = csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()));
    let mut columns: Vec<(String, Vec<String>)> =
        csv.headers().unwrap().iter().map(|h| (h.to_owned(), Vec::new())).collect();
    for record in csv.records() {
        record.unwrap().iter().zip(&mut columns).for_each(|(cell, column)| column.1.push(cell.to_owned()));
    }
    Some(columns)
}

/// The table of a case: its channels, its named controls, the outcome its file has.
fn table(case: &Case, channels: &[String]) -> Option<MediaData> {
    let columns = columns(case.inputs["file"].as_str().unwrap())?;
    let raw = |name: &str| &columns.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("column {name}")).1;
    let numbers = |name: &str| -> Vec<f64> { raw(name).iter().map(|c| c.parse().unwrap()).collect() };
    // Each file's outcome: revenue, orders times their value, orders.
    let outcome = match case.params["data"].as_str() {
        Some("robyn") => numbers("revenue"),
        Some("meridian_all") => {
            numbers("conversions").iter().zip(numbers("revenue_per_conversion")).map(|(n, each)| n * each).collect()
        }
        _ => numbers("conversions"),
    };
    let named: Vec<String> = match case.params["controls"].as_array() {
        Some(list) => list.iter().map(|c| c.as_str().unwrap().to_owned()).collect(),
        None => ["competitor_sales_B", "newsletter", "events=event1", "events=event2"].map(str::to_owned).to_vec(),
    };
    let control = |name: &String| {
        let values = match name.split_once('=') {
            Some((column, value)) => raw(column).iter().map(|c| f64::from(u8::from(c == value))).collect(),
            None => numbers(name),
        };
        Control { name: name.clone(), values }
    };
    let controls = named.iter().filter(|n| *n != "trend" && !n.starts_with("fourier")).map(control).collect();
    let channels = channels.iter().map(|c| Channel { name: c.clone(), spend: numbers(c) }).collect();
    Some(MediaData::national(outcome, channels, controls))
}

fn euros(x: f64) -> Money {
    let eur = Currency::new(*b"EUR");
    Money::from_decimal(Decimal::try_from(x).unwrap(), eur, Rounding::HalfEven).unwrap()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
}

#[test]
fn given_shapes_the_linear_part_and_the_allocation_are_those_of_scipy() {
    let Some(golden) = Golden::load("mmm_budget").unwrap() else { return };
    let mut n_cases = 0;
    for case in golden.cases.iter().filter(|c| c.id.starts_with("fixed_")) {
        let channels = texts(&case.params["channels"]);
        let Some(data) = table(case, &channels) else { return };
        let shapes: Vec<Shape> = channels
            .iter()
            .map(|c| {
                let of = |k: usize| case.params["theta_alpha_gamma"][c][k].as_f64().unwrap();
                Shape::geometric(of(0), of(1), of(2))
            })
            .collect();
        let params = MediaParams {
            test_weeks: case.params["test_weeks"].as_u64().unwrap() as usize,
            ridge: case.params["lambda"].as_f64().unwrap(),
            ..MediaParams::default()
        };
        let model = params.fit_given(&data, &shapes).unwrap();
        let budget = case.params["weekly_budget"].as_f64().unwrap();
        case.check(|key| fixed(key, &model, &channels, budget)).assert_all();
        n_cases += 1;
    }
    assert!(n_cases >= 4, "{n_cases} cases");
}

fn fixed(key: &str, model: &MediaModel, channels: &[String], budget: f64) -> Option<Value> {
    let parts: Vec<&str> = key.split('|').collect();
    let at = |name: &str| channels.iter().position(|c| c == name);
    let allocated = |times: &str| {
        let total = Total::Exactly(euros(budget * times.trim_start_matches("budget_x").parse::<f64>().unwrap()));
        let names: Vec<&str> = channels.iter().map(String::as_str).collect();
        AllocateParams::default().allocate(&Grid::channels(&names, model.curves(), total)).unwrap()
    };
    let now = || model.curves().iter().zip(model.channels()).map(|(c, f)| c.at(f.mean_spend)).sum::<f64>();
    let x = match parts.as_slice() {
        ["train_weeks"] => return Some(json!(model.n_train_weeks())),
        ["r2_train"] => model.train_fit().r2,
        ["nrmse_train"] => model.train_fit().nrmse,
        ["r2_test"] => model.test_fit()?.r2,
        ["nrmse_test"] => model.test_fit()?.nrmse,
        ["intercept"] => model.base().find(|(name, _)| *name == "intercept")?.1,
        ["coef", name] => model.channels()[at(name)?].coefficient,
        ["share", name] => model.channels()[at(name)?].share,
        ["max_adstock", name] => model.channels()[at(name)?].scale,
        ["roi", name] => model.channels()[at(name)?].roi,
        ["response_at_current_mean_spend"] => now(),
        ["lift_of_reallocation"] => allocated("budget_x1.0").back() / now() - 1.0,
        [times, "best_response"] => allocated(times).back(),
        [times, "share", name] => {
            let allocation = allocated(times);
            allocation.row(at(name)?).minor as f64 / allocation.spent().minor as f64
        }
        _ => return None,
    };
    Some(number(x))
}

#[test]
fn carry_over_and_saturation_are_those_of_numpy() {
    let Some(golden) = Golden::load("mmm_budget").unwrap() else { return };
    for case in golden.cases.iter().filter(|c| c.id.starts_with("transform_")) {
        let of = |name: &str| case.params[name].as_f64().unwrap();
        let spend: Vec<f64> = case.inputs["spend"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        let adstock = Adstock::Geometric { theta: of("theta") };
        let carried = adstock.apply(&spend);
        let most = carried.iter().copied().fold(0.0, f64::max);
        let shape = Shape { adstock, alpha: of("alpha"), gamma: of("gamma") };
        case.check(|key| match key {
            "adstock" => Some(json!(carried)),
            "hill_of_scaled" => Some(json!(carried.iter().map(|c| shape.saturated(*c, most)).collect::<Vec<_>>())),
            "steady_state_multiplier" => Some(number(adstock.steady_state())),
            _ => None,
        })
        .assert_all();
    }
}

#[test]
fn the_search_fits_as_well_as_differential_evolution() {
    let Some(golden) = Golden::load("mmm_budget").unwrap() else { return };
    for case in golden.cases.iter().filter(|c| c.id.starts_with("search_")) {
        let channels: Vec<String> = case
            .expect
            .iter()
            .filter_map(|e| e.key.strip_prefix("share|")?.strip_suffix("|by_seed").map(str::to_owned))
            .collect();
        let Some(data) = table(case, &channels) else { return };
        let params = MediaParams { ridge: 1e-4, ..MediaParams::default() };
        let model = params.fit(&data, &[], Seed(1)).unwrap();
        case.check(|key| match key {
            "r2_train_best" => Some(number(model.train_fit().r2)),
            "nrmse_test_worst" => Some(number(model.test_fit()?.nrmse)),
            _ => None,
        })
        .assert_all();
    }
}

/// `u(n)` of the golden files.
fn u(n: u64) -> f64 {
    domain::Rng::new(n.wrapping_sub(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).uniform()
}

#[test]
fn a_made_up_market_is_recovered_as_far_as_the_best_fit_allows() {
    let Some(golden) = Golden::load("mmm_budget").unwrap() else { return };
    for case in golden.cases.iter().filter(|c| c.id.starts_with("recover_")) {
        let floats = |v: &Value| -> Vec<f64> { v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
        let seed = case.params["seed"].as_u64().unwrap();
        let n = case.params["n"].as_u64().unwrap() as usize;
        let spend = |j: u64| -> Vec<f64> {
            let draw = |t: usize| u(t as u64 + 1 + 1000 * seed + 100_000 * j);
            (0..n).map(draw).map(|u| if u < 0.25 { 0.0 } else { 100.0 * u * u }).collect()
        };
        let y = floats(&case.inputs["y"]);
        let channels: Vec<Channel> = (0..3).map(|j| Channel { name: format!("x{j}"), spend: spend(j) }).collect();
        let first: Vec<f64> = channels.iter().map(|c| c.spend[0]).collect();
        assert!(first.iter().zip(floats(&case.inputs["x_first_row"])).all(|(a, b)| (a - b).abs() < 1e-9));
        let data = MediaData::national(y.clone(), channels, Vec::new());
        let params =
            MediaParams { test_weeks: 0, ridge: 1e-4, trend: Trend::None, n_fourier: 0, ..MediaParams::default() };
        let model = params.fit(&data, &[], Seed(1)).unwrap();
        let error = y.iter().zip(model.fitted()).map(|(y, f)| (y - f).powi(2)).sum::<f64>() / n as f64;
        case.check(|key| match key {
            "y_first5" => Some(json!(y[..5].to_vec())),
            "best_mean_squared_error" => Some(number(error)),
            "fitted_shares" => Some(json!(model.channels().iter().map(|c| c.share).collect::<Vec<_>>())),
            _ => None,
        })
        .assert_all();
    }
}
