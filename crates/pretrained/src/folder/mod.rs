//! What lies in a folder: settings, weights, and what a person may want to know of it.

mod describe;
mod files;
mod weights;

pub use describe::{Description, FileRecord, Kind};
pub(crate) use describe::{digest, records, used_files};
pub(crate) use files::{Settings, check_folder, inside, read};
pub(crate) use weights::Weights;
