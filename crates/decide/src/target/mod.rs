//! Goals as numbers: a target for a figure, whether reaching it could be told from chance, and what two arms have shown.

mod comparison;
mod goal;
mod power;

pub use comparison::{Compared, Comparison, ComparisonParams, Difference, Told, Unit};
pub use goal::{Goal, GoalCheck, Kpi};
pub use power::{PowerParams, RatioMoments};
