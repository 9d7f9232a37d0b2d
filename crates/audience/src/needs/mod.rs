//! What shoppers need and what hurts them, from what they wrote, asked, searched for and sent back.
//!
//! The texts are read elsewhere (a model says which aspect, whether it is praised, blamed, asked for or wished); here the rows
//! are counted. [`voice`] is one such row; [`rank`] makes the ranked list of a market with evidence and quotes; [`aspects`]
//! follows one aspect (trust, security, satisfaction) over time and beside home; [`agreement`] says how far the languages agree; [`quotes`] chooses what is quoted.

pub mod agreement;
pub mod aspects;
pub mod quotes;
pub mod rank;
pub mod voice;
