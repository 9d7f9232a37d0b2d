//! Which crates are pure; ARCHITECTURE.md says what that means.

/// Tables in, values out.
pub const PURE: &[&str] = &[
    "domain",
    "schema",
    "learn",
    "eval",
    "sim",
    "intake",
    "clean",
    "audience",
    "content",
    "recommend",
    "decide",
    "tracking",
];
