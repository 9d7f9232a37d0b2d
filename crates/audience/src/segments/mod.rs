//! Segments of one's own: named rules in a small language, compiled to one query for all of them.
//!
//! `orders.count(180d) >= 2 and market in [DE, FR] and not returned_last`
//!
//! [`parser`] reads and checks a rule (grammar there), [`field`] lists what is known of a shopper,
//! printing a rule gives its canonical text. [`SegmentBook`] holds the named ones; [`sql`] compiles them
//! for the lake, [`mod@evaluate`] says what they mean and explains. [`sizes`] counts and
//! compares, [`membership`] follows them over time. [`interests`] are what a shopper's deeds speak for,
//! [`groups`] are segments that a model makes. [`lookalike`] ranks who is like a segment, [`behaviour`] groups shoppers by how they buy.

pub mod ast;
pub mod behaviour;
pub mod book;
pub mod columns;
pub mod error;
pub mod evaluate;
pub mod facts;
pub mod field;
pub mod group_fit;
pub mod groups;
pub mod interests;
pub mod lookalike;
pub mod membership;
pub mod parser;
pub mod sizes;
pub mod sql;
pub mod tally;

mod expressions;
#[cfg(test)]
mod group_tests;
mod lexer;
mod needs;
mod print;
#[cfg(test)]
mod tests;

pub use ast::Expr;
pub use book::{BookError, Combination, Definition, Entry, SegmentBook};
pub use columns::Columns;
pub use error::SegmentError;
pub use evaluate::{Explanation, evaluate, explain};
pub use facts::{Around, OrderFact, ProductFact, ShopperFacts, Value};
pub use field::Field;
pub use groups::Grouping;
pub use parser::{parse, parse_measures};
pub use sql::laid::{Laid, Part, Scan};
pub use sql::{Compiled, Named, compile, measures};
