//! The record of a forward pass, and the walk back along it.
//!
//! Every value is a row-major matrix of `f32`. An operation computes its value at once and leaves a
//! function that takes the derivative of the final sum by its value to those by its inputs. Source:
//! Linnainmaa, "Taylor expansion of the accumulated rounding error", BIT 16, 1976; Griewank and
//! Walther, "Evaluating derivatives", 2008. Cost: the forward pass, and about twice that back.

use super::gemm::Into;
use super::math;
use super::{Pool, Weights};

/// A value on a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var(usize);

/// Whether what is drawn at random (dropout) takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To learn.
    Train,
    /// To score: no dropout, no derivatives.
    Infer,
}

enum Value<'a> {
    Own(Vec<f32>),
    Lent(&'a [f32]),
}

struct Node<'a> {
    rows: usize,
    cols: usize,
    value: Value<'a>,
    /// Empty until the first derivative arrives.
    grad: Vec<f32>,
    wanted: bool,
}

/// All values, and what has been derived so far.
pub(crate) struct Nodes<'a> {
    nodes: Vec<Node<'a>>,
    pub(crate) pool: Pool,
}

type Back<'a> = Box<dyn FnOnce(&mut Nodes<'a>, &[f32]) + 'a>;

/// A forward pass under way.
pub struct Tape<'a> {
    pub(crate) nodes: Nodes<'a>,
    backs: Vec<(Var, Back<'a>)>,
    mode: Mode,
}

impl Nodes<'_> {
    pub(crate) fn value(&self, v: Var) -> &[f32] {
        match &self.nodes[v.0].value {
            Value::Own(data) => data,
            Value::Lent(data) => data,
        }
    }

    pub(crate) fn shape(&self, v: Var) -> (usize, usize) {
        (self.nodes[v.0].rows, self.nodes[v.0].cols)
    }

    pub(crate) fn wants(&self, v: Var) -> bool {
        self.nodes[v.0].wanted
    }

    /// Takes out the derivative by `v` to add to it: what a product has to do with what it holds
    /// (overwrite, when nothing arrived yet). Give it back with [`Self::put`].
    pub(crate) fn grad_for_product(&mut self, v: Var) -> Option<(Vec<f32>, Into)> {
        if !self.wants(v) {
            return None;
        }
        let grad = std::mem::take(&mut self.nodes[v.0].grad);
        if grad.is_empty() {
            let (rows, cols) = self.shape(v);
            Some((self.pool.take(rows * cols), Into::Replace))
        } else {
            Some((grad, Into::Add))
        }
    }

    /// As [`Self::grad_for_product`], with zeros where nothing arrived yet.
    pub(crate) fn grad(&mut self, v: Var) -> Option<Vec<f32>> {
        let (mut grad, into) = self.grad_for_product(v)?;
        if into == Into::Replace {
            grad.fill(0.0);
        }
        Some(grad)
    }

    pub(crate) fn put(&mut self, v: Var, grad: Vec<f32>) {
        self.nodes[v.0].grad = grad;
    }

    /// Adds a whole derivative.
    pub(crate) fn add(&mut self, v: Var, more: &[f32]) {
        let Some((mut grad, into)) = self.grad_for_product(v) else { return };
        match into {
            Into::Replace => grad.copy_from_slice(more),
            Into::Add => math::add_to(&mut grad, more),
        }
        self.put(v, grad);
    }

    /// Adds a whole derivative that nobody else needs.
    pub(crate) fn add_own(&mut self, v: Var, more: Vec<f32>) {
        if self.wants(v) && self.nodes[v.0].grad.is_empty() {
            self.put(v, more);
        } else {
            self.add(v, &more);
            self.pool.give(more);
        }
    }
}

impl<'a> Tape<'a> {
    /// An empty tape that takes its buffers from a pool.
    pub const fn new(pool: Pool, mode: Mode) -> Self {
        Self { nodes: Nodes { nodes: Vec::new(), pool }, backs: Vec::new(), mode }
    }

    /// Whether this pass is there to learn.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// What is learnt: lent for the pass, `rows × cols`; its derivative is kept.
    ///
    /// # Panics
    /// If the length is not `rows · cols`, or a matrix has no cells.
    pub fn leaf(&mut self, data: &'a [f32], rows: usize, cols: usize) -> Var {
        self.node(Value::Lent(data), rows, cols, self.mode == Mode::Train)
    }

