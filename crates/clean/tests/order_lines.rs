//! What becomes of order lines, through the public door.

mod support;

use clean::{CleanError, CleanParams, Rates, Rule, Survey, Undone, order_lines};
use domain::{Amount, Currency, Day};
use support::*;

fn kinds(lines: &[Line]) -> Vec<String> {
    words(&clean(lines).order_lines, "kind")
}

#[test]
fn each_kind_of_line_is_told() {
    let mut bad_debt = line(9, "A563186", "B", 1, "-11062.06");
    bad_debt.title = Some("Adjust bad debt".to_owned());
    let mut test = line(10, "T1", "MUG-7", 1, "1");
    test.title = Some("TEST - please ignore".to_owned());
    let mut void = line(11, "5", "MUG-7", 2, "3");
    void.status = Some("cancelled".to_owned());
    let lines = [
        line(1, "536365", "85123A", 6, "2.55"),
        line(2, "C536379", "85123A", -1, "2.55"),
        line(3, "C536379", "D", -1, "27.50"),
        line(4, "536370", "POST", 3, "18"),
        line(5, "536414", "22139", 56, "0"),
        line(6, "536589", "21777", -10, "0"),
        line(7, "540238", "gift_0001_30", 1, "25.53"),
        line(8, "536365", "85123a", -2, "2.55"),
        bad_debt,
        test,
        void,
    ];
    assert_eq!(
        kinds(&lines),
        [
            "sale",
            "cancellation",
            "service",
            "service",
            "gift",
            "adjustment",
            "service",
            "cancellation", // no C and no status, but the same shopper bought six at that price
            "bad_debt",
            "adjustment",
            "adjustment",
        ]
    );
    let out = clean(&lines);
    assert_eq!(bool_column(&out.order_lines, "settled").iter().filter(|s| **s).count(), 1);
    assert_eq!(words(&out.order_lines, "product_id")[7], "85123A");
    assert_eq!(words(&out.order_lines, "flags")[10], "void");
    assert_eq!(int_column(&out.order_lines, "returned_quantity")[0], 3); // one by C536379, two by line 8
    assert_eq!(out.counts.touched(Rule::Cancellation), 3); // the discount is a C line too
    assert_eq!(out.counts.touched(Rule::ServiceLine), 3);
}

#[test] // Bought 5 on day 100 and 3 on day 101 at one price; 4 come back: 3 of the later, 1 of the earlier.
fn a_partial_return_spreads_over_the_latest_sales() {
    let mut later = line(2, "2", "MUG-7", 3, "10");
    later.at += DAY;
    let mut back = line(3, "C3", "MUG-7", -4, "10");
    back.at += 2 * DAY;
    let mut other_price = line(4, "C4", "MUG-7", -1, "9");
    other_price.at += 2 * DAY;
    let mut other_shopper = line(5, "C5", "MUG-7", -1, "10");
    other_shopper.at += 2 * DAY;
    other_shopper.shopper = Some("8".to_owned());
    let out = clean(&[line(1, "1", "MUG-7", 5, "10"), later, back, other_price, other_shopper]);
    let t = &out.order_lines;
    assert_eq!(int_column(t, "returned_quantity"), [1, 3, 0, 0, 0]);
    assert_eq!(int_column(t, "reverses_line")[2], 2);
    assert_eq!(words(t, "reverses_source")[2], "aa");
    assert_eq!(words(t, "flags")[2..], ["", "unmatched_cancellation", "unmatched_cancellation"]);
    assert_eq!(out.counts.touched(Rule::UnmatchedCancellation), 2);
}

#[test]
fn a_guests_return_is_matched_within_the_order_only() {
    let guest = |number, order, quantity| Line { shopper: None, ..line(number, order, "MUG-7", quantity, "10") };
    let mut same = guest(2, "1", -1);
    same.status = Some("refunded".to_owned());
    let out = clean(&[guest(1, "1", 2), same, guest(3, "C9", -1)]);
    assert_eq!(int_column(&out.order_lines, "returned_quantity"), [1, 0, 0]);
    assert_eq!(words(&out.order_lines, "flags"), ["", "", "unmatched_cancellation"]);
    assert_eq!(out.counts.touched(Rule::MissingShopper), 3);
    assert!(bool_column(&out.order_lines, "settled")[0], "a guest's sale is a sale");
}

