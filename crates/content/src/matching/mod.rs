//! Which offers of different shops are the same product.
//!
//! Read in this order: an [`Offer`] is what a shop says; [`Tables`] are two lists of offers made ready, with the
//! candidates that are near enough to look at; `features` says in numbers what speaks for and against a pair,
//! `crossed` in words; a [`Matcher`] is learnt from labelled pairs; [`products`] joins matches into products and
//! refuses what contradicts.

mod cluster;
mod crossed;
mod features;
mod likeness;
mod matcher;
mod offer;
mod second;
mod sparse;
mod table;

pub use cluster::{ClusterParams, OfferAt, Products, Refused, Why, products};
pub use features::{Column, Look};
pub use matcher::{LeftOut, Match, Matcher, MatcherParams, Reason};
pub use offer::{Offer, codes, numbers, sizes, words};
pub use table::{BlockParams, BlockQuality, Pair, Tables};
