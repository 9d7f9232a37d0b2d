//! The words of what was heard, one piece after the other, each the likeliest given those before.
//!
//! Layers as in the encoder, and attention over what it gives between; keys and values of earlier pieces are kept. The first
//! pieces are given: start, language (the likeliest where the model knows several), "transcribe", "no times".
//! Source: Radford et al., "Robust speech recognition via large-scale weak supervision", ICML 2023. Greedy, without the
//! paper's fallback to sampling: a loop of repeated words ends where there are no more places.

use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use crate::net::{Activation, Linear, Mask, Norm, add, cross};
use candle_core::{Device, Result as Computed, Tensor};
use serde_json::Value;
use std::path::Path;

struct Layer {
    qkv: Linear,
    out: Linear,
    norm: Norm,
    asked: Linear,
    heard: Linear,
    heard_out: Linear,
    heard_norm: Norm,
    up: Linear,
    down: Linear,
    inner_norm: Norm,
}

/// Which pieces mean what.
struct Marks {
    start: u32,
    end: u32,
    languages: Vec<u32>,
    after: Vec<u32>,
    never: Vec<u32>,
    never_first: Vec<u32>,
}

/// Rows of the encoder to numbers of pieces.
pub(super) struct Decoder {
    words: Vec<f32>,
    /// `width × n_words`.
    answers: Tensor,
    places: Vec<f32>,
    layers: Vec<Layer>,
    norm: Norm,
    width: usize,
    n_heads: usize,
    marks: Marks,
}

/// Keys and values of one layer so far, and those of what was heard.
struct Memory {
    own: Option<(Tensor, Tensor)>,
    heard: (Tensor, Tensor),
}

fn numbers(s: Option<&Settings>, key: &str, n_words: usize) -> Vec<u32> {
    let list = s.and_then(|s| s.get(key)).and_then(Value::as_array);
    let number = |v: &Value| v.as_u64().filter(|n| (*n as usize) < n_words).map(|n| n as u32);
    list.map(|list| list.iter().filter_map(number).collect()).unwrap_or_default()
}

fn marks(folder: &Path, s: &Settings, n_words: usize) -> Result<Marks, PretrainedError> {
    let generation = Settings::read(&folder.join("generation_config.json"))?;
    let g = generation.as_ref();
    let map = |key: &str| -> Vec<(String, u32)> {
        let map = g.and_then(|g| g.get(key)).and_then(Value::as_object);
        let number =
            |(k, v): (&String, &Value)| v.as_u64().filter(|n| (*n as usize) < n_words).map(|n| (k.clone(), n as u32));
        map.map(|m| m.iter().filter_map(number).collect()).unwrap_or_default()
    };
    let transcribe = map("task_to_id").into_iter().find(|(k, _)| k == "transcribe").map(|(_, n)| n);
    let no_times = g.and_then(|g| g.get("no_timestamps_token_id")).and_then(Value::as_u64);
    let no_times = no_times.filter(|n| (*n as usize) < n_words).map(|n| n as u32);
    let or_old = |key: &str| {
        let new = numbers(g, key, n_words);
        if new.is_empty() { numbers(Some(s), key, n_words) } else { new }
    };
    let mut languages: Vec<u32> = map("lang_to_id").into_iter().map(|(_, n)| n).collect();
    languages.sort_unstable();
    Ok(Marks {
        start: s.count("decoder_start_token_id", 0..=n_words - 1)? as u32,
        end: s.count("eos_token_id", 0..=n_words - 1)? as u32,
        languages,
        after: transcribe.into_iter().chain(no_times).collect(),
        never: or_old("suppress_tokens"),
        never_first: or_old("begin_suppress_tokens"),
    })
}

impl Decoder {
    /// `weights` stand under `decoder.`.
    pub(super) fn load(
        folder: &Path,
        s: &Settings,
        weights: &Weights,
        (width, activation): (usize, Activation),
        n_words: usize,
    ) -> Result<Self, PretrainedError> {
        let inner = s.count("decoder_ffn_dim", 1..=65_536)?;
        let n_places = s.count("max_target_positions", 4..=65_536)?;
        let layer = |i: usize| {
            let name = |part: &str| format!("layers.{i}.{part}");
            let linear = |part: &str| Linear::load(weights, &name(part), width, width);
            let norm = |part: &str| Norm::load(weights, &name(part), width, 1e-5);
            let own = ["q", "k", "v"].map(|p| name(&format!("self_attn.{p}_proj")));
            let heard = ["k", "v"].map(|p| name(&format!("encoder_attn.{p}_proj")));
            Ok(Layer {
                qkv: Linear::joined(weights, &own, width, width)?,
                out: linear("self_attn.out_proj")?,
                norm: norm("self_attn_layer_norm")?,
                asked: linear("encoder_attn.q_proj")?,
                heard: Linear::joined(weights, &heard, width, width)?,
                heard_out: linear("encoder_attn.out_proj")?,
                heard_norm: norm("encoder_attn_layer_norm")?,
                up: Linear::load(weights, &name("fc1"), width, inner)?.then(activation),
                down: Linear::load(weights, &name("fc2"), inner, width)?,
                inner_norm: norm("final_layer_norm")?,
            })
        };
        let n_layers = s.count("decoder_layers", 1..=256)?;
        let words = weights.get("embed_tokens.weight", &[n_words, width])?;
        Ok(Self {
            answers: words.t()?.contiguous()?,
            words: words.flatten_all()?.to_vec1()?,
            places: weights.numbers("embed_positions.weight", &[n_places, width])?,
            layers: (0..n_layers).map(layer).collect::<Result<_, PretrainedError>>()?,
            norm: Norm::load(weights, "layer_norm", width, 1e-5)?,
            width,
            n_heads: crate::text::net::heads(s, "decoder_attention_heads", width, None)?,
            marks: marks(folder, s, n_words)?,
        })
    }

