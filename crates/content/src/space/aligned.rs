//! Two modalities in one space, learnt from pairs: texts and pictures of the same products, titles in two
//! languages, content and what is bought together.
//!
//! Canonical correlations ([`learn::cca`]) of the pairs in which both sides are there. A direction counts as much as
//! the pairs agree in it: projections are scaled by the power `sharpness` of their correlation, and vectors to
//! length 1, so that the product of two is a cosine. Scaling by correlations follows Gong et al., "A multi-view
//! embedding space for modeling internet images, tags, and their semantics", IJCV 106(2), 2014.

use crate::Vectors;
use domain::Seed;
use learn::LearnError;
use learn::cca::{Block, Cca, CcaParams, Solve};
use learn::container::{ContainerError, Reader, Writer};

/// How to bring two modalities together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlignedParams {
    /// Directions of the common space, at least 1.
    pub rank: usize,
    /// Ridge as a share of the mean variance of a column, at least 0, the same for both sides.
    pub ridge: f64,
    /// Power of the correlations that directions are scaled by, at least 0.
    pub sharpness: f64,
    /// Columns of a side above which only the directions wanted are looked for.
    pub widest: usize,
}

impl Default for AlignedParams {
    fn default() -> Self {
        Self { rank: 128, ridge: 0.1, sharpness: 2.0, widest: 1_024 }
    }
}

/// Maps of both sides into one space.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    cca: Cca,
    /// Of each side, so that the ridge means the same for both.
    scales: [f64; 2],
    sharpness: f64,
}

/// What a side's numbers are divided by: the root of the mean variance of its columns.
fn scale(rows: &[&[f32]]) -> f64 {
    let (n, width) = (rows.len() as f64, rows.first().map_or(1, |r| r.len().max(1)));
    let mut sums = vec![(0.0, 0.0); width];
    for row in rows {
        for ((sum, squares), x) in sums.iter_mut().zip(*row) {
            *sum += f64::from(*x);
            *squares += f64::from(*x) * f64::from(*x);
        }
    }
    let variance = sums.iter().map(|(sum, squares)| (squares - sum * sum / n) / (n - 1.0).max(1.0)).sum::<f64>();
    let mean = variance.max(0.0) / width as f64;
    if mean > 0.0 { mean.sqrt() } else { 1.0 }
}

impl AlignedParams {
    /// Learns from rows that belong together; those of which one side is missing teach nothing.
    ///
    /// # Errors
    /// [`LearnError`] for a parameter out of range, sides of different length, or fewer than two whole pairs.
    pub fn fit(&self, x: &Vectors, y: &Vectors, seed: Seed) -> Result<Aligned, LearnError> {
        if x.len() != y.len() {
            return Err(LearnError::Shape { what: "the second side", got: y.len(), need: x.len() });
        }
        if !(self.sharpness >= 0.0 && self.sharpness.is_finite()) {
            let got = self.sharpness;
            return Err(LearnError::Param { name: "sharpness", rule: "finite and at least 0", got });
        }
        let (a, b): (Vec<&[f32]>, Vec<&[f32]>) = x.rows().zip(y.rows()).filter_map(|(x, y)| x.zip(y)).unzip();
        let scales = [scale(&a), scale(&b)];
        let flat = |rows: &[&[f32]], by: f64| -> Vec<f32> {
            rows.iter().flat_map(|row| row.iter().map(move |v| (f64::from(*v) / by) as f32)).collect()
        };
        let solve = if x.width().max(y.width()) > self.widest {
            Solve::Randomised { oversampling: 32, n_iterations: 6 }
        } else {
            Solve::Whole
        };
        let params = CcaParams { rank: self.rank, ridge: self.ridge, solve };
        let cca = params.fit(&flat(&a, scales[0]), x.width(), &flat(&b, scales[1]), y.width(), seed)?;
        Ok(Aligned { cca, scales, sharpness: self.sharpness })
    }
}

impl Aligned {
    /// Directions of the common space.
    pub fn width(&self) -> usize {
        self.cca.rank()
    }

    /// How much the pairs agree in each direction, largest first.
    pub fn correlations(&self) -> &[f64] {
        self.cca.correlations()
    }

