//! What other markets teach a target, measured: one table a merchant.
//!
//! Time is cut twice. In the *validation* window every model is fitted on what lies before it and
//! asked about the target shoppers' next new items; parameters are chosen there and the transfer is
//! accepted or refused there. In the *test* window, after it, everything is fitted again and the
//! table is filled. Nothing is chosen on the test window.
//!
//! Each family (popularity, item-kNN, iALS) is fitted on the market alone and on all markets pooled.
//! The marks that decide are cross-fitted over shoppers, so that choosing among many options does
//! not pass for a gain. The weight of the source markets is chosen for each target that has enough
//! shoppers of its own; the others take the sources as they are.
//!
//! This file joins `eval` and `recommend`, which do not know each other. Cost: about ten fits on all
//! rows and three on each market.

use domain::{Day, FitError, Interactions, Market, Score, Seed};
use eval::{Case, Estimate, EvalError, Metric, Nested, PairedDifference, Protocol, Report, TemporalSplit};
use eval::{choose, cross_fitted, evaluate_with, mean_interval, paired_difference};
use learn::LearnError;
use recommend::transfer::{Decision, EvidenceRule, Pool, Sources, TransferVerdict, judge};
use recommend::{IalsParams, ItemKnnParams, ModelKind, Recommender, Similarity, Strength, prepare};
use std::collections::{BTreeMap, BTreeSet};

/// What is compared and how.
#[derive(Clone, Debug)]
pub(crate) struct EvidencePlan {
    /// The market that is known best; it gets a row, but no transfer is decided for it.
    pub(crate) home: Market,
    /// Length of the validation and of the test window in days.
    pub(crate) window_days: i32,
    /// The options of each family, the simplest first.
    pub(crate) families: Vec<Vec<ModelKind>>,
    /// Weights of the source markets to choose from, the plain 1 first.
    pub(crate) source_weights: Vec<f32>,
    /// Metrics and intervals; the first metric decides.
    pub(crate) protocol: Protocol,
    /// What it takes to accept a transfer.
    pub(crate) rule: EvidenceRule,
}

impl EvidencePlan {
    /// The plan that the launch plan prints. Sixty days: shoppers of small markets order about once
    /// in two months, so a shorter window leaves a handful of them; a longer one asks lists of the
    /// cutoff about another season and leaves less to learn from before validation.
    pub(crate) fn for_home(home: Market) -> Self {
        let knn = |similarity, k| ModelKind::ItemKnn(ItemKnnParams { similarity, k, shrinkage: 0.0 });
        let ials = |alpha| ModelKind::Ials(IalsParams { n_factors: 32, n_sweeps: 8, alpha, ..IalsParams::default() });
        Self {
            home,
            window_days: 60,
            families: vec![
                vec![ModelKind::PopularityGlobal, ModelKind::PopularityDecayed { half_life_days: 30.0 }],
                vec![knn(Similarity::Jaccard, 50), knn(Similarity::TfIdf, 20)],
                vec![ials(1.0), ials(0.3)],
            ],
            source_weights: vec![1.0, 0.5, 0.25],
            protocol: Protocol::default(),
            rule: EvidenceRule::default(),
        }
    }
}

/// What a model was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trained {
    /// The market alone.
    Alone,
    /// All markets together.
    Pooled,
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Method {
    /// The model with the parameters chosen on the validation window.
    pub(crate) model: ModelKind,
    /// What it was fitted on.
    pub(crate) trained: Trained,
}

/// Whether the pooled model serves a target, and by whose evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It does: the target's own held-out shoppers gain.
    OwnEvidence,
    /// It does: the target has too few shoppers to tell, and all targets together gain.
    AllTargets,
    /// It does not: the market's own model stays.
    No,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MarketRow {
    /// The market; `None` for all targets together.
    pub(crate) market: Option<Market>,
    /// Shoppers asked about in the test window.
    pub(crate) n_cases: usize,
    /// One estimate a method and metric: `estimates[method][metric]`.
    pub(crate) estimates: Vec<Vec<Estimate>>,
    /// The decision, made on the validation window; `None` for home.
    pub(crate) verdict: Option<TransferVerdict>,
    /// What follows from the verdict, or for a market with too little data from that of all targets.
    pub(crate) applied: Applied,
    /// Weight of the source markets chosen for this target; 1 where it was too small to choose.
    pub(crate) source_weight: f32,
    /// What the transfer gained in the test window over the best model of the market alone, a
    /// difference a metric; `None` for home.
    pub(crate) gain: Option<Vec<PairedDifference>>,
}

