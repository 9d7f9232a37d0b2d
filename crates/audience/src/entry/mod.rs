//! Which market to enter, how large it is, on which platform, with what position, and what to do next.
//!
//! [`facts`] names every fact that the program understands; [`market_facts`] reads them from the lake's table and joins
//! own data and what other parts know, with [`geography`] and [`language`] for the distance from home. [`attractiveness`]
//! turns them into scores on fixed scales, [`ranking`] into a ranking with its stability, [`explain`] into sentences.
//! [`capacity`] sizes a market with [`winnable`] for what can be won of it, [`platform`] compares where to sell, [`positioning`] finds what nobody offers, and
//! [`plan`] says which evidence there is and which steps come next.

pub mod error;
pub mod estimate;
pub mod geography;
pub mod language;
mod shares;
pub mod words;

pub mod facts;
pub mod market_facts;

pub mod attractiveness;
pub mod explain;
pub mod ranking;

pub mod capacity;
pub mod plan;
pub mod platform;
pub mod positioning;
pub mod winnable;

pub use error::EntryError;
pub use estimate::Estimate;
pub use words::Words;
