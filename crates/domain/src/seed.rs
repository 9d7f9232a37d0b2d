//! Randomness that is the same on every machine and at any number of threads.
//!
//! A [`Seed`] is split by key (shopper, row, fold), never shared: `seed.stream(row)` gives row
//! `row` its own generator whatever thread works on it.

use serde::{Deserialize, Serialize};

/// Where a run's randomness comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// A seed for a named part, so that adding a part does not move the others.
    pub fn derive(self, key: u64) -> Self {
        Self(mix(self.0 ^ mix(key.wrapping_add(GOLDEN))))
    }

    /// An independent generator for `key`.
    pub fn stream(self, key: u64) -> Rng {
        Rng { state: self.derive(key).0 }
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
/// 2014): 64 bits of state, one addition and one mix a draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// Starts at `seed`: the n-th draw is `S(seed + n)` of the reference sequence when `seed` is a
    /// multiple of the golden-ratio increment, as it is for 0.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in `0..n`, by Lemire's multiply-shift; the bias is below n / 2^64.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "a draw needs at least one value");
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Standard normal, by Box and Muller's transform (the second value is dropped, so that one
    /// draw always costs two steps of the sequence).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Poisson with the given mean: by inversion below 30, else by the rounded normal.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (mut n, mut product, floor) = (0, self.uniform(), (-mean).exp());
        while product > floor {
            n += 1;
            product *= self.uniform();
        }
        n
    }

    /// Fisher-Yates.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for i in (1..values.len()).rev() {
            values.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // The first draws of SplitMix64 from 0, as printed in its reference implementation's checks.
    fn the_sequence_is_splitmix64() {
        let mut rng = Rng::new(0);
        assert_eq!(rng.next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(Rng::new(0).uniform(), 0.883_310_808_213_642_6);
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let seed = Seed(7);
        assert_eq!(seed.stream(3), seed.stream(3));
        assert_ne!(seed.stream(3).next_u64(), seed.stream(4).next_u64());
    }

    #[test]
    fn means_come_out() {
        let mut rng = Seed(1).stream(0);
        let n = 20_000;
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / n as f64;
        assert!((mean(&mut || rng.uniform()) - 0.5).abs() < 0.01);
        assert!(mean(&mut || rng.normal()).abs() < 0.03);
        assert!((mean(&mut || rng.poisson(3.5) as f64) - 3.5).abs() < 0.06);
        assert!((mean(&mut || rng.poisson(80.0) as f64) - 80.0).abs() < 0.4);
        assert!((mean(&mut || rng.exponential()) - 1.0).abs() < 0.03);
    }
}
