//! The stack of layers that all transformers here share, whatever their files call its parts.
//!
//! A layer is attention and two products with an activation between them, each added to what went in. Its norms stand
//! after the sum (BERT) or before the part (vision models, Whisper).

use super::attention::{Mask, Run, attend};
use super::kernels::{Activation, add, silu_gate, times_row};
use super::layers::{Linear, Norm};
use crate::PretrainedError;
use crate::folder::Weights;
use candle_core::{Result, Tensor};

/// Where the norms of a layer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// After the sum.
    After,
    /// Before the part.
    Before,
}

/// Sizes and manner of a stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) width: usize,
    pub(crate) inner: usize,
    pub(crate) n_layers: usize,
    pub(crate) n_heads: usize,
    pub(crate) eps: f64,
    pub(crate) activation: Activation,
    pub(crate) order: Order,
    pub(crate) mask: Mask,
}

/// What the files call the parts of layer `i`: all names stand after `layers` and the number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackNames {
    pub(crate) layers: &'static str,
    pub(crate) qkv: [&'static str; 3],
    pub(crate) out: &'static str,
    pub(crate) norms: [&'static str; 2],
    /// Two products, or the doubled and the second of a gated one.
    pub(crate) inner: [&'static str; 2],
    pub(crate) gated: bool,
    /// A scale for each column of each part.
    pub(crate) scales: Option<[&'static str; 2]>,
}

#[derive(Clone, Debug)]
struct Layer {
    qkv: Linear,
    out: Linear,
    norms: [Norm; 2],
    up: Linear,
    down: Linear,
    scales: Option<[Tensor; 2]>,
}

/// All layers.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    layers: Vec<Layer>,
    shape: Shape,
    gated: bool,
}

impl Stack {
    pub(crate) fn load(
        weights: &Weights,
        names: &StackNames,
        shape: Shape,
    ) -> std::result::Result<Self, PretrainedError> {
        let Shape { width, inner, n_layers, eps, activation, .. } = shape;
        let layer = |i: usize| {
            let name = |part: &str| format!("{}.{i}.{part}", names.layers);
            let doubled = if names.gated { 2 * inner } else { inner };
            let up = Linear::load(weights, &name(names.inner[0]), width, doubled)?;
            let scale = |part: &str| weights.get(&name(part), &[width]);
            Ok(Layer {
                qkv: Linear::joined(weights, &names.qkv.map(name), width, width)?,
                out: Linear::load(weights, &name(names.out), width, width)?,
                norms: [
                    Norm::load(weights, &name(names.norms[0]), width, eps)?,
                    Norm::load(weights, &name(names.norms[1]), width, eps)?,
                ],
                up: if names.gated { up } else { up.then(activation) },
                down: Linear::load(weights, &name(names.inner[1]), inner, width)?,
                scales: match names.scales {
                    Some([a, b]) => Some([scale(a)?, scale(b)?]),
                    None => None,
                },
            })
        };
        let layers = (0..n_layers).map(layer).collect::<std::result::Result<_, PretrainedError>>()?;
        Ok(Self { layers, shape, gated: names.gated })
    }

    pub(crate) fn width(&self) -> usize {
        self.shape.width
    }

    /// `rows × width`, sequences one after the other, through all layers; `x` is used up.
    pub(crate) fn run(
        &self,
        x: Tensor,
        runs: &[Run],
        bias: Option<&dyn Fn(usize) -> Result<Tensor>>,
    ) -> Result<Tensor> {
        let before = self.shape.order == Order::Before;
        let mut x = x;
        for layer in &self.layers {
            for part in 0..2 {
                let of = if before { layer.norms[part].run(&x)? } else { x.clone() };
                let y = if part == 0 {
                    let qkv = layer.qkv.run(&of)?;
                    layer.out.run(&attend(&qkv, runs, self.shape.n_heads, self.shape.mask, bias)?)?
                } else {
                    let inner = layer.up.run(&of)?;
                    layer.down.run(&if self.gated { silu_gate(&inner)? } else { inner })?
                };
                if let Some(scales) = &layer.scales {
                    times_row(&y, &scales[part])?;
                }
                add(&y, &x)?;
                if !before {
                    layer.norms[part].over(&y)?;
                }
                x = y;
            }
        }
        Ok(x)
    }
}
