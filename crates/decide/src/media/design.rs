//! The part of a media mix that no search changes: controls, and what is left of a series once they are taken out.
//!
//! Regressing on `[controls, channels]` gives the channels the same coefficients as regressing what the controls leave
//! of the outcome on what they leave of the channels (Frisch and Waugh, "Partial time regressions as compared with
//! individual trends", Econometrica 1(4), 1933). The controls are orthonormalised once; then every trial of the search
//! costs one column.
//!
//! Columns: one intercept for each place, trend `t / n`, Fourier pairs of a year with `t` from 0, controls standardised on
//! the training weeks. A control that the columns before it already say gets the coefficient 0.

use super::data::MediaData;
use super::experiment::Lift;
use super::params::{MediaParams, Shape, Trend};
use crate::spend_error::SpendError;

/// Everything that is computed once for a table and its parameters.
pub(super) struct Design {
    pub n_places: usize,
    pub n_weeks: usize,
    pub n_train: usize,
    /// Size of each place.
    pub size: Vec<f64>,
    /// Rows of the training weeks, place after place.
    pub train: Vec<usize>,
    /// Outcome per head, all rows.
    pub outcome: Vec<f64>,
    /// Spend per head of each channel, all rows.
    pub spend: Vec<Vec<f64>>,
    /// Names of the columns of the base.
    pub base_names: Vec<String>,
    /// Columns of the base, all rows.
    pub base: Vec<Vec<f64>>,
    /// Orthonormal columns over the training rows that span the base.
    basis: Vec<Vec<f64>>,
    /// `R` of the base's factorisation, row by basis column: `base_j = Σ_i r[i][j] basis_i`.
    r: Vec<Vec<f64>>,
    /// Which column of the base each column of the basis came from.
    pivots: Vec<usize>,
    /// What the base leaves of the outcome, training rows.
    pub outcome_left: Vec<f64>,
}

/// A channel under a shape.
#[derive(Clone)]
pub(super) struct Column {
    /// Largest carried-over value of the training rows.
    pub scale: f64,
    /// Saturated values, all rows.
    pub saturated: Vec<f64>,
    /// What the base leaves of the training rows.
    pub left: Vec<f64>,
    /// For each experiment on this channel, its place in the list and the saturation that the tested spend made.
    pub tested: Vec<(usize, f64)>,
}

impl Design {
    pub(super) fn new(data: &MediaData, params: &MediaParams) -> Result<Self, SpendError> {
        data.check()?;
        let (n_places, n_weeks) = (data.n_places(), data.n_weeks());
        let n_train = n_weeks.saturating_sub(params.test_weeks);
        let train = data.rows(0, n_train);
        let per_head = |values: &[f64]| -> Vec<f64> {
            values.iter().enumerate().map(|(row, v)| v / data.size[row / n_weeks]).collect()
        };
        let (base_names, base) = base(data, params, &train, n_train);
        let need = base.len() + data.channels.len() + 2;
        if train.len() < need {
            return Err(SpendError::TooLittle { what: "training weeks", have: train.len(), need });
        }
        let mut design = Self {
            n_places,
            n_weeks,
            n_train,
            size: data.size.clone(),
            outcome: per_head(&data.outcome),
            spend: data.channels.iter().map(|c| per_head(&c.spend)).collect(),
            base_names,
            base,
            basis: Vec::new(),
            r: Vec::new(),
            pivots: Vec::new(),
            outcome_left: Vec::new(),
            train,
        };
        design.orthonormalise();
        let outcome = design.on_train(&design.outcome);
        design.outcome_left = design.take_out(outcome);
        Ok(design)
    }

    /// The training rows of a series.
    pub(super) fn on_train(&self, values: &[f64]) -> Vec<f64> {
        self.train.iter().map(|&r| values[r]).collect()
    }

