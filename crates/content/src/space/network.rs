//! The network behind [`Fusion`](super::Fusion): its matrices, the pass through them, and its lessons.

use super::{FusionParams, Goal, Join};
use crate::Vectors;
use domain::Rng;
use learn::net::{Activation, Attention, Leaves, Loss, Mode, Network, Pool, Rows, Start, Tape, Var, Weights};

/// What a fused network is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) join: Join,
    pub(super) widths: Vec<usize>,
    pub(super) width: usize,
    pub(super) n_out: usize,
    pub(super) temperature: f32,
}

/// What takes part at random while it learns.
pub(super) struct Noise<'r> {
    drop_modality: f32,
    dropout: f32,
    rng: &'r mut Rng,
}

impl Shape {
    /// Adds all matrices, in the order in which [`Self::fused`] and [`Self::last`] read them.
    pub(super) fn start(&self, weights: &mut Weights, rng: &mut Rng) {
        let (w, n) = (self.width, self.widths.len());
        let mut layer = |name: &str, from: usize, to: usize| {
            weights.dense(name, (from, to), Start::Glorot, rng);
            weights.dense(&format!("{name}, bias"), (1, to), Start::Constant(0.0), rng);
        };
        for (m, width) in self.widths.iter().enumerate() {
            layer(&format!("modality {m}"), *width, w);
        }
        match self.join {
            Join::Concatenated => layer("joined", n * w + n, w),
            Join::Gated => layer("gates", n * w + n, n * w),
            Join::Attention => {
                layer("queries, keys, values", w, 3 * w);
                layer("after attention", w, w);
                layer("inside", w, 2 * w);
                layer("outside", 2 * w, w);
            }
        }
        layer("last", w, self.n_out);
        let mut gain = |name: &str| {
            weights.dense(&format!("{name}, gain"), (1, w), Start::Constant(1.0), rng);
            weights.dense(&format!("{name}, shift"), (1, w), Start::Constant(0.0), rng);
        };
        gain("fused");
        if self.join == Join::Attention {
            gain("tokens");
            weights.dense("question", (1, w), Start::Normal(0.1), rng);
        }
    }

    const fn n_joining(&self) -> usize {
        match self.join {
            Join::Concatenated | Join::Gated => 1,
            Join::Attention => 4,
        }
    }

    /// Which layer of those in [`Self::start`].
    fn layer(dense: &[Var], at: usize) -> [Var; 2] {
        [dense[2 * at], dense[2 * at + 1]]
    }

    /// The fused vectors of some rows of standardised modalities.
    pub(super) fn fused(
        &self,
        tape: &mut Tape<'_>,
        dense: &[Var],
        _tables: &[Var],
        parts: &[Vectors],
        rows: &[u32],
        mut noise: Option<Noise<'_>>,
    ) -> Var {
        let (w, n, n_rows) = (self.width, parts.len(), rows.len());
        let mut there = vec![false; n_rows * n];
        for (at, row) in rows.iter().enumerate() {
            let there = &mut there[at * n..(at + 1) * n];
            parts.iter().zip(there.iter_mut()).for_each(|(part, t)| *t = part.is_present(*row as usize));
            if let Some(noise) = &mut noise {
                let kept: Vec<bool> =
                    there.iter().map(|t| *t && f64::from(noise.drop_modality) <= noise.rng.uniform()).collect();
                // Never all of them: there would be nothing to learn from.
                if kept.contains(&true) {
                    there.copy_from_slice(&kept);
                }
            }
        }
        let mut mapped = Vec::with_capacity(n);
        for (m, part) in parts.iter().enumerate() {
            let width = self.widths[m];
            let mut values = vec![0.0; n_rows * width];
            for (at, row) in rows.iter().enumerate() {
                if let Some(row) = part.row(*row as usize).filter(|_| there[at * n + m]) {
                    values[at * width..(at + 1) * width].copy_from_slice(row);
                }
            }
            let x = tape.constant(values, n_rows, width);
            let x = match &mut noise {
                Some(noise) => tape.dropout(x, noise.dropout, noise.rng.next_u64()),
                None => x,
            };
            let [weight, bias] = Self::layer(dense, m);
            let x = tape.linear(x, weight, bias);
            let x = tape.activate(x, Activation::Tanh);
            // The bias must not speak for what is missing.
            let mask = (0..n_rows).flat_map(|at| vec![f32::from(u8::from(there[at * n + m])); w]).collect();
            let mask = tape.constant(mask, n_rows, w);
            mapped.push(tape.mul(x, mask));
        }
        let joined = match self.join {
            Join::Concatenated => {
                let all = Self::with_mask(tape, &mapped, &there, n);
                let [weight, bias] = Self::layer(dense, n);
                let x = tape.linear(all, weight, bias);
                tape.activate(x, Activation::Relu)
            }
            Join::Gated => {
                let all = Self::with_mask(tape, &mapped, &there, n);
                let [weight, bias] = Self::layer(dense, n);
                let gates = tape.linear(all, weight, bias);
                let gates = tape.activate(gates, Activation::Sigmoid);
                let side_by_side = tape.beside(&mapped);
                let weighed = tape.mul(gates, side_by_side);
                self.sum_of_parts(tape, weighed, n)
            }
            Join::Attention => self.attended(tape, dense, &mapped, &there),
        };
        let after = 2 * (n + self.n_joining() + 1);
        let fused = tape.layer_norm(joined, dense[after], dense[after + 1]);
        match &mut noise {
            Some(noise) => tape.dropout(fused, noise.dropout, noise.rng.next_u64()),
            None => fused,
        }
    }

