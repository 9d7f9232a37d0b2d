//! A merchant with a known truth: a small-appliance seller at home in China who opens the United
//! States, Germany, Vietnam, Thailand and Saudi Arabia, with everything that happened to it.
//!
//! [`Merchant::generate`] makes the whole history in memory from [`SimParams`], without IO;
//! [`export::all`] writes it as the files that real systems would have exported, dirt included,
//! into any [`export::Sink`]; [`write_to`] does both into a folder. `truth.json` states every
//! parameter and total, and the tables beside it what is true of every shopper, product and review,
//! so that whoever learns from the files can be compared with it.
//! [`auction`] is the other side of advertising: auctions whose best bids are known.
//! [`write_bulk_retail`] makes one big flat file for load tests and has nothing to do with the rest.
//!
//! The same parameters give the same bytes at any number of threads. Logarithms and powers come from
//! the platform's mathematics library, so another platform may round a figure the other way.

mod error;
mod mechanism;
mod params;
mod part;
mod png_file;
mod sampling;

pub mod catalogue;
pub mod fx;
pub mod pictures;
pub mod world;

pub mod plan;
pub mod trade;

mod merchant;
mod potential;
mod truth;

pub mod auction;
pub mod export;

mod bulk;
mod write;

pub use bulk::{BulkSummary, write_bulk_retail};
pub use error::SimError;
pub use merchant::{Book, Merchant};
pub use params::{BadLotParams, DirtParams, Export, MarketParams, SimParams};
pub use potential::{MarketPotential, potentials};
pub use truth::Truth;
pub use write::{Progress, SimSummary, write_auctions_to, write_bulk_retail_to, write_to};
