//! Loops over numbers that stand between products: activations, softmax, norms.
//!
//! The exponential is `2ⁿ · p(r)` with `x = n ln 2 + r` and `p` the series of degree 6 (relative error below 3e-7); the error
//! function is formula 7.1.26 of Abramowitz and Stegun, "Handbook of mathematical functions", 1964 (absolute error below
//! 2e-7). Both are plain arithmetic, so that the compiler makes vectors of them; sums go into 16 lanes that are added in a
//! fixed order. Rows are independent, so the bits do not depend on the number of threads.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, InplaceOp3, Layout, Result, Tensor, bail};
use rayon::prelude::*;

/// Numbers a thread takes at a time, about.
const GRAIN: usize = 1 << 14;

/// What is done to each number between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// Nothing.
    None,
    /// `x Φ(x)`.
    Gelu,
    /// The same with `Φ` by a hyperbolic tangent.
    GeluTanh,
    /// `x σ(1.702 x)`.
    QuickGelu,
    /// `max(x, 0)`.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// By the name that config.json gives it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gelu" | "gelu_python" => Self::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Self::GeluTanh,
            "quick_gelu" => Self::QuickGelu,
            "relu" => Self::Relu,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }

    fn run(self, values: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Gelu => gelu(values),
            Self::GeluTanh => gelu_tanh(values),
            Self::QuickGelu => quick_gelu(values),
            Self::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
            Self::Tanh => tanh_all(values),
        }
    }
}

/// Compiles a loop once for each instruction set and picks at run time.
macro_rules! vectorised {
    ($(#[$meta:meta])* fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        #[multiversion::multiversion(targets(
            "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx2+avx+bmi1+bmi2+fma+lzcnt",
            "x86_64+avx2+avx+bmi1+bmi2+lzcnt"
        ))]
        fn $name($($arg: $ty),*) $body
    };
}

/// `eˣ`; below −87 as at −87, above 88 as at 88.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding 1.5 · 2²³ leaves the nearest whole number in the lowest bits.
    const MAGIC: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    // ln 2 in two parts, the first exact in few bits.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let n = shifted.to_bits().wrapping_sub(MAGIC.to_bits());
    p * f32::from_bits(n.wrapping_add(127) << 23)
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    // Near 0 the difference below would lose digits; the series has an error of 17/315 x⁷.
    let s = x * x;
    let small = x * (1.0 + s * (-1.0 / 3.0 + s * (2.0 / 15.0)));
    let e = exp(-2.0 * x.abs());
    let large = ((1.0 - e) / (1.0 + e)).copysign(x);
    if s < 0.01 { small } else { large }
}

#[inline(always)]
fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let p = 1.061_405_4;
    let p = p * t - 1.453_152;
    let p = p * t + 1.421_413_7;
    let p = p * t - 0.284_496_74;
    let p = (p * t + 0.254_829_6) * t;
    (1.0 - p * exp(-a * a)).copysign(x)
}

vectorised! {
    fn gelu(values: &mut [f32]) {
        for x in values {
            *x *= 0.5 * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

vectorised! {
    fn gelu_tanh(values: &mut [f32]) {
        for x in values {
            // √(2/π)
            *x *= 0.5 * (1.0 + tanh(0.797_884_6 * (*x + 0.044_715 * *x * *x * *x)));
        }
    }
}

vectorised! {
    fn quick_gelu(values: &mut [f32]) {
        for x in values {
            *x /= 1.0 + exp(-1.702 * *x);
        }
    }
}

vectorised! {
    fn tanh_all(values: &mut [f32]) {
        for x in values {
            *x = tanh(*x);
        }
    }
}

vectorised! {
    fn silu_times(gate: &[f32], values: &[f32], out: &mut [f32]) {
        for ((g, v), o) in gate.iter().zip(values).zip(out) {
            *o = *g / (1.0 + exp(-*g)) * *v;
        }
    }
}

vectorised! {
    fn plus(to: &mut [f32], from: &[f32]) {
        for (t, f) in to.iter_mut().zip(from) {
            *t += f;
        }
    }
}

/// A sum in 16 lanes.
#[inline(always)]
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0_f32; 16];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += of(*x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += of(*x);
    }
    lanes.iter().sum()
}

vectorised! {
    /// Rows to mean 0 and variance 1, times `weight` plus `bias`.
    fn norm_rows(values: &mut [f32], weight: &[f32], bias: &[f32], eps: f32) {
        let n = weight.len();
        for row in values.chunks_exact_mut(n) {
            let mean = sum(row, |x| x) / n as f32;
            let variance = sum(row, |x| (x - mean) * (x - mean)) / n as f32;
            let scale = 1.0 / (variance + eps).sqrt();
            for ((x, w), b) in row.iter_mut().zip(weight).zip(bias) {
                *x = (*x - mean) * scale * w + b;
            }
        }
    }
}

vectorised! {
    /// `softmax(scale · row)`; of row `r` of each square the numbers after `r` are left out where `causal`.
    fn softmax_rows(values: &mut [f32], n: usize, first_row: usize, n_rows: usize, scale: f32, causal: bool) {
        for (r, row) in values.chunks_exact_mut(n).enumerate() {
            let seen = if causal { ((first_row + r) % n_rows + 1 + n - n_rows).min(n) } else { n };
            let (row, hidden) = row.split_at_mut(seen);
            hidden.fill(0.0);
            let mut lanes = [f32::NEG_INFINITY; 16];
            let (chunks, rest) = row.as_chunks::<16>();
            for chunk in chunks {
                for (lane, x) in lanes.iter_mut().zip(chunk) {
                    *lane = if *x > *lane { *x } else { *lane };
                }
            }
            let most = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| a.max(*b));
            for x in row.iter_mut() {
                *x = exp((*x - most) * scale);
            }
            let total = 1.0 / sum(row, |x| x);
            for x in row.iter_mut() {
                *x *= total;
            }
        }
    }
}

