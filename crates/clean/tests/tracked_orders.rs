//! Orders that events tell: lines, amounts, who wins against a file, what later events change.

mod support;

use arrow_array::RecordBatch;
use clean::{OrderLinesOut, Rates, Rule, Survey, TrackedOrders, TrackedOut};
use std::collections::BTreeMap;
use support::*;

/// A row of raw.events about an order: message, name, order, second, product and units and price.
#[derive(Clone)]
struct Told {
    message: &'static str,
    part: i64,
    name: &'static str,
    order: Option<&'static str>,
    at: i64,
    product: Option<(&'static str, Option<i64>, Option<&'static str>)>,
    value: Option<&'static str>,
    total: Option<&'static str>,
    shipping: Option<&'static str>,
    tax: Option<&'static str>,
    discount: Option<&'static str>,
    currency: Option<&'static str>,
    user: Option<&'static str>,
    visitor: Option<&'static str>,
    country: Option<&'static str>,
    line: i64,
}

fn told(message: &'static str, name: &'static str, order: &'static str, second: i64) -> Told {
    Told {
        message,
        part: 0,
        name,
        order: Some(order),
        at: 100 * DAY + second * 1_000_000,
        product: None,
        value: None,
        total: None,
        shipping: None,
        tax: None,
        discount: None,
        currency: Some("EUR"),
        user: Some("u1"),
        visitor: Some("v1"),
        country: Some("DE"),
        line: second + 1,
    }
}

/// Order 1001 of two kettles at 10 and a cup at 5.
fn placed() -> Vec<Told> {
    let order = told("m1", "Order Completed", "1001", 0);
    vec![
        Told { product: Some(("kettle", Some(2), Some("10"))), ..order.clone() },
        Told { product: Some(("cup", None, Some("5"))), part: 1, ..order },
    ]
}

fn events(told: &[Told]) -> RecordBatch {
    let money = |of: fn(&Told) -> Option<&'static str>| amounts(told.iter().map(|t| of(t).map(micros)));
    let product = |t: &Told| t.product.unwrap_or(("", None, None));
    let quantities: arrow_array::Int64Array = told.iter().map(|t| product(t).1).collect();
    raw(
        "events",
        told.len(),
        vec![
            ("source", texts(told.iter().map(|_| Some("ev")))),
            ("line", ints(told.iter().map(|t| t.line))),
            ("message_id", texts(told.iter().map(|t| Some(t.message)))),
            ("kind", texts(told.iter().map(|_| Some("track")))),
            ("name", texts(told.iter().map(|t| Some(t.name)))),
            ("shopper_key", texts(told.iter().map(|t| t.user))),
            ("anonymous_id", texts(told.iter().map(|t| t.visitor))),
            ("occurred_at", instants(told.iter().map(|t| t.at))),
            ("product_code", texts(told.iter().map(|t| t.product.map(|p| p.0)))),
            ("order_id", texts(told.iter().map(|t| t.order))),
            ("quantity", std::sync::Arc::new(quantities)),
            ("price", amounts(told.iter().map(|t| product(t).2.map(micros)))),
            ("currency", texts(told.iter().map(|t| t.currency))),
            ("country", texts(told.iter().map(|t| t.country))),
            ("part", ints(told.iter().map(|t| t.part))),
            ("order_value", money(|t| t.value)),
            ("order_total", money(|t| t.total)),
            ("order_shipping", money(|t| t.shipping)),
            ("order_tax", money(|t| t.tax)),
            ("order_discount", money(|t| t.discount)),
        ],
    )
}

fn track(told: &[Told], filed: &[Line], systems: &[(&str, &str)]) -> TrackedOut {
    let systems: BTreeMap<String, String> = systems.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    let (events, lines) = (events(told), order_lines_batch(filed));
    let mut tracked = TrackedOrders::new(systems);
    tracked.note(&events).unwrap();
    tracked.filed(&lines).unwrap();
    tracked.take(&events).unwrap();
    tracked.finish(&Rates::default(), domain::Currency::new(*b"EUR"))
}

/// Cleaned together with the lines of files.
fn cleaned(told: &[Told], filed: &[Line], systems: &[(&str, &str)]) -> (OrderLinesOut, TrackedOut) {
    let out = track(told, filed, systems);
    let mut survey = Survey::new(&params()).with_systems(systems.iter().copied());
    let mut batches = vec![order_lines_batch(filed)];
    batches.push(out.lines.clone());
    batches.iter().for_each(|b| survey.order_lines(b).unwrap());
    survey.events(&events(told)).unwrap();
    let surveyed = survey.finish();
    (clean::order_lines(&batches, &surveyed, &Rates::default(), &params()).unwrap(), out)
}

const APART: [(&str, &str); 2] = [("ev", "segment"), ("aa", "shopify")];

