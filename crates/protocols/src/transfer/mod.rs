//! Transfers measured: proved or refused, how much of a target's own data they replace, and whether a score
//! given before training tells good sources from bad ones.
//!
//! [`study()`] and [`curve()`] know nothing of a data set: the public tasks below [`run_transfer`] and the program's
//! own data go through the same code.

mod arena;
mod curve;
mod draws;
pub mod plot;
mod published;
mod report;
mod scores;
mod study;

pub use arena::{Arena, Side, StackTable, Window};
pub use curve::{CurveParams, CurvePoint, curve, drawn};
pub use published::{TRANSFER_TASKS, contenders, curve_params, run_transfer, transfer_needs};
pub use report::{Apart, Transfer, TransferReport};
pub use scores::{Example, ScoreReport, ground_of, score_report, thinned};
pub use study::{Contender, MethodRow, StudyParams, StudyReport, Verdict, study};