/// A loop over the numbers of a tensor, and of others beside it.
struct Over<F>(F);

fn range(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(from..to),
        None => bail!("a kernel needs numbers that lie together, here are {layout:?}"),
    }
}

fn write<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let range = range(layout)?;
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[range]),
        _ => bail!("a kernel needs numbers of 32 bits"),
    }
}

fn read<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match storage {
        CpuStorage::F32(values) => Ok(&values[range(layout)?]),
        _ => bail!("a kernel needs numbers of 32 bits"),
    }
}

impl<F: Fn(&mut [f32])> InplaceOp1 for Over<F> {
    fn name(&self) -> &'static str {
        "over one"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        (self.0)(write(storage, layout)?);
        Ok(())
    }
}

impl<F: Fn(&mut [f32], &[f32])> InplaceOp2 for Over<F> {
    fn name(&self) -> &'static str {
        "over two"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, layout: &Layout, a: &CpuStorage, a_layout: &Layout) -> Result<()> {
        (self.0)(write(to, layout)?, read(a, a_layout)?);
        Ok(())
    }
}

impl<F: Fn(&mut [f32], &[f32], &[f32])> InplaceOp3 for Over<F> {
    fn name(&self) -> &'static str {
        "over three"
    }

    fn cpu_fwd(
        &self,
        to: &mut CpuStorage,
        layout: &Layout,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<()> {
        (self.0)(write(to, layout)?, read(a, a_layout)?, read(b, b_layout)?);
        Ok(())
    }
}

/// Numbers of whole rows that a thread takes at a time.
fn grain(row: usize) -> usize {
    (GRAIN / row.max(1)).max(1) * row.max(1)
}

/// Adds a bias to every row where there is one, then the activation.
pub(super) fn bias_and(x: &Tensor, bias: Option<&Tensor>, activation: Activation) -> Result<()> {
    let Some(bias) = bias else {
        let run = |values: &mut [f32]| values.par_chunks_mut(GRAIN).for_each(|part| activation.run(part));
        return x.inplace_op1(&Over(run));
    };
    let run = |values: &mut [f32], bias: &[f32]| {
        values.par_chunks_mut(grain(bias.len())).for_each(|part| {
            part.chunks_exact_mut(bias.len()).for_each(|row| plus(row, bias));
            activation.run(part);
        });
    };
    x.inplace_op2(bias, &Over(run))
}

/// Adds `y` to `x`, number by number.
pub(crate) fn add(x: &Tensor, y: &Tensor) -> Result<()> {
    x.inplace_op2(y, &Over(plus))
}

/// Multiplies every row of `x` by `scale`, number by number.
pub(super) fn times_row(x: &Tensor, scale: &Tensor) -> Result<()> {
    let run = |values: &mut [f32], scale: &[f32]| {
        for row in values.chunks_exact_mut(scale.len().max(1)) {
            row.iter_mut().zip(scale).for_each(|(x, s)| *x *= s);
        }
    };
    x.inplace_op2(scale, &Over(run))
}

/// Every row to mean 0 and variance 1, times `weight` plus `bias`.
pub(crate) fn normalise(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f32) -> Result<()> {
    let run = |values: &mut [f32], weight: &[f32], bias: &[f32]| {
        let n = weight.len().max(1);
        values.par_chunks_mut(grain(n)).for_each(|part| norm_rows(part, weight, bias, eps));
    };
    x.inplace_op3(weight, bias, &Over(run))
}

/// Softmax of the last dimension of scores, `… × rows × columns`, times `scale` before.
pub(super) fn softmax(scores: &Tensor, scale: f32, causal: bool) -> Result<()> {
    let dims = scores.dims();
    let (rows, columns) = (dims[dims.len() - 2], dims[dims.len() - 1]);
    let part = grain(columns);
    let run = |values: &mut [f32]| {
        values.par_chunks_mut(part).enumerate().for_each(|(i, values)| {
            softmax_rows(values, columns, i * (part / columns), rows, scale, causal);
        });
    };
    scores.inplace_op1(&Over(run))
}

/// `silu(left half of each row) · right half`.
pub(crate) fn silu_gate(x: &Tensor) -> Result<Tensor> {
    let (rows, both) = x.dims2()?;
    let half = both / 2;
    let out = Tensor::zeros((rows, half), candle_core::DType::F32, x.device())?;
    let run = |out: &mut [f32], x: &[f32]| {
        for (row, out) in x.chunks_exact(both).zip(out.chunks_exact_mut(half)) {
            silu_times(&row[..half], &row[half..], out);
        }
    };
    out.inplace_op2(x, &Over(run))?;
    Ok(out)
}

#[cfg(test)]
#[path = "kernels_tests.rs"]
mod tests;
