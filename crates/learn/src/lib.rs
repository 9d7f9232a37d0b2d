//! Numeric mechanisms without marketing words: numbers in, numbers out.
//!
//! Nothing here does IO or reads a clock. Work is spread over rayon's threads inside a call, and
//! every sum is reduced in a fixed order, so a result is the same at any number of threads.

pub mod bootstrap;
pub mod cluster_quality;
pub mod error;
pub mod fpgrowth;
pub mod interval;
pub mod kmeans;
pub mod points;
pub mod quantile;
pub mod special;
pub mod standardize;

pub use error::LearnError;
pub use points::Points;

mod cholesky;
mod csr;
mod implicit_rows;
pub mod lanes;
mod logistic_pairs;
mod low_rank;
mod pairwise;
mod top_products;
mod triangle;

pub use cholesky::{NotPositiveDefinite, cholesky, cholesky_solve};
pub use csr::Csr;
pub use implicit_rows::{RowSolver, RowSystem};
pub use logistic_pairs::{Draws, LogisticPairs};
pub use low_rank::{Rows, conjugate_gradient};
pub use pairwise::{Folded, PairLoss, PairwiseSgd};
pub use top_products::{Found, Panels};
pub use triangle::Triangle;
