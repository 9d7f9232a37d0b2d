//! Convolution of pictures whose channels lie side by side.
//!
//! `n` pictures of `h × w` pixels with `c` channels are a matrix of `n·h·w` rows and `c` columns. Row `(i, y, x)` of the
//! result is `Σ_{v, u} input(i, y·s + v − p, x·s + u − p) · W_{v, u}`, zeros where there is no pixel; `W` has the rows
//! `(v, u, channel)`. The pixels under the kernel are copied into a block that fits a second-level cache and
//! multiplied with `W` at once; the way back makes the same blocks again instead of keeping them. Source: Chellapilla,
//! Puri and Simard, "High performance convolutional neural networks for document processing", IWFHR 2006.
//! Cost: `2 · rows · k² · c · out` operations, twice that back; memory for one block.

use crate::net::gemm::{Into, product, view};
use crate::net::{Tape, Var, math};

/// Numbers of one block.
const BLOCK: usize = 1 << 16;

/// Pictures and the kernel that moves over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Pictures.
    pub images: usize,
    /// Rows of pixels of each.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Side of the kernel, at least 1.
    pub kernel: usize,
    /// Pixels between two places of the kernel, at least 1.
    pub stride: usize,
    /// Zeros around a picture, below `kernel`.
    pub pad: usize,
}

impl Conv {
    /// Height and width of the result.
    ///
    /// # Panics
    /// If the kernel does not fit, or a size is 0.
    pub fn out(&self) -> (usize, usize) {
        let fits = self.kernel > self.pad && self.stride > 0;
        let side = |n: usize| {
            let padded = n + 2 * self.pad;
            assert!(fits && padded >= self.kernel, "a kernel of {} over {padded} pixels", self.kernel);
            (padded - self.kernel) / self.stride + 1
        };
        (side(self.height), side(self.width))
    }

    /// Hands out, for each of the result's rows from `first` on, the runs of pixels under the kernel: where they go
    /// within the row's block, where they come from, both in pixels, and how many they are.
    fn runs(&self, first: usize, n: usize, mut run: impl FnMut(usize, usize, usize, usize)) {
        let (high, wide) = self.out();
        for r in 0..n {
            let at = first + r;
            let (image, y, x) = (at / (high * wide), at / wide % high, at % wide);
            let left = (x * self.stride).saturating_sub(self.pad);
            let skipped = self.pad.saturating_sub(x * self.stride);
            let right = (x * self.stride + self.kernel - self.pad).min(self.width);
            let len = right.saturating_sub(left);
            for v in 0..self.kernel {
                let Some(row) = (y * self.stride + v).checked_sub(self.pad).filter(|row| *row < self.height) else {
                    continue;
                };
                let from = (image * self.height + row) * self.width + left;
                run(r, v * self.kernel + skipped, from, len);
            }
        }
    }

    fn has_edge(&self) -> bool {
        let (high, wide) = self.out();
        let over = |n: usize, size: usize| (n - 1) * self.stride + self.kernel > size + self.pad;
        self.pad > 0 || over(high, self.height) || over(wide, self.width)
    }

    fn spread(&self, x: &[f32], c: usize, first: usize, n: usize, block: &mut [f32]) {
        let k = self.kernel * self.kernel * c;
        if self.has_edge() {
            block[..n * k].fill(0.0);
        }
        self.runs(first, n, |r, to, from, len| {
            block[r * k + to * c..][..len * c].copy_from_slice(&x[from * c..][..len * c]);
        });
    }

    fn gather(&self, block: &[f32], c: usize, first: usize, n: usize, dx: &mut [f32]) {
        let k = self.kernel * self.kernel * c;
        self.runs(first, n, |r, to, from, len| {
            math::add_to(&mut dx[from * c..][..len * c], &block[r * k + to * c..][..len * c]);
        });
    }
}

