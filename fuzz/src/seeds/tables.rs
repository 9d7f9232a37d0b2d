//! One small table through every container.

use super::Seed;
use arrow_array::RecordBatch;
use intake::{CanonicalWriter, Compression, ReadOptions, Shape, Sink, SinkError};
use schema::TableDef;
use std::io::{Cursor, Read, Write};

const UCI: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
    1,A,Café £30,6,2011-01-05 14:44:00,2.55,17850,France\n2,B,\"a, \"\"b\"\"\nc\",1,2011-01-05 14:45:00,3,,EIRE\n";
const RATES: &str = "Date,USD,JPY,\n2024-01-05,1.0921,158.46,\n2024-01-04,1.0953,N/A,\n";
const TSV: &str =
    "amazon-order-id\tpurchase-date\tsku\tquantity\titem-price\tcurrency\n1-2\t2024-01-05T10:00:00Z\tA\t1\t9.99\tEUR\n";

#[derive(Default)]
struct Kept(Vec<(&'static TableDef, RecordBatch)>);

impl Sink for Kept {
    fn rows(&mut self, table: &'static TableDef, batch: RecordBatch) -> Result<(), SinkError> {
        self.0.push((table, batch));
        Ok(())
    }
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a new member");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// A workbook of one sheet with these cells.
fn workbook(cells: &str) -> Vec<u8> {
    const HEAD: &str = r#"<?xml version="1.0"?>"#;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    zipped(&[
        (
            "_rels/.rels",
            &format!(
                r#"{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            &format!(
                r#"{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &format!(
                r#"{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            &format!(r#"{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>"#),
        ),
    ])
}

fn cells() -> String {
    let row = |at: usize, cells: &[&str]| {
        let cell = |(column, text): (usize, &&str)| {
            let place = char::from(b'A' + column as u8);
            format!(r#"<c r="{place}{at}" t="inlineStr"><is><t>{text}</t></is></c>"#)
        };
        format!(r#"<row r="{at}">{}</row>"#, cells.iter().enumerate().map(cell).collect::<String>())
    };
    row(1, &["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"])
        + &row(2, &["1", "A", "Cafe", "6", "2011-01-05 14:44:00", "2.55", "17850", "France"])
}

/// The rows of [`UCI`] in this shape.
fn canonical(shape: Shape, packing: Compression) -> Vec<u8> {
    let open = || Ok(Box::new(UCI.as_bytes()) as Box<dyn Read + Send>);
    let mut kept = Kept::default();
    let today = domain::Day::from_ymd(2026, 1, 1).expect("a day");
    intake::read(&open, "a.csv", "0123456789abcdef", &ReadOptions::new(today), &mut kept).expect("a good file");
    let mut out = Vec::new();
    let (table, _) = kept.0.first().expect("two rows");
    let mut writer = CanonicalWriter::new(table, shape, packing, &mut out).expect("memory");
    for (_, batch) in kept.0.iter().filter(|(of, _)| of.name == table.name) {
        writer.rows(batch).expect("memory");
    }
    writer.finish().expect("memory");
    out
}

pub(super) fn all() -> Vec<Seed> {
    let mut seeds: Vec<(&str, Vec<u8>)> =
        vec![("uci.csv", UCI.into()), ("rates.csv", RATES.into()), ("amazon.tsv", TSV.into())];
    seeds.extend([
        ("event.jsonl", br#"{"type":"track","event":"Product Viewed","messageId":"m","timestamp":"2024-01-05T10:00:00Z","anonymousId":"a","properties":{"product_id":"A","price":1.5}}"#.to_vec()),
        ("canonical.csv", canonical(Shape::Csv, Compression::None)),
        ("canonical.csv.gz", canonical(Shape::Csv, Compression::Gzip)),
        ("canonical.jsonl.zst", canonical(Shape::JsonLines, Compression::Zstd)),
        ("canonical.parquet", canonical(Shape::Parquet, Compression::None)),
        ("two.zip", zipped(&[("a.csv", UCI), ("readme.txt", "hello\n")])),
        ("book.xlsx", workbook(&cells())),
        ("wide.xlsx", workbook(r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="900"><c r="ZZ900"><v>2</v></c></row>"#)),
    ]);
    seeds.extend([(
        "utf16.csv",
        [0xFF, 0xFE].into_iter().chain(UCI.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
    )]);
    seeds.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}
