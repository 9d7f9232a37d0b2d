//! Estimating one form by maximum likelihood, and choosing among forms by AICc.
//!
//! Smoothing weights lie in the usual region: `α` in (0, 1), `β` in (0, α), `γ` in (0, 1 − α), `φ` in
//! (0.8, 0.98) unless told otherwise; they are searched as logits together with starting level and slope, by BFGS with exact
//! gradients from the best of a few starts. Starting seasons come from the classical decomposition
//! and count as parameters, but are not searched: with a dozen or more of them the likelihood hardly
//! moves and the search is an order of magnitude longer. `AICc = −2 log L + 2k + 2k(k + 1)/(n − k − 1)`.
//! Series are divided by their mean size first, so the unit does not matter.
//! Cost: some 20 passes with gradients a form, `O(n)` each.

use super::filter::{State, Weights, pass, season_of, trend_of};
use super::form::{EtsForm, SeasonKind, TrendKind};
use crate::series::bfgs::minimise;
use crate::series::dual::{Dual, Real};
use crate::series::season::{Join, seasonal_indices, without_season};
use std::collections::BTreeMap;

/// Which forms are tried.
#[derive(Clone, Debug, PartialEq)]
pub struct EtsParams {
    /// Length of the season; 1 for none.
    pub period: usize,
    /// The forms; those that the series does not allow are skipped.
    pub forms: Vec<EtsForm>,
    /// Gain of `log L` below which the search ends, above 0.
    pub tolerance: f64,
    /// Least share of a fading trend that is left after a step, in (0, 0.98).
    pub min_damping: f64,
}

impl EtsParams {
    /// All admissible forms without multiplicative trends, with seasons where the period is 2 to 24. A longer
    /// season has too many states to start from; take it out first, as `mstl` does.
    pub fn automatic(period: usize) -> Self {
        Self { period, forms: EtsForm::admissible((2..=24).contains(&period), false), ..Self::default() }
    }
}

