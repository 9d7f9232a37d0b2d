//! Pictures: [`PictureEncoder`] of one space, [`TextPictureEncoder`] of a space that texts share, and how a picture is made
//! ready for them.

mod encoder;
mod prepare;
mod resample;
mod resnet;
mod towers;
mod vision;

pub use encoder::PictureEncoder;
pub use prepare::PictureSettings;
pub use towers::TextPictureEncoder;
