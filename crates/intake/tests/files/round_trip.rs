//! Every raw table in every shape and packing: what is written in canonical form is read back to the
//! same rows, bit for bit.

use crate::support::{Collected, options, read, read_with};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use intake::{CanonicalWriter, Compression, Format, Shape};
use proptest::prelude::*;
use schema::{Column, Kind, TableDef, Zone};
use std::io::Write;
use std::sync::Arc;

const ROWS: usize = 24;

fn raw_tables() -> impl Iterator<Item = &'static TableDef> {
    schema::tables().filter(|t| t.zone == Zone::Raw && !matches!(t.name, "sources" | "rejects"))
}

/// Texts that a careless writer or reader would change.
const TEXTS: [&str; 8] = [
    "plain",
    "a \"quoted\", comma; semicolon\tand tab",
    "two\nlines, and\r\nthree",
    "  blanks around  ",
    "ünïcödé 订单 🛒",
    "=SUM(A1:A9)",
    "0042.0",
    "'17850",
];

fn text(column: &str, i: usize) -> String {
    match column {
        "email_hash" | "phone_hash" | "handle_hash" => intake::hash_id::sha256(&i.to_string()),
        "language" => ["de", "zh", "en"][i % 3].to_owned(),
        "platform" => ["instagram", "forum.example", "xiaohongshu"][i % 3].to_owned(),
        "postcode_area" => ["EH1", "10", "SW1A"][i % 3].to_owned(),
        // A code is read without blanks around it and without the `.0` of a spreadsheet.
        "shopper_key" => format!("K-{i:03}"),
        _ => TEXTS[i % TEXTS.len()].to_owned(),
    }
}

/// Column `c` of a table: every second row in turn missing where that is allowed.
fn array(column: &Column, c: usize) -> ArrayRef {
    let there = |i: usize| !column.nullable || !(i + c).is_multiple_of(3);
    let rows = 0..ROWS;
    macro_rules! filled {
        ($array:ty, $value:expr) => {
            rows.map(|i| there(i).then(|| $value(i))).collect::<$array>()
        };
    }
    let positive = column.name == "discount";
    match column.kind {
        Kind::Text => Arc::new(filled!(StringArray, |i| text(column.name, i))),
        Kind::Int => Arc::new(filled!(Int64Array, |i| [0, -1, 7, i64::MAX, i64::MIN, 1_000_000][i % 6])),
        Kind::Float => {
            Arc::new(filled!(Float64Array, |i| [0.1 + 0.2, 1.0 / 3.0, 1e-7, 123_456_789.125, 5.0, -17.25, 0.0][i % 7]))
        }
        Kind::Amount => {
            let most = 999_999_999_999_999_999_i128;
            let values = [1_234_000, 0, 1, most, if positive { most } else { -most }, 12_750_000, 1_234_567_891_234];
            Arc::new(filled!(Decimal128Array, |i| values[i % 7]).with_data_type(column.kind.arrow()))
        }
        Kind::Rate => {
            let values = [1, 848_000_000_000, 1_234_567_890_123_456, 10_i128.pow(24) - 1];
            Arc::new(filled!(Decimal128Array, |i| values[i % 4]).with_data_type(column.kind.arrow()))
        }
        Kind::Bool => Arc::new(filled!(BooleanArray, |i: usize| i.is_multiple_of(2))),
        Kind::Day => Arc::new(filled!(Date32Array, |i| [0, 15_000, -20_000, 20_454][i % 4])),
        Kind::Instant => {
            let values = [0, 1_294_238_640_123_456, -86_399_999_999, 1_767_225_599_000_001];
            Arc::new(filled!(TimestampMicrosecondArray, |i| values[i % 4]).with_timezone("UTC"))
        }
    }
}

fn rows_of(table: &'static TableDef) -> RecordBatch {
    let columns = table.columns.iter().enumerate().map(|(c, column)| array(column, c)).collect();
    RecordBatch::try_new(table.arrow_schema(), columns).unwrap()
}

fn written(table: &'static TableDef, shape: Shape, packing: Compression, rows: &RecordBatch) -> Vec<u8> {
    let mut writer = CanonicalWriter::new(table, shape, packing, Vec::new()).unwrap();
    // In two pieces, as a lake would hand them over.
    writer.rows(&rows.slice(0, rows.num_rows() / 2)).unwrap();
    writer.rows(&rows.slice(rows.num_rows() / 2, rows.num_rows() - rows.num_rows() / 2)).unwrap();
    writer.finish().unwrap()
}

fn same(table: &'static TableDef, rows: &RecordBatch, out: &Collected, what: &str) {
    assert!(out.rejects().is_empty(), "{what}: {:?}", out.rejects());
    let [(name, read)] = out.batches.as_slice() else { panic!("{what}: {} batches", out.batches.len()) };
    assert_eq!(*name, table.name, "{what}");
    for (c, column) in table.columns.iter().enumerate().skip(2) {
        assert_eq!(read.column(c), rows.column(c), "{what}: column {}", column.name);
    }
}

