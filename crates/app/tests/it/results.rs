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

// a: 40.00 win 100, the next costs .80 and brings 3.00; c's next costs 1.00 and brings 9.00. The best shift moves 6.00 (30 % of c's 20.00)
// to c, whose return is far above the others'.
#[test]
fn a_growth_budget_moves_to_where_the_next_shopper_is_worth_most() {
    let dir = tempfile::tempdir().unwrap();
    let table = "channel,spent,new_shoppers,lifetime_value\na,40,100,3\nb,40,60,3\nc,20,40,9\nd,10,5,90\n";
    let path = file(&dir, "channels.csv", table);
    let ask = |args: &[&str]| portolan(&[&["decide", "shift", &path], args].concat());
    let said = ask(&["--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let plan = json(&said.out);
    let of = |at: usize, key: &str| plan["channels"][at][key].clone();
    let amount = |at: usize, key: &str| of(at, key).as_str().unwrap().parse::<f64>().unwrap();
    assert!(
        (amount(2, "to") - 26.0).abs() < 0.02 && ((0..4).map(|k| amount(k, "to")).sum::<f64>() - 110.0).abs() < 1e-9,
        "{plan}"
    );
    assert!((number(&of(0, "marginal_cost")) - 0.8).abs() < 1e-9 && (number(&of(2, "worth_it")) - 9.0).abs() < 1e-9);
    assert!(of(3, "too_few") == true && amount(3, "to") == 10.0, "{plan}");
    assert!(number(&plan["after"]) > number(&plan["before"]));
    assert!(ask(&[]).out.contains("instead of"));
    let said = ask(&["--elasticity", "7"]);
    assert!(said.code != 0 && said.err.contains("channels.csv"), "{}", said.err);
}

// 1,000 shoppers of whom a tenth buys anyway, 20.00 an order: 2.00 make a fifth buy: 1,000 · (.1 · 20 − .2 · 2) = 1,600 for 400; 5.00 a
// quarter: 1,000 · (.15 · 20 − .25 · 5) = 1,750 for 1,250. The sure ones give 100 · (.02 · 20 − .92 · 2) < 0: none.
#[test]
fn each_segment_gets_the_face_that_adds_most_within_the_budget() {
    let dir = tempfile::tempdir().unwrap();
    let table = "segment,shoppers,buys_anyway,margin,face,buys\nnew,1000,0.1,20,2,0.2\nnew,1000,0.1,20,5,0.25\nsure,100,0.9,20,2,0.92\n";
    let path = file(&dir, "segments.csv", table);
    let ask = |budget: &str| json(&portolan(&["decide", "faces", &path, "--budget", budget, "--json"]).out);
    let (little, much) = (ask("500"), ask("2000"));
    assert_eq!(
        (&little["segments"][0]["face"], &much["segments"][0]["face"]),
        (&"2.00".into(), &"5.00".into()),
        "{little} {much}"
    );
    assert!((number(&little["added"]) - 1_600.0).abs() < 1e-6 && (number(&much["added"]) - 1_750.0).abs() < 1e-6);
    assert!(much["segments"][1]["face"].is_null(), "{much}");
    let uneven = file(&dir, "uneven.csv", &table.replace("new,1000,0.1,20,5", "new,900,0.1,20,5"));
    let said = portolan(&["decide", "faces", &uneven, "--budget", "500"]);
    assert!(said.code != 0 && said.err.contains("segment `new`"), "{}", said.err);
}

/// Who has no table yet is told how to have one drafted; a draft that is filled in is read.
pub(crate) fn are_drafted(shop: &crate::support::Shop) {
    let (channels, segments) = (shop.path("channels.csv"), shop.path("segments.csv"));
    assert!(shop.fails(&["decide", "shift", &channels]).contains("--draft --market"));
    assert!(shop.fails(&["decide", "faces", &segments, "--budget", "500"]).contains("--draft --market"));
    shop.ok(&["decide", "shift", &channels, "--draft", "--market", "DE"]);
    shop.ok(&["decide", "faces", &segments, "--draft", "--market", "DE"]);
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let spent: f64 =
        read(&channels).lines().skip(1).map(|l| l.split(',').nth(1).unwrap().parse::<f64>().unwrap()).sum();
    let known = shop.value(
        "select sum(cast(spend as double)) from clean.ad_spend where market = 'DE' and day > \
         (select max(day) from clean.ad_spend where market = 'DE') - interval '91 days'",
    );
    assert!((spent - number(&known)).abs() < 0.05 && spent > 0.0, "{spent} {known}");
    let filled: String = read(&channels).lines().map(|l| l.replace(",,,", ",100,8,0.5") + "\n").collect();
    std::fs::write(&channels, filled).unwrap();
    assert!(shop.ok(&["decide", "shift", &channels]).contains("instead of"));
    // What somebody filled in is not written over.
    assert!(shop.fails(&["decide", "shift", &channels, "--draft", "--market", "DE"]).contains("is there already"));
    let shoppers: f64 =
        read(&segments).lines().skip(1).map(|l| l.split(',').nth(1).unwrap().parse::<f64>().unwrap()).sum();
    assert_eq!(number(&shop.value("select count(*) from marts.segments where market = 'DE'")), shoppers);
    let drafted = read(&segments);
    let faced = drafted.lines().map(|l| {
        let cells: Vec<&str> = l.split(',').collect();
        let known = cells[3].parse::<f64>().is_ok_and(|m| m > 0.0);
        if known { format!("{},{},0.1,{},2,0.2\n", cells[0], cells[1], cells[3]) } else { format!("{l}\n") }
    });
    std::fs::write(&segments, faced.collect::<String>()).unwrap();
    let chosen = json(&shop.ok(&["decide", "faces", &segments, "--budget", "100000", "--json"]));
    assert!(chosen["segments"].as_array().is_some_and(|s| s.iter().any(|s| s["face"] == "2.00")), "{chosen}");
}
