//! Texts: [`TextEncoder`], what it says of itself, and what it is made of.

mod encoder;
pub(crate) mod net;
mod relative;
pub(crate) mod steps;
pub(crate) mod tokens;

pub(crate) use encoder::unit_rows;
pub use encoder::{TextEncoder, TextSettings};
pub use steps::Pooling;
