//! Lists of returns: whose they are, what they were worth, and why they came back.

mod support;

use arrow_array::RecordBatch;
use clean::{OrderLinesOut, Rates, Survey};
use support::*;

/// Lines with a reason and a stated total of their order, either of which may be missing.
fn batch(lines: &[Line], more: &[(Option<&str>, Option<i64>)]) -> RecordBatch {
    let plain = order_lines_batch(lines);
    let table = schema::table(schema::Zone::Raw, "order_lines").unwrap();
    let columns = table.columns.iter().map(|c| match c.name {
        "reason" => texts(more.iter().map(|m| m.0)),
        "order_total" => amounts(more.iter().map(|m| m.1)),
        name => plain.column_by_name(name).unwrap().clone(),
    });
    RecordBatch::try_new(table.arrow_schema(), columns.collect()).unwrap()
}

fn cleaned(batch: &RecordBatch) -> OrderLinesOut {
    let params = params();
    let mut survey = Survey::new(&params);
    survey.order_lines(batch).unwrap();
    if survey.has_nameless_returns() {
        survey.owners_of_returns(batch).unwrap();
    }
    let surveyed = survey.finish();
    clean::order_lines(std::slice::from_ref(batch), &surveyed, &Rates::default(), &params).unwrap()
}

fn back(number: i64, order: &str, code: &str, quantity: i64, price: &str) -> Line {
    Line {
        source: "bb".to_owned(),
        shopper: None,
        country: None,
        status: Some("returned".to_owned()),
        at: 110 * DAY,
        ..line(number, order, code, quantity, price)
    }
}

#[test] // Order 1: 3 × 10.00 − 3.00 = 27.00, so two of three are worth 18.00.
fn a_return_without_shopper_price_and_country_takes_them_from_its_order() {
    let sale = Line { discount: Some(micros("3")), ..line(1, "1", "A", 3, "10") };
    let lines = [sale, line(2, "2", "A", 1, "12"), back(1, "1", "A", -2, "0"), back(2, "9", "A", -1, "0")];
    let more = [(None, None), (None, None), (Some(" zu  klein "), None), (Some("defekt"), None)];
    let out = cleaned(&batch(&lines, &more));
    let lines = &out.order_lines;
    assert_eq!(words(lines, "kind"), ["sale", "sale", "cancellation", "cancellation"]);
    assert_eq!(words(lines, "shopper_id"), ["7", "7", "7", "-"]);
    assert_eq!(words(lines, "market"), ["DE", "DE", "DE", "ZZ"]);
    assert_eq!(int_column(lines, "returned_quantity"), [2, 0, 0, 0]);
    // The third order is that of the return that nobody knows.
    let orders = &out.orders;
    assert_eq!(words(orders, "kind"), ["sale", "sale", "cancellation"]);
    assert_eq!((int_column(orders, "units"), int_column(orders, "returned_units")), (vec![3, 1, 0], vec![2, 0, 0]));
    assert_eq!(amount_column(lines, "amount")[2], Some(micros("-18")));
    assert_eq!(amount_column(lines, "unit_price")[2], Some(micros("10")));
    assert_eq!(int_column(lines, "reverses_line")[2], 1);
    assert_eq!(words(lines, "reason"), ["-", "-", "zu klein", "defekt"]);
    // A return of an order that nobody knows stays a return, flagged, worth nothing.
    assert_eq!(words(lines, "flags")[3], "unmatched_cancellation");
    assert_eq!(amount_column(lines, "amount")[3], Some(0));
}

#[test] // 9.50 was paid back of 10.00: the amount that is stated holds.
fn a_refund_of_another_amount_is_matched_by_its_order_and_keeps_its_amount() {
    let lines = [line(1, "1", "A", 1, "10"), line(2, "2", "A", 1, "10"), back(1, "1", "A", -1, "9.50")];
    let out = cleaned(&batch(&lines, &[(None, None); 3]));
    assert_eq!(int_column(&out.order_lines, "returned_quantity"), [1, 0, 0]);
    assert_eq!(amount_column(&out.order_lines, "amount")[2], Some(micros("-9.50")));
    assert_eq!(words(&out.order_lines, "flags")[2], "");
}

#[test] // Goods 20.00 + postage 4.95 + tax 3.80 = 28.75; of order 2 a line is missing.
fn an_order_that_does_not_add_up_is_counted_and_a_return_is_no_part_of_its_total() {
    let lines = [
        line(1, "1", "A", 2, "10"),
        line(2, "1", "SHIPPING", 1, "4.95"),
        line(3, "1", "TAX", 1, "3.80"),
        line(4, "2", "A", 1, "10"),
        line(5, "3", "A", 1, "10"),
        Line { shopper: Some("7".to_owned()), ..back(1, "1", "A", -1, "10") },
    ];
    let total = |text: &str| Some(micros(text));
    let more = [(None, total("28.75")), (None, None), (None, None), (None, total("15")), (None, None), (None, None)];
    let out = cleaned(&batch(&lines, &more));
    assert_eq!(words(&out.order_lines, "kind"), ["sale", "service", "tax", "sale", "sale", "cancellation"]);
    assert_eq!(amount_column(&out.orders, "total"), [total("28.75"), total("10"), total("10")]);
    assert_eq!(amount_column(&out.orders, "stated_total"), [total("28.75"), total("15"), None]);
    assert_eq!(amount_column(&out.orders, "services")[0], total("4.95"));
    assert_eq!(amount_column(&out.orders, "taxes")[0], total("3.80"));
    assert_eq!(amount_column(&out.orders, "reversed")[0], total("-10"));
    assert_eq!((out.counts.checked(clean::Rule::OrderTotal), out.counts.touched(clean::Rule::OrderTotal)), (2, 1));
}

#[test]
fn postage_and_tax_of_a_cancelled_order_are_no_income() {
    let cancelled = |l: Line| Line { status: Some("cancelled".to_owned()), ..l };
    let lines = [
        cancelled(line(1, "1", "A", 1, "10")),
        cancelled(line(2, "1", "SHIPPING", 1, "5")),
        cancelled(line(3, "1", "TAX", 1, "2")),
    ];
    let out = cleaned(&batch(&lines, &[(None, None); 3]));
    assert_eq!(words(&out.order_lines, "kind"), ["adjustment"; 3]);
    assert_eq!(words(&out.order_lines, "flags"), ["void"; 3]);
    assert_eq!(amount_column(&out.orders, "services"), [Some(0)]);
}
