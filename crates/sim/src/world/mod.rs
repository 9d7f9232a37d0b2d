//! What the simulation takes from the world: markets, festivals, seasons.

mod calendar;
mod indicators;
mod profiles;

pub(crate) use calendar::{DEMAND, DemandRules, demand_multiplier, festival_in_week};
pub use calendar::{Festival, festivals};
pub(crate) use indicators::{COLUMNS, FIGURES, FactColumn, Figures};
pub use profiles::{HOME, Place, Profile, profile};
