//! The roles that models play, one small trait each.

use crate::{History, Interactions, ItemIdx, Seed};

/// Learns a model from interactions. Implemented by parameter structs.
pub trait Fit {
    /// The fitted, immutable model.
    type Model;

    /// Learns from `train`; the same data, parameters and seed give the same model at any number
    /// of threads.
    ///
    /// # Errors
    /// [`FitError`] names the parameter or the data that is wrong.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<Self::Model, FitError>;
}

/// Scores candidates for one shopper: higher is better, `None` is "cannot say" (never 0, never NaN).
pub trait Score: Send + Sync {
    /// One score a candidate, in the candidates' order. `history` may be empty.
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>>;
}

/// Says why a candidate got its score, with the same numbers.
pub trait Explain {
    /// The parts of the score, largest first. Empty when the model cannot score the candidate.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason>;
}

/// One named part of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// What the part is, such as "bought together with".
    pub term: &'static str,
    /// The item of the history that it comes from, where it comes from one.
    pub item: Option<ItemIdx>,
    /// Its share of the score, in the score's unit.
    pub part: f32,
}

/// Why a model could not be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// A parameter outside its range.
    #[error("parameter `{name}` is {got}, it has to be {rule}")]
    Param {
        /// Its name.
        name: &'static str,
        /// The rule it breaks.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
    /// Not enough to learn from.
    #[error("{have} {what}, at least {need} are needed")]
    TooLittleData {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// The numbers ran away.
    #[error("the fit did not stay finite: {0}")]
    Diverged(String),
}
