//! Noise and sentiment through the public functions: what is put aside, marked, mended and scored.

mod support;

use arrow_array::{Array, Float64Array, RecordBatch};
use clean::{Rule, SentimentParams, Survey};
use support::*;

fn floats_of(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    let array: &Float64Array = batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap();
    array.iter().collect()
}

#[test]
fn what_a_crawler_did_is_put_aside_with_its_name_and_the_rest_stays() {
    let n = 3;
    let crawler = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)";
    let events = raw(
        "events",
        n,
        vec![
            ("source", texts([Some("aa"), Some("bb"), Some("bb")])),
            ("line", ints([7, 1, 2])),
            ("message_id", texts([Some("m1"), Some("m2"), Some("m3")])),
            ("kind", texts(vec![Some("page"); n])),
            ("anonymous_id", texts([Some("v1"), Some("v2"), Some("v3")])),
            ("occurred_at", instants(vec![50 * DAY; n])),
            ("part", ints([0, 0, 0])),
            ("user_agent", texts([Some(crawler), Some("Mozilla/5.0 Firefox/127.0"), None])),
        ],
    );
    let p = params();
    let out = clean::events(&[events], &Survey::new(&p).finish(), &p).unwrap();
    assert_eq!(words(&out.batch, "message_id"), ["m2", "m3"]);
    assert_eq!(words(&out.rejects, "rule"), ["bot_traffic"]);
    assert_eq!((words(&out.rejects, "source"), int_column(&out.rejects, "line")), (vec!["aa".to_owned()], vec![7]));
    assert_eq!(words(&out.rejects, "value"), [crawler]);
    assert!(words(&out.rejects, "expected")[0].contains("`bingbot` names a machine"));
    assert_eq!((out.counts.touched(Rule::BotTraffic), out.counts.checked(Rule::BotTraffic)), (1, 3));
}

#[test]
fn an_order_that_a_server_reports_in_bulk_is_no_machines_view() {
    let n = 200;
    let ids: Vec<String> = (0..n).map(|i| format!("m{i}")).collect();
    let events = |order: bool| {
        raw(
            "events",
            n,
            vec![
                ("source", texts(vec![Some("aa"); n])),
                ("line", ints(0..n as i64)),
                ("message_id", texts(ids.iter().map(Some))),
                ("kind", texts(vec![Some("track"); n])),
                ("anonymous_id", texts(vec![Some("server"); n])),
                ("occurred_at", instants((0..n as i64).map(|i| 50 * DAY + i * 1_000))),
                ("product_code", texts(vec![Some("A1"); n])),
                ("order_id", texts(ids.iter().map(|id| order.then_some(id)))),
                ("part", ints(vec![0; n])),
            ],
        )
    };
    let p = params();
    let kept = |order| clean::events(&[events(order)], &Survey::new(&p).finish(), &p).unwrap().batch.num_rows();
    assert_eq!((kept(true), kept(false)), (n, 0));
}

/// Reviews in two languages: Chinese ones whose words say what the stars say, German ones whose words do not.
fn reviews(n: usize) -> RecordBatch {
    let good = ["很好用，很满意", "质量很好", "非常喜欢，推荐"];
    let bad = ["太差了", "质量差，坏了", "很失望，不推荐"];
    let german = ["das ist ein Wasserkocher", "der Kocher ist da", "die Farbe ist rot und nicht blau"];
    let row = |i: usize| {
        let happy = i.is_multiple_of(2);
        let chinese = i % 4 < 2;
        let side = if happy { good } else { bad };
        // The number is the same for a good and a bad one: it gives nothing away.
        let text = format!("{} {}", if chinese { side[i / 4 % 3] } else { german[i / 4 % 3] }, i / 4);
        // Each tenth has no stars.
        (text, (!i.is_multiple_of(10)).then_some(if happy { 5.0 } else { 1.0 }), if chinese { "zh" } else { "de" })
    };
    let rows: Vec<_> = (0..n).map(row).collect();
    let ids: Vec<String> = (0..n).map(|i| format!("r{i:05}")).collect();
    raw(
        "reviews",
        n,
        vec![
            ("source", texts(vec![Some("rr"); n])),
            ("line", ints(0..n as i64)),
            ("review_id", texts(ids.iter().map(Some))),
            ("product_code", texts(vec![Some("A1"); n])),
            ("language", texts(rows.iter().map(|r| Some(r.2)))),
            ("rating", floats(rows.iter().map(|r| r.1))),
            ("text", texts(rows.iter().map(|r| Some(&r.0)))),
        ],
    )
}

