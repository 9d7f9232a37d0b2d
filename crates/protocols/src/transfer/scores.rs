//! Does the score of a source, given before training, predict what the source brings?
//!
//! Every market is the target of every set of the other markets of its data: alone (ordered pairs) and
//! together (many to one). The gain is relative, of one fixed way to transfer over the same model without
//! sources. The weights of a score are learnt on the other targets (leave one market out), and so is which parts
//! it has, by leaving out each of *those* in turn: a target's gains never reach its own scores. Parts are added
//! one by one while that helps. Then Spearman's correlation of score and gain, over all sets and as the mean
//! over targets of the order within each.

use crate::ProtocolError;
use crate::task::{Task, Tuning};
use domain::{FitError, Interactions, Seed};
use eval::{Case, EvalError};
use recommend::transfer::source_score::{N_PARTS, ScoreWeights, SourceParts, VOLUME, spearman};
use recommend::transfer::{Adaptation, Ground, SimilarityPriorParams};
use serde::Serialize;

use super::arena::{Arena, Side};
use super::curve::drawn;

/// One target with a set of sources.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The task of the target.
    pub target: String,
    /// The sources.
    pub sources: Vec<String>,
    /// What was seen before training, in the order of [`recommend::transfer::source_score::PARTS`].
    pub parts: Vec<f64>,
    /// Relative gain that was measured.
    pub gain: f64,
    /// Gain that was expected by weights learnt without this target.
    pub expected: f64,
}

/// How well scores predict gains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreReport {
    /// Which rows of the targets were there, in words.
    pub about: String,
    /// All sets.
    pub examples: Vec<Example>,
    /// Spearman's correlation over all sets.
    pub overall: f64,
    /// Over the ordered pairs.
    pub pairs: f64,
    /// Mean over targets of the correlation within each.
    pub within: f64,
    /// The same three by the part *volume* alone, for which nothing is learnt.
    pub volume: [f64; 3],
    /// Weights learnt on everything, 0 for parts that were not chosen: level, centres, spreads, weights.
    pub weights: (f64, Vec<f64>, Vec<f64>, Vec<f64>),
}

/// Ridge of the score's regression on standardised parts.
const RIDGE: f64 = 0.1;
/// What one more part has to add to the correlation.
const MIN_GAIN: f64 = 0.01;
/// Questions of a target and window that are asked: all, on the public markets.
const MAX_CASES: usize = 8000;

/// At most so many questions, evenly taken.
pub fn thinned(cases: &[Case], most: usize) -> Vec<Case> {
    cases.iter().step_by(cases.len().div_ceil(most).max(1)).cloned().collect()
}

/// The way whose gain is predicted: neighbourhoods with a prior of moderate strength.
fn fixed() -> Adaptation {
    Adaptation::SimilarityPrior(SimilarityPriorParams::default())
}

