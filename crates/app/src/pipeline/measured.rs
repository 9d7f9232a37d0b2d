//! From the measured table to what serves each market, and both to marts.
//!
//! A market uses other markets' data where its own held-out shoppers show that this helps, and never
//! where they show that it does not. A market with too few of them to tell follows the verdict over
//! all target markets together: that is a policy, not evidence of its own, and mart and page say so.
//! Where nothing could be measured every market stays with its own orders.

use super::batch::Columns;
use super::parameters::{parameters, restore};
use super::rows::Rows;
use crate::evidence::{Applied, EvidenceError, EvidencePlan, Marked, MarketRow, TransferTable, family, transfer_table};
use crate::trainings::Trainings;
use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use domain::{Day, FitError, Interactions, Market, Seed};
use eval::{Estimate, EvalError};
use lake::Engine;
use recommend::transfer::Decision;
use recommend::{ItemKnnParams, ModelKind, Recommender};
use serde_json::Value;

/// The row of `marts.evidence` over all target markets.
pub(crate) const ALL_TARGETS: &str = "all";

/// On what it rests that a market is served as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Its own held-out shoppers gain from the other markets' orders.
    OwnEvidence,
    /// It has too few held-out shoppers; all target markets together gain.
    AllTargets,
    /// Its own held-out shoppers do not gain.
    Refused,
    /// It has too few held-out shoppers, and all target markets together do not gain.
    NotShown,
    /// It shares no product with any other market; what products say is proved on home's held-out shoppers.
    SourceEvidence,
    /// It is the home market.
    Home,
    /// Nothing could be measured.
    NotMeasured,
}

impl Basis {
    const ALL: [Self; 7] = [
        Self::OwnEvidence,
        Self::AllTargets,
        Self::Refused,
        Self::NotShown,
        Self::SourceEvidence,
        Self::Home,
        Self::NotMeasured,
    ];

    /// As `marts.serving` writes it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::OwnEvidence => "own_evidence",
            Self::AllTargets => "all_targets",
            Self::Refused => "refused",
            Self::NotShown => "not_shown",
            Self::SourceEvidence => "source_evidence",
            Self::Home => "home",
            Self::NotMeasured => "not_measured",
        }
    }

    pub(crate) fn from_key(key: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|basis| basis.key() == key).with_context(|| format!("unknown basis `{key}`"))
    }
}

/// What serves a market.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The model with its parameters.
    pub(crate) kind: ModelKind,
    /// Weight of the other markets' purchases; `None` where they are not used.
    pub(crate) pooled: Option<f32>,
    /// On what that rests.
    pub(crate) basis: Basis,
    /// Why, in a sentence.
    pub(crate) why: String,
    /// Seed of the run that chose, for fitting the same model again.
    pub(crate) seed: Seed,
}

impl Choice {
    /// `market`, `pooled`, or `weighted` where the other markets' purchases count less.
    pub(crate) fn training(&self) -> &'static str {
        training(self.pooled.unwrap_or(0.0))
    }
}

/// The table, or why there is none.
pub(crate) struct Measured {
    table: Option<TransferTable>,
    missing: String,
    home: Market,
    seed: Seed,
}

impl Measured {
    /// Measures the named models. Too little data to measure is an answer, not an error.
    pub(crate) fn new(
        all: &Interactions,
        home: Market,
        models: &[String],
        seed: Seed,
        trainings: &Trainings<'_>,
    ) -> Result<Self> {
        let families = models.iter().filter_map(|name| family(name)).collect();
        let plan = EvidencePlan { families, ..EvidencePlan::for_home(home) };
        let fit = |kind: &ModelKind, train: &Interactions, seed: Seed| -> Result<Box<dyn Recommender>, FitError> {
            Ok(trainings.fit(kind, train, seed)?)
        };
        match transfer_table(all, &plan, &fit, seed) {
            Ok(table) => Ok(Self { table: Some(table), missing: String::new(), home, seed }),
            Err(error) if too_little(&error) => Ok(Self { table: None, missing: error.to_string(), home, seed }),
            Err(error) => Err(error.into()),
        }
    }

    /// What was measured, where it could be.
    pub(crate) const fn table(&self) -> Option<&TransferTable> {
        self.table.as_ref()
    }