/// The table with everything that was chosen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TransferTable {
    /// First day of the validation window.
    pub(crate) validation_from: Day,
    /// First day of the test window.
    pub(crate) test_from: Day,
    /// Last day of the data.
    pub(crate) last_day: Day,
    /// The metrics, in the order of the estimates.
    pub(crate) metrics: Vec<Metric>,
    /// The columns: every family alone, then every family pooled.
    pub(crate) methods: Vec<Method>,
    /// Position of the best method alone, by validation: what a transfer has to beat.
    pub(crate) best_alone: usize,
    /// Position of the best pooled method, by validation: what a transfer brings.
    pub(crate) best_pooled: usize,
    /// All targets together, then home, then the targets by number of cases.
    pub(crate) rows: Vec<MarketRow>,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvidenceError {
    /// Too little to split or to mark.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A model could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// An interval could not be made.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// Nothing to transfer to.
    #[error("no market besides {0} has a shopper who came back within the test window")]
    NoTarget(Market),
}

type Models = BTreeMap<Market, Box<dyn Recommender>>;

/// Fits, chooses, judges and fills the table.
///
/// # Errors
/// [`EvidenceError`] when the data cannot be split into two windows with cases of a target market,
/// or a plan's parameter is out of range.
pub(crate) fn transfer_table(
    all: &Interactions,
    plan: &EvidencePlan,
    seed: Seed,
) -> Result<TransferTable, EvidenceError> {
    let last_day = all.iter().map(|row| row.day).max().ok_or(EvalError::NoCases { what: "transfer table" })?;
    let test_from = last_day.plus(1 - plan.window_days);
    let splits = Nested::new(all, &TemporalSplit::at(test_from), plan.window_days)?;
    let is_target = |case: &&Case| case.market != plan.home && case.market != Market::UNKNOWN;

    let options: Vec<ModelKind> = plan.families.iter().flatten().copied().collect();
    let train = prepare(&splits.validation.train, Strength::Presence);
    let cases: Vec<Case> = splits.validation.cases.iter().filter(is_target).cloned().collect();
    let ask = Asking { train: &train, cases: &cases, plan, seed };
    let alone = Chosen::of(plan, options.iter().map(|kind| ask.alone(kind)).collect::<Result<_, _>>()?)?;
    let pooled = Chosen::of(plan, options.iter().map(|kind| ask.pooled(kind)).collect::<Result<_, _>>()?)?;
    let weights = ask.weights(&options[pooled.best_option], &pooled.marks)?;

    let n_families = plan.families.len();
    let method = |option: &usize, trained| Method { model: options[*option], trained };
    let of_home = pooled.options.iter().map(|o| method(o, Trained::Alone).model).collect::<Vec<_>>();
    let methods: Vec<Method> = (alone.options.iter().map(|o| method(o, Trained::Alone)))
        .chain(pooled.options.iter().map(|o| method(o, Trained::Pooled)))
        .collect();
    let (best_alone, best_pooled) = (alone.best_family, n_families + pooled.best_family);

    let train = prepare(&splits.test.train, Strength::Presence);
    let cases: Vec<Case> = splits.test.cases.iter().filter(|case| case.market != Market::UNKNOWN).cloned().collect();
    if cases.iter().all(|case| case.market == plan.home) {
        return Err(EvidenceError::NoTarget(plan.home));
    }
    let ask = Asking { train: &train, cases: &cases, plan, seed };
    let mut reports = Vec::new();
    let mut best_pooled_model = None;
    for (m, method) in methods.iter().enumerate() {
        match method.trained {
            // Home has the rows to bear the parameters that suit the pool.
            Trained::Alone => reports.push(ask.alone_but(&method.model, plan.home, &of_home[m])?),
            Trained::Pooled => {
                let model = method.model.fit(&train, seed)?;
                reports.push(ask.report(|_| Some(&*model as &dyn Score))?);
                best_pooled_model = if m == best_pooled { Some(model) } else { best_pooled_model };
            }
        }
    }
    let weighted: Models = (weights.iter().filter(|(_, choice)| choice.weight != 1.0))
        .map(|(market, choice)| {
            Ok((*market, methods[best_pooled].model.fit(&ask.pool(*market, choice.weight)?, seed)?))
        })
        .collect::<Result<_, FitError>>()?;
    let plain = best_pooled_model.as_deref();
    let transferred = ask.report(|case| {
        let own = weighted.get(&case.market).map(|model| &**model);
        own.or(plain).map(|model| model as &dyn Score)
    })?;

    let filler = Filler { plan, reports: &reports, transferred: &transferred, best_alone, seed };
    let validated = |market: Option<Market>| -> Result<TransferVerdict, EvidenceError> {
        let of = |marks: &[f64]| -> Vec<f64> {
            let asked = splits.validation.cases.iter().filter(is_target).zip(marks);
            asked.filter(|(case, _)| market.is_none_or(|m| m == case.market)).map(|(_, mark)| *mark).collect()
        };
        let tuned = market.and_then(|m| weights.get(&m)).map(|choice| choice.honest_marks.clone());
        Ok(judge(&of(&alone.honest_marks), &tuned.unwrap_or_else(|| of(&pooled.honest_marks)), &plan.rule, seed)?)
    };
    let together = validated(None)?;
    let applied = |own: &TransferVerdict| match own.decision {
        Decision::Accepted => Applied::OwnEvidence,
        Decision::TooLittleData if together.accepted() => Applied::AllTargets,
        Decision::TooLittleData | Decision::Refused => Applied::No,
    };
    let targets: BTreeSet<Market> = cases.iter().map(|case| case.market).filter(|m| *m != plan.home).collect();
    let mut rows = Vec::new();
    for market in targets {
        let weight = weights.get(&market).map_or(1.0, |choice| choice.weight);
        let verdict = validated(Some(market))?;
        let applied = applied(&verdict);
        rows.push(MarketRow { applied, ..filler.row(Some(market), |m| m == market, Some(verdict), weight)? });
    }
    rows.sort_by_key(|row: &MarketRow| (std::cmp::Reverse(row.n_cases), row.market));
    if cases.iter().any(|case| case.market == plan.home) {
        rows.insert(0, filler.row(Some(plan.home), |m| m == plan.home, None, 1.0)?);
    }
    let applied = applied(&together);
    rows.insert(0, MarketRow { applied, ..filler.row(None, |m| m != plan.home, Some(together.clone()), 1.0)? });
    let metrics = plan.protocol.metrics.clone();
    let validation_from = test_from.plus(-plan.window_days);
    Ok(TransferTable { validation_from, test_from, last_day, metrics, methods, best_alone, best_pooled, rows })
}

