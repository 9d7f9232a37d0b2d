//! What other markets teach a target, measured: one table a merchant.
//!
//! Time is cut twice. In the *validation* window every model is fitted on what lies before it and
//! asked about the target shoppers' next new items; parameters are chosen there and the transfer is
//! accepted or refused there. In the *test* window, after it, everything is fitted again and the
//! table is filled. Nothing is chosen on the test window.
//!
//! Each family (popularity, item-kNN, iALS, EASE) is fitted on the market alone and on all markets pooled.
//! The best pooled option is chosen on all targets together; the weight of the source markets is
//! then chosen for each target that has enough shoppers of its own, the others take the sources as
//! they are. Choosing among many options would pass for a gain, so the marks that decide are
//! cross-fitted: every shopper is marked by what the *whole* procedure, option and weight, chooses
//! without that shopper's half, and the market's own side likewise, in the same halves.
//!
//! Who decides for a target: its own shoppers from `EvidenceRule::min_cases` on; below that all
//! target markets together, by policy, and the row says so ([`Applied::AllTargets`]).
//!
//! This file joins `eval` and `recommend`, which do not know each other. Cost: about a dozen fits on
//! all rows, four on each market and on home, and for each target with shoppers enough one more a weight and option
//! that wins in some fold (mostly one option).

use domain::{Day, FitError, Interactions, Market, Score, Seed};
use eval::{Case, CoBuyers, Estimate, EvalError, Folds, Metric, Nested, PairedDifference, Protocol, Report, Summary};
use eval::{TemporalSplit, choose, choose_in_steps, cross_fitted, cross_fitted_by, evaluate_with};
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
    /// Shoppers of a market who are asked at most in a window.
    pub(crate) most_cases: usize,
}

/// Shoppers of a market who are asked at most: enough to tell half a hundredth of nDCG, few enough that a market of a hundred thousand is
/// measured in minutes.
pub(crate) const MOST_CASES: usize = 10_000;

impl EvidencePlan {
    /// The plan that the launch plan prints. Sixty days: shoppers of small markets order about once
    /// in two months, so a shorter window leaves a handful of them; a longer one asks lists of the
    /// cutoff about another season and leaves less to learn from before validation.
    pub(crate) fn for_home(home: Market) -> Self {
        Self {
            home,
            window_days: 60,
            families: DEFAULT_MODELS.iter().filter_map(|name| family(name)).collect(),
            source_weights: vec![1.0, 0.5, 0.25],
            protocol: Protocol {
                metrics: vec![
                    Metric::Ndcg(10),
                    Metric::Recall(20),
                    Metric::HitRate(10),
                    Metric::Mrr(10),
                    Metric::Map(10),
                ],
                ..Protocol::default()
            },
            rule: EvidenceRule::default(),
            most_cases: MOST_CASES,
        }
    }
}

/// The families that compete where nobody says otherwise, the simplest first.
pub(crate) const DEFAULT_MODELS: [&str; 4] = ["popularity", "item-knn", "ials", "ease-sparse"];

