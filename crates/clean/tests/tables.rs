//! The plain tables: keys, repeats, rejects and canonical words.

mod support;

use arrow_array::Date32Array;
use clean::{Rates, Rule, Survey};
use domain::{Amount, Currency, Day};
use std::sync::Arc;
use support::*;

#[test]
fn an_event_that_came_twice_is_one_event_and_the_visitor_gets_a_name() {
    let n = 4;
    let events = raw(
        "events",
        n,
        vec![
            ("source", texts(vec![Some("ee"); n])),
            ("line", ints(1..=4)),
            ("message_id", texts([Some("m1"), Some("m2"), Some("m1"), Some("")])),
            ("kind", texts([Some("identify"), Some("track"), Some("identify"), Some("page")])),
            ("shopper_key", texts([Some("7"), None, Some("7"), None])),
            ("anonymous_id", texts(vec![Some("visitor"); n])),
            ("occurred_at", instants(vec![50 * DAY; n])),
            ("product_code", texts([None, Some(" mug-7"), None, None])),
            ("country", texts([Some("Deutschland"), None, None, None])),
            ("part", ints([0, 0, 0, 0])),
        ],
    );
    let p = params();
    let mut survey = Survey::new(&p);
    survey.events(&events).unwrap();
    let surveyed = survey.finish();
    let out = clean::events(&[events], &surveyed, &p).unwrap();
    assert_eq!(words(&out.batch, "message_id"), ["m1", "m2"]);
    assert_eq!(words(&out.batch, "shopper_id"), ["7", "7"]);
    assert_eq!(words(&out.batch, "product_id"), ["-", "MUG-7"]);
    assert_eq!(words(&out.batch, "market"), ["DE", "ZZ"]);
    assert_eq!(words(&out.merges, "kept"), ["m1#0"]);
    assert_eq!(words(&out.merges, "merged"), ["ee:3"]);
    assert_eq!(words(&out.rejects, "rule"), ["missing_value"]);
    assert_eq!(out.counts.touched(Rule::EventRepeat), 1);
    assert_eq!(clean::events_partition(&out_batch(), 4).unwrap().len(), 1);
}

fn out_batch() -> arrow_array::RecordBatch {
    raw(
        "events",
        1,
        vec![
            ("source", texts([Some("ee")])),
            ("line", ints([1])),
            ("message_id", texts([Some("m1")])),
            ("kind", texts([Some("page")])),
            ("occurred_at", instants([0])),
            ("part", ints([0])),
        ],
    )
}

#[test]
fn the_latest_count_of_stock_holds_whatever_the_order_of_arrival() {
    let n = 4;
    let stock = raw(
        "stock",
        n,
        vec![
            ("source", texts(vec![Some("ss"); n])),
            ("line", ints(1..=4)),
            ("product_code", texts([Some("mug-7"), Some("MUG-7"), Some("MUG-7"), Some("  ")])),
            ("quantity", ints([5, 3, 9, 1])),
            ("as_of", days([20, 10, 20, 20])),
        ],
    );
    let p = params();
    let out = clean::stock(&[stock], &Survey::new(&p).finish(), &p).unwrap();
    assert_eq!(words(&out.batch, "product_id"), ["MUG-7"]);
    assert_eq!(words(&out.batch, "warehouse"), ["main"]);
    assert_eq!(int_column(&out.batch, "quantity"), [9]); // of two counts of day 20 the later row
    assert_eq!(out.counts.touched(Rule::RecordRepeat), 2);
    assert_eq!(words(&out.rejects, "column"), ["product_code"]);
}

#[test]
fn costs_spend_and_competitors_refuse_what_cannot_be() {
    let p = params();
    let surveyed = Survey::new(&p).finish();
    let base = |n: usize| vec![("source", texts(vec![Some("cc"); n])), ("line", ints(1..=n as i64))];
    let mut columns = base(3);
    columns.extend([
        ("product_code", texts([Some("A1"), Some("A1"), Some("A2")])),
        ("cost", amounts([Some(1_000_000), Some(2_000_000), Some(-1)])),
        ("currency", texts(vec![Some("cny"); 3])),
    ]);
    let out = clean::costs(&[raw("costs", 3, columns)], &surveyed, &p).unwrap();
    assert_eq!(amount_column(&out.batch, "cost"), [Some(2_000_000)]);
    assert_eq!(day_column(&out.batch, "valid_from"), [Some(0)]);
    assert_eq!(words(&out.rejects, "rule"), ["impossible_price"]);

    let mut columns = base(2);
    columns.extend([
        ("day", days([10, 30_000])),
        ("market", texts([Some("Vietnam"), None])),
        ("spend", amounts([Some(5), Some(5)])),
        ("currency", texts(vec![Some("USD"); 2])),
    ]);
    let out = clean::ad_spend(&[raw("ad_spend", 2, columns)], &surveyed, &p).unwrap();
    assert_eq!(words(&out.batch, "market"), ["VN"]);
    assert_eq!(words(&out.batch, "campaign"), ["none"]);
    assert_eq!(words(&out.rejects, "rule"), ["future_date"]);

    let mut columns = base(2);
    columns.extend([
        ("day", days([10, 10])),
        ("product_code", texts([Some("A1"), Some("A1")])),
        ("price", amounts([Some(5), Some(6)])),
        ("currency", texts([Some("USD"), Some("dollars")])),
    ]);
    let out = clean::competitor_prices(&[raw("competitor_prices", 2, columns)], &surveyed, &p).unwrap();
    assert_eq!(words(&out.batch, "competitor"), ["unnamed"]);
    assert_eq!(words(&out.rejects, "value"), ["dollars"]);
}

