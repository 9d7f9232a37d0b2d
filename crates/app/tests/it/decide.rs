//! What is decided, end to end: a simulated seller's files to verdicts, floors, prices, demand, budget and the page.

use crate::support::Shop;
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|t| t.parse().ok()))
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// One merchant for all of it: a run takes longer than everything that is asked of it.
#[test]
fn a_simulated_seller_gets_decisions() {
    let shop = Shop::with(&["--home", "CN", "--currency", "EUR"]);
    let merchant = shop.path("merchant");
    shop.ok(&["simulate", "--out", &merchant, "--scale", "0.06", "--seed", "3"]);
    shop.ok(&["ingest", &format!("{merchant}/exports")]);
    shop.ok(&["run"]);
    no_advised_price_lies_below_the_floor_and_the_parts_of_a_price_add_up_to_it(&shop);
    verdicts_spread_and_say_what_is_missing(&shop);
    a_change_has_its_rough_cost_and_its_rules(&shop);
    last_days_are_ahead_and_stock_leaves_before_the_last_order(&shop);
    what_rests_on_general_knowledge_says_verify(&shop);
    home_pays_no_duty_and_other_markets_say_what_they_rest_on(&shop);
    every_week_ahead_has_an_interval_around_what_is_expected(&shop);
    where_nothing_can_be_told_of_a_channel_its_spend_stays(&shop);
    a_weaker_currency_and_a_higher_margin_move_floors_and_nothing_is_written(&shop);
    the_page_says_what_to_do_in_both_languages(&shop);
    shoppers_like_those_of_a_segment_are_ranked_with_what_that_is_worth(&shop);
    crate::advertising::of_a_simulated_seller(&shop);
    every_number_of_a_plan_is_found_again(&shop);
    what_was_foreseen_is_held_against_what_came(&shop);
    most_products_sell_above_their_floor(&shop);
    what_is_not_sold_yet_has_a_floor_and_starts_from_another_market(&shop);
    a_market_is_named_in_either_way_and_what_is_unknown_is_said(&shop);
    crate::entered::of_a_simulated_seller(&shop);
    crate::around::of_a_simulated_seller(&shop);
    crate::around::what_changed_is_listed_and_noted(&shop);
    crate::results::are_drafted(&shop);
    // Last, because it leaves other settings behind than the run was made with.
    crate::trade::what_is_offered_cleared_and_sent(&shop);
}

/// All of them, not fifty: a number that no draw meets is a number that nobody checks.
fn every_number_of_a_plan_is_found_again(shop: &Shop) {
    for market in ["CN", "DE", "VN"] {
        let traced: Value =
            serde_json::from_str(&shop.ok(&["decide", "trace", market, "-n", "100000", "--json"])).unwrap();
        let traced = traced.as_array().unwrap();
        assert!(traced.len() > 200, "{market}: {}", traced.len());
        for one in traced {
            let whole = one["found"].is_string() && one["formula"].as_str().is_some_and(|f| !f.is_empty());
            assert!(whole && one["rows"].as_u64() > Some(0), "{market}: {one}");
        }
    }
    let drawn: Value = serde_json::from_str(&shop.ok(&["decide", "trace", "DE", "--json"])).unwrap();
    assert_eq!(drawn.as_array().unwrap().len(), 50);
    assert!(shop.fails(&["decide", "trace", "ZW"]).contains("ZW has no sale yet"));
}

fn what_was_foreseen_is_held_against_what_came(shop: &Shop) {
    let past: Value = serde_json::from_str(&shop.ok(&["decide", "backtest", "--json"])).unwrap();
    let past = past.as_array().unwrap();
    assert!(past.iter().any(|p| p["market"] == "CN" && p["figure"] == "decide.units"), "{past:?}");
    for p in past {
        let [low, expected, high, came] = ["low", "expected", "high", "came"].map(|key| number(&p[key]));
        assert!(low <= expected && expected <= high, "{p}");
        assert_eq!(p["inside"].as_bool(), Some(low <= came && came <= high), "{p}");
    }
    // What came is what was sold in those weeks.
    let home = past.iter().find(|p| p["market"] == "CN" && p["figure"] == "decide.units").unwrap();
    let sold = shop.value(&format!(
        "select sum(quantity) from clean.order_lines where market = 'CN' and settled and not repeat and product_id is not null \
         and day >= '{}' and day < '{}'",
        home["from"].as_str().unwrap(),
        home["to"].as_str().unwrap()
    ));
    // Weeks in another currency than the market's are left out, services too.
    assert!((number(&home["came"]) / number(&sold) - 1.0).abs() < 0.05, "{home} {sold}");
}

