//! From raw rows to one view of the business: cleaning rules and identity resolution.
//!
//! Two passes. [`Survey`] streams over the raw tables and learns who is who and what is usual;
//! [`order_lines`] and the functions of the plain tables then judge each row with that knowledge.
//! A row is never lost: it is kept (perhaps marked), merged with a record of the merge, or rejected
//! with file, line, rule and value. Every rule has a file in `rules/` and an entry in [`Rule`].
//!
//! Tables in, values out: nothing here reads a file, a clock or the environment. The same rows in
//! the same order give the same bytes; parts of the data may be cleaned on different threads.

mod catalogue;
mod columns;
mod counts;
mod error;
mod fill;
mod hash;
mod identity;
mod language;
mod lines;
mod lines_table;
mod orders;
mod params;
mod products;
mod rates;
mod raw_lines;
mod rejects;
mod returns;
mod rules;
mod sentiment;
mod shoppers;
mod survey;
mod tables;
mod tracked;

pub use counts::{RuleCount, RuleCounts};
pub use error::CleanError;
pub use fill::{FILLABLE, FillRecord, Filling, FillingError, fill_table};
pub use lines::{OrderLinesOut, order_lines};
pub use params::{CleanParams, Undone};
pub use rates::{MissingRate, Rates};
pub use rules::text::{case_key, normalize};
pub use rules::{Policy, Rule, RuleDoc, missing_values};
pub use sentiment::{SentimentOut, SentimentParams, sentiment};
pub use shoppers::ShopperTally;
pub use survey::{Survey, Surveyed, system_of_format};
pub use tables::{
    TableOut, ad_spend, competitor_prices, costs, events, events_partition, fx_rates, interactions, market_facts,
    media, questions, reviews, stock,
};
pub use tracked::{FILED, NOTED, SAME_DAYS, TrackedOrders, TrackedOut};
