//! The recursion that all forms share, written once and run on plain numbers or with gradients.
//!
//! With level `l`, slope `b`, season `s` before the step, `⊕` the trend's and `⊗` the season's join:
//! `q = l ⊕ φb`, forecast `μ = q ⊗ s`, error `e = y − μ` (or `(y − μ)/μ`), then `l = q + α(y ⊘ s − q)`,
//! `b = φb + β*(l ⊖ l_before − φb)`, `s = s + γ(y ⊘ q − s)`. Objective: `−2 log L` up to a constant,
//! `n ln Σe²`, plus `2 Σ ln abs(μ)` for a multiplicative error. Cost: one pass.

use super::form::{ErrorKind, SeasonKind, TrendKind};
use crate::series::dual::Real;

/// Smoothing weights and damping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weights<R> {
    pub(super) alpha: R,
    /// Weight of the slope relative to that of the level, `β/α`.
    pub(super) beta_star: R,
    pub(super) gamma: R,
    pub(super) phi: R,
}

/// Level and slope; the season is kept apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct State<R> {
    pub(super) level: R,
    pub(super) slope: R,
}

/// `T` and `S` are the trend and the season as numbers: branches on them vanish when compiled.
pub(super) const fn trend_of(t: u8) -> TrendKind {
    match t {
        0 => TrendKind::None,
        1 => TrendKind::Additive,
        2 => TrendKind::Damped,
        3 => TrendKind::Multiplicative,
        _ => TrendKind::MultiplicativeDamped,
    }
}

pub(super) const fn season_of(s: u8) -> SeasonKind {
    match s {
        0 => SeasonKind::None,
        1 => SeasonKind::Additive,
        _ => SeasonKind::Multiplicative,
    }
}

/// The fading of a slope: `φb`, or `b^φ` for a factor.
#[inline(always)]
pub(super) fn faded<R: Real>(trend: TrendKind, slope: R, phi: R) -> R {
    match trend {
        TrendKind::None | TrendKind::Additive | TrendKind::Multiplicative => slope,
        TrendKind::Damped => slope * phi,
        TrendKind::MultiplicativeDamped => (slope.ln() * phi).exp(),
    }
}

/// Runs over `y`. `season` holds one state a place, that of `y[0]` first, and is brought up to date.
/// `each` is told forecast and error of every step. `None` as soon as a state leaves the form's domain.
#[inline(always)]
pub(super) fn pass<R: Real, const T: u8, const S: u8>(
    error: ErrorKind,
    y: &[f64],
    w: &Weights<R>,
    start: State<R>,
    season: &mut [R],
    mut each: impl FnMut(f64, f64),
) -> Option<(R, State<R>)> {
    let (trend, kind) = (trend_of(T), season_of(S));
    let relative = error == ErrorKind::Multiplicative;
    let beta = w.alpha * w.beta_star;
    let mut state = start;
    let mut squares = R::constant(1e-24);
    let mut logs = Logs { product: 1.0, sum: R::constant(0.0) };
    let mut place = 0;
    for &y in y {
        let value = R::constant(y);
        let moved = faded(trend, state.slope, w.phi);
        let q = match trend {
            TrendKind::None => state.level,
            TrendKind::Additive | TrendKind::Damped => state.level + moved,
            TrendKind::Multiplicative | TrendKind::MultiplicativeDamped => state.level * moved,
        };
        let (forecast, bare) = match kind {
            SeasonKind::None => (q, value),
            SeasonKind::Additive => (q + season[place], value - season[place]),
            SeasonKind::Multiplicative => (q * season[place], value / season[place]),
        };
        let miss = value - forecast;
        if relative {
            if !above(forecast, 1e-12) {
                return None;
            }
            let e = miss / forecast;
            squares = squares + e * e;
            logs.push(forecast);
            each(forecast.value(), e.value());
        } else {
            squares = squares + miss * miss;
            each(forecast.value(), miss.value());
        }
        let off = bare - q;
        let level = q + w.alpha * off;
        match trend {
            TrendKind::None => {}
            TrendKind::Additive | TrendKind::Damped => state.slope = moved + beta * off,
            TrendKind::Multiplicative | TrendKind::MultiplicativeDamped => {
                let slope = moved + w.beta_star * (level / state.level - moved);
                if !above(level, 1e-12) || !above(slope, 1e-6) {
                    return None;
                }
                state.slope = slope;
            }
        }
        match kind {
            SeasonKind::None => {}
            SeasonKind::Additive => season[place] = season[place] + w.gamma * (value - q - season[place]),
            SeasonKind::Multiplicative => {
                if !above(q, 1e-12) {
                    return None;
                }
                let next = season[place] + w.gamma * (value / q - season[place]);
                if !above(next, 1e-9) {
                    return None;
                }
                season[place] = next;
            }
        }
        state.level = level;
        if S != 0 {
            place += 1;
            if place == season.len() {
                place = 0;
            }
        }
    }
    if S != 0 {
        // The place of the next step comes first again.
        season.rotate_left(place);
    }
    let n = R::constant(y.len() as f64);
    let objective = n * squares.ln();
    let objective = if relative { objective + R::constant(2.0) * logs.total() } else { objective };
    objective.value().is_finite().then_some((objective, state))
}

/// What is not a number is not above anything.
#[inline(always)]
fn above<R: Real>(x: R, floor: f64) -> bool {
    x.value() > floor
}

/// `Σ ln x` with one logarithm for many factors.
struct Logs<R> {
    product: f64,
    sum: R,
}

impl<R: Real> Logs<R> {
    #[inline(always)]
    fn push(&mut self, x: R) {
        let value = x.value();
        self.product *= value;
        self.sum = self.sum + x.slopes(1.0 / value);
        if !(1e-120..1e120).contains(&self.product) {
            self.sum = self.sum + R::constant(self.product.ln());
            self.product = 1.0;
        }
    }

    fn total(self) -> R {
        self.sum + R::constant(self.product.ln())
    }
}