/// The options of a family, the simplest first: those of a model of the default list, or any other model with its
/// default parameters. `None` for a name that is none, and for the popularity of one market, which knows no others.
pub(crate) fn family(name: &str) -> Option<Vec<ModelKind>> {
    let knn = |similarity, k| ModelKind::ItemKnn(ItemKnnParams { similarity, k, shrinkage: 0.0 });
    let ials = |alpha| ModelKind::Ials(IalsParams { n_factors: 32, n_sweeps: 8, alpha, ..IalsParams::default() });
    Some(match name {
        "popularity" => vec![ModelKind::PopularityGlobal, ModelKind::PopularityDecayed { half_life_days: 30.0 }],
        "item-knn" => vec![knn(Similarity::Jaccard, 50), knn(Similarity::TfIdf, 20)],
        "ials" => vec![ials(1.0), ials(0.3)],
        "popularity-market" => return None,
        other => vec![ModelKind::named(other, Market::UNKNOWN)?],
    })
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

/// A method on the test shoppers of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Marked {
    /// Which.
    pub(crate) method: Method,
    /// Weight of the other markets' rows: 0 alone, 1 pooled, else what was chosen for the target.
    pub(crate) source_weight: f32,
    /// One estimate a metric.
    pub(crate) estimates: Vec<Estimate>,
    /// Coverage and the like.
    pub(crate) beyond: Summary,
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
    /// The methods of the table in their order, then the best pooled one at the weight chosen for
    /// this target, where that is not 1.
    pub(crate) marked: Vec<Marked>,
    /// The decision, made on the validation window; `None` for home.
    pub(crate) verdict: Option<TransferVerdict>,
    /// What follows from the verdict, or for a market with too little data from that of all targets.
    pub(crate) applied: Applied,
    /// Weight of the source markets chosen for this target; 1 where it was too small to choose.
    pub(crate) source_weight: f32,
    /// What the transfer gained in the test window over the best model of the market alone, a
    /// difference a metric; `None` for home. Over all targets together it is the pool at weight 1,
    /// which is what their verdict is about.
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
    /// The columns: every family alone, then every family pooled. Home's own models have the
    /// parameters of the pooled ones.
    pub(crate) methods: Vec<Method>,
    /// Position of the best method alone, by validation: what a transfer has to beat.
    pub(crate) best_alone: usize,
    /// Position of the best pooled method, by validation: what a transfer brings.
    pub(crate) best_pooled: usize,
    /// Position among the pooled methods of the model that ranks home's validation shoppers best where home alone
    /// teaches it; `None` where home has too few of them.
    pub(crate) best_at_home: Option<usize>,
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

/// How a model is fitted: what is done besides, such as showing how far a network is, is the caller's matter.
pub(crate) type FitModel<'a> = &'a dyn Fn(&ModelKind, &Interactions, Seed) -> Result<Box<dyn Recommender>, FitError>;

/// Fits, chooses, judges and fills the table.
///
/// # Errors
/// [`EvidenceError`] when the data cannot be split into two windows with cases of a target market,
/// or a plan's parameter is out of range.
pub(crate) fn transfer_table(
    all: &Interactions,
    plan: &EvidencePlan,
    fit: FitModel<'_>,
    seed: Seed,
) -> Result<TransferTable, EvidenceError> {
    let last_day = all.iter().map(|row| row.day).max().ok_or(EvalError::NoCases { what: "transfer table" })?;
    let test_from = last_day.plus(1 - plan.window_days);
    let splits = Nested::new(all, &TemporalSplit::at(test_from), plan.window_days)?.at_most(plan.most_cases, seed);
    let is_target = |case: &&Case| case.market != plan.home && case.market != Market::UNKNOWN;

    let options: Vec<ModelKind> = plan.families.iter().flatten().copied().collect();
    let train = prepare(&splits.validation.train, Strength::Presence);
    let cases: Vec<Case> = splits.validation.cases.iter().filter(is_target).cloned().collect();
    let ask = Asking { train: &train, cases: &cases, plan, fit, seed };
    let alone_marks = options.iter().map(|kind| ask.alone(kind)).collect::<Result<Vec<_>, _>>()?;
    let pooled_marks = options.iter().map(|kind| ask.pooled(kind)).collect::<Result<Vec<_>, _>>()?;
    let (alone, pooled) = (Chosen::of(plan, &alone_marks)?, Chosen::of(plan, &pooled_marks)?);
    let asked_in: Vec<Market> = cases.iter().map(|case| case.market).collect();
    let folds = Folds::by_group(&asked_in, N_FOLDS)?;
    let mut weighings = Weighings { ask: &ask, options: &options, plain: &pooled_marks, known: BTreeMap::new() };
    let mut steps = |kept: &[usize]| {
        choose_in_steps(&pooled_marks, &asked_in, kept, &mut |market, option| weighings.of(market, option))
    };
    let served = steps(&(0..cases.len()).collect::<Vec<_>>())?;
    let weights: BTreeMap<Market, f32> =
        served.variants.iter().map(|(market, at)| (*market, plan.source_weights[*at])).collect();
    let honest = Honest {
        alone: cross_fitted(&alone_marks, &folds)?,
        pooled: cross_fitted(&pooled_marks, &folds)?,
        weighted: cross_fitted_by(&folds, |kept| Ok::<_, EvidenceError>(steps(kept)?.marks))?,
    };
    let validated = |market: Option<Market>| -> Result<TransferVerdict, EvidenceError> {
        let of = |marks: &[f64]| -> Vec<f64> {
            let asked = asked_in.iter().zip(marks);
            asked.filter(|(of, _)| market.is_none_or(|m| m == **of)).map(|(_, mark)| *mark).collect()
        };
        // What all targets together decide is applied at weight 1, so that is what they judge.
        let transferred = if market.is_some() { &honest.weighted } else { &honest.pooled };
        Ok(judge(&of(&honest.alone), &of(transferred), &plan.rule, seed)?)
    };
    let together = validated(None)?;

    let n_families = plan.families.len();
    let method = |option: &usize, trained| Method { model: options[*option], trained };
    let methods: Vec<Method> = (alone.options.iter().map(|o| method(o, Trained::Alone)))
        .chain(pooled.options.iter().map(|o| method(o, Trained::Pooled)))
        .collect();
    let (best_alone, best_pooled) = (alone.best_family, n_families + pooled.best_family);

    let own: Vec<Case> = splits.validation.cases.iter().filter(|case| case.market == plan.home).cloned().collect();
    let ask = Asking { cases: &own, ..ask };
    let best_at_home = if own.len() < plan.rule.min_cases {
        None
    } else {
        let marks = methods[n_families..].iter().map(|m| ask.alone(&m.model)).collect::<Result<Vec<_>, _>>()?;
        Some(n_families + choose(&marks)?.index)
    };

    let train = prepare(&splits.test.train, Strength::Presence);
    let cases: Vec<Case> = splits.test.cases.iter().filter(|case| case.market != Market::UNKNOWN).cloned().collect();
    if cases.iter().all(|case| case.market == plan.home) {
        return Err(EvidenceError::NoTarget(plan.home));
    }
    let ask = Asking { train: &train, cases: &cases, plan, fit, seed };
    let mut reports = Vec::new();
    for (m, method) in methods.iter().enumerate() {
        reports.push(match method.trained {
            // Home has the rows to bear the parameters that suit the pool.
            Trained::Alone => ask.alone_but(&method.model, plan.home, &methods[n_families + m].model)?,
            Trained::Pooled => ask.pooled_report(&method.model)?,
        });
    }
    let mut weighted = BTreeMap::new();
    for (market, weight) in weights.iter().filter(|(_, weight)| **weight != 1.0) {
        let own: Vec<Case> = cases.iter().filter(|case| case.market == *market).cloned().collect();
        if !own.is_empty() {
            let own = Asking { cases: &own, ..ask };
            weighted.insert(*market, own.weighted_report(&methods[best_pooled].model, *market, *weight)?);
        }
    }

    let known = CoBuyers::new(&train);
    let filler = Filler { methods: &methods, reports, known, best_alone, best_pooled, home: plan.home };
    let applied = |own: &TransferVerdict| match own.decision {
        Decision::Accepted => Applied::OwnEvidence,
        Decision::TooLittleData if together.accepted() => Applied::AllTargets,
        Decision::TooLittleData | Decision::Refused => Applied::No,
    };
    let targets: BTreeSet<Market> = cases.iter().map(|case| case.market).filter(|m| *m != plan.home).collect();
    let mut rows = Vec::new();
    for market in targets {
        let weight = weights.get(&market).copied().unwrap_or(1.0);
        let verdict = validated(Some(market))?;
        let applied = applied(&verdict);
        let own = weighted.get(&market).map(|report| (weight, report));
        let row = filler.row(Some(market), |m| m == market, Some(verdict), own)?;
        rows.push(MarketRow { applied, source_weight: weight, ..row });
    }
    rows.sort_by_key(|row: &MarketRow| (std::cmp::Reverse(row.n_cases), row.market));
    if cases.iter().any(|case| case.market == plan.home) {
        rows.insert(0, filler.row(Some(plan.home), |m| m == plan.home, None, None)?);
    }
    let applied = applied(&together);
    rows.insert(0, MarketRow { applied, ..filler.row(None, |m| m != plan.home, Some(together.clone()), None)? });
    let metrics = plan.protocol.metrics.clone();
    let validation_from = test_from.plus(-plan.window_days);
    Ok(TransferTable {
        validation_from,
        test_from,
        last_day,
        metrics,
        methods,
        best_alone,
        best_pooled,
        best_at_home,
        rows,
    })
}

/// Folds of the cross-fitting. Two, because more folds make the marks lean on each other: see
/// `eval::select` and [`EvidenceRule::spread`].
const N_FOLDS: usize = 2;

/// The options that won on the validation window.
struct Chosen {
    /// The best option of each family.
    options: Vec<usize>,
    /// The family of the best option.
    best_family: usize,
}

impl Chosen {
    /// `marks` holds one list an option, the options of all families one after the other.
    fn of(plan: &EvidencePlan, marks: &[Vec<f64>]) -> Result<Self, EvalError> {
        let (mut options, mut first) = (Vec::new(), 0);
        for family in &plan.families {
            options.push(first + choose(&marks[first..first + family.len()])?.index);
            first += family.len();
        }
        let best = choose(marks)?.index;
        let best_family = options.iter().position(|o| *o == best).unwrap_or(0);
        Ok(Self { options, best_family })
    }
}

/// Marks of the validation cases by what each side's procedure chooses without the case's half.
struct Honest {
    alone: Vec<f64>,
    /// The option alone is chosen, at weight 1.
    pooled: Vec<f64>,
    /// Option and weight are chosen.
    weighted: Vec<f64>,
}

/// The marks of every source weight, by market and option, made when they are asked for.
struct Weighings<'a> {
    ask: &'a Asking<'a>,
    options: &'a [ModelKind],
    /// Marks of the options at weight 1.
    plain: &'a [Vec<f64>],
    known: BTreeMap<(Market, usize), Vec<Vec<f64>>>,
}

