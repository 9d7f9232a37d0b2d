//! Where rows come from, where that is one of us.

/// What `raw.sources.origin` says of a file that the server made of its own log of events.
pub const TRACKING_ORIGIN: &str = "tracking";
