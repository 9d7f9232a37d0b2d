//! What `marts.evidence` and `marts.serving` say about a market, as figures of its plan.

use super::measured::{ALL_TARGETS, Basis, stored};
use super::rows::Rows;
use anyhow::{Result, anyhow};
use decide::plan::{
    CurveEvidence, Metric, Periods, ServingBasis, ServingEvidence, TrainedOn, TransferEvidence, TransferRow,
    TransferVerdict,
};
use domain::{Day, Figure, Market, Window};
use lake::Engine;

/// Every measured model of a market and what was decided, with the same over all target markets;
/// nothing where the market has no held-out shopper and nothing was measured over all.
pub(super) async fn transfer(engine: &Engine, market: Market) -> Result<Option<TransferEvidence>> {
    let own = evidence_of(engine, market.code()).await?;
    let together = evidence_of(engine, ALL_TARGETS).await?;
    let home = stored(engine, market).await?.is_some_and(|choice| choice.basis == Basis::Home);
    let curve = curve(engine, market).await?;
    let Some(together) = together else { return Ok(own.map(|own| TransferEvidence { curve, ..own })) };
    let own = own.unwrap_or(TransferEvidence {
        rows: Vec::new(),
        verdict: TransferVerdict::TooLittleData,
        decided: None,
        gain: None,
        periods: together.periods,
        together: None,
        curve: Vec::new(),
    });
    let verdict = if home { TransferVerdict::Home } else { own.verdict };
    Ok(Some(TransferEvidence { verdict, together: Some(Box::new(together)), curve, ..own }))
}

/// Ranking quality by purchases of the market, where the run measured it.
async fn curve(engine: &Engine, market: Market) -> Result<Vec<CurveEvidence>> {
    let query = format!("select * from marts.transfer_curve where market = '{market}' order by purchases");
    let rows = Rows::query(engine, &query).await?;
    let (purchases, n, at_least) = (rows.ints("purchases")?, rows.ints("n")?, rows.truths("at_least")?);
    let (alone, transferred, saved) = (rows.floats("alone")?, rows.floats("transferred")?, rows.floats("saved")?);
    let (low, high) = (rows.floats("low")?, rows.floats("high")?);
    let figure = |metric: Metric, values: &[Option<f64>], i: usize| -> Figure {
        let source = format!("{query} -- {} purchases", purchases[i]);
        metric.number(values[i].unwrap_or(f64::NAN), n[i].unsigned_abs(), &source)
    };
    // The interval is the one of the lead: what both lines have in common is not in doubt.
    let around = |figure: Figure, i: usize| match (alone[i], low[i], high[i]) {
        (Some(alone), Some(low), Some(high)) => figure.interval(alone + low, alone + high, 0.95),
        _ => figure,
    };
    let point = |i: usize| CurveEvidence {
        purchases: purchases[i].unsigned_abs(),
        alone: figure(Metric::CurveAlone, &alone, i),
        transferred: around(figure(Metric::CurveTransferred, &transferred, i), i),
        saved: figure(Metric::CurveSaved, &saved, i),
        at_least: at_least[i],
    };
    Ok((0..rows.len()).map(point).collect())
}