    /// Gram and Schmidt, twice each, so that rounding does not add up.
    fn orthonormalise(&mut self) {
        for j in 0..self.base.len() {
            let mut column = self.on_train(&self.base[j]);
            let before = norm(&column);
            let mut along = vec![0.0; self.basis.len()];
            for _ in 0..2 {
                for (basis, along) in self.basis.iter().zip(&mut along) {
                    let part = dot(basis, &column);
                    *along += part;
                    column.iter_mut().zip(basis).for_each(|(c, b)| *c -= part * b);
                }
            }
            let after = norm(&column);
            for (row, along) in self.r.iter_mut().zip(&along) {
                row[j] = *along;
            }
            if after > 1e-9 * before.max(f64::MIN_POSITIVE) {
                column.iter_mut().for_each(|c| *c /= after);
                let mut row = vec![0.0; self.base.len()];
                row[j] = after;
                self.basis.push(column);
                self.r.push(row);
                self.pivots.push(j);
            }
        }
    }

    /// What the base leaves of the training rows of a series.
    pub(super) fn take_out(&self, mut values: Vec<f64>) -> Vec<f64> {
        for basis in &self.basis {
            let part = dot(basis, &values);
            values.iter_mut().zip(basis).for_each(|(v, b)| *v -= part * b);
        }
        values
    }

    /// Coefficients of the base for a series over the training rows.
    pub(super) fn base_coefficients(&self, values: &[f64]) -> Vec<f64> {
        let along: Vec<f64> = self.basis.iter().map(|b| dot(b, values)).collect();
        let mut out = vec![0.0; self.base.len()];
        for (i, &j) in self.pivots.iter().enumerate().rev() {
            let known: f64 = self.pivots[i + 1..].iter().map(|&k| self.r[i][k] * out[k]).sum();
            out[j] = (along[i] - known) / self.r[i][j];
        }
        out
    }

    /// Number of independent columns of the base.
    pub(super) fn base_rank(&self) -> usize {
        self.basis.len()
    }

    /// A channel under a shape.
    pub(super) fn column(&self, channel: usize, shape: &Shape, lifts: &[Lift]) -> Column {
        let spend = &self.spend[channel];
        let carried: Vec<f64> = spend.chunks_exact(self.n_weeks).flat_map(|place| shape.adstock.apply(place)).collect();
        let scale = self.train.iter().map(|&r| carried[r]).fold(0.0, f64::max);
        // A channel that never spent has no shape; any scale gives zeros.
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let saturated: Vec<f64> = carried.iter().map(|c| shape.saturated(*c, scale)).collect();
        let left = self.take_out(self.on_train(&saturated));
        let of = |(at, lift): (usize, &Lift)| Some((at, lift.saturation(self, channel, shape, scale, &saturated)?));
        let tested = lifts.iter().enumerate().filter_map(of).collect();
        Column { scale, saturated, left, tested }
    }
}

fn base(data: &MediaData, params: &MediaParams, train: &[usize], n_train: usize) -> (Vec<String>, Vec<Vec<f64>>) {
    let (n_places, n_weeks) = (data.n_places(), data.n_weeks());
    let n = n_places * n_weeks;
    let mut names = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for place in 0..n_places {
        names.push(if n_places == 1 { "intercept".to_owned() } else { format!("intercept {place}") });
        columns.push((0..n).map(|row| f64::from(u8::from(row / n_weeks == place))).collect());
    }
    if params.trend == Trend::Line {
        names.push("trend".to_owned());
        columns.push((0..n).map(|row| (row % n_weeks) as f64 / n_train.max(1) as f64).collect());
    }
    for pair in 1..=params.n_fourier {
        let angle = |row: usize| std::f64::consts::TAU * pair as f64 * (row % n_weeks) as f64 / params.year_weeks;
        names.push(format!("sine {pair}"));
        columns.push((0..n).map(|row| angle(row).sin()).collect());
        names.push(format!("cosine {pair}"));
        columns.push((0..n).map(|row| angle(row).cos()).collect());
    }
    for control in &data.controls {
        let mean = train.iter().map(|&r| control.values[r]).sum::<f64>() / train.len().max(1) as f64;
        let square: f64 = train.iter().map(|&r| (control.values[r] - mean).powi(2)).sum();
        let sd = (square / train.len().max(1) as f64).sqrt();
        let sd = if sd > 0.0 { sd } else { 1.0 };
        names.push(control.name.clone());
        columns.push(control.values.iter().map(|v| (v - mean) / sd).collect());
    }
    (names, columns)
}

/// Eight sums side by side, so that the compiler can use wide registers; always in the same order.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (x, y) in a8.iter().zip(b8) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

pub(super) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
