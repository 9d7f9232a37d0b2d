//! What can be wrong with a question asked of this crate.

use domain::Day;

/// Why something could not be evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvalError {
    /// No shopper can be judged.
    #[error("{what}: there is no case to judge, at least one shopper with a relevant item is needed")]
    NoCases {
        /// What was split or evaluated.
        what: &'static str,
    },
    /// A test window that ends before it begins.
    #[error("the test window from {cutoff} to {until} is empty, it has to end after its cutoff")]
    Window {
        /// First day of the test window.
        cutoff: Day,
        /// First day after it.
        until: Day,
    },
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
    /// Two lists of marks that do not belong to the same cases.
    #[error("{left} marks against {right}, a paired comparison needs the same cases in the same order")]
    Unpaired {
        /// Marks of the first model.
        left: usize,
        /// Marks of the second.
        right: usize,
    },
    /// A mark that is not a number.
    #[error("mark {index} is {value}, a mark is a finite number")]
    NotFinite {
        /// Its position.
        index: usize,
        /// The value.
        value: f64,
    },
}