fn euros(batch: &RecordBatch, column: &str) -> Vec<i64> {
    amount_column(batch, column).into_iter().map(|a| a.unwrap() / 10_000).collect()
}

/// Goods 25.00; in cents. What was paid back is in `reversed`.
#[test]
fn a_told_order_is_an_order_with_lines_market_currency_and_shopper() {
    let (out, tracked) = cleaned(&placed(), &[], &APART);
    assert_eq!(words(&out.orders, "order_key"), ["segment:1001|u1"]);
    assert_eq!((words(&out.orders, "market"), words(&out.orders, "currency")), (vec!["DE".into()], vec!["EUR".into()]));
    assert_eq!((euros(&out.orders, "gross"), int_column(&out.orders, "units")), (vec![2500], vec![3]));
    assert_eq!(words(&out.order_lines, "product_id"), ["KETTLE", "CUP"]);
    assert_eq!(
        (words(&out.order_lines, "source"), words(&out.order_lines, "kind")),
        (vec!["ev".to_owned(); 2], vec!["sale".to_owned(); 2])
    );
    let lines = int_column(&out.order_lines, "line");
    assert!(lines[0] == 1 && lines[1] > 1 << 32, "two rows of a source never share a line: {lines:?}");
    assert_eq!((tracked.counts.touched(Rule::TrackedOrder), tracked.rejects.num_rows()), (1, 0));
}

#[test]
fn the_same_order_in_a_file_wins_and_the_telling_is_merged_into_it() {
    let file = [line(2, "#1001", "kettle", 2, "10")];
    let (out, tracked) = cleaned(&placed(), &file, &APART);
    assert_eq!(words(&out.orders, "order_key"), ["shopify:#1001|7"]);
    assert_eq!(
        (words(&tracked.merges, "kept"), words(&tracked.merges, "kind")),
        (vec!["shopify:#1001".to_owned()], vec!["tracked_order_repeat".to_owned()])
    );
    // Of another system and a week apart it is another order of that number; in the same system it is never.
    let later = [Line { at: 107 * DAY, ..file[0].clone() }];
    assert_eq!(cleaned(&placed(), &later, &APART).0.orders.num_rows(), 2);
    assert_eq!(cleaned(&placed(), &later, &[("ev", "shopify"), ("aa", "shopify")]).0.orders.num_rows(), 1);
    // A shop whose own files are there is not mistaken for another that has the same number.
    let own = [Line { source: "bb".into(), order: "2000".into(), ..file[0].clone() }, file[0].clone()];
    let systems = [("ev", "north"), ("bb", "north"), ("aa", "south")];
    assert_eq!(cleaned(&placed(), &own, &systems).0.orders.num_rows(), 3);
}

#[test]
fn told_twice_it_counts_once() {
    let mut told = placed();
    told.extend(placed().into_iter().map(|t| Told { message: "m2", at: t.at + 5_000_000, line: 9, ..t }));
    // The event itself, delivered again.
    told.extend(placed());
    let (out, tracked) = cleaned(&told, &[], &APART);
    assert_eq!((euros(&out.orders, "gross"), tracked.merges.num_rows()), (vec![2500], 1));
}

/// 25.00 for 22.50: the discount of 2.50 is shared 2.00 and 0.50. With 4.00 of shipping and 3.59 of tax the total is 26.50
/// when prices hold the tax and 30.09 when they do not.
#[test]
fn discount_shipping_and_tax_are_those_of_a_file() {
    let money = |total: &'static str| -> Vec<Told> {
        let with =
            |t: Told| Told { value: Some("22.50"), shipping: Some("4"), tax: Some("3.59"), total: Some(total), ..t };
        placed().into_iter().map(with).collect()
    };
    for (total, taxes) in [("26.50", 0), ("30.09", 359)] {
        let (out, _) = cleaned(&money(total), &[], &APART);
        let found = |name: &str| euros(&out.orders, name)[0];
        assert_eq!((found("gross"), found("services"), found("taxes")), (2250, 400, taxes));
        assert_eq!((found("total"), found("stated_total")), ((micros(total)) / 10_000, micros(total) / 10_000));
        assert_eq!(euros(&out.order_lines, "amount")[..2], [1800, 450]);
    }
}

#[test]
fn an_update_replaces_the_lines_and_a_cancellation_voids_them() {
    let mut told = placed();
    let update = told_update();
    told.push(update.clone());
    let (out, _) = cleaned(&told, &[], &APART);
    assert_eq!(
        (euros(&out.orders, "gross"), words(&out.order_lines, "product_id")),
        (vec![3000], vec!["PAN".to_owned()])
    );
    told.push(self::told("m4", "Order Cancelled", "1001", 90));
    let (out, _) = cleaned(&told, &[], &APART);
    assert_eq!((euros(&out.orders, "gross"), words(&out.orders, "kind")), (vec![0], vec!["adjustment".to_owned()]));
    assert_eq!(words(&out.order_lines, "flags"), ["void"]);
}

