//! What to do: from what is known about a market to decisions that a seller can check.
//!
//! So far one decision, the launch plan of a market ([`plan`]). Everything here is pure: values
//! in, values out (HTML and JSON come out as strings); no IO, no clock, no environment.

pub mod demand;
pub mod parity;
pub mod plan;
pub mod price;
pub mod promotion;
pub mod stock;
