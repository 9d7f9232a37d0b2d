//! Which way of joining modalities, and how many passes, do best on what was kept aside.

use super::Asked;
use crate::ProtocolError;
use content::Vectors;
use content::space::{FusionError, FusionParams, Goal, Join};
use domain::Seed;

/// A way of learning a fused model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Joining {
    pub(super) join: Join,
    pub(super) n_epochs: usize,
}

impl Joining {
    /// Parameters without a part of the rows kept aside to stop by: the passes are chosen instead.
    pub(super) fn params(self, dropout: f32) -> FusionParams {
        let Self { join, n_epochs } = self;
        FusionParams { join, n_epochs, patience: 0, dropout, ..FusionParams::default() }
    }

    /// Numbers told of rows by a model that learnt them from others by squared error. A row of which no modality is there has
    /// the mean.
    pub(super) fn told(
        self,
        dropout: f32,
        (parts, numbers): (&[&Vectors], &[f64]),
        asked: &[&Vectors],
        seed: Seed,
    ) -> Result<Vec<f64>, FusionError> {
        let n = numbers.len().max(1) as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let spread = (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt().max(1e-9);
        let mut targets = Vectors::new(1);
        for number in numbers {
            if targets.push(&[((number - mean) / spread) as f32]).is_err() {
                targets.push_missing();
            }
        }
        let model = self.params(dropout).fit(parts, Goal::Values(&targets), seed)?;
        let told = |row: Option<&[f32]>| row.map_or(mean, |row| f64::from(row[0]) * spread + mean);
        Ok(model.predict(asked).rows().map(told).collect())
    }

    /// The way with the smallest loss of all ways with these passes, and the loss; of equal ones the first.
    pub(super) fn chosen(
        asked: &mut Asked<'_>,
        passes: &[usize],
        mut loss: impl FnMut(Self) -> Result<f64, ProtocolError>,
    ) -> Result<(Self, f64), ProtocolError> {
        let tried: Vec<Self> = Join::ALL
            .iter()
            .flat_map(|join| passes.iter().map(|n_epochs| Self { join: *join, n_epochs: *n_epochs }))
            .collect();
        let mut best = (tried[0], f64::INFINITY);
        for (at, how) in tried.iter().enumerate() {
            (asked.step)(&format!("{}, {} passes", how.join.name(), how.n_epochs), at as u64, tried.len() as u64);
            let reached = loss(*how)?;
            if reached < best.1 {
                best = (*how, reached);
            }
        }
        Ok(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What is told is in the units of what was learnt: a thousand and ten times the number of the row.
    #[test]
    fn numbers_come_back_in_their_own_units() {
        let rows =
            |n: usize| Vectors::from_rows(1, (0..n).map(|at| (at != 3).then(|| [at as f32 / n as f32]))).unwrap();
        let numbers: Vec<f64> = (0..200).map(|at| 1_000.0 + 10.0 * f64::from(at) / 200.0).collect();
        let how = Joining { join: Join::Concatenated, n_epochs: 60 };
        let told = how.told(0.0, (&[&rows(200)], &numbers), &[&rows(200)], Seed(1)).unwrap();
        assert!((told[40] - 1_002.0).abs() < 0.7 && (told[160] - 1_008.0).abs() < 0.7, "{} {}", told[40], told[160]);
        assert!((told[3] - numbers.iter().sum::<f64>() / 200.0).abs() < 1e-9, "nothing is known of it");
    }

    #[test]
    fn the_smallest_loss_wins_and_of_equal_ones_the_first() {
        let mut step = |_: &str, _: u64, _: u64| {};
        let mut asked = Asked { dir: Path::new("."), seed: Seed(1), cpu_s: &|| 0.0, step: &mut step, encoder: None };
        let loss = |how: Joining| Ok(if how.join == Join::Gated { 0.5 } else { 1.0 } + how.n_epochs as f64 / 100.0);
        let (how, reached) = Joining::chosen(&mut asked, &[10, 5], loss).unwrap();
        assert_eq!((how, reached), (Joining { join: Join::Gated, n_epochs: 5 }, 0.55));
        let (how, _) = Joining::chosen(&mut asked, &[10, 5], |_| Ok(1.0)).unwrap();
        assert_eq!(how, Joining { join: Join::ALL[0], n_epochs: 10 });
    }
}
