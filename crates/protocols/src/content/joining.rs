//! Which way of joining modalities, and how many passes, do best on what was kept aside.

use super::Asked;
use crate::ProtocolError;
use content::space::{FusionParams, Join};

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
    use domain::Seed;
    use std::path::Path;

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
