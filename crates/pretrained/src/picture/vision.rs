//! Transformers over the patches of a picture: ViT, DINOv2, and the picture sides of CLIP and SigLIP.
//!
//! A picture is cut into squares, each a row of weights' products; rows of places are added, layers run over them, and one
//! row stands for the picture: that of an added mark, or (SigLIP) what a learnt question finds in all rows.
//! Sources: Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021; Oquab et al., "DINOv2", TMLR 2024; Radford et
//! al., "Learning transferable visual models from natural language supervision", ICML 2021; Zhai et al., "Sigmoid loss for
//! language image pre-training", ICCV 2023.

use super::prepare::PictureSettings;
use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use crate::net::{Linear, Mask, Norm, Order, Run, Shape, Stack, StackNames, add, cross};
use crate::text::net::{TOWER, activation, heads};
use candle_core::{Device, Result as Computed, Tensor};

const VIT: StackNames = StackNames {
    layers: "encoder.layer",
    qkv: ["attention.attention.query", "attention.attention.key", "attention.attention.value"],
    out: "attention.output.dense",
    norms: ["layernorm_before", "layernorm_after"],
    inner: ["intermediate.dense", "output.dense"],
    gated: false,
    scales: None,
};
const DINO: StackNames = StackNames {
    norms: ["norm1", "norm2"],
    inner: ["mlp.fc1", "mlp.fc2"],
    scales: Some(["layer_scale1.lambda1", "layer_scale2.lambda1"]),
    ..VIT
};
const DINO_GATED: StackNames = StackNames { inner: ["mlp.weights_in", "mlp.weights_out"], gated: true, ..DINO };

/// What a learnt question finds (SigLIP).
struct Question {
    /// The question after its weights: `1 × width`.
    asked: Tensor,
    key: Linear,
    value: Linear,
    out: Linear,
    norm: Norm,
    up: Linear,
    down: Linear,
    n_heads: usize,
}

enum Pooled {
    /// The row of the mark.
    Mark,
    Question(Box<Question>),
}

/// Pictures to vectors.
pub(super) struct VisionNet {
    patch: usize,
    grid: (usize, usize),
    patches: Linear,
    /// The mark's row with its place, where there is a mark.
    mark: Option<Vec<f32>>,
    /// A row for each place.
    places: Vec<f32>,
    first_norm: Option<Norm>,
    stack: Stack,
    last_norm: Norm,
    pooled: Pooled,
    projection: Option<Linear>,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Vit,
    DinoV2,
    Clip,
    Siglip,
}

