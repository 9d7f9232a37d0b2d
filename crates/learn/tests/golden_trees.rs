//! Tree, forest and boosting against scikit-learn and LightGBM on purchase intent and churn
//! (`golden/classification.json` of the optional data; definitions are in that file). The other models of that
//! file are in `golden_classification.rs`. The formulas on small tables worked by hand are beside the code and always run.

mod tables;

use domain::Seed;
use learn::trees::{BoostParams, CartParams, ForestParams, Impurity, Objective, Samples};
use tables::{Sets, check, churn, sessions};
use testkit::golden::{Case, Golden};

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
        if ["tree", "forest", "lightgbm"].contains(&model) {
            check(case, &sets, &predict(model, &sets), |_| None);
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
