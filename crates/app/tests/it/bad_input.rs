//! Bad input: a clear error or a reject that names file, line, column, value and what would be
//! right; a documented exit code; nothing of a refused file in any table.

use crate::support::{RETAIL, Shop, portolan};
use std::io::Write;

const BAD_INPUT: i32 = 3;

/// Ingests and checks that the file is refused with all of `words`, without a trace.
fn refused(name: &str, bytes: impl AsRef<[u8]>, words: &[&str]) {
    let shop = Shop::new();
    let said = shop.ingest(&shop.file(name, bytes));
    assert_eq!(said.code, BAD_INPUT, "{}{}", said.out, said.err);
    for word in words.iter().chain(&[name]) {
        assert!(said.err.contains(word), "`{word}` is not in: {}", said.err);
    }
    assert_eq!(shop.value("select count(*) from raw.order_lines"), 0);
    assert_eq!(shop.value("select count(*) from raw.sources"), 0);
}

/// Ingests a retail export with one odd line and expects one reject with all of `words`.
fn put_aside(line: &str, rule: &str, words: &[&str]) {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", format!("{RETAIL}{line}\n")));
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 8);
    assert_eq!(shop.value("select rule from rejects.rows"), rule);
    let text = shop.ok(&["quality", "--json"]);
    for word in words.iter().chain(&["orders.csv line 10"]) {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn a_truncated_archive_is_refused() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(RETAIL.repeat(200).as_bytes()).unwrap();
    let whole = gz.finish().unwrap();
    refused("orders.csv.gz", &whole[..whole.len() / 2], &["gzip"]);
}

#[test]
fn a_binary_file_named_csv_is_refused() {
    let bytes: Vec<u8> = (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused("orders.csv", bytes, &[]);
}

#[test]
fn a_missing_required_column_is_named() {
    refused("orders.csv", RETAIL.replace("Quantity", "Anzahl"), &["Quantity"]);
}

#[test]
fn a_ragged_row_is_put_aside() {
    put_aside("536371,22633,SHORT ROW,1", "ragged_row", &["8"]);
}

#[test]
fn a_quantity_that_is_no_number_is_put_aside() {
    put_aside(
        "536371,22633,HAND WARMER,six,2010-12-04 12:00:00,1.85,1,Germany",
        "not_a_whole_number",
        &["Quantity", "six"],
    );
}

#[test]
fn an_impossible_date_is_put_aside() {
    put_aside(
        "536371,22633,HAND WARMER,1,2010-13-45 12:00:00,1.85,1,Germany",
        "impossible_date",
        &["InvoiceDate", "2010-13-45"],
    );
}

#[test]
fn a_future_date_is_put_aside() {
    put_aside("536371,22633,HAND WARMER,1,2031-01-01 12:00:00,1.85,1,Germany", "future_date", &["2031"]);
}

#[test]
fn an_unknown_country_is_kept_and_counted() {
    let shop = Shop::new();
    let line = "536371,22633,HAND WARMER,1,2010-12-04 12:00:00,1.85,1,Atlantis\n";
    shop.ingest_ok(&shop.file("orders.csv", format!("{RETAIL}{line}")));
    assert_eq!(shop.value("select market from clean.order_lines where order_id = '536371'"), "ZZ");
    assert!(shop.ok(&["quality"]).contains("Atlantis"));
}

#[test]
fn a_quote_that_never_closes_keeps_the_rows_before_it() {
    let shop = Shop::new();
    let line = "536371,22633,\"OPEN QUOTE,1,2010-12-04 12:00:00,1.85,1,Germany\n";
    shop.ingest_ok(&shop.file("orders.csv", format!("{RETAIL}{line}")));
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 8);
    assert!(shop.ok(&["quality", "--json"]).contains("orders.csv line 10"));
}

