//! Encoders that somebody else trained, read from a local folder of weights: texts, pictures, speech.
//!
//! [`inspect`] says what a folder holds, [`load`] opens it, and what comes out implements [`content::Encode`]. A
//! folder is what transformers or sentence-transformers save: `config.json`, `model.safetensors`, a tokenizer or a
//! preprocessor. Nothing in it is run: settings are JSON, weights are numbers, pickles and programs are never read.
//! [`add`], [`list`], [`remove`] and [`open`] keep such folders in a workspace.
//! Unlike `content` this crate reads files; it never touches the network.

mod error;
mod folder;
mod net;
mod open;
pub mod picture;
pub mod speech;
mod store;
pub mod text;

pub use error::PretrainedError;
pub use folder::{Description, FileRecord, Kind};
pub use open::{Encoder, inspect, load, supported};
pub use store::{Check, Manifest, add, list, open, remove};
