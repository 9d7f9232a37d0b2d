//! Simulated merchants: what was planted has to be found again.

use super::super::facts::tests::{order, shopper};
use super::*;
use crate::AudienceError;
use domain::{Amount, Seed};
use learn::classify::{ClassifierKind, ClassifierParams, LogisticParams};

/// Shoppers who order with their own daily rate from day 0 to 720; markets differ in their level.
fn world(n: usize, seed: u64) -> Vec<ShopperFacts> {
    let draw = |i: usize| {
        let mut rng = Seed(seed).stream(i as u64);
        let market = if i < 5 { "JP" } else { ["DE", "FR"][i % 2] };
        let rate = 0.004 * (0.8 * rng.normal()).exp() * if market == "FR" { 2.0 } else { 1.0 };
        let (mut day, mut orders) = (200.0 * rng.uniform(), Vec::new());
        while day < 720.0 {
            let euros = (20.0 * (0.5 * rng.normal()).exp()) as i64;
            orders.push(order(day as i32, market, euros));
            day += rng.exponential() / rate;
        }
        ShopperFacts { shopper: format!("s{i}").as_str().into(), orders, returns: Vec::new() }
    };
    (0..n).map(draw).collect()
}

fn params() -> PredictParams {
    let kinds = vec![ClassifierKind::Logistic, ClassifierKind::Tree];
    PredictParams { kinds, n_cutoffs: 3, ..PredictParams::new(Target::NextPurchase { horizon_days: 90 }) }
}

#[test]
fn the_chosen_model_beats_the_base_and_repeats_itself() {
    let shoppers = world(800, 1);
    let got = params().fit(&shoppers, Day(720), Seed(7)).unwrap();
    let quality = got.quality();
    let value = |figure: Figure| figure.as_f64().unwrap();
    // Observed: AUC 0.70, log loss 0.63 against 0.69.
    assert!(value(quality.auc()) > 0.64, "{:?}", quality.auc());
    assert!(value(quality.log_loss()) < value(quality.base_log_loss()) - 0.02);
    assert!(value(quality.calibration_error()) < 0.1);
    assert!(got.trials().len() == 6 && got.trials().iter().all(|t| t.log_loss >= got.chosen().log_loss));
    assert_eq!(got, params().fit(&shoppers, Day(720), Seed(7)).unwrap(), "the same seed, the same bytes");
    let mut turned = shoppers.clone();
    turned.reverse();
    assert_eq!(got, params().fit(&turned, Day(720), Seed(7)).unwrap(), "the order of shoppers does not matter");
}

#[test]
fn nothing_after_now_changes_a_model_or_a_prediction() {
    let shoppers = world(300, 2);
    let mut later = shoppers.clone();
    for facts in &mut later {
        facts.orders.extend((720..740).step_by(4).map(|day| order(day, "FR", 999)));
    }
    let (a, b) =
        (params().fit(&shoppers, Day(720), Seed(1)).unwrap(), params().fit(&later, Day(720), Seed(1)).unwrap());
    assert_eq!(a, b);
    assert_eq!(a.predict_all(&shoppers, Day(720), 3), b.predict_all(&later, Day(720), 3));
}

#[test]
fn five_shoppers_of_a_market_get_a_probability_and_a_wider_interval() {
    let shoppers = world(800, 3);
    let got = params().fit(&shoppers, Day(720), Seed(1)).unwrap();
    let predictions = got.predict_all(&shoppers, Day(720), 3);
    let figure = |code: &str| got.market(code.parse().unwrap(), &predictions);
    let width = |f: &Figure| f.interval.unwrap().high - f.interval.unwrap().low;
    let (small, large) = (figure("JP"), figure("DE"));
    assert!(small.as_f64().is_some() && small.n == 5);
    assert!(width(&small) > 1.3 * width(&large), "{small:?} {large:?}");
    assert_eq!(figure("US").value, domain::FigureValue::TooLittleData { have: 0, need: 1 });
    // A shopper of a market nobody knows is asked like any other.
    let new = got.predict(&shopper("n", "US", &[600, 700]), Day(720), 3).unwrap();
    assert!(new.interval.low < new.probability && new.probability < new.interval.high);
    assert_eq!(got.predict(&shopper("n", "US", &[730]), Day(720), 3), None);
}

#[test]
fn reasons_are_named_in_both_languages_and_point_the_right_way() {
    let shoppers = world(800, 4);
    let kinds = vec![ClassifierKind::Logistic];
    let got = PredictParams { kinds, ..params() }.fit(&shoppers, Day(720), Seed(1)).unwrap();
    let busy = shopper("busy", "DE", &(300..720).step_by(14).collect::<Vec<_>>());
    let silent = shopper("silent", "DE", &[10]);
    let ask = |facts| got.predict(facts, Day(720), 20).unwrap();
    assert!(ask(&busy).probability > 0.7 && ask(&silent).probability < 0.4);
    let text = ask(&silent).reasons[0].text(Language::EN);
    assert!(text.contains("lowers it"), "{text}");
    assert!(ask(&silent).reasons[0].text(Language::ZH).contains("降低"));
    let parts = ask(&busy).reasons;
    assert!(parts.windows(2).all(|w| w[0].part.abs() >= w[1].part.abs()));
    let revenue = NamedReason { feature: Feature::Revenue, value: 100.0_f32.ln_1p(), part: 1.0 };
    assert!((revenue.shown() - 100.0).abs() < 1e-3);
}

#[test]
fn too_little_is_refused_with_the_reason() {
    let few = world(20, 5);
    assert!(matches!(
        params().fit(&few, Day(720), Seed(1)),
        Err(AudienceError::TooLittleData { what: "shoppers and cutoffs to learn from", need: 100, .. })
    ));
    assert!(matches!(params().fit(&world(300, 5), Day(260), Seed(1)), Err(AudienceError::TooLittleData { .. })));
    assert!(params().fit(&[], Day(720), Seed(1)).is_err());
    let nobody: Vec<ShopperFacts> = (0..300).map(|i| shopper(&format!("{i}"), "DE", &[i])).collect();
    assert!(matches!(
        params().fit(&nobody, Day(720), Seed(1)),
        Err(AudienceError::TooLittleData { what: "training rows in which it happened", have: 0, need: 10 })
    ));
    assert!(PredictParams { kinds: vec![], ..params() }.fit(&few, Day(720), Seed(1)).is_err());
}

#[test]
fn a_setting_can_be_tried_alone() {
    let shoppers = world(400, 6);
    let prepared = params().prepare(&shoppers, Day(720)).unwrap();
    let setting = ClassifierParams::Logistic(LogisticParams { cost: 0.5, ..LogisticParams::default() });
    let trial = prepared.try_setting(setting.clone(), Seed(1)).unwrap();
    let got = prepared.finish(vec![trial], Seed(1)).unwrap();
    assert_eq!(got.chosen().setting, setting);
    assert!(prepared.finish(Vec::new(), Seed(1)).is_err());
    assert!(prepared.train().n_rows() > 400 && prepared.validation().n_rows() <= 400);
    let revenue: Amount = shoppers[7].orders.iter().map(|o| o.revenue).sum();
    assert!(revenue > Amount::ZERO);
}
