//! The same numbers in other rows.

use crate::net::{Tape, Var};

impl Tape<'_> {
    /// The row-major numbers of `x` as rows of another width: `n × (m · width)` becomes `(n · m) × width`.
    ///
    /// # Panics
    /// If the numbers do not make whole rows.
    pub fn reshape(&mut self, x: Var, width: usize) -> Var {
        let (rows, cols) = self.shape(x);
        let n = rows * cols;
        assert!(width > 0 && n.is_multiple_of(width), "{n} numbers in rows of {width}");
        let mut out = self.buffer(n);
        out.copy_from_slice(self.value(x));
        self.push(out, (n / width, width), &[x], move |nodes, d| nodes.add(x, d))
    }
}