#[test]
fn every_raw_table_comes_back_from_every_shape_and_packing() {
    let mut loops = 0;
    for table in raw_tables() {
        let rows = rows_of(table);
        for shape in Shape::ALL {
            for packing in [Compression::None, Compression::Gzip, Compression::Zstd] {
                let bytes = written(table, shape, packing, &rows);
                assert_eq!(bytes, written(table, shape, packing, &rows), "the same rows give the same bytes");
                // Parquet is packed inside; a packed Parquet file is nothing that others write.
                if shape == Shape::Parquet && packing != Compression::None {
                    continue;
                }
                let what = format!("{} as {} in {}", table.name, shape.extension(), packing.name());
                let (summary, out) = read(&bytes, "f").unwrap_or_else(|e| panic!("{what}: {e}"));
                assert_eq!(summary.format, Format::Canonical(table).name(), "{what}");
                assert_eq!((summary.rows, summary.compression), (ROWS as u64, packing.name()), "{what}");
                same(table, &rows, &out, &what);
                let mut asked = options();
                asked.format = Some(Format::Canonical(table));
                same(table, &rows, &read_with(&bytes, "f", &asked).unwrap().1, &what);
                loops += 1;
            }
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            let name = format!("{}.{}", table.name, shape.extension());
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&written(table, shape, Compression::None, &rows)).unwrap();
            let (summary, out) = read(&zip.finish().unwrap().into_inner(), "f.zip").unwrap();
            assert_eq!(summary.compression, "zip");
            same(table, &rows, &out, &format!("{} as {} in a zip", table.name, shape.extension()));
            loops += 1;
        }
    }
    // Ten tables: text in four packings, Parquet in two.
    assert_eq!(loops, raw_tables().count() * (2 * 4 + 2));
}

#[test]
fn a_text_that_csv_cannot_hold_is_refused_by_name_and_held_by_the_others() {
    let table = schema::table(Zone::Raw, "stock").unwrap();
    let mut columns = rows_of(table).columns().to_vec();
    columns[2] = Arc::new(StringArray::from_iter_values((0..ROWS).map(|i| format!("A{}\0", i))));
    let rows = RecordBatch::try_new(table.arrow_schema(), columns).unwrap();
    let mut writer = CanonicalWriter::new(table, Shape::Csv, Compression::None, Vec::new()).unwrap();
    let error = writer.rows(&rows).unwrap_err().to_string();
    assert!(error.contains("raw.stock, row 1, column product_code: a NUL"), "{error}");
    for shape in [Shape::JsonLines, Shape::Parquet] {
        let (_, out) = read(&written(table, shape, Compression::None, &rows), "f").unwrap();
        same(table, &rows, &out, shape.extension());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_amount_and_measure_comes_back(
        names in proptest::collection::vec("[^\\x00]{1,20}", 1..6),
        price in -999_999_999_999_999_999_i64..999_999_999_999_999_999,
        measure in proptest::num::f64::NORMAL.prop_filter("as a scale shows it", |f| (1e-6..1e15).contains(&f.abs())),
    ) {
        let table = schema::table(Zone::Raw, "products").unwrap();
        let n = names.len();
        let columns: Vec<ArrayRef> = table.columns.iter().map(|c| -> ArrayRef {
            match (c.name, c.kind) {
                ("product_code", _) => Arc::new(StringArray::from_iter_values((0..n).map(|i| format!("P{i}")))) as ArrayRef,
                // What is blank is missing.
                ("name", _) => Arc::new(names.iter().map(|t| (!t.trim().is_empty()).then_some(t)).collect::<StringArray>()),
                ("price", kind) => Arc::new(
                    Decimal128Array::from_iter_values((0..n).map(|_| i128::from(price))).with_data_type(kind.arrow()),
                ),
                ("voltage_v" | "weight_kg", _) => Arc::new(Float64Array::from_iter_values((0..n).map(|_| measure))),
                (_, kind) => arrow_array::new_null_array(&kind.arrow(), n),
            }
        }).enumerate().map(|(c, a)| match c {
            0 => Arc::new(StringArray::from_iter_values((0..n).map(|_| "s"))) as ArrayRef,
            1 => Arc::new(Int64Array::from_iter_values(0..n as i64)),
            _ => a,
        }).collect();
        let rows = RecordBatch::try_new(table.arrow_schema(), columns).unwrap();
        for shape in Shape::ALL {
            let mut asked = options();
            asked.encoding = (shape != Shape::Parquet).then(|| "utf-8".parse().unwrap());
            let (_, out) = read_with(&written(table, shape, Compression::None, &rows), "f", &asked).unwrap();
            same(table, &rows, &out, shape.extension());
        }
    }
}
