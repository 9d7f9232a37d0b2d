//! What is wrong with real files: each case gives an error or a reject that names file, line,
//! column, value and what would be right, and never takes good rows with it.

use crate::support::{Collected, SOURCE, failure, options, read, read_with};
use proptest::prelude::*;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn uci(rows: &str) -> String {
    format!("{HEADER}{rows}")
}

const GOOD: &str = "1,A,LANTERN,6,2011-01-05 14:44:00,2.55,17850,France\n";

#[test]
fn a_truncated_gzip_names_the_file_and_the_byte() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let rows: String =
        (0..2000).map(|i| format!("{i},A{i},X{},1,2011-01-05 14:44:00,2.5,{i},France\n", i * 7919)).collect();
    packer.write_all(uci(&rows).as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let cut = &packed[..packed.len() * 2 / 3];
    let wanted =
        format!("orders.csv: the gzip data stops early, after byte {}; copy or download the file again", cut.len());
    assert_eq!(failure(cut, "orders.csv"), wanted);
}

#[test]
fn a_binary_file_named_csv_is_no_table() {
    assert_eq!(
        failure(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "orders.csv"),
        "orders.csv: a PNG picture at byte 0, not a table; a CSV, TSV, JSONL, XLSX or Parquet file is expected"
    );
    let noise: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(failure(&noise, "orders.csv").contains("binary data"));
    assert!(failure(b"", "orders.csv").contains("no rows"));
}

#[test]
fn a_missing_required_column_is_named() {
    let text = "InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country\n1,A,X,1,2.5,7,France\n";
    assert_eq!(
        failure(text.as_bytes(), "orders.csv"),
        "orders.csv, line 1: looks like a UCI online-retail file, but column `InvoiceDate` is missing; found: `InvoiceNo`, `StockCode`, `Description`, `Quantity`, `UnitPrice`, `CustomerID`, `Country`"
    );
}

#[test]
fn amounts_without_a_currency_are_refused() {
    let text = "order_id,product_id,quantity,unit_price,ordered_at\n1,A,1,2.5,2011-01-05\n";
    assert!(failure(text.as_bytes(), "orders.csv").contains("no column of this file says the currency"));
    let mut with = options();
    with.defaults.currency = Some("EUR".parse().unwrap());
    let (_, out) = crate::support::read_with(text.as_bytes(), "orders.csv", &with).unwrap();
    assert_eq!(out.column("order_lines", "currency"), ["EUR"]);
}

