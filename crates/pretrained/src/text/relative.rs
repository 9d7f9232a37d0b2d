//! How far apart two pieces stand, added to their attention (MPNet).
//!
//! Distances fall into buckets: the near ones each its own, the far ones by their logarithm up to 128, once for each
//! direction; each head has a number a bucket. Source: Raffel et al., "Exploring the limits of transfer learning with a
//! unified text-to-text transformer", JMLR 21, 2020, section 2.1.

use crate::PretrainedError;
use crate::folder::Weights;
use candle_core::{Device, Result, Tensor};

const FARTHEST: f64 = 128.0;

pub(crate) struct Relative {
    /// `n_buckets × n_heads`.
    table: Vec<f32>,
    n_buckets: usize,
    n_heads: usize,
}

/// The bucket of a distance, key's place minus query's.
fn bucket(distance: i64, n_buckets: usize) -> usize {
    let half = n_buckets / 2;
    let side = if distance > 0 { half } else { 0 };
    let (far, near) = (distance.unsigned_abs() as usize, half / 2);
    if far < near {
        return side + far;
    }
    let share = (far as f64 / near as f64).ln() / (FARTHEST / near as f64).ln();
    side + (near + (share * (half - near) as f64) as usize).min(half - 1)
}

impl Relative {
    pub(crate) fn load(
        weights: &Weights,
        n_buckets: usize,
        n_heads: usize,
    ) -> std::result::Result<Self, PretrainedError> {
        let table = weights.numbers("encoder.relative_attention_bias.weight", &[n_buckets, n_heads])?;
        Ok(Self { table, n_buckets, n_heads })
    }

    /// `1 × n_heads × length × length`.
    pub(crate) fn bias(&self, length: usize) -> Result<Tensor> {
        let mut out = Vec::with_capacity(self.n_heads * length * length);
        for head in 0..self.n_heads {
            for query in 0..length as i64 {
                let of = |key: i64| self.table[bucket(key - query, self.n_buckets) * self.n_heads + head];
                out.extend((0..length as i64).map(of));
            }
        }
        Tensor::from_vec(out, (1, self.n_heads, length, length), &Device::Cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // 32 buckets: 16 a side, 8 of them single. 8 → 8 + 0; 16: ln 2 / ln 16 · 8 = 2 → 10; 128 and beyond → 15.
    fn near_distances_have_their_own_bucket_and_far_ones_share() {
        let of = |d: i64| bucket(d, 32);
        assert_eq!([of(0), of(-1), of(-7), of(-8), of(-16), of(-128), of(-5000)], [0, 1, 7, 8, 10, 15, 15]);
        assert_eq!([of(1), of(8), of(200)], [17, 24, 31]);
    }
}
