//! A fitted media mix: what each channel brought, week by week, and what more or less of it would bring.
//!
//! `outcome = base + Σ_j b_j · hill(adstock_j(spend_j))` with `b_j ≥ 0`; the base is intercept, trend, season and controls,
//! free in sign. Fitted by ridge least squares, the one optimum of
//! `‖y - X b‖² / n + ridge · Σ b_j²` over the channels' coefficients, for given shapes or for the best ones that a search finds.
//! Sources: Jin et al. 2017 (see [`super::adstock`]); Chan and Perry, "Challenges and opportunities in media mix modeling",
//! 2017, for what such a fit can and cannot say.

use super::data::MediaData;
use super::design::{Column, Design};
use super::experiment::Lift;
use super::params::{MediaParams, Shape};
use super::search::{Table, Target, solve};
use crate::budget::response::Response;
use crate::spend_error::SpendError;
use domain::Seed;

/// How well a model fits some weeks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// `1 - SSE / SST`; `NaN` where the outcome does not move.
    pub r2: f64,
    /// Root mean square error over the outcome's range; `NaN` likewise.
    pub nrmse: f64,
    /// Root mean square error, in the outcome's unit per head.
    pub rmse: f64,
    /// Rows it is measured on.
    pub n: usize,
}

/// A channel in the fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelFit {
    /// Its name.
    pub name: String,
    /// Carry-over and saturation.
    pub shape: Shape,
    /// Largest carried-over value of the training weeks: what the saturation is measured by.
    pub scale: f64,
    /// Most that it can bring in a week, per head.
    pub coefficient: f64,
    /// What it brought in each row, `n_places × n_weeks`, in the outcome's unit.
    pub contribution: Vec<f64>,
    /// Part of all channels' contributions in the training weeks; `NaN` where no channel brought anything.
    pub share: f64,
    /// Contribution over spend in the training weeks; `NaN` without spend.
    pub roi: f64,
    /// Mean spend of a training week, over all places.
    pub mean_spend: f64,
}

/// A fitted media mix.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaModel {
    pub(super) params: MediaParams,
    pub(super) channels: Vec<ChannelFit>,
    pub(super) base_names: Vec<String>,
    pub(super) base_coefficients: Vec<f64>,
    pub(super) base_parts: Vec<Vec<f64>>,
    pub(super) fitted: Vec<f64>,
    pub(super) numbers: Vec<Vec<f64>>,
    pub(super) train: Fit,
    pub(super) test: Option<Fit>,
    pub(super) loss: f64,
    pub(super) n_train: usize,
    pub(super) size: f64,
}

impl MediaParams {
    /// The linear part for given shapes, one for each channel.
    ///
    /// # Errors
    /// [`SpendError`] for data or shapes that do not fit, or too few weeks.
    pub fn fit_given(&self, data: &MediaData, shapes: &[Shape]) -> Result<MediaModel, SpendError> {
        let design = self.design(data, &[])?;
        if shapes.len() != data.channels.len() {
            let (got, need) = (shapes.len(), data.channels.len());
            return Err(SpendError::Shape { what: "shapes".to_owned(), got, need });
        }
        shapes.iter().try_for_each(Shape::check)?;
        let columns: Vec<Column> = shapes.iter().enumerate().map(|(j, s)| design.column(j, s, &[])).collect();
        let target = Target { left: &design.outcome_left, ridge: self.ridge, lifts: &[], variance: 0.0, anchor: None };
        let (loss, coefficients) = solve(&columns, &target).ok_or_else(same)?;
        Ok(MediaModel::new(self, data, &design, shapes, &columns, &coefficients, loss, Vec::new()))
    }

    /// Searches the shapes too. Experiments, where given, pull the fit to what they measured.
    ///
    /// # Errors
    /// As [`Self::fit_given`].
    pub fn fit(&self, data: &MediaData, lifts: &[Lift], seed: Seed) -> Result<MediaModel, SpendError> {
        let design = self.design(data, lifts)?;
        let table = Table::new(&design, &self.search, lifts);
        Ok(self.fit_on(data, &design, &table, lifts, seed)?.0)
    }