    /// What serves a market.
    pub(crate) fn choice(&self, market: Market) -> Choice {
        let choice = |kind, pooled, basis, why| Choice { kind, pooled, basis, why, seed: self.seed };
        let Some(table) = &self.table else {
            let why = format!("nothing could be measured ({}); the market's own purchases", self.missing);
            return choice(ModelKind::ItemKnn(ItemKnnParams::default()), None, Basis::NotMeasured, why);
        };
        let (alone, pooled) = (table.methods[table.best_alone].model, table.methods[table.best_pooled].model);
        if market == self.home {
            let why = "the home market learns from its own purchases".to_owned();
            let best = table.best_at_home.map_or(pooled, |at| table.methods[at].model);
            return choice(best, None, Basis::Home, why);
        }
        let own = table.rows.iter().find(|r| r.market == Some(market));
        let together = table.rows.iter().find(|r| r.market.is_none());
        let reason =
            |row: Option<&MarketRow>| row.and_then(|r| r.verdict.as_ref()).map_or("", |v| v.reason.as_str()).to_owned();
        let decision = own.and_then(|r| r.verdict.as_ref()).map_or(Decision::TooLittleData, |v| v.decision);
        match decision {
            Decision::Accepted => {
                let weight = own.map_or(1.0, |r| r.source_weight);
                choice(pooled, Some(weight), Basis::OwnEvidence, reason(own))
            }
            Decision::Refused => choice(alone, None, Basis::Refused, reason(own)),
            Decision::TooLittleData => {
                let why =
                    format!("too few held-out shoppers here; over all target markets together, {}", reason(together));
                // A market without a single held-out shopper has no row; all targets speak for it too.
                match together.map_or(Applied::No, |r| r.applied) {
                    Applied::OwnEvidence | Applied::AllTargets => choice(pooled, Some(1.0), Basis::AllTargets, why),
                    Applied::No => choice(alone, None, Basis::NotShown, why),
                }
            }
        }
    }

    /// `marts.evidence`.
    pub(crate) fn evidence(&self) -> Result<RecordBatch> {
        let mut lines = Vec::new();
        if let Some(table) = &self.table {
            for row in &table.rows {
                row_lines(table, row, &mut lines);
            }
        }
        Columns::default()
            .text("market", lines.iter().map(|l| &l.market))
            .text("model", lines.iter().map(|l| l.model))
            .text("training", lines.iter().map(|l| training(l.source_weight)))
            .float("source_weight", lines.iter().map(|l| f64::from(l.source_weight)))
            .text("period", lines.iter().map(|l| l.period.0))
            .day("from_day", lines.iter().map(|l| l.period.1))
            .day("to_day", lines.iter().map(|l| l.period.2))
            .text("metric", lines.iter().map(|l| &l.metric))
            .float("value", lines.iter().map(|l| l.value))
            .optional_float("low", lines.iter().map(|l| Some(l.low)))
            .optional_float("high", lines.iter().map(|l| Some(l.high)))
            .int("n", lines.iter().map(|l| l.n as i64))
            .text("verdict", lines.iter().map(|l| l.verdict))
            .batch()
    }
}

/// Whether there is too little to split, to ask or to learn from. Everything else that can go wrong
/// (a score that is no number, a parameter out of range) is a fault and stops the run.
fn too_little(error: &EvidenceError) -> bool {
    match error {
        EvidenceError::NoTarget(_)
        | EvidenceError::Eval(EvalError::NoCases { .. })
        | EvidenceError::Fit(FitError::TooLittleData { .. }) => true,
        EvidenceError::Eval(_) | EvidenceError::Fit(_) | EvidenceError::Learn(_) => false,
    }
}

/// One line of `marts.evidence`.
struct Line {
    market: String,
    model: &'static str,
    source_weight: f32,
    /// Name, first and last day.
    period: (&'static str, Day, Day),
    metric: String,
    value: f64,
    low: f64,
    high: f64,
    n: usize,
    verdict: &'static str,
}

fn row_lines(table: &TransferTable, row: &MarketRow, lines: &mut Vec<Line>) {
    let market = row.market.map_or(ALL_TARGETS.to_owned(), |m| m.code().to_owned());
    let validation = ("validation", table.validation_from, table.test_from.plus(-1));
    let test = ("test", table.test_from, table.last_day);
    let line = |method: (&'static str, f32), period, metric: String, e: &Estimate, verdict| Line {
        market: market.clone(),
        model: method.0,
        source_weight: method.1,
        period,
        metric,
        value: e.mean,
        low: e.interval.low,
        high: e.interval.high,
        n: e.n,
        verdict,
    };
    let named = |at: usize| table.metrics[at].to_string().to_lowercase();
    for Marked { method, source_weight, estimates, beyond } in &row.marked {
        let method = (method.model.name(), *source_weight);
        lines.extend(estimates.iter().enumerate().map(|(at, e)| line(method, test, named(at), e, "")));
        let beyond = [
            ("coverage@10", beyond.coverage),
            ("gini@10", beyond.gini),
            ("novelty@10", beyond.novelty),
            ("diversity@10", beyond.diversity),
            ("answered", Some(beyond.answered)),
        ];
        lines
            .extend(beyond.iter().filter_map(|(metric, e)| Some(line(method, test, (*metric).to_owned(), &(*e)?, ""))));
    }
    let method = (table.methods[table.best_pooled].model.name(), row.source_weight);
    if let Some(verdict) = &row.verdict
        && let (Some(mean), Some(interval)) = (verdict.gain, verdict.interval)
    {
        let e = Estimate { mean, interval, n: verdict.n_cases };
        lines.push(line(method, validation, format!("gain {}", named(0)), &e, decided(verdict.decision)));
    }
    for (at, gain) in row.gain.iter().flatten().enumerate() {
        lines.push(line(method, test, format!("gain {}", named(at)), &gain.difference, ""));
    }
}

fn training(source_weight: f32) -> &'static str {
    if source_weight == 0.0 {
        "market"
    } else if source_weight == 1.0 {
        "pooled"
    } else {
        "weighted"
    }
}

