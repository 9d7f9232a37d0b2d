//! Mixing: probabilities along a row, sums of experts by them, products row by row.
//!
//! Source of the mixture: Ma et al., "Modeling task relationships in multi-task learning with
//! multi-gate mixture-of-experts", KDD 2018.

use crate::net::{Tape, Var, math};

impl Tape<'_> {
    /// Each row turned into probabilities.
    pub fn softmax(&mut self, x: Var) -> Var {
        let (rows, n) = self.shape(x);
        let mut out = self.buffer(rows * n);
        out.copy_from_slice(self.value(x));
        for row in out.chunks_exact_mut(n) {
            math::softmax(row);
        }
        let y = self.next();
        self.push(out, (rows, n), &[x], move |nodes, d| {
            if let Some(mut grad) = nodes.grad(x) {
                let rows = nodes.value(y).chunks_exact(n).zip(d.chunks_exact(n)).zip(grad.chunks_exact_mut(n));
                for ((p, d), target) in rows {
                    math::softmax_back(p, d, 1.0, target);
                }
                nodes.put(x, grad);
            }
        })
    }

    /// `Σ_e gate_e · expert_e`, row by row: `gates` has a column for each expert, experts are of one shape.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn mix(&mut self, gates: Var, experts: &[Var]) -> Var {
        let (rows, n) = self.shape(experts[0]);
        let count = experts.len();
        assert!(self.shape(gates) == (rows, count), "a gate for each row and expert");
        assert!(experts.iter().all(|e| self.shape(*e) == (rows, n)), "experts of one shape");
        let mut out = self.buffer(rows * n);
        out.fill(0.0);
        for (e, expert) in experts.iter().enumerate() {
            let gates = self.value(gates);
            for (r, (target, source)) in out.chunks_exact_mut(n).zip(self.value(*expert).chunks_exact(n)).enumerate() {
                math::add_scaled_to(target, gates[r * count + e], source);
            }
        }
        let members = experts.to_vec();
        let inputs: Vec<Var> = experts.iter().copied().chain([gates]).collect();
        self.push(out, (rows, n), &inputs, move |nodes, d| {
            let mut by_gate = nodes.grad(gates);
            for (e, expert) in members.into_iter().enumerate() {
                if let Some(by_gate) = &mut by_gate {
                    for (r, (d, row)) in d.chunks_exact(n).zip(nodes.value(expert).chunks_exact(n)).enumerate() {
                        by_gate[r * count + e] += math::inner(d, row);
                    }
                }
                if let Some(mut grad) = nodes.grad(expert) {
                    let gates = nodes.value(gates);
                    for (r, (target, d)) in grad.chunks_exact_mut(n).zip(d.chunks_exact(n)).enumerate() {
                        math::add_scaled_to(target, gates[r * count + e], d);
                    }
                    nodes.put(expert, grad);
                }
            }
            if let Some(by_gate) = by_gate {
                nodes.put(gates, by_gate);
            }
        })
    }

    /// `x_r · y_r` for each row, one column.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn row_products(&mut self, x: Var, y: Var) -> Var {
        let (rows, n) = self.shape(x);
        assert!(self.shape(y) == (rows, n), "two matrices of one shape");
        let mut out = self.buffer(rows);
        for ((o, x), y) in out.iter_mut().zip(self.value(x).chunks_exact(n)).zip(self.value(y).chunks_exact(n)) {
            *o = math::inner(x, y);
        }
        self.push(out, (rows, 1), &[x, y], move |nodes, d| {
            for (to, by) in [(x, y), (y, x)] {
                if let Some(mut grad) = nodes.grad(to) {
                    let rows = grad.chunks_exact_mut(n).zip(nodes.value(by).chunks_exact(n));
                    rows.zip(d).for_each(|((target, row), d)| math::add_scaled_to(target, *d, row));
                    nodes.put(to, grad);
                }
            }
        })
    }

    /// Each row scaled to length 1; a row of zeros stays.
    pub fn unit_rows(&mut self, x: Var) -> Var {
        let (rows, n) = self.shape(x);
        let mut out = self.buffer(rows * n);
        out.fill(0.0);
        let scale = |row: &[f32]| 1.0 / math::sum_of_squares(row).sqrt().max(1e-12);
        for (target, row) in out.chunks_exact_mut(n).zip(self.value(x).chunks_exact(n)) {
            math::add_scaled_to(target, scale(row), row);
        }
        let y = self.next();
        self.push(out, (rows, n), &[x], move |nodes, d| {
            if let Some(mut grad) = nodes.grad(x) {
                let rows = nodes.value(x).chunks_exact(n).zip(nodes.value(y).chunks_exact(n));
                for (((x, y), d), target) in rows.zip(d.chunks_exact(n)).zip(grad.chunks_exact_mut(n)) {
                    let scale = scale(x);
                    math::add_scaled_to(target, scale, d);
                    math::add_scaled_to(target, -scale * math::inner(d, y), y);
                }
                nodes.put(x, grad);
            }
        })
    }
}