/// The options that won on the validation window.
struct Chosen {
    /// The best option of each family.
    options: Vec<usize>,
    /// The family of the best option.
    best_family: usize,
    /// The best option of all.
    best_option: usize,
    /// Its marks, one a case.
    marks: Vec<f64>,
    /// Marks of the whole procedure, cross-fitted.
    honest_marks: Vec<f64>,
}

/// Folds of the cross-fitting, fewer where there are fewer cases.
const N_FOLDS: usize = 5;

impl Chosen {
    /// `marks` holds one list an option, the options of all families one after the other.
    fn of(plan: &EvidencePlan, marks: Vec<Vec<f64>>) -> Result<Self, EvalError> {
        let (mut options, mut first) = (Vec::new(), 0);
        for family in &plan.families {
            options.push(first + choose(&marks[first..first + family.len()])?.index);
            first += family.len();
        }
        let best_option = choose(&marks)?.index;
        let best_family = options.iter().position(|o| *o == best_option).unwrap_or(0);
        let honest_marks = honest(&marks)?;
        Ok(Self { options, best_family, best_option, marks: marks[best_option].clone(), honest_marks })
    }
}

fn honest(marks: &[Vec<f64>]) -> Result<Vec<f64>, EvalError> {
    match marks.first().map_or(0, Vec::len) {
        // One case cannot be held out from its own choice: the first, simplest option is taken.
        0 | 1 => Ok(marks.first().cloned().unwrap_or_default()),
        n => cross_fitted(marks, n.min(N_FOLDS)),
    }
}

/// The weight chosen for one target and the cross-fitted marks of choosing it.
struct WeightChoice {
    weight: f32,
    honest_marks: Vec<f64>,
}

/// One window: what is fitted on and who is asked about.
struct Asking<'a> {
    train: &'a Interactions,
    cases: &'a [Case],
    plan: &'a EvidencePlan,
    seed: Seed,
}