impl Weighings<'_> {
    /// One list a weight, over the market's cases; nothing for a market that is too small to choose.
    fn of(&mut self, market: Market, option: usize) -> Result<Option<Vec<Vec<f64>>>, EvidenceError> {
        if let Some(known) = self.known.get(&(market, option)) {
            return Ok(Some(known.clone()));
        }
        let own = || self.ask.cases.iter().zip(&self.plain[option]).filter(|(case, _)| case.market == market);
        if own().count() < self.ask.plan.rule.min_cases {
            return Ok(None);
        }
        let (cases, plain): (Vec<Case>, Vec<f64>) = own().map(|(case, mark)| (case.clone(), *mark)).unzip();
        let ask = Asking { cases: &cases, ..*self.ask };
        let at = |weight: &f32| {
            if *weight == 1.0 {
                return Ok(plain.clone());
            }
            Ok(ask.marks(&ask.weighted_report(&self.options[option], market, *weight)?)?)
        };
        let marks = self.ask.plan.source_weights.iter().map(at).collect::<Result<Vec<_>, EvidenceError>>()?;
        self.known.insert((market, option), marks.clone());
        Ok(Some(marks))
    }
}

/// One window: what is fitted on and who is asked about.
struct Asking<'a> {
    train: &'a Interactions,
    cases: &'a [Case],
    plan: &'a EvidencePlan,
    fit: FitModel<'a>,
    seed: Seed,
}

