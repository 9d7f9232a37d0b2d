//! Learning from a stream: a model and new interactions make the next version of the model.
//!
//! A version never changes: [`Online::learn`] returns another one, which shares with the first what the
//! new rows did not touch. [`Versions`] keeps them and goes back to any. [`ItemKnnOnline`] is exact: whatever
//! the batches, it is the model that a fit on all rows gives. [`IalsOnline`] solves the touched rows and
//! columns exactly with the others held. [`PairsOnline`] takes the steps of its loss on the new rows and, so
//! that the old ones are not forgotten, on old rows drawn beside them. [`Learner`] goes on from a saved model of
//! any kind that can. How good they are as the stream goes
//! on is what `eval::prequential` measures.

mod factors;
mod learner;
mod neighbours;
mod pairs;
mod versions;

pub use factors::IalsOnline;
pub use learner::{Learner, LearnerError};
pub use neighbours::ItemKnnOnline;
pub use pairs::{PairsOnline, PairsOnlineParams};
pub use versions::Versions;

use domain::{FitError, Interaction, Interactions};

/// A model that can go on learning.
pub trait Online: Sized {
    /// The version that knows these rows too. Shoppers and items may be new: the tables grow to the
    /// largest number. A pair that is known already, or comes twice, counts once, with its largest
    /// weight.
    ///
    /// # Errors
    /// [`FitError`] when the numbers run away, or for a weight that is not a positive number.
    fn learn(&self, rows: &[Interaction]) -> Result<Self, FitError>;
}

/// The rows of a matrix, in its order.
fn rows_of(train: &Interactions) -> Vec<Interaction> {
    train.iter().collect()
}

/// Refuses weights that are none.
fn check(rows: &[Interaction]) -> Result<(), FitError> {
    match rows.iter().find(|row| !(row.weight > 0.0 && row.weight.is_finite())) {
        Some(row) => Err(FitError::Param { name: "weight", rule: "above 0", got: f64::from(row.weight) }),
        None => Ok(()),
    }
}

/// Rows in the order in which a stream is learnt: by day, ties by shopper and item.
fn in_time(rows: &[Interaction]) -> Vec<Interaction> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| {
        (a.day, a.shopper, a.item).cmp(&(b.day, b.shopper, b.item)).then(a.weight.total_cmp(&b.weight))
    });
    rows
}
