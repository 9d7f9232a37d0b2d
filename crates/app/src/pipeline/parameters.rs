//! Parameters of models as `marts.serving` holds them, and back.

use super::networks;
use anyhow::{Context, Result, anyhow};
use domain::Market;
use recommend::transfer::ZeroOverlapParams;
use recommend::{
    BprParams, EaseForm, EaseParams, GfCfParams, HybridParams, IalsParams, Item2VecParams, ItemGraphParams,
    ItemKnnParams, Join, LightGcnParams, LogisticParams, ModelKind, Negatives, RowSolver, Rp3BetaParams, Similarity,
    SlimParams, SoftmaxFactorsParams, SwingParams, Tables, TransitionsParams, UserKnnParams, WarpParams,
};
use serde_json::{Value, json};

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

/// The parameters of a model.
pub(crate) fn parameters(kind: &ModelKind) -> Value {
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
        ModelKind::SasRec(_) | ModelKind::Gru4Rec(_) | ModelKind::NeuMf(_) | ModelKind::Features(_) => {
            networks::parameters(kind)
        }
        ModelKind::ZeroOverlap(p) => json!({"target": p.target.code(), "source": p.source.code(), "width": p.width,
            "n_cuts": p.n_cuts}),
        ModelKind::Hybrid(p) => json!({
            "weights": p.weights,
            "item_knn": parameters(&ModelKind::ItemKnn(p.item_knn)),
            "user_knn": parameters(&ModelKind::UserKnn(p.user_knn)),
            "ials": parameters(&ModelKind::Ials(p.ials)),
        }),
    }
}

/// The model of this name with these parameters.
pub(crate) fn restore(model: &str, values: &Value, market: Market) -> Result<ModelKind> {
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
        ModelKind::ZERO_OVERLAP => {
            let code = |key: &str| values[key].as_str().with_context(|| format!("no market `{key}`"));
            ModelKind::ZeroOverlap(ZeroOverlapParams {
                target: code("target")?.parse().context("the market that is served")?,
                source: code("source")?.parse().context("the market that teaches")?,
                width: size("width")?,
                n_cuts: size("n_cuts")?,
            })
        }
        "hybrid-weighted" => hybrid(Join::Weighted, values, market)?,
        "hybrid-ranks" => hybrid(Join::Ranks, values, market)?,
        "hybrid-stacked" => hybrid(Join::Stacked, values, market)?,
        other => return networks::restore(other, values),
    })
}

fn hybrid(join: Join, values: &Value, market: Market) -> Result<ModelKind> {
    let part = |name: &str, key: &str| restore(name, &values[key], market);
    let (ModelKind::ItemKnn(item_knn), ModelKind::UserKnn(user_knn), ModelKind::Ials(ials)) =
        (part("item-knn", "item_knn")?, part("user-knn", "user_knn")?, part("ials", "ials")?)
    else {
        return Err(anyhow!("a hybrid of other parts"));
    };
    let weight = |at: usize| values["weights"][at].as_f64().context("no number `weights`");
    let weights = [weight(0)? as f32, weight(1)? as f32, weight(2)? as f32];
    Ok(ModelKind::Hybrid(HybridParams { join, weights, item_knn, user_knn, ials }))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let between = ZeroOverlapParams::between(Market::EUROPEAN_UNION, market);
        for kind in ModelKind::all(market).into_iter().chain(more).chain([ModelKind::ZeroOverlap(between)]) {
            assert_eq!(restore(kind.name(), &parameters(&kind), market).unwrap(), kind);
        }
    }
}
