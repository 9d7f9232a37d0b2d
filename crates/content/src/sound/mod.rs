//! Sounds: bytes become a [`Sound`] or a reason why not ([`decode`]), and a sound becomes numbers.
//!
//! [`MelParams`] makes the spectrum as the ear parts it and its cepstrum; [`SoundShape`] pools them into one vector.

mod decode;
mod mel;
mod shape;

pub use decode::{Sound, SoundError, SoundParams, decode};
pub use mel::{Frames, MelError, MelParams};
pub use shape::SoundShape;
