//! What happened: shoppers arrived, ordered, sent things back, wrote reviews, looked around.

mod contacts;
mod events;
mod habits;
mod orders;
mod phrases;
mod questions;
mod reviews;
mod shoppers;
mod traits;

pub use contacts::Contact;
pub(crate) use contacts::Person;
pub use events::{Action, Event, WANTED, most_wanted};
pub(crate) use events::{EVENTS, EventRules, of_market as events};
pub(crate) use habits::HabitRules;
pub(crate) use orders::{History, Rules, Scene, simulate};
pub use orders::{Line, Order};
pub use phrases::ASPECTS;
pub(crate) use phrases::OPENINGS;
pub(crate) use questions::{QUESTIONS, QuestionRules};
pub use questions::{Question, questions};
pub(crate) use reviews::{REVIEWS, ReviewRules};
pub use reviews::{Review, reviews};
pub(crate) use shoppers::{SHOPPERS, ShopperRules, arrivals, mean_orders};
pub use shoppers::{Shopper, shopper_key};
pub(crate) use traits::{TRAITS, TraitRules, traits};
