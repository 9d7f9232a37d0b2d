//! Choosing among options (parameters, source weights) on validation cases, without fooling oneself.
//!
//! `marks[o][c]` is the mark of option `o` on case `c`. [`choose`] takes the option with the
//! highest mean. Its own mean is then too good, because the best of several is partly the luckiest;
//! [`cross_fitted`] gives the honest marks of the *procedure*: every case gets the mark of the
//! option that is best on the other folds (Varma and Simon, "Bias in error estimation when using
//! cross-validation for model selection", BMC Bioinformatics 7:91, 2006).
//!
//! A choice in several steps (which model, then how much its sources weigh in each market) is honest
//! only when *all* its steps are repeated without the fold: [`cross_fitted_by`] repeats whatever it
//! is given, [`choose_in_steps`] is the choice of an option and then of a variant for each group.
//!
//! Honest marks have the right mean, but they are not independent: a lucky option is lucky for every
//! fold that it is chosen by, so their mean spreads more than that of as many independent shoppers,
//! the more the more folds there are. With `k` equal options and two folds the variance is `1 + e²/(k −
//! 1)` times the naive one, `e` the expected largest of `k` standard normals: at most 1.36 (`k = 3`).
//! With five folds simulated worlds had up to 1.8 times. So decide from two folds and widen.
//! Cost: one pass over the marks for each fold.

use crate::EvalError;
use std::collections::BTreeMap;

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
    let means = marks.iter().map(|m| m.iter().sum::<f64>() / n_cases as f64).collect();
    Ok(Choice { index: choose_on(marks, &(0..n_cases).collect::<Vec<_>>())?, means })
}

/// As [`choose`], by the cases of `kept` alone; without any the first option is taken.
///
/// # Errors
/// As [`choose`].
pub fn choose_on(marks: &[Vec<f64>], kept: &[usize]) -> Result<usize, EvalError> {
    check(marks)?;
    let mean = |m: &Vec<f64>| kept.iter().map(|c| m[*c]).sum::<f64>();
    let sums: Vec<f64> = marks.iter().map(mean).collect();
    Ok((1..sums.len()).fold(0, |top, o| if sums[o] > sums[top] { o } else { top }))
}

/// In which fold each case is held out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    of: Vec<usize>,
    n: usize,
}

impl Folds {
    /// Deals the cases out in turn, group after group (such as market after market), so that every
    /// fold holds the same share of every group, give or take one case. A case is one shopper, so
    /// a shopper is in one fold. There are never more folds than cases; a single case is held out
    /// from a choice that nobody takes part in.
    ///
    /// # Errors
    /// [`EvalError::NoCases`] without a case, [`EvalError::Param`] for fewer than 2 folds.
    pub fn by_group<G: Ord>(groups: &[G], n_folds: usize) -> Result<Self, EvalError> {
        if n_folds < 2 {
            return Err(EvalError::Param { name: "n_folds", rule: "at least 2", got: n_folds as f64 });
        }
        if groups.is_empty() {
            return Err(EvalError::NoCases { what: "cross-fitting" });
        }
        let n = n_folds.min(groups.len());
        let mut dealt: Vec<usize> = (0..groups.len()).collect();
        dealt.sort_by(|a, b| groups[*a].cmp(&groups[*b]).then(a.cmp(b)));
        let mut of = vec![0; groups.len()];
        dealt.into_iter().enumerate().for_each(|(turn, case)| of[case] = turn % n);
        Ok(Self { of, n })
    }
}

/// Marks of "choose on the other folds, apply here", one a case. `chosen_on` makes the whole choice
/// from the cases it is given and returns the marks of what it chose, one for every case.
///
/// # Errors
/// Those of `chosen_on`, and [`EvalError::Unpaired`] when it gives another number of marks.
pub fn cross_fitted_by<E: From<EvalError>>(
    folds: &Folds,
    mut chosen_on: impl FnMut(&[usize]) -> Result<Vec<f64>, E>,
) -> Result<Vec<f64>, E> {
    let n_cases = folds.of.len();
    let mut honest = vec![0.0; n_cases];
    for fold in 0..folds.n {
        let (held, kept): (Vec<usize>, Vec<usize>) = (0..n_cases).partition(|c| folds.of[*c] == fold);
        let marks = chosen_on(&kept)?;
        if marks.len() != n_cases {
            return Err(EvalError::Unpaired { left: n_cases, right: marks.len() }.into());
        }
        held.into_iter().for_each(|c| honest[c] = marks[c]);
    }
    Ok(honest)
}

/// Honest marks of [`choose`].
///
/// # Errors
/// As [`choose`], and [`EvalError::Unpaired`] for folds of other cases.
pub fn cross_fitted(marks: &[Vec<f64>], folds: &Folds) -> Result<Vec<f64>, EvalError> {
    if check(marks)? != folds.of.len() {
        return Err(EvalError::Unpaired { left: marks[0].len(), right: folds.of.len() });
    }
    cross_fitted_by(folds, |kept| Ok(marks[choose_on(marks, kept)?].clone()))
}

/// What a choice in two steps took.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps<G> {
    /// The option, the same for all groups.
    pub option: usize,
    /// The variant of it, for each group that has variants.
    pub variants: BTreeMap<G, usize>,
    /// The marks of that option and variant, one for every case.
    pub marks: Vec<f64>,
}

