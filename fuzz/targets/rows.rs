//! Files as tables: delimited text, JSON lines, workbooks, Parquet, archives. Rows and rejects are counted, and memory is bounded.
#![no_main]

use arrow_array::RecordBatch;
use intake::{ReadOptions, Sink, SinkError, read};
use libfuzzer_sys::fuzz_target;
use portolan_fuzz::watch;
use schema::TableDef;
use std::io::{Cursor, Read};

#[derive(Default)]
struct Counted {
    rows: u64,
    rejects: u64,
}

impl Sink for Counted {
    fn rows(&mut self, table: &'static TableDef, batch: RecordBatch) -> Result<(), SinkError> {
        assert_eq!(batch.schema(), table.arrow_schema());
        *(if table.name == "rejects" { &mut self.rejects } else { &mut self.rows }) += batch.num_rows() as u64;
        Ok(())
    }
}

fuzz_target!(init: watch::start(), |bytes: &[u8]| {
    let owned = bytes.to_vec();
    let open = move || Ok(Box::new(Cursor::new(owned.clone())) as Box<dyn Read + Send>);
    let today = domain::Day::from_ymd(2026, 1, 1).expect("a day");
    let options = ReadOptions { batch_rows: 64, max_record: 1 << 16, ..ReadOptions::new(today) };
    let mut sink = Counted::default();
    let name = if bytes.starts_with(b"{") { "file.jsonl" } else { "file.csv" };
    if let Ok(summary) = watch::within(64, || read(&open, name, "0123456789abcdef", &options, &mut sink)) {
        assert_eq!((summary.rows, summary.rejected), (sink.rows, sink.rejects));
    }
});
