//! Bytes of a file become samples of one channel, 16,000 a second, or a reason why not.
//!
//! WAV, MP3, Ogg Vorbis and FLAC, told by their contents. Channels are averaged; a rate that is another one is changed by
//! a windowed sinc that takes out first what the new rate cannot hold (Smith, "Digital audio resampling", 2002; 16 zero
//! crossings, Kaiser window). Of a long sound the first `max_seconds` are read and the rest never unpacked, so memory is
//! bounded by it whatever the file says about itself. A packet that is broken is left out; a file without a single good
//! one is refused. A decoder that breaks down over a file costs that file and nothing else.

use std::io::Cursor;
use std::panic::AssertUnwindSafe;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// Samples a second.
pub(super) const RATE: u32 = 16_000;

/// What is let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoundParams {
    /// Bytes of a file at most.
    pub max_bytes: usize,
    /// Seconds that are read, above 0; what comes after is left out.
    pub max_seconds: f64,
    /// Packets one after the other that may be broken.
    pub max_broken: usize,
}

impl Default for SoundParams {
    fn default() -> Self {
        Self { max_bytes: 256 << 20, max_seconds: 120.0, max_broken: 64 }
    }
}

/// Why bytes are no sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// A file larger than is let in.
    #[error("a file of {bytes} bytes, at most {most} are read")]
    TooManyBytes {
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// Contents of no format that is read.
    #[error("the file is none of WAV, MP3, Ogg Vorbis or FLAC: {why}")]
    Format {
        /// What the reader said.
        why: String,
    },
    /// A format that is read with a coding that is not.
    #[error("the file has no sound in a coding that is read: {why}")]
    Unsupported {
        /// What the reader said.
        why: String,
    },
    /// A rate of samples that no sound has.
    #[error("{rate} samples a second, 1,000 to 384,000 are read")]
    Rate {
        /// What the file says.
        rate: u32,
    },
    /// Not what its format says it has to be.
    #[error("the sound is broken: {why}")]
    Broken {
        /// What the decoder said.
        why: String,
    },
    /// No samples.
    #[error("there is not a single sample in the file")]
    Silent,
}

/// Samples of one channel, 16,000 a second, about −1..=1. At least one, all finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    samples: Vec<f32>,
    /// Packets that were left out.
    broken: usize,
}

impl Sound {
    /// From samples, 16,000 a second; `None` for none, or one that is not finite.
    pub fn from_samples(samples: Vec<f32>) -> Option<Self> {
        (!samples.is_empty() && samples.iter().all(|s| s.is_finite())).then_some(Self { samples, broken: 0 })
    }

    /// The samples.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(RATE)
    }

    /// Packets that were broken and left out.
    pub const fn n_broken(&self) -> usize {
        self.broken
    }
}

/// Reads a sound.
///
/// # Errors
/// [`SoundError`] says why it is none.
pub fn decode(bytes: &[u8], params: &SoundParams) -> Result<Sound, SoundError> {
    if bytes.is_empty() {
        return Err(SoundError::Empty);
    }
    if bytes.len() > params.max_bytes {
        return Err(SoundError::TooManyBytes { bytes: bytes.len(), most: params.max_bytes });
    }
    // Decoders are others' code over bytes from anywhere: one that panics has met a broken file.
    std::panic::catch_unwind(AssertUnwindSafe(|| unpack(bytes.to_vec(), params)))
        .unwrap_or_else(|_| Err(SoundError::Broken { why: "the decoder broke down over it".to_owned() }))
}

fn unpack(bytes: Vec<u8>, params: &SoundParams) -> Result<Sound, SoundError> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut reader = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|why| SoundError::Format { why: why.to_string() })?;
    let unsupported = |why: &str| SoundError::Unsupported { why: why.to_owned() };
    let track = reader.default_track(TrackType::Audio).ok_or_else(|| unsupported("no track of sound"))?;
    let id = track.id;
    let coding = track.codec_params.as_ref().and_then(|c| c.audio()).ok_or_else(|| unsupported("an unknown coding"))?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(coding, &AudioDecoderOptions::default())
        .map_err(|why| unsupported(&why.to_string()))?;
    let (mut mono, mut rate, mut broken, mut in_a_row) = (Vec::new(), None, 0, 0);
    let mut plane: Vec<f32> = Vec::new();
    let mut last = None;
    loop {
        // What was read before a file breaks off is kept.
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(why) => {
                last = Some(why.to_string());
                break;
            }
        };
        if packet.track_id != id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(samples) => {
                in_a_row = 0;
                let (spec, channels) = (samples.spec().rate(), samples.spec().channels().count());
                if !(1_000..=384_000).contains(&spec) {
                    return Err(SoundError::Rate { rate: spec });
                }
                // A stream that changes its rate half way ends there.
                if channels == 0 || *rate.get_or_insert(spec) != spec {
                    break;
                }
                samples.copy_to_vec_interleaved(&mut plane);
                let share = 1.0 / channels as f32;
                mono.extend(plane.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * share));
                if mono.len() as f64 > params.max_seconds * f64::from(spec) {
                    mono.truncate((params.max_seconds * f64::from(spec)) as usize);
                    break;
                }
            }
            Err(Error::DecodeError(why)) => {
                (broken, in_a_row, last) = (broken + 1, in_a_row + 1, Some(why.to_owned()));
                if in_a_row > params.max_broken {
                    break;
                }
            }
            Err(why) => {
                last = Some(why.to_string());
                break;
            }
        }
    }
    mono.iter_mut().filter(|s| !s.is_finite()).for_each(|s| *s = 0.0);
    match (rate, last) {
        (Some(rate), _) if !mono.is_empty() => Ok(Sound { samples: resampled(&mono, rate), broken }),
        (_, Some(why)) => Err(SoundError::Broken { why }),
        _ => Err(SoundError::Silent),
    }
}

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

/// Samples at the common rate.
fn resampled(samples: &[f32], rate: u32) -> Vec<f32> {
    const CROSSINGS: f64 = 16.0;
    const STEPS: usize = 512;
    if rate == RATE {
        return samples.to_vec();
    }
    let step = f64::from(rate) / f64::from(RATE);
    // The band that both rates hold, in units of the old rate's.
    let band = (1.0 / step).min(1.0) * 0.97;
    let reach = CROSSINGS / band;
    let window = |t: f64| bessel(9.0 * (1.0 - t * t).max(0.0).sqrt()) / bessel(9.0);
    let kernel = |distance: f64| {
        let x = std::f64::consts::PI * distance * band;
        let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
        band * sinc * window((distance / reach).min(1.0))
    };
    // The kernel at fine steps, read between them along a line.
    let table: Vec<f32> =
        (0..=(reach.ceil() as usize + 1) * STEPS).map(|i| kernel(i as f64 / STEPS as f64) as f32).collect();
    let n = (samples.len() as f64 / step).ceil().max(1.0) as usize;
    let sample = |i: usize| {
        let at = i as f64 * step;
        let first = (at - reach).ceil().max(0.0) as usize;
        let end = ((at + reach).floor() as usize + 1).min(samples.len());
        let mut sum = 0.0_f32;
        for (j, s) in samples.iter().enumerate().take(end).skip(first) {
            let place = (at - j as f64).abs() * STEPS as f64;
            let (low, part) = (place as usize, place.fract() as f32);
            sum += s * (table[low] + part * (table[low + 1] - table[low]));
        }
        sum
    };
    (0..n).map(sample).collect()
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
