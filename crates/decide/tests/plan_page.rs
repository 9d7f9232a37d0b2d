//! The page and the JSON: the same figures, safe for any name, readable by machines that read to people.

mod fixture;

use decide::plan::*;
use fixture::{germany, hidden, hostile, named, thin};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn plan(evidence: &MarketEvidence) -> LaunchPlan {
    LaunchPlan::build(evidence, Minimums::default())
}

/// What stands between `open` and the next `close`, everywhere.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close).map(|(inside, _)| inside)).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// Key and value of every number on a page.
fn shown(html: &str) -> BTreeSet<(String, String)> {
    between(html, "data-figure=\"", "\">")
        .into_iter()
        .map(|rest| {
            let (key, value) = rest.split_once("\" data-value=\"").unwrap();
            (unescape(key), value.to_owned())
        })
        .collect()
}

/// Every figure of a JSON document: key to the value as a page writes it.
fn figures(json: &Value, out: &mut BTreeMap<String, String>) {
    match json {
        Value::Object(map) => {
            if let (Some(key), Some(value), true) = (map.get("key"), map.get("value"), map.contains_key("formula")) {
                let text = match (value.get("number"), value.get("money")) {
                    (Some(number), _) => format!("{}", number.as_f64().unwrap()),
                    (None, Some(money)) => {
                        let minor = money["minor"].as_i64().unwrap();
                        assert_eq!(money["currency"], "GBP", "two digits after the point");
                        format!("{}.{:02}", minor / 100, minor % 100)
                    }
                    (None, None) => String::new(),
                };
                let before = out.insert(key.as_str().unwrap().to_owned(), text.clone());
                assert!(before.is_none_or(|b| b == text), "{key} has two values");
            }
            map.values().for_each(|v| figures(v, out));
        }
        Value::Array(values) => values.iter().for_each(|v| figures(v, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The page's elements in order, without attributes and text; panics when they do not nest.
fn elements(html: &str) -> Vec<String> {
    const VOID: [&str; 6] = ["meta", "circle", "path", "rect", "line", "polyline"];
    let body = html.split_once("</style>").expect("a style sheet").1;
    let (mut out, mut open) = (Vec::new(), vec!["html".to_owned(), "head".to_owned()]);
    for tag in between(body, "<", ">") {
        let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "closed out of order after {:?}", out.last());
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name.clone());
        }
        out.push(name);
    }
    assert!(open.is_empty(), "{open:?} were not closed");
    out
}

#[test]
fn every_number_of_the_page_is_in_the_json_with_the_same_value() {
    for evidence in [germany(), thin(), hidden()] {
        let plan = plan(&evidence);
        let json: Value = serde_json::from_str(&plan.json()).unwrap();
        assert_eq!(json["schema_version"], SCHEMA_VERSION);
        let mut known = BTreeMap::new();
        figures(&json, &mut known);
        let english = shown(&plan.html(Lang::En));
        assert!(english.len() > 20);
        for (key, value) in &english {
            let other = known.get(key).unwrap_or_else(|| panic!("{key} is not in the JSON"));
            // The reader of this test takes the last bit of a float as it comes.
            let same = match (value.parse::<f64>(), other.parse::<f64>()) {
                (Ok(a), Ok(b)) => (a - b).abs() <= 1e-15 * a.abs(),
                (Err(_), Err(_)) => value == other,
                (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
            };
            assert!(same, "{key}: {value} on the page, {other} in the JSON");
        }
        assert_eq!(english, shown(&plan.html(Lang::Zh)), "both languages show the same numbers");
    }
}

#[test]
fn every_number_of_the_comparison_is_in_its_json_and_markets_stand_in_one_order() {
    let plans = [plan(&thin()), plan(&germany())];
    let json = compare_json(&plans);
    assert_eq!(json, compare_json(plans.iter().rev()), "any order of the plans gives the same rows");
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["schema"], "portolan.market_comparison");
    let markets: Vec<&str> =
        document["markets"].as_array().unwrap().iter().map(|m| m["market"].as_str().unwrap()).collect();
    assert_eq!(markets[0], "DE", "the market with decisions first");
    let mut known = BTreeMap::new();
    figures(&document, &mut known);
    // 61 sell as they are, 12 after a change, of 80; the one channel gets 520.00.
    assert_eq!(known["decide.sellable[DE]"].parse::<f64>().unwrap(), 73.0 / 80.0);
    assert_eq!(known["decide.budget[DE]"], "520.00");
    let rows: Vec<OverviewRow<'_>> = plans.iter().map(|plan| OverviewRow { plan, href: "x.html" }).collect();
    for lang in Lang::ALL {
        let html = compare_html(&rows, lang);
        elements(&html);
        let shown = shown(&html);
        assert!(shown.len() > 10, "{}", shown.len());
        for (key, value) in shown {
            let same = known.get(&key).is_some_and(|other| {
                *other == value || other.parse::<f64>().ok().zip(value.parse::<f64>().ok()).is_some_and(|(a, b)| a == b)
            });
            assert!(same, "{key}: {value} on the page, {:?} in the JSON", known.get(&key));
        }
    }
}

#[test]
fn every_number_opens_a_card_with_formula_and_source() {
    for lang in Lang::ALL {
        let html = plan(&germany()).html(lang);
        let cards: BTreeMap<&str, &str> = between(&html, "<div popover id=\"", "</div>")
            .into_iter()
            .map(|card| card.split_once('"').unwrap())
            .collect();
        let buttons = between(&html, "class=\"fig", "</button>");
        assert!(buttons.len() > 200);
        for button in buttons {
            let id = between(button, "popovertarget=\"", "\"")[0];
            let card = cards[id];
            let told: Vec<&str> = between(card, "<dd>", "</dd>");
            assert!(told.len() >= 4 && told.iter().all(|t| !t.is_empty()), "{card}");
            assert!(!card.contains("not stated") && !card.contains("未说明"), "{card}");
        }
    }
}

#[test]
fn too_little_data_is_words_and_not_a_number() {
    for (lang, words) in [(Lang::En, "too little data"), (Lang::Zh, "数据太少")] {
        let html = plan(&thin()).html(lang);
        let button = between(&html, "data-figure=\"market.repeat_rate\"", "</button>")[0];
        assert!(button.starts_with(&format!(" data-value=\"\">{words}<sup>")), "{button}");
        assert!(!html.contains("25.0"), "the rate of 1 in 4 shoppers is nowhere");
    }
}

#[test]
fn no_name_becomes_markup() {
    let want = elements(&plan(&named("plain")).html(Lang::En));
    for name in hostile() {
        for lang in Lang::ALL {
            let html = plan(&named(&name)).html(lang);
            assert_eq!(elements(&html).len(), want.len(), "{name}");
            assert!(!html.contains("<script") && !html.contains("<img"), "{name}");
            assert!(!html.contains('\u{0}'), "{name}");
            let json: Value = serde_json::from_str(&plan(&named(&name)).json()).unwrap();
            assert_eq!(json["plan"]["products"][0]["name"], name.as_str(), "the JSON has the name as it is");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_elements_do_not_depend_on_a_name(name in "\\PC{1,60}") {
        prop_assume!(!name.trim().is_empty());
        let structure = |name: &str| elements(&plan(&named(name)).html(Lang::En));
        prop_assert_eq!(structure(&name).len(), structure("plain").len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test] // Losses, empty months, values beyond all reason: the charts stay finite and inside their frame.
    fn no_value_breaks_a_chart(
        revenues in prop::collection::vec(prop_oneof![Just(0), -5_000_000_i64..5_000_000, Just(i64::MAX / 4)], 0..40),
        share in prop_oneof![Just(1e300), -2.0..2.0_f64, Just(-1e300)],
        (low, high) in (-1e3..1e3_f64, prop_oneof![0.0..1e-9, Just(1e200)]),
    ) {
        let mut evidence = germany();
        let first = evidence.months[0].clone();
        evidence.months = revenues
            .iter()
            .enumerate()
            .map(|(i, &minor)| MonthEvidence {
                month: first.month.plus(31 * i as i32),
                revenue: Metric::MonthRevenue.money(fixture::gbp(minor), 1, "q"),
                ..first.clone()
            })
            .collect();
        evidence.segments[0].revenue_share = Metric::SegmentRevenueShare.number(share, 94, "q");
        let ndcg = &mut evidence.transfer.as_mut().unwrap().rows[0].ndcg;
        *ndcg = Metric::TransferNdcg.number(high, 81, "q").interval(low, high, 0.95);
        let html = plan(&evidence).html(Lang::En);
        for svg in between(&html, "<svg class=\"chart", "</svg>") {
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
            for x in between(svg, " x=\"", "\"").into_iter().chain(between(svg, " x2=\"", "\"")) {
                let x: f64 = x.parse().unwrap();
                prop_assert!((-1.0..=1000.0).contains(&x), "{} lies outside", x);
            }
        }
    }
}

#[test]
fn the_page_needs_nothing_from_outside() {
    for lang in Lang::ALL {
        let html = plan(&germany()).html(lang).replace("http://www.w3.org/2000/svg", "");
        for word in ["http:", "https:", " src=", "<link", "<script", "url(", "@import", "javascript:"] {
            assert!(!html.contains(word), "{word}");
        }
        assert!(html.contains("default-src 'none'"));
    }
}

#[test]
fn a_picture_stands_beside_its_product_inside_the_page() {
    let plan = plan(&germany());
    let first = plan.products[0].id.as_str().to_owned();
    let pictures = BTreeMap::from([(first, "/9j/4AA\"onerror=x".to_owned()), ("NOBODY".to_owned(), "AAAA".to_owned())]);
    let html = plan.html_with(Lang::En, &pictures);
    let images = between(&html, "<img ", ">");
    assert_eq!(images.len(), 1, "one product has a picture: {images:?}");
    assert!(images[0].contains("src=\"data:image/jpeg;base64,/9j/4AA&quot;onerror=x\" alt=\"\""), "{}", images[0]);
    assert!(html.contains("img-src data:"), "the page's own policy allows it");
    assert_eq!(plan.html_with(Lang::En, &BTreeMap::new()), plan.html(Lang::En));
}

#[test]
fn pieces_of_the_servers_log_take_one_line() {
    let mut evidence = germany();
    let piece = evidence.sources[1].clone();
    let piece = |n: u32| SourceEvidence {
        name: format!("journal-{n:020}-00.jsonl"),
        origin: Some("tracking".to_owned()),
        table: "events".to_owned(),
        ..piece.clone()
    };
    evidence.sources.extend((0..60).map(piece));
    let page = plan(&evidence).html(Lang::En);
    assert_eq!(page.matches("files of events that the server took in").count(), 1);
    assert!(page.contains("60 files of events") && page.contains("stock.csv") && !page.contains("journal-0"));
    assert_eq!(plan(&evidence).sources.len(), 63, "the JSON has each");
}

#[test]
fn elements_nest_and_ids_are_unique() {
    for evidence in [germany(), thin(), hidden()] {
        for lang in Lang::ALL {
            let html = plan(&evidence).html(lang);
            elements(&html);
            let ids = between(&html, " id=\"", "\"");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
            for link in between(&html, "href=\"#", "\"") {
                assert!(ids.contains(&link), "{link}");
            }
        }
    }
}

#[test]
fn a_screen_reader_finds_its_way() {
    let html = plan(&germany()).html(Lang::En);
    let main = html.split_once("</style>").unwrap().1.split_once("<div popover").unwrap().0;
    assert_eq!(main.matches("<h1").count(), 1);
    let levels: Vec<u32> =
        elements(&html).iter().filter_map(|e| e.strip_prefix('h').and_then(|n| n.parse().ok())).collect();
    assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "no level is skipped: {levels:?}");
    for svg in between(main, "<svg class=\"chart", ">") {
        assert!(svg.contains("role=\"img\"") && svg.contains("aria-label=\""), "{svg}");
    }
    let head_cells = between(main, "<th ", ">");
    assert!(!head_cells.is_empty() && head_cells.iter().all(|th| th.contains("scope=")));
    assert!(html.contains("<html lang=\"en\">"));
}

#[test]
fn the_chinese_page_has_no_english_sentence() {
    let html = plan(&germany()).html(Lang::Zh);
    let words: String = html.split('<').filter_map(|t| t.split_once('>').map(|(_, text)| text)).collect();
    assert!(!words.contains("。 "), "a Chinese full stop needs no space behind it");
    let body = html.split_once("</style>").unwrap().1;
    assert!(html.contains("<html lang=\"zh-Hans\">"));
    // Sources are queries and stay as they are; names of products are written in capitals.
    let mut text = String::new();
    for (i, part) in body.split("<code>").enumerate() {
        let visible = if i == 0 { part } else { part.split_once("</code>").unwrap().1 };
        visible.split('<').for_each(|t| text.push_str(t.split_once('>').map_or(t, |(_, t)| t)));
    }
    let small = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase());
    let words: Vec<&str> = text.split_whitespace().collect();
    let english: Vec<_> = words.windows(3).filter(|w| w.iter().all(|word| small(word))).collect();
    assert!(english.is_empty(), "{english:?}");
}

#[test]
fn the_same_evidence_gives_the_same_bytes() {
    let (a, b) = (plan(&germany()), plan(&germany()));
    assert_eq!(a.json(), b.json());
    for lang in Lang::ALL {
        assert_eq!(a.html(lang), b.html(lang));
    }
}

#[test]
fn the_overview_is_sorted_by_revenue_whatever_the_order_of_its_rows() {
    let (large, small) = (plan(&germany()), plan(&thin()));
    let rows = [OverviewRow { plan: &small, href: "US.html" }, OverviewRow { plan: &large, href: "a\"b&c.html" }];
    for lang in Lang::ALL {
        let html = overview_html(&rows, lang);
        assert_eq!(html, overview_html(&[rows[1], rows[0]], lang));
        assert!(html.find("a&quot;b&amp;c.html").unwrap() < html.find("US.html").unwrap());
        assert!(shown(&html).contains(&("market.revenue[DE]".to_owned(), "205314.17".to_owned())));
        elements(&html);
    }
}

#[test]
fn groups_that_cannot_be_trusted_say_so_and_have_names() {
    let mut evidence = germany();
    let english = plan(&evidence).html(Lang::En);
    assert!(english.contains("For orientation only") && english.contains("Ordered recently, often, much spent"));
    assert!(plan(&evidence).html(Lang::Zh).contains("近期下单、高频、高消费"));
    evidence.clusters.as_mut().unwrap().trust = Trust::Trusted;
    assert!(!plan(&evidence).html(Lang::En).contains("For orientation only"));
}

#[test]
fn a_thin_cell_of_the_heat_map_opens_and_its_note_is_on_paper() {
    let html = plan(&germany()).html(Lang::En);
    let dot = "aria-label=\"too little data\" data-figure=\"cohort.retention[2011-04+1]\" data-value=\"\">·</button>";
    assert!(html.contains(dot));
    let note = between(&html, "Formula and source of these numbers: ", ".</p>")[0];
    assert!(note.split(", ").all(|n| n.parse::<usize>().is_ok()), "{note}");
}

#[test]
fn growth_says_what_it_is_measured_against() {
    let mut evidence = germany();
    evidence.home_glance.as_mut().unwrap().growth = None;
    let said = |evidence: &MarketEvidence| plan(evidence).html(Lang::En);
    assert!(said(&evidence).contains("against the period before"));
    evidence.glance.growth_against = Against::YearBefore;
    assert!(said(&evidence).contains("against the same months a year before"));
}

#[test]
fn the_home_market_shows_its_models_and_transfers_nothing() {
    let mut evidence = germany();
    evidence.home = evidence.market;
    evidence.transfer.as_mut().unwrap().verdict = TransferVerdict::Home;
    let html = plan(&evidence).html(Lang::En);
    assert!(html.contains("Nothing is transferred to the home market"));
    assert!(html.contains("data-figure=\"transfer.ndcg[ials:local]\""));
    assert!(!html.contains("data-figure=\"transfer.decided\""), "nothing was decided");
    evidence.transfer = None;
    let html = plan(&evidence).html(Lang::En);
    assert!(html.contains("is the home market") && !html.contains("id=\"transfer\""));
}

/// The transfer section as words.
fn section(html: &str) -> String {
    let inside = between(html, "<section id=\"transfer\"", "</section>")[0];
    inside.split('<').filter_map(|t| t.split_once('>').map(|(_, text)| text)).collect::<String>().replace('\u{a0}', " ")
}

#[test]
fn what_was_decided_and_what_later_orders_showed_stand_side_by_side_with_their_days() {
    let said = |later: f64| {
        let mut evidence = germany();
        let gain = evidence.transfer.as_mut().unwrap().gain.as_mut().unwrap();
        *gain = Metric::TransferGain.number(later, 81, "q").interval(later - 0.02, later + 0.02, 0.95);
        section(&plan(&evidence).html(Lang::En))
    };
    for (later, words) in [
        (0.035, "the ranking is better: +0.035"),
        (-0.03, "the ranking is worse: \u{2212}0.030"),
        (0.01, "no difference is proven: +0.010"),
        (-0.01, "no difference is proven: \u{2212}0.010"),
    ] {
        let text = said(later);
        assert!(text.contains("Accepted: on held-out shoppers (12 Aug 2011 to 10 Oct 2011)"), "{text}");
        assert!(text.contains("improves nDCG@10 by +0.041"), "the figure that decided: {text}");
        assert!(text.contains("Measured again on later orders (11 Oct 2011 to 9 Dec 2011)"), "{text}");
        assert!(text.contains(words), "{text}");
    }
    assert!(said(0.0).contains("no difference is proven: 0.000"));
}

#[test]
fn the_served_model_has_a_row_with_its_weight_and_recall_is_shown() {
    let html = plan(&germany()).html(Lang::En);
    let shown = shown(&html);
    for (key, value) in [
        ("transfer.ndcg[item-knn:weighted]", "0.1407"),
        ("transfer.recall[item-knn:weighted]", "0.163"),
        ("transfer.source_weight[item-knn:weighted]", "0.5"),
        ("transfer.source_weight[serving]", "0.5"),
        ("transfer.ndcg[item-knn:pooled@all]", "0.051"),
    ] {
        assert!(shown.contains(&(key.to_owned(), value.to_owned())), "{key}");
    }
    assert!(html.contains("An order of another market counts"));
}

#[test]
fn the_overview_shows_every_model_in_every_market_and_over_all_targets() {
    let (large, small) = (plan(&germany()), plan(&thin()));
    let mut home = germany();
    (home.market, home.transfer.as_mut().unwrap().verdict) = (home.home, TransferVerdict::Home);
    home.transfer.as_mut().unwrap().rows.truncate(3);
    let home = plan(&home);
    let mut few = germany();
    few.market = "BE".parse().unwrap();
    few.transfer.as_mut().unwrap().rows.iter_mut().for_each(|row| row.ndcg.n = 6);
    let few = plan(&few);
    let rows = [&small, &large, &home, &few].map(|plan| OverviewRow { plan, href: "x.html" });
    for lang in Lang::ALL {
        let html = overview_html(&rows, lang);
        elements(&html);
        assert!(!html.contains("transfer.ndcg[item-knn:local][BE]"), "a row without a number");
        let thin = ["1 more markets have too few", "另有 1 个市场"];
        assert!(thin.iter().any(|text| html.contains(text)), "it is counted");
        let order = ["popularity:local][GB]", "item-knn:local][GB]", "ials:local][GB]"].map(|key| html.find(key));
        assert!(order[0] < order[1] && order[1] < order[2] && order[0].is_some(), "the simplest first");
        let shown = shown(&html);
        for (key, value) in [
            ("transfer.ndcg[item-knn:pooled@all][all]", "0.051"),
            ("transfer.ndcg[item-knn:local][DE]", "0.1043"),
            ("transfer.ndcg[item-knn:weighted][DE]", "0.1407"),
            ("transfer.recall[ials:pooled][DE]", "0.155"),
            ("transfer.ndcg[popularity:local][GB]", "0.0871"),
        ] {
            assert!(shown.contains(&(key.to_owned(), value.to_owned())), "{key} {lang:?}");
        }
        assert!(!shown.iter().any(|(key, _)| key.contains("[US]") && key.starts_with("transfer")), "nothing measured");
    }
    assert!(!overview_html(&rows[..1], Lang::En).contains("How well the models rank"), "nothing to show");
}
