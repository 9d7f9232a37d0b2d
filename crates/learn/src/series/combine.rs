//! How much of each method goes into a forecast, learnt from what the methods said at earlier origins.
//!
//! A [`Trial`] is one origin of one series: what came, and what every method had said. The loss of a
//! forecast is `(sAPE/s̄ + ASE/ā)/2`: symmetric percentage error and error in units of the series' own
//! changes, each relative to the mean of the first method over all trials, as OWA is. Shares of the panel
//! minimise the mean loss over the simplex, by exponentiated gradient. A series with earlier origins of
//! its own tilts them by `loss^(−γ)`; `γ` is chosen on the newest origin with what the older ones taught,
//! and 0 (no tilt) is among the choices. Sources: Bates and Granger, "The combination of forecasts", Operational
//! Research Quarterly 20(4), 1969; Kivinen and Warmuth, "Exponentiated gradient versus gradient descent for linear
//! predictors", Information and Computation 132(1), 1997; Tashman, "Out-of-sample tests of forecasting
//! accuracy", IJF 16(4), 2000 (rolling origins). Cost: `rounds × trials × methods × horizon`.

/// One origin of one series.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trial {
    /// What came.
    pub(super) actual: Vec<f64>,
    /// Mean change of the history over a season.
    pub(super) scale: f64,
    /// What each method said.
    pub(super) said: Vec<Vec<f64>>,
}

/// Weights of the two errors in the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Units {
    percentage: f64,
    scaled: f64,
}

impl Units {
    /// From the first method's mean errors, both kinds.
    pub(super) fn of<'a>(trials: impl Iterator<Item = &'a Trial>) -> Self {
        let (mut percentage, mut scaled, mut n) = (0.0, 0.0, 0.0);
        for trial in trials {
            for (y, f) in trial.actual.iter().zip(&trial.said[0]) {
                percentage += share_of_error(*y, *f);
                scaled += (y - f).abs() / trial.scale;
                n += 1.0;
            }
        }
        let inverse = |sum: f64| if sum > 0.0 { 0.5 * n / sum } else { 0.0 };
        Self { percentage: inverse(percentage), scaled: inverse(scaled) }
    }

    fn loss(&self, trial: &Trial, forecast: impl Fn(usize) -> f64) -> f64 {
        let at = |(h, y): (usize, &f64)| {
            let f = forecast(h);
            self.percentage * share_of_error(*y, f) + self.scaled * (y - f).abs() / trial.scale
        };
        trial.actual.iter().enumerate().map(at).sum::<f64>() / trial.actual.len().max(1) as f64
    }

    /// Loss of every method alone.
    pub(super) fn alone(&self, trial: &Trial) -> Vec<f64> {
        trial.said.iter().map(|said| self.loss(trial, |h| said[h])).collect()
    }

    /// Loss of a combination.
    pub(super) fn combined(&self, trial: &Trial, weights: &[f64]) -> f64 {
        self.loss(trial, |h| blend(&trial.said, weights, h))
    }
}

fn share_of_error(y: f64, f: f64) -> f64 {
    let size = y.abs() + f.abs();
    if size > 0.0 { (y - f).abs() / size } else { 0.0 }
}

fn blend(said: &[Vec<f64>], weights: &[f64], h: usize) -> f64 {
    said.iter().zip(weights).map(|(s, w)| w * s[h]).sum()
}

