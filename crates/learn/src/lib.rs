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
pub mod points;
pub mod quantile;
pub mod special;
pub mod standardize;
pub mod trees;

pub use error::LearnError;
pub use points::Points;

mod accumulator;
mod cholesky;
mod csr;
mod local_gram;

pub use accumulator::{Accumulator, keep_largest, product};
pub use cholesky::{NotPositiveDefinite, cholesky, cholesky_solve};
pub use csr::Csr;
pub use local_gram::LocalGram;
