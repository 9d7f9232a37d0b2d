//! The published recommendation tasks: their data folders read, our models asked by their exact
//! protocol, the answers marked as the published ones were, and the table printed.
//!
//! Read in this order: a protocol, one file each ([`cup`], [`xmarket`], [`sequences`], [`gowalla`]),
//! makes a [`Task`]; a [`Config`] says as data which models answer it and how they are joined;
//! [`Lab`] fits, scores and learns weights where that is allowed; [`trec`] marks; [`goals`] holds what
//! others reach; [`TaskReport`] puts our figures beside theirs; [`run`] does all of it.
//!
//! Tasks about texts, pictures and products lie in [`mod@content`].
//!
//! Reading files is this crate's work. It has no clock: the caller hands in how CPU seconds are read.

mod climb;
mod configs;
pub mod content;
pub mod cup;
mod draw;
mod error;
mod files;
mod fuse;
pub mod goals;
pub mod gowalla;
mod inner;
mod interval;
mod lab;
mod orders;
mod recipe;
mod render;
mod report;
pub mod sequences;
mod suite;
mod task;
pub mod transfer;
pub mod trec;
pub mod xmarket;

pub use climb::ClimbParams;
pub use configs::{
    cup as cup_configs, gowalla as gowalla_configs, sequences as sequences_configs, xmarket as xmarket_configs,
};
pub use error::ProtocolError;
pub use fuse::Fuse;
pub use interval::{stratified, stratified_difference};
pub use lab::{Answered, CpuSeconds, Lab, Table};
pub use recipe::{Also, Config, Member, Recipe, Rows, Stack, Weights};
pub use report::{Goal, Row, TaskReport};
pub use suite::{Entry, Progress, SuiteParams, TASKS, run, select};
pub use task::{Part, Task, Tuning};
