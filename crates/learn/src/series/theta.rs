//! The theta method in its four forms: two lines through the series, forecast apart, put together again.
//!
//! With `ω = 1 − 1/θ`: `μ_t = l_(t−1) + ω((1 − α)^(t−1) A + (1 − (1 − α)^t)/α · B)`, `l_t = α y_t + (1 − α) l_(t−1)`.
//! `A + B t` is the least-squares line: of the whole series in the static forms, of the values up to
//! `t − 1` in the dynamic ones. The standard forms have `θ = 2`, the optimised ones estimate it, at least 1.
//!
//! For a given `α` the one-step errors are linear in the starting level and in `ω`, so both come from
//! a 2 × 2 system and only `α` is searched. That departs from the paper, which searches all three by
//! Nelder and Mead; the minimum is the same and is found in some 20 passes. The choice among forms is by
//! `AICc` of the one-step errors. Variances: `v_h = σ²(1 + (h − 1)α²)`, that of the smoothed line.
//!
//! Sources: Assimakopoulos and Nikolopoulos, "The theta model", IJF 16(4), 2000; Fiorucci, Pellegrini, Louzada,
//! Petropoulos and Koehler, "Models for optimising the theta method and their relationship to state space
//! models", IJF 32(4), 2016. Cost: some 20 passes of `O(n)` a form.

use super::season::{Join, is_seasonal, seasonal_indices, with_season, without_season};

/// Which of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThetaKind {
    /// One line, `θ = 2`: the method that won M3.
    Standard,
    /// One line, `θ` estimated.
    Optimised,
    /// A line for every step, `θ = 2`.
    DynamicStandard,
    /// A line for every step, `θ` estimated.
    DynamicOptimised,
}

/// How the method is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct ThetaParams {
    /// Length of the season, taken out first where a test finds it; 1 for none.
    pub period: usize,
    /// The forms that are tried.
    pub kinds: Vec<ThetaKind>,
}

impl ThetaParams {
    /// All four forms.
    pub fn automatic(period: usize) -> Self {
        use ThetaKind::{DynamicOptimised, DynamicStandard, Optimised, Standard};
        Self { period, kinds: vec![Standard, Optimised, DynamicStandard, DynamicOptimised] }
    }
}