impl Asking<'_> {
    fn report<'m>(&self, model_of: impl Fn(&Case) -> Option<&'m dyn Score> + Sync) -> Result<Report, EvalError> {
        evaluate_with(model_of, self.cases, self.train.n_items(), &self.plan.protocol)
    }

    fn marks(&self, report: &Report) -> Result<Vec<f64>, EvalError> {
        report.marks(self.plan.protocol.metrics[0], None)
    }

    /// A model for each market that has a case, fitted on its own rows.
    fn alone_but(&self, kind: &ModelKind, except: Market, its: &ModelKind) -> Result<Report, EvidenceError> {
        let markets: BTreeSet<Market> = self.cases.iter().map(|case| case.market).collect();
        let fit = |market: Market| {
            let local = Pool { target: market, sources: Sources::AllOthers, weight: 1.0 }.local(self.train);
            let kind = if market == except { its } else { kind };
            Ok((market, (self.fit)(kind, &local, self.seed)?))
        };
        let models: Models = markets.into_iter().map(fit).collect::<Result<_, FitError>>()?;
        Ok(self.report(|case| models.get(&case.market).map(|model| &**model as &dyn Score))?)
    }

    fn alone(&self, kind: &ModelKind) -> Result<Vec<f64>, EvidenceError> {
        Ok(self.marks(&self.alone_but(kind, self.plan.home, kind)?)?)
    }

    fn pooled(&self, kind: &ModelKind) -> Result<Vec<f64>, EvidenceError> {
        Ok(self.marks(&self.pooled_report(kind)?)?)
    }

    fn pooled_report(&self, kind: &ModelKind) -> Result<Report, EvidenceError> {
        let model = (self.fit)(kind, self.train, self.seed)?;
        Ok(self.report(|_| Some(&*model as &dyn Score))?)
    }

    /// All rows, those of other markets than the target at a weight; the cases are the target's.
    fn weighted_report(&self, kind: &ModelKind, target: Market, weight: f32) -> Result<Report, EvidenceError> {
        let pool = Pool { target, sources: Sources::AllOthers, weight }.pooled(self.train)?;
        let model = (self.fit)(kind, &pool, self.seed)?;
        Ok(self.report(|_| Some(&*model as &dyn Score))?)
    }
}

