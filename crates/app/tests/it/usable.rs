//! What a persona and a segment are used for beyond pages: a brief for an agency or a product team, and lists that lean
//! towards a segment's taste.

use crate::served::Served;
use crate::support::{Shop, json};
use serde_json::Value;

const BAD: [&str; 5] = [
    "The lid broke after a week.",
    "The lid broke and it leaks.",
    "Poor quality: the lid broke at once.",
    "I am disappointed, the lid broke.",
    "It leaks and the lid broke, bad.",
];
const GOOD: [&str; 5] = [
    "The filter is quiet and I love it.",
    "I love it, very quiet.",
    "Great and quiet, works well.",
    "Quiet and easy to use, I love it.",
    "Excellent, quiet, recommended.",
];

/// Germany: 150 shoppers buy a kettle once, 30 others bought a filter in two orders, with reviews that praise the filter and complain of
/// the kettle's lid.
fn shop() -> Shop {
    let shop = Shop::new();
    let mut orders =
        String::from("order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n");
    for n in 0..150 {
        orders.push_str(&format!("k{n},KETTLE,Kettle,1,30.00,GBP,2025-11-{:02} 10:00:00,k{n},DE\n", 1 + n % 28));
    }
    for n in 0..30 {
        for month in ["10", "12"] {
            orders.push_str(&format!("f{n}-{month},FILTER,Filter,1,5.00,GBP,2025-{month}-05 10:00:00,f{n},DE\n"));
        }
    }
    let mut reviews = String::from("review_id,product_id,shopper_key,country,language,rating,text,reviewed_at\n");
    for n in 0..120 {
        let day = 1 + n % 9;
        reviews.push_str(&format!(
            "r{n},KETTLE,k{n},DE,en,1,\"{}\",2025-12-0{day} 10:00:00\n\
             s{n},FILTER,f{},DE,en,5,\"{}\",2025-12-0{day} 11:00:00\n",
            BAD[n % BAD.len()],
            n % 30,
            GOOD[n % GOOD.len()]
        ));
    }
    shop.ingest_ok(&shop.file("orders.csv", orders));
    shop.ingest_ok(&shop.file("reviews.csv", reviews));
    shop.ok(&["segments", "add", "regulars", "orders.count >= 2"]);
    shop.ok(&["segments", "add", "nobody", "orders.count >= 50"]);
    shop.ok(&["run", "--allow-failed-gates"]);
    shop
}

#[test]
fn a_persona_becomes_a_brief_and_a_segment_leans_the_list() {
    let shop = shop();
    let agency = shop.ok(&["personas", "DE", "--brief", "agency"]);
    assert!(agency.starts_with("# Advertising brief DE: "), "{agency}");
    assert!(agency.contains("180 shoppers"), "{agency}");
    let product = json(&shop, &["personas", "DE", "--brief", "product"]);
    let mend =
        &product["sections"].as_array().unwrap().iter().find(|s| s["title"]["en"] == "What to mend").unwrap()["lines"];
    let said = mend[0]["said"]["en"].as_str().unwrap();
    assert!(said.contains("leaks") && said.contains("most of Kettle (48)"), "{mend}");
    assert!(mend[0]["quotes"][0].as_str().unwrap().contains("lid broke"), "{mend}");
    // Every figure of the brief is given again by its query.
    let sourced: Vec<&Value> =
        product["sections"].as_array().unwrap().iter().flat_map(|s| s["lines"].as_array().unwrap()).collect();
    let source = sourced.iter().find_map(|line| line["source"].as_str()).unwrap();
    assert!(!shop.sql(source).is_empty(), "{source}");
    let path = shop.path("brief.md");
    shop.ok(&["personas", "DE", "--brief", "agency", "--lang", "zh", "--out", &path]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# DE 广告简报：") && text.contains("未知之处"), "{text}");
    assert!(shop.fails(&["personas", "--brief", "agency"]).contains("<MARKET>"));

    let served = Served::start(&shop);
    let first = |answer: &Value| answer["items"][0]["product_id"].as_str().unwrap().to_owned();
    let plain = served.get("/api/v1/recommendations?market=DE&n=2");
    assert_eq!(first(&plain), "KETTLE", "{plain}");
    assert!(plain["chain"].as_array().unwrap().iter().all(|step| step["step"] != "segment"), "{plain}");
    let leaning = served.until("/api/v1/recommendations?market=DE&n=2&segment=regulars&explain=true", |answer| {
        answer["answered_by"] == "segment"
    });
    assert_eq!(first(&leaning), "FILTER", "{leaning}");
    // (30 + 20 × 30 / 180) / 50.
    assert!((leaning["items"][0]["score"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-6, "{leaning}");
    assert_eq!(leaning["items"][0]["reasons"][0]["text"]["zh"], "该分群其他顾客购买");
    let asked = serde_json::json!({"market": "DE", "segment": "regulars", "candidates": ["KETTLE", "FILTER"]});
    assert_eq!(first(&served.post("/api/v1/recommendations/rerank", &asked)), "FILTER");
    // Nobody is told apart: an empty segment answers from the market and says why.
    let few = served.get("/api/v1/recommendations?market=DE&n=2&segment=nobody");
    assert_eq!((first(&few).as_str(), few["answered_by"].as_str()), ("KETTLE", Some("market")), "{few}");
    assert!(few["chain"].to_string().contains("too few of the segment"), "{few}");
    let unknown = served.ask("GET", "/api/v1/recommendations?market=DE&segment=nobodies", None);
    assert!(unknown.status == 404 && unknown.text().contains("regulars"), "{}", unknown.text());
}
