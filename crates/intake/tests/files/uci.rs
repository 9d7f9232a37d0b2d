//! Row counts, the exact sum and the CPU time of the whole public file.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use intake::{ReadOptions, Sink, SinkError};
use schema::TableDef;

#[derive(Default)]
struct Tally {
    rows: u64,
    rejects: u64,
    /// Millionths.
    revenue: i128,
    guests: usize,
    untitled: usize,
}

impl Sink for Tally {
    fn rows(&mut self, table: &'static TableDef, batch: RecordBatch) -> Result<(), SinkError> {
        if table.name == "rejects" {
            self.rejects += batch.num_rows() as u64;
            return Ok(());
        }
        self.rows += batch.num_rows() as u64;
        let quantity = batch.column_by_name("quantity").unwrap().as_primitive::<Int64Type>();
        let price = batch.column_by_name("unit_price").unwrap().as_primitive::<Decimal128Type>();
        self.revenue += quantity.values().iter().zip(price.values()).map(|(q, p)| i128::from(*q) * p).sum::<i128>();
        self.guests += batch.column_by_name("shopper_key").unwrap().null_count();
        self.untitled += batch.column_by_name("product_name").unwrap().null_count();
        Ok(())
    }
}

#[test]
fn the_public_file_ties_out_to_the_printed_decimal() {
    let Some(file) = testkit::shared::shared_data("uci_online_retail/online_retail.csv.gz") else { return };
    let open = || Ok(Box::new(std::fs::File::open(&file)?) as Box<dyn std::io::Read + Send>);
    let options = ReadOptions::new(domain::Day::from_ymd(2012, 1, 1).unwrap());
    let mut tally = Tally::default();
    let summary = intake::read(&open, "online_retail.csv.gz", "0123456789abcdef", &options, &mut tally).unwrap();
    assert_eq!((summary.rows, summary.rejected, summary.compression), (541_909, 0, "gzip"));
    assert_eq!((tally.rows, tally.rejects), (541_909, 0));
    // 9,747,747.934 pounds, in millionths.
    assert_eq!(tally.revenue, 9_747_747_934_000);
    assert_eq!((tally.guests, tally.untitled), (135_080, 1_454));
    assert_eq!(
        (summary.format.as_str(), summary.encoding.as_str(), summary.table.as_str()),
        ("uci-retail", "utf-8", "order_lines")
    );
}

#[test] // 6 × 2.55 − 4 × 1.855 + 1 × 18.00 − 10 × 0 = 15.30 − 7.42 + 18.00 = 25.88
fn a_small_file_of_the_same_layout_ties_out_too() {
    let text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n\
        C536367,22633,WARMER,-4,2010-12-02 09:00:00,1.855,13047.0,EIRE\n\
        536369,POST,POSTAGE,1,2010-12-03 11:00:00,18.00,,Germany\n\
        536370,22633,,-10,2010-12-04 12:00:00,0.0,,Unspecified\n\
        536371,22633,WARMER,two,2010-12-04 12:00:00,1.0,,Germany\n";
    let open = || Ok(Box::new(std::io::Cursor::new(text.as_bytes())) as Box<dyn std::io::Read + Send>);
    let options = ReadOptions::new(domain::Day::from_ymd(2012, 1, 1).unwrap());
    let mut tally = Tally::default();
    let summary = intake::read(&open, "small.csv", "0123456789abcdef", &options, &mut tally).unwrap();
    assert_eq!((summary.rows, summary.rejected, summary.format.as_str()), (4, 1, "uci-retail"));
    assert_eq!((tally.rows, tally.rejects, tally.revenue), (4, 1, 25_880_000));
    assert_eq!((tally.guests, tally.untitled), (2, 1));
}
