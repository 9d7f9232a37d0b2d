//! What happens around a market, through the program: competitors, trends, currencies, running advertising, posts, what changed. On the
//! merchant of [`crate::decide`].

use crate::support::{Shop, json, number, portolan};
use serde_json::Value;

pub(crate) fn of_a_simulated_seller(shop: &Shop) {
    competitors_are_held_beside_our_prices_and_their_moves_are_told(shop);
    growth_is_that_of_the_lines(shop);
    a_checklist_counts_the_verdicts_and_drafts_what_is_missing(shop);
    bands_of_segments_are_what_their_lines_paid(shop);
    a_currency_costs_one_per_cent_of_its_sales(shop);
    running_advertising_is_counted_again(shop);
    posts_lie_ahead_and_a_long_draft_fits_nowhere(shop);
    the_plan_stands_beside_the_platforms(shop);
}

fn competitors_are_held_beside_our_prices_and_their_moves_are_told(shop: &Shop) {
    let told = json(shop, &["decide", "rivals", "DE", "--moved", "1", "--days", "60"]);
    let indices = told["indices"].as_array().unwrap();
    assert!(indices.len() >= 2, "{told}");
    assert!(indices.iter().any(|i| i["competitor"].is_null()), "one against the cheapest of all");
    for i in indices {
        let index = &i["index"];
        let (low, high) = (number(&index["interval"]["low"]), number(&index["interval"]["high"]));
        let value = number(&index["value"]["number"]);
        assert!(low <= value && value <= high && (0.2..5.0).contains(&value), "{i}");
        assert!(number(&i["dearer"]) + number(&i["cheaper"]) <= number(&i["products"]), "{i}");
    }
    for m in told["moves"].as_array().unwrap() {
        let change = number(&m["price"]) / number(&m["before"]) - 1.0;
        assert!((change - number(&m["change"])).abs() < 1e-9 && change.abs() >= 0.01, "{m}");
        let under = m["said"].as_str().unwrap().starts_with("undercuts");
        if m["own"].is_number() && m["floor"].is_number() {
            assert_eq!(under, number(&m["price"]) < number(&m["own"]), "{m}");
        }
    }
    assert!(shop.fails(&["decide", "rivals", "DE", "--moved", "0"]).contains("above 0"));
    assert!(shop.fails(&["decide", "rivals", "ZW"]).contains("nothing is sold in ZW"));
}

fn growth_is_that_of_the_lines(shop: &Shop) {
    let told = json(shop, &["decide", "trend", "--market", "CN"]);
    let until = told["until"].as_str().unwrap();
    let all = told["categories"].as_array().unwrap();
    let whole = all.iter().find(|c| c["category"] == "everything").unwrap();
    let sum = |from: i32, to: i32| {
        number(&shop.value(&format!(
            "select sum(l.quantity) from clean.order_lines l join clean.products q on q.product_id = l.product_id where l.market = 'CN' \
             and l.settled and not l.repeat and q.category <> '' and l.day >= date '{until}' - interval '{from} days' \
             and l.day < date '{until}' - interval '{to} days'"
        )))
    };
    let growth = sum(364, 0) / sum(728, 364) - 1.0;
    // The first week of two years may be cut off where the seller began in it.
    assert!((number(&whole["growth"]["value"]["number"]) - growth).abs() < 0.02, "{whole} beside {growth}");
}

fn a_checklist_counts_the_verdicts_and_drafts_what_is_missing(shop: &Shop) {
    let path = shop.path("missing.csv");
    let list = json(shop, &["decide", "checklist", "VN", "--csv", &path]);
    let count =
        |verdict: &str| {
            number(&shop.value(&format!(
                "select count(*) from marts.sellability where market = 'VN' and verdict = '{verdict}'"
            )))
        };
    assert_eq!(number(&list["sell"]), count("sell"));
    assert_eq!(number(&list["change"]), count("sell_with_change"));
    assert_eq!(list["unknown"].as_array().unwrap().len() as f64, count("unknown"));
    assert!(!list["to_do"].as_array().unwrap().is_empty());
    // Test rows are no products: where nothing else lacks an attribute, there is nothing to fill in.
    match std::fs::read_to_string(&path) {
        Ok(draft) => {
            assert_eq!(draft.lines().count() as f64, 1.0 + count("unknown"));
            assert!(draft.starts_with("product_id,") && draft.contains('?'), "{draft}");
        }
        Err(_) => assert_eq!(count("unknown"), 0.0),
    }
    assert_eq!(list["missing"].as_bool(), Some(count("unknown") > 0.0));
    let said = shop.ok(&["decide", "checklist", "VN", "--csv", &path]);
    assert_eq!(said.contains("nothing is missing"), count("unknown") == 0.0, "{said}");
    assert_eq!(said.contains("fill in where it says ?"), count("unknown") > 0.0, "{said}");
    assert!(shop.fails(&["decide", "checklist", "ZW"]).contains("no rules for ZW"));
}

