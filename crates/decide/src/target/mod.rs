//! Goals as numbers: a target for a figure, and whether reaching it could be told from chance.

mod power;

pub use power::{PowerParams, RatioMoments};
