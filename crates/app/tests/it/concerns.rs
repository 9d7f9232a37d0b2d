//! Trust, security and what else is said in any language, on a simulated merchant into whose reviews sentences are planted.

use crate::support::Shop;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Planted sentences: market, language, concern, praise, blame.
const PLANTED: [(&str, &str, &str, &str, &str); 4] = [
    ("DE", "de", "trust", "Die Ware ist genau wie beschrieben.", "Das ist leider eine Fälschung."),
    ("DE", "en", "trust", "The goods are exactly as described.", "Sadly it is a counterfeit."),
    ("CN", "zh", "trust", "确认是正品，与描述一致。", "收到的是假货。"),
    ("US", "en", "security", "I felt safe paying here.", "My card was charged twice."),
];

/// Whether a review blames: in Germany one in ten before 2025 and six in ten since, at home one in twenty, in the United States
/// three in ten.
fn blames(market: &str, nth: usize, at: &str) -> bool {
    match market {
        "DE" if at < "2025" => nth.is_multiple_of(10),
        "DE" => nth % 10 < 6,
        "US" => nth % 10 < 3,
        _ => nth.is_multiple_of(20),
    }
}

/// Adds a sentence to every review of the planted markets; planted concern of each review, and whether it blames.
fn plant(file: &str) -> BTreeMap<String, (&'static str, bool)> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let mut records: Vec<Vec<String>> = vec![reader.headers().unwrap().iter().map(str::to_owned).collect()];
    let (mut nth, mut planted) = (BTreeMap::new(), BTreeMap::new());
    for record in reader.records() {
        let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        let of = PLANTED.iter().find(|p| p.0 == cells[3] && p.1 == cells[4]);
        if let Some((market, language, concern, praise, blame)) = of {
            let n = nth.entry(*market).or_insert(0);
            let blamed = blames(market, *n, &cells[7]);
            *n += 1;
            let between = if *language == "zh" { "" } else { " " };
            cells[6] = format!("{}{between}{}", cells[6], if blamed { blame } else { praise });
            planted.insert(cells[0].clone(), (*concern, blamed));
        }
        records.push(cells);
    }
    let mut writer = csv::Writer::from_path(file).unwrap();
    records.iter().for_each(|cells| writer.write_record(cells).unwrap());
    writer.flush().unwrap();
    planted
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn planted_trust_and_security_are_found_over_time_and_from_language_to_language() {
    let shop = Shop::with(&["--home", "CN"]);
    let merchant = shop.path("merchant");
    shop.ok(&["simulate", "--out", &merchant, "--scale", "0.25", "--seed", "12"]);
    let planted = plant(&format!("{merchant}/exports/reviews.csv"));
    shop.ok(&["ingest", &format!("{merchant}/exports")]);
    shop.ok(&["run"]);
    found_review_by_review(&shop, &planted);
    against_the_truth(&shop, &merchant);
    over_time(&shop, &planted);
    on_the_page(&shop);
}

/// Of the planted reviews that were kept, each has its concern and side.
fn found_review_by_review(shop: &Shop, planted: &BTreeMap<String, (&'static str, bool)>) {
    let said: BTreeMap<(String, String), String> = shop
        .sql("select review_id, concern, stance from marts.concerns")
        .iter()
        .map(|r| {
            let text = |key: &str| r[key].as_str().unwrap().to_owned();
            ((text("review_id"), text("concern")), text("stance"))
        })
        .collect();
    let kept = shop.sql("select review_id from clean.reviews where junk is null and text is not null");
    let kept: BTreeSet<&str> = kept.iter().map(|r| r["review_id"].as_str().unwrap()).collect();
    let of: Vec<_> = planted.iter().filter(|(id, _)| kept.contains(id.as_str())).collect();
    assert!(of.len() > 1_000, "{}", of.len());
    let right = of.iter().filter(|(id, (concern, blamed))| {
        let stance = said.get(&((*id).clone(), (*concern).to_owned()));
        stance.is_some_and(|s| s == if *blamed { "complaint" } else { "praise" })
    });
    let share = right.count() as f64 / of.len() as f64;
    assert!(share > 0.99, "{share}");
}

/// What the simulator's reviews name of themselves: noise, size and the rest, in six languages, by `truth_reviews.csv`. The
/// vocabulary was written by somebody who knew these sentences: this shows that they arrive, not how well strangers are read.
fn against_the_truth(shop: &Shop, merchant: &str) {
    let mut truth: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in csv::Reader::from_path(format!("{merchant}/truth_reviews.csv")).unwrap().records() {
        let record = record.unwrap();
        let sides = [("praise", &record[8]), ("complaint", &record[9])];
        let named = sides.iter().flat_map(|(stance, names)| {
            names.split_whitespace().map(move |name| format!("{} {stance}", if name == "plug" { "fit" } else { name }))
        });
        truth.insert(record[0].to_owned(), named.collect());
    }
    let (mut hits, mut said, mut named) = (0, 0, 0);
    let kept = shop.sql("select review_id from clean.reviews where junk is null and text is not null");
    for row in &kept {
        named += truth.get(row["review_id"].as_str().unwrap()).map_or(0, BTreeSet::len);
    }
    let rows = shop.sql(
        "select review_id, concern, stance from marts.concerns where concern in ('noise', 'quality', 'delivery', 'fit', 'size', 'ease') \
         and stance <> 'named'",
    );
    for row in &rows {
        let Some(of) = truth.get(row["review_id"].as_str().unwrap()) else { continue };
        said += 1;
        let what = format!("{} {}", row["concern"].as_str().unwrap(), row["stance"].as_str().unwrap());
        hits += usize::from(of.contains(&what));
    }
    let f1 = 2.0 * hits as f64 / (said + named) as f64;
    assert!(named > 1_000 && f1 > 0.9, "{hits} of {said} said and {named} named: {f1}");
}

fn over_time(shop: &Shop, planted: &BTreeMap<String, (&'static str, bool)>) {
    let whole = |market: &str, concern: &str| {
        let sql = format!(
            "select * from marts.concern_history where market = '{market}' and concern = '{concern}' and quarter = 'all'"
        );
        shop.sql(&sql).remove(0)
    };
    let (de, us) = (whole("DE", "trust"), whole("US", "security"));
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap();
    let share = |market: &str| {
        let of: Vec<bool> = planted
            .iter()
            .filter(|(id, _)| id.starts_with(&format!("R-{market}-")))
            .map(|(_, (_, blamed))| *blamed)
            .collect();
        of.iter().filter(|b| **b).count() as f64 / of.len() as f64
    };
    for (row, market) in [(&de, "DE"), (&us, "US")] {
        let (low, high, truth) = (number(row, "blame_low"), number(row, "blame_high"), share(market));
        assert!(low <= truth && truth <= high, "{market} {truth}: {row}");
    }
    assert!(number(&de, "trend") > 3.0 && number(&de, "trend_q") < 0.01, "blame grew: {de}");
    assert!(us["trend_q"].as_f64().is_none_or(|q| q > 0.01), "it did not: {us}");
    assert!((number(&de, "at_home") - 0.05).abs() < 0.03 && number(&de, "home_q") < 0.01, "{de}");
    let quarters = shop.sql(
        "select quarter, blame from marts.concern_history where market = 'DE' and concern = 'trust' and quarter <> 'all' \
         and blame is not null order by quarter",
    );
    for row in &quarters {
        let (quarter, blame) = (row["quarter"].as_str().unwrap(), number(row, "blame"));
        assert!(if quarter < "2025" { blame < 0.3 } else { blame > 0.4 }, "{row}");
    }
    assert!(quarters.len() >= 3, "{quarters:?}");
    let agreement = shop.sql("select * from marts.language_agreement where market = 'ZZ'").remove(0);
    let (score, chance) = (number(&agreement, "agreement"), number(&agreement, "by_chance"));
    assert!(score < chance && number(&agreement, "low") <= score, "planted differences show: {agreement}");
    let german =
        shop.sql("select * from marts.concern_languages where market = 'ZZ' and concern = 'trust' and language = 'de'");
    assert!(number(&german[0], "blame") > number(&german[0], "others") && number(&german[0], "q_value") < 0.01);
}

/// The page says it in both languages, with quotes that are found again.
fn on_the_page(shop: &Shop) {
    let pages = json(&shop.ok(&["personas", "DE", "--json"]));
    let said = pages[0]["concerns"].as_array().unwrap();
    let trust = said.iter().find(|e| e["statement"]["en"].as_str().unwrap().contains("speak of trust")).unwrap();
    let (en, zh) = (trust["statement"]["en"].as_str().unwrap(), trust["statement"]["zh"].as_str().unwrap());
    assert!(en.contains("growing") && en.contains("at home") && zh.contains("信任") && zh.contains("上升"), "{trust}");
    assert_eq!(trust["figure"]["source"], "select * from marts.concern_history where market = 'DE'");
    let quotes = trust["quotes"].as_array().unwrap();
    assert!(!quotes.is_empty());
    for quote in quotes {
        let sql = format!("select text from clean.reviews where review_id = '{}'", quote["text_id"].as_str().unwrap());
        let text = shop.value(&sql);
        assert!(text.as_str().unwrap().contains(quote["text"].as_str().unwrap()), "{quote} {text}");
    }
    let spoken = shop.ok(&["personas", "DE", "--lang", "zh"]);
    assert!(spoken.contains("各种语言的评价") && spoken.contains("谈到信任"), "{spoken}");
    let needs = shop.ok(&["markets", "needs", "DE"]);
    assert!(needs.contains("trust 信任") && needs.contains("grows"), "{needs}");
    let security = json(&shop.ok(&["markets", "needs", "US", "--json"]));
    assert!(
        security["concerns"].as_array().unwrap().iter().any(|c| c["concern"] == "security" && c["quarter"] == "all")
    );
}
