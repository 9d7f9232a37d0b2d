//! A product with a matrix of weights, and a norm.

use super::kernels::{Activation, bias_and, normalise};
use crate::PretrainedError;
use crate::folder::Weights;
use candle_core::{Device, Result, Tensor};

/// `activation(x W + b)` for every row of `x`.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    /// `n_in × n_out`: transposed once, as products want it.
    weight: Tensor,
    bias: Option<Tensor>,
    activation: Activation,
}

impl Linear {
    /// From `name.weight` of shape `n_out × n_in`, and `name.bias` where there is one.
    pub(crate) fn load(
        weights: &Weights,
        name: &str,
        n_in: usize,
        n_out: usize,
    ) -> std::result::Result<Self, PretrainedError> {
        Self::joined(weights, &[name.to_owned()], n_in, n_out)
    }

    /// Several of them with the same input, one beside the other.
    pub(crate) fn joined(
        weights: &Weights,
        names: &[String],
        n_in: usize,
        n_out: usize,
    ) -> std::result::Result<Self, PretrainedError> {
        let mut matrices = Vec::new();
        let mut biases = Vec::new();
        for name in names {
            matrices.push(weights.get(&format!("{name}.weight"), &[n_out, n_in])?);
            let bias = format!("{name}.bias");
            let there = weights.has(&bias);
            biases.push(if there { Some(weights.get(&bias, &[n_out])?) } else { None });
        }
        let bias = if biases.iter().all(Option::is_none) {
            None
        } else {
            let zeros = Tensor::zeros(n_out, candle_core::DType::F32, &Device::Cpu)?;
            let all: Vec<Tensor> = biases.into_iter().map(|b| b.unwrap_or_else(|| zeros.clone())).collect();
            Some(Tensor::cat(&all, 0)?)
        };
        Ok(Self::of(&Tensor::cat(&matrices, 0)?, bias)?)
    }

    /// From a matrix `n_out × n_in` and a bias.
    pub(crate) fn of(matrix: &Tensor, bias: Option<Tensor>) -> Result<Self> {
        Ok(Self { weight: matrix.t()?.contiguous()?, bias, activation: Activation::None })
    }

    #[must_use]
    pub(crate) fn then(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// `rows × n_in` becomes `rows × n_out`.
    pub(crate) fn run(&self, x: &Tensor) -> Result<Tensor> {
        let out = x.matmul(&self.weight)?;
        bias_and(&out, self.bias.as_ref(), self.activation)?;
        Ok(out)
    }
}

/// Rows to mean 0 and variance 1, then a weight and a bias for each column.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl Norm {
    pub(crate) fn load(
        weights: &Weights,
        name: &str,
        n: usize,
        eps: f64,
    ) -> std::result::Result<Self, PretrainedError> {
        let weight = weights.get(&format!("{name}.weight"), &[n])?;
        let bias = weights.get(&format!("{name}.bias"), &[n])?;
        Ok(Self { weight, bias, eps: eps as f32 })
    }

    /// Changes `x` itself.
    pub(crate) fn over(&self, x: &Tensor) -> Result<()> {
        normalise(x, &self.weight, &self.bias, self.eps)
    }

    /// Of a copy of `x`.
    pub(crate) fn run(&self, x: &Tensor) -> Result<Tensor> {
        let out = x.copy()?;
        self.over(&out)?;
        Ok(out)
    }
}
