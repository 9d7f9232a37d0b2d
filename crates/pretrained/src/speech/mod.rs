//! Speech: [`SpeechEncoder`] makes a vector of a sound and, where the folder has a decoder, its text.

mod decoder;
mod encoder;
mod spectrum;

pub use encoder::{SpeechEncoder, SpeechSettings};
