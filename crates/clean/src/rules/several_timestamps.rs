//! Orders whose lines bear several times. It happens where a till writes each line when it is
//! scanned. Nothing is changed: the order takes the time of its first line, each line keeps its own.

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "several_timestamps",
    policy: Policy::Keep,
    doc: "an order whose lines have different times is counted; the order takes the time of its first line",
};
