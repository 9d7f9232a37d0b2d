//! What can be wrong with an index.

use learn::LearnError;
use learn::container::ContainerError;

/// Why nothing could be indexed or found.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index of words cannot be read or written.
    #[error("the index of words: {0}")]
    Words(#[from] tantivy::TantivyError),
    /// The vectors cannot be read.
    #[error("the vectors of the index: {0}")]
    Vectors(#[from] ContainerError),
    /// The vectors cannot be put in order.
    #[error("the vectors of the index: {0}")]
    Graph(#[from] LearnError),
    /// An index of words that is not made by this release.
    #[error("the index of words has no field `{field}`: it was made by another release")]
    Field {
        /// What is missing.
        field: &'static str,
    },
    /// Two halves of different catalogues.
    #[error("vectors of {vectors} products beside words of {words}: they are not of one catalogue")]
    Apart {
        /// Products that have vectors.
        vectors: usize,
        /// Products that have words.
        words: usize,
    },
    /// Flags that are not of this catalogue.
    #[error("{got} flags for {need} products")]
    Flags {
        /// How many there are.
        got: usize,
        /// How many there should be.
        need: usize,
    },
}
