//! Noise: machines among the visitors and texts that say nothing are told apart as the simulator's truth has it, and
//! what is put aside can be read. Sentiment of reviews, as far as words can be trusted.

use crate::support::{Shop, TODAY, portolan};
use std::collections::{BTreeMap, BTreeSet};

/// What `truth_noise.csv` says of each id.
fn truth(text: &str, what: &str) -> BTreeMap<String, String> {
    let rows = text.lines().skip(1).map(|l| l.split(',').collect::<Vec<_>>());
    rows.filter(|r| r[0] == what).map(|r| (r[1].to_owned(), r[2].to_owned())).collect()
}

fn texts(shop: &Shop, sql: &str) -> BTreeSet<String> {
    let first =
        |row: &serde_json::Value| row.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
    shop.sql(sql).iter().map(first).collect()
}

#[test]
fn machines_and_empty_texts_of_a_simulated_merchant_are_found_as_the_truth_says() {
    let shop = Shop::with(&["--home", "CN", "--currency", "CNY"]);
    let data = shop.root().join("data");
    let made = portolan(&["simulate", "--scale", "0.02", "--seed", "3", "--out", data.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.err);
    shop.ok(&["ingest", data.join("exports").to_str().unwrap(), "--as-of", TODAY]);
    let noise = std::fs::read_to_string(data.join("truth_noise.csv")).unwrap();

    // Events: what stays of the log, and nothing else of anybody.
    let kept = texts(&shop, "select message_id from clean.events where message_id like 'log-%'");
    let mut left: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let events = truth(&noise, "event");
    for (id, visitor) in &events {
        let n = left.entry(visitor).or_default();
        *n = (n.0 + usize::from(kept.contains(id)), n.1 + 1);
    }
    for machine in ["crawler", "scraper", "clock"] {
        assert_eq!(left[machine].0, 0, "{machine}: {left:?}");
    }
    for unseen in ["person", "patient"] {
        assert_eq!(left[unseen].0, left[unseen].1, "{unseen}: {left:?}");
    }
    let aside = "select count(*) from rejects.rows where rule = 'bot_traffic'";
    let machines = events.values().filter(|v| matches!(v.as_str(), "crawler" | "scraper" | "clock")).count();
    assert_eq!(shop.value(aside), machines as i64, "none of the merchant's own visitors is called a machine");
    let signs = "select expected from rejects.rows where rule = 'bot_traffic' and \"column\" = 'user_agent'";
    assert!(texts(&shop, signs).iter().any(|s| s.contains("`googlebot` names a machine")));
    assert!(shop.ok(&["quality"]).contains("bot_traffic"));

    // Reviews: marked with the reason, none of the others, and none removed.
    let junk: BTreeMap<String, String> = shop
        .sql("select review_id, junk from clean.reviews where junk is not null")
        .iter()
        .map(|r| (r["review_id"].as_str().unwrap().to_owned(), r["junk"].as_str().unwrap().to_owned()))
        .collect();
    let wanted: BTreeMap<String, String> = truth(&noise, "review").into_iter().filter(|(_, k)| k != "none").collect();
    assert_eq!(junk, wanted);

    // Sentiment: words of the merchant's reviews say how satisfied they are.
    let all = &shop.sql("select accuracy, majority, auc, used from clean.sentiment_quality where language = 'all'")[0];
    let (accuracy, majority) = (all["accuracy"].as_f64().unwrap(), all["majority"].as_f64().unwrap());
    assert!(accuracy > majority && all["used"] == true, "{all}");
    let wrong = "select count(*) from clean.reviews where sentiment is null or sentiment < -1 or sentiment > 1 \
                 or (rating = 5 and sentiment < 0.3) or (rating = 1 and sentiment > -0.3)";
    assert_eq!(shop.value(wrong), 0);
    let junk_words = "select count(*) from clean.reviews where junk is not null and sentiment_basis <> 'rating'";
    assert_eq!(shop.value(junk_words), 0, "a text that says nothing has no say");
    assert_eq!(
        shop.value("select language from clean.reviews where text = 'ดีมาก' and review_id like 'R-IMPORT-%'"),
        "th"
    );
    shop.ok(&["run"]);
}

#[test]
fn a_few_reviews_have_the_sentiment_of_their_stars_and_say_why() {
    let shop = Shop::new();
    let reviews = "review_id,product_code,rating,text,reviewed_at,market\n\
                   a,K1,5,very good,2025-03-10 10:00:00,GB\nb,K1,2,MÃ¼de nach einer Woche und sehr laut,2025-03-10 11:00:00,DE\n\
                   c,K1,,quite nice,2025-03-11 11:00:00,GB\n";
    shop.ingest_ok(&shop.file("reviews.csv", reviews));
    let rows =
        shop.sql("select review_id, sentiment, sentiment_basis, text, language from clean.reviews order by review_id");
    assert_eq!((&rows[0]["sentiment"], &rows[0]["sentiment_basis"]), (&1.0.into(), &"rating".into()));
    assert_eq!(rows[1]["sentiment"], -0.5);
    assert_eq!((&rows[1]["text"], &rows[1]["language"]), (&"Müde nach einer Woche und sehr laut".into(), &"de".into()));
    assert!(rows[2]["sentiment"].is_null() && rows[2]["sentiment_basis"].is_null());
    let said = shop.ok(&["quality"]);
    assert!(said.contains("too few rated reviews for a model of words"), "{said}");
    assert_eq!(shop.value("select sum(touched) from clean.rule_counts where rule = 'broken_encoding'"), 1);
}