impl Default for EtsParams {
    fn default() -> Self {
        Self { period: 1, forms: EtsForm::admissible(false, false), tolerance: 1e-3, min_damping: 0.8 }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct EtsFit {
    pub(super) form: EtsForm,
    pub(super) weights: Weights<f64>,
    pub(super) start: State<f64>,
    pub(super) start_season: Vec<f64>,
    pub(super) end: State<f64>,
    pub(super) end_season: Vec<f64>,
    /// What the series was divided by.
    pub(super) unit: f64,
    /// Mean squared error in that unit, relative for a multiplicative error.
    pub(super) variance: f64,
    aicc: f64,
    n_parameters: usize,
}

impl EtsParams {
    /// The form of lowest AICc. `None` where no form can be estimated: fewer than 5 values more or less, or a
    /// series that never changes. All values have to be finite.
    pub fn fit(&self, y: &[f64]) -> Option<EtsFit> {
        self.fit_more(y, &mut Fitted::new())
    }

    /// The same; forms in `fitted`, which were fitted to the same series with the same tolerance and damping, are taken
    /// from there, and the others go there. A form without season is the same for every period.
    pub(in crate::series) fn fit_more(&self, y: &[f64], fitted: &mut Fitted) -> Option<EtsFit> {
        let key = |form: &EtsForm| (if form.season == SeasonKind::None { 1 } else { self.period }, *form);
        if self.forms.iter().any(|form| !fitted.contains_key(&key(form))) {
            let series = Series::new(y, self)?;
            for form in &self.forms {
                fitted.entry(key(form)).or_insert_with(|| series.fit(*form, self.tolerance));
            }
        }
        let mut best: Option<&EtsFit> = None;
        for fit in self.forms.iter().filter_map(|form| fitted[&key(form)].as_ref()) {
            if best.is_none_or(|b| fit.aicc < b.aicc) {
                best = Some(fit);
            }
        }
        best.cloned()
    }
}

impl EtsFit {
    /// The form chosen.
    pub const fn form(&self) -> EtsForm {
        self.form
    }

    /// Corrected information criterion, up to a constant of the series.
    pub const fn aicc(&self) -> f64 {
        self.aicc
    }

    /// Parameters estimated, starting states and the variance among them.
    pub const fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// Smoothing weights `α`, `β`, `γ` and damping `φ`, 0 (or 1) where the form has none.
    pub fn smoothing(&self) -> [f64; 4] {
        let trend = self.form.trend != TrendKind::None;
        let season = self.form.season != SeasonKind::None;
        let w = &self.weights;
        [
            w.alpha,
            if trend { w.alpha * w.beta_star } else { 0.0 },
            if season { w.gamma } else { 0.0 },
            if self.form.trend.is_damped() { w.phi } else { 1.0 },
        ]
    }
}

/// Forms that were already fitted to one series, with the length of their season; `None` where that cannot be.
pub(in crate::series) type Fitted = BTreeMap<(usize, EtsForm), Option<EtsFit>>;

/// A series ready for estimation.
struct Series {
    y: Vec<f64>,
    unit: f64,
    positive: bool,
    /// Starting states of each season kind.
    starts: [Option<Start>; 3],
}

/// Where the search for starting states begins.
struct Start {
    season: Vec<f64>,
    level: f64,
    slope: f64,
    /// Level for a form without trend.
    flat: f64,
    /// One unit of the searched level.
    spread: f64,
    /// Lower end of the damping.
    min_damping: f64,
}

impl Series {
    fn new(y: &[f64], params: &EtsParams) -> Option<Self> {
        let unit = y.iter().map(|y| y.abs()).sum::<f64>() / y.len() as f64;
        let changes = y.windows(2).any(|w| w[0] != w[1]);
        let damping = params.min_damping > 0.0 && params.min_damping < 0.98;
        if !(unit > 0.0 && unit.is_finite() && changes && params.tolerance > 0.0 && damping) {
            return None;
        }
        let y: Vec<f64> = y.iter().map(|y| y / unit).collect();
        let positive = y.iter().all(|y| *y > 1e-9);
        let wants = |kind| params.forms.iter().any(|f| f.season == kind);
        let start = |kind: SeasonKind| {
            let (join, neutral) = match kind {
                SeasonKind::None => return Some(Start::new(&y, Vec::new(), params.min_damping)),
                SeasonKind::Additive => (Join::Add, y.clone()),
                SeasonKind::Multiplicative => (Join::Multiply, y.clone()),
            };
            let season = wants(kind).then(|| seasonal_indices(&neutral, params.period, join)).flatten()?;
            Some(Start::new(&without_season(&neutral, &season, join), season, params.min_damping))
        };
        let starts = [SeasonKind::None, SeasonKind::Additive, SeasonKind::Multiplicative].map(start);
        Some(Self { y, unit, positive, starts })
    }

    fn fit(&self, form: EtsForm, tolerance: f64) -> Option<EtsFit> {
        use {SeasonKind as S, TrendKind as T};
        if form.needs_positive() && !self.positive {
            return None;
        }
        match (form.trend, form.season) {
            (T::None, S::None) => self.search::<0, 0, 2>(form, tolerance),
            (T::None, S::Additive) => self.search::<0, 1, 3>(form, tolerance),
            (T::None, S::Multiplicative) => self.search::<0, 2, 3>(form, tolerance),
            (T::Additive, S::None) => self.search::<1, 0, 4>(form, tolerance),
            (T::Additive, S::Additive) => self.search::<1, 1, 5>(form, tolerance),
            (T::Additive, S::Multiplicative) => self.search::<1, 2, 5>(form, tolerance),
            (T::Damped, S::None) => self.search::<2, 0, 5>(form, tolerance),
            (T::Damped, S::Additive) => self.search::<2, 1, 6>(form, tolerance),
            (T::Damped, S::Multiplicative) => self.search::<2, 2, 6>(form, tolerance),
            (T::Multiplicative, S::None) => self.search::<3, 0, 4>(form, tolerance),
            (T::Multiplicative, S::Additive) => self.search::<3, 1, 5>(form, tolerance),
            (T::Multiplicative, S::Multiplicative) => self.search::<3, 2, 5>(form, tolerance),
            (T::MultiplicativeDamped, S::None) => self.search::<4, 0, 5>(form, tolerance),
            (T::MultiplicativeDamped, S::Additive) => self.search::<4, 1, 6>(form, tolerance),
            (T::MultiplicativeDamped, S::Multiplicative) => self.search::<4, 2, 6>(form, tolerance),
        }
    }

    fn search<const T: u8, const S: u8, const N: usize>(&self, form: EtsForm, tolerance: f64) -> Option<EtsFit> {
        debug_assert!(form.n_searched() == N && trend_of(T) == form.trend && season_of(S) == form.season);
        let start = self.starts[S as usize].as_ref()?;
        // With the other starting seasons and the variance.
        let k = N + start.season.len().saturating_sub(1) + 1;
        if self.y.len() < k + 2 {
            return None;
        }
        let mut ring: Vec<f64> = Vec::with_capacity(start.season.len());
        let mut plain = |x: &[f64; N]| {
            let (weights, state) = unpack::<f64, T, S, N>(x, start);
            ring.clear();
            ring.extend_from_slice(&start.season);
            pass::<f64, T, S>(form.error, &self.y, &weights, state, &mut ring, |_, _| {}).map(|(v, _)| v)
        };
        let mut best: Option<([f64; N], f64)> = None;
        for x in starts::<T, S, N>() {
            if let Some(v) = plain(&x).filter(|v| best.is_none_or(|(_, b)| *v < b)) {
                best = Some((x, v));
            }
        }
        let mut ring: Vec<Dual<N>> = Vec::with_capacity(start.season.len());
        let sloped = |x: &[f64; N]| {
            let duals: [Dual<N>; N] = std::array::from_fn(|i| Dual::parameter(x[i], i));
            let (weights, state) = unpack::<Dual<N>, T, S, N>(&duals, start);
            ring.clear();
            ring.extend(start.season.iter().map(|s| Dual::constant(*s)));
            let (v, _) = pass::<Dual<N>, T, S>(form.error, &self.y, &weights, state, &mut ring, |_, _| {})?;
            Some((v.value / 2.0, v.slope.map(|s| s / 2.0)))
        };
        let found = minimise(best?.0, tolerance, 60, sloped)?;
        let (weights, state) = unpack::<f64, T, S, N>(&found, start);
        let mut season = start.season.clone();
        let mut squares = 0.0;
        let (value, end) =
            pass::<f64, T, S>(form.error, &self.y, &weights, state, &mut season, |_, e| squares += e * e)?;
        let (n, p) = (self.y.len() as f64, k as f64);
        Some(EtsFit {
            form,
            weights,
            start: state,
            start_season: start.season.clone(),
            end,
            end_season: season,
            unit: self.unit,
            variance: squares / (n - (N as f64).min(n - 1.0)),
            aicc: value + 2.0 * p + 2.0 * p * (p + 1.0) / (n - p - 1.0),
            n_parameters: k,
        })
    }
}

impl Start {
    /// Level and slope from a line through the first values without season.
    fn new(y: &[f64], season: Vec<f64>, min_damping: f64) -> Self {
        let n = y.len().min(season.len().max(10));
        let first = &y[..n];
        let mean = first.iter().sum::<f64>() / n as f64;
        let middle = (n as f64 - 1.0) / 2.0;
        let (mut xy, mut xx) = (0.0, 0.0);
        for (t, y) in first.iter().enumerate() {
            let x = t as f64 - middle;
            xy += x * (y - mean);
            xx += x * x;
        }
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        let spread = (first.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n as f64).sqrt();
        let spread = spread.max(0.01 * mean.abs()).max(1e-6);
        Self { season, level: mean - slope * (middle + 1.0), slope, flat: mean, spread, min_damping }
    }
}

/// Parameters in the order `α, level, (β*, slope), (φ), (γ)` from what is searched.
#[inline(always)]
fn unpack<R: Real, const T: u8, const S: u8, const N: usize>(x: &[R; N], start: &Start) -> (Weights<R>, State<R>) {
    let trend = trend_of(T);
    let between = |x: R, low: f64, high: f64| {
        let share = R::constant(1.0) / (R::constant(1.0) + (R::constant(0.0) - x).exp());
        R::constant(low) + R::constant(high - low) * share
    };
    let alpha = between(x[0], 1e-4, 0.9999);
    let flat = T == 0;
    let level = R::constant(if flat { start.flat } else { start.level }) + R::constant(start.spread) * x[1];
    let (beta_star, slope) = if flat {
        (R::constant(0.0), R::constant(0.0))
    } else {
        let slope = if trend.is_factor() {
            // A factor near the one that the line's slope means.
            let factor = 1.0 + (start.slope / start.flat.abs().max(1e-6)).clamp(-0.2, 0.2);
            R::constant(factor) * (R::constant(0.02) * x[3]).exp()
        } else {
            R::constant(start.slope) + R::constant(0.2 * start.spread) * x[3]
        };
        (between(x[2], 1e-4, 0.9999), slope)
    };
    let phi = if trend.is_damped() { between(x[4], start.min_damping, 0.98) } else { R::constant(1.0) };
    let gamma = if S == 0 { R::constant(0.0) } else { between(x[N - 1], 1e-4, 0.9999) * (R::constant(1.0) - alpha) };
    (Weights { alpha, beta_star, gamma, phi }, State { level, slope })
}

/// Where a search may begin: slow and fast levels, slow and fast slopes.
fn starts<const T: u8, const S: u8, const N: usize>() -> Vec<[f64; N]> {
    let mut all = Vec::new();
    for alpha in [-2.5, -0.5, 1.0, 3.0] {
        for beta in if T == 0 { &[0.0][..] } else { &[-4.0, -1.5] } {
            let mut x = [0.0; N];
            x[0] = alpha;
            if T != 0 {
                x[2] = *beta;
            }
            if trend_of(T).is_damped() {
                x[4] = 1.0;
            }
            if S != 0 {
                x[N - 1] = -2.0;
            }
            all.push(x);
        }
    }
    all
}
