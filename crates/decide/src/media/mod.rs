//! Marketing mix: what each channel brings, from weekly spend and sales, and how far that can be told at all.
//!
//! [`MediaParams::fit`] searches carry-over and saturation and fits the rest; [`MediaParams::study`] adds what a person
//! needs before moving money: intervals from a block bootstrap, a model without media beside it on weeks that neither has
//! seen, and for every channel either a verdict or the reasons why there is none.

mod adstock;
mod data;
mod design;
mod experiment;
mod experiments_file;
mod held_out;
mod model;
mod params;
mod search;
mod study;
mod verdict;

pub use adstock::{Adstock, LONGEST_LAG};
pub use data::{Channel, Control, MediaData};
pub use experiment::Lift;
pub use experiments_file::Experiment;
pub use held_out::HeldOut;
pub use model::{ChannelFit, Fit, MediaModel};
pub use params::{CarryOver, MediaParams, SearchParams, Shape, Trend};
pub use study::{ChannelStudy, Study, StudyParams};
pub use verdict::{Doubt, Verdict};