impl Asking<'_> {
    fn report<'m>(&self, model_of: impl Fn(&Case) -> Option<&'m dyn Score> + Sync) -> Result<Report, EvalError> {
        evaluate_with(model_of, self.cases, self.train.n_items(), &self.plan.protocol)
    }

    fn marks(&self, report: &Report) -> Result<Vec<f64>, EvalError> {
        report.marks(self.plan.protocol.metrics[0], None)
    }

    fn pool(&self, target: Market, weight: f32) -> Result<Interactions, FitError> {
        Pool { target, sources: Sources::AllOthers, weight }.pooled(self.train)
    }

    /// A model for each market that has a case, fitted on its own rows.
    fn alone_but(&self, kind: &ModelKind, except: Market, its: &ModelKind) -> Result<Report, EvidenceError> {
        let markets: BTreeSet<Market> = self.cases.iter().map(|case| case.market).collect();
        let fit = |market: Market| {
            let local = Pool { target: market, sources: Sources::AllOthers, weight: 1.0 }.local(self.train);
            let kind = if market == except { its } else { kind };
            Ok((market, kind.fit(&local, self.seed)?))
        };
        let models: Models = markets.into_iter().map(fit).collect::<Result<_, FitError>>()?;
        Ok(self.report(|case| models.get(&case.market).map(|model| &**model as &dyn Score))?)
    }

    fn alone(&self, kind: &ModelKind) -> Result<Vec<f64>, EvidenceError> {
        Ok(self.marks(&self.alone_but(kind, self.plan.home, kind)?)?)
    }

    fn pooled(&self, kind: &ModelKind) -> Result<Vec<f64>, EvidenceError> {
        let model = kind.fit(self.train, self.seed)?;
        Ok(self.marks(&self.report(|_| Some(&*model as &dyn Score))?)?)
    }

    /// The source weight of each target with enough cases; `plain` are the marks at weight 1.
    fn weights(&self, kind: &ModelKind, plain: &[f64]) -> Result<BTreeMap<Market, WeightChoice>, EvidenceError> {
        let mut n_cases: BTreeMap<Market, usize> = BTreeMap::new();
        self.cases.iter().for_each(|case| *n_cases.entry(case.market).or_default() += 1);
        n_cases.retain(|_, n| *n >= self.plan.rule.min_cases);
        let choose_for = |target: Market| {
            let (cases, plain): (Vec<Case>, Vec<f64>) =
                self.cases.iter().zip(plain).filter(|(c, _)| c.market == target).map(|(c, m)| (c.clone(), *m)).unzip();
            let own = Asking { cases: &cases, ..*self };
            let at = |weight: &f32| {
                if *weight == 1.0 {
                    return Ok(plain.clone());
                }
                let model = kind.fit(&own.pool(target, *weight)?, self.seed)?;
                Ok(own.marks(&own.report(|_| Some(&*model as &dyn Score))?)?)
            };
            let marks = self.plan.source_weights.iter().map(at).collect::<Result<Vec<_>, EvidenceError>>()?;
            let weight = self.plan.source_weights[choose(&marks)?.index];
            Ok((target, WeightChoice { weight, honest_marks: honest(&marks)? }))
        };
        n_cases.into_keys().map(choose_for).collect()
    }
}

/// Turns the reports of the test window into rows.
struct Filler<'a> {
    plan: &'a EvidencePlan,
    reports: &'a [Report],
    transferred: &'a Report,
    best_alone: usize,
    seed: Seed,
}

impl Filler<'_> {
    fn marks(report: &Report, metric: usize, is_in: &impl Fn(Market) -> bool) -> Vec<f64> {
        report.cases.iter().filter(|case| is_in(case.market)).map(|case| case.marks[metric]).collect()
    }

    fn row(
        &self,
        market: Option<Market>,
        is_in: impl Fn(Market) -> bool,
        verdict: Option<TransferVerdict>,
        source_weight: f32,
    ) -> Result<MarketRow, EvidenceError> {
        let how = &self.plan.protocol.bootstrap;
        let metrics = 0..self.plan.protocol.metrics.len();
        let estimate = |report: &Report| -> Result<Vec<Estimate>, EvalError> {
            let one = |metric| mean_interval(&Self::marks(report, metric, &is_in), how, self.seed);
            metrics.clone().map(one).collect()
        };
        let gain = |metric| {
            let transferred = Self::marks(self.transferred, metric, &is_in);
            paired_difference(
                &transferred,
                &Self::marks(&self.reports[self.best_alone], metric, &is_in),
                how,
                self.seed,
            )
        };
        Ok(MarketRow {
            market,
            n_cases: Self::marks(self.transferred, 0, &is_in).len(),
            estimates: self.reports.iter().map(estimate).collect::<Result<_, EvalError>>()?,
            gain: verdict.is_some().then(|| metrics.clone().map(gain).collect()).transpose()?,
            verdict,
            applied: Applied::No,
            source_weight,
        })
    }
}
