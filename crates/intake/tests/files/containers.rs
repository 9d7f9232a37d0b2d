//! The same rows through every container: encodings, archives, JSON lines, workbooks, Parquet.

use crate::support::{failure, options, read, read_with};
use arrow_array::{Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use std::io::{Cursor, Write};
use std::sync::Arc;

const UCI: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n1,A,Café £30,6,2011-01-05 14:44:00,2.55,17850,France\n2,B,\"a, \"\"b\"\"\nc\",1,2011-01-05 14:45:00,3,,EIRE\n";
const COLUMNS: [&str; 5] = ["line", "product_name", "quantity", "unit_price", "country"];
const ROWS: [&str; 2] = ["2 | Café £30 | 6 | 2.55 | France", "3 | a, \"b\"\nc | 1 | 3 | EIRE"];

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
}

#[test]
fn encodings_are_told_and_reported() {
    let latin: Vec<u8> = UCI.chars().map(|c| c as u8).collect();
    for (bytes, name) in [
        (UCI.as_bytes().to_vec(), "utf-8"),
        ([b"\xef\xbb\xbf", UCI.as_bytes()].concat(), "utf-8"),
        ([b"\xff\xfe", &utf16(UCI, false)[..]].concat(), "utf-16le"),
        ([b"\xfe\xff", &utf16(UCI, true)[..]].concat(), "utf-16be"),
        (utf16(UCI, false), "utf-16le"),
        (utf16(UCI, true), "utf-16be"),
        (latin, "windows-1252"),
    ] {
        let (summary, out) = read(&bytes, "f.csv").unwrap();
        assert_eq!(summary.encoding, name);
        assert_eq!(out.rows("order_lines", &COLUMNS), ROWS, "{name}");
    }
}

#[test]
fn chinese_encodings_are_told_apart() {
    for (encoding, title, name) in
        [(encoding_rs::GBK, "不锈钢电热水壶家用大容量", "gbk"), (encoding_rs::BIG5, "不鏽鋼電熱水壺家用大容量", "big5")]
    {
        let text = UCI.replace("Café £30", title);
        let (bytes, _, lost) = encoding.encode(&text);
        assert!(!lost);
        let (summary, out) = read(&bytes, "f.csv").unwrap();
        assert_eq!((summary.encoding.as_str(), out.column("order_lines", "product_name")[0].as_str()), (name, title));
    }
}

#[test]
fn the_first_byte_that_is_not_ascii_may_come_late() {
    let text = UCI
        .replacen("1,A,Café £30", &"0,A,plain,6,2011-01-05 14:44:00,2.55,17850,France\n".repeat(20_000), 1)
        .replace("\n,6,", "\n1,A,Café £30,6,");
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let (summary, out) = read(&latin, "f.csv").unwrap();
    assert_eq!((summary.encoding.as_str(), summary.rows), ("windows-1252", 20_002));
    assert_eq!(out.column("order_lines", "product_name")[20_000], "Café £30");
}

#[test]
fn an_unclear_encoding_is_refused_with_both_readings() {
    // Two bytes that are a common Chinese character in GBK and two signs in Latin-1.
    let text = [UCI.replace("Café £30", "X").as_bytes(), b"3,A,\xd6\xd0,1,2011-01-05 14:45:00,3,,EIRE\n"].concat();
    let (summary, out) = read(&text, "f.csv").unwrap();
    assert_eq!((summary.encoding.as_str(), summary.rejected), ("gbk", 0));
    assert_eq!(out.column("order_lines", "product_name").last().unwrap(), "中");
    // Cyrillic in an encoding that is not among the three.
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("чайник электрический");
    let text =
        [UCI.as_bytes()[..82].to_vec(), b"3,A,".to_vec(), bytes.to_vec(), b",1,2011-01-05 14:45:00,3,,EIRE\n".to_vec()]
            .concat();
    let error = failure(&text, "f.csv");
    assert!(
        error.contains("the character encoding is not clear") && error.contains("windows-1251: `чайник"),
        "{error}"
    );
    let mut told = options();
    told.encoding = Some("windows-1251".parse().unwrap());
    let (_, out) = read_with(&text, "f.csv", &told).unwrap();
    assert_eq!(out.column("order_lines", "product_name"), ["чайник электрический"]);
}

