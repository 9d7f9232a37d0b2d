//! From pieces to rows: the encoders of the BERT family and the text sides of CLIP and SigLIP.
//!
//! All of them add a vector of the piece to one of its place and run a stack of layers; they differ in names, in where places
//! begin and in norms. Sources: Devlin et al., "BERT", NAACL 2019; Sanh et al., "DistilBERT", 2019; Liu et al., "RoBERTa",
//! 2019; Conneau et al., "Unsupervised cross-lingual representation learning at scale" (XLM-R), ACL 2020; Song et al.,
//! "MPNet", NeurIPS 2020.

use super::relative::Relative;
use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use crate::net::{Activation, Mask, Norm, Order, Run, Shape, Stack, StackNames};
use candle_core::{Device, Result as Computed, Tensor};

/// The families that are read as sentence encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Bert,
    DistilBert,
    /// And XLM-RoBERTa, CamemBERT: the same but for their vocabularies.
    Roberta,
    MpNet,
}

const BERT: StackNames = StackNames {
    layers: "encoder.layer",
    qkv: ["attention.self.query", "attention.self.key", "attention.self.value"],
    out: "attention.output.dense",
    norms: ["attention.output.LayerNorm", "output.LayerNorm"],
    inner: ["intermediate.dense", "output.dense"],
    gated: false,
    scales: None,
};
const DISTILBERT: StackNames = StackNames {
    layers: "transformer.layer",
    qkv: ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
    out: "attention.out_lin",
    norms: ["sa_layer_norm", "output_layer_norm"],
    inner: ["ffn.lin1", "ffn.lin2"],
    gated: false,
    scales: None,
};
const MPNET: StackNames = StackNames {
    qkv: ["attention.attn.q", "attention.attn.k", "attention.attn.v"],
    out: "attention.attn.o",
    norms: ["attention.LayerNorm", "output.LayerNorm"],
    ..BERT
};

/// The text side of CLIP and SigLIP, and their picture sides.
pub(crate) const TOWER: StackNames = StackNames {
    layers: "encoder.layers",
    qkv: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    out: "self_attn.out_proj",
    norms: ["layer_norm1", "layer_norm2"],
    inner: ["mlp.fc1", "mlp.fc2"],
    gated: false,
    scales: None,
};

/// Where places begin.
#[derive(Clone, Copy, Debug)]
enum Places {
    /// At 0.
    Zero,
    /// After the number of the piece that fills up, which itself stands at its own number.
    After(u32),
}

/// Pieces to rows.
pub(crate) struct TextNet {
    words: Vec<f32>,
    places: Vec<f32>,
    begin: Places,
    norm: Option<Norm>,
    stack: Stack,
    last_norm: Option<Norm>,
    relative: Option<Relative>,
}

/// The name of an activation in a settings file.
pub(crate) fn activation(s: &Settings, key: &str, default: &str) -> Result<Activation, PretrainedError> {
    let name = if s.get(key).is_none() { Some(default) } else { s.text(key) };
    name.and_then(Activation::named)
        .ok_or_else(|| s.wrong(key, "gelu, gelu_new, gelu_pytorch_tanh, quick_gelu or relu"))
}

/// Heads that share a width evenly.
pub(crate) fn heads(s: &Settings, key: &str, width: usize, default: Option<usize>) -> Result<usize, PretrainedError> {
    let n = match default {
        Some(default) => s.count_or(key, 1..=256, default)?,
        None => s.count(key, 1..=256)?,
    };
    if width.is_multiple_of(n) { Ok(n) } else { Err(s.wrong(key, format!("a divisor of the width {width}"))) }
}

