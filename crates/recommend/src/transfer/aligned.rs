//! Item vectors learnt apart in each place, then brought together by what both places sell.
//!
//! Vectors `s` are learnt on the sources alone and `t` on the target alone, so that no row of one meets a row of
//! the other: it is the way for sources that hand over a model and not their data. Two such sets of vectors
//! differ by a rotation and a spread. Over the items that both have sold the sources' are turned onto the
//! target's (Procrustes) and given their mean and covariance (CORAL); then each item is a mean of both, the
//! target's word counting by its buyers `n`: `(n · t + strength · s') / (n + strength)`.
//!
//! [`Alignment`] says how far apart the two clouds were before and after. Sources: [`learn::align`].
//! Cost: alternating least squares on both sides, and `n_items · f²`.

use super::Ground;
use crate::{Ials, IalsParams};
use domain::{FitError, Seed};
use learn::align::{Coral, coral_distance, mmd, procrustes};

/// How vectors are learnt and joined.
#[derive(Clone, Debug, PartialEq)]
pub struct AlignedParams {
    /// Vectors and loss, of both sides.
    pub factors: IalsParams,
    /// Buyers in the target that the sources' word on an item is worth, at least 0.
    pub strength: f32,
}

impl Default for AlignedParams {
    fn default() -> Self {
        let factors = IalsParams { n_factors: 32, n_sweeps: 10, alpha: 10.0, reg: 10.0, ..IalsParams::default() };
        Self { factors, strength: 10.0 }
    }
}

/// How far apart the vectors of shared items are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Items that both have sold.
    pub n_shared: usize,
    /// How well the turned vectors fit, 0 to 1.
    pub fit: f64,
    /// Difference of the covariances before and after, 0 to 1.
    pub coral: [f64; 2],
    /// Squared mean discrepancy before and after.
    pub mmd: [f64; 2],
}

/// Items whose discrepancy is measured.
const COMPARED: usize = 400;

impl AlignedParams {
    /// Learns both sides and joins them; nothing is aligned where a side has no row.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range.
    pub fn adapt(&self, ground: &Ground, seed: Seed) -> Result<(Ials, Option<Alignment>), FitError> {
        crate::links::at_least_0("strength", self.strength)?;
        let f = self.factors.n_factors;
        let taught = ground.taught(&vec![1.0; ground.sources().len()])?;
        let own = self.factors.factors(ground.target(), seed)?.items;
        let theirs = self.factors.factors(&taught, seed)?.items;
        let known = |of: &[f32], i: usize| of[i * f..(i + 1) * f].iter().any(|x| *x != 0.0);
        let n_items = ground.target().n_items();
        let shared: Vec<usize> = (0..n_items).filter(|i| known(&own, *i) && known(&theirs, *i)).collect();
        if shared.len() <= f {
            // Too few to find a rotation by: whoever knows more speaks alone.
            let items = if ground.target().len() >= taught.len() { own } else { theirs };
            return Ok((Ials::of(self.factors, items), None));
        }
        let pick = |of: &[f32]| -> Vec<f32> { shared.iter().flat_map(|i| of[i * f..(i + 1) * f].to_vec()).collect() };
        let (target, source) = (pick(&own), pick(&theirs));
        let (rotation, fit) = procrustes(&source, &target, f);
        let turned = |rows: &[f32]| -> Vec<f32> {
            let turn = |row: &[f32]| {
                let mut out = vec![0.0_f64; f];
                for (x, line) in row.iter().zip(rotation.chunks_exact(f)) {
                    out.iter_mut().zip(line).for_each(|(o, r)| *o += f64::from(*x) * r);
                }
                out.into_iter().map(|x| x as f32).collect::<Vec<f32>>()
            };
            rows.chunks_exact(f).flat_map(turn).collect()
        };
        // A twentieth of the mean variance keeps directions that one side does not use from exploding.
        let energy = target.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / target.len() as f64;
        let coral = Coral::fit(&turned(&source), &target, f, 0.05 * energy);
        let moved = coral.apply(&turned(&theirs));
        let after = pick(&moved);
        let some = |rows: &[f32]| rows[..rows.len().min(COMPARED * f)].to_vec();
        let alignment = Alignment {
            n_shared: shared.len(),
            fit,
            coral: [coral_distance(&source, &target, f), coral_distance(&after, &target, f)],
            mmd: [mmd(&some(&source), &some(&target), f), mmd(&some(&after), &some(&target), f)],
        };
        let buyers = ground.target().buyers_by_item();
        let mut items = own;
        for (i, buyers) in buyers.iter().enumerate() {
            if !known(&theirs, i) {
                continue;
            }
            let n = buyers.len() as f32;
            let whole = n + self.strength;
            let share = if whole > 0.0 { n / whole } else { 0.0 };
            let place = i * f..(i + 1) * f;
            let both = items[place.clone()].iter_mut().zip(&moved[place]);
            both.for_each(|(t, s)| *t = share * *t + (1.0 - share) * s);
        }
        Ok((Ials::of(self.factors, items), Some(alignment)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;
    use domain::{History, ItemIdx, Score};

    /// Rings of items: whoever has an item has the two beside it. The target has never sold item 5.
    #[test]
    fn an_item_that_only_the_sources_know_is_placed_among_its_neighbours() {
        let ring = |n: u32, without: Option<u32>| -> Vec<Vec<u32>> {
            let basket = |i: u32| vec![i, (i + 1) % n, (i + 2) % n];
            (0..3 * n).map(|s| basket(s % n)).map(|b| b.into_iter().filter(|i| Some(*i) != without).collect()).collect()
        };
        let (own, theirs) = (ring(12, Some(5)), ring(12, None));
        let own: Vec<&[u32]> = own.iter().map(Vec::as_slice).collect();
        let theirs: Vec<&[u32]> = theirs.iter().map(Vec::as_slice).collect();
        let factors = IalsParams { n_factors: 4, n_sweeps: 20, alpha: 10.0, reg: 0.5, ..IalsParams::default() };
        let params = AlignedParams { factors, strength: 2.0 };
        let (model, alignment) = params.adapt(&ground(12, &own, &theirs), Seed(1)).unwrap();
        let alignment = alignment.unwrap();
        assert_eq!(alignment.n_shared, 11);
        assert!(alignment.coral[1] < alignment.coral[0] || alignment.coral[1] < 0.05, "{alignment:?}");
        let scores = model.score(History::of(&[4, 6].map(ItemIdx)), &[5, 11].map(ItemIdx));
        assert!(scores[0].unwrap() > scores[1].unwrap(), "{scores:?}");
        let alone = params.adapt(&ground(12, &own, &[]), Seed(1)).unwrap();
        assert_eq!(alone.1, None);
    }
}