#[test]
fn bytes_that_break_the_encoding_are_an_error_with_their_place() {
    let text = [UCI.as_bytes(), UCI.as_bytes(), b"3,A,X\xffY,1,2011-01-05 14:45:00,3,,EIRE\n"].concat();
    let at = text.iter().position(|b| *b == 0xff).unwrap();
    let error = failure(&text, "f.csv");
    assert!(error.starts_with(&format!("f.csv: byte {at} (ff 59 2c) is not utf-8")), "{error}");
}

#[test]
fn text_that_was_mangled_before_is_noted() {
    let (summary, _) = read(UCI.replace("Café £30", "MÃ¼ller CafÃ© Â£30").as_bytes(), "f.csv").unwrap();
    assert!(
        summary.notes[0].starts_with("3 places look like UTF-8 that was once read as Latin-1 (`"),
        "{:?}",
        summary.notes
    );
    let (summary, _) = read(UCI.replace("Café £30", "數(shù)據(jù)線").as_bytes(), "f.csv").unwrap();
    assert!(summary.notes[0].starts_with("2 characters are followed by their pronunciation"), "{:?}", summary.notes);
    assert_eq!(read(UCI.as_bytes(), "f.csv").unwrap().0.notes, [""; 0]);
}

#[test]
fn archives_are_unpacked_and_lines_go_on_over_their_members() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("a.csv", UCI), ("readme.txt", "hello there\n"), ("b/b.csv", UCI)] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let (summary, out) = read(&zip.finish().unwrap().into_inner(), "f.zip").unwrap();
    assert_eq!((summary.compression, summary.rows, summary.format.as_str()), ("zip", 4, "uci-retail"));
    assert!(summary.notes.iter().any(|n| n.starts_with("not read: f.zip/readme.txt")), "{:?}", summary.notes);
    let lines: Vec<i64> = out.column("order_lines", "line").iter().map(|l| l.parse().unwrap()).collect();
    assert!(lines.windows(2).all(|w| w[0] < w[1]), "{lines:?}");
    let zstd = zstd::encode_all(UCI.as_bytes(), 3).unwrap();
    let (summary, out) = read(&zstd, "f.csv").unwrap();
    assert_eq!((summary.compression, out.rows("order_lines", &COLUMNS)), ("zstd", ROWS.map(str::to_owned).to_vec()));
    assert_eq!(out.bytes, zstd.len() as u64);
}

#[test]
fn canonical_json_lines_are_read_by_key() {
    let text = "{\"order_id\":\"o1\",\"product_id\":\"K1\",\"quantity\":2,\"unit_price\":19.99,\"currency\":\"EUR\",\"ordered_at\":\"2025-10-07T09:50:26Z\"}\n{\"order_id\":\"o2\",\"quantity\":1,\"unit_price\":\"5\",\"currency\":\"EUR\",\"ordered_at\":1759830626,\"city\":null}\nnonsense\n";
    let (summary, out) = read(text.as_bytes(), "f.jsonl").unwrap();
    assert_eq!((summary.format.as_str(), summary.rows, summary.rejected), ("canonical-order-lines", 2, 1));
    assert_eq!(
        out.rows("order_lines", &["line", "order_id", "product_code", "quantity", "unit_price", "ordered_at"]),
        ["1 | o1 | K1 | 2 | 19.99 | 2025-10-07 09:50:26", "2 | o2 |  | 1 | 5 | 2025-10-07 09:50:26"]
    );
    assert!(out.rejects()[0].starts_with("3 | not_json |"));
}