impl VisionNet {
    pub(super) fn load(
        family: Family,
        s: &Settings,
        weights: &Weights,
        picture: &PictureSettings,
    ) -> Result<Self, PretrainedError> {
        let (eps, act) = match family {
            Family::Vit => (1e-12, "gelu"),
            Family::DinoV2 => (1e-6, "gelu"),
            Family::Clip => (1e-5, "quick_gelu"),
            Family::Siglip => (1e-6, "gelu_pytorch_tanh"),
        };
        let width = s.count_or("hidden_size", 1..=16_384, 768)?;
        let gated = family == Family::DinoV2 && s.flag("use_swiglu_ffn") == Some(true);
        let inner = if family == Family::DinoV2 {
            let wide = (width as f64 * s.number_or("mlp_ratio", 0.1..=64.0, 4.0)?) as usize;
            if gated { ((wide as f64 * 2.0 / 3.0) as usize).div_ceil(8) * 8 } else { wide }
        } else {
            s.count_or("intermediate_size", 1..=65_536, 3072)?
        };
        let shape = Shape {
            width,
            inner,
            n_layers: s.count_or("num_hidden_layers", 1..=256, 12)?,
            n_heads: heads(s, "num_attention_heads", width, Some(12))?,
            eps: s.number_or("layer_norm_eps", 0.0..=1.0, eps)?,
            activation: activation(s, "hidden_act", act)?,
            order: Order::Before,
            mask: Mask::None,
        };
        let default_patch = match family {
            Family::DinoV2 => 14,
            Family::Clip => 32,
            Family::Vit | Family::Siglip => 16,
        };
        let patch = s.count_or("patch_size", 1..=512, default_patch)?;
        let trained = s.count_or("image_size", patch..=4096, 224)? / patch;
        let grid = (picture.width / patch, picture.height / patch);
        if grid.0 == 0 || grid.1 == 0 || family != Family::DinoV2 && grid != (trained, trained) {
            let of = format!("what the preprocessor gives, {} × {} pixels", picture.width, picture.height);
            return Err(s.wrong("image_size", of));
        }
        s.count_or("num_channels", 3..=3, 3)?;

        let tower = matches!(family, Family::Clip | Family::Siglip);
        let part = if tower { "embeddings.patch_embedding" } else { "embeddings.patch_embeddings.projection" };
        let matrix = weights.get(&format!("{part}.weight"), &[width, 3, patch, patch])?;
        let matrix = matrix.reshape((width, 3 * patch * patch))?;
        let bias = if family == Family::Clip { None } else { Some(weights.get(&format!("{part}.bias"), &[width])?) };
        let patches = Linear::of(&matrix, bias)?;
        let n_places = trained * trained + usize::from(family != Family::Siglip);
        let mut places = if tower {
            weights.numbers("embeddings.position_embedding.weight", &[n_places, width])?
        } else {
            weights.numbers("embeddings.position_embeddings", &[1, n_places, width])?
        };
        let mark = match family {
            Family::Siglip => None,
            Family::Clip => Some(weights.numbers("embeddings.class_embedding", &[width])?),
            Family::Vit | Family::DinoV2 => Some(weights.numbers("embeddings.cls_token", &[1, 1, width])?),
        };
        let mark = mark.map(|mut mark| {
            let rest = places.split_off(width);
            mark.iter_mut().zip(&places).for_each(|(m, p)| *m += p);
            places = rest;
            mark
        });
        if grid != (trained, trained) {
            places = interpolated(&places, trained, grid, width);
        }
        let names = match family {
            Family::Vit => VIT,
            Family::DinoV2 if gated => DINO_GATED,
            Family::DinoV2 => DINO,
            Family::Clip | Family::Siglip => TOWER,
        };
        let last = if tower { "post_layernorm" } else { "layernorm" };
        let first_norm = match family {
            // The name is misspelt in every file.
            Family::Clip => Some(Norm::load(weights, "pre_layrnorm", width, shape.eps)?),
            Family::Vit | Family::DinoV2 | Family::Siglip => None,
        };
        let pooled = if family == Family::Siglip {
            Pooled::Question(Box::new(Question::load(weights, &shape)?))
        } else {
            Pooled::Mark
        };
        Ok(Self {
            patch,
            grid,
            patches,
            mark,
            places,
            first_norm,
            stack: Stack::load(weights, &names, shape)?,
            last_norm: Norm::load(weights, last, width, shape.eps)?,
            pooled,
            projection: None,
        })
    }

    /// With one more product at the end.
    pub(super) fn projected(mut self, projection: Linear) -> Self {
        self.projection = Some(projection);
        self
    }

    pub(super) fn width(&self) -> usize {
        self.stack.width()
    }

    /// `n` pictures of `3 × height × width` numbers to `n` rows.
    pub(super) fn run(&self, pixels: &[f32], n: usize, size: (usize, usize)) -> Computed<Tensor> {
        let width = self.width();
        let rows = self.patches.run(&self.squares(pixels, n, size)?)?;
        let rows: Vec<f32> = rows.flatten_all()?.to_vec1()?;
        let length = self.grid.0 * self.grid.1 + usize::from(self.mark.is_some());
        let mut x = Vec::with_capacity(n * length * width);
        for picture in rows.chunks_exact(self.places.len()) {
            x.extend(self.mark.iter().flatten());
            x.extend(picture.iter().zip(&self.places).map(|(x, p)| x + p));
        }
        let x = Tensor::from_vec(x, (n * length, width), &Device::Cpu)?;
        if let Some(norm) = &self.first_norm {
            norm.over(&x)?;
        }
        let x = self.stack.run(x, &[Run { n, length }], None)?;
        let x = match &self.pooled {
            Pooled::Mark => {
                let x = x.reshape((n, length, width))?.narrow(1, 0, 1)?.contiguous()?.reshape((n, width))?;
                self.last_norm.run(&x)?
            }
            Pooled::Question(question) => {
                self.last_norm.over(&x)?;
                question.run(&x, n, length)?
            }
        };
        match &self.projection {
            Some(projection) => projection.run(&x),
            None => Ok(x),
        }
    }