pub(super) fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "accepted",
        Decision::Refused => "refused",
        Decision::TooLittleData => "too_little_data",
    }
}

/// `marts.serving`.
pub(crate) fn serving(choices: &[(Market, Choice)]) -> Result<RecordBatch> {
    Columns::default()
        .text("market", choices.iter().map(|(m, _)| m.code().to_owned()))
        .text("model", choices.iter().map(|(_, c)| c.kind.name()))
        .text("parameters", choices.iter().map(|(_, c)| parameters(&c.kind).to_string()))
        .text("training", choices.iter().map(|(_, c)| c.training()))
        .float("source_weight", choices.iter().map(|(_, c)| f64::from(c.pooled.unwrap_or(0.0))))
        .text("basis", choices.iter().map(|(_, c)| c.basis.key()))
        .text("why", choices.iter().map(|(_, c)| c.why.clone()))
        .text("seed", choices.iter().map(|(_, c)| c.seed.0.to_string()))
        .batch()
}

/// What `marts.serving` says about a market.
pub(crate) async fn stored(engine: &Engine, market: Market) -> Result<Option<Choice>> {
    let sql = format!("select * from marts.serving where market = '{market}'");
    let rows = Rows::query(engine, &sql).await?;
    let (models, parameters, training) = (rows.texts("model")?, rows.texts("parameters")?, rows.texts("training")?);
    let (weights, bases, whys) = (rows.floats("source_weight")?, rows.texts("basis")?, rows.texts("why")?);
    let seeds = rows.texts("seed")?;
    let Some(model) = models.first() else { return Ok(None) };
    let values: Value = serde_json::from_str(&parameters[0]).context("parameters in marts.serving")?;
    let kind = restore(model, &values, market).with_context(|| format!("model `{model}` in marts.serving"))?;
    let pooled = (training[0] != "market").then(|| weights[0].unwrap_or(1.0) as f32);
    let seed = Seed(seeds[0].parse().context("seed in marts.serving")?);
    Ok(Some(Choice { kind, pooled, basis: Basis::from_key(&bases[0])?, why: whys[0].clone(), seed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two shoppers a market and nobody who comes back.
    fn one_day() -> Interactions {
        use domain::{Interaction, ItemIdx, Kind, ShopperIdx};
        let markets: Vec<Market> = ["GB", "GB", "DE", "DE"].map(|m| m.parse().unwrap()).to_vec();
        let cell = |(s, i)| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: Kind::Purchase,
            day: Day(0),
            weight: 1.0,
        };
        let cells = [(0, 0), (0, 1), (1, 0), (2, 1), (3, 2)].map(cell).to_vec();
        Interactions::new(3, markets, cells).unwrap()
    }

    #[test]
    fn where_nothing_could_be_measured_every_market_stays_with_its_own_orders() {
        let home = "GB".parse().unwrap();
        let bar = crate::output::Bar::new(true);
        let models = ["item-knn".to_owned()];
        let measured = Measured::new(&one_day(), home, &models, Seed(7), &Trainings::shown(&bar)).unwrap();
        assert!(measured.table.is_none(), "nobody came back");
        for market in ["GB", "DE", "FR"] {
            let choice = measured.choice(market.parse().unwrap());
            assert_eq!((choice.pooled, choice.basis, choice.seed), (None, Basis::NotMeasured, Seed(7)), "{market}");
            assert!(choice.why.starts_with("nothing could be measured"), "{}", choice.why);
        }
        assert_eq!(measured.evidence().unwrap().num_rows(), 0);
    }

    #[test]
    fn only_too_little_data_passes_for_nothing_measured() {
        let not_finite = EvalError::NotFinite { index: 0, value: f64::NAN };
        assert!(!too_little(&not_finite.into()), "a score that is no number is a fault");
        assert!(!too_little(&EvalError::Param { name: "n_folds", rule: "at least 2", got: 0.0 }.into()));
        assert!(!too_little(&FitError::Diverged("NaN".into()).into()));
        assert!(too_little(&EvalError::NoCases { what: "evaluation" }.into()));
        assert!(too_little(&FitError::TooLittleData { what: "shoppers", have: 0, need: 1 }.into()));
    }

    #[test]
    fn a_basis_comes_back_by_its_key() {
        for basis in Basis::ALL {
            assert_eq!(Basis::from_key(basis.key()).unwrap(), basis);
        }
        assert!(Basis::from_key("guess").is_err());
    }
}
