//! What to do: from what is known about a market to decisions that a seller can check.
//!
//! May it be sold ([`sellability`]), what does it cost at the door and below which price must it not be sold ([`landed`]); what
//! it may cost ([`price`]), how promotions add up ([`promotion`]), whether prices of channels and markets undercut each other
//! ([`parity`]); what the weeks ahead will ask for ([`demand`]), what to send ([`stock`]) and when to promote ([`calendar`]);
//! what media bring ([`media`]), where money goes ([`budget`]), goals as numbers ([`target`]), bids in auctions ([`bids`]); a
//! plan tried in many worlds before it is paid for ([`rehearsal`]), the few sentences that follow ([`advice`]), and the launch
//! plan of a market ([`plan`]). Everything here is pure: values in, values out (HTML and JSON come out as strings); no IO, no
//! clock, no environment.

pub mod advice;
pub mod bids;
pub mod budget;
pub mod calendar;
pub mod channel;
pub mod demand;
pub mod landed;
pub mod media;
pub mod own_file;
pub mod parity;
pub mod plan;
pub mod price;
pub mod promotion;
pub mod rehearsal;
mod said;
pub mod sellability;
mod spend_error;
pub mod stock;
pub mod target;

pub use said::Said;
pub use spend_error::SpendError;
