//! What to do: from what is known about a market to decisions that a seller can check.
//!
//! May it be sold ([`sellability`]), what does it cost at the door and below which price must it not be sold ([`landed`]), when
//! to promote ([`calendar`]), and the launch plan of a market ([`plan`]). Everything here is pure: values in, values out (HTML
//! and JSON come out as strings); no IO, no clock, no environment.

pub mod calendar;
pub mod landed;
pub mod own_file;
pub mod plan;
pub mod sellability;
