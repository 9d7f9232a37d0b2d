//! Proving a transfer or refusing it: nested validation on the target alone.
//!
//! A [`Contender`] is a procedure: it chooses among its options, or learns weights, from the validation
//! shoppers that it is given. The side without transfer is the best of several such procedures, a stack of
//! the target's own models among them, so that a transfer is not praised for what stacking does. Every
//! procedure is repeated without each half of the shoppers and marked on that half ([`eval::cross_fitted_by`]);
//! the paired bootstrap over those marks accepts or refuses ([`recommend::transfer::judge`]). The test window
//! is asked once, about what the whole validation window chose.

use super::arena::{Arena, Side};
use crate::ProtocolError;
use crate::climb::{ClimbParams, climb};
use domain::Seed;
use eval::{
    Bootstrap, Estimate, EvalError, Folds, PairedDifference, cross_fitted_by, mean_interval, paired_difference,
};
use recommend::ModelKind;
use recommend::transfer::{Adaptation, EvidenceRule, TransferVerdict, judge};
use serde::Serialize;

/// A procedure that ends in one way to answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Contender {
    /// The best of these, the earlier one of equals.
    Pick {
        /// Its name.
        name: &'static str,
        /// The options, the simplest first.
        options: Vec<Adaptation>,
    },
    /// All of these at weights that are learnt.
    Stack {
        /// Its name.
        name: &'static str,
        /// What is added up; the weights are those of a conditional logit.
        members: Vec<Adaptation>,
    },
    /// One model of all rows, with a weight for each source that is learnt.
    Weigh {
        /// Its name.
        name: &'static str,
        /// The model.
        kind: ModelKind,
        /// Weights to start from and to try.
        steps: Vec<f32>,
    },
}

/// Weight of the squared weights of a stack, in units of a shopper's loss.
const L2: f64 = 0.03;

/// What a procedure ended in.
#[derive(Clone, Debug, PartialEq)]
struct Ended {
    way: Adaptation,
    validation: Vec<f64>,
}

impl Contender {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pick { name, .. } | Self::Stack { name, .. } | Self::Weigh { name, .. } => name,
        }
    }

    /// Runs the procedure on some validation cases.
    fn chosen_on(&self, arena: &mut Arena, kept: &[usize]) -> Result<Ended, ProtocolError> {
        let way = match self {
            Self::Pick { options, .. } => {
                let marks = options.iter().map(|o| arena.both_validation(o)).collect::<Result<Vec<_>, _>>()?;
                options[eval::choose_on(&marks, kept)?].clone()
            }
            Self::Stack { members, .. } => {
                let weights = arena.stack(members, Side::Validation)?.likeliest(kept, L2)?;
                // Three digits read well, and the fourth is noise.
                let weights = weights.iter().map(|w| (w * 1e3).round() / 1e3);
                Adaptation::Stacked(members.iter().cloned().zip(weights).collect())
            }
            Self::Weigh { kind, steps, .. } => {
                let start = vec![steps[0]; arena.ground(Side::Validation).sources().len()];
                let params = ClimbParams { steps: steps.clone(), n_rounds: 1, min_gain: 5e-4 };
                let way = |weights: &[f32]| Adaptation::Pooled { kind: *kind, weights: weights.to_vec() };
                let weights = climb(start, &params, |weights| {
                    let marks = arena.marks(&way(weights), Side::Validation)?;
                    Ok::<f64, ProtocolError>(kept.iter().map(|c| marks[*c]).sum::<f64>() / kept.len().max(1) as f64)
                })?;
                way(&weights)
            }
        };
        let validation = arena.marks(&way, Side::Validation)?;
        Ok(Ended { way, validation })
    }
}

impl Arena {
    /// Marks of the validation window; a way that learns from the same rows in both is marked in both at once.
    fn both_validation(&mut self, way: &Adaptation) -> Result<Vec<f64>, ProtocolError> {
        let [validation, _] = self.both(way)?;
        Ok(validation)
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyParams {
    /// Procedures without a transfer; the best of them is what has to be beaten.
    pub alone: Vec<Contender>,
    /// Procedures with one, of which the best is judged and served. The more there are, the more of what a choice
    /// gains is lost to choosing: a single one that can leave every part out proves more than the best of many.
    pub transfers: Vec<Contender>,
    /// Procedures that are measured and judged beside them, and never served.
    pub beside: Vec<Contender>,
    /// What it takes to be accepted.
    pub rule: EvidenceRule,
    /// Intervals of the test window.
    pub bootstrap: Bootstrap,
}

/// One procedure's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MethodRow {
    /// Its name.
    pub name: &'static str,
    /// What it ended in, in words.
    pub chosen: String,
    /// Mean mark on the test questions.
    pub test: Estimate,
    /// Over the target alone, on the same questions.
    pub gain: PairedDifference,
    /// What validation said.
    pub verdict: Verdict,
}

/// A verdict as it is printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether the transfer may be applied.
    pub accepted: bool,
    /// Mean gain on validation.
    pub gain: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Shoppers.
    pub n: usize,
    /// In a sentence.
    pub reason: String,
}

