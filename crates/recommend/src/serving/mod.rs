//! Answering one request at a time, in well under a millisecond, from models that do not change.
//!
//! [`Scorer`] is a saved model in the shape that finds the best items fastest: for models that are links from item to
//! item it touches what the history links to and nothing else. [`Popular`] is a list that is already sorted.
//! [`NewProducts`] are those that nobody
//! has bought yet, by what they are like. [`Histories`] keeps what every shopper bought in a few bytes an item. [`answer`] goes down a chain of such sources
//! until the list is full and says which of them answered; [`rerank`] orders candidates that somebody else chose.
//! [`diversify`] trades score against sameness, and [`bucket`] says which side of an experiment somebody is on.

mod bucket;
mod chain;
mod diversity;
mod histories;
mod kin;
mod popular;
mod reorder;
mod scorer;
mod segment;
mod session;
mod why;

pub use bucket::bucket;
pub use chain::{Answer, Ask, Near, NearList, Offered, Step, Told, View, answer};
pub use diversity::diversify;
pub use histories::{Histories, HistoriesError, Past};
pub use kin::{Kin, LikeBy, NewProducts};
pub use popular::Popular;
pub use reorder::rerank;
pub use scorer::Scorer;
pub use segment::SegmentTaste;
pub use session::{SessionParams, Taste};
pub use why::{Out, Why};
