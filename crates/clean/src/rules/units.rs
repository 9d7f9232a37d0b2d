//! Units: weights, lengths and temperatures in kg, cm and °C, whatever unit a file writes.
//!
//! The conversion happens while a file is read, exactly and with an inverse (`intake`'s units); this
//! is its entry in the quality report, by file.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "unit",
    policy: Policy::Convert,
    doc: "measures in lb, oz, g, in, ft, mm, m, °F and the like are converted to kg, cm and °C while the file is read",
};