impl From<TransferVerdict> for Verdict {
    fn from(v: TransferVerdict) -> Self {
        let interval = v.interval;
        Self {
            accepted: v.accepted(),
            gain: v.gain,
            low: interval.map(|i| i.low),
            high: interval.map(|i| i.high),
            n: v.n_cases,
            reason: v.reason,
        }
    }
}

/// Everything that came out for a target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudyReport {
    /// The task.
    pub task: String,
    /// What the marks are.
    pub metric: String,
    /// Shoppers who chose, and who are reported.
    pub n_validation: usize,
    /// As above.
    pub n_test: usize,
    /// What the target alone ended in.
    pub alone_chosen: String,
    /// Its mean mark on the test questions.
    pub alone: Estimate,
    /// One row a procedure.
    pub methods: Vec<MethodRow>,
    /// The whole choice among the procedures.
    pub verdict: Verdict,
    /// The procedure that the whole choice ended in.
    pub best: &'static str,
    /// Gain on the test questions of what is served: 0 where it was refused.
    pub served: PairedDifference,
    /// The way that is served.
    #[serde(skip)]
    pub way: Adaptation,
}

/// The best of several procedures on some cases, with its position. Each is marked on either half of them by what
/// it ends in on the other half, so that one with many weights is not taken for fitting its own cases best.
fn best_on(contenders: &[Contender], arena: &mut Arena, kept: &[usize]) -> Result<(usize, Ended), ProtocolError> {
    let half = |r: usize| -> Vec<usize> { kept.iter().copied().skip(r).step_by(2).collect() };
    let halves = [half(0), half(1)];
    let mut best = (0, f64::NEG_INFINITY);
    for (at, contender) in contenders.iter().enumerate() {
        let mut sum = 0.0;
        for (learn, ask) in [(0, 1), (1, 0)] {
            let ended = contender.chosen_on(arena, &halves[learn])?;
            sum += halves[ask].iter().map(|c| ended.validation[*c]).sum::<f64>();
        }
        if sum > best.1 {
            best = (at, sum);
        }
    }
    Ok((best.0, contenders[best.0].chosen_on(arena, kept)?))
}

