//! May a product be sold in a market, as it is or after which change: rules as data, a verdict that cites them.
//!
//! [`ProductFacts`] say what is known of a product (from the catalogue, and what the seller states); a [`Rulebook`] holds dated
//! rules with source and confidence; [`Rulebook::market`] gathers those of a market on a day, and its `judge` gives a
//! [`Judgement`]: sell, sell with change (what, rough cost), blocked, or unknown (what is missing). Rules compiled in are
//! general knowledge, not legal advice: every output says "verify". A seller's `rules.toml` adds, replaces and removes.

mod checklist;
mod facts;
mod judge;
mod kind;
mod rule;
mod rulebook;
mod rules_file;
mod stated;
mod traits;
mod words;

pub use checklist::{Checklist, ChecklistItem};
pub use facts::{CatalogueRow, Plugs, ProductFacts};
pub use judge::{Change, Judgement, MarketRules, Verdict};
pub use kind::{Family, Kind, KindIdx, Kinds, Recognised};
pub use rule::{Attribute, ChangeKind, Condition, Demand, Measure, Rule};
pub use rulebook::{RULES_VERSION, Retired, Rulebook};
pub use traits::{Trait, Traits};
pub use words::{Cited, Explained, ExplainedChange};