#[test]
fn one_bad_file_among_good_ones_is_told_and_the_good_ones_are_taken() {
    let shop = Shop::new();
    let good = shop.file("good.csv", RETAIL);
    let bad = shop.file("bad.csv", RETAIL.replace("Quantity", "Anzahl"));
    let said = shop.run(&["ingest", bad.to_str().unwrap(), good.to_str().unwrap()]);
    assert_eq!(said.code, BAD_INPUT);
    assert!(said.err.contains("bad.csv"), "{}", said.err);
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 8);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_opened_is_told_as_such_and_the_others_are_taken() {
    let shop = Shop::new();
    let folder = shop.root().join("exports");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("good.csv"), RETAIL).unwrap();
    std::os::unix::fs::symlink(folder.join("gone"), folder.join("orders.csv")).unwrap();
    let said = shop.ingest(&folder);
    assert_eq!(said.code, BAD_INPUT);
    assert!(said.err.contains("orders.csv` cannot be read: No such file"), "{}", said.err);
    assert!(!said.err.contains("hold a lake"), "{}", said.err);
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 8);
}

#[test]
fn words_that_are_no_currency_do_not_choose_the_reporting_currency() {
    let shop = Shop::with(&["--home", "GB"]);
    let header = "order_id,product_id,product_name,quantity,unit_price,currency,ordered_at,shopper_key,country\n";
    let line = |i: u32, currency| format!("{i},A,KETTLE,1,10.00,{currency},2025-01-02 10:00:00,s{i},GB\n");
    let lines: String = (0..5).map(|i| line(i, if i < 3 { "POUNDS" } else { "GBP" })).collect();
    let said = shop.ingest_ok(&shop.file("orders.csv", format!("{header}{lines}")));
    assert!(said.contains("2 order lines, reporting currency GBP"), "{said}");
}

#[test]
fn a_missing_rate_names_the_pair_and_the_day_and_keeps_the_rows() {
    let shop = Shop::with(&["--home", "DE", "--currency", "EUR"]);
    let said = shop.ingest(&shop.file("orders.csv", RETAIL));
    assert_eq!(said.code, 4, "{}", said.err);
    for word in ["GBP", "EUR", "2010-12-01"] {
        assert!(said.err.contains(word), "`{word}` is not in: {}", said.err);
    }
    assert_eq!(shop.value("select count(*) from raw.order_lines"), 8);
    // With the rates the same rows convert: the last rate published before the Saturday is Friday's.
    let rates = "Date,USD,JPY,CZK,DKK,GBP,\n2010-12-03,1.3246,110.5,24.9,7.45,0.84800,\n2010-12-02,1.3155,110.2,25.0,7.45,0.84400,\n2010-12-01,1.3115,110.0,24.9,7.45,0.84100,\n";
    shop.ingest_ok(&shop.file("eurofxref-hist.csv", rates));
    assert_eq!(shop.value("select count(*) from clean.order_lines"), 8);
    // 18 GBP of postage on 3 December at 0.848 GBP a euro: 18 / 0.848 = 21.226415…
    let euros = shop.value("select cast(amount_base as varchar) from clean.order_lines where kind = 'service'");
    assert_eq!(euros, "21.226415");
}

#[test]
fn wrong_words_on_the_command_line_have_their_own_code() {
    assert_eq!(portolan(&["ingest"]).code, 2);
    assert_eq!(portolan(&["plan", "--market", "Germany"]).code, 2);
    let here = tempfile::tempdir().unwrap();
    let said = portolan(&["run", "--workspace", here.path().to_str().unwrap()]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("portolan init"), "{}", said.err);
}

#[test]
fn nothing_is_computed_from_data_that_was_mostly_put_aside() {
    let shop = Shop::new();
    let bad: String =
        (0..4).map(|i| format!("53637{i},22633,HAND WARMER,six,2010-12-04 12:00:00,1.85,1,Germany\n")).collect();
    shop.ingest_ok(&shop.file("orders.csv", format!("{RETAIL}{bad}")));
    let said = shop.run(&["run"]);
    assert_eq!(said.code, 6, "{}", said.err);
    assert!(said.err.contains("4 of 12 order lines (33 %)"), "{}", said.err);
    shop.ok(&["run", "--force"]);
}
