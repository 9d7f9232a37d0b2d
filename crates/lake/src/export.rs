//! Zone `raw` handed out again, source by source: what `portolan export` writes.

use crate::ingest::{source_of, sources_def};
use crate::parquet_io::{Pick, decode};
use crate::raw::RawTable;
use crate::table::folder;
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Date32Type, Int64Type};
use schema::{TableDef, Zone};
use serde::Serialize;
use std::fs::File;

/// A source file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceFile {
    /// Fingerprint.
    pub source: String,
    /// File name without its folder.
    pub name: String,
    /// Order of arrival, from 1.
    pub sequence: i64,
    /// Whose customer and order numbers it uses.
    pub system: String,
    /// SHA-256 under which its bytes are kept.
    #[serde(skip)]
    pub sha256: String,
    /// Rows of it that were put aside.
    #[serde(skip)]
    pub rejected: i64,
    /// Its encoding; empty for what is no text.
    #[serde(skip)]
    pub encoding: String,
    /// Who gave it, where stated.
    #[serde(skip)]
    pub origin: Option<String>,
    /// The day on which it was obtained, where stated.
    #[serde(skip)]
    pub obtained: Option<domain::Day>,
}

/// The source files of a snapshot, in order of arrival.
///
/// # Errors
/// [`LakeError::Damaged`] when `raw.sources` cannot be read.
pub fn source_files(lake: &Lake, snapshot: &Snapshot) -> Result<Vec<SourceFile>, LakeError> {
    let mut files = Vec::new();
    RawTable::new(lake, snapshot, sources_def()?.name)?.each(Pick::default(), &mut |b| {
        let text = |name: &str| b.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        let sequence = b.column_by_name("sequence").and_then(|c| c.as_primitive_opt::<Int64Type>());
        let rejected = b.column_by_name("rejected").and_then(|c| c.as_primitive_opt::<Int64Type>());
        let obtained = b.column_by_name("obtained").and_then(|c| c.as_primitive_opt::<Date32Type>());
        let (Some(source), Some(name), Some(format), Some(sequence)) =
            (text("source"), text("name"), text("format"), sequence)
        else {
            return Err(LakeError::Damaged { table: "raw.sources".into(), why: "a column is missing".into() });
        };
        for i in 0..b.num_rows() {
            let said = text("system").and_then(|c| c.iter().nth(i).flatten());
            let whole = |name: &str| text(name).map_or("", |c| if c.is_null(i) { "" } else { c.value(i) }).to_owned();
            files.push(SourceFile {
                source: source.value(i).to_owned(),
                name: name.value(i).to_owned(),
                sequence: sequence.value(i),
                system: said.unwrap_or_else(|| clean::system_of_format(format.value(i))).to_owned(),
                sha256: whole("sha256"),
                rejected: rejected.map_or(0, |c| c.value(i)),
                encoding: whole("encoding"),
                origin: Some(whole("origin")).filter(|o| !o.is_empty()),
                obtained: obtained.filter(|c| !c.is_null(i)).map(|c| domain::Day(c.value(i))),
            });
        }
        Ok(())
    })?;
    files.sort_by_key(|f| f.sequence);
    Ok(files)
}

/// The one source that a fingerprint (or its first digits, at least four) or a file's name means.
pub(crate) fn source_named(files: &[SourceFile], asked: &str) -> Result<SourceFile, LakeError> {
    let by_digits = |f: &&SourceFile| asked.len() >= 4 && f.source.starts_with(&asked.to_lowercase());
    let mut found: Vec<&SourceFile> = files.iter().filter(by_digits).collect();
    if found.is_empty() {
        found = files.iter().filter(|f| f.name == asked).collect();
    }
    let told = |files: &[&SourceFile]| {
        let shown = files.iter().take(10).map(|f| format!("{} ({})", f.source, f.name)).collect::<Vec<_>>().join(", ");
        if files.len() > 10 { format!("{shown} and {} more", files.len() - 10) } else { shown }
    };
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] if files.is_empty() => Err(LakeError::NoSource { asked: asked.into(), have: "it has none".into() }),
        [] => {
            let have = format!("it has {}", told(&files.iter().collect::<Vec<_>>()));
            Err(LakeError::NoSource { asked: asked.into(), have })
        }
        several => {
            let have = format!("several are called so: {}; name one by its fingerprint", told(several));
            Err(LakeError::NoSource { asked: asked.into(), have })
        }
    }
}

/// Hands the rows of one source in one table of zone `raw` to `visit`, in the order of its lines.
/// Memory: one data file at a time.
///
/// # Errors
/// [`LakeError::Damaged`] when a data file cannot be read; what `visit` returns.
pub fn rows_of(
    lake: &Lake,
    snapshot: &Snapshot,
    def: &'static TableDef,
    source: &str,
    visit: &mut dyn FnMut(RecordBatch) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    debug_assert_eq!(def.zone, Zone::Raw, "only raw files belong to one source each");
    for file in snapshot.table(def).map_or(&[][..], |t| t.files.as_slice()).iter().filter(|f| source_of(f) == source) {
        let path = lake.root().join(folder(def)).join(&file.path);
        let input = File::open(&path).map_err(LakeError::io(path.display().to_string()))?;
        let damaged = |e: arrow::error::ArrowError| LakeError::Damaged { table: def.full_name(), why: e.to_string() };
        let batches = decode(&def.full_name(), input, Pick::default())?.0.collect::<Result<Vec<_>, _>>();
        let batches = batches.map_err(damaged)?;
        if let Some(first) = batches.first() {
            visit(by_line(concat_batches(&first.schema(), &batches).map_err(damaged)?, damaged)?)?;
        }
    }
    Ok(())
}

/// Numbers that reversals add to the line of the row they reverse lie above this.
const LINES: i64 = 1 << 32;

/// Rows of a large file lie in the order of shoppers; this is the order of the file again.
fn by_line(
    batch: RecordBatch,
    damaged: impl Fn(arrow::error::ArrowError) -> LakeError,
) -> Result<RecordBatch, LakeError> {
    let Some(lines) = batch.column_by_name("line").and_then(|c| c.as_primitive_opt::<Int64Type>()) else {
        return Ok(batch);
    };
    let own: Vec<i64> = lines.values().iter().copied().filter(|l| *l < LINES).collect();
    if own.is_sorted() {
        return Ok(batch);
    }
    let mut order: Vec<u32> = (0..batch.num_rows() as u32).collect();
    order.sort_by_key(|&i| {
        let line = lines.value(i as usize);
        (line % LINES, line)
    });
    take_record_batch(&batch, &UInt32Array::from(order)).map_err(damaged)
}