    /// The design, after every check.
    pub(super) fn design(&self, data: &MediaData, lifts: &[Lift]) -> Result<Design, SpendError> {
        if !(self.ridge >= 0.0 && self.ridge.is_finite()) {
            return Err(SpendError::param("ridge", "0 or more", self.ridge));
        }
        if !(self.year_weeks > 0.0 && self.year_weeks.is_finite()) {
            return Err(SpendError::param("year_weeks", "above 0", self.year_weeks));
        }
        self.search.check()?;
        let design = Design::new(data, self)?;
        for lift in lifts {
            let weeks = lift.from_week < lift.to_week && lift.to_week <= design.n_weeks;
            if lift.channel >= data.channels.len() || !weeks {
                return Err(SpendError::param(
                    "experiment",
                    "about a channel and weeks of the table",
                    lift.channel as f64,
                ));
            }
            if !(lift.standard_error > 0.0 && lift.standard_error.is_finite() && lift.lift.is_finite()) {
                return Err(SpendError::param("standard_error", "above 0, beside a finite lift", lift.standard_error));
            }
            if !(lift.share_kept >= 0.0 && lift.share_kept.is_finite()) {
                return Err(SpendError::param("share_kept", "0 or more", lift.share_kept));
            }
        }
        Ok(design)
    }

    /// The best fit on a design whose table is known, with the variance of its residuals.
    pub(super) fn fit_on(
        &self,
        data: &MediaData,
        design: &Design,
        table: &Table,
        lifts: &[Lift],
        seed: Seed,
    ) -> Result<(MediaModel, f64), SpendError> {
        let plain = Target { left: &design.outcome_left, ridge: self.ridge, lifts: &[], variance: 0.0, anchor: None };
        // Experiments weigh by the model's residual variance, which is taken from a fit without them.
        let first = table.search(design, &self.search, &plain, seed).ok_or_else(same)?;
        let n = design.train.len() as f64;
        let spent = (design.base_rank() + data.channels.len() * (1 + self.search.n_numbers())) as f64;
        let variance = first.loss * n / (n - spent).max(0.1 * n);
        let found = if lifts.is_empty() {
            first
        } else {
            let target = Target { left: &design.outcome_left, ridge: self.ridge, lifts, variance, anchor: None };
            table.search(design, &self.search, &target, seed).ok_or_else(same)?
        };
        let model = MediaModel::new(
            self,
            data,
            design,
            &found.shapes,
            &found.columns,
            &found.coefficients,
            found.loss,
            found.numbers,
        );
        Ok((model, variance))
    }
}

fn same() -> SpendError {
    SpendError::param("ridge", "above 0 where two channels spend alike", 0.0)
}

