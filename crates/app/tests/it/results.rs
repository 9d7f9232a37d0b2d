//! What was tried, as tables: two arms compared with a known lift found again, and the next round of campaigns.

use crate::support::portolan;
use serde_json::Value;
use std::fmt::Write;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// 4,000 shoppers an arm; the new way is clicked a fifth more often, and each click orders alike.
fn arms(rng: &mut domain::Rng) -> String {
    let mut rows = String::from("shopper,arm,shown,clicks,orders,margin,cost\n");
    for shopper in 0..8_000 {
        let (arm, rate) = if shopper % 2 == 0 { ("control", 0.05) } else { ("transfer", 0.06) };
        let shown = 1 + rng.below(10);
        let clicks = (0..shown).filter(|_| rng.uniform() < rate).count();
        let orders = (0..clicks).filter(|_| rng.uniform() < 0.3).count();
        writeln!(rows, "s{shopper},{arm},{shown},{clicks},{orders},{},0.02", 4 * orders).unwrap();
    }
    rows
}

#[test]
fn a_known_lift_of_a_transfer_is_found_again_beside_the_old_way() {
    let dir = tempfile::tempdir().unwrap();
    let rows = arms(&mut domain::Seed(4).stream(0));
    let path = file(&dir, "ab.csv", &rows);
    let said = portolan(&["decide", "ab", &path, "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let done = json(&said.out);
    assert_eq!((&done["control"], &done["n_treated"]), (&"control".into(), &4_000.into()));
    assert_eq!(done["dealt_well"], true);
    let figure =
        |key: &str| done["figures"].as_array().unwrap().iter().find(|f| f["key"] == key).unwrap()["found"].clone();
    let clicks = figure("click_rate");
    assert!((number(&clicks["control"]) - 0.05).abs() < 0.005 && clicks["told"] == "better", "{clicks}");
    let (low, high) = (number(&clicks["lift_interval"]["low"]), number(&clicks["lift_interval"]["high"]));
    assert!(low < 0.2 && 0.2 < high && low > 0.0, "{clicks}");
    for key in ["conversion", "return_on_cost", "margin_per_shopper"] {
        let found = figure(key);
        assert!(number(&found["interval"]["low"]) < number(&found["difference"]), "{key}: {found}");
    }
    let said = portolan(&["decide", "ab", &path]);
    assert!(said.out.contains("click rate") && said.out.contains("Better than the old way"), "{}", said.out);

    // Somebody in both arms is left out, an arm that is too small for its share is said, and other wrongs are named.
    let twice = file(&dir, "twice.csv", &(rows.clone() + "s0,transfer,1,1,1,9,0\n"));
    assert_eq!(json(&portolan(&["decide", "ab", &twice, "--json"]).out)["dealt_twice"], 1);
    let uneven: String =
        rows.lines().enumerate().filter(|(i, _)| i % 8 != 2).map(|(_, l)| l.to_owned() + "\n").collect();
    let said = portolan(&["decide", "ab", &file(&dir, "uneven.csv", &uneven)]);
    assert!(said.out.contains("not as large as they were meant to be"), "{}", said.out);
    let fails = |text: &str, args: &[&str]| {
        let said = portolan(&[&["decide", "ab", &file(&dir, "bad.csv", text)], args].concat());
        assert_ne!(said.code, 0, "{}", said.out);
        said.err
    };
    assert!(fails("shopper,group\nx,a\n", &[]).contains("name a column `arm`"));
    assert!(fails("shopper,arm,clicks\nx,a,many\n", &[]).contains("bad.csv: line 2, column `clicks`: `many`"));
    assert!(fails("shopper,arm\nx,left\ny,right\n", &[]).contains("which of `left` and `right` is the old way?"));
    assert!(fails("shopper,arm\nx,a\ny,b\n", &[]).contains("at least 100"));
    assert!(fails(&rows, &["--share", "2"]).contains("`share`"));
}

#[test]
fn the_next_round_of_campaigns_follows_what_they_brought() {
    let dir = tempfile::tempdir().unwrap();
    let table = "campaign,week,spent,orders,margin\nsearch,1,100,30,600\nsocial,1,100,8,160\nvideo,1,100,0,0\nsearch,2,100,28,560\n";
    let path = file(&dir, "campaigns.csv", table);
    let ask = |args: &[&str]| portolan(&[&["decide", "campaigns", &path], args].concat());
    let said = ask(&["--budget", "600", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let next = json(&said.out)["campaigns"].clone();
    let of = |at: usize, key: &str| number(&next[at][key]);
    assert_eq!((next[0]["campaign"].as_str(), of(0, "spent"), of(0, "orders")), (Some("search"), 200.0, 58.0));
    assert!(((0..3).map(|k| of(k, "next")).sum::<f64>() - 600.0).abs() < 1e-6);
    // A tenth is split alike, the rest goes by the chance of being the best, which is nearly all the first one's.
    assert!(of(0, "next") > 500.0 && of(1, "next") >= of(2, "next") && of(2, "next") >= 20.0 - 1e-9, "{next}");
    assert!(of(0, "back") > of(1, "back") && of(1, "back") > of(2, "back"), "{next}");
    assert!(of(0, "chance_pays") > 0.99 && of(2, "chance_best") < 0.05, "{next}");
    assert_eq!(ask(&["--budget", "600", "--json"]).out, said.out, "the same seed, the same plan");
    assert!(ask(&["--budget", "600"]).out.contains("search"));
    let said = ask(&["--budget", "0"]);
    assert!(said.code != 0 && said.err.contains("`budget`"), "{}", said.err);
}
