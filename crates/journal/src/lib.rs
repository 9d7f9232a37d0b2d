//! A durable log of accepted events: what was acknowledged is on the disk, once.
//!
//! Callers hand over records and wait; one thread writes what has gathered, syncs once for all of them, and only then
//! answers. The cost of a sync (milliseconds) is shared by everybody who came during the one before, so the number of
//! records a second does not hang on the number of syncs a second. Records lie in segments with checksums; a segment
//! that is full or old is closed, read by whoever keeps its records elsewhere, and retired.
//!
//! Nothing here knows what a payload is.

mod disk;
mod error;
mod frame;
mod journal;
mod queue;
mod recover;
mod seen;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{AppendError, JournalError};
pub use frame::MAX_PAYLOAD;
pub use journal::{Journal, JournalParams, Stats};
pub use queue::{Receipt, Record};
pub use recover::{Notice, Recovery};
pub use seen::{Key, SeenParams};
pub use segment::{Entry, Segment};