/// Turns the reports of the test window into rows.
struct Filler<'a> {
    methods: &'a [Method],
    reports: Vec<Report>,
    known: CoBuyers,
    best_alone: usize,
    best_pooled: usize,
    home: Market,
}

impl Filler<'_> {
    fn marked(&self, method: Method, source_weight: f32, report: &Report) -> Result<Marked, EvalError> {
        let estimates = report.protocol.metrics.iter().map(|metric| report.estimate(*metric, None));
        let estimates = estimates.collect::<Result<_, EvalError>>()?;
        Ok(Marked { method, source_weight, estimates, beyond: report.summary(&self.known, None)? })
    }

    /// `weighted` is the report of the best pooled method at the weight chosen for the target.
    fn row(
        &self,
        market: Option<Market>,
        is_in: impl Fn(Market) -> bool,
        verdict: Option<TransferVerdict>,
        weighted: Option<(f32, &Report)>,
    ) -> Result<MarketRow, EvidenceError> {
        let mut marked = Vec::new();
        let own: Vec<Report> = self.reports.iter().map(|report| report.only(&is_in)).collect();
        for (m, (method, report)) in self.methods.iter().zip(&own).enumerate() {
            let at_home = market == Some(self.home) && method.trained == Trained::Alone;
            let model = if at_home { self.methods[self.methods.len() / 2 + m].model } else { method.model };
            let source_weight = if method.trained == Trained::Alone { 0.0 } else { 1.0 };
            marked.push(self.marked(Method { model, ..*method }, source_weight, report)?);
        }
        let mut transferred = &own[self.best_pooled];
        if let Some((weight, report)) = weighted {
            marked.push(self.marked(self.methods[self.best_pooled], weight, report)?);
            transferred = report;
        }
        let gain = |metric: &Metric| transferred.better_than(&own[self.best_alone], *metric, None);
        let metrics = &transferred.protocol.metrics;
        Ok(MarketRow {
            market,
            n_cases: transferred.cases.len(),
            marked,
            gain: verdict.is_some().then(|| metrics.iter().map(gain).collect()).transpose()?,
            verdict,
            applied: Applied::No,
            source_weight: 1.0,
        })
    }
}