    /// Numbers of the pieces of what was heard, `rows × width`, at most `most` of them.
    pub(super) fn transcribe(&self, heard: &Tensor, most: usize) -> Computed<Vec<u32>> {
        let mut memory = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let both = layer.heard.run(heard)?;
            let part = |i: usize| both.narrow(1, i * self.width, self.width)?.contiguous();
            memory.push(Memory { own: None, heard: (part(0)?, part(1)?) });
        }
        let marks = &self.marks;
        let mut scores = self.step(&[marks.start], 0, &mut memory)?;
        let mut place = 1;
        let mut given = Vec::new();
        if !marks.languages.is_empty() {
            let likeliest = best(&scores, |n| marks.languages.binary_search(&n).is_ok());
            given.extend(likeliest);
        }
        given.extend(&marks.after);
        if !given.is_empty() {
            scores = self.step(&given, place, &mut memory)?;
            place += given.len();
        }
        let mut out = Vec::new();
        let n_places = self.places.len() / self.width;
        while out.len() < most && place < n_places {
            let first = out.is_empty();
            let allowed = |n: u32| !(marks.never.contains(&n) || first && marks.never_first.contains(&n));
            let Some(next) = best(&scores, allowed).filter(|n| *n != marks.end) else { break };
            out.push(next);
            scores = self.step(&[next], place, &mut memory)?;
            place += 1;
        }
        Ok(out)
    }

    /// Scores of all pieces after these, which stand from `place` on.
    fn step(&self, pieces: &[u32], place: usize, memory: &mut [Memory]) -> Computed<Vec<f32>> {
        let (width, n) = (self.width, pieces.len());
        let mut x = Vec::with_capacity(n * width);
        for (i, piece) in pieces.iter().enumerate() {
            let word = &self.words[*piece as usize * width..][..width];
            x.extend(word.iter().zip(&self.places[(place + i) * width..]).map(|(w, p)| w + p));
        }
        let mut x = Tensor::from_vec(x, (n, width), &Device::Cpu)?;
        for (layer, memory) in self.layers.iter().zip(memory) {
            let qkv = layer.qkv.run(&layer.norm.run(&x)?)?;
            let part = |i: usize| qkv.narrow(1, i * width, width)?.contiguous();
            let (q, k, v) = (part(0)?, part(1)?, part(2)?);
            let (k, v) = match &memory.own {
                Some((before_k, before_v)) => (Tensor::cat(&[before_k, &k], 0)?, Tensor::cat(&[before_v, &v], 0)?),
                None => (k, v),
            };
            let y = layer.out.run(&cross(&q, &k, &v, self.n_heads, Mask::Causal)?)?;
            memory.own = Some((k, v));
            add(&y, &x)?;
            let q = layer.asked.run(&layer.heard_norm.run(&y)?)?;
            let z = layer.heard_out.run(&cross(&q, &memory.heard.0, &memory.heard.1, self.n_heads, Mask::None)?)?;
            add(&z, &y)?;
            let last = layer.down.run(&layer.up.run(&layer.inner_norm.run(&z)?)?)?;
            add(&last, &z)?;
            x = last;
        }
        let x = x.narrow(0, n - 1, 1)?.contiguous()?.copy()?;
        self.norm.over(&x)?;
        x.matmul(&self.answers)?.flatten_all()?.to_vec1()
    }
}

/// The number of the highest score among those allowed; the lower number where two are equal.
fn best(scores: &[f32], allowed: impl Fn(u32) -> bool) -> Option<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (n, score) in (0_u32..).zip(scores) {
        if best.is_none_or(|(_, most)| *score > most) && allowed(n) {
            best = Some((n, *score));
        }
    }
    best.map(|(n, _)| n)
}