impl Default for ThetaParams {
    fn default() -> Self {
        Self::automatic(1)
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct ThetaFit {
    kind: ThetaKind,
    alpha: f64,
    omega: f64,
    level: f64,
    variance: f64,
    aicc: f64,
    n: usize,
    mean: f64,
    /// The line at the end of the history.
    line: Line,
    season: Option<(Vec<f64>, Join)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    at_zero: f64,
    slope: f64,
}

/// The range of `α`, as in the paper.
const ALPHA: (f64, f64) = (0.1, 0.99);

impl ThetaParams {
    /// The form of lowest AICc; `None` below 4 values or for a series that never changes.
    pub fn fit(&self, y: &[f64]) -> Option<ThetaFit> {
        if y.len() < 4 || y.windows(2).all(|w| w[0] == w[1]) {
            return None;
        }
        let season = is_seasonal(y, self.period).then(|| {
            let join = if y.iter().all(|y| *y > 0.0) { Join::Multiply } else { Join::Add };
            seasonal_indices(y, self.period, join).map(|s| (s, join))
        });
        let season = season.flatten();
        let plain = season.as_ref().map_or_else(|| y.to_vec(), |(s, join)| without_season(y, s, *join));
        let unit = plain.iter().map(|y| y.abs()).sum::<f64>() / plain.len() as f64;
        if !(unit > 0.0 && unit.is_finite()) {
            return None;
        }
        let scaled: Vec<f64> = plain.iter().map(|y| y / unit).collect();
        let (whole, moving) = (line_of(&scaled), moving_lines(&scaled));
        let mut best: Option<ThetaFit> = None;
        for kind in &self.kinds {
            let fit = search(*kind, &scaled, whole, &moving);
            if fit.aicc.is_finite() && best.as_ref().is_none_or(|b| fit.aicc < b.aicc) {
                best = Some(fit);
            }
        }
        let mut fit = best?;
        fit.level *= unit;
        fit.mean *= unit;
        fit.variance *= unit * unit;
        fit.line = Line { at_zero: fit.line.at_zero * unit, slope: fit.line.slope * unit };
        Some(ThetaFit { season, ..fit })
    }
}

impl ThetaFit {
    /// The form chosen.
    pub const fn kind(&self) -> ThetaKind {
        self.kind
    }

    /// Smoothing weight of the level.
    pub const fn alpha(&self) -> f64 {
        self.alpha
    }

    /// How much the curvature of the series is exaggerated; infinite where only the line counts.
    pub fn theta(&self) -> f64 {
        1.0 / (1.0 - self.omega)
    }

    /// Means of the next `horizon` values.
    pub fn forecast(&self, horizon: usize) -> Vec<f64> {
        let (mut level, mut mean, mut line) = (self.level, self.mean, self.line);
        let mut decay = (1.0 - self.alpha).powi(self.n.min(100_000) as i32);
        let mut out = Vec::with_capacity(horizon);
        for t in self.n + 1..=self.n + horizon {
            let before = decay;
            decay *= 1.0 - self.alpha;
            let mu = level + self.omega * (before * line.at_zero + (1.0 - decay) / self.alpha * line.slope);
            level = self.alpha * mu + (1.0 - self.alpha) * level;
            if self.kind.is_dynamic() {
                (line, mean) = next_line(line, mean, mu, t);
            }
            out.push(mu);
        }
        if let Some((season, join)) = &self.season {
            with_season(&mut out, self.n, season, *join);
        }
        out
    }

    /// Standard deviations of their errors.
    pub fn deviations(&self, horizon: usize) -> Vec<f64> {
        let at = |h: usize| (self.variance * (1.0 + h as f64 * self.alpha * self.alpha)).sqrt();
        let mut out: Vec<f64> = (0..horizon).map(at).collect();
        if let Some((season, Join::Multiply)) = &self.season {
            with_season(&mut out, self.n, season, Join::Multiply);
        }
        out
    }
}

impl ThetaKind {
    const fn is_dynamic(self) -> bool {
        matches!(self, Self::DynamicStandard | Self::DynamicOptimised)
    }

    const fn is_optimised(self) -> bool {
        matches!(self, Self::Optimised | Self::DynamicOptimised)
    }
}

/// Least squares of `y_t` on `t = 1 … n`.
fn line_of(y: &[f64]) -> Line {
    let n = y.len() as f64;
    let (mean, middle) = (y.iter().sum::<f64>() / n, (n + 1.0) / 2.0);
    let xy: f64 = y.iter().enumerate().map(|(t, y)| (t as f64 + 1.0 - middle) * (y - mean)).sum();
    let slope = xy / (n * (n * n - 1.0) / 12.0);
    Line { at_zero: mean - slope * middle, slope }
}

/// The line after one more value `y` at step `t`, and the new mean.
fn next_line(line: Line, mean: f64, y: f64, t: usize) -> (Line, f64) {
    let t = t as f64;
    let slope = ((t - 2.0) * line.slope + 6.0 * (y - mean) / t) / (t + 1.0);
    let mean = ((t - 1.0) * mean + y) / t;
    (Line { at_zero: mean - slope * (t + 1.0) / 2.0, slope }, mean)
}

/// The line through the first `t` values for every `t` from 1.
fn moving_lines(y: &[f64]) -> Vec<Line> {
    let mut line = Line { at_zero: y[0], slope: 0.0 };
    let mut mean = y[0];
    let mut lines = vec![line];
    for (t, y) in y.iter().enumerate().skip(1) {
        (line, mean) = next_line(line, mean, *y, t + 1);
        lines.push(line);
    }
    lines
}

/// Squared error at one `α` with the starting level and `ω` that make it smallest.
#[derive(Clone, Copy)]
struct Solved {
    squares: f64,
    start: f64,
    omega: f64,
}

/// `e_t = r_t − d_t·start − g_t·ω`, with `r` the error of smoothing from 0 and `d = (1 − α)^(t−1)`; sums begin at the
/// third value, where a dynamic line has two points.
fn solve(kind: ThetaKind, y: &[f64], whole: Line, moving: &[Line], alpha: f64) -> Solved {
    let keep = 1.0 - alpha;
    let (mut level, mut decay) = (0.0, 1.0);
    let (mut rr, mut dd, mut gg, mut rd, mut rg, mut dg) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (t, y) in y.iter().enumerate() {
        let next = decay * keep;
        if t >= 2 {
            let line = if kind.is_dynamic() { moving[t - 1] } else { whole };
            let g = decay * line.at_zero + (1.0 - next) / alpha * line.slope;
            let r = y - level;
            rr += r * r;
            dd += decay * decay;
            gg += g * g;
            rd += r * decay;
            rg += r * g;
            dg += decay * g;
        }
        level = alpha * y + keep * level;
        decay = next;
    }
    let given = |omega: f64| {
        let start = if dd > 1e-12 { (rd - omega * dg) / dd } else { 0.0 };
        let squares = rr + start * start * dd + omega * omega * gg - 2.0 * start * rd - 2.0 * omega * rg
            + 2.0 * start * omega * dg;
        Solved { squares: squares.max(0.0), start, omega }
    };
    if !kind.is_optimised() {
        return given(0.5);
    }
    let determinant = gg * dd - dg * dg;
    let free = if determinant > 1e-12 * gg * dd { (rg * dd - rd * dg) / determinant } else { 0.5 };
    // Squares are a parabola in ω, so the nearest allowed value is the best one.
    given(free.clamp(0.0, 1.0 - 1e-6))
}

fn search(kind: ThetaKind, y: &[f64], whole: Line, moving: &[Line]) -> ThetaFit {
    const GRID: usize = 8;
    let at = |alpha: f64| solve(kind, y, whole, moving, alpha).squares;
    let step = (ALPHA.1 - ALPHA.0) / GRID as f64;
    let grid: Vec<f64> = (0..=GRID).map(|i| at(ALPHA.0 + step * i as f64)).collect();
    let best = (0..=GRID).min_by(|a, b| grid[*a].total_cmp(&grid[*b])).unwrap_or(0);
    let (mut low, mut high) =
        (ALPHA.0 + step * best.saturating_sub(1) as f64, ALPHA.0 + step * (best + 1).min(GRID) as f64);
    // Golden section: each step keeps 0.618 of the interval and one of its two inner points.
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut fa, mut fb) = (at(a), at(b));
    for _ in 0..10 {
        if fa < fb {
            (high, b, fb) = (b, a, fa);
            a = high - golden * (high - low);
            fa = at(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + golden * (high - low);
            fb = at(b);
        }
    }
    let edge = ALPHA.0 + step * best as f64;
    let inner = if fa < fb { (a, fa) } else { (b, fb) };
    let alpha = if grid[best] < inner.1 { edge } else { inner.0 };
    let solved = solve(kind, y, whole, moving, alpha);
    let level = y.iter().fold(solved.start, |l, y| alpha * y + (1.0 - alpha) * l);
    let n = y.len() as f64;
    // α, the starting level, the variance, and θ where it is estimated.
    let k = if kind.is_optimised() { 4.0 } else { 3.0 };
    let aicc = n * (solved.squares + 1e-24).ln() + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0).max(0.5);
    ThetaFit {
        kind,
        alpha,
        omega: solved.omega,
        level,
        variance: solved.squares / (n - 2.0 - (k - 1.0)).max(1.0),
        aicc,
        n: y.len(),
        mean: y.iter().sum::<f64>() / n,
        line: if kind.is_dynamic() { moving[moving.len() - 1] } else { whole },
        season: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_lines_are_least_squares_lines_of_what_was_seen() {
        let y = [3.0, 5.0, 4.0, 8.0, 9.0, 7.0];
        for (t, line) in moving_lines(&y).iter().enumerate().skip(1) {
            let want = line_of(&y[..=t]);
            assert!((line.slope - want.slope).abs() < 1e-12 && (line.at_zero - want.at_zero).abs() < 1e-12, "{t}");
        }
    }

    #[test]
    fn the_linear_solution_is_the_minimum_over_start_and_theta() {
        let y = [3.0, 5.0, 4.0, 8.0, 9.0, 7.0, 10.0, 8.0, 12.0];
        let (whole, moving) = (line_of(&y), moving_lines(&y));
        for kind in [ThetaKind::Optimised, ThetaKind::DynamicOptimised] {
            let best = solve(kind, &y, whole, &moving, 0.3);
            // The same squares by running the recursion itself, and more of them nearby.
            let squares = |start: f64, omega: f64| {
                let (mut level, mut sum) = (start, 0.0);
                for (t, v) in y.iter().enumerate() {
                    let line = if kind.is_dynamic() { moving[t.max(1) - 1] } else { whole };
                    let t1 = t as i32 + 1;
                    let g = 0.7_f64.powi(t1 - 1) * line.at_zero + (1.0 - 0.7_f64.powi(t1)) / 0.3 * line.slope;
                    if t >= 2 {
                        sum += (v - level - omega * g).powi(2);
                    }
                    level = 0.3 * v + 0.7 * level;
                }
                sum
            };
            assert!((squares(best.start, best.omega) - best.squares).abs() < 1e-9, "{kind:?}");
            for (s, o) in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.01), (0.0, -0.01)] {
                let inside = (0.0..1.0).contains(&(best.omega + o));
                assert!(!inside || squares(best.start + s, best.omega + o) > best.squares, "{kind:?}");
            }
        }
    }

    /// A straight line without noise goes on straight in the optimised forms.
    #[test]
    fn a_line_goes_on() {
        let y: Vec<f64> = (0..40).map(|t| 10.0 + 2.0 * f64::from(t)).collect();
        let fit = ThetaParams { period: 1, kinds: vec![ThetaKind::Optimised] }.fit(&y).unwrap();
        for (h, f) in fit.forecast(3).iter().enumerate() {
            assert!((f - (90.0 + 2.0 * h as f64)).abs() < 0.2, "{f}");
        }
        // The standard form adds half the slope for each step.
        let fit = ThetaParams { period: 1, kinds: vec![ThetaKind::Standard] }.fit(&y).unwrap();
        let f = fit.forecast(3);
        assert!(((f[2] - f[1]) - 1.0).abs() < 0.01, "{f:?}");
    }

    #[test]
    fn too_short_and_constant_series_have_no_fit() {
        assert_eq!(ThetaParams::default().fit(&[1.0, 2.0, 3.0]), None);
        assert_eq!(ThetaParams::default().fit(&[2.0; 30]), None);
        assert_eq!(ThetaParams::default().fit(&[]), None);
    }
}