#[test]
fn a_sale_whose_status_says_returned_came_back_whole() {
    let mut sale = line(1, "1", "MUG-7", 3, "10");
    sale.status = Some("Returned".to_owned());
    let out = clean(&[sale]);
    assert_eq!(words(&out.order_lines, "kind"), ["sale"]);
    assert_eq!(int_column(&out.order_lines, "returned_quantity"), [3]);
    assert_eq!(amount_column(&out.order_lines, "returned_base"), [Some(-30_000_000)]);
}

#[test] // 3 at 10 came back; one of them has a cancellation line of its own, so two are worth 3 × 10 × 2/3 = 20.
fn what_a_cancellation_line_took_back_is_not_counted_again() {
    let mut sale = line(1, "1", "MUG-7", 3, "10");
    sale.status = Some("returned".to_owned());
    let mut again = sale.clone();
    (again.source, again.line) = ("bb".to_owned(), 7);
    let mut back = line(2, "1", "MUG-7", -1, "10");
    back.status = Some("refunded".to_owned());
    back.at += DAY;
    let t = clean(&[sale, back, again]).order_lines;
    assert_eq!(words(&t, "kind"), ["sale", "cancellation", "sale"]);
    assert_eq!(int_column(&t, "returned_quantity"), [3, 0, 0]);
    assert_eq!(amount_column(&t, "returned_base"), [Some(-20_000_000), Some(0), Some(0)]);
}

#[test]
fn repeats_are_kept_and_marked_and_another_file_counts_once() {
    let mut again = line(2, "1", "MUG-7", 1, "10");
    again.at = line(1, "1", "MUG-7", 1, "10").at;
    let first = line(1, "1", "MUG-7", 1, "10");
    let export = |line: &Line, number| Line { source: "bb".to_owned(), line: number, ..line.clone() };
    let lines = [first.clone(), again.clone(), export(&first, 10), export(&first, 11), export(&first, 12)];
    let out = clean(&lines);
    let t = &out.order_lines;
    assert_eq!(bool_column(t, "repeat"), [false, true, true, true, true]);
    assert_eq!(bool_column(t, "settled"), [true, true, false, false, true]);
    assert_eq!(words(t, "flags")[2], "other_file_repeat");
    assert_eq!((out.counts.touched(Rule::ExactRepeat), out.counts.touched(Rule::OtherFile)), (2, 2));
    assert_eq!(int_column(&out.orders, "n_lines"), [3]);

    // Of another system the same order number is another order.
    let p = params();
    let mut survey = Survey::new(&p).with_systems([("aa", "uci"), ("bb", "shopify")]);
    let batch = order_lines_batch(&lines);
    survey.order_lines(&batch).unwrap();
    let out = order_lines(&[batch], &survey.finish(), &Rates::default(), &p).unwrap();
    assert_eq!(out.counts.touched(Rule::OtherFile), 0);
    assert_eq!(out.orders.num_rows(), 2);
}

#[test]
fn rejects_name_file_line_column_value_and_what_would_be_right() {
    let mut p = params();
    p.as_of = Day(100);
    let mut future = line(4, "4", "MUG-7", 1, "1");
    future.at += DAY;
    let mut euro = line(5, "5", "MUG-7", 1, "1");
    euro.currency = "EURO".to_owned();
    let lines = [
        line(1, "1", "MUG-7", 0, "1"),
        line(2, "2", "MUG-7", 9_999_999, "1"),
        line(3, "3", "MUG-7", 1, "-1"),
        future,
        euro,
        line(6, "6", "MUG-7", 1, "1"),
    ];
    let out = clean_with(&lines, &p);
    let r = &out.rejects;
    assert_eq!(int_column(r, "line"), [1, 2, 3, 4, 5]);
    assert_eq!(
        words(r, "rule"),
        ["impossible_quantity", "impossible_quantity", "impossible_price", "future_date", "currency"]
    );
    assert_eq!(words(r, "column"), ["quantity", "quantity", "unit_price", "ordered_at", "currency"]);
    assert_eq!(words(r, "value"), ["0", "9999999", "-1", "1970-04-12", "EURO"]);
    assert_eq!(words(r, "expected")[3], "a day up to 1970-04-11");
    assert!(words(r, "source").iter().all(|s| s == "aa") && words(r, "stage").iter().all(|s| s == "clean"));
    assert_eq!(out.order_lines.num_rows(), 1);
}

#[test]
fn unknown_countries_stay_as_zz_and_are_counted_with_an_example() {
    let of = |number, country: &str| Line { country: Some(country.to_owned()), ..line(number, "1", "MUG-7", 1, "1") };
    let out = clean(&[of(1, "EIRE"), of(2, "Atlantis"), of(3, "Unspecified"), of(4, "Channel Islands"), of(5, " DE ")]);
    assert_eq!(words(&out.order_lines, "market"), ["IE", "ZZ", "ZZ", "XC", "DE"]);
    assert_eq!(out.counts.touched(Rule::Country), 1);
    let counts = out.counts.batch();
    let row = words(&counts, "rule").iter().position(|r| r == "country").unwrap();
    assert_eq!(words(&counts, "sample")[row], "Atlantis");
    assert_eq!(int_column(&counts, "checked")[row], 5);
}