#[test]
fn canonical_parquet_is_read_exactly() {
    let price = Decimal128Array::from(vec![19_990_000_i128, 1]).with_precision_and_scale(18, 6).unwrap();
    let batch = RecordBatch::try_from_iter(vec![
        ("order_id", Arc::new(StringArray::from(vec!["o1", "o2"])) as arrow_array::ArrayRef),
        ("quantity", Arc::new(Int64Array::from(vec![2, 1]))),
        ("unit_price", Arc::new(price)),
        ("discount", Arc::new(Float64Array::from(vec![Some(0.1), None]))),
        ("currency", Arc::new(StringArray::from(vec!["EUR", "EUR"]))),
        ("ordered_at", Arc::new(TimestampMicrosecondArray::from(vec![1_759_830_626_000_000, 0]).with_timezone("UTC"))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (summary, out) = read(&bytes, "orders.csv").unwrap();
    assert_eq!((summary.format.as_str(), summary.rows), ("canonical-order-lines", 2));
    assert_eq!(
        out.rows("order_lines", &["line", "order_id", "quantity", "unit_price", "discount", "ordered_at"]),
        ["1 | o1 | 2 | 19.99 | 0.1 | 2025-10-07 09:50:26", "2 | o2 | 1 | 0.000001 |  | 1970-01-01 00:00:00"]
    );
    assert!(failure(&bytes[..bytes.len() - 9], "orders.parquet").contains("the Parquet data stops early"));
}

/// The smallest workbook that spreadsheets write: inline strings, numbers and one date style.
fn workbook(rows: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#.to_owned()),
        ("_rels/.rels", r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned()),
        ("xl/workbook.xml", r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Orders" sheetId="1" r:id="r1"/></sheets></workbook>"#.to_owned()),
        ("xl/_rels/workbook.xml.rels", r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#.to_owned()),
        ("xl/styles.xml", r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>"#.to_owned()),
        ("xl/worksheets/sheet1.xml", format!(r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#)),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test] // 40548.613888… days after 1899-12-30 is 2011-01-05 14:44:00.
fn a_workbook_is_read_with_its_dates_and_row_numbers() {
    let text = |at: &str, value: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{value}</t></is></c>"#);
    let number = |at: &str, value: &str, style: u8| format!(r#"<c r="{at}" s="{style}"><v>{value}</v></c>"#);
    let names = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"];
    let header: String = names.iter().zip("ABCDEFGH".chars()).map(|(n, c)| text(&format!("{c}1"), n)).collect();
    let row = [
        number("A3", "536365", 0),
        text("B3", "85123A"),
        text("C3", "HOLDER"),
        number("D3", "6", 0),
        number("E3", "40548.613888888889", 1),
        number("F3", "2.5499999999999998", 0),
        number("G3", "17850", 0),
        text("H3", "France"),
    ];
    let bytes = workbook(&format!(r#"<row r="1">{header}</row><row r="3">{}</row>"#, row.concat()));
    let (summary, out) = read(&bytes, "online_retail_II.xlsx").unwrap();
    assert_eq!((summary.format.as_str(), summary.compression, summary.rows), ("uci-retail-ii", "none", 1));
    assert_eq!(
        out.rows(
            "order_lines",
            &["line", "order_id", "product_code", "quantity", "ordered_at", "unit_price", "shopper_key", "country"]
        ),
        ["3 | 536365 | 85123A | 6 | 2011-01-05 14:44:00 | 2.55 | 17850 | France"]
    );
}

#[test]
fn batches_are_cut_at_the_asked_size() {
    let mut small = options();
    small.batch_rows = 7;
    let text = format!("{}{}", UCI, "3,A,X,6,2011-01-05 14:44:00,2.55,17850,France\n".repeat(18));
    let (_, out) = read_with(text.as_bytes(), "f.csv", &small).unwrap();
    assert_eq!(out.batches.iter().map(|(_, b)| b.num_rows()).collect::<Vec<_>>(), [7, 7, 6]);
    let whole = read(text.as_bytes(), "f.csv").unwrap().1;
    assert_eq!(out.rows("order_lines", &COLUMNS), whole.rows("order_lines", &COLUMNS));
}

#[test]
fn a_file_can_be_told_without_reading_it() {
    let text = UCI.replace(',', ";").replace("2.55", "2,55");
    let open = move || Ok(Box::new(Cursor::new(text.clone().into_bytes())) as Box<dyn std::io::Read + Send>);
    let told = intake::detect(&open, "f.csv", &options()).unwrap();
    assert_eq!(
        (told.format.name().as_str(), told.dialect.delimiter, told.dialect.decimal.char()),
        ("uci-retail", Some(';'), ',')
    );
    assert!(told.reasons[0].contains("UCI online-retail"), "{:?}", told.reasons);
}
