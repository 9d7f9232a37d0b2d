//! Affine maps: `x · w + b`.

use crate::net::gemm::{Into, product, view};
use crate::net::math;
use crate::net::{Tape, Var};

impl Tape<'_> {
    /// `x · w`, `(r × k) · (k × n)`.
    ///
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul(&mut self, x: Var, w: Var) -> Var {
        self.affine(x, w, None)
    }

    /// `x · w + b`, with `b` of `1 × n` added to every row.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn linear(&mut self, x: Var, w: Var, b: Var) -> Var {
        self.affine(x, w, Some(b))
    }

    /// `x · tableᵀ`: the product of every row of `x` with every row of `table`.
    ///
    /// # Panics
    /// If the rows have other lengths.
    pub fn products(&mut self, x: Var, table: Var) -> Var {
        let ((rows, k), (n, width)) = (self.shape(x), self.shape(table));
        assert!(k == width, "products of rows of {k} and {width}");
        let mut out = self.buffer(rows * n);
        let (left, right) = (view(self.value(x), rows, k), view(self.value(table), n, k));
        product(&mut out, n, Into::Replace, 1.0, left, right.transpose());
        self.push(out, (rows, n), &[x, table], move |nodes, d| {
            if let Some((mut dx, into)) = nodes.grad_for_product(x) {
                product(&mut dx, k, into, 1.0, view(d, rows, n), view(nodes.value(table), n, k));
                nodes.put(x, dx);
            }
            if let Some((mut dt, into)) = nodes.grad_for_product(table) {
                product(&mut dt, k, into, 1.0, view(d, rows, n).transpose(), view(nodes.value(x), rows, k));
                nodes.put(table, dt);
            }
        })
    }

    fn affine(&mut self, x: Var, w: Var, b: Option<Var>) -> Var {
        let ((rows, k), (w_rows, n)) = (self.shape(x), self.shape(w));
        assert!(k == w_rows, "a product of {rows} × {k} and {w_rows} × {n}");
        let mut out = self.buffer(rows * n);
        product(&mut out, n, Into::Replace, 1.0, view(self.value(x), rows, k), view(self.value(w), k, n));
        if let Some(b) = b {
            assert!(self.shape(b) == (1, n), "one number a column is added");
            math::add_row_to_each(&mut out, self.value(b));
        }
        let inputs = [x, w, b.unwrap_or(w)];
        self.push(out, (rows, n), &inputs, move |nodes, d| {
            if let Some((mut dx, into)) = nodes.grad_for_product(x) {
                product(&mut dx, k, into, 1.0, view(d, rows, n), view(nodes.value(w), k, n).transpose());
                nodes.put(x, dx);
            }
            if let Some((mut dw, into)) = nodes.grad_for_product(w) {
                product(&mut dw, n, into, 1.0, view(nodes.value(x), rows, k).transpose(), view(d, rows, n));
                nodes.put(w, dw);
            }
            if let Some((b, mut db)) = b.and_then(|b| Some((b, nodes.grad(b)?))) {
                math::add_rows_to(&mut db, d);
                nodes.put(b, db);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::net::{Mode, Pool, Tape};

    #[test] // (1 2) · (1 0; 0 3) + (10 20) = (11 26)
    fn an_affine_map_by_hand() {
        let (x, w, b) = ([1.0, 2.0], [1.0, 0.0, 0.0, 3.0], [10.0, 20.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let (x, w, b) = (tape.leaf(&x, 1, 2), tape.leaf(&w, 2, 2), tape.leaf(&b, 1, 2));
        let y = tape.linear(x, w, b);
        assert_eq!(tape.value(y), [11.0, 26.0]);
        tape.backward(y);
        assert_eq!(tape.gradient(x), Some(vec![1.0, 3.0]));
        assert_eq!(tape.gradient(w), Some(vec![1.0, 1.0, 2.0, 2.0]));
        assert_eq!(tape.gradient(b), Some(vec![1.0, 1.0]));
    }
}
