//! The power spectrum of a frame, by the fast Fourier transform.
//!
//! `P_k = |Σ_t x_t e^(−2πi k t / n)|²` for `k = 0 ..= n / 2`. Source: Cooley and Tukey, "An algorithm for the machine
//! calculation of complex Fourier series", Mathematics of Computation 19, 1965. Cost: `5 n log₂ n` operations.

/// A transform of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Fft {
    /// Where each sample goes first.
    places: Vec<u32>,
    /// `e^(−2πi k / n)` for the first half of the circle.
    turns: Vec<(f64, f64)>,
}

impl Fft {
    /// For frames of `n` samples; `None` unless that is a power of two between 2 and 2²⁰.
    pub fn new(n: usize) -> Option<Self> {
        if !n.is_power_of_two() || !(2..=1 << 20).contains(&n) {
            return None;
        }
        let bits = n.trailing_zeros();
        let places = (0..n as u32).map(|i| i.reverse_bits() >> (32 - bits)).collect();
        let turn = |k: usize| {
            let (sin, cos) = (-2.0 * std::f64::consts::PI * k as f64 / n as f64).sin_cos();
            (cos, sin)
        };
        Some(Self { places, turns: (0..n / 2).map(turn).collect() })
    }

    /// Samples of a frame.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Never: a transform has at least two samples.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The powers of the frame's frequencies, `n / 2 + 1`.
    ///
    /// # Panics
    /// If the frame has another length.
    pub fn power(&self, frame: &[f64]) -> Vec<f64> {
        let n = self.len();
        assert!(frame.len() == n, "a frame of {} samples for a transform of {n}", frame.len());
        let mut x: Vec<(f64, f64)> = self.places.iter().map(|p| (frame[*p as usize], 0.0)).collect();
        let mut half = 1;
        while half < n {
            let step = n / (2 * half);
            for block in x.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((a, b), (cos, sin)) in low.iter_mut().zip(high).zip(self.turns.iter().step_by(step)) {
                    let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                    (*a, *b) = ((a.0 + turned.0, a.1 + turned.1), (a.0 - turned.0, a.1 - turned.1));
                }
            }
            half *= 2;
        }
        x[..=n / 2].iter().map(|(re, im)| re * re + im * im).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // One wave of height 1 over 8 samples: all of it at frequency 1, (8 / 2)² = 16.
    fn a_wave_by_hand() {
        let fft = Fft::new(8).unwrap();
        let wave: Vec<f64> = (0..8).map(|t| (2.0 * std::f64::consts::PI * f64::from(t) / 8.0).cos()).collect();
        let power = fft.power(&wave);
        assert!((power[1] - 16.0).abs() < 1e-12 && power.iter().sum::<f64>() - 16.0 < 1e-12, "{power:?}");
        assert!(Fft::new(12).is_none() && Fft::new(1).is_none());
    }

    proptest! {
        #[test]
        fn it_equals_the_sum_as_it_is_written(x in prop::collection::vec(-1.0_f64..1.0, 16)) {
            let power = Fft::new(16).unwrap().power(&x);
            for (k, got) in power.iter().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for (t, x) in x.iter().enumerate() {
                    let (sin, cos) = (2.0 * std::f64::consts::PI * (k * t) as f64 / 16.0).sin_cos();
                    (re, im) = (re + x * cos, im - x * sin);
                }
                prop_assert!((got - (re * re + im * im)).abs() < 1e-9);
            }
        }
    }
}