    /// All modalities side by side, and which of them are there.
    fn with_mask(tape: &mut Tape<'_>, mapped: &[Var], there: &[bool], n: usize) -> Var {
        let mask = there.iter().map(|t| f32::from(u8::from(*t))).collect();
        let mask = tape.constant(mask, there.len() / n, n);
        let parts: Vec<Var> = mapped.iter().copied().chain([mask]).collect();
        tape.beside(&parts)
    }

    /// `n_rows × (n · w)` added up to `n_rows × w`.
    fn sum_of_parts(&self, tape: &mut Tape<'_>, x: Var, n: usize) -> Var {
        let w = self.width;
        // A stack of identities adds the parts up.
        let stack = (0..n * w * w).map(|at| f32::from(u8::from((at / w) % w == at % w))).collect();
        let stack = tape.constant(stack, n * w, w);
        tape.matmul(x, stack)
    }

    /// One block of attention whose last token, the question, sees every modality that is there.
    fn attended(&self, tape: &mut Tape<'_>, dense: &[Var], mapped: &[Var], there: &[bool]) -> Var {
        let (w, n) = (self.width, mapped.len());
        let n_rows = there.len() / n;
        let at_token = 2 * (n + self.n_joining() + 1) + 2;
        let [gain, shift, question] = [dense[at_token], dense[at_token + 1], dense[at_token + 2]];
        let question = tape.gather(question, vec![0; n_rows]);
        let all: Vec<Var> = mapped.iter().copied().chain([question]).collect();
        let tokens = tape.beside(&all);
        let tokens = tape.reshape(tokens, w);
        let (mut ids, mut lens, mut last) = (Vec::new(), Vec::new(), Vec::new());
        for (at, there) in there.chunks_exact(n).enumerate() {
            let first = (at * (n + 1)) as u32;
            let before = ids.len();
            ids.extend((0..n as u32).filter(|m| there[*m as usize]).map(|m| first + m));
            ids.push(first + n as u32);
            lens.push((ids.len() - before) as u32);
            last.push(ids.len() as u32 - 1);
        }
        let tokens = tape.gather(tokens, ids);
        let normal = tape.layer_norm(tokens, gain, shift);
        let [weight, bias] = Self::layer(dense, n);
        let qkv = tape.linear(normal, weight, bias);
        let seen = tape.attend(qkv, &lens, Attention { n_heads: 4, dropout: 0.0, seed: 0 });
        let (seen, asked) = (tape.gather(seen, last.clone()), tape.gather(tokens, last));
        let [weight, bias] = Self::layer(dense, n + 1);
        let seen = tape.linear(seen, weight, bias);
        let x = tape.add(asked, seen);
        let [weight, bias] = Self::layer(dense, n + 2);
        let inside = tape.linear(x, weight, bias);
        let inside = tape.activate(inside, Activation::Relu);
        let [weight, bias] = Self::layer(dense, n + 3);
        let outside = tape.linear(inside, weight, bias);
        tape.add(x, outside)
    }