/// Takes the best option on the cases of `kept`, then for every group that has variants of that
/// option the variant that is best on the group's own cases of `kept`.
///
/// `variants_of(group, option)` gives the marks of the variants on the group's cases, in their
/// order, the simplest variant first, or nothing for a group that takes the option as it is. It is
/// asked for the options that win only, so that costly variants are made when they are needed.
///
/// # Errors
/// As [`choose`], those of `variants_of`, and [`EvalError::Unpaired`] when lengths do not fit.
pub fn choose_in_steps<G: Copy + Ord, E: From<EvalError>>(
    options: &[Vec<f64>],
    groups: &[G],
    kept: &[usize],
    variants_of: &mut impl FnMut(G, usize) -> Result<Option<Vec<Vec<f64>>>, E>,
) -> Result<Steps<G>, E> {
    let n_cases = check(options)?;
    if groups.len() != n_cases {
        return Err(EvalError::Unpaired { left: n_cases, right: groups.len() }.into());
    }
    let option = choose_on(options, kept)?;
    let mut cases_of: BTreeMap<G, Vec<usize>> = BTreeMap::new();
    groups.iter().enumerate().for_each(|(c, group)| cases_of.entry(*group).or_default().push(c));
    let kept: std::collections::BTreeSet<usize> = kept.iter().copied().collect();
    let (mut taken, mut marks) = (BTreeMap::new(), options[option].clone());
    for (group, cases) in cases_of {
        let Some(variants) = variants_of(group, option)? else { continue };
        if check(&variants)? != cases.len() {
            return Err(EvalError::Unpaired { left: cases.len(), right: variants[0].len() }.into());
        }
        let own: Vec<usize> = (0..cases.len()).filter(|at| kept.contains(&cases[*at])).collect();
        let variant = choose_on(&variants, &own)?;
        cases.iter().enumerate().for_each(|(at, c)| marks[*c] = variants[variant][at]);
        taken.insert(group, variant);
    }
    Ok(Steps { option, variants: taken, marks })
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

    /// Two folds, the cases in turn.
    fn in_turn(n_cases: usize, n_folds: usize) -> Folds {
        Folds::by_group(&vec![(); n_cases], n_folds).unwrap()
    }

    #[test] // Fold 0 holds cases 0 and 2. On cases 1 and 3 option 1 is best, so cases 0 and 2 get its
    // marks 0 and 0; on cases 0 and 2 option 0 is best, so cases 1 and 3 get its marks 0 and 0.
    fn a_case_never_takes_part_in_its_own_choice() {
        let marks = [vec![1.0, 0.0, 1.0, 0.0], vec![0.0, 1.0, 0.0, 1.0]];
        assert_eq!(cross_fitted(&marks, &in_turn(4, 2)).unwrap(), [0.0; 4]);
        assert!(matches!(cross_fitted(&marks, &in_turn(5, 2)), Err(EvalError::Unpaired { left: 4, right: 5 })));
        let one = Folds::by_group(&[()], 5).unwrap();
        assert_eq!(cross_fitted(&[vec![0.3], vec![0.9]], &one).unwrap(), [0.3], "nobody is left to choose");
        assert!(matches!(Folds::by_group(&[(); 4], 1), Err(EvalError::Param { name: "n_folds", .. })));
        assert!(matches!(Folds::by_group::<u8>(&[], 2), Err(EvalError::NoCases { .. })));
    }

    #[test] // Group a has cases 0, 2, 3, 6, group b 1, 4, 5: dealt a0 a2 a3 a6 b1 b4 b5 to folds 0 1 2 0 1 2 0.
    fn every_fold_holds_its_share_of_every_group() {
        let folds = Folds::by_group(&['a', 'b', 'a', 'a', 'b', 'b', 'a'], 3).unwrap();
        assert_eq!(folds.of, [0, 1, 1, 2, 2, 0, 0]);
        assert_eq!(Folds::by_group(&['a', 'b'], 5).unwrap().of, [0, 1], "never more folds than cases");
    }

    #[test] // Over all four cases option 1 wins (2.1 against 2). Group b has two variants of it: on cases 2
    // and 3 the second wins (0.3 + 0.4 against 0.1 + 0.2). Kept case 0 alone, option 0 wins and
    // group b, without a case of its own to choose by, takes its first variant.
    fn the_second_step_takes_a_variant_of_what_the_first_step_took() {
        let options = [vec![1.0, 1.0, 0.0, 0.0], vec![0.9, 0.9, 0.1, 0.2]];
        let mut asked = Vec::new();
        let mut variants = |group: char, option: usize| {
            asked.push((group, option));
            Ok::<_, EvalError>((group == 'b').then(|| vec![options[option][2..].to_vec(), vec![0.3, 0.4]]))
        };
        let groups = ['a', 'a', 'b', 'b'];
        let all = choose_in_steps(&options, &groups, &[0, 1, 2, 3], &mut variants).unwrap();
        assert_eq!((all.option, all.variants), (1, [('b', 1)].into()));
        assert_eq!(all.marks, [0.9, 0.9, 0.3, 0.4]);
        let first = choose_in_steps(&options, &groups, &[0], &mut variants).unwrap();
        assert_eq!((first.option, first.variants[&'b'], first.marks), (0, 0, vec![1.0, 1.0, 0.0, 0.0]));
        assert_eq!(asked, [('a', 1), ('b', 1), ('a', 0), ('b', 0)], "only for what won");
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
            honest += cross_fitted(&marks, &in_turn(40, 5)).unwrap().iter().sum::<f64>() / 40.0 / 200.0;
        }
        assert!(naive > 0.2, "{naive}"); // E max of ten means of 40 is 1.54 / √40 = 0.24
        assert!(honest.abs() < 0.05, "{honest}");
    }
}
