//! From the measured table to what serves each market, and both to marts.
//!
//! A market uses other markets' data where its own held-out shoppers show that this helps, and never
//! where they show that it does not. A market with too few of them to tell follows the verdict over
//! all target markets together: that is a policy, not evidence of its own, and mart and page say so.
//! Where nothing could be measured every market stays with its own orders.

use super::batch::Columns;
use super::networks;
use super::rows::Rows;
use crate::evidence::{Applied, EvidenceError, EvidencePlan, Marked, MarketRow, TransferTable, transfer_table};
use anyhow::{Context, Result, anyhow};
use arrow::array::RecordBatch;
use domain::{Day, FitError, Interactions, Market, Seed};
use eval::{Estimate, EvalError};
use lake::Engine;
use recommend::transfer::Decision;
use recommend::{
    BprParams, EaseForm, EaseParams, GfCfParams, IalsParams, Item2VecParams, ItemGraphParams, ItemKnnParams,
    LightGcnParams, LogisticParams, ModelKind, Negatives, RowSolver, Rp3BetaParams, Similarity, SlimParams,
    SoftmaxFactorsParams, SwingParams, Tables, TransitionsParams, UserKnnParams, WarpParams,
};
use serde_json::{Value, json};

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
    /// It is the home market.
    Home,
    /// Nothing could be measured.
    NotMeasured,
}

impl Basis {
    const ALL: [Self; 6] =
        [Self::OwnEvidence, Self::AllTargets, Self::Refused, Self::NotShown, Self::Home, Self::NotMeasured];

