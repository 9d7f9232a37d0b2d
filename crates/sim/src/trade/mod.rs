//! What happened: shoppers arrived, ordered, sent things back, wrote reviews, looked around.

mod contacts;
mod events;
mod orders;
mod phrases;
mod reviews;
mod shoppers;

pub use contacts::Contact;
pub(crate) use contacts::Person;
pub(crate) use events::of_market as events;
pub use events::{Action, Event};
pub(crate) use orders::{History, Rules, Scene, simulate};
pub use orders::{Line, Order};
pub use phrases::ASPECTS;
pub use reviews::{Review, reviews};
pub(crate) use shoppers::{DROPOUT, MEAN_RATE, RATE_SHAPE, arrivals, mean_orders};
pub use shoppers::{Shopper, shopper_key};
