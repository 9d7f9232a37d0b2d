//! Questions and searches in vain: from the files to the needs of a market, and the rights of who asked.

use crate::recommend::shop;
use crate::rights::saying;
use crate::served::Served;
use crate::simulated::simulated;
use crate::support::json;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Names of the simulator's aspects among the concerns.
fn concern(aspect: &str) -> &str {
    if aspect == "plug" { "fit" } else { aspect }
}

#[test]
fn what_a_market_asks_about_and_searches_in_vain_is_what_was_planted() {
    let (shop, _) = simulated(&["--scale", "0.1", "--seed", "5"]);
    shop.ok(&["run", "--allow-failed-gates"]);
    let mut planted: BTreeMap<String, String> = BTreeMap::new();
    for row in csv::Reader::from_path(shop.root().join("data/truth_questions.csv")).unwrap().deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        planted.insert(row["question_id"].clone(), concern(&row["about"]).to_owned());
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in shop.sql("select text_id, about from marts.asked where kind = 'question'") {
        let word = |key: &str| row[key].as_str().unwrap().to_owned();
        found.entry(word("text_id")).or_default().insert(word("about"));
    }
    assert_eq!(found.len(), planted.len(), "every question has a row");
    let right = planted.iter().filter(|(id, about)| found[*id].contains(*about)).count();
    assert!(right as f64 >= 0.97 * planted.len() as f64, "{right} of {}", planted.len());
    let needless: usize = found.values().map(|about| about.len() - 1).sum();
    assert!((needless as f64) < 0.2 * planted.len() as f64, "{needless} further concerns");

    // Nothing that is sold is among the searches in vain, and the planted one is the first of the market that has most.
    let missed = shop.sql(
        "select market, about, count(*) as n from marts.asked where kind = 'search' and market <> 'ZZ' group by market, about order by n desc, about",
    );
    let of = |words: &Value| {
        sim::trade::WANTED.iter().position(|all| all.iter().any(|w| Some(w.to_lowercase().as_str()) == words.as_str()))
    };
    assert!(missed.iter().all(|row| of(&row["about"]).is_some()), "{missed:?}");
    let n: i64 = missed.iter().map(|row| row["n"].as_i64().unwrap()).sum();
    assert!(n >= 12, "{missed:?}");
    let market = missed[0]["market"].as_str().unwrap();
    assert_eq!(of(&missed[0]["about"]), Some(sim::trade::most_wanted(market.parse().unwrap())), "{missed:?}");
    let needs = json(&shop, &["markets", "needs", market]);
    assert_eq!(needs["not_found"][0]["words"], missed[0]["about"], "{needs}");

    let said = shop.ok(&["markets", "needs", market]);
    assert!(said.contains("what they ask about") && said.contains("searched for and not found"), "{said}");
    let pages = shop.ok(&["personas", "--json"]);
    assert!(pages.contains("a need: answers about ") && pages.contains("需求：了解“"), "{pages}");
}

const WORDS: &str = "Is it as loud as a lark in Tolpuddle?";
const ADDRESS: &str = "quillfeather@example.org";

#[test]
fn who_asks_and_never_bought_sees_what_was_asked_and_can_have_it_erased() {
    let shop = shop(&["run"]);
    let rows = format!(
        "ticket_id,email,customer_id,market,message,created_at\n\
         T1,{ADDRESS},,DE,{WORDS},2025-12-10T10:00:00Z\nT2,,d1,DE,Wie groß ist die Kanne?,2025-12-11T10:00:00Z\n\
         T3,,,DE,,2025-12-11T10:00:00Z\n"
    );
    shop.ingest_ok(&shop.file("tickets.csv", rows));
    shop.ok(&["run", "--allow-failed-gates"]);
    assert_eq!(shop.value("select about from marts.asked where text_id = 'T1'"), "noise");
    assert_eq!(shop.value("select shopper_id from clean.questions where question_id = 'T2'"), "d1");
    let aside = shop.sql("select rule, expected from rejects.rows where table_name = 'questions'");
    assert_eq!((aside.len(), &aside[0]["rule"]), (1, &"missing_value".into()), "{aside:?}");

    let served = Served::start(&shop);
    let rows = |export: &Value, table: &str| -> u64 {
        let tables = export["tables"].as_array().unwrap();
        tables.iter().find(|t| t["name"] == table).map_or(0, |t| t["table"]["total"].as_u64().unwrap())
    };
    let theirs = served.get("/api/v1/persons/d1");
    let of = ["raw.questions", "clean.questions", "marts.asked"].map(|table| rows(&theirs, table));
    assert_eq!(of, [1, 1, 1], "{theirs}");
    let path = format!("/api/v1/persons/{ADDRESS}");
    assert_eq!(rows(&served.get(&path), "raw.questions"), 1);
    assert!(!saying(&shop.root(), WORDS).is_empty());
    let reply = served.ask("DELETE", &path, None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let still = saying(&shop.root(), WORDS);
    assert!(still.is_empty(), "{still:?}");
    assert_eq!(served.ask("GET", &path, None).status, 404);
    assert_eq!(served.stop(), 0);
    assert_eq!(shop.value("select count(*) from clean.questions"), 1, "the other's question stays");
    shop.ok(&["run", "--allow-failed-gates"]);
}
