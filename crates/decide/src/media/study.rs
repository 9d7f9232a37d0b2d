//! A media mix with what a person needs before moving money: intervals, held-out proof, and a verdict for every channel.
//!
//! Intervals come from resamples. In each, blocks of the residuals' weeks, all places together, are put on the observed
//! outcome (a moving-block bootstrap: Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of
//! Statistics 17(3), 1989), and shapes and coefficients are searched anew, held by an anchor: shapes drawn evenly from the ranges
//! of the search, `(σ² / n) Σ ((φ - anchor) / sd)²`. What the weeks say wins over the anchor, what they do not say stays where the
//! anchor put it, so shapes that fit as well are part of the interval (randomised maximum likelihood: Oliver, He and
//! Reynolds, "Conditioning permeability fields to pressure data", ECMOR 1996). Without the anchor every resample would run to
//! the same corner of the ranges and the intervals would be far too narrow.
//! What no resample can see is a wrong model: a driver of sales that is not in the table and moves with advertising. Only an
//! experiment removes that.
//! Cost: one sweep and one refinement a draw over a table of shapes that is computed once.

use super::data::MediaData;
use super::design::{Column, Design, dot, norm};
use super::experiment::Lift;
use super::held_out::{HeldOut, held_out};
use super::model::MediaModel;
use super::params::MediaParams;
use super::search::{Found, Table, Target};
use super::verdict::{Doubt, Verdict};
use crate::budget::Response;
use crate::spend_error::SpendError;
use domain::{Figure, Interval, Seed, Unit};
use learn::quantile::{quantile_sorted, sorted};
use rayon::prelude::*;

/// Effort and thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyParams {
    /// Resamples, at least 20.
    pub n_draws: usize,
    /// Weeks of a block, at least 1.
    pub block_weeks: usize,
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
    /// Folds of held-out weeks.
    pub n_folds: usize,
    /// Weeks of a fold.
    pub fold_weeks: usize,
    /// Spend whose standard deviation over mean is below this hardly varies.
    pub least_variation: f64,
    /// Variance inflation above which a channel is not separable.
    pub most_inflation: f64,
    /// Width of the interval of a channel's share above which it is not known.
    pub widest_share: f64,
}

impl Default for StudyParams {
    fn default() -> Self {
        Self {
            n_draws: 200,
            block_weeks: 8,
            level: 0.9,
            n_folds: 4,
            fold_weeks: 13,
            least_variation: 0.1,
            most_inflation: 10.0,
            widest_share: 0.35,
        }
    }
}

/// What is known of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelStudy {
    /// Its name.
    pub name: String,
    /// Return on spend over the training weeks, and its interval; `NaN` without spend.
    pub roi: (f64, Interval),
    /// Share of all media's contribution, and its interval.
    pub share: (f64, Interval),
    /// What the next unit of weekly spend brings in the end, at the mean spend.
    pub marginal: (f64, Interval),
    /// Whether that can be used.
    pub verdict: Verdict,
}

/// A fitted mix, studied.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// The model.
    pub model: MediaModel,
    /// Channels in the table's order.
    pub channels: Vec<ChannelStudy>,
    /// Response curves of every resample: `n_draws × n_channels`.
    pub draws: Vec<Vec<Response>>,
    /// Proof on unseen weeks; `None` where there are too few weeks for it.
    pub held_out: Option<HeldOut>,
}

/// What a resample says of each channel.
struct Resample {
    roi: Vec<f64>,
    share: Vec<f64>,
    marginal: Vec<f64>,
    curves: Vec<Response>,
}

impl MediaParams {
    /// Fits, resamples, holds out and judges.
    ///
    /// # Errors
    /// As [`Self::fit`], and [`SpendError::Param`] for a study out of range.
    pub fn study(
        &self,
        data: &MediaData,
        lifts: &[Lift],
        study: &StudyParams,
        seed: Seed,
    ) -> Result<Study, SpendError> {
        study.check()?;
        let design = self.design(data, lifts)?;
        let table = Table::new(&design, &self.search, lifts);
        let (model, variance) = self.fit_on(data, &design, &table, lifts, seed)?;
        let resamples: Vec<Resample> = (0..study.n_draws as u64)
            .into_par_iter()
            .filter_map(|r| self.resample(data, &design, &table, &model, (lifts, variance), study, seed.derive(1 + r)))
            .collect();
        let folds = (study.n_folds, study.fold_weeks);
        let held_out = held_out(self, data, folds, (study.block_weeks, study.level), seed.derive(0))?;
        let shapes: Vec<Column> =
            model.channels.iter().enumerate().map(|(j, c)| design.column(j, &c.shape, &[])).collect();
        let channels = (0..model.channels.len())
            .map(|j| {
                let tested = lifts.iter().any(|l| l.channel == j);
                study.channel(&model, &design, &shapes, &resamples, held_out.as_ref().filter(|_| !tested), j)
            })
            .collect();
        Ok(Study { model, channels, draws: resamples.into_iter().map(|r| r.curves).collect(), held_out })
    }

