//! Random variates that [`domain::Rng`] does not have: gamma, beta, weighted choice.

use domain::Rng;

/// Gamma with the given shape and mean `shape` (scale 1).
///
/// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3),
/// 2000; below shape 1 by the power of a uniform, as they propose.
pub(crate) fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - rng.uniform()).powf(1.0 / shape);
        return gamma(rng, shape + 1.0) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// Beta(a, b) as a ratio of two gammas.
pub(crate) fn beta(rng: &mut Rng, a: f64, b: f64) -> f64 {
    let x = gamma(rng, a);
    x / (x + gamma(rng, b))
}

/// Index drawn in proportion to `weights`; the last one when rounding leaves a rest.
pub(crate) fn weighted(rng: &mut Rng, weights: impl Iterator<Item = f64> + Clone) -> usize {
    let mut left = rng.uniform() * weights.clone().sum::<f64>();
    let mut last = 0;
    for (i, weight) in weights.enumerate() {
        last = i;
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    last
}

/// Walker's alias method for many distributions over the same `n` values: one draw costs one
/// random number.
///
/// Source: Vose, "A linear algorithm for generating random numbers with a given distribution",
/// IEEE TSE 17(9), 1991.
#[derive(Clone, Debug, Default)]
pub(crate) struct AliasTables {
    n: usize,
    keep: Vec<f32>,
    other: Vec<u16>,
}

impl AliasTables {
    /// Tables over `n` values, none yet.
    pub(crate) fn new(n: usize) -> Self {
        Self { n, keep: Vec::new(), other: Vec::new() }
    }

    /// Adds a distribution and gives its number. `weights`: `n` of them, none negative, not all 0.
    pub(crate) fn push(&mut self, weights: &[f64]) -> usize {
        let (n, start) = (self.n, self.keep.len());
        let scale = n as f64 / weights.iter().sum::<f64>();
        let mut share: Vec<f64> = weights.iter().map(|w| w * scale).collect();
        self.keep.resize(start + n, 1.0);
        self.other.extend((0..n).map(|i| i as u16));
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| share[i] < 1.0);
        while let (Some(s), Some(&l)) = (small.pop(), large.last()) {
            self.keep[start + s] = share[s] as f32;
            self.other[start + s] = l as u16;
            share[l] -= 1.0 - share[s];
            if share[l] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        start / n
    }

    /// A draw from distribution `table`.
    pub(crate) fn sample(&self, table: usize, rng: &mut Rng) -> usize {
        let x = rng.uniform() * self.n as f64;
        let i = (x as usize).min(self.n - 1);
        let at = table * self.n + i;
        if x - (i as f64) < f64::from(self.keep[at]) { i } else { usize::from(self.other[at]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    #[test]
    fn gamma_and_beta_have_their_means() {
        let mut rng = Seed(3).stream(0);
        let n = 40_000;
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / f64::from(n);
        // Gamma(0.7) has mean 0.7 and variance 0.7; Beta(1.2, 3) has mean 1.2 / 4.2 = 0.2857.
        assert!((mean(&mut || gamma(&mut rng, 0.7)) - 0.7).abs() < 0.02);
        assert!((mean(&mut || gamma(&mut rng, 4.0)) - 4.0).abs() < 0.05);
        assert!((mean(&mut || beta(&mut rng, 1.2, 3.0)) - 1.2 / 4.2).abs() < 0.01);
    }

    #[test] // Weights 1, 2, 5, 0 of 8: 0.125, 0.25, 0.625, 0. Weights 1, 4, 3, 2 of 10, where one gives and takes.
    fn alias_tables_draw_in_proportion() {
        let mut tables = AliasTables::new(4);
        for (weights, shares) in
            [([1.0, 2.0, 5.0, 0.0], [0.125, 0.25, 0.625, 0.0]), ([1.0, 4.0, 3.0, 2.0], [0.1, 0.4, 0.3, 0.2])]
        {
            let table = tables.push(&weights);
            let mut rng = Seed(9).stream(0);
            let mut counts = [0_u32; 4];
            for _ in 0..80_000 {
                counts[tables.sample(table, &mut rng)] += 1;
            }
            for (count, share) in counts.iter().zip(shares) {
                assert!((f64::from(*count) / 80_000.0 - share).abs() < 0.01, "{counts:?} for {weights:?}");
                assert!(share > 0.0 || *count == 0);
            }
        }
    }
}
