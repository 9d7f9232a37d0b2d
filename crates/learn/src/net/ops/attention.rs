//! Self-attention of several heads over sequences of different lengths, each position seeing itself and
//! what was before it.
//!
//! `P = softmax(Q Kᵀ / √d)` over the past, `out = P V`, for each sequence and head alone: nothing is
//! padded. Only `P` is kept for the way back. Source: Vaswani et al., "Attention is all you need", NIPS
//! 2017. Cost: `4 l² d` operations a sequence of length `l` and head of width `d`, twice that back.

use crate::net::gemm::{Into, block, product, view};
use crate::net::{Mode, Tape, Var, math};

/// How attention works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// Heads; the width has to be a multiple.
    pub n_heads: usize,
    /// Share of the probabilities set to 0 while learning, in 0..1.
    pub dropout: f32,
    /// Which of them.
    pub seed: u64,
}

/// One sequence and head: where it lies.
struct Cell {
    /// First number of its queries; keys and values follow one and two widths further.
    at: usize,
    len: usize,
    /// First number of its probabilities.
    p: usize,
    /// First number of its result.
    out: usize,
}

/// The cells of all sequences and heads, and how many probabilities they have.
fn cells(lens: &[u32], n_heads: usize, width: usize) -> (Vec<Cell>, usize) {
    let head = width / n_heads;
    let (mut cells, mut row, mut p) = (Vec::with_capacity(lens.len() * n_heads), 0, 0);
    for len in lens.iter().map(|l| *l as usize) {
        for h in 0..n_heads {
            cells.push(Cell { at: row * 3 * width + h * head, len, p, out: row * width + h * head });
            p += len * len;
        }
        row += len;
    }
    (cells, p)
}

impl Tape<'_> {
    /// Attends within each sequence. `qkv` is `rows × 3 width`: queries, keys and values side by side, the
    /// sequences one below the other with `lens` rows each. The result is `rows × width`.
    ///
    /// # Panics
    /// If the lengths do not add up to the rows, or the width is no multiple of the heads.
    pub fn attend(&mut self, qkv: Var, lens: &[u32], how: Attention) -> Var {
        let (rows, wide) = self.shape(qkv);
        let width = wide / 3;
        assert!(lens.iter().map(|l| *l as usize).sum::<usize>() == rows, "lengths add up to the rows");
        assert!(width * 3 == wide && width.is_multiple_of(how.n_heads), "three parts, each a multiple of the heads");
        let head = width / how.n_heads;
        let scale = 1.0 / (head as f32).sqrt();
        let (cells, n_p) = cells(lens, how.n_heads, width);
        let longest = lens.iter().max().copied().unwrap_or(0) as usize;
        let drop = if self.mode() == Mode::Train { how.dropout } else { 0.0 };
        let seed = (how.seed ^ (how.seed >> 32)) as u32;
        let mut ps = self.buffer(n_p);
        let mut dropped = self.buffer(longest * longest);
        let mut out = self.buffer(rows * width);
        let data = self.value(qkv);
        for cell in &cells {
            let l = cell.len;
            let part = |n: usize| block(&data[cell.at + n * width..], l, head, wide);
            let p = &mut ps[cell.p..cell.p + l * l];
            product(p, l, Into::Replace, scale, part(0), part(1).transpose());
            for (i, row) in p.chunks_exact_mut(l).enumerate() {
                math::softmax(&mut row[..=i]);
                row[i + 1..].fill(0.0);
            }
            let seen = if drop > 0.0 {
                dropped[..l * l].copy_from_slice(p);
                math::drop_cells(&mut dropped[..l * l], drop, seed, cell.p as u32);
                &dropped[..l * l]
            } else {
                &*p
            };
            product(&mut out[cell.out..], width, Into::Replace, 1.0, view(seen, l, l), part(2));
        }
        self.nodes.pool.give(dropped);
        self.push(out, (rows, width), &[qkv], move |nodes, d| {
            let Some((mut grad, into)) = nodes.grad_for_product(qkv) else { return };
            let (mut dp, mut dropped) = (nodes.pool.take(longest * longest), nodes.pool.take(longest * longest));
            let mut ds = nodes.pool.take(longest * longest);
            let data = nodes.value(qkv);
            for cell in &cells {
                let l = cell.len;
                let part = |n: usize| block(&data[cell.at + n * width..], l, head, wide);
                let d_out = || block(&d[cell.out..], l, head, width);
                let p = &ps[cell.p..cell.p + l * l];
                let (dp, ds) = (&mut dp[..l * l], &mut ds[..l * l]);
                product(dp, l, Into::Replace, 1.0, d_out(), part(2).transpose());
                let seen = if drop > 0.0 {
                    let first = cell.p as u32;
                    dropped[..l * l].copy_from_slice(p);
                    math::drop_cells(&mut dropped[..l * l], drop, seed, first);
                    math::drop_cells(dp, drop, seed, first);
                    &dropped[..l * l]
                } else {
                    p
                };
                let to_v = &mut grad[cell.at + 2 * width..];
                product(to_v, wide, into, 1.0, view(seen, l, l).transpose(), d_out());
                ds.fill(0.0);
                for (i, target) in ds.chunks_exact_mut(l).enumerate() {
                    let row = i * l..i * l + i + 1;
                    math::softmax_back(&p[row.clone()], &dp[row], scale, &mut target[..=i]);
                }
                product(&mut grad[cell.at..], wide, into, 1.0, view(ds, l, l), part(1));
                product(&mut grad[cell.at + width..], wide, into, 1.0, view(ds, l, l).transpose(), part(0));
            }
            nodes.put(qkv, grad);
            for buffer in [dp, ds, dropped, ps] {
                nodes.pool.give(buffer);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Pool;

    const ONE_HEAD: Attention = Attention { n_heads: 1, dropout: 0.0, seed: 0 };

    #[test] // Equal keys: each position gets the mean of the values so far; the next sequence starts anew.
    fn positions_see_their_past_and_no_other_sequence() {
        let qkv: Vec<f32> = [4.0, 8.0, 3.0, 7.0].into_iter().flat_map(|v| [1.0, 1.0, v]).collect();
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let v = tape.leaf(&qkv, 4, 3);
        let out = tape.attend(v, &[2, 2], ONE_HEAD);
        for (got, want) in tape.value(out).iter().zip([4.0, 6.0, 3.0, 5.0]) {
            assert!((got - want).abs() < 1e-5, "{got} {want}");
        }
    }
}