    /// A row of numbers for each square, channel by channel; what does not fill a square at the edges is left out.
    fn squares(&self, pixels: &[f32], n: usize, (wide, high): (usize, usize)) -> Computed<Tensor> {
        let (side, (columns, lines)) = (self.patch, self.grid);
        let mut out = Vec::with_capacity(n * columns * lines * 3 * side * side);
        for picture in pixels.chunks_exact(3 * wide * high) {
            for square in 0..columns * lines {
                let (left, top) = (square % columns * side, square / columns * side);
                for channel in picture.chunks_exact(wide * high) {
                    for y in top..top + side {
                        out.extend_from_slice(&channel[y * wide + left..][..side]);
                    }
                }
            }
        }
        Tensor::from_vec(out, (n * columns * lines, 3 * side * side), &Device::Cpu)
    }
}

impl Question {
    fn load(weights: &Weights, shape: &Shape) -> Result<Self, PretrainedError> {
        let (width, name) = (shape.width, |part: &str| format!("head.{part}"));
        let matrix = weights.get(&name("attention.in_proj_weight"), &[3 * width, width])?;
        let bias = weights.get(&name("attention.in_proj_bias"), &[3 * width])?;
        let part = |i: usize| Linear::of(&matrix.narrow(0, i * width, width)?, Some(bias.narrow(0, i * width, width)?));
        let probe = weights.get(&name("probe"), &[1, 1, width])?.reshape((1, width))?;
        Ok(Self {
            asked: part(0)?.run(&probe)?,
            key: part(1)?,
            value: part(2)?,
            out: Linear::load(weights, &name("attention.out_proj"), width, width)?,
            norm: Norm::load(weights, &name("layernorm"), width, shape.eps)?,
            up: Linear::load(weights, &name("mlp.fc1"), width, shape.inner)?.then(shape.activation),
            down: Linear::load(weights, &name("mlp.fc2"), shape.inner, width)?,
            n_heads: shape.n_heads,
        })
    }

    fn run(&self, x: &Tensor, n: usize, length: usize) -> Computed<Tensor> {
        let (key, value) = (self.key.run(x)?, self.value.run(x)?);
        let found = |i: usize| {
            let (key, value) = (key.narrow(0, i * length, length)?, value.narrow(0, i * length, length)?);
            cross(&self.asked, &key, &value, self.n_heads, Mask::None)
        };
        let found = (0..n).map(found).collect::<Computed<Vec<_>>>()?;
        let x = self.out.run(&Tensor::cat(&found, 0)?)?;
        let more = self.down.run(&self.up.run(&self.norm.run(&x)?)?)?;
        add(&more, &x)?;
        Ok(more)
    }
}

/// Rows of a square of places as those of another grid, by the cubic that PyTorch uses (Keys' with a = −3/4).
fn interpolated(places: &[f32], side: usize, (wide, high): (usize, usize), width: usize) -> Vec<f32> {
    const A: f64 = -0.75;
    let weight = |x: f64| {
        let x = x.abs();
        if x <= 1.0 {
            ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
        } else if x < 2.0 {
            (((x - 5.0) * x + 8.0) * x - 4.0) * A
        } else {
            0.0
        }
    };
    let near = |i: usize, n: usize| -> Vec<(usize, f64)> {
        let at = (i as f64 + 0.5) * side as f64 / n as f64 - 0.5;
        let first = at.floor();
        let of = |k: i32| {
            let place = first + f64::from(k);
            (place.clamp(0.0, (side - 1) as f64) as usize, weight(at - place))
        };
        (-1..=2).map(of).collect()
    };
    let mut out = Vec::with_capacity(wide * high * width);
    for y in 0..high {
        let rows = near(y, high);
        for x in 0..wide {
            let columns = near(x, wide);
            let mut sum = vec![0.0_f64; width];
            for (r, by_row) in &rows {
                for (c, by_column) in &columns {
                    let from = &places[(r * side + c) * width..][..width];
                    sum.iter_mut().zip(from).for_each(|(s, p)| *s += by_row * by_column * f64::from(*p));
                }
            }
            out.extend(sum.iter().map(|s| *s as f32));
        }
    }
    out
}
