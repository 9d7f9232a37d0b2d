//! The spectrum as the ear parts it, and its cepstrum.
//!
//! Frames of 400 samples, 160 apart, centred (zeros before the start and after the end), times a Hann window, in 512
//! points; powers added under triangles that lie evenly on the mel scale (linear to 1,000 Hz, logarithmic above), each of
//! area 2 over its width; decibels, `10 log₁₀ max(p, 10⁻¹⁰)`; of these the orthonormal cosine transform. Sources: Davis
//! and Mermelstein, IEEE Trans. ASSP 28(4), 1980; Slaney, "Auditory toolbox", 1998. The numbers are those of librosa
//! (a test holds some of them). Cost: a transform of 512 points a frame.

use super::Sound;
use super::decode::RATE;
use learn::Fft;

const WINDOW: usize = 400;
const HOP: usize = 160;
const POINTS: usize = 512;

/// How finely the spectrum is parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MelParams {
    /// Bands of the mel scale, 8 to 128.
    pub n_mels: usize,
    /// Numbers of the cepstrum, 2 to `n_mels`.
    pub n_cepstra: usize,
}

impl Default for MelParams {
    fn default() -> Self {
        Self { n_mels: 64, n_cepstra: 20 }
    }
}

/// A parameter outside its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {got}, it has to be {rule}")]
pub struct MelError {
    name: &'static str,
    got: usize,
    rule: &'static str,
}

/// Numbers of each frame, one frame after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    width: usize,
    values: Vec<f32>,
}

impl Frames {
    /// Numbers of a frame.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// All frames, 100 a second.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width)
    }
}

/// Mel of a frequency and back.
fn mel(hertz: f64) -> f64 {
    if hertz < 1_000.0 { hertz * 3.0 / 200.0 } else { 15.0 + (hertz / 1_000.0).ln() * 27.0 / 6.4_f64.ln() }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1_000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp() }
}

/// For each band its first point and the weights of it and those after it.
fn bands(n: usize) -> Vec<(usize, Vec<f64>)> {
    let top = mel(f64::from(RATE) / 2.0);
    let edge = |i: usize| hertz(top * i as f64 / (n + 1) as f64);
    let band = |i: usize| {
        let (low, middle, high) = (edge(i), edge(i + 1), edge(i + 2));
        let weight = |k: usize| {
            let f = k as f64 * f64::from(RATE) / POINTS as f64;
            let inside = ((f - low) / (middle - low)).min((high - f) / (high - middle)).max(0.0);
            inside * 2.0 / (high - low)
        };
        let all: Vec<f64> = (0..=POINTS / 2).map(weight).collect();
        let first = all.iter().position(|w| *w > 0.0).unwrap_or(0);
        let last = all.iter().rposition(|w| *w > 0.0).unwrap_or(0);
        (first, all[first..=last].to_vec())
    };
    (0..n).map(band).collect()
}

impl MelParams {
    /// # Errors
    /// [`MelError`] for a parameter outside its range.
    pub fn check(&self) -> Result<(), MelError> {
        let Self { n_mels, n_cepstra } = *self;
        if !(8..=128).contains(&n_mels) {
            return Err(MelError { name: "n_mels", got: n_mels, rule: "8 to 128" });
        }
        if !(2..=n_mels).contains(&n_cepstra) {
            return Err(MelError { name: "n_cepstra", got: n_cepstra, rule: "2 to n_mels" });
        }
        Ok(())
    }

    /// Decibels of every band, 100 frames a second.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn spectrum(&self, sound: &Sound) -> Result<Frames, MelError> {
        self.check()?;
        let Some(fft) = Fft::new(POINTS) else { unreachable!("512 is a power of two") };
        let turn = |t: usize| 2.0 * std::f64::consts::PI * t as f64 / WINDOW as f64;
        let window: Vec<f64> = (0..WINDOW).map(|t| 0.5 - 0.5 * turn(t).cos()).collect();
        let bands = bands(self.n_mels);
        let samples = sound.samples();
        let n_frames = 1 + samples.len() / HOP;
        let mut values = Vec::with_capacity(n_frames * self.n_mels);
        let mut frame = vec![0.0; POINTS];
        let aside = (POINTS - WINDOW) / 2;
        for f in 0..n_frames {
            for (t, (x, w)) in frame[aside..aside + WINDOW].iter_mut().zip(&window).enumerate() {
                let at = (f * HOP + aside + t).checked_sub(POINTS / 2);
                *x = at.and_then(|at| samples.get(at)).map_or(0.0, |s| f64::from(*s) * w);
            }
            let power = fft.power(&frame);
            let of = |(first, weights): &(usize, Vec<f64>)| -> f64 {
                weights.iter().zip(&power[*first..]).map(|(w, p)| w * p).sum()
            };
            values.extend(bands.iter().map(|band| (10.0 * of(band).max(1e-10).log10()) as f32));
        }
        Ok(Frames { width: self.n_mels, values })
    }

    /// The cepstrum of every frame.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn cepstrum(&self, sound: &Sound) -> Result<Frames, MelError> {
        let spectrum = self.spectrum(sound)?;
        let n = self.n_mels as f64;
        let wave = |k: usize, i: usize| {
            let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
            scale * (std::f64::consts::PI / n * (i as f64 + 0.5) * k as f64).cos()
        };
        let waves: Vec<Vec<f64>> =
            (0..self.n_cepstra).map(|k| (0..self.n_mels).map(|i| wave(k, i)).collect()).collect();
        let of = |row: &[f32], wave: &[f64]| row.iter().zip(wave).map(|(x, w)| f64::from(*x) * w).sum::<f64>() as f32;
        let values = spectrum.rows().flat_map(|row| waves.iter().map(move |w| of(row, w))).collect();
        Ok(Frames { width: self.n_cepstra, values })
    }
}

#[cfg(test)]
#[path = "mel_tests.rs"]
mod tests;
