//! Interactions by hand: repeats, kinds, and whose they are.

mod support;

use arrow_array::RecordBatch;
use clean::{Rule, Survey, TableOut};
use support::*;

/// One row of raw.interactions; an empty text is a missing value.
#[derive(Clone, Copy, Default)]
struct Did {
    id: &'static str,
    kind: &'static str,
    handle: &'static str,
    customer: &'static str,
    text: &'static str,
    language: &'static str,
    /// Days since 1970.
    day: i64,
}

fn did(id: &'static str, handle: &'static str, text: &'static str) -> Did {
    Did { id, kind: "comment", handle, text, day: 100, ..Did::default() }
}

fn batch(rows: &[Did]) -> RecordBatch {
    let n = rows.len();
    let column = |of: fn(&Did) -> &'static str| texts(rows.iter().map(|r| Some(of(r)).filter(|t| !t.is_empty())));
    raw(
        "interactions",
        n,
        vec![
            ("source", texts(vec![Some("ii"); n])),
            ("line", ints(2..2 + n as i64)),
            ("platform", texts(vec![Some("instagram"); n])),
            ("interaction_id", column(|r| r.id)),
            ("post_id", texts(vec![Some("p1"); n])),
            ("kind", column(|r| r.kind)),
            ("handle_hash", column(|r| r.handle)),
            ("shopper_key", column(|r| r.customer)),
            ("product_code", texts(vec![Some(" mug-7"); n])),
            ("text", column(|r| r.text)),
            ("language", column(|r| r.language)),
            ("country", texts(vec![Some("Deutschland"); n])),
            ("occurred_at", instants(rows.iter().map(|r| r.day * DAY))),
        ],
    )
}

/// Cleans them beside an order of shopper 7.
fn cleaned(rows: &[Did]) -> TableOut {
    let (p, rows) = (params(), batch(rows));
    let mut survey = Survey::new(&p);
    survey.order_lines(&order_lines_batch(&[line(1, "o1", "MUG-7", 1, "5")])).unwrap();
    survey.interactions(&rows).unwrap();
    clean::interactions(&[rows], &survey.finish(), &p).unwrap()
}

#[test]
fn a_handle_that_named_its_shopper_once_links_the_rest_and_a_strange_one_stays_empty() {
    let out = cleaned(&[
        Did { customer: "7", ..did("c1", "h1", "How loud is it?") },
        Did { kind: "Gefällt mir", ..did("c2", "h1", "") },
        did("c3", "h2", "Sehr schön und gut"),
        // Nobody bought under this number.
        Did { customer: "8", ..did("c4", "h3", "Nice") },
    ]);
    assert_eq!(words(&out.batch, "interaction_id"), ["c1", "c2", "c3", "c4"]);
    assert_eq!(words(&out.batch, "shopper_id"), ["7", "7", "-", "-"]);
    assert_eq!(words(&out.batch, "linked_by"), ["customer_id", "handle", "-", "-"]);
    assert_eq!(int_column(&out.batch, "shopper_no"), [0, 0, i64::MIN, i64::MIN]);
    assert_eq!(words(&out.batch, "kind"), ["comment", "like", "comment", "comment"]);
    assert_eq!(words(&out.batch, "product_id"), ["MUG-7"; 4]);
    assert_eq!(words(&out.batch, "market"), ["DE"; 4]);
    assert_eq!(words(&out.batch, "language"), ["en", "-", "de", "-"], "found where the words decide");
    assert_eq!(out.counts.touched(Rule::InteractionRepeat), 0);
}

#[test]
fn the_same_id_and_without_one_the_same_words_of_one_author_are_one_interaction() {
    let out = cleaned(&[
        Did { customer: "7", ..did("c1", "", "First words") },
        did("c1", "h1", "Edited words"),
        did("", "h2", "Again"),
        did("", "h2", "Again"),
        did("", "h2", " Again "),
        did("", "h3", "Again"),
        Did { day: 101, ..did("", "h2", "Again") },
        // Without an author two rows may be two people.
        did("", "", "Again"),
        did("", "", "Again"),
    ]);
    assert_eq!(out.batch.num_rows(), 6);
    assert_eq!(out.counts.touched(Rule::InteractionRepeat), 3);
    assert_eq!(int_column(&out.batch, "repeats").iter().sum::<i64>(), 3);
    let at = words(&out.batch, "interaction_id").iter().position(|id| id == "c1").unwrap();
    // The later record holds, and what only the earlier one said of the author stays.
    assert_eq!(words(&out.batch, "text")[at], "Edited words");
    assert_eq!((&*words(&out.batch, "shopper_id")[at], &*words(&out.batch, "linked_by")[at]), ("7", "customer_id"));
    assert_eq!(words(&out.merges, "kind"), ["interaction_repeat"; 3]);
    assert!(words(&out.merges, "kept").contains(&"instagram:c1".to_owned()));
    let made = words(&out.batch, "interaction_id").iter().filter(|id| id.starts_with("h-") && id.len() == 18).count();
    assert_eq!(made, 5);
}

#[test]
fn what_is_no_interaction_is_put_aside_with_the_kinds_that_there_are() {
    let out = cleaned(&[
        Did { kind: "impressions", ..did("c1", "h1", "") },
        Did { kind: " ", ..did("c2", "h1", "") },
        Did { day: 30_000, ..did("c3", "h1", "") },
        Did { kind: "收藏", ..did("c4", "h1", "") },
    ]);
    assert_eq!(words(&out.batch, "kind"), ["save"]);
    assert_eq!(words(&out.rejects, "rule"), ["interaction_kind", "interaction_kind", "future_date"]);
    assert_eq!(words(&out.rejects, "value")[0], "impressions");
    assert_eq!(words(&out.rejects, "expected")[0], "one of comment, reply, like, share, save, follow, mention");
    assert_eq!(out.counts.touched(Rule::InteractionKind), 2);
}
