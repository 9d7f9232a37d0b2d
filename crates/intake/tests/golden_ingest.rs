//! Recorded cases of `../shared/golden/ingest_money.json`: hostile CSV, numbers as people write
//! them, conversion, allocation, tax. Each has an own small fixture in `files/` or in the unit
//! tests, which run without that folder.

#![allow(clippy::print_stderr)] // a skipped test says so

#[path = "files/support.rs"]
mod support;

use domain::{Currency, Decimal, FxRate, Money, Rounding, allocate};
use intake::number::{self, DecimalMark};
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::shared::{shared_data, shared_golden};

type Figures = BTreeMap<String, Value>;

/// The cases whose id starts with `prefix`; `None` where the folder is absent.
fn cases(prefix: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared_golden("ingest_money.json")?).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let cases = all["cases"].as_array().unwrap().iter();
    let chosen: Vec<Value> = cases.filter(|c| c["id"].as_str().unwrap().starts_with(prefix)).cloned().collect();
    assert!(!chosen.is_empty(), "no case {prefix}");
    Some(chosen)
}

/// Equal as the golden README says: decimal texts as decimal numbers, lists element by element.
fn equal(recorded: &Value, ours: &Value) -> bool {
    match (recorded, ours) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::String(a), Value::String(b)) => match (a.parse::<Decimal>(), b.parse::<Decimal>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a == b,
        },
        (a, b) => a == b,
    }
}

fn check(case: &Value, figures: &Figures) {
    for expect in case["expect"].as_array().unwrap() {
        let key = expect["key"].as_str().unwrap();
        assert_eq!(expect["kind"], "equal", "{}", case["id"]);
        let ours = figures.get(key).unwrap_or_else(|| panic!("{}: no figure {key}", case["id"]));
        assert!(equal(&expect["value"], ours), "{} {key}: recorded {}, ours {ours}", case["id"], expect["value"]);
    }
}

fn text(value: impl ToString) -> Value {
    Value::String(value.to_string())
}

fn base64(text: &str) -> Vec<u8> {
    let (mut bits, mut n, mut out) = (0_u32, 0, Vec::new());
    for b in text.bytes().filter(|b| *b != b'=') {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        (bits, n) = (bits << 6 | u32::from(six), n + 6);
        if n >= 8 {
            n -= 8;
            out.push((bits >> n) as u8);
        }
    }
    out
}

#[test]
fn hostile_csv_gives_the_recorded_records_and_rejects() {
    let Some(cases) = cases("csv_") else { return };
    for case in cases {
        let bytes = base64(case["inputs"]["bytes_base64"].as_str().unwrap());
        let (summary, out) = support::read(&bytes, "hostile.csv").unwrap();
        let columns = [
            "order_id",
            "product_code",
            "product_name",
            "quantity",
            "ordered_at",
            "unit_price",
            "shopper_key",
            "country",
        ]
        .map(|c| out.column("order_lines", c));
        let records = (0..columns[0].len()).map(|i| Value::Array(columns.iter().map(|c| text(&c[i])).collect()));
        let figures = Figures::from([
            ("rows".to_owned(), Value::from(summary.rows)),
            ("rows_ok".to_owned(), Value::from(summary.rows)),
            ("rows_rejected".to_owned(), Value::from(summary.rejected)),
            ("records".to_owned(), Value::Array(records.collect())),
        ]);
        check(&case, &figures);
    }
}