/// The command's bands around a price, and the plan's figures of what segments pay beside the usual one, from the lines themselves.
fn bands_of_segments_are_what_their_lines_paid(shop: &Shop) {
    let best = shop.value(
        "select product_id from marts.prices where market = 'CN' and advised is not null and floor is not null order by product_id limit 1",
    );
    let best = best.as_str().unwrap();
    let told = json(shop, &["decide", "bands", "CN", best]);
    let (asked, floor) = (number(&told["asked"]), number(&told["floor"]));
    let advised = number(&shop.value(&format!(
        "select cast(advised as double) from marts.prices where market = 'CN' and product_id = '{best}'"
    )));
    assert!((asked - advised).abs() < 1e-9 && asked >= floor, "{told}");
    let segments = told["segments"].as_array().unwrap();
    assert!(segments.iter().filter(|s| s["low"].is_null()).all(|s| number(&s["lines"]) < 30.0), "{told}");
    let known: Vec<&Value> = segments.iter().filter(|s| !s["low"].is_null()).collect();
    assert!(known.len() >= 3, "{told}");
    for s in &known {
        let [low, middle, high] = ["low", "middle", "high"].map(|key| number(&s[key]));
        assert!(number(&s["lines"]) >= 30.0 && floor <= low && low <= middle && middle <= high, "{s}");
    }
    assert!(shop.ok(&["decide", "bands", "CN", best]).contains("asked, floor"));
    assert!(shop.fails(&["decide", "bands", "CN", "no-such"]).contains("there is no product `no-such`"));

    let plan = json(shop, &["plan", "--market", "CN"]);
    let paid = plan["plan"]["decided"]["paid"].as_array().unwrap();
    assert!(paid.len() >= 3, "{paid:?}");
    let mut before = f64::INFINITY;
    for one in paid {
        let (segment, figure) = (one[0].as_str().unwrap(), &one[1]);
        let value = number(&figure["value"]["number"]);
        let (low, high) = (number(&figure["interval"]["low"]), number(&figure["interval"]["high"]));
        assert!(value <= before && low <= value && value <= high && (0.5..1.5).contains(&value), "{one}");
        before = value;
        // By exact medians of plain sums, which the plan does not use: nobody's mean is far from them.
        let again = number(&shop.value(&format!(
            "select avg(l.paid / u.usual) from (select *, cast(amount as double) / quantity as paid, date_trunc('month', day) as month \
             from clean.order_lines where market = 'CN' and settled and not repeat and quantity > 0 and amount > 0) l \
             join (select product_id, date_trunc('month', day) as month, median(cast(amount as double) / quantity) as usual, count(*) as n \
             from clean.order_lines where market = 'CN' and settled and not repeat and quantity > 0 and amount > 0 \
             group by product_id, date_trunc('month', day)) u on u.product_id = l.product_id and u.month = l.month \
             join marts.segments s on s.shopper_id = l.shopper_id and s.market = 'CN' where u.n > 1 and s.segment = '{segment}'"
        )));
        assert!((value - again).abs() < 0.02, "{one} beside {again}");
    }
}

fn a_currency_costs_one_per_cent_of_its_sales(shop: &Shop) {
    let told = json(shop, &["decide", "exposure"]);
    let all = told["currencies"].as_array().unwrap();
    assert!(all.len() >= 3, "{told}");
    let shares: f64 = all.iter().map(|c| number(&c["share"])).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{told}");
    for c in all {
        let one = if c["currency"] == told["currency"] { 0.0 } else { 0.01 * number(&c["sales"]) };
        assert!((number(&c["one_percent"]) - one).abs() < 1e-6, "{c}");
        if let Some(spread) = c["spread"].as_f64() {
            assert!((0.0..0.5).contains(&spread), "{c}");
        }
    }
}

fn running_advertising_is_counted_again(shop: &Shop) {
    let told = json(shop, &["decide", "watch", "DE", "--days", "14"]);
    let (from, to) = (told["from"].as_str().unwrap(), told["to"].as_str().unwrap());
    let all = told["channels"].as_array().unwrap();
    let whole = all.iter().find(|c| c["channel"] == "all channels").unwrap();
    let orders = shop.value(&format!(
        "select count(distinct order_key) from clean.order_lines where market = 'DE' and settled and not repeat \
         and day between '{from}' and '{to}'"
    ));
    assert_eq!(number(&whole["orders"]), number(&orders));
    let clicks = shop.value(&format!(
        "select sum(clicks) from clean.ad_spend where market = 'DE' and day between '{from}' and '{to}'"
    ));
    assert_eq!(number(&whole["clicks"]), number(&clicks));
    let parts: f64 = all.iter().filter(|c| c["channel"] != "all channels").map(|c| number(&c["spend"])).sum();
    assert!((parts - number(&whole["spend"])).abs() < 1e-6 * parts, "{told}");
    assert!(shop.fails(&["decide", "watch", "ZW"]).contains("no advertising spend of ZW"));
}