    /// As `marts.serving` writes it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::OwnEvidence => "own_evidence",
            Self::AllTargets => "all_targets",
            Self::Refused => "refused",
            Self::NotShown => "not_shown",
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
    /// Measures. Too little data to measure is an answer, not an error.
    pub(crate) fn new(all: &Interactions, home: Market, seed: Seed) -> Result<Self> {
        match transfer_table(all, &EvidencePlan::for_home(home), seed) {
            Ok(table) => Ok(Self { table: Some(table), missing: String::new(), home, seed }),
            Err(error) if too_little(&error) => Ok(Self { table: None, missing: error.to_string(), home, seed }),
            Err(error) => Err(error.into()),
        }
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
            return choice(pooled, None, Basis::Home, why);
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

fn decided(decision: Decision) -> &'static str {
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

/// The name of a similarity in `marts.serving`; [`restore`] reads it.
const fn similarity_name(similarity: Similarity) -> &'static str {
    match similarity {
        Similarity::Cosine => "cosine",
        Similarity::AsymmetricCosine { .. } => "asymmetric-cosine",
        Similarity::DampedCosine => "damped-cosine",
        Similarity::AdjustedCosine => "adjusted-cosine",
        Similarity::Pearson => "pearson",
        Similarity::Jaccard => "jaccard",
        Similarity::LogLikelihood => "log-likelihood",
        Similarity::Euclidean => "euclidean",
        Similarity::Bm25 { .. } => "bm25",
        Similarity::TfIdf => "tf-idf",
    }
}

fn parameters(kind: &ModelKind) -> Value {
    let knn = |similarity: Similarity, k: usize, shrinkage: f32| {
        let name = similarity_name(similarity);
        match similarity {
            Similarity::Bm25 { k1, b } => json!({"similarity": name, "k1": k1, "b": b, "k": k, "shrinkage": shrinkage}),
            Similarity::AsymmetricCosine { alpha } => {
                json!({"similarity": name, "alpha": alpha, "k": k, "shrinkage": shrinkage})
            }
            Similarity::Cosine
            | Similarity::DampedCosine
            | Similarity::AdjustedCosine
            | Similarity::Pearson
            | Similarity::Jaccard
            | Similarity::LogLikelihood
            | Similarity::Euclidean
            | Similarity::TfIdf => json!({"similarity": name, "k": k, "shrinkage": shrinkage}),
        }
    };
    match kind {
        ModelKind::PopularityMarket(_) | ModelKind::PopularityGlobal => json!({}),
        ModelKind::PopularityDecayed { half_life_days } => json!({"half_life_days": half_life_days}),
        ModelKind::UserKnn(p) => knn(p.similarity, p.k, p.shrinkage),
        ModelKind::ItemKnn(p) => knn(p.similarity, p.k, p.shrinkage),
        ModelKind::Swing(p) => json!({"alpha": p.alpha, "offset": p.offset, "power": p.power, "k": p.k}),
        ModelKind::Rp3Beta(p) => json!({"alpha": p.alpha, "beta": p.beta, "k": p.k}),
        ModelKind::ItemGraph(p) => json!({
            "from_exponent": p.from_exponent,
            "via_exponent": p.via_exponent,
            "to_exponent": p.to_exponent,
            "second_hop": p.second_hop,
            "third_hop": p.third_hop,
            "k": p.k,
        }),
        ModelKind::Transitions(p) => json!({
            "gap_decay": p.gap_decay,
            "backward": p.backward,
            "history_decay": p.history_decay,
            "from_exponent": p.from_exponent,
            "to_exponent": p.to_exponent,
            "shrinkage": p.shrinkage,
            "k": p.k,
        }),
        ModelKind::Ease(EaseParams { reg, dropout, form: EaseForm::Dense }) => json!({"reg": reg, "dropout": dropout}),
        ModelKind::Ease(EaseParams { reg, dropout, form: EaseForm::Sparse { neighbours } }) => {
            json!({"reg": reg, "dropout": dropout, "neighbours": neighbours})
        }
        ModelKind::Slim(p) => json!({
            "l1": p.l1,
            "l2": p.l2,
            "neighbours": p.neighbours,
            "n_sweeps": p.n_sweeps,
            "tolerance": p.tolerance,
        }),
        ModelKind::GfCf(p) => json!({"rank": p.rank, "low_pass": p.low_pass, "k": p.k}),
        ModelKind::Ials(p) => {
            let (solver, effort) = match p.solver {
                RowSolver::Exact => ("exact", 1),
                RowSolver::ConjugateGradient { n_steps } => ("gradients", n_steps),
                RowSolver::Blocks { size } => ("blocks", size),
            };
            json!({"n_factors": p.n_factors, "n_sweeps": p.n_sweeps, "alpha": p.alpha, "reg": p.reg,
                "solver": solver, "effort": effort})
        }
        ModelKind::Bpr(p) => {
            let exponent = match p.negatives {
                Negatives::Uniform => 0.0,
                Negatives::Popularity { exponent } => exponent,
            };
            json!({"n_factors": p.n_factors, "n_epochs": p.n_epochs, "learning_rate": p.learning_rate, "reg": p.reg,
                "exponent": exponent, "n_fold_epochs": p.n_fold_epochs})
        }
        ModelKind::Warp(p) => json!({"n_factors": p.n_factors, "n_epochs": p.n_epochs,
            "learning_rate": p.learning_rate, "reg": p.reg, "max_trials": p.max_trials,
            "n_fold_epochs": p.n_fold_epochs}),
        ModelKind::Logistic(p) => json!({"n_factors": p.n_factors, "n_sweeps": p.n_sweeps, "alpha": p.alpha,
            "n_negatives": p.n_negatives, "learning_rate": p.learning_rate, "reg": p.reg,
            "n_fold_steps": p.n_fold_steps}),
        ModelKind::Item2Vec(p) => json!({"n_factors": p.n_factors, "n_sweeps": p.n_sweeps, "window": p.window,
            "n_negatives": p.n_negatives, "learning_rate": p.learning_rate, "reg": p.reg}),
        ModelKind::SoftmaxFactors(p) => json!({"n_factors": p.n_factors, "n_members": p.n_members,
            "n_epochs": p.n_epochs, "n_drawn": p.n_drawn, "batch": p.batch, "learning_rate": p.learning_rate,
            "decay": p.decay, "reg": p.reg, "length_power": p.length_power, "one_table": p.tables == Tables::One,
            "smoothing": p.smoothing}),
        ModelKind::LightGcn(p) => json!({"n_factors": p.n_factors, "n_members": p.n_members, "n_layers": p.n_layers,
            "n_epochs": p.n_epochs, "batch": p.batch, "n_drawn": p.n_drawn, "learning_rate": p.learning_rate,
            "decay": p.decay, "reg": p.reg, "n_fold_steps": p.n_fold_steps}),
        ModelKind::SasRec(_) | ModelKind::Gru4Rec(_) | ModelKind::NeuMf(_) => networks::parameters(kind),
    }
}

fn restore(model: &str, values: &Value, market: Market) -> Result<ModelKind> {
    let number = |key: &str| values[key].as_f64().with_context(|| format!("no number `{key}`"));
    let similarity = || -> Result<Similarity> {
        Ok(match values["similarity"].as_str().unwrap_or_default() {
            "cosine" => Similarity::Cosine,
            "asymmetric-cosine" => Similarity::AsymmetricCosine { alpha: number("alpha")? as f32 },
            "damped-cosine" => Similarity::DampedCosine,
            "adjusted-cosine" => Similarity::AdjustedCosine,
            "pearson" => Similarity::Pearson,
            "jaccard" => Similarity::Jaccard,
            "log-likelihood" => Similarity::LogLikelihood,
            "euclidean" => Similarity::Euclidean,
            "bm25" => Similarity::Bm25 { k1: number("k1")? as f32, b: number("b")? as f32 },
            "tf-idf" => Similarity::TfIdf,
            other => return Err(anyhow!("unknown similarity `{other}`")),
        })
    };
    let size = |key: &str| Ok::<_, anyhow::Error>(number(key)? as usize);
    let float = |key: &str| Ok::<_, anyhow::Error>(number(key)? as f32);
    Ok(match model {
        "popularity-market" => ModelKind::PopularityMarket(market),
        "popularity" => ModelKind::PopularityGlobal,
        "popularity-decayed" => ModelKind::PopularityDecayed { half_life_days: number("half_life_days")? as f32 },
        "user-knn" => ModelKind::UserKnn(UserKnnParams {
            similarity: similarity()?,
            k: size("k")?,
            shrinkage: number("shrinkage")? as f32,
        }),
        "item-knn" => ModelKind::ItemKnn(ItemKnnParams {
            similarity: similarity()?,
            k: size("k")?,
            shrinkage: number("shrinkage")? as f32,
        }),
        "swing" => ModelKind::Swing(SwingParams {
            alpha: float("alpha")?,
            offset: float("offset")?,
            power: float("power")?,
            k: size("k")?,
        }),
        "rp3beta" => ModelKind::Rp3Beta(Rp3BetaParams { alpha: float("alpha")?, beta: float("beta")?, k: size("k")? }),
        "item-graph" => ModelKind::ItemGraph(ItemGraphParams {
            from_exponent: float("from_exponent")?,
            via_exponent: float("via_exponent")?,
            to_exponent: float("to_exponent")?,
            second_hop: float("second_hop")?,
            third_hop: float("third_hop")?,
            k: size("k")?,
        }),
        "transitions" => ModelKind::Transitions(TransitionsParams {
            gap_decay: float("gap_decay")?,
            backward: float("backward")?,
            history_decay: float("history_decay")?,
            from_exponent: float("from_exponent")?,
            to_exponent: float("to_exponent")?,
            shrinkage: float("shrinkage")?,
            k: size("k")?,
        }),
        "ease" => ModelKind::Ease(EaseParams { reg: float("reg")?, dropout: float("dropout")?, form: EaseForm::Dense }),
        "ease-sparse" => ModelKind::Ease(EaseParams {
            reg: float("reg")?,
            dropout: float("dropout")?,
            form: EaseForm::Sparse { neighbours: size("neighbours")? },
        }),
        "slim" => ModelKind::Slim(SlimParams {
            l1: float("l1")?,
            l2: float("l2")?,
            neighbours: size("neighbours")?,
            n_sweeps: size("n_sweeps")?,
            tolerance: float("tolerance")?,
        }),
        "gf-cf" => ModelKind::GfCf(GfCfParams { rank: size("rank")?, low_pass: float("low_pass")?, k: size("k")? }),
        "ials" => ModelKind::Ials(IalsParams {
            n_factors: size("n_factors")?,
            n_sweeps: size("n_sweeps")?,
            alpha: number("alpha")? as f32,
            reg: number("reg")? as f32,
            // A table of before the solvers could be chosen has none: it was exact.
            solver: match values["solver"].as_str().unwrap_or("exact") {
                "exact" => RowSolver::Exact,
                "gradients" => RowSolver::ConjugateGradient { n_steps: size("effort")? },
                "blocks" => RowSolver::Blocks { size: size("effort")? },
                other => return Err(anyhow!("unknown solver `{other}`")),
            },
        }),
        "bpr" => ModelKind::Bpr(BprParams {
            n_factors: size("n_factors")?,
            n_epochs: size("n_epochs")?,
            learning_rate: number("learning_rate")? as f32,
            reg: number("reg")? as f32,
            negatives: match number("exponent")? {
                0.0 => Negatives::Uniform,
                exponent => Negatives::Popularity { exponent: exponent as f32 },
            },
            n_fold_epochs: size("n_fold_epochs")?,
        }),
        "warp" => ModelKind::Warp(WarpParams {
            n_factors: size("n_factors")?,
            n_epochs: size("n_epochs")?,
            learning_rate: number("learning_rate")? as f32,
            reg: number("reg")? as f32,
            max_trials: size("max_trials")?,
            n_fold_epochs: size("n_fold_epochs")?,
        }),
        "logistic" => ModelKind::Logistic(LogisticParams {
            n_factors: size("n_factors")?,
            n_sweeps: size("n_sweeps")?,
            alpha: number("alpha")? as f32,
            n_negatives: size("n_negatives")?,
            learning_rate: number("learning_rate")? as f32,
            reg: number("reg")? as f32,
            n_fold_steps: size("n_fold_steps")?,
        }),
        "item2vec" => ModelKind::Item2Vec(Item2VecParams {
            n_factors: size("n_factors")?,
            n_sweeps: size("n_sweeps")?,
            window: size("window")?,
            n_negatives: size("n_negatives")?,
            learning_rate: number("learning_rate")? as f32,
            reg: number("reg")? as f32,
        }),
        "softmax-factors" => ModelKind::SoftmaxFactors(SoftmaxFactorsParams {
            n_factors: size("n_factors")?,
            n_members: size("n_members")?,
            n_epochs: size("n_epochs")?,
            n_drawn: size("n_drawn")?,
            batch: size("batch")?,
            learning_rate: number("learning_rate")? as f32,
            decay: number("decay")? as f32,
            reg: number("reg")? as f32,
            length_power: number("length_power")? as f32,
            tables: if values["one_table"] == Value::Bool(true) { Tables::One } else { Tables::Two },
            smoothing: number("smoothing")? as f32,
        }),
        "light-gcn" => ModelKind::LightGcn(LightGcnParams {
            n_factors: size("n_factors")?,
            n_members: size("n_members")?,
            n_layers: size("n_layers")?,
            n_epochs: size("n_epochs")?,
            batch: size("batch")?,
            n_drawn: size("n_drawn")?,
            learning_rate: number("learning_rate")? as f32,
            decay: number("decay")? as f32,
            reg: number("reg")? as f32,
            n_fold_steps: size("n_fold_steps")?,
        }),
        other => return networks::restore(other, values),
    })
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
        let measured = Measured::new(&one_day(), home, Seed(7)).unwrap();
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

    #[test]
    fn every_model_comes_back_with_its_parameters() {
        let market = Market::CHANNEL_ISLANDS;
        let bm25 = Similarity::Bm25 { k1: 1.5, b: 0.75 };
        let more = [
            bm25,
            Similarity::Cosine,
            Similarity::AsymmetricCosine { alpha: 0.25 },
            Similarity::DampedCosine,
            Similarity::AdjustedCosine,
            Similarity::Pearson,
            Similarity::LogLikelihood,
            Similarity::Euclidean,
            Similarity::TfIdf,
        ]
        .map(|similarity| ModelKind::ItemKnn(ItemKnnParams { similarity, k: ItemKnnParams::ALL, shrinkage: 2.5 }));
        for kind in ModelKind::all(market).into_iter().chain(more) {
            assert_eq!(restore(kind.name(), &parameters(&kind), market).unwrap(), kind);
        }
    }
}