    /// What the goal is about, from fused vectors.
    pub(super) fn last(&self, tape: &mut Tape<'_>, dense: &[Var], fused: Var) -> Var {
        let [weight, bias] = Self::layer(dense, self.widths.len() + self.n_joining());
        tape.linear(fused, weight, bias)
    }
}

/// Rows to learn from.
pub(super) struct Lessons<'a> {
    pub(super) shape: &'a Shape,
    pub(super) params: &'a FusionParams,
    pub(super) parts: &'a [Vectors],
    pub(super) goal: Goal<'a>,
    pub(super) rows: Vec<u32>,
}

impl Lessons<'_> {
    fn loss_of(
        &self,
        tape: &mut Tape<'_>,
        dense: &[Var],
        tables: &[Var],
        rows: &[u32],
        noise: Option<Noise<'_>>,
    ) -> Var {
        let fused = self.shape.fused(tape, dense, tables, self.parts, rows, noise);
        let out = self.shape.last(tape, dense, fused);
        match self.goal {
            Goal::Classes { labels, n } => {
                // The products of rows with the unit vectors are the rows.
                let units = (0..n * n).map(|at| f32::from(u8::from(at / n == at % n))).collect();
                let units = tape.constant(units, n, n);
                let classes: Vec<u32> = rows.iter().map(|row| labels[*row as usize].unwrap_or_default()).collect();
                tape.cross_entropy(out, units, &classes, &[])
            }
            Goal::Near(vectors) => {
                let width = vectors.width();
                let near = rows.iter().flat_map(|row| vectors.row(*row as usize).unwrap_or(&[])).copied().collect();
                let near = tape.constant(near, rows.len(), width);
                let (out, near) = (tape.unit_rows(out), tape.unit_rows(near));
                let out = tape.scale(out, 1.0 / self.shape.temperature);
                let own: Vec<u32> = (0..rows.len() as u32).collect();
                tape.cross_entropy(out, near, &own, &[])
            }
            Goal::Values(vectors) => {
                let of = |row: &u32| vectors.row(*row as usize).unwrap_or(&[]);
                let told: Vec<f32> = rows.iter().flat_map(of).copied().collect();
                let out = tape.reshape(out, 1);
                tape.squared_loss(out, &told, &vec![1.0; told.len()])
            }
        }
    }

    /// Mean loss of rows kept aside.
    pub(super) fn held_out_loss(&self, weights: &Weights, held: &[u32]) -> f64 {
        let (mut sum, mut pool) = (0.0, Pool::default());
        for rows in held.chunks(self.params.batch) {
            let mut tape = Tape::new(std::mem::take(&mut pool), Mode::Infer);
            let (dense, tables) = tape.lend(weights);
            let loss = self.loss_of(&mut tape, &dense, &tables, rows, None);
            sum += f64::from(tape.value(loss)[0]);
            pool = tape.into_pool();
        }
        sum / held.len().max(1) as f64
    }
}

impl Network for Lessons<'_> {
    type Shared = ();

    fn n_examples(&self) -> usize {
        self.rows.len()
    }

    fn share(&self, _: &[u32], _: &mut Rng) -> ((), Vec<Rows>) {
        ((), Vec::new())
    }

    fn loss(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, (): &(), examples: &[u32], rng: &mut Rng) -> Option<Loss> {
        let rows: Vec<u32> = examples.iter().map(|e| self.rows[*e as usize]).collect();
        let noise = Noise { drop_modality: self.params.drop_modality, dropout: self.params.dropout, rng };
        let sum = self.loss_of(tape, leaves.dense, leaves.tables, &rows, Some(noise));
        Some(Loss { sum, weight: rows.len() as f64 })
    }
}
