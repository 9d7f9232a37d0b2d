//! Videos: frames, decoded elsewhere, become one vector of what is seen and how it moves.
//!
//! [`ClipShape`] pools any encoder of pictures over time and adds [`Motion`].

mod clip;
mod motion;

pub use clip::ClipShape;
pub use motion::Motion;
