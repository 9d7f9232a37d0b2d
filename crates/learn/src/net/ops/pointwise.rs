//! Cell by cell: sums, products, activations, dropout, and matrices side by side.

use crate::lanes::vectorised;
use crate::net::{Mode, Tape, Var, math};

/// A curve applied to every cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

vectorised! {
    fn bend(curve: Activation, x: &[f32], out: &mut [f32]) {
        let cells = out.iter_mut().zip(x);
        match curve {
            Activation::Relu => cells.for_each(|(o, x)| *o = if *x > 0.0 { *x } else { 0.0 }),
            Activation::Sigmoid => cells.for_each(|(o, x)| *o = math::sigmoid(*x)),
            Activation::Tanh => cells.for_each(|(o, x)| *o = math::tanh(*x)),
        }
    }
}

vectorised! {
    /// Adds the derivative to `target`; `y` is what the curve gave.
    fn bend_back(curve: Activation, y: &[f32], d: &[f32], target: &mut [f32]) {
        let cells = target.iter_mut().zip(y).zip(d);
        match curve {
            Activation::Relu => cells.for_each(|((t, y), d)| *t += if *y > 0.0 { *d } else { 0.0 }),
            Activation::Sigmoid => cells.for_each(|((t, y), d)| *t += d * y * (1.0 - y)),
            Activation::Tanh => cells.for_each(|((t, y), d)| *t += d * (1.0 - y * y)),
        }
    }
}

impl Tape<'_> {
    /// `x + y`, of one shape.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn add(&mut self, x: Var, y: Var) -> Var {
        let shape = self.same_shape(x, y);
        let mut out = self.buffer(shape.0 * shape.1);
        out.copy_from_slice(self.value(x));
        math::add_to(&mut out, self.value(y));
        self.push(out, shape, &[x, y], move |nodes, d| {
            nodes.add(x, d);
            nodes.add(y, d);
        })
    }

    /// `x · y`, cell by cell.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn mul(&mut self, x: Var, y: Var) -> Var {
        let shape = self.same_shape(x, y);
        let mut out = self.buffer(shape.0 * shape.1);
        out.fill(0.0);
        math::add_products_to(&mut out, self.value(x), self.value(y));
        self.push(out, shape, &[x, y], move |nodes, d| {
            for (to, by) in [(x, y), (y, x)] {
                if let Some(mut grad) = nodes.grad(to) {
                    math::add_products_to(&mut grad, d, nodes.value(by));
                    nodes.put(to, grad);
                }
            }
        })
    }

    fn same_shape(&self, x: Var, y: Var) -> (usize, usize) {
        let (a, b) = (self.shape(x), self.shape(y));
        assert!(a == b, "two matrices of one shape, not {a:?} and {b:?}");
        a
    }

    /// `factor · x`.
    pub fn scale(&mut self, x: Var, factor: f32) -> Var {
        let shape = self.shape(x);
        let mut out = self.buffer(shape.0 * shape.1);
        out.fill(0.0);
        math::add_scaled_to(&mut out, factor, self.value(x));
        self.push(out, shape, &[x], move |nodes, d| {
            if let Some(mut grad) = nodes.grad(x) {
                math::add_scaled_to(&mut grad, factor, d);
                nodes.put(x, grad);
            }
        })
    }

    /// A curve applied to every cell.
    pub fn activate(&mut self, x: Var, curve: Activation) -> Var {
        let shape = self.shape(x);
        let mut out = self.buffer(shape.0 * shape.1);
        bend(curve, self.value(x), &mut out);
        // The derivative follows from the result, which the tape keeps anyway under the next number.
        let y = self.next();
        self.push(out, shape, &[x], move |nodes, d| {
            if let Some(mut grad) = nodes.grad(x) {
                bend_back(curve, nodes.value(y), d, &mut grad);
                nodes.put(x, grad);
            }
        })
    }

    /// Sets cells to 0 with probability `p` below 1 and divides the rest by `1 − p`; the identity where the
    /// pass is there to score. Which cells follows from the seed.
    pub fn dropout(&mut self, x: Var, p: f32, seed: u64) -> Var {
        if self.mode() == Mode::Infer || p <= 0.0 {
            return x;
        }
        let shape = self.shape(x);
        let seed = (seed ^ (seed >> 32)) as u32;
        let mut out = self.buffer(shape.0 * shape.1);
        out.copy_from_slice(self.value(x));
        math::drop_cells(&mut out, p, seed, 0);
        self.push(out, shape, &[x], move |nodes, d| {
            let mut back = nodes.pool.take(d.len());
            back.copy_from_slice(d);
            math::drop_cells(&mut back, p, seed, 0);
            nodes.add_own(x, back);
        })
    }

    /// Matrices of the same number of rows, side by side.
    ///
    /// # Panics
    /// If there is none, or their rows differ.
    pub fn beside(&mut self, parts: &[Var]) -> Var {
        let rows = self.shape(parts[0]).0;
        assert!(parts.iter().all(|p| self.shape(*p).0 == rows), "matrices side by side have the same rows");
        let widths: Vec<usize> = parts.iter().map(|p| self.shape(*p).1).collect();
        let cols: usize = widths.iter().sum();
        let mut out = self.buffer(rows * cols);
        let mut at = 0;
        for (part, width) in parts.iter().zip(&widths) {
            for (target, source) in out.chunks_exact_mut(cols).zip(self.value(*part).chunks_exact(*width)) {
                target[at..at + width].copy_from_slice(source);
            }
            at += width;
        }
        let inputs = parts.to_vec();
        self.push(out, (rows, cols), parts, move |nodes, d| {
            let mut at = 0;
            for (part, width) in inputs.into_iter().zip(widths) {
                if let Some(mut grad) = nodes.grad(part) {
                    for (target, source) in grad.chunks_exact_mut(width).zip(d.chunks_exact(cols)) {
                        math::add_to(target, &source[at..at + width]);
                    }
                    nodes.put(part, grad);
                }
                at += width;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Pool;

    #[test]
    fn dropout_drops_back_what_it_dropped_and_nothing_when_scoring() {
        let x = vec![1.0; 400];
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let v = tape.leaf(&x, 20, 20);
        let out = tape.dropout(v, 0.5, 9);
        let kept = tape.value(out).to_vec();
        assert!(kept.iter().all(|k| *k == 0.0 || *k == 2.0));
        tape.backward(out);
        assert_eq!(tape.gradient(v), Some(kept));
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let v = tape.leaf(&x, 20, 20);
        assert_eq!(tape.dropout(v, 0.5, 9), v);
    }

    #[test]
    fn matrices_stand_side_by_side() {
        let (x, y) = ([1.0, 2.0], [3.0, 4.0, 5.0, 6.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let (x, y) = (tape.leaf(&x, 2, 1), tape.leaf(&y, 2, 2));
        let both = tape.beside(&[x, y]);
        assert_eq!(tape.value(both), [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
        let squared = tape.mul(both, both);
        tape.backward(squared);
        assert_eq!(tape.gradient(x), Some(vec![2.0, 4.0]));
        assert_eq!(tape.gradient(y), Some(vec![6.0, 8.0, 10.0, 12.0]));
    }
}
