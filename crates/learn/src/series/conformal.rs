//! Intervals that cover what they promise, from errors that were really made.
//!
//! Every past forecast gives a score: the size of its error in units of the deviation that the model
//! claimed. A new interval is the forecast `± q` such deviations, with `q` the `⌈(n + 1)·level⌉`-th smallest of
//! `n` scores. Where past and future scores are exchangeable the coverage is at least the level,
//! whatever the model. Scores of many series may be pooled, because each is in its own unit; the
//! promise then holds on average over the series. Source: Vovk, Gammerman and Shafer, "Algorithmic learning in a
//! random world", Springer 2005; Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-free predictive
//! inference for regression", JASA 113, 2018 (scores in units of a spread). Series are not quite exchangeable, so
//! the coverage has to be measured. Cost: one sort.

use super::method::Outlook;

/// Scores in ascending order, one list a step of the horizon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conformal {
    steps: Vec<Vec<f64>>,
}

/// An interval for every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The coverage aimed at.
    pub level: f64,
    /// Lower ends.
    pub low: Vec<f64>,
    /// Upper ends.
    pub high: Vec<f64>,
}

/// Collects scores before they are sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    steps: Vec<Vec<f64>>,
}

impl Scores {
    /// Adds a forecast and what came. Steps without a deviation cannot be scored and are left out.
    pub fn add(&mut self, outlook: &Outlook, actual: &[f64]) {
        if self.steps.len() < actual.len() {
            self.steps.resize(actual.len(), Vec::new());
        }
        for (h, y) in actual.iter().enumerate() {
            if let (Some(f), Some(d)) = (outlook.mean.get(h), outlook.deviation.get(h)) {
                let score = (y - f).abs() / d;
                if *d > 0.0 && score.is_finite() {
                    self.steps[h].push(score);
                }
            }
        }
    }

    /// Scores ready for use.
    pub fn sorted(mut self) -> Conformal {
        for step in &mut self.steps {
            step.sort_by(f64::total_cmp);
        }
        Conformal { steps: self.steps }
    }
}

impl Conformal {
    /// Deviations that the interval spans to each side at a step from 0; scores of neighbouring steps join in while
    /// there are fewer than the level needs. `None` where all of them are still too few.
    pub fn factor(&self, step: usize, level: f64) -> Option<f64> {
        if !(level > 0.0 && level < 1.0) || self.steps.is_empty() {
            return None;
        }
        let step = step.min(self.steps.len() - 1);
        // With fewer scores the rank would lie beyond the largest one.
        let need = ((level / (1.0 - level)) - 1e-9).ceil().max(1.0) as usize;
        for reach in 0..self.steps.len() {
            let near = &self.steps[step.saturating_sub(reach)..=(step + reach).min(self.steps.len() - 1)];
            let n: usize = near.iter().map(Vec::len).sum();
            if n < need {
                continue;
            }
            let rank = (((n + 1) as f64 * level) - 1e-9).ceil() as usize;
            if near.len() == 1 {
                return near[0].get(rank - 1).copied();
            }
            let mut pooled: Vec<f64> = near.iter().flatten().copied().collect();
            pooled.sort_by(f64::total_cmp);
            return pooled.get(rank - 1).copied();
        }
        None
    }

    /// The interval around an outlook; `None` where the scores are too few for the level.
    pub fn band(&self, outlook: &Outlook, level: f64) -> Option<Band> {
        let factors: Vec<f64> = (0..outlook.mean.len()).map(|h| self.factor(h, level)).collect::<Option<_>>()?;
        Some(Band::around(outlook, level, |h| factors[h]))
    }
}

impl Band {
    /// The interval of a normal error with the deviations that the model claims, unchecked.
    pub fn normal(outlook: &Outlook, level: f64) -> Option<Self> {
        if !(level > 0.0 && level < 1.0) {
            return None;
        }
        let z = crate::special::normal_quantile(0.5 + level / 2.0);
        Some(Self::around(outlook, level, |_| z))
    }

    fn around(outlook: &Outlook, level: f64, factor: impl Fn(usize) -> f64) -> Self {
        let ends = |sign: f64| {
            let at = |(h, (f, d)): (usize, (&f64, &f64))| f + sign * factor(h) * d;
            outlook.mean.iter().zip(&outlook.deviation).enumerate().map(at).collect()
        };
        Self { level, low: ends(-1.0), high: ends(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(list: &[f64]) -> Conformal {
        let mut scores = Scores::default();
        for s in list {
            scores.add(&Outlook { mean: vec![10.0], deviation: vec![2.0] }, &[10.0 - 2.0 * s]);
        }
        scores.sorted()
    }

    /// Nine scores: 80 % asks for the 8th of them, 90 % for the 9th, 95 % for one beyond.
    #[test]
    fn the_rank_counts_the_new_value_as_well() {
        let c = scores(&[3.0, 1.0, 2.0, 9.0, 4.0, 8.0, 5.0, 7.0, 6.0]);
        assert_eq!(c.factor(0, 0.8), Some(8.0));
        assert_eq!(c.factor(0, 0.9), Some(9.0));
        assert_eq!(c.factor(0, 0.95), None);
        let band = c.band(&Outlook { mean: vec![100.0], deviation: vec![0.5] }, 0.8).unwrap();
        assert_eq!((band.low[0], band.high[0]), (96.0, 104.0));
    }

    #[test]
    fn neighbouring_steps_help_out() {
        let mut scores = Scores::default();
        for s in [1.0, 2.0, 3.0] {
            let outlook = Outlook { mean: vec![0.0; 2], deviation: vec![1.0; 2] };
            scores.add(&outlook, &[s, 10.0 * s]);
        }
        let c = scores.sorted();
        assert_eq!(c.factor(0, 0.75), Some(3.0));
        // 80 % needs four scores, so both steps together: ⌈7 · 0.8⌉ = the sixth of 1, 2, 3, 10, 20, 30.
        assert_eq!(c.factor(0, 0.8), Some(30.0));
        assert_eq!(c.factor(0, 0.9), None);
        assert_eq!(Conformal::default().factor(0, 0.8), None);
        assert_eq!(c.factor(0, 1.0), None);
    }

    #[test]
    fn a_step_without_a_deviation_is_not_scored() {
        let mut scores = Scores::default();
        scores.add(&Outlook { mean: vec![1.0], deviation: vec![0.0] }, &[2.0]);
        assert_eq!(scores.sorted().factor(0, 0.5), None);
    }
}
