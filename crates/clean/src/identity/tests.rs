//! Identity resolution by hand.

use super::*;
use crate::params::Undone;
use domain::Seed;

/// Rows as (system, customer, email, phone, visitor); an empty text is a missing identity.
fn resolve(rows: &[(&str, &str, &str, &str, &str)], params: &CleanParams) -> (Identity, Interner) {
    let (mut evidence, mut systems) = (Evidence::default(), Interner::default());
    for (line, row) in rows.iter().enumerate() {
        let system = systems.intern(row.0.as_bytes());
        evidence.row(keys(row), system, Proof { source: 0, line: line as i64 });
    }
    (evidence.resolve(&systems, params), systems)
}

fn keys<'a>(row: &(&'a str, &'a str, &'a str, &'a str, &'a str)) -> RowKeys<'a> {
    let some = |t: &'a str| (!t.is_empty()).then_some(t);
    RowKeys { customer: some(row.1), email: some(row.2), phone: some(row.3), anonymous: some(row.4), handle: None }
}

fn names(rows: &[(&str, &str, &str, &str, &str)], params: &CleanParams) -> Vec<String> {
    let (identity, systems) = resolve(rows, params);
    let mut scratch = Vec::new();
    rows.iter()
        .map(|row| {
            let system = systems.get(row.0.as_bytes()).unwrap();
            match identity.shopper(keys(row), system, &mut scratch) {
                NONE => String::new(),
                shopper => identity.name_of(shopper).to_owned(),
            }
        })
        .collect()
}

#[test]
fn a_customer_number_counts_within_its_system_and_keeps_its_name_when_it_is_the_only_one() {
    let d = CleanParams::default();
    assert_eq!(names(&[("uci", "17850", "", "", ""), ("uci", "13047", "", "", "")], &d), ["17850", "13047"]);
    let two = names(&[("uci", "17850", "", "", ""), ("shopify", "17850", "", "", "")], &d);
    assert_ne!(two[0], two[1]);
    assert!(two.iter().all(|n| n.starts_with('s') && n.len() == 13), "{two:?}");
}

#[test]
fn an_email_joins_and_a_chain_joins_its_ends() {
    let d = CleanParams::default();
    let same = names(&[("uci", "1", "e", "", ""), ("shopify", "9", "e", "", "")], &d);
    assert_eq!(same[0], same[1]);
    // 1 - e1 - p - e2 - 9: no row bears both ends.
    let chain = names(
        &[("a", "1", "e1", "", ""), ("b", "", "e1", "p", ""), ("b", "", "e2", "p", ""), ("c", "9", "e2", "", "")],
        &d,
    );
    assert!(chain.iter().all(|n| *n == chain[0]), "{chain:?}");
}

#[test]
fn an_undone_link_joins_nobody_and_is_still_listed() {
    let rows = [("uci", "1", "e", "", ""), ("shopify", "9", "e", "", "")];
    let undone = |kind: &str, key: &str| CleanParams {
        undone: vec![Undone { key_kind: kind.to_owned(), key: key.to_owned() }],
        ..CleanParams::default()
    };
    for p in [undone("email", "e"), undone("customer_id", "shopify:9")] {
        let apart = names(&rows, &p);
        assert_ne!(apart[0], apart[1], "{p:?}");
        let (identity, _) = resolve(&rows, &p);
        assert_eq!((identity.n_undone(), identity.n_shoppers()), (1, 2));
    }
    // Taken back, the address is still listed with both shoppers it had been seen with.
    let (identity, _) = resolve(&rows, &undone("email", "e"));
    let mut sources = Interner::default();
    sources.intern(b"ff");
    let links = identity.links(&sources);
    let text = |i: usize| links.column(i).as_any().downcast_ref::<arrow_array::StringArray>().unwrap().clone();
    let undone_column = links.column(6).as_any().downcast_ref::<arrow_array::BooleanArray>().unwrap();
    let listed: Vec<_> = (0..links.num_rows())
        .map(|i| (text(0).value(i).to_owned(), text(2).value(i).to_owned(), undone_column.value(i)))
        .collect();
    let of = |shopper: &str, key: &str, undone| (shopper.to_owned(), key.to_owned(), undone);
    assert_eq!(listed, [of("1", "uci:1", false), of("1", "e", true), of("9", "shopify:9", false), of("9", "e", true)]);
    assert_eq!(names(&rows, &undone("email", "other")).iter().collect::<std::collections::BTreeSet<_>>().len(), 1);
}

