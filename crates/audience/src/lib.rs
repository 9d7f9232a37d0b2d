//! Who buys, and why it is worth knowing: tables of shoppers, orders and baskets in, segments,
//! rules, rates and tags out.
//!
//! Start with [`shopper`] (what is known of one shopper), then [`rfm`] with its named
//! [`segment`]s, [`clusters`] as the data's own grouping, and [`tags`]; [`segments`] are those that a
//! person defines. [`cohorts`], [`repeat`] and [`market_profile`] are the figures of a market; [`rules`]
//! says what is bought together, [`sequences`] what comes next. When shoppers return: [`timing`],
//! [`retention`], [`levers`], [`loyalty`]. How they buy: [`price`], [`paths`], [`usage`]; what they say:
//! [`needs`]. [`value`] says what they will be worth, [`predict`] what they will do next, [`persona`] puts a
//! market on one page, [`entry`] says which market to enter, and [`cohort_level`] is what remains where a
//! marketplace keeps its shoppers to itself. Every
//! number meant for a person is a [`domain::Figure`]; below [`figures::MIN_OBSERVATIONS`]
//! observations it says so instead of showing a number.

pub mod error;
pub mod figures;
pub mod month;
pub mod shopper;

pub mod clusters;
pub mod cohort_level;
pub mod cohorts;
pub mod grouping;
pub mod levers;
pub mod loyalty;
pub mod market_profile;
pub mod needs;
pub mod paths;
pub mod persona;
pub mod predict;
pub mod price;
pub mod repeat;
pub mod retention;
pub mod rfm;
pub mod rules;
pub mod sales;
pub mod segment;
pub mod segments;
pub mod tags;
pub mod value;

pub mod entry;
pub mod sequences;
pub mod timing;
pub mod usage;

pub use error::AudienceError;
pub use month::Month;
pub use sales::{Sale, Sales, summaries};
pub use segment::Segment;
pub use shopper::ShopperSummary;
