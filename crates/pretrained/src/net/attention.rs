//! Attention over rows of several sequences that lie one after the other.
//!
//! `softmax(q kᵀ / √d) v` for each head (Vaswani et al., "Attention is all you need", NeurIPS 2017). Sequences of one length are
//! taken together, those of another apart: nothing is padded, so nothing has to be masked, and what a sequence gives
//! does not depend on those beside it.

use super::kernels::softmax;
use candle_core::{Result, Tensor};

/// Scores that are kept at a time, about.
const MOST_SCORES: usize = 1 << 22;

/// Sequences of one length that lie one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// How many.
    pub(crate) n: usize,
    /// Rows of each.
    pub(crate) length: usize,
}

/// What a row may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mask {
    /// All of its sequence.
    None,
    /// Itself and what came before.
    Causal,
}

/// `rows × 3·width` of queries, keys and values becomes `rows × width`.
pub(crate) fn attend(
    qkv: &Tensor,
    runs: &[Run],
    n_heads: usize,
    mask: Mask,
    bias: Option<&dyn Fn(usize) -> Result<Tensor>>,
) -> Result<Tensor> {
    let (_, width) = qkv.dims2()?;
    let width = width / 3;
    let mut from = 0;
    let mut out = Vec::new();
    for run in runs {
        let bias = bias.map(|of| of(run.length)).transpose()?;
        let at_once = (MOST_SCORES / (n_heads * run.length * run.length).max(1)).max(1);
        let mut left = run.n;
        while left > 0 {
            let n = left.min(at_once);
            let part = qkv.narrow(0, from, n * run.length)?;
            let part = part.reshape((n, run.length, 3, n_heads, width / n_heads))?;
            let part = part.permute((2, 0, 3, 1, 4))?.contiguous()?;
            let [q, k, v] = [part.get(0)?, part.get(1)?, part.get(2)?];
            out.push(heads(&q, &k, &v, mask, bias.as_ref())?);
            from += n * run.length;
            left -= n;
        }
    }
    if out.len() == 1 { Ok(out.remove(0)) } else { Tensor::cat(&out, 0) }
}

/// Queries of one sequence, `rows × width`, over keys and values of another; `Causal` where the last rows of both belong
/// together.
pub(crate) fn cross(q: &Tensor, k: &Tensor, v: &Tensor, n_heads: usize, mask: Mask) -> Result<Tensor> {
    let part = |x: &Tensor| {
        let (rows, width) = x.dims2()?;
        x.reshape((1, rows, n_heads, width / n_heads))?.transpose(1, 2)?.contiguous()
    };
    heads(&part(q)?, &part(k)?, &part(v)?, mask, None)
}

/// `n × heads × rows × d` each; gives `n·rows × heads·d`.
fn heads(q: &Tensor, k: &Tensor, v: &Tensor, mask: Mask, bias: Option<&Tensor>) -> Result<Tensor> {
    let (n, n_heads, rows, d) = q.dims4()?;
    let mut scores = q.matmul(&k.transpose(2, 3)?)?;
    let mut scale = 1.0 / (d as f32).sqrt();
    if let Some(bias) = bias {
        scores = (scores * f64::from(scale))?.broadcast_add(bias)?;
        scale = 1.0;
    }
    softmax(&scores, scale, mask == Mask::Causal)?;
    scores.matmul(v)?.transpose(1, 2)?.contiguous()?.reshape((n * rows, n_heads * d))
}