fn posts_lie_ahead_and_a_long_draft_fits_nowhere(shop: &Shop) {
    let told = json(shop, &["decide", "posts", "VN"]);
    let (today, posts) = (told["today"].as_str().unwrap(), told["posts"].as_array().unwrap());
    assert!(posts.len() > 5, "{told}");
    assert!(posts.iter().all(|p| p["day"].as_str().unwrap() >= today), "days that are past");
    assert!(posts.windows(2).all(|w| w[0]["day"].as_str() <= w[1]["day"].as_str()), "in order");
    assert!(posts.iter().any(|p| p["platform"] == "Zalo") && posts.iter().all(|p| p["platform"] != "Douyin"));
    let long = "a".repeat(70_000);
    assert!(shop.fails(&["decide", "posts", "VN", "--text", &long]).contains("fits none"));
    let fits = json(shop, &["decide", "posts", "VN", "--text", "Tet sale: 20 % off until Friday #tet"]);
    assert!(fits["platforms"].as_array().unwrap().iter().all(|p| p["fits"] == true), "{fits}");
}

fn the_plan_stands_beside_the_platforms(shop: &Shop) {
    let told = json(shop, &["decide", "channels", "DE", "--order-margin", "20"]);
    let plan = told["plan"].as_array().unwrap();
    let rows = shop.sql("select channel, advised from marts.budget where market = 'DE' order by channel");
    assert_eq!(plan.len(), rows.len());
    for (a, b) in plan.iter().zip(&rows) {
        assert_eq!((&a["channel"], number(&a["advised"])), (&b["channel"], number(&b["advised"])));
    }
}

/// After another run the list says what moved, and a note of who took it over stays.
pub(crate) fn what_changed_is_listed_and_noted(shop: &Shop) {
    let file = shop.root().join("portolan.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let other = format!("{settings}\n[decide]\nmargin = 0.3\n");
    assert!(!settings.contains("[decide]"), "{settings}");
    std::fs::write(&file, other).unwrap();
    shop.ok(&["run"]);
    let told = json(shop, &["decide", "changes", "--market", "DE"]);
    let changes = told["changes"].as_array().unwrap();
    let floors: Vec<&Value> = changes.iter().filter(|c| c["kind"] == "floor").collect();
    assert!(floors.len() > 20 && floors.iter().all(|c| number(&c["after"]) > number(&c["before"])), "a higher margin");
    let first = changes[0]["number"].to_string();
    shop.ok(&["decide", "changes", "--market", "DE", "--take", &first, "--by", "Mei", "--why", "margins were thin"]);
    let trail = json(shop, &["decide", "changes", "--trail"]);
    assert_eq!((&trail[0]["by"], &trail[0]["verdict"]), (&Value::from("Mei"), &Value::from("taken")));
    assert_eq!(trail[0]["change"], changes[0]);
    assert!(
        shop.fails(&["decide", "changes", "--take", "999999", "--by", "Mei"]).contains("there is no change 999999")
    );
    assert_eq!(json(shop, &["decide", "changes", "--trail"]).as_array().unwrap().len(), 1, "nothing was added");
    std::fs::write(&file, settings).unwrap();
    shop.ok(&["run"]);
}

/// A simulated log: rules paced by what is left beat the constant one where money is short, and none passes its budget.
#[test]
fn bids_on_simulated_auctions_keep_their_budget_and_beat_a_constant_one() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let made = portolan(&["simulate", "--auctions", "60000", "--seed", "4", "--out", dir, "--json"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let truth: Value = serde_json::from_str(&made.out).unwrap();
    let log = format!("{dir}/auctions.csv");
    let mut before = f64::INFINITY;
    for budget in [20.0, 5.0] {
        let said = portolan(&["decide", "bids", &log, "--budget", &budget.to_string(), "--json"]);
        assert_eq!(said.code, 0, "{}", said.err);
        let told: Value = serde_json::from_str(&said.out).unwrap();
        let rules = told["rules"].as_array().unwrap();
        let whole = number(&told["episode"]["budget"]);
        assert!(rules.iter().all(|r| number(&r["most_paid_in_an_episode"]) <= whole + 1e-9), "{told}");
        assert!(rules.iter().all(|r| number(&r["paid"]) <= budget + 1e-9), "{told}");
        let clicks = |rule: &str| {
            let found = rules.iter().find(|r| r["rule"].as_str().is_some_and(|name| name == rule));
            number(&found.unwrap_or_else(|| panic!("no {rule} among {rules:?}"))["expected_clicks"])
        };
        // What a bidder knows of the chance is worth more the less money there is.
        assert!(clicks("linear, paced") > 1.5 * clicks("constant, paced"), "{told}");
        let best = rules.iter().map(|r| number(&r["expected_clicks"])).fold(0.0, f64::max);
        assert!(best < before, "less money, fewer clicks");
        before = best;
    }
    assert!(number(&truth["truth"]["cost_of_all"]) > 0.0);
}