impl MediaModel {
    #[expect(clippy::too_many_arguments, reason = "everything that a fit has found, once")]
    pub(super) fn new(
        params: &MediaParams,
        data: &MediaData,
        design: &Design,
        shapes: &[Shape],
        columns: &[Column],
        coefficients: &[f64],
        loss: f64,
        numbers: Vec<Vec<f64>>,
    ) -> Self {
        let n = design.outcome.len();
        let head = |row: usize| design.size[row / design.n_weeks];
        let mut channels: Vec<ChannelFit> = Vec::new();
        let mut media = vec![0.0; n];
        for (j, channel) in data.channels.iter().enumerate() {
            let part: Vec<f64> = columns[j].saturated.iter().map(|s| coefficients[j] * s).collect();
            media.iter_mut().zip(&part).for_each(|(m, p)| *m += p);
            let contribution: Vec<f64> = part.iter().enumerate().map(|(row, p)| p * head(row)).collect();
            let brought: f64 = design.train.iter().map(|&r| contribution[r]).sum();
            let spent: f64 = design.train.iter().map(|&r| channel.spend[r]).sum();
            channels.push(ChannelFit {
                name: channel.name.clone(),
                shape: shapes[j],
                scale: columns[j].scale,
                coefficient: coefficients[j],
                contribution,
                share: brought,
                roi: if spent > 0.0 { brought / spent } else { f64::NAN },
                mean_spend: spent / design.n_train as f64,
            });
        }
        let all: f64 = channels.iter().map(|c| c.share).sum();
        channels.iter_mut().for_each(|c| c.share = if all > 0.0 { c.share / all } else { f64::NAN });
        let rest: Vec<f64> = design.train.iter().map(|&r| design.outcome[r] - media[r]).collect();
        let base_coefficients = design.base_coefficients(&rest);
        let base_parts: Vec<Vec<f64>> = design
            .base
            .iter()
            .zip(&base_coefficients)
            .map(|(column, b)| column.iter().enumerate().map(|(row, x)| b * x * head(row)).collect())
            .collect();
        let per_head: Vec<f64> = (0..n)
            .map(|row| media[row] + design.base.iter().zip(&base_coefficients).map(|(c, b)| b * c[row]).sum::<f64>())
            .collect();
        let on = |rows: &[usize]| measure(rows, &design.outcome, &per_head);
        let test = data.rows(design.n_train, design.n_weeks);
        Self {
            params: params.clone(),
            channels,
            base_names: design.base_names.clone(),
            base_coefficients,
            base_parts,
            train: on(&design.train),
            test: (!test.is_empty()).then(|| on(&test)),
            fitted: per_head.iter().enumerate().map(|(row, f)| f * head(row)).collect(),
            numbers,
            loss,
            n_train: design.n_train,
            size: design.size.iter().sum(),
        }
    }

    /// Channels in the table's order.
    pub fn channels(&self) -> &[ChannelFit] {
        &self.channels
    }

    /// Names and coefficients of the base, per head: intercepts, trend, season, standardised controls.
    pub fn base(&self) -> impl Iterator<Item = (&str, f64)> {
        self.base_names.iter().map(String::as_str).zip(self.base_coefficients.iter().copied())
    }

    /// What one column of the base adds in each row; with the channels' contributions they sum to [`Self::fitted`].
    pub fn base_part(&self, at: usize) -> &[f64] {
        &self.base_parts[at]
    }

    /// The model's outcome in each row, training and test.
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    /// Fit of the training weeks.
    pub fn train_fit(&self) -> Fit {
        self.train
    }

    /// Fit of the weeks held out; `None` without any.
    pub fn test_fit(&self) -> Option<Fit> {
        self.test
    }

    /// Training weeks of a place.
    pub fn n_train_weeks(&self) -> usize {
        self.n_train
    }

    /// Mean square error of the training rows with the ridge and the experiments, per head.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// What a constant weekly spend on each channel, over all places in proportion to their size, brings in the end.
    pub fn curves(&self) -> Vec<Response> {
        self.channels.iter().map(|c| c.curve(self.size)).collect()
    }
}

impl ChannelFit {
    /// Steady-state curve for places of this size together.
    pub(super) fn curve(&self, size: f64) -> Response {
        Response::Hill {
            coefficient: self.coefficient * size,
            alpha: self.shape.alpha,
            gamma: self.shape.gamma,
            scale: self.scale * size / self.shape.adstock.steady_state(),
        }
    }
}

fn measure(rows: &[usize], outcome: &[f64], fitted: &[f64]) -> Fit {
    let n = rows.len();
    let mean = rows.iter().map(|&r| outcome[r]).sum::<f64>() / n as f64;
    let sse: f64 = rows.iter().map(|&r| (outcome[r] - fitted[r]).powi(2)).sum();
    let sst: f64 = rows.iter().map(|&r| (outcome[r] - mean).powi(2)).sum();
    let high = rows.iter().map(|&r| outcome[r]).fold(f64::NEG_INFINITY, f64::max);
    let low = rows.iter().map(|&r| outcome[r]).fold(f64::INFINITY, f64::min);
    let rmse = (sse / n as f64).sqrt();
    let or_nan = |x: f64, by: f64| if by > 0.0 { x / by } else { f64::NAN };
    Fit { r2: 1.0 - or_nan(sse, sst), nrmse: or_nan(rmse, high - low), rmse, n }
}
