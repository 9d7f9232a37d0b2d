//! The spectrum that Whisper hears: powers of windows of 400 samples, 160 apart, under triangles on the mel scale.
//!
//! Samples are mirrored at both ends; `log₁₀ max(p, 10⁻¹⁰)`, nothing more than 8 below the loudest, then `(x + 4) / 4`.
//! The transform has 400 points, no power of two, and is one product with a table of waves. Source: Radford et al., "Robust
//! speech recognition via large-scale weak supervision", ICML 2023; triangles as in Slaney, "Auditory toolbox", 1998.
//! Cost: 160,000 operations a frame, 3,000 frames a window of 30 seconds.

use candle_core::{Device, Result, Tensor};

pub(super) const RATE: usize = 16_000;
pub(super) const HOP: usize = 160;
const WINDOW: usize = 400;
const N_WAVES: usize = WINDOW / 2 + 1;

/// Waves and triangles, computed once.
pub(super) struct Spectrum {
    /// `400 × 402`: cosines, then sines, under a Hann window.
    waves: Tensor,
    /// `201 × n_mels`.
    triangles: Tensor,
    n_mels: usize,
}

fn mel(hertz: f64) -> f64 {
    if hertz < 1_000.0 { hertz * 3.0 / 200.0 } else { 15.0 + (hertz / 1_000.0).ln() * 27.0 / 6.4_f64.ln() }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1_000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp() }
}

impl Spectrum {
    pub(super) fn new(n_mels: usize) -> Result<Self> {
        let turn = |t: usize, k: usize| 2.0 * std::f64::consts::PI * (t * k % WINDOW) as f64 / WINDOW as f64;
        let mut waves = Vec::with_capacity(WINDOW * 2 * N_WAVES);
        for t in 0..WINDOW {
            let hann = 0.5 - 0.5 * turn(t, 1).cos();
            waves.extend((0..N_WAVES).map(|k| (hann * turn(t, k).cos()) as f32));
            waves.extend((0..N_WAVES).map(|k| (hann * turn(t, k).sin()) as f32));
        }
        let edge = |i: usize| hertz(mel(RATE as f64 / 2.0) * i as f64 / (n_mels + 1) as f64);
        let mut triangles = Vec::with_capacity(N_WAVES * n_mels);
        for k in 0..N_WAVES {
            let f = k as f64 * RATE as f64 / WINDOW as f64;
            triangles.extend((0..n_mels).map(|m| {
                let (low, middle, high) = (edge(m), edge(m + 1), edge(m + 2));
                let inside = ((f - low) / (middle - low)).min((high - f) / (high - middle)).max(0.0);
                (inside * 2.0 / (high - low)) as f32
            }));
        }
        Ok(Self {
            waves: Tensor::from_vec(waves, (WINDOW, 2 * N_WAVES), &Device::Cpu)?,
            triangles: Tensor::from_vec(triangles, (N_WAVES, n_mels), &Device::Cpu)?,
            n_mels,
        })
    }

    /// `n_frames × n_mels` of samples, of which there are more than 200.
    pub(super) fn of(&self, samples: &[f32], n_frames: usize) -> Result<Vec<f32>> {
        let n = samples.len() as i64;
        let mirrored = |at: i64| {
            let at = if at < 0 { -at } else { at };
            let at = if at >= n { 2 * (n - 1) - at } else { at };
            samples[at.clamp(0, n - 1) as usize]
        };
        let half = (WINDOW / 2) as i64;
        let mut frames = Vec::with_capacity(n_frames * WINDOW);
        for f in 0..n_frames {
            let from = (f * HOP) as i64 - half;
            frames.extend((from..from + WINDOW as i64).map(mirrored));
        }
        let frames = Tensor::from_vec(frames, (n_frames, WINDOW), &Device::Cpu)?;
        let both: Vec<f32> = frames.matmul(&self.waves)?.flatten_all()?.to_vec1()?;
        let power = |row: &[f32]| -> Vec<f32> {
            let (cosines, sines) = row.split_at(N_WAVES);
            cosines.iter().zip(sines).map(|(c, s)| c * c + s * s).collect()
        };
        let powers: Vec<f32> = both.chunks_exact(2 * N_WAVES).flat_map(power).collect();
        let powers = Tensor::from_vec(powers, (n_frames, N_WAVES), &Device::Cpu)?;
        let mut out: Vec<f32> = powers.matmul(&self.triangles)?.flatten_all()?.to_vec1()?;
        out.iter_mut().for_each(|p| *p = p.max(1e-10).log10());
        let loudest = out.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        out.iter_mut().for_each(|p| *p = (p.max(loudest - 8.0) + 4.0) / 4.0);
        debug_assert_eq!(out.len(), n_frames * self.n_mels);
        Ok(out)
    }
}
