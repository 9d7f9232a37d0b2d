//! A residual network of convolutions, its last map averaged.
//!
//! Norms over a batch are fixed once learnt, so they are folded into the convolutions that stand before them.
//! Source: He et al., "Deep residual learning for image recognition", CVPR 2016.

use crate::PretrainedError;
use crate::folder::{Settings, Weights};
use candle_core::{Device, Result as Computed, Tensor};

const EPS: f32 = 1e-5;

/// A convolution with its norm folded in.
struct Convolution {
    kernel: Tensor,
    /// `1 × channels × 1 × 1`.
    bias: Tensor,
    stride: usize,
    padding: usize,
}

struct Block {
    parts: Vec<Convolution>,
    shortcut: Option<Convolution>,
}

/// Pictures to vectors.
pub(super) struct ResNet {
    stem: Convolution,
    blocks: Vec<Block>,
    width: usize,
}

impl Convolution {
    fn load(
        weights: &Weights,
        name: &str,
        (n_in, n_out): (usize, usize),
        side: usize,
        stride: usize,
    ) -> Result<Self, PretrainedError> {
        let mut kernel = weights.numbers(&format!("{name}.convolution.weight"), &[n_out, n_in, side, side])?;
        let of = |part: &str| weights.numbers(&format!("{name}.normalization.{part}"), &[n_out]);
        let (weight, shift, mean, variance) = (of("weight")?, of("bias")?, of("running_mean")?, of("running_var")?);
        let mut bias = Vec::with_capacity(n_out);
        for (o, kernel) in kernel.chunks_exact_mut(n_in * side * side).enumerate() {
            let scale = weight[o] / (variance[o] + EPS).sqrt();
            kernel.iter_mut().for_each(|k| *k *= scale);
            bias.push(shift[o] - mean[o] * scale);
        }
        let kernel = Tensor::from_vec(kernel, (n_out, n_in, side, side), &Device::Cpu)?;
        let bias = Tensor::from_vec(bias, (1, n_out, 1, 1), &Device::Cpu)?;
        Ok(Self { kernel, bias, stride, padding: side / 2 })
    }

    fn run(&self, x: &Tensor) -> Computed<Tensor> {
        x.conv2d(&self.kernel, self.padding, self.stride, 1, 1)?.broadcast_add(&self.bias)
    }
}

impl ResNet {
    pub(super) fn load(s: &Settings, weights: Weights) -> Result<Self, PretrainedError> {
        let weights = weights.under(&["", "resnet."], "embedder.embedder.convolution.weight");
        let first = s.count_or("embedding_size", 1..=8192, 64)?;
        let widths = s.counts("hidden_sizes", 1..=16_384)?;
        let depths = s.counts("depths", 1..=256)?;
        if depths.len() != widths.len() {
            return Err(s.wrong("depths", format!("a list of {} numbers, as hidden_sizes", widths.len())));
        }
        let bottleneck = match s.text("layer_type").unwrap_or("bottleneck") {
            "bottleneck" => true,
            "basic" => false,
            _ => return Err(s.wrong("layer_type", "basic or bottleneck")),
        };
        if s.text("hidden_act").is_some_and(|a| a != "relu") {
            return Err(s.wrong("hidden_act", "relu"));
        }
        let early = s.flag("downsample_in_bottleneck") == Some(true);
        s.count_or("num_channels", 3..=3, 3)?;
        let stem = Convolution::load(&weights, "embedder.embedder", (3, first), 7, 2)?;
        let mut blocks = Vec::new();
        let mut before = first;
        for (stage, (width, depth)) in widths.iter().zip(&depths).enumerate() {
            for layer in 0..*depth {
                let halves = layer == 0 && (stage > 0 || s.flag("downsample_in_first_stage") == Some(true));
                let stride = if halves { 2 } else { 1 };
                let name = |part: &str| format!("encoder.stages.{stage}.layers.{layer}.{part}");
                let part = |i: usize, sizes: (usize, usize), side: usize, stride: usize| {
                    Convolution::load(&weights, &name(&format!("layer.{i}")), sizes, side, stride)
                };
                let narrow = (width / 4).max(1);
                let parts = if bottleneck {
                    vec![
                        part(0, (before, narrow), 1, if early { stride } else { 1 })?,
                        part(1, (narrow, narrow), 3, if early { 1 } else { stride })?,
                        part(2, (narrow, *width), 1, 1)?,
                    ]
                } else {
                    vec![part(0, (before, *width), 3, stride)?, part(1, (*width, *width), 3, 1)?]
                };
                let changes = before != *width || stride != 1;
                let shortcut = if changes {
                    Some(Convolution::load(&weights, &name("shortcut"), (before, *width), 1, stride)?)
                } else {
                    None
                };
                blocks.push(Block { parts, shortcut });
                before = *width;
            }
        }
        Ok(Self { stem, blocks, width: before })
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// `n` pictures of `3 × height × width` numbers to `n` rows.
    pub(super) fn run(&self, pixels: &[f32], n: usize, (wide, high): (usize, usize)) -> Computed<Tensor> {
        let x = Tensor::from_slice(pixels, (n, 3, high, wide), &Device::Cpu)?;
        // Nothing is below 0 after the first activation, so a frame of zeros does not change a maximum.
        let x = self.stem.run(&x)?.relu()?.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?;
        let mut x = x.max_pool2d_with_stride(3, 2)?;
        for block in &self.blocks {
            let mut y = x.clone();
            for (i, part) in block.parts.iter().enumerate() {
                y = part.run(&y)?;
                if i + 1 < block.parts.len() {
                    y = y.relu()?;
                }
            }
            let beside = block.shortcut.as_ref().map_or_else(|| Ok(x.clone()), |s| s.run(&x))?;
            x = (y + beside)?.relu()?;
        }
        x.mean((2, 3))
    }
}