fn most_products_sell_above_their_floor(shop: &Shop) {
    let sold = shop.value("select count(*) from marts.prices where price is not null and floor is not null");
    let above = shop.value("select count(*) from marts.prices where price >= floor");
    assert!(number(&above) > 0.6 * number(&sold), "{above} of {sold}");
    // Stock is counted for every market of the simulation, so goods come in bulk and go on inside the market.
    let ways = shop
        .value("select count(*) from marts.landed_costs where market = 'DE' and part = 'delivery within the market'");
    assert!(number(&ways) > 50.0, "{ways}");
    let duties =
        shop.value("select count(*) from marts.landed_costs where part = 'customs duty' and how not like '%; HS %'");
    assert_eq!(number(&duties), 0.0);
}

fn no_advised_price_lies_below_the_floor_and_the_parts_of_a_price_add_up_to_it(shop: &Shop) {
    let floors = shop.value("select count(*) from marts.prices where floor is not null");
    assert!(number(&floors) > 100.0, "{floors}");
    let below = shop.value("select count(*) from marts.prices where advised < floor");
    assert_eq!(number(&below), 0.0);
    let off = shop.value(
        "select count(*) from (select market, product_id, sum(case when part <> 'price' then amount else -amount end) as gap \
         from marts.landed_costs group by market, product_id) x where gap <> 0",
    );
    assert_eq!(number(&off), 0.0, "parts and price, to the last minor unit");
}

/// Every product of a known cost has a floor in every served market: also one that is sold elsewhere only and may be recommended here.
fn what_is_not_sold_yet_has_a_floor_and_starts_from_another_market(shop: &Shop) {
    let new = "from marts.prices p where p.price is null and p.market in (select market from marts.market_summary)";
    let new = format!("{new} and p.en like 'never sold here: starts from %'");
    let new_ones = shop.value(&format!("select count(*) {new}"));
    assert!(number(&new_ones) > 3.0, "{new_ones}");
    let below = shop.value(&format!("select count(*) {new} and (p.floor is null or coalesce(p.advised, 0) < p.floor)"));
    assert_eq!(number(&below), 0.0);
    let bare = shop.value(
        "select count(*) from marts.recommendations r join (select distinct product_id from marts.landed_costs) c \
           on c.product_id = r.product_id left join marts.prices p on p.market = r.market and p.product_id = r.product_id \
         where p.floor is null",
    );
    assert_eq!(number(&bare), 0.0, "what is recommended has a floor to be held to");
}

fn a_market_is_named_in_either_way_and_what_is_unknown_is_said(shop: &Shop) {
    for what in ["demand", "budget", "trend", "parity"] {
        assert_eq!(shop.ok(&["decide", what, "DE"]), shop.ok(&["decide", what, "--market", "DE"]), "{what}");
        assert!(shop.fails(&["decide", what, "DE", "--market", "DE"]).contains("cannot be used with"), "{what}");
    }
    for what in ["cost", "sell", "bands"] {
        let unknown = shop.fails(&["decide", what, "DE", "NO-SUCH"]);
        assert!(unknown.contains("there is no product `NO-SUCH` in the catalogue"), "{what}: {unknown}");
    }
    let known = shop.value("select min(product_id) from marts.landed_costs");
    let unsold = shop.fails(&["decide", "cost", "ZW", known.as_str().unwrap()]);
    assert!(unsold.contains("of ZW was decided"), "{unsold}");
}

/// The simulated seller holds most papers: some products are ready, some lack one, of some nothing is said.
fn verdicts_spread_and_say_what_is_missing(shop: &Shop) {
    for market in ["CN", "DE", "VN"] {
        let share = |verdict: &str| {
            let of =
                |which: &str| {
                    number(&shop.value(&format!(
                        "select count(*) from marts.sellability where market = '{market}' and {which}"
                    )))
                };
            of(&format!("verdict = '{verdict}'")) / of("true")
        };
        let (sell, change) = (share("sell"), share("sell_with_change"));
        assert!(sell > 0.2 && change > 0.1, "{market}: {sell} sell, {change} after a change");
    }
    let unsaid = shop.value("select count(*) from marts.sellability where verdict = 'unknown' and missing = ''");
    assert_eq!(number(&unsaid), 0.0);
}

