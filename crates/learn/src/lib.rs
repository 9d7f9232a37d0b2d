//! Numeric mechanisms without marketing words: numbers in, numbers out.
//!
//! Nothing here does IO or reads a clock. Work is spread over rayon's threads inside a call, and
//! every sum is reduced in a fixed order, so a result is the same at any number of threads.

pub mod adversarial;
pub mod align;
pub mod bootstrap;
pub mod cca;
pub mod choice;
pub mod cluster_quality;
pub mod container;
pub mod count_mixture;
pub mod dense;
pub mod error;
pub mod fpgrowth;
pub mod hierarchy;
pub mod interval;
pub mod kernel_bridge;
pub mod kernel_ridge;
pub mod kmeans;
pub mod low_rank;
pub mod mixture;
pub mod net;
pub mod points;
pub mod quantile;
pub mod special;
pub mod standardize;
pub mod subword_skipgram;
pub mod topics;
pub mod trees;

pub use error::LearnError;
pub use points::Points;

mod accumulator;
mod cholesky;
mod conjugate_gradient;
mod csr;
mod dense_adam;
mod fft;
mod graph_softmax;
mod implicit_rows;
mod inverted;
mod kmeans_start;
pub mod lanes;
mod local_gram;
mod logistic_pairs;
mod pairwise;
mod set_softmax;
mod smoothing;
mod sparse_svm;
mod spread;
mod text_grams;
mod text_linear;
mod text_linear_keep;
mod text_odds;
mod text_pieces;
mod top_products;
mod triangle;

pub use accumulator::{Accumulator, keep_largest, product};
pub use cholesky::{NotPositiveDefinite, cholesky, cholesky_solve};
pub use conjugate_gradient::{Rows, conjugate_gradient};
pub use csr::Csr;
pub use fft::Fft;
pub use graph_softmax::{GraphSoftmax, GraphVectors};
pub use implicit_rows::{RowSolver, RowSystem};
pub use inverted::{Inverted, InvertedParams, Nearest, Scan};
pub use local_gram::LocalGram;
pub use logistic_pairs::{Draws, LogisticPairs};
pub use pairwise::{Folded, PairLoss, PairwiseSgd};
pub use set_softmax::{SetSoftmax, SetVectors, Tables, draw, row_factor};
pub use smoothing::Smoothing;
pub use sparse_svm::{SparseRows, SparseSvmParams};
pub use spread::{Keep, spread};
pub use text_grams::TextGrams;
pub use text_linear::{TextLinear, TextLinearParams, TextReason, TextTable, Weighing};
pub use text_odds::{TextOdds, TextOddsParams};
pub use text_pieces::TextPieces;
pub use top_products::{Found, Panels};
pub use triangle::Triangle;