    /// A side's vectors in the common space, of length 1.
    ///
    /// # Panics
    /// If they are not as wide as those learnt from.
    pub fn project(&self, block: Block, vectors: &Vectors) -> Vectors {
        assert_eq!(vectors.width(), self.cca.width(block), "vectors of the side that was learnt from");
        let by = match block {
            Block::X => self.scales[0],
            Block::Y => self.scales[1],
        };
        let scaled: Vec<f32> = vectors.values().iter().map(|v| (f64::from(*v) / by) as f32).collect();
        let weights: Vec<f32> = self.correlations().iter().map(|r| r.powf(self.sharpness) as f32).collect();
        let projected = self.cca.project(block, &scaled);
        let mut out = Vectors::new(self.width());
        for (at, row) in projected.chunks_exact(self.width().max(1)).enumerate() {
            let weighed: Vec<f32> = row.iter().zip(&weights).map(|(v, w)| v * w).collect();
            if !vectors.is_present(at) || out.push(&weighed).is_err() {
                out.push_missing();
            }
        }
        // A space without directions has nowhere to put anything.
        (out.len()..vectors.len()).for_each(|_| out.push_missing());
        out.unit()
    }

    /// Adds this under `name`.
    pub fn write(&self, name: &str, to: &mut Writer) {
        self.cca.write(name, to);
        to.f64s(&format!("{name}.scales"), &[self.scales[0], self.scales[1], self.sharpness]);
    }

    /// What [`Self::write`] added.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are missing or do not fit together.
    pub fn read(name: &str, from: &Reader<'_>) -> Result<Self, ContainerError> {
        let section = format!("{name}.scales");
        let numbers = from.f64s(&section)?;
        match numbers[..] {
            [x, y, sharpness] if x > 0.0 && y > 0.0 && sharpness >= 0.0 && numbers.iter().all(|n| n.is_finite()) => {
                Ok(Self { cca: Cca::read(name, from)?, scales: [x, y], sharpness })
            }
            _ => Err(ContainerError::content(&section, "two scales above 0 and a sharpness are wanted")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 products with three hidden tastes; x and y are noisy turns of them.
    fn pairs(noise: f64) -> (Vectors, Vectors) {
        let mut rng = Seed(5).stream(0);
        let (mut x, mut y) = (Vectors::new(4), Vectors::new(5));
        for at in 0..300 {
            let z = [rng.normal(), rng.normal(), rng.normal()];
            let mut e = || noise * rng.normal();
            let a = [z[0] + e(), z[1] - z[0] + e(), z[2] + e(), e()].map(|v| (10.0 * v) as f32);
            let b = [z[2] + e(), e(), z[0] + z[1] + e(), z[1] + e(), e()].map(|v| (0.01 * v) as f32);
            if at % 10 == 0 {
                x.push_missing()
            } else {
                x.push(&a).unwrap()
            }
            y.push(&b).unwrap();
        }
        (x, y)
    }

    #[test]
    fn belonging_rows_are_nearest_although_the_sides_have_other_columns_and_units() {
        let (x, y) = pairs(0.01);
        let params = AlignedParams { rank: 3, ridge: 1e-3, ..AlignedParams::default() };
        let space = params.fit(&x, &y, Seed(1)).unwrap();
        let (a, b) = (space.project(Block::X, &x), space.project(Block::Y, &y));
        assert!(a.row(0).is_none() && b.row(0).is_some());
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let mut right = 0;
        for (at, row) in a.rows().enumerate() {
            let Some(row) = row else { continue };
            let best = (0..300).max_by(|i, j| dot(row, b.row(*i).unwrap()).total_cmp(&dot(row, b.row(*j).unwrap())));
            right += usize::from(best == Some(at));
        }
        assert!(right > 240, "{right} of 270");
    }

    #[test]
    fn a_saved_space_projects_alike() {
        let (x, y) = pairs(0.5);
        let space = AlignedParams::default().fit(&x, &y, Seed(1)).unwrap();
        let mut writer = Writer::default();
        space.write("text to picture", &mut writer);
        let bytes = writer.finish("test", 1);
        let again = Aligned::read("text to picture", &Reader::open(&bytes).unwrap()).unwrap();
        assert_eq!(again.project(Block::Y, &y), space.project(Block::Y, &y));
    }

    #[test]
    fn too_few_pairs_and_sides_of_other_lengths_are_refused() {
        let (x, y) = pairs(0.5);
        let short = Vectors::from_rows(5, [Some([0.0; 5])]).unwrap();
        assert!(AlignedParams::default().fit(&x, &short, Seed(1)).is_err());
        let none = Vectors::from_rows::<[f32; 5]>(5, (0..300).map(|_| None)).unwrap();
        let refused = AlignedParams::default().fit(&x, &none, Seed(1)).unwrap_err();
        assert!(matches!(refused, LearnError::TooLittleData { have: 0, .. }), "{refused}");
        assert_eq!(y.len(), 300);
    }
}