#[test] // 10 USD at 1.25 are 8 EUR; 6 USD discount 1 are 5 × 2 − 1… (2 × 3 − 1) / 1.25 = 4.
fn amounts_are_converted_at_the_rate_of_their_day() {
    let usd = |number, quantity, price, discount| Line {
        currency: "USD".to_owned(),
        discount,
        ..line(number, "1", "MUG-7", quantity, price)
    };
    let lines = [usd(1, 1, "10", None), usd(2, 2, "3", Some(1_000_000)), line(3, "2", "MUG-7", 1, "2")];
    let p = params();
    let surveyed = survey(&lines, &p);
    let batch = [order_lines_batch(&lines)];
    let rates = Rates::from_raw(&[rates(&[(99, "USD", "1.25")])]).unwrap();
    let out = order_lines(&batch, &surveyed, &rates, &p).unwrap();
    assert_eq!(amount_column(&out.order_lines, "amount"), [Some(10_000_000), Some(5_000_000), Some(2_000_000)]);
    assert_eq!(amount_column(&out.order_lines, "amount_base"), [Some(8_000_000), Some(4_000_000), Some(2_000_000)]);
    assert_eq!(out.counts.touched(Rule::CurrencyRate), 2);
    assert_eq!(amount_column(&out.orders, "gross"), [Some(12_000_000), Some(2_000_000)]);
    // Prices 10, 3 in USD and 2 in EUR: 8, 2.4 and 2 in EUR, median 2.4, deviations 0, 0.4, 5.6.
    let products = surveyed.products(&rates).unwrap();
    assert_eq!(amount_column(&products, "median_price"), [Some(2_400_000)]);
    assert_eq!(amount_column(&products, "price_mad"), [Some(400_000)]);

    let missing = order_lines(&batch, &surveyed, &Rates::default(), &p).unwrap_err();
    assert!(matches!(missing, CleanError::MissingRate(_)));
    assert!(missing.to_string().starts_with("no exchange rate from USD to EUR for 1970-04-11"), "{missing}");
}

// Three orders that nobody paid, two of them tests, cost next to nothing: the usual price is that of the one sale, which is no outlier.
#[test]
fn what_nobody_paid_says_nothing_about_the_usual_price() {
    let with = |status: &str, line: Line| Line { status: Some(status.to_owned()), ..line };
    let mut named = line(2, "2", "MUG-7", 1, "0.01");
    named.title = Some("TEST ORDER".to_owned());
    let lines = [
        line(1, "1", "MUG-7", 1, "20"),
        named,
        with("test", line(3, "3", "MUG-7", 1, "0.01")),
        with("cancelled", line(4, "4", "MUG-7", 1, "0.02")),
        with("pending", line(5, "5", "MUG-7", 1, "0.02")),
        with("cancelled", line(6, "6", "CUP-1", 1, "5")),
    ];
    let products = survey(&lines, &params()).products(&Rates::default()).unwrap();
    assert_eq!(words(&products, "product_id"), ["CUP-1", "MUG-7"]);
    assert_eq!(amount_column(&products, "median_price"), [None, Some(20_000_000)]);
    assert_eq!(words(&products, "name")[1], "Title of MUG-7");
}

#[test]
fn products_are_merged_by_code_with_a_record_and_named_by_their_usual_title() {
    let titled =
        |number, code: &str, title: &str| Line { title: Some(title.to_owned()), ..line(number, "1", code, 1, "1") };
    let lines = [
        titled(1, "85123A", " WHITE  HEART "),
        titled(2, "85123a", "White heart"),
        titled(3, "85123A", "WHITE HEART"),
        titled(4, "85123A ", "damaged"),
        Line { code: None, ..titled(5, "", "Loose Tea") },
    ];
    let surveyed = survey(&lines, &params());
    let products = surveyed.products(&Rates::default()).unwrap();
    assert_eq!(words(&products, "product_id"), ["85123A", "TITLE:LOOSE TEA"]);
    assert_eq!(words(&products, "name"), ["WHITE HEART", "Loose Tea"]);
    assert_eq!(int_column(&products, "n_names"), [2, 1]);
    assert_eq!(int_column(&products, "n_codes"), [3, 0]);
    let merges = surveyed.merges();
    assert_eq!(words(&merges, "kept"), ["85123A", "85123A"]);
    assert_eq!(words(&merges, "merged"), ["85123A ", "85123a"]);
    assert_eq!(int_column(&merges, "line"), [4, 2]);
    assert_eq!(surveyed.counts().touched(Rule::Text), 2);
}

