//! Questions by hand: what is kept, what is put aside, and who asked.

mod support;

use clean::{Rule, Survey, TableOut};
use support::*;

/// Number, customer, text, day.
type Asked = (&'static str, &'static str, &'static str, i64);

fn cleaned(rows: &[Asked]) -> TableOut {
    let n = rows.len();
    let column = |of: fn(&Asked) -> &'static str| texts(rows.iter().map(|r| Some(of(r)).filter(|t| !t.is_empty())));
    let batch = raw(
        "questions",
        n,
        vec![
            ("source", texts(vec![Some("qq"); n])),
            ("line", ints(2..2 + n as i64)),
            ("question_id", texts(rows.iter().map(|r| Some(r.0)))),
            ("product_code", texts(vec![Some(" mug-7"); n])),
            ("shopper_key", column(|r| r.1)),
            ("country", texts(vec![Some("Deutschland"); n])),
            ("text", column(|r| r.2)),
            ("answer", texts(vec![Some(" Ja.  "); n])),
            ("asked_at", instants(rows.iter().map(|r| r.3 * DAY))),
        ],
    );
    let p = params();
    let mut survey = Survey::new(&p);
    survey.order_lines(&order_lines_batch(&[line(1, "o1", "MUG-7", 1, "5")])).unwrap();
    survey.questions(&batch).unwrap();
    clean::questions(&[batch], &survey.finish(), &p).unwrap()
}

#[test]
fn a_question_knows_its_shopper_product_market_and_language() {
    let out = cleaned(&[
        ("q1", "7", "  Is it   really quiet and easy to clean?", 100),
        // Nobody bought under this number: to ask makes nobody a shopper.
        ("q2", "8", "Passt das in die Spülmaschine und ist es leise?", 100),
    ]);
    assert_eq!(words(&out.batch, "question_id"), ["q1", "q2"]);
    assert_eq!(words(&out.batch, "shopper_id"), ["7", "-"]);
    assert_eq!(words(&out.batch, "product_id"), ["MUG-7"; 2]);
    assert_eq!(words(&out.batch, "market"), ["DE"; 2]);
    assert_eq!(words(&out.batch, "language"), ["en", "de"]);
    assert_eq!(words(&out.batch, "text")[0], "Is it really quiet and easy to clean?");
    assert_eq!(words(&out.batch, "answer"), ["Ja."; 2]);
}

#[test]
fn a_question_without_number_or_words_or_of_tomorrow_is_put_aside_and_the_later_of_two_holds() {
    let out = cleaned(&[
        ("q1", "7", "How big is it?", 100),
        ("", "7", "Who asks?", 100),
        ("q2", "7", "", 100),
        ("q3", "7", "When?", 1_000_000),
        ("q1", "7", "How big is the box?", 101),
    ]);
    assert_eq!(words(&out.batch, "text"), ["How big is the box?"]);
    assert_eq!(words(&out.rejects, "column"), ["question_id", "text", "asked_at"]);
    assert_eq!(out.counts.touched(Rule::RecordRepeat), 1);
    assert_eq!(out.counts.touched(Rule::MissingValue), 2);
}
