//! Goals as numbers: a target for a figure, and whether reaching it could be told from chance.

mod goal;
mod power;

pub use goal::{Goal, GoalCheck, Kpi};
pub use power::{PowerParams, RatioMoments};