#[test] // 12 sales at 10 and quantity 1, one at 100 and one of 50 units: both beyond five deviations and the factor 3.
fn unusual_prices_and_quantities_are_flagged_and_kept() {
    let mut lines: Vec<Line> = (1..=12).map(|i| line(i, &i.to_string(), "MUG-7", 1, "10")).collect();
    lines.push(line(13, "13", "MUG-7", 1, "100"));
    lines.push(line(14, "14", "MUG-7", 50, "10"));
    let out = clean(&lines);
    let flags = words(&out.order_lines, "flags");
    assert_eq!(flags[12..], ["price_outlier", "quantity_outlier"]);
    assert!(flags[..12].iter().all(String::is_empty));
    assert!(bool_column(&out.order_lines, "settled").iter().all(|s| *s));
}

#[test]
fn orders_and_shoppers_are_put_together() {
    let mut abroad = line(5, "3", "MUG-7", 1, "7");
    abroad.country = Some("France".to_owned());
    abroad.at += 5 * DAY;
    let mut late = line(6, "4", "MUG-7", 1, "7");
    late.at += 9 * DAY;
    let lines = [
        line(1, "1", "MUG-7", 2, "10"),
        line(2, "1", "POST", 1, "4"),
        line(3, "1", "MUG-9", 1, "5"),
        line(4, "C2", "MUG-7", -1, "10"),
        abroad,
        late,
    ];
    let p = params();
    let surveyed = survey(&lines, &p);
    let out = order_lines(&[order_lines_batch(&lines)], &surveyed, &Rates::default(), &p).unwrap();
    let o = &out.orders;
    assert_eq!(words(o, "order_id"), ["1", "C2", "3", "4"]);
    assert_eq!(words(o, "kind"), ["sale", "cancellation", "sale", "sale"]);
    assert_eq!(int_column(o, "units"), [3, 0, 1, 1]);
    assert_eq!(amount_column(o, "gross")[0], Some(25_000_000));
    assert_eq!(amount_column(o, "services")[0], Some(4_000_000));
    assert_eq!(amount_column(o, "reversed")[1], Some(-10_000_000));
    assert_eq!(out.counts.touched(Rule::SeveralTimestamps), 1); // lines 1 to 3 are a microsecond apart
    let shoppers = surveyed.shoppers(&out.shoppers);
    assert_eq!(words(&shoppers, "shopper_id"), ["7"]);
    assert_eq!(words(&shoppers, "market"), ["DE"]); // two orders against one
    assert_eq!((day_column(&shoppers, "first_day")[0], day_column(&shoppers, "last_day")[0]), (Some(100), Some(109)));
}

#[test] // Found by the property test of parts: the order took the first line's shopper for all its lines.
fn an_order_number_that_two_shoppers_share_is_two_orders() {
    let other = Line { shopper: Some("8".to_owned()), ..line(2, "1", "MUG-7", 1, "1") };
    let out = clean(&[line(1, "1", "MUG-7", 1, "1"), other]);
    assert_eq!(words(&out.orders, "order_id"), ["1", "1"]);
    assert_eq!(words(&out.orders, "shopper_id"), ["7", "8"]);
    assert_eq!(words(&out.orders, "order_key"), ["shop:1|7", "shop:1|8"]);
    assert_eq!(words(&out.order_lines, "order_key"), words(&out.orders, "order_key"));
}

#[test]
fn orders_of_two_systems_and_odd_names_have_keys_of_their_own() {
    let named = |number, source: &str, order: &str, shopper: Option<&str>| Line {
        source: source.to_owned(),
        shopper: shopper.map(str::to_owned),
        ..line(number, order, "MUG-7", 1, "1")
    };
    // Without the escapes the second and the third would both be `uci:5|a|`.
    let lines = [
        named(1, "aa", "1001", None),
        named(2, "aa", "5|a", None),
        named(3, "aa", "5", Some("a|")),
        named(4, "aa", "5%7Ca", None),
        named(1, "bb", "1001", None),
    ];
    let p = params();
    let mut survey = Survey::new(&p).with_systems([("aa", "uci"), ("bb", "shopify")]);
    let batch = order_lines_batch(&lines);
    survey.order_lines(&batch).unwrap();
    let out = order_lines(&[batch], &survey.finish(), &Rates::default(), &p).unwrap();
    let keys = words(&out.orders, "order_key");
    assert_eq!(keys, ["uci:1001|", "uci:5%7Ca|", "uci:5|a|", "uci:5%257Ca|", "shopify:1001|"]);
}

