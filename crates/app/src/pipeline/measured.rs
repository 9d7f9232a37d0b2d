//! From the measured table to what serves each market, and both to marts.
//!
//! A market uses other markets' data where its own held-out shoppers show that this helps, and never
//! where they show that it does not. A market with too few of them to tell borrows the verdict over
//! all target markets together, and says so.

use super::batch::Columns;
use super::rows::Rows;
use crate::evidence::{Applied, EvidenceError, EvidencePlan, MarketRow, Trained, TransferTable, transfer_table};
use anyhow::{Context, Result, anyhow};
use arrow::array::RecordBatch;
use domain::{Interactions, Market, Seed};
use lake::Engine;
use recommend::transfer::Decision;
use recommend::{
    BprParams, IalsParams, Item2VecParams, ItemKnnParams, LogisticParams, ModelKind, Negatives, RowSolver, Similarity,
    UserKnnParams, WarpParams,
};
use serde_json::{Value, json};

/// What serves a market.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The model with its parameters.
    pub(crate) kind: ModelKind,
    /// Weight of the other markets' purchases; `None` where they are not used.
    pub(crate) pooled: Option<f32>,
    /// Why, in a sentence.
    pub(crate) why: String,
}

/// The table, or why there is none.
pub(crate) struct Measured {
    table: Option<TransferTable>,
    missing: String,
    home: Market,
}