#[test]
fn a_fact_of_no_country_or_without_content_is_put_aside_and_one_from_tomorrow_is_not_known() {
    let n = 5;
    let facts = raw(
        "market_facts",
        n,
        vec![
            ("source", texts(vec![Some("mf"); n])),
            ("line", ints(1..=5)),
            ("day", days([30_000, 10, 10, 10, 10])),
            ("known_on", Arc::new([None, None, Some(30_000), Some(20), None].into_iter().collect::<Date32Array>())),
            ("market", texts([Some("Germany"), Some("Atlantis"), Some("DE"), Some("DE"), Some("DE")])),
            ("fact", texts([Some(" VAT_rate"), Some("gdp"), Some("gdp"), Some("gdp"), Some("de_minimis")])),
            ("value", floats([Some(0.2), Some(1.0), Some(1.0), Some(7.5), None])),
            ("text", texts([None, None, None, None, Some(" ")])),
        ],
    );
    let p = params();
    let out = clean::market_facts(&[facts], &Survey::new(&p).finish(), &p).unwrap();
    assert_eq!(words(&out.batch, "fact"), ["gdp", "vat_rate"]);
    // The tax rate of a day to come is known today; the figure counts from the day it was published.
    assert_eq!(day_column(&out.batch, "valid_from"), [Some(20), Some(30_000)]);
    assert_eq!(words(&out.rejects, "column"), ["market", "known_on", "value"]);
    assert_eq!(words(&out.rejects, "rule"), ["missing_value", "future_date", "missing_value"]);
}

#[test]
fn a_review_keeps_its_last_version_and_a_rating_outside_the_scale_is_refused() {
    let n = 3;
    let reviews = raw(
        "reviews",
        n,
        vec![
            ("source", texts(vec![Some("rr"); n])),
            ("line", ints(1..=3)),
            ("review_id", texts([Some("r1"), Some("r1"), Some("r2")])),
            ("product_code", texts(vec![Some("A1"); n])),
            ("shopper_key", texts(vec![Some("7"); n])),
            ("rating", floats([Some(4.0), Some(5.0), Some(9.0)])),
            ("text", texts([Some("ok"), Some(" very  good "), None])),
        ],
    );
    let p = params();
    let mut survey = Survey::new(&p);
    survey.reviews(&reviews).unwrap();
    let out = clean::reviews(&[reviews], &survey.finish(), &p).unwrap();
    assert_eq!(words(&out.batch, "text"), ["very good"]);
    assert_eq!(words(&out.batch, "shopper_id"), ["7"]);
    assert_eq!(words(&out.rejects, "expected"), ["stars from 1 to 5"]);
    assert_eq!(words(&out.merges, "merged"), ["rr:1"]);
}

#[test]
fn rates_published_again_replace_the_earlier_and_the_raw_table_converts() {
    let batch = rates(&[(10, "USD", "1.2"), (10, "USD", "1.25"), (11, "GBP", "0.8")]);
    let p = params();
    let out = clean::fx_rates(std::slice::from_ref(&batch), &Survey::new(&p).finish(), &p).unwrap();
    assert_eq!(out.batch.num_rows(), 2);
    assert_eq!(out.counts.touched(Rule::RecordRepeat), 1);
    let rates = Rates::from_raw(&[batch]).unwrap();
    let ten = Amount::from_micros(10_000_000);
    let (usd, gbp) = (Currency::new(*b"USD"), Currency::new(*b"GBP"));
    // 10 USD / 1.25 × 0.8 = 6.4 GBP
    assert_eq!(rates.convert(ten, usd, gbp, Day(12)).unwrap(), Amount::from_micros(6_400_000));
}

#[test]
fn a_later_record_of_a_product_or_a_shopper_is_recorded_as_merged() {
    let products = raw(
        "products",
        3,
        vec![
            ("source", texts([Some("pp"); 3])),
            ("line", ints([2, 3, 4])),
            ("product_code", texts([Some("A"), Some("B"), Some(" a ")])),
            ("name", texts([Some("Kettle"), Some("Cup"), Some("Kettle, red")])),
        ],
    );
    let customers = raw(
        "customers",
        2,
        vec![
            ("source", texts([Some("cc"); 2])),
            ("line", ints([2, 3])),
            ("shopper_key", texts([Some("7"), Some("7")])),
            ("city", texts([Some("Berlin"), Some("Bonn")])),
        ],
    );
    let mut survey = Survey::new(&params());
    survey.customers(&customers).unwrap();
    survey.products(&products).unwrap();
    let surveyed = survey.finish();
    let merges = surveyed.merges();
    let rows: Vec<String> = ["kind", "kept", "merged", "reason"]
        .map(|c| words(&merges, c))
        .into_iter()
        .fold(vec![String::new(); merges.num_rows()], |rows, column| {
            rows.into_iter().zip(column).map(|(row, cell)| format!("{row}{cell} | ")).collect()
        });
    assert_eq!(
        rows,
        [
            "product_code | A |  a  | same code but for case, width and blanks | ",
            "record_repeat | A | pp:2 | a later record of the same product; what it does not say stays | ",
            "record_repeat | 7 | cc:2 | a later record of the same shopper; what it does not say stays | ",
        ]
    );
    assert_eq!(surveyed.counts().touched(Rule::RecordRepeat), 2);
}