/// Measures a target with every set of its sources; `rows` says how many of its own rows are there.
///
/// # Errors
/// [`ProtocolError`] of a fit, or for a target without a question.
pub(crate) fn examples(
    task: &Task,
    rows: Option<usize>,
    seed: Seed,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Example>, ProtocolError> {
    let mut ground = ground_of(task)?;
    if let Some(k) = rows.filter(|k| *k < ground.target().len()) {
        let own: Interactions = drawn(ground.target(), k, seed);
        ground = ground.with_target(own).map_err(|why| failed(task, why))?;
    }
    let mut cases = thinned(&task.cases, MAX_CASES);
    if let Tuning::Cases(validation) = &task.tuning {
        cases.extend(thinned(validation, MAX_CASES));
    }
    let mean = |ground: &Ground| -> Result<f64, ProtocolError> {
        let mut arena = Arena::of_one(&task.id, ground.clone(), Vec::new(), cases.clone(), seed);
        let marks = arena.marks(&fixed(), Side::Test)?;
        if marks.is_empty() {
            Err(EvalError::NoCases { what: "scored target" }.into())
        } else {
            Ok(marks.iter().sum::<f64>() / marks.len() as f64)
        }
    };
    let without = mean(&ground.only(&[]))?;
    let n = ground.sources().len();
    let mut out = Vec::new();
    for set in 1_usize..1 << n {
        let which: Vec<usize> = (0..n).filter(|at| (set >> at) & 1 == 1).collect();
        let with = ground.only(&which);
        let names: Vec<String> = with.sources().iter().map(|s| s.name.clone()).collect();
        progress(&names.join("+"));
        let parts = SourceParts::of(&with, seed).map_err(|why| failed(task, why))?;
        let gain = mean(&with)? / without.max(1e-9) - 1.0;
        out.push(Example { target: task.id.clone(), sources: names, parts: parts.0.to_vec(), gain, expected: 0.0 });
    }
    Ok(out)
}

fn failed(task: &Task, why: FitError) -> ProtocolError {
    ProtocolError::Fit { model: "transfer", task: task.id.clone(), why }
}

/// The rows of a task as a ground, its sources in the order of the data.
///
/// # Errors
/// [`ProtocolError`] for rows that cannot be joined.
pub fn ground_of(task: &Task) -> Result<Ground, ProtocolError> {
    let all = task.train(&vec![1.0; task.sources().len()])?;
    let named: Vec<_> = task.sources().iter().map(|part| (part.name.clone(), part.market())).collect();
    Ok(Ground::cut(&all, |row| all.markets()[row.shopper.at()], &task.market(), &named))
}

/// Learns weights without each target in turn and correlates.
///
/// # Errors
/// [`ProtocolError::Fit`] for fewer than three examples outside a target.
pub fn score_report(about: &str, mut examples: Vec<Example>) -> Result<ScoreReport, ProtocolError> {
    let failed = |why| ProtocolError::Fit { model: "source score", task: about.to_owned(), why };
    let mut targets: Vec<String> = examples.iter().map(|e| e.target.clone()).collect();
    targets.dedup();
    for target in &targets {
        let others: Vec<&Example> = examples.iter().filter(|e| e.target != *target).collect();
        let weights = learnt(&others, &chosen(&others).map_err(failed)?).map_err(failed)?;
        for example in examples.iter_mut().filter(|e| e.target == *target) {
            example.expected = weights.score(&parts_of(example));
        }
    }
    let by_score = correlations(&examples, &targets, |e| e.expected);
    let by_volume = correlations(&examples, &targets, |e| e.parts[VOLUME]);
    let all: Vec<&Example> = examples.iter().collect();
    let weights = learnt(&all, &chosen(&all).map_err(failed)?).map_err(failed)?;
    let weights = (weights.level, weights.centres.to_vec(), weights.spreads.to_vec(), weights.weights.to_vec());
    let [overall, pairs, within] = by_score;
    Ok(ScoreReport { about: about.to_owned(), examples, overall, pairs, within, volume: by_volume, weights })
}

/// Spearman's correlation of something known before training and the gain: over all sets, over ordered pairs, and
/// the mean over targets.
fn correlations(examples: &[Example], targets: &[String], of: impl Fn(&Example) -> f64) -> [f64; 3] {
    let over = |keep: &dyn Fn(&Example) -> bool| {
        let (x, y): (Vec<f64>, Vec<f64>) = examples.iter().filter(|e| keep(e)).map(|e| (of(e), e.gain)).unzip();
        spearman(&x, &y).unwrap_or(0.0)
    };
    let within = targets.iter().map(|t| over(&|e| e.target == *t)).sum::<f64>() / targets.len().max(1) as f64;
    [over(&|_| true), over(&|e| e.sources.len() == 1), within]
}

fn parts_of(e: &Example) -> SourceParts {
    SourceParts(std::array::from_fn(|k| e.parts[k]))
}

fn learnt(some: &[&Example], which: &[usize]) -> Result<ScoreWeights, FitError> {
    let parts: Vec<SourceParts> = some.iter().map(|e| parts_of(e)).collect();
    let gains: Vec<f64> = some.iter().map(|e| e.gain).collect();
    ScoreWeights::learnt(&parts, &gains, which, RIDGE)
}

/// The parts by which scores of targets that were left out follow their gains best, one after the other.
fn chosen(some: &[&Example]) -> Result<Vec<usize>, FitError> {
    let (mut which, mut best) = (Vec::new(), f64::NEG_INFINITY);
    loop {
        let mut next = None;
        for part in (0..N_PARTS).filter(|part| !which.contains(part)) {
            let with = [&which[..], &[part]].concat();
            let found = left_out(some, &with)?;
            if found >= best + MIN_GAIN && next.as_ref().is_none_or(|(_, top)| found > *top) {
                next = Some((with, found));
            }
        }
        match next {
            Some(step) => (which, best) = step,
            None => return Ok(which),
        }
    }
}

/// Correlation of gains and scores by these parts, each target by weights learnt without it.
fn left_out(some: &[&Example], which: &[usize]) -> Result<f64, FitError> {
    let mut targets: Vec<&str> = some.iter().map(|e| e.target.as_str()).collect();
    targets.dedup();
    let (mut expected, mut gains) = (Vec::new(), Vec::new());
    for target in targets {
        let (own, others): (Vec<&Example>, Vec<&Example>) = some.iter().partition(|e| e.target == target);
        let weights = learnt(&others, which)?;
        expected.extend(own.iter().map(|e| weights.score(&parts_of(e))));
        gains.extend(own.iter().map(|e| e.gain));
    }
    Ok(spearman(&expected, &gains).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gain follows the first part, the same way in every target.
    fn made_up() -> Vec<Example> {
        let mut rng = Seed(1).stream(0);
        let example = |t: usize, gain: f64, rng: &mut domain::Rng| Example {
            target: format!("t{t}"),
            sources: vec!["s".to_owned()],
            parts: (0..N_PARTS).map(|k| if k == 0 { gain } else { rng.normal() }).collect(),
            gain,
            expected: 0.0,
        };
        (0..60).map(|i| example(i / 12, (i * 7 % 13) as f64, &mut rng)).collect()
    }

    #[test]
    fn a_part_that_decides_everywhere_predicts_a_target_that_was_left_out() {
        let report = score_report("made up", made_up()).unwrap();
        assert!(report.overall > 0.9 && report.within > 0.9, "{} {}", report.overall, report.within);
        assert!(report.weights.3[0] > 5.0 * report.weights.3[3].abs());
    }

    #[test]
    fn the_gains_of_a_target_do_not_reach_its_own_scores() {
        let mut turned = made_up();
        turned.iter_mut().filter(|e| e.target == "t2").for_each(|e| e.gain = -e.gain);
        let (before, after) = (score_report("", made_up()).unwrap(), score_report("", turned).unwrap());
        for (a, b) in before.examples.iter().zip(&after.examples) {
            assert_eq!(a.expected == b.expected, a.target == "t2", "{}: {} {}", a.target, a.expected, b.expected);
        }
    }
}
