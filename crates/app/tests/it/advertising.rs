//! Advertising end to end: what channels bring, calibration by experiments, why the advice moved, which platforms pay, targets, bids;
//! plans under other assumptions and side by side.

use crate::support::{Shop, number, portolan};
use serde_json::Value;
use std::fmt::Write;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// What a simulated merchant's run is asked about advertising, once for all.
pub(crate) fn of_a_simulated_seller(shop: &Shop) {
    the_weeks_ahead_sum_to_the_advised_spend_to_the_cent(shop);
    other_assumptions_change_the_plan_and_nothing_is_written(shop);
    markets_stand_side_by_side_in_both_languages(shop);
    platforms_of_a_market_are_ranked_with_what_an_order_costs(shop);
    a_target_says_how_long_it_takes(shop);
}

fn the_weeks_ahead_sum_to_the_advised_spend_to_the_cent(shop: &Shop) {
    let off = shop.value(
        "select count(*) from (select b.market, b.channel, 13 * b.advised - cast(sum(w.spend) as double) as gap, count(*) as n \
         from marts.budget b join marts.budget_weeks w on w.market = b.market and w.channel = b.channel \
         group by b.market, b.channel, b.advised) x where abs(gap) > 0.0051 or n <> 13",
    );
    assert_eq!(number(&off), 0.0);
    let said = json(&shop.ok(&["decide", "budget", "--json"]));
    let rows = said["budget"].as_array().unwrap();
    assert!(!rows.is_empty() && said["forms"].as_array().unwrap().len().is_multiple_of(3), "{said}");
    for row in rows {
        if let (Some(low), Some(high)) = (row["marginal_now_low"].as_f64(), row["marginal_now_high"].as_f64()) {
            assert!((low..=high).contains(&number(&row["marginal_now"])), "{row}");
        }
    }
    assert!(shop.fails(&["decide", "budget", "--market", "AQ"]).contains("no advertising spend in AQ"));
}

fn other_assumptions_change_the_plan_and_nothing_is_written(shop: &Shop) {
    let before = shop.digest();
    let said = json(&shop.ok(&["plan", "--market", "DE", "--fx", "-20", "--no-transfer", "--json"]));
    let changes = said["changes"].as_array().unwrap();
    assert!(changes.iter().any(|c| c["what"].as_str().unwrap().starts_with("floor")), "a weaker currency moves floors");
    assert!(changes.iter().all(|c| c["market"] == "DE" && c["before"] != c["after"]), "{said}");
    let offers = &said["offers"][0];
    let (stay, leave) = (offers["stay"].as_u64().unwrap(), offers["leave"].as_array().unwrap().len() as u64);
    assert!(stay + leave > 0 && offers["model_alone"].as_str().unwrap().ends_with("(market)"), "{offers}");
    assert_eq!(shop.digest(), before);
    let wrong = shop.fails(&["plan", "--market", "DE", "--budget", "-5"]);
    assert!(wrong.contains("0 or more"), "{wrong}");
    assert!(shop.fails(&["plan", "--market", "DE", "--budget", "5", "--out", "x"]).contains("leave --out away"));
}

fn markets_stand_side_by_side_in_both_languages(shop: &Shop) {
    let out = shop.path("side");
    for (lang, title) in [("en", "Markets side by side"), ("zh", "市场并列比较")] {
        shop.ok(&["plan", "--compare", "--lang", lang, "--out", &out]);
        let page = std::fs::read_to_string(format!("{out}/compare-{lang}.html")).unwrap();
        assert!(page.contains(title) && page.contains("data-figure=\"decide.margin[DE]\""), "{lang}");
        assert!(std::path::Path::new(&format!("{out}/plan-DE-{lang}.html")).is_file(), "its links lead somewhere");
    }
    let said = json(&shop.ok(&["plan", "--compare", "--json"]));
    assert!(said["markets"].as_array().unwrap().len() > 2, "{said}");
    let plan = json(&shop.ok(&["plan", "--market", "DE", "--json"]));
    assert!(!plan["plan"]["decided"]["sensitivity"].as_array().unwrap().is_empty(), "the tornado has bars");
}

