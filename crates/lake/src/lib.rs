//! Getting data in and keeping it: Delta tables on an object store, snapshots across tables, and
//! queries over a snapshot.
//!
//! A write goes: Parquet bytes under a name that follows from their content → fsync → one Delta
//! commit a table → one snapshot file that pins a version of every table. A reader takes the
//! latest snapshot, so it sees either everything of a run or nothing of it, and a crash at any
//! moment leaves the previous snapshot in force.

mod digest;
mod engine;
mod error;
mod export;
mod gates;
mod ingest;
mod kept;
mod local;
mod marts;
mod parquet_io;
mod purge;
mod quality;
mod raw;
mod refine;
mod snapshot;
mod store;
mod table;

pub use clean::{Filling, Undone};
pub use digest::{Health, digest};
pub use engine::{Engine, EngineOptions};
pub use error::LakeError;
pub use export::{SourceFile, rows_of, source_files};
pub use gates::{
    BUILT_IN, Check, Gate, GateKind, GateResult, GateRow, GateSetting, GateSettingError, GateSettings, Severity,
    measure_gates,
};
pub use ingest::{
    FileOutcome, FileTaken, IngestOptions, IngestReport, Known, Look, Looked, MediaFacts, Phase, Progress, forget,
    ingest,
};
pub use kept::{KeptCounts, KeptFiles, Seal, SealReader, SealWriter, reseal};
pub use marts::write_mart;
pub use purge::purge;
pub use quality::{
    InteractionRow, OpenOrder, QualityReport, RejectRow, RuleRow, SentimentRow, SourceRow, Totals, quality,
};
pub use refine::{RefineParams, RefineReport, is_clean, refine};
pub use snapshot::{Snapshot, TableVersion};
pub use store::{Lake, LakeLock};
pub use table::FileEntry;