#[test]
fn a_number_that_many_share_joins_nobody() {
    let p = CleanParams { max_shared: 2, ..CleanParams::default() };
    let three = [("a", "1", "", "hotline", ""), ("a", "2", "", "hotline", ""), ("a", "3", "", "hotline", "")];
    assert_eq!(names(&three, &p), ["1", "2", "3"]);
    assert_eq!(resolve(&three, &p).0.n_shared(), 1);
    assert_eq!(resolve(&three, &p).0.n_shoppers(), 3, "the number itself is nobody");
    let two = names(&three[..2], &p);
    assert_eq!(two[0], two[1]);
}

#[test]
fn a_visitor_belongs_to_one_shopper_or_to_nobody() {
    let d = CleanParams::default();
    let own = names(&[("a", "1", "", "", "v"), ("a", "", "", "", "v"), ("a", "", "", "", "w")], &d);
    assert_eq!(own, ["1", "1", ""]);
    let tablet = names(&[("a", "1", "", "", "v"), ("a", "2", "", "", "v"), ("a", "", "", "", "v")], &d);
    assert_eq!(tablet, ["1", "2", ""]);
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// What a comment says of its author: customer, e-mail, handle.
type Hint = (&'static str, &'static str, &'static str);

/// Whose hints are, beside orders of customers of one system with an e-mail each.
fn hinted(orders: &[(&str, &str)], hints: &[Hint], params: &CleanParams) -> (Vec<String>, Identity) {
    let (mut evidence, mut systems) = (Evidence::default(), Interner::default());
    let shop = systems.intern(b"shop");
    for (line, (customer, email)) in orders.iter().enumerate() {
        let keys = RowKeys { customer: some(customer), email: some(email), ..RowKeys::default() };
        evidence.row(keys, shop, Proof { source: 0, line: line as i64 });
    }
    let of = |h: &Hint| RowKeys { customer: some(h.0), email: some(h.1), handle: some(h.2), ..RowKeys::default() };
    for (line, hint) in hints.iter().enumerate() {
        evidence.hint(of(hint), shop, Proof { source: 1, line: line as i64 });
    }
    let identity = evidence.resolve(&systems, params);
    let mut scratch = Vec::new();
    let mut name = |hint| match identity.shopper(of(hint), shop, &mut scratch) {
        NONE => String::new(),
        shopper => identity.name_of(shopper).to_owned(),
    };
    let names = hints.iter().map(&mut name).collect();
    (names, identity)
}

#[test]
fn a_handle_that_came_with_a_known_address_once_is_that_shopper_and_with_two_nobody() {
    let d = CleanParams::default();
    let orders = [("1", "e1"), ("2", "e2")];
    let hints = [("", "e1", "h"), ("", "", "h"), ("2", "", "two"), ("", "e1", "two"), ("", "", "two"), ("", "", "x")];
    let (names, identity) = hinted(&orders, &hints, &d);
    assert_eq!(names, ["1", "1", "2", "1", "", ""], "two shoppers used one account, and nobody knows x");
    assert_eq!((identity.n_shoppers(), identity.n_shared()), (2, 1));
    // Taken back by an operator, the account is nobody's.
    let undone = CleanParams { undone: vec![Undone { key_kind: "handle".to_owned(), key: "h".to_owned() }], ..d };
    assert_eq!(hinted(&orders, &hints, &undone).0[..2], ["1", ""]);
}

#[test]
fn what_was_written_on_a_network_makes_nobody_a_shopper_and_names_nobody_anew() {
    let d = CleanParams::default();
    // An address that no order has, with an account; a customer number of the shop beside a known address.
    let hints = [("", "e9", "h9"), ("", "", "h9"), ("77", "", ""), ("5", "e1", "h5"), ("", "", "h5")];
    let (names, identity) = hinted(&[("1", "e1")], &hints, &d);
    assert_eq!(names[..3], ["", "", ""]);
    assert_eq!((&names[3], identity.n_shoppers()), (&names[4], 1), "5 and 1 are one by the address");
    assert!(!names[3].is_empty());
    // The number of another system that only a comment has leaves the shopper its own number as its name.
    let (mut evidence, mut systems) = (Evidence::default(), Interner::default());
    let (shop, other) = (systems.intern(b"shop"), systems.intern(b"other"));
    let seven = RowKeys { customer: Some("7"), ..RowKeys::default() };
    evidence.row(seven, shop, Proof { source: 0, line: 0 });
    evidence.hint(seven, other, Proof { source: 0, line: 1 });
    let identity = evidence.resolve(&systems, &d);
    assert_eq!(identity.name_of(identity.shopper(seven, shop, &mut Vec::new())), "7");
    assert_eq!(identity.shopper(seven, other, &mut Vec::new()), NONE);
}

#[test]
fn every_link_has_its_reason_and_its_proof() {
    let mail = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
    let (identity, _) =
        resolve(&[("a", "1", "", "", ""), ("b", "9", mail, "", ""), ("a", "1", mail, "", "")], &CleanParams::default());
    let mut sources = Interner::default();
    sources.intern(b"ff");
    let links = identity.links(&sources);
    let column = |i: usize| -> Vec<String> {
        let array: &arrow_array::StringArray = links.column(i).as_any().downcast_ref().unwrap();
        array.iter().map(|v| v.unwrap().to_owned()).collect()
    };
    // By shopper, then kind, then identity: a:1 is the smallest; the mail came with it in row 2,
    // b:9 by the mail in row 1.
    assert_eq!(column(1), ["customer_id", "customer_id", "email"]);
    assert_eq!(column(2), ["a:1", "b:9", mail]);
    assert_eq!(column(3), ["first_seen", "same_email", "same_customer_id"]);
    let lines: &arrow_array::Int64Array = links.column(5).as_any().downcast_ref().unwrap();
    assert_eq!(lines.values().to_vec(), [0, 1, 2]);
}

#[test]
fn names_do_not_depend_on_the_order_of_rows() {
    let mut rows = vec![
        ("uci", "1", "e", "", ""),
        ("shopify", "9", "e", "p", ""),
        ("seg", "u7", "", "p", "v"),
        ("uci", "2", "", "", ""),
    ];
    let d = CleanParams::default();
    let forward = names(&rows, &d);
    rows.reverse();
    let mut backward = names(&rows, &d);
    backward.reverse();
    assert_eq!(forward, backward);
}

// 2,000 people with a number in each of two systems. Each row shows the person's e-mail with
// probability 0.9 and phone with 0.5; one person in ten has a new e-mail in the second system;
// 40 people share a reception's phone. A pair can be found if its rows share a key.
#[test]
fn on_labelled_people_precision_is_whole_and_recall_is_what_the_keys_allow() {
    let mut rng = Seed(11).stream(0);
    let mut rows: Vec<(String, String, String, String)> = Vec::new();
    let mut findable = 0;
    for person in 0..2_000 {
        let moved = rng.below(10) == 0;
        let phone = if person < 40 { "reception".to_owned() } else { format!("p{person}") };
        let seen: Vec<(bool, bool)> = (0..2).map(|_| (rng.uniform() < 0.9, rng.uniform() < 0.5)).collect();
        findable += usize::from((seen[0].0 && seen[1].0 && !moved) || (seen[0].1 && seen[1].1 && person >= 40));
        for (system, (mail, tel)) in ["a", "b"].into_iter().zip(seen) {
            let email = if moved && system == "b" { format!("new{person}") } else { format!("e{person}") };
            rows.push((
                system.to_owned(),
                person.to_string(),
                if mail { email } else { String::new() },
                if tel { phone.clone() } else { String::new() },
            ));
        }
    }
    let refs: Vec<_> = rows.iter().map(|r| (r.0.as_str(), r.1.as_str(), r.2.as_str(), r.3.as_str(), "")).collect();
    let names = names(&refs, &CleanParams { max_shared: 10, ..CleanParams::default() });
    let found = names.chunks(2).filter(|pair| pair[0] == pair[1]).count();
    let shoppers: std::collections::BTreeSet<_> = names.iter().collect();
    // Precision 1: joining is right only, so each found pair removes exactly one shopper of 4,000.
    assert_eq!(shoppers.len(), 4_000 - found);
    assert_eq!(found, findable);
    assert!(found > 1_500, "{found} of 2,000");
}
