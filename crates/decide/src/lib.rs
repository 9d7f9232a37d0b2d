//! What to do: from what is known about a market to decisions that a seller can check.
//!
//! The launch plan of a market ([`plan`]); what media bring ([`media`]) and where money goes ([`budget`], [`channel`]); goals as numbers
//! ([`target`]); bids in auctions ([`bids`]); and a plan tried in many worlds before it is paid for ([`rehearsal`]). Everything
//! here is pure: values in, values out (HTML and JSON come out as strings); no IO, no clock, no environment.

pub mod bids;
pub mod budget;
pub mod channel;
pub mod media;
pub mod plan;
pub mod rehearsal;
pub mod target;

mod said;
mod spend_error;

pub use said::Said;
pub use spend_error::SpendError;