fn a_change_has_its_rough_cost_and_its_rules(shop: &Shop) {
    let said: Value = serde_json::from_str(&shop.ok(&["decide", "sell", "VN", "--json"])).unwrap();
    let products = said["products"].as_array().unwrap();
    let changed = products.iter().find(|p| p["verdict"] == "sell_with_change").unwrap();
    let change = &changed["changes"][0];
    assert!(number(&change["cost_low"]) <= number(&change["cost_high"]), "{change}");
    assert_eq!(change["currency"], "USD", "{change}");
    let (en, zh) = (changed["en"].as_str().unwrap(), changed["zh"].as_str().unwrap());
    assert!(en.contains(", roughly USD ") && zh.contains("，费用约 USD "), "{changed}");
    for rule in changed["cited"].as_array().unwrap() {
        for key in ["id", "from", "source", "confidence", "origin"] {
            assert!(rule[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {rule}");
        }
    }
    let text = shop.ok(&["decide", "sell", "VN", changed["product_id"].as_str().unwrap()]);
    assert!(text.contains("roughly USD"), "{text}");
}

fn last_days_are_ahead_and_stock_leaves_before_the_last_order(shop: &Shop) {
    let said = "select count(*) from marts.calendar where market = 'DE' and ship_by is not null";
    assert!(number(&shop.value(said)) > 0.0, "stock of the simulation goes in bulk");
    let late = shop.value(
        "select count(*) from marts.calendar c, (select max(day) as last from clean.orders) o \
         where c.order_by <= o.last or c.ship_by <= o.last or c.ship_by > c.order_by",
    );
    assert_eq!(number(&late), 0.0);
    let table = shop.ok(&["decide", "calendar", "DE"]);
    assert!(table.contains("shoppers order by") && table.contains("stock leaves by"), "{table}");
}

fn what_rests_on_general_knowledge_says_verify(shop: &Shop) {
    for what in ["prices", "promote", "first-send"] {
        let table = shop.ok(&["decide", what, "DE"]);
        assert!(table.contains("verify: floors, freight") && table.contains("请核实"), "{what}: {table}");
    }
    let parity = shop.ok(&["decide", "parity"]);
    assert!(parity.contains("verify: floors, freight"), "{parity}");
}

fn home_pays_no_duty_and_other_markets_say_what_they_rest_on(shop: &Shop) {
    let home = shop.value("select count(*) from marts.landed_costs where market = 'CN' and part = 'customs duty'");
    assert_eq!(number(&home), 0.0);
    let abroad = shop.value("select count(distinct market) from marts.landed_costs where part = 'customs duty'");
    assert!(number(&abroad) >= 3.0, "{abroad}");
    let unsaid = shop
        .value("select count(*) from marts.sellability where verdict <> 'sell' and (en = '' or zh = '' or rules = '')");
    assert_eq!(number(&unsaid), 0.0);
}

fn every_week_ahead_has_an_interval_around_what_is_expected(shop: &Shop) {
    let rows =
        shop.sql("select units, low, high from marts.demand where product_id = '' and market = 'CN' order by week");
    assert_eq!(rows.len(), 13);
    for row in rows {
        let (low, units, high) = (number(&row["low"]), number(&row["units"]), number(&row["high"]));
        assert!(0.0 <= low && low <= units && units <= high, "{row}");
    }
}

fn where_nothing_can_be_told_of_a_channel_its_spend_stays(shop: &Shop) {
    let moved = shop.value(
        "select count(*) from marts.budget b join marts.media m on m.market = b.market and m.channel = b.channel \
         where m.refused is not null and abs(b.now - b.advised) > 0.005",
    );
    assert_eq!(number(&moved), 0.0);
}

fn a_weaker_currency_and_a_higher_margin_move_floors_and_nothing_is_written(shop: &Shop) {
    let before = shop.digest();
    let said: Value =
        serde_json::from_str(&shop.ok(&["decide", "what-if", "--margin", "0.4", "--market", "DE", "--json"])).unwrap();
    let floors: Vec<&Value> = said["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["what"].as_str().unwrap().starts_with("floor"))
        .collect();
    assert!(!floors.is_empty(), "{said}");
    for floor in floors {
        assert!(number(&floor["after"]) > number(&floor["before"]), "{floor}");
    }
    assert_eq!(shop.digest(), before);
    let wrong = shop.fails(&["decide", "what-if", "--margin", "1.5"]);
    assert!(wrong.contains("a share from 0 to below 1"), "{wrong}");
}

fn the_page_says_what_to_do_in_both_languages(shop: &Shop) {
    let out = shop.path("pages");
    for lang in ["en", "zh"] {
        shop.ok(&["plan", "--market", "DE", "--lang", lang, "--out", &out]);
        let page = std::fs::read_to_string(format!("{out}/plan-DE-{lang}.html")).unwrap();
        assert!(page.contains("id=\"decide\""), "{lang}");
    }
    let next: Value = serde_json::from_str(&shop.ok(&["decide", "next", "DE", "--json"])).unwrap();
    let actions = next["said"].as_array().unwrap().iter().filter(|s| s["kind"] == "action").count();
    assert!((1..=3).contains(&actions), "{next}");
}

fn shoppers_like_those_of_a_segment_are_ranked_with_what_that_is_worth(shop: &Shop) {
    let said: Value =
        serde_json::from_str(&shop.ok(&["segments", "alike", "repeat buyers", "-n", "5", "--json"])).unwrap();
    assert_eq!(said["alike"].as_array().unwrap().len(), 5, "{said}");
    // Repeat buyers are those with two orders or more: nobody is like them for the number of orders.
    assert_eq!(said["left_out"][0], "orders", "{said}");
    assert!(said["lift"]["n"].as_u64().unwrap() > 0);
    let said: Value = serde_json::from_str(&shop.ok(&["segments", "behaviour", "--json"])).unwrap();
    let groups = said["groups"].as_array().unwrap();
    let sum: u64 = groups.iter().map(|g| g["shoppers"].as_u64().unwrap()).sum();
    assert_eq!(sum, said["grouped"].as_u64().unwrap());
}

#[test]
fn rules_are_listed_shown_and_checked() {
    let shop = Shop::new();
    let all: Value = serde_json::from_str(&shop.ok(&["rules", "list", "--json"])).unwrap();
    let all = all.as_array().unwrap();
    let of = |args: &[&str]| -> Vec<Value> {
        let args = [&["rules", "list", "--json"][..], args].concat();
        serde_json::from_str(&shop.ok(&args)).unwrap()
    };
    assert!(shop.ok(&["rules"]).contains(&format!("{} rules, 0 of them yours", all.len())));
    let here = of(&["--market", "DE", "--family", "toy"]);
    assert!(!here.is_empty() && here.len() < all.len());
    let lucid = of(&["--text", "lucid"]);
    assert!(lucid.iter().any(|r| r["id"] == "mark-de-lucid"), "{lucid:?}");
    assert!(shop.fails(&["rules", "list", "--family", "kettle"]).contains("one of appliance"));
    assert!(shop.fails(&["rules", "list", "--text", "qqqq"]).contains("no rule is like that"));
    let shown = shop.ok(&["rules", "show", "mark-de-lucid"]);
    for part in ["source: VerpackG", "confidence: general", "origin: program", "verify", "[[rule]]", "[[remove]]"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(shop.fails(&["rules", "show", "mark-de"]).contains("there is no rule `mark-de`"));
    // What is shown replaces the rule as it stands; what is removed stays to be looked at, with the reason.
    let shown: Value = serde_json::from_str(&shop.ok(&["rules", "show", "mark-de-lucid", "--json"])).unwrap();
    let removed = "[[remove]]\nid = \"label-de\"\nreason = \"sold to firms only\"\n";
    let own = format!("{}\n{removed}", shown["toml"].as_str().unwrap());
    std::fs::write(shop.root().join("rules.toml"), own).unwrap();
    assert!(shop.ok(&["rules", "check"]).contains("1 of them yours; 1 of the program's replaced, 1 removed"));
    assert!(shop.ok(&["rules", "show", "mark-de-lucid"]).contains("origin: rules.toml"));
    assert!(shop.ok(&["rules", "show", "label-de"]).contains("reason: sold to firms only"));
    std::fs::write(shop.root().join("rules.toml"), "[[remove]]\nid = \"no-such\"\nreason = \"x\"\n").unwrap();
    assert!(shop.fails(&["rules", "check"]).contains("rules.toml:2: `id` is \"no-such\""));
}

#[test]
fn a_wrong_line_of_ones_own_rules_is_named() {
    let shop = Shop::new();
    std::fs::write(shop.root().join("lanes.toml"), "[[lane]]\nid = \"x\"\nfrom = \"CN\"\n").unwrap();
    let said = shop.fails(&["decide", "check"]);
    assert!(said.contains("lanes.toml:"), "{said}");
}
