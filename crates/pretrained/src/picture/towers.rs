//! Two towers: pictures and texts in one space, whose products say what belongs together (CLIP, SigLIP).
//!
//! Sources as in `vision.rs`. Vectors of both sides have length 1.

use super::encoder::PictureEncoder;
use super::prepare::PictureSettings;
use super::vision::{Family, VisionNet};
use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use crate::net::{Linear, Mask, Order, Shape};
use crate::text::TextEncoder;
use crate::text::net::{TextNet, activation, heads};
use crate::text::steps::{Pooling, Steps};
use crate::text::tokens::{Tokens, max_pieces};
use std::path::Path;

/// Both sides.
#[derive(Clone, Debug)]
pub struct TextPictureEncoder {
    text: TextEncoder,
    pictures: PictureEncoder,
}

/// Defaults of a family's text side, which its settings leave out.
struct Usual {
    vocabulary: usize,
    width: usize,
    inner: usize,
    n_heads: usize,
    places: usize,
    activation: &'static str,
    eps: f64,
}

const CLIP: Usual =
    Usual { vocabulary: 49_408, width: 512, inner: 2048, n_heads: 8, places: 77, activation: "quick_gelu", eps: 1e-5 };
const SIGLIP: Usual = Usual {
    vocabulary: 32_000,
    width: 768,
    inner: 3072,
    n_heads: 12,
    places: 64,
    activation: "gelu_pytorch_tanh",
    eps: 1e-6,
};

fn text_net(s: &Settings, weights: &Weights, usual: &Usual, mask: Mask) -> Result<TextNet, PretrainedError> {
    let width = s.count_or("hidden_size", 1..=16_384, usual.width)?;
    let shape = Shape {
        width,
        inner: s.count_or("intermediate_size", 1..=65_536, usual.inner)?,
        n_layers: s.count_or("num_hidden_layers", 1..=256, 12)?,
        n_heads: heads(s, "num_attention_heads", width, Some(usual.n_heads))?,
        eps: s.number_or("layer_norm_eps", 0.0..=1.0, usual.eps)?,
        activation: activation(s, "hidden_act", usual.activation)?,
        order: Order::Before,
        mask,
    };
    let n_words = s.count_or("vocab_size", 1..=8_000_000, usual.vocabulary)?;
    let n_places = s.count_or("max_position_embeddings", 3..=1_000_000, usual.places)?;
    TextNet::tower(&weights.at("text_model."), shape, n_words, n_places)
}

fn steps(pooling: Pooling, last: Linear, width: usize) -> Steps {
    Steps { pooling, dense: vec![last], unit: true, assumed: false, width, files: Vec::new() }
}

impl TextPictureEncoder {
    pub(crate) fn clip(folder: &Path, s: &Settings, weights: &Weights) -> Result<Self, PretrainedError> {
        let (of_text, of_vision) = (s.sub("text_config"), s.sub("vision_config"));
        let width = s.count_or("projection_dim", 1..=16_384, 512)?;
        let settings = PictureSettings::read(folder, true)?;
        let net = VisionNet::load(Family::Clip, &of_vision, &weights.at("vision_model."), &settings)?;
        let projection = Linear::load(weights, "visual_projection", net.width(), width)?;
        let pictures = PictureEncoder::tower(settings, net.projected(projection), width)?;

        let net = text_net(&of_text, weights, &CLIP, Mask::Causal)?;
        let projection = Linear::load(weights, "text_projection", net.width(), width)?;
        let tokens = Tokens::load(folder, net.n_words(), max_pieces(folder, net.n_places())?)?;
        let end = match of_text.count_or("eos_token_id", 0..=net.n_words() - 1, net.n_words() - 1)? {
            // Older files say 2, which it never was: the mark is the last of the vocabulary.
            2 => tokens.number("<|endoftext|>").unwrap_or(net.n_words() as u32 - 1),
            other => other as u32,
        };
        let steps = steps(Pooling::End, projection, width);
        let text = TextEncoder::of(tokens, net, steps, end, String::new(), String::new())?;
        Ok(Self { text, pictures })
    }

    pub(crate) fn siglip(folder: &Path, s: &Settings, weights: &Weights) -> Result<Self, PretrainedError> {
        let (of_text, of_vision) = (s.sub("text_config"), s.sub("vision_config"));
        let settings = PictureSettings::read(folder, true)?;
        if of_vision.flag("vision_use_head") == Some(false) {
            return Err(of_vision.wrong("vision_use_head", "true"));
        }
        let net = VisionNet::load(Family::Siglip, &of_vision, &weights.at("vision_model."), &settings)?;
        let width = net.width();
        let pictures = PictureEncoder::tower(settings, net, width)?;

        let net = text_net(&of_text, weights, &SIGLIP, Mask::None)?;
        let last = Linear::load(weights, "text_model.head", net.width(), width)?;
        let fill = of_text.count_or("pad_token_id", 0..=net.n_words() - 1, 1)? as u32;
        // It has learnt from texts that were all filled up to the same length, and looks at what fills them.
        let length = net.n_places();
        let tokens = Tokens::load(folder, net.n_words(), length)?.filled(length, fill);
        let text = TextEncoder::of(tokens, net, steps(Pooling::Last, last, width), 0, String::new(), String::new())?;
        Ok(Self { text, pictures })
    }

    /// The side of texts.
    pub const fn text(&self) -> &TextEncoder {
        &self.text
    }

    /// The side of pictures.
    pub const fn pictures(&self) -> &PictureEncoder {
        &self.pictures
    }
}