/// Chooses, judges, and asks the test window once.
///
/// # Errors
/// [`ProtocolError`] of a fit, or when a window has no question.
pub fn study(
    arena: &mut Arena,
    params: &StudyParams,
    progress: &mut dyn FnMut(&str),
) -> Result<StudyReport, ProtocolError> {
    let n = arena.cases(Side::Validation).len();
    if n == 0 || arena.cases(Side::Test).is_empty() {
        return Err(EvalError::NoCases { what: "transfer study" }.into());
    }
    let seed: Seed = arena.seed();
    let folds = Folds::by_group(&vec![(); n], 2)?;
    let everybody: Vec<usize> = (0..n).collect();
    for contender in params.alone.iter().chain(&params.transfers).chain(&params.beside) {
        if let Contender::Stack { name, members } = contender {
            progress(&format!("members of the {name}"));
            arena.stack(members, Side::Validation)?;
        }
    }
    progress("target alone");
    let alone =
        cross_fitted_by(&folds, |kept| Ok::<_, ProtocolError>(best_on(&params.alone, arena, kept)?.1.validation))?;
    let (_, own) = best_on(&params.alone, arena, &everybody)?;
    let own_test = arena.marks(&own.way, Side::Test)?;
    let judged = |marks: &[f64]| -> Result<Verdict, ProtocolError> {
        let rule = || judge(&alone, marks, &params.rule, seed);
        Ok(rule().map_err(|e| ProtocolError::Judge { why: e.to_string() })?.into())
    };
    let gain = |marks: &[f64]| paired_difference(marks, &own_test, &params.bootstrap, seed);
    let mut methods = Vec::new();
    for contender in params.beside.iter().chain(&params.transfers) {
        progress(contender.name());
        let honest =
            cross_fitted_by(&folds, |kept| Ok::<_, ProtocolError>(contender.chosen_on(arena, kept)?.validation))?;
        let ended = contender.chosen_on(arena, &everybody)?;
        let test = arena.marks(&ended.way, Side::Test)?;
        methods.push(MethodRow {
            name: contender.name(),
            chosen: ended.way.to_string(),
            test: mean_interval(&test, &params.bootstrap, seed)?,
            gain: gain(&test)?,
            verdict: judged(&honest)?,
        });
    }
    let honest =
        cross_fitted_by(&folds, |kept| Ok::<_, ProtocolError>(best_on(&params.transfers, arena, kept)?.1.validation))?;
    let verdict = judged(&honest)?;
    let (best, ended) = best_on(&params.transfers, arena, &everybody)?;
    let way = if verdict.accepted { ended.way } else { own.way.clone() };
    let served = gain(&arena.marks(&way, Side::Test)?)?;
    Ok(StudyReport {
        task: arena.task().to_owned(),
        metric: arena.metric().to_string(),
        n_validation: n,
        n_test: own_test.len(),
        alone_chosen: own.way.to_string(),
        alone: mean_interval(&own_test, &params.bootstrap, seed)?,
        methods,
        verdict,
        best: params.transfers[best].name(),
        served,
        way,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Interaction, Interactions, ItemIdx, Kind, Market, ShopperIdx};
    use eval::Case;
    use recommend::ItemKnnParams;
    use recommend::transfer::{Ground, SimilarityPriorParams};

    const GROUPS: usize = 24;
    const SIZE: usize = 8;

    /// A target of 60 shoppers with two purchases to learn from, and a source of 300 with six. A shopper buys
    /// within one group of items; the source's groups are the target's, or cut across them.
    fn arena(alike: bool) -> Arena {
        let (own, other) = (Market::from_code(*b"VN").unwrap(), Market::from_code(*b"CN").unwrap());
        let (mut rows, mut markets, mut cases) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        for s in 0..360_u32 {
            let mut rng = Seed(9).stream(u64::from(s));
            let target = s < 60;
            markets.push(if target { own } else { other });
            let group = rng.below(GROUPS);
            let mut within: Vec<usize> = (0..SIZE).collect();
            rng.shuffle(&mut within);
            let item = |w: usize| {
                let at = if target || alike { group * SIZE + w } else { w * GROUPS + group };
                ItemIdx(at as u32)
            };
            let bought: Vec<ItemIdx> = within.iter().map(|w| item(*w)).collect();
            let n = if target { 2 } else { 6 };
            rows.extend(bought[..n].iter().enumerate().map(|(day, item)| Interaction {
                shopper: ShopperIdx(s),
                item: *item,
                kind: Kind::Purchase,
                day: Day(day as i32),
                weight: 1.0,
            }));
            if target {
                for (which, cases) in cases.iter_mut().enumerate() {
                    let history = bought[..n].to_vec();
                    let open = |i: &ItemIdx| !history.contains(i);
                    let candidates = (0..(GROUPS * SIZE) as u32).map(ItemIdx).filter(open).collect();
                    let relevant = vec![bought[n + which]];
                    cases.push(Case {
                        shopper: ShopperIdx(s),
                        market: own,
                        history,
                        relevant,
                        candidates: Some(candidates),
                    });
                }
            }
        }
        let all = Interactions::new(GROUPS * SIZE, markets, rows).unwrap();
        let [validation, test] = cases;
        Arena::of_one("planted", Ground::by_market(&all, own, &[other]), validation, test, Seed(1))
    }

    fn params() -> StudyParams {
        let knn = ModelKind::ItemKnn(ItemKnnParams::default());
        let prior = Adaptation::SimilarityPrior(SimilarityPriorParams::default());
        let own = vec![Adaptation::Alone(ModelKind::PopularityGlobal), Adaptation::Alone(knn)];
        let mut both = own.clone();
        both.push(prior.clone());
        StudyParams {
            alone: vec![
                Contender::Pick { name: "one", options: own.clone() },
                Contender::Stack { name: "stack", members: own },
            ],
            transfers: vec![
                Contender::Pick { name: "prior", options: vec![prior] },
                Contender::Weigh { name: "weighted", kind: knn, steps: vec![0.25, 0.0, 1.0] },
                Contender::Stack { name: "stacked", members: both },
            ],
            beside: vec![Contender::Pick { name: "nobody", options: vec![Adaptation::Alone(knn)] }],
            rule: EvidenceRule::default(),
            bootstrap: Bootstrap::default(),
        }
    }

    #[test]
    fn a_source_of_the_same_taste_is_accepted_and_gains_on_the_test() {
        let report = study(&mut arena(true), &params(), &mut |_| ()).unwrap();
        assert!(report.verdict.accepted, "{:?}", report.verdict);
        let accepted: Vec<bool> = report.methods.iter().map(|m| m.verdict.accepted).collect();
        assert_eq!(accepted, [false, true, true, true], "{:?}", report.methods);
        assert!(report.served.difference.mean > 0.0, "{:?}", report.served);
        assert_eq!((report.n_validation, report.n_test), (60, 60));
    }

    #[test]
    fn a_source_of_another_taste_is_refused_and_nothing_is_lost() {
        let report = study(&mut arena(false), &params(), &mut |_| ()).unwrap();
        assert!(!report.verdict.accepted, "{:?}", report.verdict);
        assert_eq!(report.served.difference.mean, 0.0, "the target's own model is served");
        assert!(!report.way.transfers());
    }

    #[test]
    fn without_a_question_there_is_no_study() {
        let mut empty = Arena::of_one("none", arena(true).ground(Side::Test).clone(), Vec::new(), Vec::new(), Seed(1));
        assert!(matches!(study(&mut empty, &params(), &mut |_| ()), Err(ProtocolError::Eval(_))));
    }
}
