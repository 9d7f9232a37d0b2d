//! What the simulation takes from the world: markets, festivals, seasons.

mod calendar;
mod profiles;

pub use calendar::{Festival, festivals};
pub(crate) use calendar::{demand_multiplier, festival_in_week};
pub use profiles::{HOME, Place, Profile, profile};
