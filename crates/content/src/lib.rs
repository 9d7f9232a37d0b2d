//! What a product says and shows: its text, picture, sound and video as vectors, and those vectors in
//! one space with what shoppers do.
//!
//! [`Encode`] is the one role: a batch of things of one modality becomes [`Vectors`], one row each, with
//! a mask for those that are missing. An encoder is one file in the folder of its modality.
//! Bytes of files come in as values, so nothing here reads a folder, starts a program or asks a clock.

pub mod matching;
pub mod picture;
pub mod reviews;
pub mod search;
pub mod sound;
pub mod space;
pub mod text;
mod vectors;
pub mod video;

pub use vectors::{Vectors, VectorsError};

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
