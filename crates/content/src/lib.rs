//! What a product says and shows: its text, picture, sound and video as vectors, and those vectors in
//! one space with what shoppers do.
//!
//! [`Encode`] is the one role: a batch of things of one modality becomes [`Vectors`], one row each, with
//! a mask for those that are missing. An encoder is one file in the folder of its modality.
//! Bytes of files come in as values, so nothing here reads a folder, starts a program or asks a clock.

mod encode;
pub mod matching;
pub mod media;
pub mod picture;
pub mod reviews;
pub mod search;
pub mod sound;
pub mod space;
pub mod text;
mod vectors;
pub mod video;

pub use encode::Encode;
pub use vectors::{Vectors, VectorsError};