impl Tape<'_> {
    /// Moves kernels `w`, `(k² · c) × out`, over the pictures `x`, `(images · height · width) × c`.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn convolve(&mut self, x: Var, w: Var, over: Conv) -> Var {
        let ((rows, c), (k, n)) = (self.shape(x), self.shape(w));
        assert!(rows == over.images * over.height * over.width, "{rows} rows for {over:?}");
        assert!(k == over.kernel * over.kernel * c, "{k} rows of weights for {c} channels and {over:?}");
        let (high, wide) = over.out();
        let out_rows = over.images * high * wide;
        let step = (BLOCK / k).clamp(16, 4096);
        let mut block = self.buffer(step.min(out_rows) * k);
        let mut out = self.buffer(out_rows * n);
        for first in (0..out_rows).step_by(step) {
            let len = step.min(out_rows - first);
            over.spread(self.value(x), c, first, len, &mut block);
            let target = &mut out[first * n..(first + len) * n];
            product(target, n, Into::Replace, 1.0, view(&block, len, k), view(self.value(w), k, n));
        }
        self.nodes.pool.give(block);
        self.push(out, (out_rows, n), &[x, w], move |nodes, d| {
            let mut block = nodes.pool.take(step.min(out_rows) * k);
            if let Some((mut dw, mut into)) = nodes.grad_for_product(w) {
                for first in (0..out_rows).step_by(step) {
                    let len = step.min(out_rows - first);
                    over.spread(nodes.value(x), c, first, len, &mut block);
                    product(&mut dw, n, into, 1.0, view(&block, len, k).transpose(), view(&d[first * n..], len, n));
                    into = Into::Add;
                }
                nodes.put(w, dw);
            }
            if let Some(mut dx) = nodes.grad(x) {
                for first in (0..out_rows).step_by(step) {
                    let len = step.min(out_rows - first);
                    let kernels = view(nodes.value(w), k, n).transpose();
                    product(&mut block, k, Into::Replace, 1.0, view(&d[first * n..], len, n), kernels);
                    over.gather(&block, c, first, len, &mut dx);
                }
                nodes.put(x, dx);
            }
            nodes.pool.give(block);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Mode, Pool};
    use domain::Rng;
    use proptest::prelude::*;

    /// The sum over kernel, channels and pixels as it is written, loop by loop.
    fn naive(x: &[f32], c: usize, w: &[f32], n: usize, over: Conv) -> Vec<f64> {
        let (high, wide) = over.out();
        let mut out = Vec::new();
        for i in 0..over.images {
            for (y, z) in (0..high).flat_map(|y| (0..wide).map(move |z| (y, z))) {
                for o in 0..n {
                    let mut sum = 0.0;
                    for (v, u) in (0..over.kernel).flat_map(|v| (0..over.kernel).map(move |u| (v, u))) {
                        let row = (y * over.stride + v) as i64 - over.pad as i64;
                        let col = (z * over.stride + u) as i64 - over.pad as i64;
                        if row < 0 || col < 0 || row >= over.height as i64 || col >= over.width as i64 {
                            continue;
                        }
                        let pixel = (i * over.height + row as usize) * over.width + col as usize;
                        for ch in 0..c {
                            let weight = w[((v * over.kernel + u) * c + ch) * n + o];
                            sum += f64::from(x[pixel * c + ch]) * f64::from(weight);
                        }
                    }
                    out.push(sum);
                }
            }
        }
        out
    }

    #[test] // Kernel of ones over 1 2 3 / 4 5 6 / 7 8 9 without zeros around: 1+2+4+5, 2+3+5+6, 4+5+7+8, 5+6+8+9.
    fn four_sums_by_hand() {
        let x: Vec<f32> = (1..10).map(|v| v as f32).collect();
        let ones = [1.0; 4];
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let (v, w) = (tape.leaf(&x, 9, 1), tape.leaf(&ones, 4, 1));
        let over = Conv { images: 1, height: 3, width: 3, kernel: 2, stride: 1, pad: 0 };
        let out = tape.convolve(v, w, over);
        assert_eq!(tape.value(out), [12.0, 16.0, 24.0, 28.0]);
        tape.backward(out);
        assert_eq!(tape.gradient(v), Some(vec![1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]));
        assert_eq!(tape.gradient(w), Some(vec![12.0, 16.0, 24.0, 28.0]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn a_convolution_equals_the_naive_loop(
            sizes in (1_usize..4, 1_usize..9, 1_usize..9),
            kernel in (1_usize..5, 1_usize..4, 0_usize..4),
            (c, n, seed) in (1_usize..5, 1_usize..5, 0_u64..1000),
        ) {
            let over = Conv {
                images: sizes.0, height: sizes.1, width: sizes.2,
                kernel: kernel.0, stride: kernel.1, pad: kernel.2,
            };
            let fits = |side: usize| side + 2 * over.pad >= over.kernel;
            prop_assume!(over.pad < over.kernel && fits(over.height) && fits(over.width));
            let mut rng = Rng::new(seed);
            let rows = over.images * over.height * over.width;
            let x: Vec<f32> = (0..rows * c).map(|_| rng.normal() as f32).collect();
            let w: Vec<f32> = (0..over.kernel * over.kernel * c * n).map(|_| rng.normal() as f32).collect();
            let mut tape = Tape::new(Pool::default(), Mode::Infer);
            let (vx, vw) = (tape.leaf(&x, rows, c), tape.leaf(&w, over.kernel * over.kernel * c, n));
            let out = tape.convolve(vx, vw, over);
            let want = naive(&x, c, &w, n, over);
            prop_assert_eq!(tape.value(out).len(), want.len());
            for (got, want) in tape.value(out).iter().zip(&want) {
                prop_assert!((f64::from(*got) - want).abs() < 1e-4, "{} {}", got, want);
            }
        }
    }
}