impl TextNet {
    /// An encoder of a family from its settings and weights; how many pieces it has rows for, and places.
    pub(crate) fn load(family: Family, s: &Settings, weights: Weights) -> Result<Self, PretrainedError> {
        let distil = family == Family::DistilBert;
        let key = |usual: &'static str, distilled: &'static str| if distil { distilled } else { usual };
        let width = s.count(key("hidden_size", "dim"), 1..=16_384)?;
        if s.text("position_embedding_type").is_some_and(|kind| kind != "absolute") {
            return Err(s.wrong("position_embedding_type", "absolute"));
        }
        let shape = Shape {
            width,
            inner: s.count(key("intermediate_size", "hidden_dim"), 1..=65_536)?,
            n_layers: s.count(key("num_hidden_layers", "n_layers"), 1..=256)?,
            n_heads: heads(s, key("num_attention_heads", "n_heads"), width, None)?,
            eps: s.number_or("layer_norm_eps", 0.0..=1.0, 1e-12)?,
            activation: activation(s, key("hidden_act", "activation"), "gelu")?,
            order: Order::After,
            mask: Mask::None,
        };
        let n_words = s.count("vocab_size", 1..=8_000_000)?;
        let n_places = s.count("max_position_embeddings", 1..=1_000_000)?;
        let weights = weights.under(
            &["", "bert.", "roberta.", "distilbert.", "mpnet.", "model.", "0.auto_model."],
            "embeddings.word_embeddings.weight",
        );
        let words = weights.numbers("embeddings.word_embeddings.weight", &[n_words, width])?;
        let mut places = weights.numbers("embeddings.position_embeddings.weight", &[n_places, width])?;
        if matches!(family, Family::Bert | Family::Roberta) {
            let n_types = s.count_or("type_vocab_size", 1..=64, if family == Family::Bert { 2 } else { 1 })?;
            let types = weights.numbers("embeddings.token_type_embeddings.weight", &[n_types, width])?;
            // One text is of type 0 throughout.
            places.chunks_exact_mut(width).for_each(|row| row.iter_mut().zip(&types).for_each(|(p, t)| *p += t));
        }
        let begin = match family {
            Family::Bert | Family::DistilBert => Places::Zero,
            Family::Roberta | Family::MpNet => Places::After(s.count_or("pad_token_id", 0..=n_words - 1, 1)? as u32),
        };
        let names = match family {
            Family::Bert | Family::Roberta => BERT,
            Family::DistilBert => DISTILBERT,
            Family::MpNet => MPNET,
        };
        let relative = if family == Family::MpNet {
            Some(Relative::load(&weights, s.count_or("relative_attention_num_buckets", 4..=1024, 32)?, shape.n_heads)?)
        } else {
            None
        };
        let norm = Some(Norm::load(&weights, "embeddings.LayerNorm", width, shape.eps)?);
        let stack = Stack::load(&weights, &names, shape)?;
        let out = Self { words, places, begin, norm, stack, last_norm: None, relative };
        // Two marks and one piece between them.
        if out.n_places() < 3 {
            return Err(s.wrong("max_position_embeddings", "enough for three pieces"));
        }
        Ok(out)
    }

    /// The text side of two towers, its weights already under the right prefix.
    pub(crate) fn tower(
        weights: &Weights,
        shape: Shape,
        n_words: usize,
        n_places: usize,
    ) -> Result<Self, PretrainedError> {
        let width = shape.width;
        Ok(Self {
            words: weights.numbers("embeddings.token_embedding.weight", &[n_words, width])?,
            places: weights.numbers("embeddings.position_embedding.weight", &[n_places, width])?,
            begin: Places::Zero,
            norm: None,
            stack: Stack::load(weights, &TOWER, shape)?,
            last_norm: Some(Norm::load(weights, "final_layer_norm", width, shape.eps)?),
            relative: None,
        })
    }

    pub(crate) fn width(&self) -> usize {
        self.stack.width()
    }

    /// Pieces that there is a vector for.
    pub(crate) fn n_words(&self) -> usize {
        self.words.len() / self.width()
    }

    /// Pieces that a text can have at most.
    pub(crate) fn n_places(&self) -> usize {
        let all = self.places.len() / self.width();
        match self.begin {
            Places::Zero => all,
            Places::After(fill) => all.saturating_sub(fill as usize + 1),
        }
    }

    /// One row a piece, texts one after the other; those of one length have to stand together. Every text has at most
    /// [`Self::n_places`] pieces, every piece a number below [`Self::n_words`].
    pub(crate) fn run(&self, texts: &[&[u32]]) -> Computed<Tensor> {
        let width = self.width();
        let n: usize = texts.iter().map(|t| t.len()).sum();
        let mut x = Vec::with_capacity(n * width);
        let mut runs: Vec<Run> = Vec::new();
        for text in texts {
            match runs.last_mut() {
                Some(run) if run.length == text.len() => run.n += 1,
                _ => runs.push(Run { n: 1, length: text.len() }),
            }
            let mut seen = 0;
            for (at, piece) in text.iter().enumerate() {
                let place = match self.begin {
                    Places::Zero => at,
                    Places::After(fill) if *piece == fill => fill as usize,
                    Places::After(fill) => {
                        seen += 1;
                        fill as usize + seen
                    }
                };
                let word = &self.words[*piece as usize * width..][..width];
                x.extend(word.iter().zip(&self.places[place * width..]).map(|(w, p)| w + p));
            }
        }
        let x = Tensor::from_vec(x, (n, width), &Device::Cpu)?;
        if let Some(norm) = &self.norm {
            norm.over(&x)?;
        }
        let bias = self.relative.as_ref().map(|relative| move |length| relative.bias(length));
        let bias = bias.as_ref().map(|b| b as &dyn Fn(usize) -> Computed<Tensor>);
        let x = self.stack.run(x, &runs, bias)?;
        if let Some(norm) = &self.last_norm {
            norm.over(&x)?;
        }
        Ok(x)
    }
}
