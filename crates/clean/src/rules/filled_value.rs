//! Missing values that were filled, where the operator asked for it (see `fill.rs`).

use super::{Policy, RuleDoc};

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "filled_value",
    policy: Policy::Convert,
    doc: "a gap was filled by the policy that portolan.toml names for its column; each value is in clean.filled_values",
};

/// One filled value in words.
pub(crate) fn sample(key: &str, column: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("{column} of {key} is now {value}"),
        None => format!("{column} of {key} stays missing: nothing to fill it from"),
    }
}