fn told_update() -> Told {
    Told { product: Some(("pan", Some(3), Some("10"))), ..told("m3", "Order Updated", "1001", 60) }
}

/// One of two kettles comes back for what was paid for it: 9.00 of 18.00 after the discount; then the rest.
#[test]
fn refunds_take_back_what_was_paid_product_by_product_or_whole() {
    let with = |t: Told| Told { value: Some("22.50"), shipping: Some("4"), total: Some("26.50"), ..t };
    let mut told: Vec<Told> = placed().into_iter().map(with).collect();
    told.push(Told { product: Some(("kettle", Some(1), None)), ..self::told("m5", "Order Refunded", "1001", 70) });
    let (out, _) = cleaned(&told, &[], &APART);
    assert_eq!((euros(&out.orders, "gross")[0], euros(&out.orders, "reversed")[0]), (2250, -900));
    assert!(words(&out.order_lines, "flags").iter().all(String::is_empty), "{:?}", words(&out.order_lines, "flags"));
    told.push(self::told("m6", "refund", "1001", 80));
    let (out, _) = cleaned(&told, &[], &APART);
    assert_eq!((euros(&out.orders, "reversed")[0], euros(&out.orders, "services")[0]), (-2250, 0));
    // Nothing is left that could be paid back once more.
    told.push(self::told("m7", "Order Refunded", "1001", 85));
    let (out, tracked) = cleaned(&told, &[], &APART);
    assert_eq!((euros(&out.orders, "reversed")[0], tracked.merges.num_rows()), (-2250, 1));
}

#[test]
fn an_amount_below_what_is_left_is_paid_back_as_an_amount() {
    let mut told = placed();
    told.push(Told { total: Some("4.20"), ..self::told("m5", "Order Refunded", "1001", 70) });
    let (out, _) = cleaned(&told, &[], &APART);
    assert_eq!((euros(&out.orders, "gross")[0], euros(&out.orders, "reversed")[0]), (2500, -420));
}

#[test]
fn what_cannot_be_an_order_is_put_aside_with_its_reason() {
    let priceless = Told { product: Some(("cup", None, None)), ..told("m1", "Order Completed", "1", 1) };
    let nameless = Told { order: None, ..told("m2", "Order Completed", "", 2) };
    let empty = told("m3", "purchase", "3", 3);
    let unknown = told("m4", "Order Cancelled", "4", 4);
    let moneyless =
        Told { product: Some(("cup", None, Some("5"))), currency: None, ..told("m5", "Order Completed", "5", 5) };
    let negative = Told { product: Some(("cup", Some(-1), Some("5"))), ..told("m6", "Order Completed", "6", 6) };
    // Whoever may send events must not be able to stop a run: in a file a missing rate does.
    let rateless = Told {
        product: Some(("cup", None, Some("5"))),
        currency: Some("VND"),
        ..told("m7", "Order Completed", "7", 7)
    };
    let tracked = track(&[priceless, nameless, empty, unknown, moneyless, negative, rateless], &[], &APART);
    assert_eq!(tracked.lines.num_rows(), 0);
    let mut found: Vec<(i64, String, String)> = int_column(&tracked.rejects, "line")
        .into_iter()
        .zip(words(&tracked.rejects, "rule"))
        .zip(words(&tracked.rejects, "column"))
        .map(|((line, rule), column)| (line, rule, column))
        .collect();
    found.sort();
    let row = |line: i64, rule: &str, column: &str| (line, rule.to_owned(), column.to_owned());
    assert_eq!(
        found,
        [
            row(2, "missing_value", "unit_price"),
            row(3, "missing_value", "order_id"),
            row(4, "missing_value", "product_code"),
            row(5, "tracked_order_unknown", "order_id"),
            row(6, "missing_value", "currency"),
            row(7, "impossible_quantity", "quantity"),
            row(8, "currency_rate", "currency"),
        ]
    );
}

#[test]
fn an_order_that_names_no_country_is_of_the_country_of_its_visitors_other_events() {
    let page = Told { name: "Home", order: None, user: None, ..told("m0", "", "", 0) };
    let mut all = vec![page];
    all.extend(placed().into_iter().map(|t| Told { country: None, user: None, ..t }));
    let (out, _) = cleaned(&all, &[], &APART);
    assert_eq!(words(&out.orders, "market"), ["DE"]);
    // Nobody is known: a guest's order, which counts as a sale.
    assert_eq!(
        (words(&out.orders, "shopper_id"), words(&out.orders, "kind")),
        (vec!["-".to_owned()], vec!["sale".to_owned()])
    );
}
