//! The one role of an encoder.

use crate::Vectors;

/// Turns things of one modality into vectors. Implemented by fitted models and by descriptors that
/// need no fitting.
pub trait Encode {
    /// What is encoded: `str` for texts, a decoded picture, a decoded sound.
    type Item: ?Sized;

    /// Numbers a vector has.
    fn width(&self) -> usize;

    /// One row an item, in their order. `None`, and an item that has nothing to encode (an empty text), is a row
    /// that is not [present](Vectors::is_present).
    fn encode(&self, items: &[Option<&Self::Item>]) -> Vectors;
}
