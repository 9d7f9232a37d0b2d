//! Local regression over equally spaced points.
//!
//! The fit at `x` weighs the `q` nearest points by the tricube of their distance and takes the
//! weighted mean (degree 0) or line (degree 1). Source: Cleveland, "Robust locally weighted regression", JASA
//! 74, 1979; edges and windows longer than the series as in Cleveland et al. 1990. Away from the ends and without
//! further weights the window is symmetric, so the fit is one and the same weighted mean everywhere. Within a wide window a fit
//! hardly bends, so only every `q/16`th place is fitted and the others lie on lines between (the original program: `q/10`).
//! Cost: `n·min(q, 16)`, near the ends with the tricube of every distance.

/// What is fitted in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degree {
    /// A level.
    Zero,
    /// A line.
    One,
}

/// Places of a window that are fitted.
const PLACES: usize = 16;

/// A smoother.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Loess<'a> {
    /// Points of the window, at least 2.
    pub(super) window: usize,
    pub(super) degree: Degree,
    /// Further weights, one a point.
    pub(super) weights: Option<&'a [f64]>,
}

impl Loess<'_> {
    /// Fits at every point, and at `beyond` more points before the first and after the last.
    pub(super) fn smooth(&self, y: &[f64], beyond: usize, out: &mut Vec<f64>) {
        out.clear();
        let (n, half) = (y.len(), self.window / 2);
        let plain = self.weights.is_none() && self.window % 2 == 1 && n > self.window;
        let kernel: Vec<f64> = if plain {
            let k: Vec<f64> = (0..self.window).map(|i| tricube(i.abs_diff(half) as f64, half as f64)).collect();
            let sum: f64 = k.iter().sum();
            k.iter().map(|w| w / sum).collect()
        } else {
            Vec::new()
        };
        let fit = |at: usize| {
            let inside = plain && at >= beyond + half && at + half < n + beyond;
            if inside {
                let from = at - beyond - half;
                product(&kernel, &y[from..from + self.window])
            } else {
                self.at(y, at as f64 - beyond as f64)
            }
        };
        let (count, step) = (n + 2 * beyond, (self.window / PLACES).max(1));
        out.extend((count > 0).then(|| fit(0)));
        while out.len() < count {
            let left = out.len() - 1;
            let right = (left + step).min(count - 1);
            let (from, to) = (out[left], fit(right));
            let share = 1.0 / (right - left) as f64;
            out.extend((1..right - left).map(|i| from + (to - from) * (i as f64 * share)));
            out.push(to);
        }
    }

    /// The fit at one place.
    fn at(&self, y: &[f64], x: f64) -> f64 {
        let n = y.len();
        let q = self.window.min(n);
        // The q nearest points; ties do not matter for symmetric weights.
        let from = (x - (q as f64 - 1.0) / 2.0).ceil().clamp(0.0, (n - q) as f64) as usize;
        let (first, last) = (from as f64, (from + q - 1) as f64);
        let mut reach = (x - first).abs().max((last - x).abs());
        if self.window > n {
            reach += ((self.window - n) / 2) as f64;
        }
        let (mut sum, mut moment, mut total, mut second) = (0.0, 0.0, 0.0, 0.0);
        let mut level = 0.0;
        for i in from..from + q {
            let d = i as f64 - x;
            let w = tricube(d.abs(), reach) * self.weights.map_or(1.0, |w| w[i]);
            total += w;
            sum += w * d;
            second += w * d * d;
            level += w * y[i];
            moment += w * d * y[i];
        }
        if total <= 0.0 {
            return y[(x.max(0.0) as usize).min(n - 1)];
        }
        let mean = level / total;
        let centre = sum / total;
        let spread = second / total - centre * centre;
        // A line needs points that lie apart; the bound is that of the original program.
        if self.degree == Degree::Zero || spread.sqrt() <= 1e-3 * (n as f64 - 1.0) {
            return mean;
        }
        mean - centre * (moment / total - centre * mean) / spread
    }
}

/// `Σ a_i b_i` in eight interleaved parts, so that a compiler may use vectors.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut parts = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for (part, (a, b)) in parts.iter_mut().zip(a.iter().zip(b)) {
            *part += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    parts.iter().sum::<f64>() + rest
}

fn tricube(distance: f64, reach: f64) -> f64 {
    if distance <= 0.001 * reach {
        1.0
    } else if distance >= 0.999 * reach {
        0.0
    } else {
        let r = distance / reach;
        let c = 1.0 - r * r * r;
        c * c * c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_kept_and_continued() {
        let y: Vec<f64> = (0..30).map(|t| 3.0 + 0.5 * f64::from(t)).collect();
        for window in [5, 11, 77] {
            let mut out = Vec::new();
            Loess { window, degree: Degree::One, weights: None }.smooth(&y, 2, &mut out);
            for (i, f) in out.iter().enumerate() {
                assert!((f - (3.0 + 0.5 * (i as f64 - 2.0))).abs() < 1e-9, "window {window}, place {i}: {f}");
            }
        }
    }

    #[test] // Window 5 reaches 2 points: weights tricube(0) = 1, tricube(1/2) = (7/8)³, tricube(1) = 0.
    fn the_middle_is_a_tricube_mean_with_or_without_the_short_cut() {
        let y = [1.0, 0.0, 4.0, 2.0, 9.0, 3.0, 5.0];
        let w = (7.0_f64 / 8.0).powi(3);
        let want = (2.0 + w * (4.0 + 9.0)) / (1.0 + 2.0 * w);
        let mut out = Vec::new();
        for weights in [None, Some(&[1.0; 7][..])] {
            Loess { window: 5, degree: Degree::One, weights }.smooth(&y, 0, &mut out);
            assert!((out[3] - want).abs() < 1e-12, "{} against {want}", out[3]);
        }
    }

    /// What lies on lines between fitted places is off by less than a thousandth of what the smooth moves.
    #[test]
    fn skipped_places_lie_near_the_fit() {
        let y: Vec<f64> = (0..400).map(|t| (t as f64 / 40.0).sin() + [0.3, -0.1, -0.2][t % 3]).collect();
        let loess = Loess { window: 97, degree: Degree::One, weights: None };
        let mut out = Vec::new();
        loess.smooth(&y, 1, &mut out);
        assert_eq!(out.len(), 402);
        let moves = out.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f64>();
        for (at, f) in out.iter().enumerate() {
            let fit = loess.at(&y, at as f64 - 1.0);
            assert!((f - fit).abs() < 1e-3 * moves, "{at}: {f} against {fit}");
        }
        assert!((out[401] - loess.at(&y, 400.0)).abs() < 1e-12);
    }
}
