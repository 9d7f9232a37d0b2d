//! Numeric mechanisms without marketing words: numbers in, numbers out.
//!
//! Nothing here does IO or reads a clock. Work is spread over rayon's threads inside a call, and
//! every sum is reduced in a fixed order, so a result is the same at any number of threads.

pub mod bootstrap;
pub mod cluster_quality;
pub mod dense;
pub mod error;
pub mod fpgrowth;
pub mod interval;
pub mod kmeans;
pub mod low_rank;
pub mod net;
pub mod points;
pub mod quantile;
pub mod special;
pub mod standardize;
pub mod trees;

pub use error::LearnError;
pub use points::Points;

mod accumulator;
mod cholesky;
mod conjugate_gradient;
mod csr;
mod implicit_rows;
pub mod lanes;
mod local_gram;
mod logistic_pairs;
mod pairwise;
mod top_products;
mod triangle;

pub use accumulator::{Accumulator, keep_largest, product};
pub use cholesky::{NotPositiveDefinite, cholesky, cholesky_solve};
pub use conjugate_gradient::{Rows, conjugate_gradient};
pub use csr::Csr;
pub use implicit_rows::{RowSolver, RowSystem};
pub use local_gram::LocalGram;
pub use logistic_pairs::{Draws, LogisticPairs};
pub use pairwise::{Folded, PairLoss, PairwiseSgd};
pub use top_products::{Found, Panels};
pub use triangle::Triangle;
