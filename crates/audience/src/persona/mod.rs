//! The persona of a market or of a segment in it: one page in five parts, every figure with the query that gives it.
//!
//! [`facts`] is what it is made from: figures of this crate, each group with its query; [`page`] is the result and how it is put
//! together; `parts` and `said` hold the sentences of its parts, [`name`] the rules by which it gets a name, `words` how
//! numbers are written, [`brief`] the same for who makes the advertising or the product. Nothing is said that no figure carries, and what
//! could not be said is listed.

pub mod brief;
pub mod facts;
pub mod languages;
pub mod name;
pub mod page;
mod parts;
mod said;
mod words;