fn platforms_of_a_market_are_ranked_with_what_an_order_costs(shop: &Shop) {
    let said = json(&shop.ok(&["decide", "channels", "DE", "--budget", "5000", "--json"]));
    let platforms = said["platforms"].as_array().unwrap();
    assert!(platforms.len() >= 6 && platforms.iter().all(|p| p["verify"] == true), "{said}");
    let spent: f64 = platforms.iter().filter_map(|p| p["spend"].as_str()?.parse::<f64>().ok()).sum();
    assert!(spent <= 5000.0 + 1e-9, "{spent}");
    // The table of spend counts where a platform has its name.
    let search = platforms.iter().find(|p| p["platform"] == "search").unwrap();
    std::fs::write(
        shop.root().join("channels.toml"),
        "[[own]]\nplatform = \"search\"\nmarket = \"DE\"\nimpressions = 100000\nclicks = 4000\norders = 400\nspend = \"900 EUR\"\n\n\
         [[partner]]\nname = \"somebody\"\nmarket = \"DE\"\nfollowers = 20000\nengagement = 0.03\nin_market = 0.05\n",
    )
    .unwrap();
    let own = json(&shop.ok(&["decide", "channels", "DE", "--order-margin", "20", "--json"]));
    let again = own["platforms"].as_array().unwrap().iter().find(|p| p["platform"] == "search").unwrap();
    // (.025 · 200 + 400) / (200 + 4000) orders a click: 4000 of 4200 observations are one's own.
    assert!((number(&again["own_share"]) - 4000.0 / 4200.0).abs() < 1e-9, "{again}");
    assert!(number(&again["figures"][0]["value"]["number"]) < number(&search["figures"][0]["value"]["number"]));
    assert_eq!(own["partners"][0]["suspicions"].as_array().unwrap().len(), 1, "its audience lives elsewhere");
    std::fs::write(
        shop.root().join("channels.toml"),
        "[[platform]]\nid = \"x\"\nname = \"x\"\nreach = 7\nsource = \"y\"\n",
    )
    .unwrap();
    assert!(shop.fails(&["decide", "channels", "DE"]).contains("channels.toml:4: `reach` is 7"));
    assert!(shop.fails(&["decide", "check"]).contains("channels.toml:4"));
    std::fs::remove_file(shop.root().join("channels.toml")).unwrap();
    assert!(shop.fails(&["decide", "channels", "AQ"]).contains("nothing is known of advertising platforms of AQ"));
}

fn a_target_says_how_long_it_takes(shop: &Shop) {
    let of = |args: &[&str]| json(&shop.ok(&[&["decide", "target", "--json"], args].concat()));
    let all = of(&["--metric", "basket", "--lift", "10"]);
    let one = of(&["--metric", "basket", "--lift", "20"]);
    // The t-test needs about a quarter of the orders for twice the change.
    let ratio = number(&all["n_control"]) / number(&one["n_control"]);
    assert!((ratio - 4.0).abs() < 0.1, "{ratio}");
    let stated = of(&["--metric", "conversion", "--baseline", "0.05", "--lift", "20", "--units-a-day", "1000"]);
    assert_eq!((number(&stated["n_control"]), number(&stated["days"])), (8155.0, 21.0), "as worked in the library");
    let wrong = shop.fails(&["decide", "target", "--metric", "repeat", "--lift", "0"]);
    assert!(wrong.contains("other than 0"), "{wrong}");
}

