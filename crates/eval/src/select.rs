//! Choosing among options (parameters, source weights) on validation cases, without fooling oneself.
//!
//! `marks[o][c]` is the mark of option `o` on case `c`. [`choose`] takes the option with the
//! highest mean. Its own mean is then too good, because the best of several is partly the luckiest;
//! [`cross_fitted`] gives the honest marks of the *procedure*: every case gets the mark of the
//! option that is best on the other folds (Varma and Simon, "Bias in error estimation when using
//! cross-validation for model selection", BMC Bioinformatics 7:91, 2006).
//! Cost: one pass over the marks for each fold.

use crate::EvalError;

/// The option taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its position.
    pub index: usize,
    /// Mean mark of every option, in their order.
    pub means: Vec<f64>,
}

/// The option with the highest mean mark, the earlier one of equals: put the simplest first.
///
/// # Errors
/// [`EvalError::NoCases`] without options or cases, [`EvalError::Unpaired`] when the options were
/// marked on different numbers of cases.
pub fn choose(marks: &[Vec<f64>]) -> Result<Choice, EvalError> {
    let n_cases = check(marks)?;
    Ok(best(marks, |_| true, n_cases))
}

/// Marks of "choose on the other folds, apply here", one a case; case `c` is in fold `c % n_folds`.
///
/// # Errors
/// As [`choose`], and [`EvalError::Param`] for fewer than 2 folds. With fewer cases than folds there
/// is nothing to hold out: [`EvalError::NoCases`].
pub fn cross_fitted(marks: &[Vec<f64>], n_folds: usize) -> Result<Vec<f64>, EvalError> {
    let n_cases = check(marks)?;
    if n_folds < 2 {
        return Err(EvalError::Param { name: "n_folds", rule: "at least 2", got: n_folds as f64 });
    }
    if n_cases < n_folds {
        return Err(EvalError::NoCases { what: "cross-fitting" });
    }
    let taken: Vec<usize> = (0..n_folds).map(|fold| best(marks, |c| c % n_folds != fold, n_cases).index).collect();
    Ok((0..n_cases).map(|c| marks[taken[c % n_folds]][c]).collect())
}

fn check(marks: &[Vec<f64>]) -> Result<usize, EvalError> {
    let n_cases = marks.first().map_or(0, Vec::len);
    if n_cases == 0 {
        return Err(EvalError::NoCases { what: "choice among options" });
    }
    match marks.iter().find(|m| m.len() != n_cases) {
        Some(other) => Err(EvalError::Unpaired { left: n_cases, right: other.len() }),
        None => Ok(n_cases),
    }
}

fn best(marks: &[Vec<f64>], counts: impl Fn(usize) -> bool, n_cases: usize) -> Choice {
    let n = (0..n_cases).filter(|c| counts(*c)).count() as f64;
    let mean = |m: &Vec<f64>| (0..n_cases).filter(|c| counts(*c)).map(|c| m[c]).sum::<f64>() / n;
    let means: Vec<f64> = marks.iter().map(mean).collect();
    let index = (1..means.len()).fold(0, |top, o| if means[o] > means[top] { o } else { top });
    Choice { index, means }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    #[test]
    fn the_highest_mean_wins_and_equals_go_to_the_earlier() {
        let choice = choose(&[vec![0.0, 1.0], vec![1.0, 1.0], vec![1.0, 1.0]]).unwrap();
        assert_eq!((choice.index, choice.means), (1, vec![0.5, 1.0, 1.0]));
        assert!(matches!(choose(&[vec![]]), Err(EvalError::NoCases { .. })));
        assert!(matches!(choose(&[vec![1.0], vec![]]), Err(EvalError::Unpaired { left: 1, right: 0 })));
    }

    #[test] // Fold 0 holds cases 0 and 2. On cases 1 and 3 option 1 is best, so cases 0 and 2 get its
    // marks 0 and 0; on cases 0 and 2 option 0 is best, so cases 1 and 3 get its marks 0 and 0.
    fn a_case_never_takes_part_in_its_own_choice() {
        let marks = [vec![1.0, 0.0, 1.0, 0.0], vec![0.0, 1.0, 0.0, 1.0]];
        assert_eq!(cross_fitted(&marks, 2).unwrap(), [0.0; 4]);
        assert!(matches!(cross_fitted(&marks, 5), Err(EvalError::NoCases { .. })));
    }

    /// Simulation: ten options without any difference. The best one's own mean looks better than
    /// the truth 0; the cross-fitted mean does not.
    #[test]
    fn cross_fitting_removes_the_winners_luck() {
        let (mut naive, mut honest) = (0.0, 0.0);
        for run in 0..200 {
            let mut rng = Seed(4).stream(run);
            let marks: Vec<Vec<f64>> = (0..10).map(|_| (0..40).map(|_| rng.normal()).collect()).collect();
            let choice = choose(&marks).unwrap();
            naive += choice.means[choice.index] / 200.0;
            honest += cross_fitted(&marks, 5).unwrap().iter().sum::<f64>() / 40.0 / 200.0;
        }
        assert!(naive > 0.2, "{naive}"); // E max of ten means of 40 is 1.54 / √40 = 0.24
        assert!(honest.abs() < 0.05, "{honest}");
    }
}
