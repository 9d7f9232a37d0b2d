//! Group normalisation: the channels of a picture, some together, to mean 0 and variance 1, with what follows in a
//! residual block in the same pass.
//!
//! `y = curve(gain · (x − m) / √(v + ε) + shift + skip)`; `m` and `v` are taken over all pixels of one picture and the
//! channels of one group, so that a picture's result depends on no other one and is the same when learning and when
//! answering. Sources: Wu and He, "Group normalization", ECCV 2018; He et al., "Deep residual learning for image
//! recognition", CVPR 2016. Cost: three passes over the cells, two back; nothing but two numbers a channel is kept.

use crate::lanes::vectorised;
use crate::net::{Tape, Var};

/// Keeps a picture of one colour finite.
const EPSILON: f32 = 1e-5;

/// How pictures are normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Pictures; the rows are theirs in equal parts.
    pub images: usize,
    /// Groups of channels, a divisor of the channels.
    pub groups: usize,
    /// Whether negative results become 0.
    pub relu: bool,
}

vectorised! {
    /// Sums of every column.
    fn sums(x: &[f32], sum: &mut [f32]) {
        sum.fill(0.0);
        for row in x.chunks_exact(sum.len()) {
            for (s, x) in sum.iter_mut().zip(row) {
                *s += x;
            }
        }
    }
}

vectorised! {
    /// Sums of every column's squared distance from its mean.
    fn squares(x: &[f32], mean: &[f32], sum: &mut [f32]) {
        sum.fill(0.0);
        for row in x.chunks_exact(sum.len()) {
            for ((s, x), m) in sum.iter_mut().zip(row).zip(mean) {
                *s += (x - m) * (x - m);
            }
        }
    }
}

vectorised! {
    /// `out = x · by + plus`.
    fn stretch(x: &[f32], by: &[f32], plus: &[f32], out: &mut [f32]) {
        for (row, out) in x.chunks_exact(by.len()).zip(out.chunks_exact_mut(by.len())) {
            for (((o, x), b), p) in out.iter_mut().zip(row).zip(by).zip(plus) {
                *o = x * b + p;
            }
        }
    }
}

vectorised! {
    fn cut(out: &mut [f32]) {
        for o in out.iter_mut() {
            *o = if *o > 0.0 { *o } else { 0.0 };
        }
    }
}

vectorised! {
    /// The derivative where the curve let it through.
    fn through(y: &[f32], d: &mut [f32]) {
        for (d, y) in d.iter_mut().zip(y) {
            *d = if *y > 0.0 { *d } else { 0.0 };
        }
    }
}

vectorised! {
    /// Sums of every column's `d · (x − mean)`.
    fn along(x: &[f32], mean: &[f32], d: &[f32], sum: &mut [f32]) {
        sum.fill(0.0);
        let n = sum.len();
        for (x, d) in x.chunks_exact(n).zip(d.chunks_exact(n)) {
            for (((s, x), m), d) in sum.iter_mut().zip(x).zip(mean).zip(d) {
                *s += d * (x - m);
            }
        }
    }
}

vectorised! {
    /// `target += d · a + (x − mean) · b + c`, column by column.
    fn back(x: &[f32], d: &[f32], mean: &[f32], a: &[f32], b: &[f32], c: &[f32], target: &mut [f32]) {
        let n = mean.len();
        for ((x, d), target) in x.chunks_exact(n).zip(d.chunks_exact(n)).zip(target.chunks_exact_mut(n)) {
            for j in 0..n {
                target[j] += d[j] * a[j] + (x[j] - mean[j]) * b[j] + c[j];
            }
        }
    }
}

/// Every channel's number replaced by the sum over its group.
fn over_groups(channels: &mut [f32], groups: usize) {
    let size = channels.len() / groups;
    for group in channels.chunks_exact_mut(size) {
        let sum: f32 = group.iter().sum();
        group.fill(sum);
    }
}

