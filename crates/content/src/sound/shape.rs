//! A sound as one vector: what its cepstrum is on average, how much it moves, and how fast.
//!
//! Means and deviations over all frames of each number of the cepstrum and of its change from the frame before to
//! the frame after. The first number is loudness: recordings of one thing at two volumes differ in its mean alone.
//! Source: the pooled statistics of Tzanetakis and Cook, "Musical genre classification of audio signals", IEEE
//! TSAP 10(5), 2002. Cost: one pass over the frames.

use super::{MelError, MelParams, Sound};
use crate::{Encode, Vectors};
use rayon::prelude::*;

/// Sounds as vectors; nothing is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundShape {
    params: MelParams,
}

impl SoundShape {
    /// An encoder with these bands.
    ///
    /// # Errors
    /// [`MelError`] for a parameter outside its range.
    pub fn new(params: MelParams) -> Result<Self, MelError> {
        params.check().map(|()| Self { params })
    }

    fn row(&self, sound: &Sound) -> Option<Vec<f32>> {
        let frames = self.params.cepstrum(sound).ok()?;
        let rows: Vec<&[f32]> = frames.rows().collect();
        let n = frames.width();
        let of = |c: usize| rows.iter().map(move |row| f64::from(row[c]));
        let change = |c: usize| rows.windows(3).map(move |w| f64::from(w[2][c] - w[0][c]) / 2.0);
        let mut out = Vec::with_capacity(self.width());
        let level: Vec<(f64, f64)> = (0..n).map(|c| moments(of(c))).collect();
        let slope: Vec<(f64, f64)> = (0..n).map(|c| moments(change(c))).collect();
        for part in [level, slope] {
            out.extend(part.iter().map(|m| m.0 as f32));
            out.extend(part.iter().map(|m| m.1 as f32));
        }
        Some(out)
    }
}

/// Mean and deviation; 0 and 0 of nothing.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, (values.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

impl Encode for SoundShape {
    type Item = Sound;

    fn width(&self) -> usize {
        4 * self.params.n_cepstra
    }

    fn encode(&self, items: &[Option<&Sound>]) -> Vectors {
        let rows: Vec<Option<Vec<f32>>> = items.par_iter().map(|s| s.and_then(|s| self.row(s))).collect();
        let mut out = Vectors::new(self.width());
        for row in rows {
            if row.is_none_or(|row| out.push(&row).is_err()) {
                out.push_missing();
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;

    /// A tone that swings `sway` hertz around `pitch`, with a little noise.
    fn tone(pitch: f64, sway: f64, seed: u64) -> Sound {
        let mut rng = Rng::new(seed);
        let mut phase = 0.0_f64;
        let sample = |t: usize| {
            let now = pitch + sway * (2.0 * std::f64::consts::PI * 3.0 * t as f64 / 16_000.0).sin();
            phase += 2.0 * std::f64::consts::PI * now / 16_000.0;
            (0.3 * phase.sin() + 0.002 * rng.normal()) as f32
        };
        Sound::from_samples((0..8_000).map(sample).collect()).unwrap()
    }

    #[test]
    fn like_sounds_are_near_and_a_swinging_one_moves_more() {
        let sounds = [tone(440.0, 0.0, 1), tone(445.0, 0.0, 2), tone(440.0, 200.0, 3), tone(3_000.0, 0.0, 4)];
        let all: Vec<Option<&Sound>> = sounds.iter().map(Some).chain([None]).collect();
        let shape = SoundShape::new(MelParams::default()).unwrap();
        let v = shape.encode(&all);
        assert_eq!((v.len(), v.n_present(), v.width()), (5, 4, 80));
        let apart = |a: usize, b: usize| -> f32 {
            v.row(a).unwrap().iter().zip(v.row(b).unwrap()).map(|(x, y)| (x - y).powi(2)).sum()
        };
        assert!(apart(0, 1) < apart(0, 2) / 4.0 && apart(0, 1) < apart(0, 3) / 4.0);
        let moves = |a: usize| v.row(a).unwrap()[61..80].iter().sum::<f32>();
        assert!(moves(2) > 1.5 * moves(0), "{} {}", moves(2), moves(0));
    }

    #[test]
    fn a_sound_of_one_sample_has_a_vector() {
        let shape = SoundShape::new(MelParams::default()).unwrap();
        assert_eq!(shape.encode(&[Some(&Sound::from_samples(vec![0.5]).unwrap())]).n_present(), 1);
        assert!(SoundShape::new(MelParams { n_mels: 4, ..MelParams::default() }).is_err());
    }
}
