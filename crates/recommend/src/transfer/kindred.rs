//! What sells among products that are like a product: popularity carried over by what products say.
//!
//! A market's first hundred buyers leave most of its products without a sale, and a count of 1 or 2 is mostly luck. What is
//! expected of a product is the mean sales of the others, weighed by `exp(sharpness · (cos(c_i, c_j) − 1))`, and its
//! popularity is what it sold together with `strength` times that: `ln(n_i + strength · μ_i)`, the mean of a gamma prior
//! with that mean and `strength` sales' worth of belief after `n_i` sales. The others may be those of another market: then
//! nothing of the product's own has to be known at all.
//!
//! Sources: kernel regression: Nadaraya, "On estimating regression", Theory of Probability & Its Applications 9(1), 1964;
//! gamma priors for counts: Robbins, "An empirical Bayes approach to statistics", Berkeley Symposium 1956. Cost: one product
//! of vectors for every pair of products.

use domain::FitError;

/// How much alike products have to be, and how much they say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KindredParams {
    /// How fast likeness fades, at least 0: at 0 all products are alike.
    pub sharpness: f32,
    /// What the expected sales count, at least 0 and finite; as many of a product's own count as much.
    pub strength: f32,
}

impl Default for KindredParams {
    fn default() -> Self {
        Self { sharpness: 12.0, strength: 2.0 }
    }
}

/// Sales below which a logarithm is not taken: half a sale among a hundred products.
const LEAST: f32 = 0.005;

fn unit(vectors: &[f32], width: usize) -> Vec<f32> {
    let mut out = vectors.to_vec();
    for row in out.chunks_exact_mut(width) {
        let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|v| *v /= length);
        }
    }
    out
}

impl KindredParams {
    fn check(&self, vectors: &[f32], width: usize, n: usize) -> Result<(), FitError> {
        for (name, value) in [("sharpness", self.sharpness), ("strength", self.strength)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(FitError::Param { name, rule: "at least 0 and finite", got: f64::from(value) });
            }
        }
        if width == 0 || vectors.len() != n * width {
            let got = vectors.len() as f64;
            return Err(FitError::Param { name: "vectors", rule: "as many rows as there are counts", got });
        }
        Ok(())
    }

    /// Expected sales of products, `vectors` by rows, from the sales of others, `from` by rows with one of `counts` each.
    /// A row of zeros is expected to sell like the mean of all.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range, and vectors that are not of the products.
    pub fn expected(&self, vectors: &[f32], from: &[f32], width: usize, counts: &[f32]) -> Result<Vec<f32>, FitError> {
        self.check(from, width, counts.len())?;
        if !vectors.len().is_multiple_of(width) {
            let got = vectors.len() as f64;
            return Err(FitError::Param { name: "vectors", rule: "rows of the same width", got });
        }
        let (to, from) = (unit(vectors, width), unit(from, width));
        Ok(to.chunks_exact(width).map(|row| self.mean_of_others(row, &from, width, counts, None)).collect())
    }

    /// Popularity of a market's products, `ln(n_i + strength · μ_i)` with `μ_i` from all others of them.
    ///
    /// # Errors
    /// As [`Self::expected`].
    pub fn popularity(&self, vectors: &[f32], width: usize, counts: &[f32]) -> Result<Vec<f32>, FitError> {
        self.check(vectors, width, counts.len())?;
        let rows = unit(vectors, width);
        let one = |(at, row): (usize, &[f32])| {
            let expected = self.mean_of_others(row, &rows, width, counts, Some(at));
            (counts[at] + self.strength * expected).max(LEAST).ln()
        };
        Ok(rows.chunks_exact(width).enumerate().map(one).collect())
    }

    fn mean_of_others(&self, row: &[f32], from: &[f32], width: usize, counts: &[f32], but: Option<usize>) -> f32 {
        let (mut sum, mut weights) = (0.0_f64, 0.0_f64);
        for (at, (other, count)) in from.chunks_exact(width).zip(counts).enumerate() {
            if but == Some(at) {
                continue;
            }
            let cosine = row.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
            let weight = f64::from((self.sharpness * (cosine - 1.0)).exp());
            sum += weight * f64::from(*count);
            weights += weight;
        }
        if weights > 0.0 { (sum / weights) as f32 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two kettles and two papers, nothing in common.
    const VECTORS: [f32; 8] = [2.0, 0.0, 1.0, 0.0, 0.0, 3.0, 0.0, 1.0];

    #[test] // Kernel 1 within a kind and exp(−100) ≈ 0 between: each expects what its twin sold.
    fn a_product_expects_what_its_like_sold() {
        let params = KindredParams { sharpness: 100.0, strength: 2.0 };
        let popularity = params.popularity(&VECTORS, 2, &[8.0, 0.0, 1.0, 1.0]).unwrap();
        let by_hand = [8.0_f32, 16.0, 3.0, 3.0].map(f32::ln);
        for (found, wanted) in popularity.iter().zip(by_hand) {
            assert!((found - wanted).abs() < 1e-5, "{popularity:?}");
        }
        // Another market's products: a kettle and one of which nothing is known, which expects the mean of all.
        let abroad = params.expected(&[5.0, 0.0, 0.0, 0.0], &VECTORS, 2, &[8.0, 0.0, 1.0, 1.0]).unwrap();
        assert!((abroad[0] - 4.0).abs() < 1e-5 && (abroad[1] - 2.5).abs() < 1e-5, "{abroad:?}");
    }

    #[test]
    fn without_strength_or_without_sharpness_it_is_popularity() {
        let counts = [8.0, 2.0, 1.0, 4.0];
        let own = KindredParams { strength: 0.0, ..KindredParams::default() };
        assert_eq!(own.popularity(&VECTORS, 2, &counts).unwrap(), counts.map(f32::ln));
        // All alike: each expects the mean of the three others, which never turns the order around at this strength.
        let flat = KindredParams { sharpness: 0.0, strength: 1.0 };
        let found = flat.popularity(&VECTORS, 2, &counts).unwrap();
        assert!(found[0] > found[3] && found[3] > found[1] && found[1] > found[2], "{found:?}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let usual = KindredParams::default();
        let why = |p: KindredParams, n: usize| p.popularity(&VECTORS, 2, &vec![1.0; n]).unwrap_err().to_string();
        assert!(why(usual, 3).contains("`vectors`"));
        assert!(why(KindredParams { sharpness: -1.0, ..usual }, 4).contains("`sharpness`"));
        assert!(why(KindredParams { strength: f32::NAN, ..usual }, 4).contains("`strength`"));
        assert!(usual.expected(&VECTORS[..3], &VECTORS, 2, &[1.0; 4]).unwrap_err().to_string().contains("same width"));
        // A market with one product has no others to expect anything from.
        assert_eq!(usual.popularity(&[1.0, 0.0], 2, &[0.0]).unwrap(), [LEAST.ln()]);
    }
}
