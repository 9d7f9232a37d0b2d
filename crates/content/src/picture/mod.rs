//! Pictures: bytes become a [`Picture`] or a reason why not ([`decode`]), and a picture becomes numbers.
//!
//! Read in this order: [`PictureParams`] sets what is let in; [`PrintIndex`] finds pictures that are the same but for
//! size, light and compression by their [`PicturePrint`]; [`Colours`] and [`Edges`] describe without learning;
//! [`Likeness`] finds pictures like one; [`PictureTextParams`] learns from a catalogue's own pairs of picture and title;
//! [`PairCheck`] flags pairs that do not belong together.

mod augment;
mod colours;
mod decode;
mod edges;
mod lab;
mod likeness;
mod network;
mod pair_check;
mod picture_text;
mod pixels;
mod print;
mod print_index;
mod thumbnail;
mod titles;
mod two_towers;

pub use augment::AugmentParams;
pub use colours::{ColourShare, Colours, dominant};
pub use decode::{PictureError, PictureParams, decode};
pub use edges::Edges;
pub use likeness::{Alike, Likeness};
pub use pair_check::{PairCheck, PairCheckError};
pub use picture_text::{PictureSide, PictureText, TitleSide};
pub use pixels::Picture;
pub use print::PicturePrint;
pub use print_index::PrintIndex;
pub use thumbnail::thumbnail;
pub use titles::TitleWords;
pub use two_towers::{Attribute, PictureTextError, PictureTextParams};