impl Measured {
    /// Measures. Too little data to measure is an answer, not an error.
    pub(crate) fn new(all: &Interactions, home: Market, seed: Seed) -> Result<Self> {
        match transfer_table(all, &EvidencePlan::for_home(home), seed) {
            Ok(table) => Ok(Self { table: Some(table), missing: String::new(), home }),
            Err(error @ (EvidenceError::Eval(_) | EvidenceError::NoTarget(_))) => {
                Ok(Self { table: None, missing: error.to_string(), home })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What serves a market.
    pub(crate) fn choice(&self, market: Market) -> Choice {
        let Some(table) = &self.table else {
            let why = format!("nothing could be measured ({}); all markets' purchases, item neighbours", self.missing);
            return Choice { kind: ModelKind::ItemKnn(ItemKnnParams::default()), pooled: Some(1.0), why };
        };
        let (alone, pooled) = (table.methods[table.best_alone].model, table.methods[table.best_pooled].model);
        if market == self.home {
            return Choice {
                kind: pooled,
                pooled: None,
                why: "the home market has the data to learn from itself".into(),
            };
        }
        let own = table.rows.iter().find(|r| r.market == Some(market));
        let together = table.rows.iter().find(|r| r.market.is_none());
        // A market without a single held-out shopper has no row; all targets together speak for it.
        let applied = own.map(|r| r.applied).or(match together.map(|r| r.applied) {
            Some(Applied::OwnEvidence | Applied::AllTargets) => Some(Applied::AllTargets),
            Some(Applied::No) | None => None,
        });
        let reason =
            |row: Option<&MarketRow>| row.and_then(|r| r.verdict.as_ref()).map_or("", |v| v.reason.as_str()).to_owned();
        match applied {
            Some(Applied::OwnEvidence) => {
                let weight = own.map_or(1.0, |r| r.source_weight);
                Choice { kind: pooled, pooled: Some(weight), why: reason(own) }
            }
            Some(Applied::AllTargets) => {
                let why =
                    format!("too few held-out shoppers here; over all target markets together, {}", reason(together));
                Choice { kind: pooled, pooled: Some(1.0), why }
            }
            Some(Applied::No) => Choice { kind: alone, pooled: None, why: reason(own) },
            None => Choice { kind: alone, pooled: None, why: "no evidence that other markets' data helps".into() },
        }
    }

    /// `marts.evidence`.
    pub(crate) fn evidence(&self) -> Result<RecordBatch> {
        struct Line {
            market: Market,
            model: String,
            training: &'static str,
            metric: String,
            value: f64,
            low: f64,
            high: f64,
            n: usize,
            verdict: &'static str,
        }
        let mut lines = Vec::new();
        if let Some(table) = &self.table {
            for row in &table.rows {
                let Some(market) = row.market else { continue };
                for (method, estimates) in table.methods.iter().zip(&row.estimates) {
                    for (metric, e) in table.metrics.iter().zip(estimates) {
                        lines.push(Line {
                            market,
                            model: method.model.name().to_owned(),
                            training: training(method.trained),
                            metric: metric.to_string().to_lowercase(),
                            value: e.mean,
                            low: e.interval.low,
                            high: e.interval.high,
                            n: e.n,
                            verdict: "",
                        });
                    }
                }
                if let Some(gain) = row.gain.as_ref().and_then(|g| g.first()) {
                    let e = &gain.difference;
                    lines.push(Line {
                        market,
                        model: table.methods[table.best_pooled].model.name().to_owned(),
                        training: "pooled",
                        metric: "gain ndcg@10".to_owned(),
                        value: e.mean,
                        low: e.interval.low,
                        high: e.interval.high,
                        n: e.n,
                        verdict: verdict(row),
                    });
                }
            }
        }
        Columns::default()
            .text("market", lines.iter().map(|l| l.market.code().to_owned()))
            .text("model", lines.iter().map(|l| l.model.clone()))
            .text("training", lines.iter().map(|l| l.training))
            .text("metric", lines.iter().map(|l| l.metric.clone()))
            .float("value", lines.iter().map(|l| l.value))
            .optional_float("low", lines.iter().map(|l| Some(l.low)))
            .optional_float("high", lines.iter().map(|l| Some(l.high)))
            .int("n", lines.iter().map(|l| l.n as i64))
            .text("verdict", lines.iter().map(|l| l.verdict))
            .batch()
    }
}

fn training(trained: Trained) -> &'static str {
    match trained {
        Trained::Alone => "market",
        Trained::Pooled => "pooled",
    }
}

fn verdict(row: &MarketRow) -> &'static str {
    match row.verdict.as_ref().map(|v| v.decision) {
        Some(Decision::Accepted) => "accepted",
        Some(Decision::Refused) => "refused",
        Some(Decision::TooLittleData) | None => "too_little_data",
    }
}

/// `marts.serving`.
pub(crate) fn serving(choices: &[(Market, Choice)]) -> Result<RecordBatch> {
    Columns::default()
        .text("market", choices.iter().map(|(m, _)| m.code().to_owned()))
        .text("model", choices.iter().map(|(_, c)| c.kind.name()))
        .text("parameters", choices.iter().map(|(_, c)| parameters(&c.kind).to_string()))
        .text("training", choices.iter().map(|(_, c)| if c.pooled.is_some() { "pooled" } else { "market" }))
        .float("source_weight", choices.iter().map(|(_, c)| f64::from(c.pooled.unwrap_or(0.0))))
        .text("why", choices.iter().map(|(_, c)| c.why.clone()))
        .batch()
}

/// What `marts.serving` says about a market.
pub(crate) async fn stored(engine: &Engine, market: Market) -> Result<Option<Choice>> {
    let sql =
        format!("select model, parameters, training, source_weight, why from marts.serving where market = '{market}'");
    let rows = Rows::query(engine, &sql).await?;
    let (models, parameters, training) = (rows.texts("model")?, rows.texts("parameters")?, rows.texts("training")?);
    let (weights, whys) = (rows.floats("source_weight")?, rows.texts("why")?);
    let Some(model) = models.first() else { return Ok(None) };
    let values: Value = serde_json::from_str(&parameters[0]).context("parameters in marts.serving")?;
    let kind = restore(model, &values, market).with_context(|| format!("model `{model}` in marts.serving"))?;
    let pooled = (training[0] == "pooled").then(|| weights[0].unwrap_or(1.0) as f32);
    Ok(Some(Choice { kind, pooled, why: whys[0].clone() }))
}

fn parameters(kind: &ModelKind) -> Value {
    let knn = |similarity: Similarity, k: usize, shrinkage: f32| match similarity {
        Similarity::Cosine => json!({"similarity": "cosine", "k": k, "shrinkage": shrinkage}),
        Similarity::Pearson => json!({"similarity": "pearson", "k": k, "shrinkage": shrinkage}),
        Similarity::Jaccard => json!({"similarity": "jaccard", "k": k, "shrinkage": shrinkage}),
        Similarity::Bm25 { k1, b } => json!({"similarity": "bm25", "k1": k1, "b": b, "k": k, "shrinkage": shrinkage}),
        Similarity::TfIdf => json!({"similarity": "tf-idf", "k": k, "shrinkage": shrinkage}),
    };
    match kind {
        ModelKind::PopularityMarket(_) | ModelKind::PopularityGlobal => json!({}),
        ModelKind::PopularityDecayed { half_life_days } => json!({"half_life_days": half_life_days}),
        ModelKind::UserKnn(p) => knn(p.similarity, p.k, p.shrinkage),
        ModelKind::ItemKnn(p) => knn(p.similarity, p.k, p.shrinkage),
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
    }
}

fn restore(model: &str, values: &Value, market: Market) -> Result<ModelKind> {
    let number = |key: &str| values[key].as_f64().with_context(|| format!("no number `{key}`"));
    let similarity = || -> Result<Similarity> {
        Ok(match values["similarity"].as_str().unwrap_or_default() {
            "cosine" => Similarity::Cosine,
            "pearson" => Similarity::Pearson,
            "jaccard" => Similarity::Jaccard,
            "bm25" => Similarity::Bm25 { k1: number("k1")? as f32, b: number("b")? as f32 },
            "tf-idf" => Similarity::TfIdf,
            other => return Err(anyhow!("unknown similarity `{other}`")),
        })
    };
    let size = |key: &str| Ok::<_, anyhow::Error>(number(key)? as usize);
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
        other => return Err(anyhow!("unknown model `{other}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_comes_back_with_its_parameters() {
        let market = Market::CHANNEL_ISLANDS;
        let bm25 = Similarity::Bm25 { k1: 1.5, b: 0.75 };
        let more = [ModelKind::ItemKnn(ItemKnnParams { similarity: bm25, k: 7, shrinkage: 2.5 })];
        for kind in ModelKind::all(market).into_iter().chain(more) {
            assert_eq!(restore(kind.name(), &parameters(&kind), market).unwrap(), kind);
        }
    }
}