#[test]
fn an_order_has_the_address_of_the_first_line_that_states_one() {
    let lines = [line(1, "1", "MUG-7", 1, "1"), line(2, "1", "MUG-9", 1, "1"), line(3, "2", "MUG-7", 1, "1")];
    let columns = order_lines_batch(&lines);
    let place = |name: &str| match name {
        "region" => texts([None, Some(" Bayern "), None]),
        _ => texts([None, Some("Bad  Tölz"), None]),
    };
    let at = |name: &str| columns.schema().index_of(name).unwrap();
    let mut arrays = columns.columns().to_vec();
    arrays[at("region")] = place("region");
    arrays[at("city")] = place("city");
    let batch = arrow_array::RecordBatch::try_new(columns.schema(), arrays).unwrap();
    let p = params();
    let mut survey = Survey::new(&p);
    survey.order_lines(&batch).unwrap();
    let out = order_lines(&[batch], &survey.finish(), &Rates::default(), &p).unwrap();
    assert_eq!(words(&out.orders, "region"), ["Bayern", "-"]);
    assert_eq!(words(&out.orders, "city"), ["Bad Tölz", "-"]);
}

#[test]
fn one_person_with_two_numbers_is_one_shopper_until_the_link_is_undone() {
    let with = |number, shopper: &str, mail: &str| Line {
        shopper: Some(shopper.to_owned()),
        email: Some(mail.to_owned()),
        ..line(number, "1", "MUG-7", 1, "1")
    };
    let lines = [with(1, "7", "mail"), with(2, "8", "mail")];
    let joined = words(&clean(&lines).order_lines, "shopper_id");
    assert_eq!(joined[0], joined[1]);
    let p = CleanParams { undone: vec![Undone { key_kind: "email".into(), key: "mail".into() }], ..params() };
    assert_eq!(words(&clean_with(&lines, &p).order_lines, "shopper_id"), ["7", "8"]);
    let links = survey(&lines, &p).identity_links();
    assert_eq!(bool_column(&links, "undone"), [false, true, false, true], "the address is listed with both");
}

#[test]
fn every_rule_is_listed_even_when_it_found_nothing() {
    let counts = clean(&[line(1, "1", "MUG-7", 1, "1")]).counts.batch();
    let listed: std::collections::BTreeSet<String> = words(&counts, "rule").into_iter().collect();
    assert_eq!(listed.len(), Rule::ALL.len());
}

#[test]
fn a_batch_of_another_layout_is_refused_with_the_column_named() {
    let batch = order_lines_batch(&[line(1, "1", "MUG-7", 1, "1")]);
    let without = batch.project(&[0, 1, 2]).unwrap();
    let error = Survey::new(&params()).order_lines(&without).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a batch of raw.order_lines has no column `product_code`: every batch follows the schema of its table"
    );
}

#[test]
fn the_rows_of_a_shopper_go_to_one_part() {
    let lines: Vec<Line> = (0..200)
        .map(|i| Line {
            shopper: (i % 3 != 0).then(|| (i % 20).to_string()),
            ..line(i, &(i / 4).to_string(), "MUG-7", 1, "1")
        })
        .collect();
    let surveyed = survey(&lines, &params());
    let parts = surveyed.partition(&order_lines_batch(&lines), 8).unwrap();
    let mut part_of = std::collections::BTreeMap::new();
    for (l, part) in lines.iter().zip(&parts) {
        assert!(*part < 8);
        let owner = l.shopper.clone().unwrap_or_else(|| format!("order {}", l.order));
        assert_eq!(part_of.entry(owner).or_insert(*part), part);
    }
    assert!(part_of.values().collect::<std::collections::BTreeSet<_>>().len() > 4);
}

#[test]
fn the_reporting_currency_needs_no_rate() {
    let p = CleanParams { base: Currency::new(*b"GBP"), ..params() };
    let gbp = Line { currency: "gbp".to_owned(), ..line(1, "1", "MUG-7", 3, "0.001") };
    let out = clean_with(&[gbp], &p);
    assert_eq!(amount_column(&out.order_lines, "amount_base"), [Some(Amount::from_micros(3_000).micros())]);
    assert_eq!(words(&out.order_lines, "currency"), ["GBP"]);
}
