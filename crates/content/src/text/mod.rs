//! Texts: their spelling, words and language, and encoders that make vectors of them.

mod normal;
mod script;
mod segment;

pub use normal::normal;
pub use script::Script;
pub use segment::{words, words_of_normal};
