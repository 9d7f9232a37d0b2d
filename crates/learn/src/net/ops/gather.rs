//! Rows of a table: one for each position, or weighted sums of several.

use crate::lanes::add_scaled;
use crate::net::{Tape, Var, math};

impl Tape<'_> {
    /// Row `ids[r]` of `table` as row `r`. Derivatives of a row that is asked for several times are added in
    /// the order of asking.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn gather(&mut self, table: Var, ids: Vec<u32>) -> Var {
        let n = self.shape(table).1;
        let mut out = self.buffer(ids.len() * n);
        let rows = self.value(table);
        for (target, id) in out.chunks_exact_mut(n).zip(&ids) {
            target.copy_from_slice(&rows[*id as usize * n..][..n]);
        }
        self.push(out, (ids.len(), n), &[table], move |nodes, d| {
            if let Some(mut grad) = nodes.grad(table) {
                for (d, id) in d.chunks_exact(n).zip(&ids) {
                    math::add_to(&mut grad[*id as usize * n..][..n], d);
                }
                nodes.put(table, grad);
            }
        })
    }

    /// Row `r` is `Σ weight · row id of table` over the members of bag `r`; `ends[r]` is the number of members
    /// of all bags up to and including it. An empty bag is a row of zeros.
    ///
    /// # Panics
    /// If `ends` does not ascend to the number of members, or there is no such row.
    pub fn bag(&mut self, table: Var, ends: Vec<u32>, members: Vec<(u32, f32)>) -> Var {
        assert!(ends.last().copied().unwrap_or(0) as usize == members.len(), "the last bag ends with the members");
        let n = self.shape(table).1;
        let mut out = self.buffer(ends.len() * n);
        out.fill(0.0);
        let rows = self.value(table);
        let mut start = 0;
        for (target, end) in out.chunks_exact_mut(n).zip(&ends) {
            for (id, weight) in &members[start..*end as usize] {
                add_scaled(target, *weight, &rows[*id as usize * n..][..n]);
            }
            start = *end as usize;
        }
        self.push(out, (ends.len(), n), &[table], move |nodes, d| {
            if let Some(mut grad) = nodes.grad(table) {
                let mut start = 0;
                for (d, end) in d.chunks_exact(n).zip(&ends) {
                    for (id, weight) in &members[start..*end as usize] {
                        add_scaled(&mut grad[*id as usize * n..][..n], *weight, d);
                    }
                    start = *end as usize;
                }
                nodes.put(table, grad);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::net::{Mode, Pool, Tape};

    const TABLE: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    #[test]
    fn a_row_that_is_asked_for_twice_learns_twice() {
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let table = tape.leaf(&TABLE, 3, 2);
        let out = tape.gather(table, vec![2, 0, 2]);
        assert_eq!(tape.value(out), [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
        tape.backward(out);
        assert_eq!(tape.gradient(table), Some(vec![1.0, 1.0, 0.0, 0.0, 2.0, 2.0]));
    }

    #[test] // Bags {0 at 2, 1 at 1}, {}, {1 at 0.5}: (2+3, 4+4), (0, 0), (1.5, 2).
    fn bags_are_weighted_sums_by_hand() {
        let mut tape = Tape::new(Pool::default(), Mode::Train);
        let table = tape.leaf(&TABLE, 3, 2);
        let out = tape.bag(table, vec![2, 2, 3], vec![(0, 2.0), (1, 1.0), (1, 0.5)]);
        assert_eq!(tape.value(out), [5.0, 8.0, 0.0, 0.0, 1.5, 2.0]);
        tape.backward(out);
        assert_eq!(tape.gradient(table), Some(vec![2.0, 2.0, 1.5, 1.5, 0.0, 0.0]));
    }
}
