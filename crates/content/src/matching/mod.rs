//! Which offers of different shops are the same product.
//!
//! Read in this order: an [`Offer`] is what a shop says; [`Tables`] are two lists of offers made ready, with the
//! candidates that are near enough to look at, and a [`View`] adds vectors of an encoder to them; `features` says in
//! numbers what speaks for and against a pair (`columns` names them), `crossed` in words; a [`Matcher`] is learnt from labelled pairs; [`products`] joins matches into products and
//! refuses what contradicts.

mod cluster;
mod columns;
mod crossed;
mod features;
mod likeness;
mod matcher;
mod offer;
mod second;
mod sparse;
mod table;
mod view;

pub use cluster::{ClusterParams, OfferAt, Products, Refused, Why, products};
pub use columns::{Column, Columns, Look};
pub use matcher::{LeftOut, Match, Matcher, MatcherParams, Reason};
pub use offer::{Offer, codes, numbers, sizes, words};
pub use table::{BlockParams, BlockQuality, Pair, Tables};
pub use view::{View, ViewOf};
