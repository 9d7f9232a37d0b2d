//! May a target market use what other markets taught?
//!
//! [`Pool`] says which rows a model may learn from, [`fit_pair`] fits the two models that are
//! compared, and [`judge`] decides from held-out shoppers of the target: a transfer is applied only
//! where the evidence says that it helps, and refused otherwise.

mod evidence;
mod pooled;

pub use evidence::{Decision, EvidenceRule, TransferVerdict, judge};
pub use pooled::{Pool, Sources, TransferPair, fit_pair};
