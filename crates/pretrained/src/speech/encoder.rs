//! What is said in a sound: one vector, and its words.
//!
//! A sound is cut into windows of 30 seconds, the last filled up with silence; of each window the spectrum goes through two
//! convolutions and a stack of layers. The vector is the mean of the rows of all windows that hold sound: near for sounds
//! that say alike, of any voice. Source: Radford et al., "Robust speech recognition via large-scale weak supervision",
//! ICML 2023. Cost: a window costs the same however little of it is sound, some 40 billion operations with the base model.

use super::decoder::Decoder;
use super::spectrum::{HOP, RATE, Spectrum};
use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use crate::net::{Activation, Linear, Mask, Norm, Order, Run, Shape, Stack, StackNames, add};
use crate::text::net::{activation, heads};
use crate::text::tokens::Tokens;
use candle_core::{Device, Result as Computed, Tensor};
use content::sound::Sound;
use content::{Encode, Vectors};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

const NAMES: StackNames = StackNames {
    layers: "layers",
    qkv: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    out: "self_attn.out_proj",
    norms: ["self_attn_layer_norm", "final_layer_norm"],
    inner: ["fc1", "fc2"],
    gated: false,
    scales: None,
};

/// What a model of speech says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeechSettings {
    /// Bands of the spectrum.
    pub n_mels: usize,
    /// Hundredths of a second in a window.
    pub window: usize,
    /// Whether the folder has what it takes to write down words.
    pub transcribes: bool,
}

struct Parts {
    settings: SpeechSettings,
    spectrum: Spectrum,
    first: Linear,
    second: Linear,
    places: Tensor,
    stack: Stack,
    norm: Norm,
    decoder: Option<(Decoder, Tokens)>,
}

/// Sounds of speech to vectors and words. Cheap to copy: the weights are shared.
#[derive(Clone)]
pub struct SpeechEncoder {
    parts: Arc<Parts>,
}

impl std::fmt::Debug for SpeechEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpeechEncoder").field("settings", &self.parts.settings).finish()
    }
}

/// A convolution of three neighbours as a product with what [`neighbours`] lays side by side.
fn convolution(weights: &Weights, name: &str, n_in: usize, n_out: usize) -> Result<Linear, PretrainedError> {
    let kernel = weights.get(&format!("{name}.weight"), &[n_out, n_in, 3])?.reshape((n_out, n_in * 3))?;
    let bias = weights.get(&format!("{name}.bias"), &[n_out])?;
    Ok(Linear::of(&kernel, Some(bias))?.then(Activation::Gelu))
}

/// For every `stride`-th row it and the rows beside it, column by column; zeros beyond the ends.
fn neighbours(x: &[f32], width: usize, stride: usize) -> Computed<Tensor> {
    let n = x.len() / width;
    let rows = n.div_ceil(stride);
    let mut out = Vec::with_capacity(rows * width * 3);
    for row in (0..n).step_by(stride) {
        for column in 0..width {
            for beside in 0..3 {
                let at = (row + beside).checked_sub(1).filter(|at| *at < n);
                out.push(at.map_or(0.0, |at| x[at * width + column]));
            }
        }
    }
    Tensor::from_vec(out, (rows, width * 3), &Device::Cpu)
}

impl SpeechEncoder {
    pub(crate) fn load(folder: &Path, s: &Settings, weights: Weights) -> Result<Self, PretrainedError> {
        let prefix = if weights.has("model.encoder.conv1.weight") { "model." } else { "" };
        let encoder = weights.at(&format!("{prefix}encoder."));
        let width = s.count("d_model", 1..=16_384)?;
        let n_mels = s.count_or("num_mel_bins", 1..=256, 80)?;
        let n_rows = s.count_or("max_source_positions", 4..=6000, 1500)?;
        if s.flag("scale_embedding") == Some(true) {
            return Err(s.wrong("scale_embedding", "false"));
        }
        check_preprocessor(folder, n_mels)?;
        let shape = Shape {
            width,
            inner: s.count("encoder_ffn_dim", 1..=65_536)?,
            n_layers: s.count("encoder_layers", 1..=256)?,
            n_heads: heads(s, "encoder_attention_heads", width, None)?,
            eps: 1e-5,
            activation: activation(s, "activation_function", "gelu")?,
            order: Order::Before,
            mask: Mask::None,
        };
        let words = weights.at(&format!("{prefix}decoder."));
        let decoder = if words.has("embed_tokens.weight") {
            let n_words = s.count("vocab_size", 4..=8_000_000)?;
            let decoder = Decoder::load(folder, s, &words, (width, shape.activation), n_words)?;
            Some((decoder, Tokens::load(folder, n_words, 448)?))
        } else {
            None
        };
        let out = Self {
            parts: Arc::new(Parts {
                settings: SpeechSettings { n_mels, window: 2 * n_rows, transcribes: decoder.is_some() },
                spectrum: Spectrum::new(n_mels)?,
                first: convolution(&encoder, "conv1", n_mels, width)?,
                second: convolution(&encoder, "conv2", width, width)?,
                places: encoder.get("embed_positions.weight", &[n_rows, width])?,
                stack: Stack::load(&encoder, &NAMES, shape)?,
                norm: Norm::load(&encoder, "layer_norm", width, 1e-5)?,
                decoder,
            }),
        };
        Ok(out)
    }