    #[expect(clippy::too_many_arguments, reason = "one resample needs the whole fit, and is called once")]
    fn resample(
        &self,
        data: &MediaData,
        design: &Design,
        table: &Table,
        model: &MediaModel,
        (lifts, variance): (&[Lift], f64),
        study: &StudyParams,
        seed: Seed,
    ) -> Option<Resample> {
        let n = design.n_train;
        let mut rng = seed.stream(0);
        let block = study.block_weeks.min(n);
        let mut weeks = Vec::with_capacity(n + block);
        while weeks.len() < n {
            let from = rng.below(n - block + 1);
            weeks.extend(from..from + block);
        }
        // Fitted parameters have eaten a part of the residuals.
        let rows = design.train.len() as f64;
        let eaten = (design.base_rank() + model.channels.len()) as f64;
        let swell = (rows / (rows - eaten).max(1.0)).sqrt();
        let outcome: Vec<f64> = design
            .train
            .iter()
            .map(|&row| {
                let (place, t) = (row / design.n_weeks, row % design.n_weeks);
                let from = place * design.n_weeks + weeks[t];
                let head = design.size[place];
                (data.outcome[row] + swell * (data.outcome[from] - model.fitted[from])) / head
            })
            .collect();
        let left = design.take_out(outcome);
        // What an experiment measured is drawn again, too.
        let drawn: Vec<Lift> =
            lifts.iter().map(|l| Lift { lift: l.lift + l.standard_error * rng.normal(), ..l.clone() }).collect();
        let number = |k: usize, rng: &mut domain::Rng| {
            let (low, high) = self.search.range(k);
            low + (high - low) * rng.uniform()
        };
        let anchor: Vec<Vec<f64>> = model
            .channels
            .iter()
            .map(|_| (0..self.search.n_numbers()).map(|k| number(k, &mut rng)).collect())
            .collect();
        let target = Target { left: &left, ridge: self.ridge, lifts: &drawn, variance, anchor: Some(&anchor) };
        let found = table.search(design, &self.search, &target, seed)?;
        Some(measured(data, design, model, &found))
    }
}

fn measured(data: &MediaData, design: &Design, model: &MediaModel, found: &Found) -> Resample {
    let brought: Vec<f64> = found
        .columns
        .iter()
        .zip(&found.coefficients)
        .map(|(column, b)| {
            b * design.train.iter().map(|&r| column.saturated[r] * design.size[r / design.n_weeks]).sum::<f64>()
        })
        .collect();
    let all: f64 = brought.iter().sum();
    let mut curves = Vec::new();
    let mut out = Resample { roi: Vec::new(), share: Vec::new(), marginal: Vec::new(), curves: Vec::new() };
    for (j, channel) in data.channels.iter().enumerate() {
        let spent: f64 = design.train.iter().map(|&r| channel.spend[r]).sum();
        out.roi.push(if spent > 0.0 { brought[j] / spent } else { f64::NAN });
        out.share.push(if all > 0.0 { brought[j] / all } else { 0.0 });
        let fit = super::model::ChannelFit {
            shape: found.shapes[j],
            scale: found.columns[j].scale,
            coefficient: found.coefficients[j],
            contribution: Vec::new(),
            ..model.channels[j].clone()
        };
        let curve = fit.curve(model.size);
        out.marginal.push(curve.marginal(fit.mean_spend));
        curves.push(curve);
    }
    out.curves = curves;
    out
}

impl StudyParams {
    fn check(&self) -> Result<(), SpendError> {
        if self.n_draws < 20 {
            return Err(SpendError::param("n_draws", "at least 20", self.n_draws as f64));
        }
        if self.block_weeks == 0 {
            return Err(SpendError::param("block_weeks", "at least 1", 0.0));
        }
        if learn::interval::two_sided(self.level).is_none() {
            return Err(SpendError::param("level", "between 0 and 1", self.level));
        }
        Ok(())
    }

    fn interval(&self, values: impl Iterator<Item = f64>) -> Interval {
        let ascending = sorted(&values.filter(|v| v.is_finite()).collect::<Vec<_>>());
        let tail = (1.0 - self.level) / 2.0;
        let at = |p: f64| quantile_sorted(&ascending, p).unwrap_or(f64::NAN);
        Interval { low: at(tail), high: at(1.0 - tail), level: self.level }
    }

