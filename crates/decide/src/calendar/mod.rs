//! When to promote what: feasts and sale days of each market, pay days, seasons, the last day to send, and what history says.
//!
//! [`Calendar::events`] lists what lies ahead in a market: public holidays, feasts (lunar, Islamic, Orthodox, Hebrew and
//! moving ones, see [`reckoning`]), sale days of platforms, pay days. [`last_day_to_send`] counts back from the feast by the
//! lane's nine-in-ten days. [`SeasonParams::month_indexes`] and [`event_uplift`] say what own history lets expect, with
//! intervals, or that there is none; [`suggest`] joins all of it. [`posts()`] says when to post about it and what fits where. Dates compiled in are general knowledge: "verify".

mod advice;
mod astronomy;
mod date_rule;
mod delivery;
mod events;
mod posts;
pub mod reckoning;
mod season;

pub use advice::{Basis, CategoryHistory, Delivery, Suggestion, suggest};
pub use date_rule::{Clock, DateRule, Weekday};
pub use delivery::{closures, last_day_to_send};
pub use events::{Calendar, Event, EventKind};
pub use posts::{Misfit, Post, PostFormat, PostKind, PostedOccasion, posts};
pub use season::{
    ClimateSeason, MonthIndex, SeasonError, SeasonParams, Uplift, climate_season, event_uplift, is_south,
};
