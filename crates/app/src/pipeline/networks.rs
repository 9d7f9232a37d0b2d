//! Parameters of networks as they stand in the marts, and back.

use anyhow::{Context, Result, anyhow};
use learn::net::Cell;
use recommend::{
    FeatureForm, FeatureNetParams, Gru4RecParams, ItemLoss, ModelKind, NeuMfParams, NextItemParams, PairLabel,
    SasRecParams,
};
use serde_json::{Value, json};

/// Parameters of a model that is a network; of another one none.
pub(super) fn parameters(kind: &ModelKind) -> Value {
    let common = |p: &NextItemParams, own: Value| {
        let n_negatives = match p.loss {
            ItemLoss::Full => 0,
            ItemLoss::Sampled { n_negatives } => n_negatives,
        };
        let mut all = json!({"width": p.width, "max_len": p.max_len, "dropout": p.dropout, "n_negatives": n_negatives,
            "n_epochs": p.n_epochs, "patience": p.patience, "batch": p.batch, "rate": p.rate});
        if let (Some(all), Value::Object(own)) = (all.as_object_mut(), own) {
            all.extend(own);
        }
        all
    };
    match kind {
        ModelKind::SasRec(p) => {
            common(&p.common, json!({"n_blocks": p.n_blocks, "n_heads": p.n_heads, "hidden": p.hidden}))
        }
        ModelKind::Gru4Rec(p) => {
            let cell = match p.cell {
                Cell::Plain => "plain",
                Cell::Gru => "gru",
                Cell::Lstm => "lstm",
            };
            common(&p.common, json!({"cell": cell, "state": p.state}))
        }
        ModelKind::NeuMf(p) => {
            let label = match p.label {
                PairLabel::CrossEntropy => "cross-entropy",
                PairLabel::Squared => "squared",
            };
            json!({"width": p.width, "hidden": p.hidden, "label": label, "n_negatives": p.n_negatives,
                "max_len": p.max_len, "dropout": p.dropout, "n_epochs": p.n_epochs, "patience": p.patience,
                "batch": p.batch, "rate": p.rate})
        }
        ModelKind::Features(p) => {
            let n_experts = if let FeatureForm::Experts { n } = p.form { n } else { 0 };
            json!({"width": p.width, "hidden": p.hidden, "n_experts": n_experts, "n_negatives": p.n_negatives,
                "max_len": p.max_len, "n_words": p.n_words, "dropout": p.dropout, "n_epochs": p.n_epochs,
                "patience": p.patience, "batch": p.batch, "rate": p.rate})
        }
        _ => json!({}),
    }
}

/// The network of this name with these parameters.
pub(super) fn restore(model: &str, values: &Value) -> Result<ModelKind> {
    let number = |key: &str| values[key].as_f64().with_context(|| format!("no number `{key}`"));
    let size = |key: &str| Ok::<_, anyhow::Error>(number(key)? as usize);
    let float = |key: &str| Ok::<_, anyhow::Error>(number(key)? as f32);
    let common = || -> Result<NextItemParams> {
        let loss = match size("n_negatives")? {
            0 => ItemLoss::Full,
            n_negatives => ItemLoss::Sampled { n_negatives },
        };
        Ok(NextItemParams {
            width: size("width")?,
            max_len: size("max_len")?,
            dropout: float("dropout")?,
            loss,
            n_epochs: size("n_epochs")?,
            patience: size("patience")?,
            batch: size("batch")?,
            rate: float("rate")?,
        })
    };
    Ok(match model {
        "sasrec" => ModelKind::SasRec(SasRecParams {
            common: common()?,
            n_blocks: size("n_blocks")?,
            n_heads: size("n_heads")?,
            hidden: size("hidden")?,
        }),
        "gru4rec" => ModelKind::Gru4Rec(Gru4RecParams {
            common: common()?,
            cell: match values["cell"].as_str().unwrap_or_default() {
                "plain" => Cell::Plain,
                "gru" => Cell::Gru,
                "lstm" => Cell::Lstm,
                other => return Err(anyhow!("unknown cell `{other}`")),
            },
            state: size("state")?,
        }),
        "neu-mf" => ModelKind::NeuMf(NeuMfParams {
            width: size("width")?,
            hidden: size("hidden")?,
            label: match values["label"].as_str().unwrap_or_default() {
                "cross-entropy" => PairLabel::CrossEntropy,
                "squared" => PairLabel::Squared,
                other => return Err(anyhow!("unknown label `{other}`")),
            },
            n_negatives: size("n_negatives")?,
            max_len: size("max_len")?,
            dropout: float("dropout")?,
            n_epochs: size("n_epochs")?,
            patience: size("patience")?,
            batch: size("batch")?,
            rate: float("rate")?,
        }),
        "wide-deep" | "shared-bottom" | "mmoe" | "two-tower" => ModelKind::Features(FeatureNetParams {
            form: match model {
                "wide-deep" => FeatureForm::WideDeep,
                "shared-bottom" => FeatureForm::SharedBottom,
                "mmoe" => FeatureForm::Experts { n: size("n_experts")? },
                _ => FeatureForm::TwoTowers,
            },
            width: size("width")?,
            hidden: size("hidden")?,
            n_negatives: size("n_negatives")?,
            max_len: size("max_len")?,
            n_words: size("n_words")?,
            dropout: float("dropout")?,
            n_epochs: size("n_epochs")?,
            patience: size("patience")?,
            batch: size("batch")?,
            rate: float("rate")?,
        }),
        other => return Err(anyhow!("unknown model `{other}`")),
    })
}