    /// What it says of itself.
    pub fn settings(&self) -> &SpeechSettings {
        &self.parts.settings
    }

    fn window_samples(&self) -> usize {
        self.parts.settings.window * HOP
    }

    /// Rows of a window, `n_rows × width`, and how many of them hold sound.
    fn rows(&self, samples: &[f32]) -> Computed<(Tensor, usize)> {
        let parts = &self.parts;
        let mut filled = samples.to_vec();
        filled.resize(self.window_samples(), 0.0);
        let (n_frames, width) = (parts.settings.window, parts.stack.width());
        let spectrum = parts.spectrum.of(&filled, n_frames)?;
        let x = parts.first.run(&neighbours(&spectrum, parts.settings.n_mels, 1)?)?;
        let x = parts.second.run(&neighbours(&x.flatten_all()?.to_vec1::<f32>()?, width, 2)?)?;
        add(&x, &parts.places)?;
        let length = n_frames / 2;
        let x = parts.stack.run(x, &[Run { n: 1, length }], None)?;
        parts.norm.over(&x)?;
        Ok((x, samples.len().div_ceil(2 * HOP).min(length)))
    }

    /// Rows of all windows that hold sound, one after the other, and their number.
    fn mean(&self, sound: &Sound) -> Computed<Vec<f32>> {
        let width = self.parts.stack.width();
        let (mut total, mut n) = (vec![0.0_f64; width], 0);
        for window in sound.samples().chunks(self.window_samples()) {
            let (rows, heard) = self.rows(window)?;
            let rows: Vec<f32> = rows.flatten_all()?.to_vec1()?;
            for row in rows.chunks_exact(width).take(heard) {
                total.iter_mut().zip(row).for_each(|(t, x)| *t += f64::from(*x));
            }
            n += heard;
        }
        Ok(total.iter().map(|t| (t / n.max(1) as f64) as f32).collect())
    }

    /// The words of a sound; `None` where the folder has no decoder.
    ///
    /// # Errors
    /// [`PretrainedError::Compute`], which a folder that could be opened should not reach.
    pub fn transcribe(&self, sound: &Sound) -> Result<Option<String>, PretrainedError> {
        let Some((_, tokens)) = &self.parts.decoder else { return Ok(None) };
        let Some(windows) = self.transcribed(sound)? else { return Ok(None) };
        let parts: Vec<String> = windows.iter().filter_map(|pieces| tokens.text(pieces)).collect();
        Ok(Some(parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")))
    }

    /// Numbers of the pieces of each window; `None` where the folder has no decoder.
    ///
    /// # Errors
    /// As [`Self::transcribe`].
    pub fn transcribed(&self, sound: &Sound) -> Result<Option<Vec<Vec<u32>>>, PretrainedError> {
        let Some((decoder, _)) = &self.parts.decoder else { return Ok(None) };
        let mut out = Vec::new();
        for window in sound.samples().chunks(self.window_samples()) {
            let (rows, _) = self.rows(window)?;
            out.push(decoder.transcribe(&rows, 224)?);
        }
        Ok(Some(out))
    }
}

fn check_preprocessor(folder: &Path, n_mels: usize) -> Result<(), PretrainedError> {
    let Some(s) = Settings::read(&folder.join("preprocessor_config.json"))? else { return Ok(()) };
    // Whisper's own numbers; a folder with others hears other sounds.
    s.count_or("sampling_rate", RATE..=RATE, RATE)?;
    s.count_or("hop_length", HOP..=HOP, HOP)?;
    s.count_or("n_fft", 400..=400, 400)?;
    s.count_or("feature_size", n_mels..=n_mels, n_mels)?;
    Ok(())
}

impl Encode for SpeechEncoder {
    type Item = Sound;

    fn width(&self) -> usize {
        self.parts.stack.width()
    }

    fn encode(&self, items: &[Option<&Sound>]) -> Vectors {
        let mut out = Vectors::new(self.width());
        for item in items {
            let row = item.and_then(|sound| self.mean(sound).ok());
            if row.is_none_or(|row| out.push(&row).is_err()) {
                out.push_missing();
            }
        }
        out
    }
}