#[test]
fn numbers_are_read_under_their_locale() {
    let Some(cases) = cases("number_text") else { return };
    for case in cases {
        let items = case["inputs"]["items"].as_array().unwrap().iter().enumerate();
        let figures = items.map(|(i, item)| {
            let mark = DecimalMark::of_locale(item["locale"].as_str().unwrap());
            let read = number::parse(item["text"].as_str().unwrap(), mark);
            (i.to_string(), read.map_or(Value::Null, text))
        });
        check(&case, &figures.collect());
    }
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// A currency with that many digits, where the case names none.
fn with_digits(digits: u64) -> Currency {
    Currency::new(if digits == 0 { *b"JPY" } else { *b"EUR" })
}

#[test]
fn conversions_round_once() {
    let Some(cases) = cases("fx_") else { return };
    let day = domain::Day::from_ymd(2011, 1, 5).unwrap();
    for case in cases {
        let (amount, rate) = (decimal(&case["inputs"]["amount"]), decimal(&case["params"]["rate"]));
        let to: Currency = case["params"]["to"].as_str().unwrap().parse().unwrap();
        let from: Currency = case["params"]["from"].as_str().unwrap().parse().unwrap();
        let exact = amount * rate;
        let rounded = |rounding| Money::from_decimal(exact, to, rounding).unwrap().to_decimal();
        let figures = Figures::from([
            ("exact".to_owned(), text(exact)),
            ("half_even".to_owned(), text(rounded(Rounding::HalfEven))),
            ("half_up".to_owned(), text(rounded(Rounding::HalfUp))),
        ]);
        check(&case, &figures);
        // Where the amount is whole minor units, the dated rate gives the same.
        let money = Money::from_decimal(amount, from, Rounding::HalfEven).unwrap();
        if money.to_decimal() == amount {
            let converted = FxRate { from, to, day, rate }.convert(money, Rounding::HalfEven).unwrap();
            assert_eq!(converted.to_decimal(), rounded(Rounding::HalfEven));
        }
    }
}

#[test]
fn splits_lose_no_penny() {
    let Some(cases) = cases("allocate_") else { return };
    for case in cases {
        let currency = with_digits(case["params"]["minor_unit"].as_u64().unwrap());
        let total = Money::from_decimal(decimal(&case["inputs"]["total"]), currency, Rounding::HalfEven).unwrap();
        let weights: Vec<Decimal> = case["inputs"]["weights"].as_array().unwrap().iter().map(decimal).collect();
        let parts = allocate(total, &weights).unwrap();
        let sum: Decimal = parts.iter().map(Money::to_decimal).sum();
        let figures = Figures::from([
            ("parts".to_owned(), Value::Array(parts.iter().map(|p| text(p.to_decimal())).collect())),
            ("sum".to_owned(), text(sum)),
        ]);
        check(&case, &figures);
    }
}

#[test]
fn tax_is_rounded_once() {
    let Some(cases) = cases("vat_") else { return };
    for case in cases {
        let (net, rate) = (decimal(&case["inputs"]["net"]), decimal(&case["params"]["rate"]));
        // The net price comes from the exact gross price: from the rounded one it would be
        // -14.81 / 1.2 = -12.34, a penny off.
        let gross = net * (Decimal::ONE + rate);
        let figures = Figures::from([
            ("tax_half_up".to_owned(), text(Rounding::HalfUp.round(net * rate, 2))),
            ("tax_half_even".to_owned(), text(Rounding::HalfEven.round(net * rate, 2))),
            ("gross_half_up".to_owned(), text(Rounding::HalfUp.round(gross, 2))),
            ("net_from_gross_half_up".to_owned(), text(Rounding::HalfUp.round(gross / (Decimal::ONE + rate), 2))),
        ]);
        check(&case, &figures);
    }
}

#[test] // Worked by hand; the same as above on prices of our own, without the folder.
fn tax_of_a_few_prices_is_rounded_once() {
    let number = |text: &str| text.parse::<Decimal>().unwrap();
    for (net, rate, half_up, half_even, gross, back) in [
        // 7.50 × 0.19 = 1.425; 8.925; 8.925 / 1.19 = 7.5
        ("7.50", "0.19", "1.43", "1.42", "8.93", "7.50"),
        // 0.05 × 0.10 = 0.005; 0.055
        ("0.05", "0.10", "0.01", "0.00", "0.06", "0.05"),
        // −2.505 × 0.20 = −0.501; −3.006; halves go away from zero
        ("-2.505", "0.20", "-0.50", "-0.50", "-3.01", "-2.51"),
    ] {
        let (net, one_and) = (number(net), Decimal::ONE + number(rate));
        let tax = net * number(rate);
        assert_eq!(Rounding::HalfUp.round(tax, 2), number(half_up), "{net}");
        assert_eq!(Rounding::HalfEven.round(tax, 2), number(half_even), "{net}");
        assert_eq!(Rounding::HalfUp.round(net * one_and, 2), number(gross), "{net}");
        assert_eq!(Rounding::HalfUp.round(net * one_and / one_and, 2), number(back), "{net}");
    }
}

#[test]
fn countries_agree_with_the_reference_table() {
    let Some(path) = shared_data("reference_tables/country-codes.csv.gz") else { return };
    let packed = std::fs::File::open(path).unwrap();
    let mut bytes = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed), &mut bytes).unwrap();
    let mut lines = bytes.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    // Both columns stand before the first quoted cell of every row but one (a country with three
    // dialling codes), so a plain split is enough.
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let (alpha2, alpha3) = (at("ISO3166-1-Alpha-2"), at("ISO3166-1-Alpha-3"));
    let mut seen = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if let Some(country) = cells.get(alpha2).and_then(|c| domain::country_by_name(c)) {
            assert_eq!((country.market.code(), country.alpha3), (cells[alpha2], cells[alpha3]));
            seen += 1;
        }
    }
    assert_eq!(seen, domain::COUNTRIES.len() - 1);
}
