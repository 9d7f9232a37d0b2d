//! What reviews say: whether they praise, what they wish for, which parts of a product they are about.
//!
//! [`Judge`] answers one question about a text, in any language it was shown: praise or complaint, wish or report.

mod judge;

pub use judge::{Aim, Judge, JudgeParams, Judged, Tried, Weights, best_f1};
