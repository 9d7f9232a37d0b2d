//! Logistic regression, the support vector machine and the marks against scikit-learn on purchase intent and churn
//! (`golden/classification.json` of the optional data; definitions are in that file). The tree models of that file
//! are in `golden_trees.rs`. Small tables worked by hand are beside the code and always run.

mod tables;

use learn::classify::{Logistic, LogisticParams, RbfSvm, RbfSvmParams, sigmoid};
use learn::trees::Samples;
use serde_json::{Value, json};
use tables::{Sets, check, churn, mark, sessions};
use testkit::golden::{Case, Golden};

fn logistic(case: &Case, sets: &Sets) {
    let samples = Samples::new(&sets.train.0, &sets.train.1).unwrap();
    let model: Logistic = LogisticParams::default().fit(samples).unwrap();
    let p: Vec<f64> = sets.test.0.rows().map(|row| sigmoid(model.score(row))).collect();
    check(case, sets, &p, |key| match key {
        "intercept" => Some(json!(model.intercept())),
        "coef" => Some(json!(model.coefficients())),
        "feature_means_train" => Some(json!(sets.means)),
        _ => None,
    });
}

fn svm(case: &Case, sets: &Sets) {
    let samples = Samples::new(&sets.train.0, &sets.train.1).unwrap();
    let model: RbfSvm = RbfSvmParams::default().fit(samples).unwrap();
    let decisions = model.decisions(&sets.test.0);
    // Accuracy is that of the sign; `mark` asks for what is above one half.
    let shifted: Vec<f64> = decisions.iter().map(|f| f + 0.5).collect();
    check(case, sets, &decisions, |key| match key {
        "support_vectors" => Some(json!(model.n_support())),
        "gamma" => Some(json!(model.gamma())),
        "accuracy" => mark(key, &shifted, &sets.test.1),
        _ => None,
    });
}

/// The cases that begin with `prefix` and are no trees, on the rows that `rows` reads.
fn compare(prefix: &str, rows: impl Fn() -> Option<Vec<(Vec<f64>, f32)>>) {
    let Some(golden) = Golden::load("classification").unwrap() else { return };
    let cases: Vec<&Case> = golden.cases.iter().filter(|case| case.id.starts_with(prefix)).collect();
    assert!(!cases.is_empty(), "no case begins with {prefix}");
    let Some(rows) = rows() else { return };
    let sets = Sets::of(rows, cases[0].params["salt"].as_u64().unwrap());
    for case in cases {
        match case.params["model"].as_str().unwrap() {
            "logreg" => logistic(case, &sets),
            "svm_rbf" => svm(case, &sets),
            "tree" | "forest" | "lightgbm" => {} // see golden_trees.rs
            other => panic!("no model {other}"),
        }
    }
}

#[test]
fn purchase_intent_is_predicted_as_by_the_peer() {
    compare("shoppers_s1_", sessions);
}

#[test]
fn churn_is_predicted_as_by_the_peer() {
    compare("churn_2011-09-01_", || churn("2011-09-01".parse().unwrap()));
}

#[test]
fn the_marks_are_those_of_the_peer() {
    let Some(golden) = Golden::load("classification").unwrap() else { return };
    for case in golden.cases.iter().filter(|case| case.id.starts_with("metric_vector_")) {
        let list = |key: &str| -> Vec<f64> {
            case.inputs[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
        };
        let y: Vec<f32> = list("y").into_iter().map(|y| y as f32).collect();
        let p = list("p");
        let figure = |key: &str| -> Option<Value> { mark(key, &p, &y) };
        case.check(figure).assert_all();
    }
}