    /// Lends all weights: the dense matrices and the whole tables, in their order.
    pub fn lend(&mut self, weights: &'a Weights) -> (Vec<Var>, Vec<Var>) {
        let dense = weights.all_dense().iter().map(|d| self.leaf(d.values(), d.shape().0, d.shape().1)).collect();
        let tables = weights.all_tables().iter().map(|t| self.leaf(t.values(), t.shape().0, t.shape().1)).collect();
        (dense, tables)
    }

    /// What is given.
    ///
    /// # Panics
    /// As for a leaf.
    pub fn constant(&mut self, data: Vec<f32>, rows: usize, cols: usize) -> Var {
        self.node(Value::Own(data), rows, cols, false)
    }

    fn node(&mut self, value: Value<'a>, rows: usize, cols: usize, wanted: bool) -> Var {
        let len = match &value {
            Value::Own(data) => data.len(),
            Value::Lent(data) => data.len(),
        };
        assert!(len == rows * cols, "a matrix of {rows} × {cols} in {len} numbers");
        self.nodes.nodes.push(Node { rows, cols, value, grad: Vec::new(), wanted });
        Var(self.nodes.nodes.len() - 1)
    }

    /// The numbers of a value.
    pub fn value(&self, v: Var) -> &[f32] {
        self.nodes.value(v)
    }

    /// Rows and columns.
    pub fn shape(&self, v: Var) -> (usize, usize) {
        self.nodes.shape(v)
    }

    /// A buffer for a value, contents unspecified.
    pub(crate) fn buffer(&mut self, len: usize) -> Vec<f32> {
        self.nodes.pool.take(len)
    }

    /// The value that the next operation will give.
    pub(crate) const fn next(&self) -> Var {
        Var(self.nodes.nodes.len())
    }

    /// Records a value computed from others and how its derivative goes back to them.
    pub(crate) fn push(
        &mut self,
        data: Vec<f32>,
        (rows, cols): (usize, usize),
        inputs: &[Var],
        back: impl FnOnce(&mut Nodes<'a>, &[f32]) + 'a,
    ) -> Var {
        let wanted = inputs.iter().any(|v| self.nodes.wants(*v));
        let out = self.node(Value::Own(data), rows, cols, wanted);
        if wanted {
            self.backs.push((out, Box::new(back)));
        }
        out
    }

    /// Derives the sum of all cells of `last` by every leaf; [`Self::gradient`] takes the results out.
    pub fn backward(&mut self, last: Var) {
        let (rows, cols) = self.shape(last);
        let mut ones = self.nodes.pool.take(rows * cols);
        ones.fill(1.0);
        self.nodes.put(last, ones);
        while let Some((out, back)) = self.backs.pop() {
            let grad = std::mem::take(&mut self.nodes.nodes[out.0].grad);
            if !grad.is_empty() {
                back(&mut self.nodes, &grad);
            }
            self.nodes.pool.give(grad);
        }
    }

    /// The derivative by a leaf, once; `None` where the sum does not depend on it.
    pub fn gradient(&mut self, leaf: Var) -> Option<Vec<f32>> {
        Some(std::mem::take(&mut self.nodes.nodes[leaf.0].grad)).filter(|grad| !grad.is_empty())
    }

    /// Ends the pass and gives its buffers back.
    pub fn into_pool(self) -> Pool {
        let Nodes { nodes, mut pool } = self.nodes;
        for node in nodes {
            pool.give(node.grad);
            if let Value::Own(data) = node.value {
                pool.give(data);
            }
        }
        pool
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // f = Σ (x + x) · y: by x it is 2 y, by y it is 2 x.
    fn a_value_that_is_used_twice_gets_both_derivatives() {
        let (x, y) = ([1.0, 2.0], [3.0, 5.0]);
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let (vx, vy) = (tape.leaf(&x, 1, 2), tape.leaf(&y, 1, 2));
        let twice = tape.add(vx, vx);
        let out = tape.mul(twice, vy);
        tape.backward(out);
        assert_eq!(tape.gradient(vx), Some(vec![6.0, 10.0]));
        assert_eq!(tape.gradient(vy), Some(vec![2.0, 4.0]));
        assert_eq!(tape.gradient(vy), None, "taken once");
    }

    #[test]
    fn to_score_nothing_is_derived() {
        let x = [1.0, 2.0];
        let mut tape = Tape::new(Pool::default(), Mode::Infer);
        let v = tape.leaf(&x, 2, 1);
        let out = tape.add(v, v);
        tape.backward(out);
        assert_eq!((tape.gradient(v), tape.value(out)), (None, &[2.0, 4.0][..]));
    }
}
