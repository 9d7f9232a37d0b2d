//! Do media explain anything that season, trend and controls do not: both models on weeks that neither has seen.
//!
//! The last weeks are cut into folds; each fold is predicted from the weeks before it, once with media and once by the base
//! alone. A year with a strong season and steady advertising is fitted well by either, and then a high `R²` says nothing
//! about media: only an error that falls on unseen weeks does. The saved part of the squared error gets an interval by a
//! moving-block bootstrap over weeks. Cost: one search a fold.

use super::data::MediaData;
use super::design::{Design, dot};
use super::params::MediaParams;
use crate::spend_error::SpendError;
use domain::{Interval, Seed};
use learn::quantile::{quantile_sorted, sorted};

/// Both models on unseen weeks.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// Weeks that were predicted, over all folds.
    pub n_weeks: usize,
    /// Root mean square error with media, per head.
    pub with_media: f64,
    /// The same for the base alone.
    pub without_media: f64,
    /// Part of the squared error of the base that media save; negative where they add to it.
    pub saved: f64,
    /// Its interval.
    pub interval: Interval,
}

impl HeldOut {
    /// Whether media are seen to help: the whole interval lies above 0.
    pub fn helps(&self) -> bool {
        self.interval.low > 0.0
    }
}

/// `n_folds` folds of `fold_weeks` each at the end of the table.
pub(super) fn held_out(
    params: &MediaParams,
    data: &MediaData,
    (n_folds, fold_weeks): (usize, usize),
    (block, level): (usize, f64),
    seed: Seed,
) -> Result<Option<HeldOut>, SpendError> {
    let n_weeks = data.n_weeks();
    let (mut with, mut without): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let fold_params = MediaParams { test_weeks: fold_weeks, ..params.clone() };
    for fold in 0..n_folds {
        let Some(end) = n_weeks.checked_sub((n_folds - 1 - fold) * fold_weeks) else { continue };
        let part = data.first_weeks(end);
        // A fold that leaves too few weeks to learn from is not counted.
        let Ok(design) = Design::new(&part, &fold_params) else { continue };
        let model = fold_params.fit(&part, &[], seed.derive(fold as u64))?;
        let base = design.base_coefficients(&design.on_train(&design.outcome));
        for t in design.n_train..design.n_weeks {
            let (mut a, mut b) = (0.0, 0.0);
            for place in 0..design.n_places {
                let row = place * design.n_weeks + t;
                let at: Vec<f64> = design.base.iter().map(|c| c[row]).collect();
                a += (model.fitted()[row] / design.size[place] - design.outcome[row]).powi(2);
                b += (dot(&at, &base) - design.outcome[row]).powi(2);
            }
            with.push(a / design.n_places as f64);
            without.push(b / design.n_places as f64);
        }
    }
    let n = with.len();
    if n < 2 * block.max(1) {
        return Ok(None);
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let replicate = |r: u64| {
        let mut rng = seed.derive(0xF01D).stream(r);
        let (mut a, mut b) = (0.0, 0.0);
        for _ in 0..n.div_ceil(block) {
            let from = rng.below(n - block + 1);
            a += with[from..from + block].iter().sum::<f64>();
            b += without[from..from + block].iter().sum::<f64>();
        }
        1.0 - a / b
    };
    let replicates = sorted(&(0..1_000).map(replicate).collect::<Vec<_>>());
    let at = |p: f64| quantile_sorted(&replicates, p).unwrap_or(f64::NAN);
    let tail = (1.0 - level) / 2.0;
    Ok(Some(HeldOut {
        n_weeks: n,
        with_media: mean(&with).sqrt(),
        without_media: mean(&without).sqrt(),
        saved: 1.0 - mean(&with) / mean(&without),
        interval: Interval { low: at(tail), high: at(1.0 - tail), level },
    }))
}
