//! The interval of a sum of weeks, from the errors that earlier sums had, in proportion and with their sign.
//!
//! Weekly intervals do not add up to one of the sum, and the errors of sums are not alike on both sides: a market that grows sells
//! more than was foreseen time and again. Each earlier origin of each series gives one score,
//!
//! `s = ln((y + 1) / (f + 1)) / ln(1 + d / (f + 1))`
//!
//! with the sum `y`, its forecast `f` and the deviation `d` of a random walk, the unit in which series of all sizes compare. The
//! interval of a new sum goes from the `⌊(n + 1) α / 2⌋`-th smallest score to the `⌊(n + 1) α / 2⌋`-th largest, `α = 1 − level`, put
//! back into units, and always holds the forecast itself. Where that rank is 0 the outermost scores are taken: with 9 to 18 scores a 90 % interval then holds
//! `(n − 1) / (n + 1)`, 80 to 89 %. Source: split conformal prediction with a signed score, Vovk, Gammerman and Shafer, "Algorithmic
//! learning in a random world", Springer 2005. Cost: one sort.

/// Scores of earlier sums.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    scores: Vec<f64>,
}

/// The unit of the scores.
fn unit(forecast: f64, deviation: f64) -> Option<f64> {
    let unit = (deviation / (forecast.max(0.0) + 1.0)).ln_1p();
    (unit > 0.0 && unit.is_finite()).then_some(unit)
}

impl Sums {
    /// A forecast with what came. Without a deviation there is no score.
    pub(super) fn add(&mut self, (forecast, deviation): (f64, f64), came: f64) {
        let ratio = (came.max(0.0) + 1.0) / (forecast.max(0.0) + 1.0);
        let score = unit(forecast, deviation).map(|unit| ratio.ln() / unit);
        self.scores.extend(score.filter(|s| s.is_finite()));
    }

    /// In order, for [`Self::interval`].
    pub(super) fn sorted(mut self) -> Self {
        self.scores.sort_by(f64::total_cmp);
        self
    }

    /// The interval of a sum; `None` with fewer scores than the level needs on both sides together.
    pub(super) fn interval(&self, (forecast, deviation): (f64, f64), level: f64) -> Option<(f64, f64)> {
        let n = self.scores.len();
        let need = (level / (1.0 - level) - 1e-9).ceil();
        if (n as f64) < need {
            return None;
        }
        let rank = (((n + 1) as f64 * (1.0 - level) / 2.0 + 1e-9).floor() as usize).max(1);
        let unit = unit(forecast, deviation)?;
        let end = |score: f64| ((forecast.max(0.0) + 1.0) * (score * unit).exp() - 1.0).max(0.0);
        // What is expected is inside, whatever earlier errors were.
        let (low, high) = (self.scores[rank - 1].min(0.0), self.scores[n - rank].max(0.0));
        Some((end(low), end(high)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of 99 foreseen with a deviation of 100 (unit ln 2), and `99 · 2^s` about come: scores as given.
    fn of(scores: &[f64]) -> Sums {
        let mut sums = Sums::default();
        scores.iter().for_each(|s| sums.add((99.0, 100.0), 100.0 * 2_f64.powf(*s) - 1.0));
        sums.sorted()
    }

    // 39 scores: ⌊40 · .05⌋ = 2: from the second smallest, −1, to the second largest, 3. Of 199 with a deviation of 200 the unit is
    // ln 2 too: 200 · 2^−1 − 1 = 99 to 200 · 2^3 − 1 = 1599.
    #[test]
    fn both_ends_come_from_their_own_side() {
        let mut scores = vec![0.0; 35];
        scores.extend([-2.0, -1.0, 3.0, 4.0]);
        let (low, high) = of(&scores).interval((199.0, 200.0), 0.9).unwrap();
        assert!((low - 99.0).abs() < 1e-9 && (high - 1599.0).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn with_few_scores_the_outermost_are_taken_and_with_fewer_none() {
        let nine = [-1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        let (low, high) = of(&nine).interval((99.0, 100.0), 0.9).unwrap();
        assert!((low - 49.0).abs() < 1e-9 && (high - 399.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(of(&nine[1..]).interval((99.0, 100.0), 0.9), None);
        assert_eq!(of(&nine).interval((99.0, 0.0), 0.9), None, "no unit to put it back");
        let (low, _) = of(&[1.0; 9]).interval((99.0, 100.0), 0.9).unwrap();
        assert!((low - 99.0).abs() < 1e-9, "always more came than was foreseen: the forecast is still inside");
    }

    #[test] // The promise on exchangeable scores: 90 % of 4,000 new sums, within three deviations of a share of that many.
    fn exchangeable_sums_are_held_as_often_as_promised() {
        let mut rng = domain::Seed(5).stream(0);
        let (mut held, n) = (0, 4000);
        for _ in 0..n {
            let draws: Vec<f64> = (0..40).map(|_| rng.normal() + 0.5).collect();
            let (low, high) = of(&draws[1..]).interval((99.0, 100.0), 0.9).unwrap();
            held += u32::from((low..=high).contains(&(100.0 * 2_f64.powf(draws[0]) - 1.0)));
        }
        let share = f64::from(held) / f64::from(n);
        assert!((share - 0.9).abs() < 3.0 * (0.09 / f64::from(n)).sqrt(), "{share}");
    }
}