    fn channel(
        &self,
        model: &MediaModel,
        design: &Design,
        columns: &[Column],
        resamples: &[Resample],
        held_out: Option<&HeldOut>,
        j: usize,
    ) -> ChannelStudy {
        let fit = &model.channels[j];
        let share = self.interval(resamples.iter().map(|r| r.share[j]));
        let mut doubts = Vec::new();
        let spend = design.on_train(&design.spend[j]);
        let mean = spend.iter().sum::<f64>() / spend.len() as f64;
        if mean <= 0.0 {
            doubts.push(Doubt::NeverSpent);
        } else {
            let variation = (spend.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / spend.len() as f64).sqrt() / mean;
            if variation < self.least_variation {
                doubts.push(Doubt::HardlyVaries { variation });
            }
            // Two channels that spend alike can be fitted with different shapes; their money still moves together.
            let shaped: Vec<Vec<f64>> = columns.iter().map(|c| design.on_train(&c.saturated)).collect();
            let spent: Vec<Vec<f64>> = design.spend.iter().map(|s| design.on_train(s)).collect();
            let inflation = inflation(design, &shaped, j).max(inflation(design, &spent, j));
            if inflation > self.most_inflation {
                let left: Vec<Vec<f64>> = spent.into_iter().map(|s| design.take_out(s)).collect();
                let along = |k: usize| dot(&left[j], &left[k]).abs() / norm(&left[k]);
                let most_with = (0..left.len())
                    .filter(|&k| k != j && norm(&left[k]) > 0.0)
                    .max_by(|&a, &b| along(a).total_cmp(&along(b)))
                    .map(|k| model.channels[k].name.clone());
                doubts.push(Doubt::MovesWithOthers { inflation, most_with });
            }
        }
        if let Some(h) = held_out.filter(|h| !h.helps()) {
            doubts.push(Doubt::NothingSaved { saved: h.saved });
        }
        if share.high - share.low > self.widest_share {
            doubts.push(Doubt::WideShare { low: share.low, high: share.high });
        }
        ChannelStudy {
            name: fit.name.clone(),
            roi: (fit.roi, self.interval(resamples.iter().map(|r| r.roi[j]))),
            share: (fit.share, share),
            marginal: (
                fit.curve(model.size).marginal(fit.mean_spend),
                self.interval(resamples.iter().map(|r| r.marginal[j])),
            ),
            verdict: Verdict::of(doubts),
        }
    }
}

/// `1 / (1 - R²)` of one series over the training weeks on the base and the other series.
fn inflation(design: &Design, series: &[Vec<f64>], j: usize) -> f64 {
    let mean = series[j].iter().sum::<f64>() / series[j].len() as f64;
    let total: f64 = series[j].iter().map(|x| (x - mean).powi(2)).sum();
    let mut left = design.take_out(series[j].clone());
    let mut done: Vec<Vec<f64>> = Vec::new();
    for (_, other) in series.iter().enumerate().filter(|(k, _)| *k != j) {
        let mut column = design.take_out(other.clone());
        let before = norm(&column);
        for basis in &done {
            let part = dot(basis, &column);
            column.iter_mut().zip(basis).for_each(|(c, b)| *c -= part * b);
        }
        let length = norm(&column);
        if length > 1e-9 * before.max(f64::MIN_POSITIVE) {
            column.iter_mut().for_each(|c| *c /= length);
            let part = dot(&column, &left);
            left.iter_mut().zip(&column).for_each(|(l, c)| *l -= part * c);
            done.push(column);
        }
    }
    let rest = dot(&left, &left);
    if total <= 0.0 { f64::INFINITY } else { total / rest.max(total * 1e-12) }
}

impl Study {
    /// `media.roi`, `media.share` and `media.marginal` of a channel; without a number where it cannot be told.
    pub fn figures(&self, channel: usize) -> Vec<Figure> {
        let c = &self.channels[channel];
        let n = self.model.n_train as u64;
        let figure = |key: &str, unit: Unit, (value, interval): (f64, Interval), formula: &str| {
            let mut figure = Figure::number(key, unit, value, n, 0)
                .formula(formula)
                .source(format!("media mix over {n} weeks, block bootstrap of {} draws", self.draws.len()));
            if !c.verdict.is_told() {
                figure.value = domain::FigureValue::Undefined;
            }
            figure.interval(interval.low, interval.high, interval.level)
        };
        vec![
            figure("media.roi", Unit::Ratio, c.roi, "Σ_t b · hill(adstock(spend))_t / Σ_t spend_t"),
            figure("media.share", Unit::Share, c.share, "Σ_t b_j s_jt / Σ_k Σ_t b_k s_kt"),
            figure(
                "media.marginal",
                Unit::Ratio,
                c.marginal,
                "d(steady-state return) / d(weekly spend) at the mean spend",
            ),
        ]
    }
}