async fn evidence_of(engine: &Engine, market: &str) -> Result<Option<TransferEvidence>> {
    let query = format!("select * from marts.evidence where market = '{market}' order by source_weight, model, metric");
    let rows = Rows::query(engine, &query).await?;
    let (models, training, metrics) = (rows.texts("model")?, rows.texts("training")?, rows.texts("metric")?);
    let (values, low, high, n) = (rows.floats("value")?, rows.floats("low")?, rows.floats("high")?, rows.ints("n")?);
    let (weights, verdicts, periods) = (rows.floats("source_weight")?, rows.texts("verdict")?, rows.texts("period")?);
    let (from, to) = (rows.days("from_day")?, rows.days("to_day")?);
    let figure = |metric: Metric, i: usize| -> Figure {
        let source = format!("{query} -- model {}, {}, {} {}", models[i], training[i], periods[i], metrics[i]);
        let figure = metric.number(values[i].unwrap_or(f64::NAN), n[i].unsigned_abs(), &source);
        match (low[i], high[i]) {
            (Some(low), Some(high)) => figure.interval(low, high, 0.95),
            _ => figure,
        }
    };
    let at = |model: &str, training_: &str, metric: &str| {
        (0..rows.len()).find(|&i| models[i] == model && training[i] == training_ && metrics[i] == metric)
    };
    let mut measured = Vec::new();
    for i in (0..rows.len()).filter(|&i| metrics[i] == "ndcg@10") {
        let weight = weights[i].unwrap_or(0.0);
        measured.push(TransferRow {
            model: models[i].clone(),
            trained_on: trained_on(&training[i])?,
            source_weight: (weight > 0.0).then(|| weight_figure(weight, n[i].unsigned_abs(), &query)),
            ndcg: figure(Metric::TransferNdcg, i),
            recall: at(&models[i], &training[i], "recall@20").map(|i| figure(Metric::TransferRecall, i)),
        });
    }
    if measured.is_empty() {
        return Ok(None);
    }
    let gain = |period: &str| (0..rows.len()).find(|&i| metrics[i] == "gain ndcg@10" && periods[i] == period);
    let (decided, later) = (gain("validation"), gain("test"));
    let window = |i: usize| -> Window { Window { from: from[i], to: Day(to[i].0 + 1) } };
    Ok(Some(TransferEvidence {
        rows: measured,
        verdict: decided.map_or(TransferVerdict::TooLittleData, |i| match verdicts[i].as_str() {
            "accepted" => TransferVerdict::Accepted,
            "refused" => TransferVerdict::Refused,
            _ => TransferVerdict::TooLittleData,
        }),
        decided: decided.map(|i| figure(Metric::TransferDecided, i)),
        gain: later.map(|i| figure(Metric::TransferGain, i)),
        periods: decided.zip(later).map(|(v, t)| Periods { validation: window(v), test: window(t) }),
        together: None,
        curve: Vec::new(),
    }))
}

/// The model that made the market's list; nothing for a market with too few shoppers for one.
pub(super) async fn serving(engine: &Engine, market: Market) -> Result<Option<ServingEvidence>> {
    let Some(choice) = stored(engine, market).await? else { return Ok(None) };
    let basis = match choice.basis {
        Basis::OwnEvidence => ServingBasis::OwnEvidence,
        Basis::AllTargets => ServingBasis::AllTargets,
        Basis::Refused => ServingBasis::Refused,
        Basis::NotShown => ServingBasis::NotShown,
        Basis::Home => ServingBasis::Home,
        Basis::NotMeasured => ServingBasis::NotMeasured,
        Basis::SourceEvidence => ServingBasis::SourceEvidence,
    };
    let query = format!("select * from marts.serving where market = '{market}'");
    Ok(Some(ServingEvidence {
        model: choice.kind.name().to_owned(),
        trained_on: match choice.basis {
            // No product of this market is in an order of home: what is carried over are habits between kinds of products.
            Basis::SourceEvidence => TrainedOn::Home,
            _ => trained_on(choice.training())?,
        },
        source_weight: choice.pooled.map(|weight| weight_figure(f64::from(weight), 1, &query)),
        basis,
        why_zh: super::said::zh(&choice.why),
        why: choice.why,
    }))
}

fn weight_figure(weight: f64, n: u64, source: &str) -> Figure {
    Metric::SourceWeight.number(weight, n, source)
}

fn trained_on(training: &str) -> Result<TrainedOn> {
    Ok(match training {
        "market" => TrainedOn::Local,
        "pooled" => TrainedOn::Pooled,
        "weighted" => TrainedOn::Weighted,
        other => return Err(anyhow!("unknown training `{other}` in a mart")),
    })
}