#[test]
fn words_count_where_they_say_something_and_stars_alone_where_they_do_not() {
    let p = params();
    let out = clean::reviews(&[reviews(600)], &Survey::new(&p).finish(), &p).unwrap();
    let scored = clean::sentiment(&out.batch, &SentimentParams::default()).unwrap();
    assert_eq!(words(&scored.quality, "language"), ["all", "de", "zh"]);
    assert_eq!(bool_column(&scored.quality, "used")[1..], [false, true]);
    // 300 Chinese reviews; of the 0, 10, 20 … without stars those with i mod 4 below 2 are Chinese: 30, all on the good side.
    assert_eq!(int_column(&scored.quality, "n_positive")[2], 120);
    assert_eq!(int_column(&scored.quality, "n_negative")[2], 150);
    assert!(floats_of(&scored.quality, "accuracy")[2].unwrap() > 0.95);
    assert!(words(&scored.quality, "why")[1].contains("not told apart well enough"));

    let (basis, score) = (words(&scored.reviews, "sentiment_basis"), floats_of(&scored.reviews, "sentiment"));
    assert_eq!((basis[1].as_str(), basis[2].as_str(), basis[3].as_str()), ("rating_and_text", "rating", "rating"));
    assert_eq!(score[3], Some(-1.0), "one star, and German words that say nothing");
    // r00020 is Chinese, good and without stars; r00010 is German without stars.
    assert_eq!((basis[20].as_str(), basis[10].as_str()), ("text", "-"));
    assert!(score[20].unwrap() > 0.5 && score[10].is_none());
    assert!(score.iter().flatten().all(|s| (-1.0..=1.0).contains(s)));
    let again = clean::sentiment(&out.batch, &SentimentParams::default()).unwrap();
    assert_eq!(again.reviews, scored.reviews);
}

#[test]
fn too_few_reviews_are_scored_by_their_stars_and_the_reason_is_given() {
    let p = params();
    let out = clean::reviews(&[reviews(100)], &Survey::new(&p).finish(), &p).unwrap();
    let scored = clean::sentiment(&out.batch, &SentimentParams::default()).unwrap();
    assert!(words(&scored.reviews, "sentiment_basis").iter().all(|b| b == "rating" || b == "-"));
    assert!(words(&scored.quality, "why").iter().all(|w| w.contains("too few rated reviews")));
    assert!(floats_of(&scored.quality, "accuracy").iter().all(Option::is_none));
    let none = clean::sentiment(&out.batch.slice(0, 0), &SentimentParams::default()).unwrap();
    assert_eq!((none.reviews.num_rows(), none.quality.num_rows()), (0, 0));
}

#[test]
fn a_review_that_says_nothing_keeps_its_stars_and_broken_words_are_mended() {
    let n = 3;
    let batch = raw(
        "reviews",
        n,
        vec![
            ("source", texts(vec![Some("rr"); n])),
            ("line", ints(1..=3)),
            ("review_id", texts([Some("r1"), Some("r2"), Some("r3")])),
            ("product_code", texts(vec![Some("A1"); n])),
            ("rating", floats([Some(1.0), Some(5.0), Some(4.0)])),
            (
                "text",
                texts([Some("asdfghjkl"), Some("TrÃ¨s bien, je recommande le produit"), Some("數(shù)據(jù)很好")]),
            ),
        ],
    );
    let p = params();
    let out = clean::reviews(&[batch], &Survey::new(&p).finish(), &p).unwrap();
    assert_eq!(words(&out.batch, "junk"), ["keyboard_mash", "-", "-"]);
    assert_eq!(words(&out.batch, "text"), ["asdfghjkl", "Très bien, je recommande le produit", "數據很好"]);
    assert_eq!(words(&out.batch, "language"), ["-", "fr", "zh"]);
    assert_eq!(out.counts.touched(Rule::BrokenEncoding), 2);
    assert_eq!(out.counts.touched(Rule::JunkText), 1);
    let scored = clean::sentiment(&out.batch, &SentimentParams::default()).unwrap();
    assert_eq!(floats_of(&scored.reviews, "sentiment"), [Some(-1.0), Some(1.0), Some(0.5)]);
}