impl Tape<'_> {
    /// Pictures `x`, `(images · pixels) × channels`, normalised, times `gain`, plus `shift` (both `1 × channels`), plus
    /// `skip` where it is given.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn group_norm(&mut self, x: Var, gain: Var, shift: Var, skip: Option<Var>, how: Groups) -> Var {
        let (rows, c) = self.shape(x);
        let Groups { images, groups, relu } = how;
        assert!(images > 0 && rows.is_multiple_of(images) && rows > 0, "{rows} rows of {images} pictures");
        assert!(groups > 0 && c.is_multiple_of(groups), "{c} channels in {groups} groups");
        assert!(self.shape(gain) == (1, c) && self.shape(shift) == (1, c), "a gain and a shift for each channel");
        assert!(skip.is_none_or(|s| self.shape(s) == (rows, c)), "what is added has the same shape");
        let cells = rows / images * c;
        let n = (cells / groups) as f32;
        let (mut means, mut scales) = (self.buffer(images * c), self.buffer(images * c));
        let mut out = self.buffer(rows * c);
        let (mut by, mut plus) = (vec![0.0; c], vec![0.0; c]);
        for (i, out) in out.chunks_exact_mut(cells).enumerate() {
            let x = &self.value(x)[i * cells..(i + 1) * cells];
            let (mean, scale) = (&mut means[i * c..(i + 1) * c], &mut scales[i * c..(i + 1) * c]);
            sums(x, mean);
            over_groups(mean, groups);
            mean.iter_mut().for_each(|m| *m /= n);
            squares(x, mean, scale);
            over_groups(scale, groups);
            scale.iter_mut().for_each(|s| *s = 1.0 / (*s / n + EPSILON).sqrt());
            let affine = self.value(gain).iter().zip(self.value(shift));
            for (j, (g, s)) in affine.enumerate() {
                by[j] = g * scale[j];
                plus[j] = s - mean[j] * by[j];
            }
            stretch(x, &by, &plus, out);
        }
        if let Some(skip) = skip {
            crate::net::math::add_to(&mut out, self.value(skip));
        }
        if relu {
            cut(&mut out);
        }
        let y = self.next();
        let inputs = [x, gain, shift, skip.unwrap_or(x)];
        self.push(out, (rows, c), &inputs, move |nodes, d| {
            let mut passed = nodes.pool.take(d.len());
            passed.copy_from_slice(d);
            if relu {
                through(nodes.value(y), &mut passed);
            }
            let (mut d_gain, mut d_shift) = (vec![0.0; c], vec![0.0; c]);
            let mut dx = nodes.grad(x);
            let (mut level, mut slope) = (vec![0.0; c], vec![0.0; c]);
            let (mut first, mut second) = (vec![0.0; c], vec![0.0; c]);
            for i in 0..images {
                let at = i * cells..(i + 1) * cells;
                let (d, x) = (&passed[at.clone()], &nodes.value(x)[at.clone()]);
                let (mean, scale) = (&means[i * c..(i + 1) * c], &scales[i * c..(i + 1) * c]);
                sums(d, &mut level);
                along(x, mean, d, &mut slope);
                for (j, g) in nodes.value(gain).iter().enumerate() {
                    d_shift[j] += level[j];
                    d_gain[j] += slope[j] * scale[j];
                    first[j] = g * scale[j];
                    second[j] = g * slope[j] * scale[j];
                    level[j] *= g;
                }
                let Some(dx) = &mut dx else { continue };
                over_groups(&mut level, groups);
                over_groups(&mut second, groups);
                for j in 0..c {
                    level[j] *= -scale[j] / n;
                    second[j] *= -scale[j] * scale[j] / n;
                }
                back(x, d, mean, &first, &second, &level, &mut dx[at]);
            }
            if let Some(dx) = dx {
                nodes.put(x, dx);
            }
            nodes.add(gain, &d_gain);
            nodes.add(shift, &d_shift);
            match skip {
                Some(skip) => nodes.add_own(skip, passed),
                None => nodes.pool.give(passed),
            }
            nodes.pool.give(means);
            nodes.pool.give(scales);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Mode, Pool};

    /// One group over two pixels of two channels: 1 3 / 5 7, mean 4, variance 5. Negative ones are cut.
    #[test]
    fn a_picture_is_normalised_by_hand_and_alone() {
        let (x, g, s) = ([1.0, 3.0, 5.0, 7.0, 2.0, 2.0, 2.0, 2.0], [1.0, 2.0], [0.0, 1.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let (x, g, s) = (tape.leaf(&x, 4, 2), tape.leaf(&g, 1, 2), tape.leaf(&s, 1, 2));
        let y = tape.group_norm(x, g, s, None, Groups { images: 2, groups: 1, relu: true });
        let one = 1.0 / 5.0_f32.sqrt();
        let want = [0.0, 1.0 - 2.0 * one, one, 1.0 + 6.0 * one, 0.0, 1.0, 0.0, 1.0];
        for (got, want) in tape.value(y).iter().zip(want) {
            assert!((got - want).abs() < 1e-5, "{:?}", tape.value(y));
        }
    }
}