#[test]
fn a_ragged_row_is_rejected_and_the_rest_stays() {
    let (summary, out) = read(uci(&format!("{GOOD}2,B,SHORT,1\n{GOOD}")).as_bytes(), "o.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (2, 1));
    assert_eq!(out.rejects(), ["3 | ragged_row |  | 4 cells: 2,B,SHORT,1 | 8 cells, as in the header"]);
    assert_eq!(out.column("order_lines", "line"), ["2", "4"]);
    assert_eq!(out.column("rejects", "source"), [SOURCE]);
}

#[test]
fn a_quote_that_never_closes_keeps_the_rows_before() {
    let (summary, out) =
        read(uci(&format!("{GOOD}2,B,\"OPEN,1,2011-01-05,1,2,France\n{GOOD}")).as_bytes(), "o.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 1));
    assert!(out.rejects()[0].starts_with("3 | unclosed_quote |"), "{:?}", out.rejects());
}

#[test]
fn a_bad_number_and_an_impossible_date_name_their_cell() {
    let rows = "1,A,X,six,2011-01-05 14:44:00,2.55,1,France\n2,A,X,1,2011-13-45 15:00:00,2.55,1,France\n3,A,X,1,2011-01-05 14:44:00,free,1,France\n,A,X,1,2011-01-05 14:44:00,1,1,France\n";
    let (summary, out) = read(uci(rows).as_bytes(), "o.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (0, 4));
    assert_eq!(
        out.rejects(),
        [
            "2 | not_a_whole_number | Quantity | six | a whole number such as 6",
            "3 | impossible_date | InvoiceDate | 2011-13-45 15:00:00 | a day of the calendar and a time of the day",
            "4 | not_an_amount | UnitPrice | free | an amount such as 12.75, at most six decimals",
            "5 | missing_value | InvoiceNo |  | order or invoice as the source names it (text)",
        ]
    );
}

#[test]
fn nul_bytes_reject_their_row() {
    let (summary, out) =
        read(uci(&format!("{GOOD}2,B,X\0Y,1,2011-01-05,1,2,France\n{GOOD}")).as_bytes(), "o.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (2, 1));
    assert_eq!(out.rejects(), ["3 | nul_byte |  | 2,B,X·Y,1,2011-01-05,1,2,France | text without NUL bytes"]);
}

#[test]
fn dates_with_slashes_follow_the_whole_column() {
    // Nothing in the first 3000 rows tells; the last row does.
    let many = "1,A,X,1,3/4/2011 8:26,2.55,1,France\n".repeat(3000);
    for (last, shown) in [("13/4/2011 8:26", "2011-04-03 08:26:00"), ("4/13/2011 8:26", "2011-03-04 08:26:00")] {
        let (summary, out) = read(uci(&format!("{many}1,A,X,1,{last},2.55,1,France\n")).as_bytes(), "o.csv").unwrap();
        assert_eq!((summary.rows, out.column("order_lines", "ordered_at")[0].as_str()), (3001, shown));
    }
}

#[test]
fn dates_in_two_orders_are_rejected_where_they_are_ambiguous() {
    let rows = "1,A,X,1,13/4/2011,2.55,1,France\n2,A,X,1,4/13/2011,2.55,1,France\n3,A,X,1,3/4/2011,2.55,1,France\n4,A,X,1,2011-04-05,2.55,1,France\n";
    let (summary, out) = read(uci(rows).as_bytes(), "o.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (3, 1));
    assert_eq!(
        out.rejects(),
        ["4 | date_format | InvoiceDate | 3/4/2011 | one date order in the whole file, best 2011-01-05"]
    );
    assert!(summary.notes[0].contains("1 dates only fit day first and 1 only month first"), "{:?}", summary.notes);
}

#[test]
fn dates_that_nothing_decides_are_refused_with_both_readings() {
    let text = "order_id,quantity,unit_price,currency,ordered_at\n1,1,2.5,EUR,3/4/2011\n";
    let error = failure(text.as_bytes(), "o.csv");
    assert!(
        error.contains("o.csv, line 2: column `ordered_at`: `3/4/2011` can be 2011-04-03 or 2011-03-04"),
        "{error}"
    );
    let mut told = options();
    told.defaults.date_order = Some(intake::DateOrder::DayFirst);
    let (_, out) = crate::support::read_with(text.as_bytes(), "o.csv", &told).unwrap();
    assert_eq!(out.column("order_lines", "ordered_at"), ["2011-04-03 00:00:00"]);
}

#[test]
fn decimal_commas_are_seen_in_the_column() {
    let text = HEADER.replace(',', ";")
        + "1;A;X;6;2011-01-05;25,53;1;France\n2;A;X;6;2011-01-05;1.234,50;1;France\n3;A;X;1.000;2011-01-05;3.99;1;France\n";
    let (summary, out) = read(text.as_bytes(), "o.csv").unwrap();
    assert_eq!(out.rows("order_lines", &["quantity", "unit_price"]), ["6 | 25.53", "6 | 1234.5"]);
    assert_eq!(out.rejects(), ["4 | not_an_amount | UnitPrice | 3.99 | an amount such as 12.75, at most six decimals"]);
    assert!(summary.notes[0].contains("decimal comma"), "{:?}", summary.notes);
}

#[test]
fn an_unknown_country_and_a_future_date_are_kept_for_the_rules_to_judge() {
    let (summary, out) = read(uci("1,A,X,1,2099-01-05 14:44:00,2.55,1,Atlantis\n").as_bytes(), "o.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 0));
    assert_eq!(out.rows("order_lines", &["country", "ordered_at"]), ["Atlantis | 2099-01-05 14:44:00"]);
}

/// A header, a good row, one line of `length` bytes and a good row, made while it is read.
struct LongLine {
    parts: Vec<(u8, Vec<u8>, u64)>,
    at: u64,
    largest: Arc<AtomicUsize>,
}

impl LongLine {
    fn new(length: u64, largest: Arc<AtomicUsize>) -> Self {
        let parts =
            vec![(0, uci(GOOD).into_bytes(), 1), (1, b"x".to_vec(), length), (0, format!("\n{GOOD}").into_bytes(), 1)];
        Self { parts, at: 0, largest }
    }
}

impl Read for LongLine {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.largest.fetch_max(into.len(), Ordering::Relaxed);
        let Some((filler, bytes, times)) = self.parts.first() else { return Ok(0) };
        let length = bytes.len() as u64 * times;
        let n = into.len().min((length - self.at) as usize);
        if *filler == 1 {
            into[..n].fill(b'x');
        } else {
            into[..n].copy_from_slice(&bytes[self.at as usize..self.at as usize + n]);
        }
        self.at += n as u64;
        if self.at == length {
            self.parts.remove(0);
            self.at = 0;
        }
        Ok(n)
    }
}

#[test]
fn a_single_line_of_300_megabytes_costs_one_reject_and_little_memory() {
    let largest = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&largest);
    let open = move || Ok(Box::new(LongLine::new(300_000_000, Arc::clone(&seen))) as Box<dyn Read + Send>);
    let mut sink = Collected::default();
    let summary = intake::read(&open, "o.csv", SOURCE, &options(), &mut sink).unwrap();
    assert_eq!((summary.rows, summary.rejected), (2, 1));
    assert!(sink.rejects()[0].starts_with("3 | record_too_long |  | 300000001 bytes: xxxx"), "{:?}", sink.rejects());
    assert!(sink.rejects()[0].ends_with("at most 1048576 bytes in one record"));
    assert_eq!(sink.column("order_lines", "line"), ["2", "4"]);
    // Nothing asked for the file in larger pieces than a block.
    assert!(largest.load(Ordering::Relaxed) <= 1 << 20);
}

#[test]
fn a_header_of_endless_length_is_an_error() {
    let error = failure("x".repeat(2_000_000).as_bytes(), "o.csv");
    assert_eq!(error, "o.csv, line 1: the header is longer than 1048576 bytes; a line of column names is expected");
}

const SHOPIFY: &str = "Name,Email,Financial Status,Currency,Subtotal,Total,Discount Amount,Refunded Amount,Created at,\
    Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount\n";
const AMAZON: &str = "amazon-order-id\tpurchase-date\torder-status\tsales-channel\tsku\tproduct-name\tquantity\t\
    currency\titem-price\titem-promotion-discount\tship-country\n";
const ORDERS: &str = "order_id,product_id,quantity,unit_price,discount,currency,ordered_at,shopper_key,email\n";

/// A bar code in the price column, five times in one order, and the smallest whole number as a quantity.
#[test]
fn numbers_beyond_every_shop_are_put_aside() {
    let order = |price: &str, quantity: &str| {
        let line =
            format!("#1,a@example.org,paid,EUR,1.00,1.00,0,0,2025-01-02 10:00:00 +0000,{quantity},MUG,{price},M1,0\n");
        let (summary, _) = read(format!("{SHOPIFY}{}", line.repeat(5)).as_bytes(), "s.csv").unwrap();
        (summary.rows, summary.rejected)
    };
    assert_eq!(order("4006381333931", "1"), (0, 5));
    assert_eq!(order("1.00", "-9223372036854775808"), (0, 5));
    assert_eq!(order("999999999999", "1").1, 0, "twelve digits fit, whatever their sum");
    let row = "1\t2025-01-02T10:00:00+00:00\tShipped\tAmazon.de\tM1\tMUG\t-9223372036854775808\tEUR\t9.99\t\tDE\n";
    assert_eq!(read(format!("{AMAZON}{row}").as_bytes(), "a.txt").unwrap().0.rejected, 1);
    let row = "1,M1,1,1.00,-9223372036854.775808,EUR,2025-01-02 10:00:00,7,\n";
    assert_eq!(read(format!("{ORDERS}{row}").as_bytes(), "o.csv").unwrap().0.rejected, 1);
}

#[test]
fn no_address_is_left_in_what_was_put_aside_or_in_a_customers_number() {
    let rows = "1,M1,1,1.00,0,EUR,2025-01-02 10:00:00,Anna@Example.org,\n\
                2,M1,1,1.00,0,EUR,2025-01-02 10:00:00,bea@example.org,bea@example.org,too,many,cells\n";
    let (summary, out) = read(format!("{ORDERS}{rows}").as_bytes(), "o.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (1, 1));
    assert_eq!(
        out.column("order_lines", "shopper_key"),
        ["a3bf86238a1c59bd2f0a648af9293620f90d18dad133d8fe2341cf9664a5d6d0"]
    );
    let value = out.column("rejects", "value").remove(0);
    assert!(!value.contains("example") && value.contains("b***"), "{value}");
}

#[test]
fn a_key_that_first_occurs_late_is_a_column_too() {
    let row = |i: usize, more: &str| {
        format!(
            r#"{{"order_id":"{i}","product_id":"M1","quantity":1,"unit_price":"2.00","currency":"EUR","ordered_at":"2025-01-02 10:00:00"{more}}}"#
        ) + "\n"
    };
    let rows: String = (0..3000).map(|i| row(i, if i == 2999 { r#","discount":"0.50""# } else { "" })).collect();
    let (_, out) = read(rows.as_bytes(), "o.jsonl").unwrap();
    assert_eq!(out.column("order_lines", "discount").last().map(String::as_str), Some("0.5"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_rows_of_any_preset_make_it_panic(which in 0_usize..3, rows in "([0-9A/.,:\"\t\r é£#-]{0,20}[,\t\n]){0,40}") {
        let header = [SHOPIFY, AMAZON, ORDERS][which];
        let _ = read(format!("{header}{rows}").as_bytes(), "o.csv");
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), headed in any::<bool>()) {
        let all = if headed { [HEADER.as_bytes(), &bytes].concat() } else { bytes };
        let _ = read(&all, "o.csv");
    }

    #[test]
    fn no_near_table_makes_it_panic(rows in "([0-9A/.,:\"\n\r \0é£-]{0,12}[,\n]){0,30}") {
        if let Ok((summary, out)) = read(uci(&rows).as_bytes(), "o.csv") {
            prop_assert_eq!(summary.rows, out.column("order_lines", "line").len() as u64);
        }
    }
}

#[test]
fn a_decimal_comma_far_behind_the_first_rows_decides_for_the_whole_file() {
    let header = "order_id;product_code;quantity;unit_price;currency;ordered_at\n";
    let whole: String = (0..3000).map(|i| format!("{i};A;1;12;EUR;2025-01-02\n")).collect();
    // `1.234` alone would be read as one and a bit; `12,50` two thousand rows later says what a comma is.
    let text = format!("{header}{whole}x;A;1;1.234;EUR;2025-01-02\ny;A;1;12,50;EUR;2025-01-02\n");
    let (summary, out) = read(text.as_bytes(), "f.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (3002, 0));
    assert_eq!(out.column("order_lines", "unit_price")[3000..], ["1234", "12.5"]);
    // Where the first rows say that it is a point, the later comma is a reject that names its row.
    let text = text.replacen(";12;EUR", ";12.75;EUR", 1);
    let (summary, out) = read(text.as_bytes(), "f.csv").unwrap();
    assert_eq!((summary.rows, summary.rejected), (3001, 1));
    assert_eq!(
        out.rejects(),
        ["3003 | not_an_amount | unit_price | 12,50 | an amount such as 12.75, at most six decimals"]
    );
}

#[test]
fn a_date_order_that_is_asked_for_wins_over_what_the_file_says() {
    let text = "order_id,product_code,quantity,unit_price,currency,ordered_at\n1,A,1,1,EUR,05/04/2025\n2,A,1,1,EUR,25/04/2025\n";
    let at = |order: Option<intake::DateOrder>| {
        let mut with = options();
        with.defaults.date_order = order;
        let (_, out) = read_with(text.as_bytes(), "f.csv", &with).unwrap();
        (out.column("order_lines", "ordered_at").join(", "), out.rejects())
    };
    assert_eq!(at(None), ("2025-04-05 00:00:00, 2025-04-25 00:00:00".to_owned(), Vec::new()));
    let (dates, rejects) = at(Some(intake::DateOrder::MonthFirst));
    assert_eq!(dates, "2025-05-04 00:00:00");
    assert_eq!(
        rejects,
        ["3 | date_format | ordered_at | 25/04/2025 | one date order in the whole file, best 2011-01-05"]
    );
}