/// Weights of the panel: those of the lowest mean loss over all trials; equal ones without a trial.
pub(super) fn panel_weights(trials: &[&Trial], units: Units, n_methods: usize) -> Vec<f64> {
    const ROUNDS: usize = 150;
    let mut weights = vec![1.0 / n_methods as f64; n_methods];
    if trials.is_empty() {
        return weights;
    }
    let mut mean = vec![0.0; n_methods];
    let mut taken = 0.0;
    for round in 0..ROUNDS {
        let mut slope = vec![0.0; n_methods];
        for trial in trials {
            let share = 1.0 / trial.actual.len().max(1) as f64;
            for (h, y) in trial.actual.iter().enumerate() {
                let f = blend(&trial.said, &weights, h);
                let size = y.abs() + f.abs();
                // d/df abs(y − f)/(abs(y) + abs(f)), and d/df abs(y − f).
                let up = if f > *y { 1.0 } else { -1.0 };
                let relative = if size > 0.0 { up / size - (y - f).abs() * f.signum() / (size * size) } else { 0.0 };
                let by = share * (units.percentage * relative + units.scaled * up / trial.scale);
                for (s, said) in slope.iter_mut().zip(&trial.said) {
                    *s += by * said[h];
                }
            }
        }
        let n = trials.len() as f64;
        let middle = slope.iter().zip(&weights).map(|(s, w)| s * w).sum::<f64>();
        let reach = slope.iter().map(|s| (s - middle).abs()).fold(0.0, f64::max) / n;
        if !(reach > 0.0 && reach.is_finite()) {
            break;
        }
        let step = 0.5 / (reach * (1.0 + round as f64).sqrt());
        for (w, s) in weights.iter_mut().zip(&slope) {
            *w *= (-step * (s - middle) / n).exp();
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        // The later half of the path is averaged: steps of a fixed size swing around the minimum.
        if round >= ROUNDS / 2 {
            mean.iter_mut().zip(&weights).for_each(|(m, w)| *m += w);
            taken += 1.0;
        }
    }
    if taken > 0.0 { mean.iter().map(|m| m / taken).collect() } else { weights }
}

/// Weights of one series: the panel's, tilted by its own losses.
pub(super) fn tilted(panel: &[f64], losses: &[f64], gamma: f64) -> Vec<f64> {
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    if gamma == 0.0 || !best.is_finite() {
        return panel.to_vec();
    }
    // A method that was nearly without error would take everything: 5 % of the mean loss is added.
    let floor = 0.05 * losses.iter().sum::<f64>() / losses.len() as f64;
    if floor <= 0.0 {
        return panel.to_vec();
    }
    let raw: Vec<f64> = panel.iter().zip(losses).map(|(p, l)| p * ((best + floor) / (l + floor)).powf(gamma)).collect();
    let sum: f64 = raw.iter().sum();
    if sum > 0.0 { raw.iter().map(|w| w / sum).collect() } else { panel.to_vec() }
}

/// Mean loss of each method over some trials of one series; `None` without one.
pub(super) fn mean_losses(trials: &[Trial], units: Units) -> Option<Vec<f64>> {
    let (first, rest) = trials.split_first()?;
    let mut sum = units.alone(first);
    for trial in rest {
        sum.iter_mut().zip(units.alone(trial)).for_each(|(s, l)| *s += l);
    }
    Some(sum.iter().map(|s| s / trials.len() as f64).collect())
}

/// The tilt under which the newest origin of each series was met best by what the older ones taught.
/// `series` holds the trials of each, newest first.
pub(super) fn choose_tilt(series: &[&[Trial]], units: Units, n_methods: usize) -> f64 {
    let older: Vec<&Trial> = series.iter().flat_map(|trials| trials.iter().skip(1)).collect();
    if older.is_empty() {
        return 0.0;
    }
    let panel = panel_weights(&older, units, n_methods);
    let mut best = (0.0, f64::INFINITY);
    for gamma in [0.0, 0.5, 1.0, 2.0, 4.0] {
        let mut loss = 0.0;
        for trials in series {
            if let (Some(newest), Some(own)) = (trials.first(), trials.get(1..).and_then(|t| mean_losses(t, units))) {
                loss += units.combined(newest, &tilted(&panel, &own, gamma));
            }
        }
        if loss < best.1 {
            best = (gamma, loss);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(actual: f64, said: &[f64]) -> Trial {
        Trial { actual: vec![actual], scale: 1.0, said: said.iter().map(|s| vec![*s]).collect() }
    }

    /// One method is 2 too high, the other 1 too low, always: a third and two thirds are exact.
    #[test]
    fn errors_that_cancel_are_combined() {
        let trials: Vec<Trial> = (0..20).map(|t| 50.0 + f64::from(t)).map(|y| trial(y, &[y + 2.0, y - 1.0])).collect();
        let refs: Vec<&Trial> = trials.iter().collect();
        let units = Units::of(trials.iter());
        let w = panel_weights(&refs, units, 2);
        assert!((w[0] - 1.0 / 3.0).abs() < 0.02 && (w[0] + w[1] - 1.0).abs() < 1e-12, "{w:?}");
        // Alone the first method has loss 1 by definition.
        let alone = mean_losses(&trials, units).unwrap();
        assert!((alone[0] - 1.0).abs() < 0.02 && alone[1] < 0.6, "{alone:?}");
    }

    #[test]
    fn a_series_follows_its_own_best_method_when_that_has_paid_off() {
        let own = |good: usize| -> Vec<Trial> {
            (0..3).map(|_| trial(10.0, if good == 0 { &[10.1, 15.0] } else { &[15.0, 10.1] })).collect()
        };
        let (a, b) = (own(0), own(1));
        let series = [a.as_slice(), b.as_slice()];
        let units = Units::of(a.iter().chain(&b));
        let gamma = choose_tilt(&series, units, 2);
        assert_eq!(gamma, 4.0);
        let w = tilted(&[0.5, 0.5], &mean_losses(&a, units).unwrap(), gamma);
        assert!(w[0] > 0.99, "{w:?}");
    }

    #[test]
    fn without_trials_all_methods_count_the_same() {
        let units = Units::of(std::iter::empty());
        assert_eq!(panel_weights(&[], units, 4), [0.25; 4]);
        assert_eq!(choose_tilt(&[], units, 4), 0.0);
        assert_eq!(tilted(&[0.3, 0.7], &[0.0, 0.0], 2.0), [0.3, 0.7]);
    }
}