/// 80 weeks in Germany: a base of 1,000 a week, a little noise, and twice what was spent on search.
fn planted(shop: &Shop) {
    let mut orders =
        String::from("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
    let mut spend = String::from("day,market,channel,campaign,spend,currency\n");
    let first: domain::Day = "2024-01-01".parse().unwrap();
    let mut rng = domain::Seed(5).stream(0);
    for week in 0..80 {
        let day = first.plus(7 * week);
        let level = [0, 100, 200, 400, 600][rng.below(5)];
        let units = 1_000 + 2 * level + (20.0 * rng.normal()) as i32;
        for part in 0..4 {
            let n = units / 4 + i32::from(part < units % 4);
            writeln!(
                orders,
                "{},8512{part},POT {part},{n},{} 10:00:00,1.00,{},Germany",
                500_000 + 4 * week + part,
                day.plus(part),
                12_300 + part
            )
            .unwrap();
        }
        writeln!(spend, "{day},DE,search,all,{level},GBP").unwrap();
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    shop.ingest_ok(&shop.file("ad_spend.csv", spend));
}

#[test]
fn an_experiment_pulls_the_fit_and_a_useless_one_is_named() {
    let shop = Shop::new();
    planted(&shop);
    shop.ok(&["run"]);
    let row = |shop: &Shop| shop.sql("select roas, refused, n_experiments from marts.media")[0].clone();
    let plain = row(&shop);
    let roas = number(&plain["roas"]);
    assert!((1.4..2.6).contains(&roas), "twice what was spent was planted: {plain}");
    assert_eq!(number(&plain["n_experiments"]), 0.0);
    // No cost is known, so the curve is in sales and no money moves.
    assert!(plain["refused"].as_str().unwrap().contains("costs are missing"));
    let points = shop.sql("select spend, sales, low, high from marts.media_curves order by spend");
    assert_eq!(points.len(), 13);
    for pair in points.windows(2) {
        assert!(number(&pair[1]["sales"]) >= number(&pair[0]["sales"]), "a response never falls");
    }
    assert_eq!(number(&shop.value("select count(*) from marts.media_forms")), 3.0);
    let said = shop.ok(&["decide", "budget", "--since", "2025-03-01"]);
    assert!(said.contains("nothing can be said of what moved"), "no money can move without costs: {said}");
    let experiment = |channel: &str| {
        format!(
            "[[experiment]]\nmarket = \"DE\"\nchannel = \"{channel}\"\nfrom = \"2024-06-03\"\nto = \"2024-12-01\"\n\
             lift = \"40000 GBP\"\nlow = \"39990 GBP\"\nhigh = \"40010 GBP\"\nsource = \"made up\"\n"
        )
    };
    std::fs::write(shop.root().join("experiments.toml"), experiment("search")).unwrap();
    assert!(
        shop.fails(&["decide", "budget"]).contains("changed since the last run"),
        "a new experiment asks for a run"
    );
    shop.ok(&["run"]);
    let pulled = row(&shop);
    assert_eq!(number(&pulled["n_experiments"]), 1.0);
    assert!(number(&pulled["roas"]) > 1.2 * roas, "{pulled} against {plain}");
    std::fs::write(shop.root().join("experiments.toml"), experiment("radio")).unwrap();
    shop.ok(&["run"]);
    let why = shop.value("select why from marts.not_computed where what = 'calibration by an experiment'");
    assert!(why.as_str().unwrap().contains("no channel `radio` here: search"), "{why}");
    std::fs::write(shop.root().join("experiments.toml"), experiment("search").replace("high", "hi")).unwrap();
    assert!(shop.fails(&["decide", "check"]).contains("experiments.toml:8"), "the line is named");
}

#[test]
fn bids_on_a_log_never_pass_their_budget_and_wrong_cells_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut rng = domain::Seed(9).stream(0);
    let mut log = String::from("placement,bid,price,won,clicked,ordered\n");
    for _ in 0..4_000 {
        let good = rng.uniform() < 0.3;
        let cents = 1 + (150.0 * rng.exponential()) as u32;
        let won = cents <= 300;
        let clicked = won && rng.uniform() < if good { 0.06 } else { 0.01 };
        let ordered = clicked && rng.uniform() < 0.2;
        // What a lost auction cleared at is told for one placement only.
        let price = if won || good { format!("{:.2}", f64::from(cents) / 100.0) } else { String::new() };
        let flag = |x: bool| u8::from(x);
        writeln!(
            log,
            "{},3.00,{price},{},{},{}",
            if good { "feed" } else { "banner" },
            flag(won),
            flag(clicked),
            flag(ordered)
        )
        .unwrap();
    }
    let path = file("log.csv", &log);
    let ok = |args: &[&str]| {
        let said = portolan(&[&["decide", "bids"], args].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        said.out
    };
    let report = json(&ok(&[&path, "--budget", "0.5", "--episode", "500", "--order-margin", "12", "--json"]));
    assert_eq!((number(&report["learnt_from"]), number(&report["replayed"])), (2_000.0, 2_000.0));
    let each = number(&report["episode"]["budget"]);
    assert!((each - 0.125).abs() < 1e-9, "half a pound over four episodes");
    let rules = report["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 11);
    for rule in rules {
        assert!(number(&rule["paid"]) <= 0.5 && number(&rule["most_paid_in_an_episode"]) <= each, "{rule}");
    }
    let worth = |name: &str| {
        let row = report["placements"].as_array().unwrap().iter().find(|p| p["placement"] == name).unwrap();
        number(&row["value_of_a_thousand"])
    };
    assert!(worth("feed") > worth("banner"));
    assert!(number(&report["lost_at_an_untold_price"]) > 0.0);
    assert!(ok(&[&path]).contains("as logged"), "the table has what was really bought");
    let fails = |name: &str, text: &str| {
        let path = file(name, text);
        let said = portolan(&["decide", "bids", &path]);
        assert_ne!(said.code, 0);
        said.err
    };
    assert!(fails("a.csv", "bid,price,won\n1,1,1\n").contains("name a column `clicked`"));
    assert!(
        fails("b.csv", "bid,price,won,clicked\n1.00,0.50,maybe,0\n").contains("b.csv: line 2, column `won`: `maybe`")
    );
    assert!(fails("c.csv", "bid,price,won,clicked\n1.00,,1,0\n").contains("only a lost auction may have none"));
    assert!(fails("d.csv", "bid,price,won,clicked\n1.00,2.00,1,0\n").contains("at most the bid"));
    assert!(fails("e.csv", "bid,price,won,clicked\n1.00,0.50,1,0\n").contains("at least 100"));
    assert!(fails("f.csv", "price,won,clicked\n0.50,0,0\n").contains("nobody knows what lost"));
    // Learnt from an earlier period, at parts of what it cost: 1,000 at 1.00 and 1,000 at 2.00 a thousand, so 1.50 a thousand auctions.
    let before = file("before.csv", "price,auctions,clicks\n1.00,1000,30\n2.00,1000,10\n");
    let said = json(&ok(&[&path, "--before", &before, "--share", "1/2,0.25", "--json"]));
    let budgets = said["budgets"].as_array().unwrap();
    let each = |i: usize| number(&budgets[i]["report"]["episode"]["budget"]);
    assert!((each(0) - 0.75).abs() < 1e-9 && (each(1) - 0.375).abs() < 1e-9, "{said}");
    assert_eq!(number(&budgets[0]["report"]["replayed"]), 4_000.0);
    let wrong = portolan(&["decide", "bids", &path, "--before", &before, "--share", "1/0"]);
    assert!(wrong.code != 0 && wrong.err.contains("--share 1/0"), "{}", wrong.err);
}
