//! The best cut of one column, given its sums by step: a bin, or a value of the node (`exact`).
//!
//! With `G`, `H` the sums of a node, `L` and `R` of its children, a cut gains
//! `score(L) + score(R) − score(node)`. The score depends on the criterion:
//!
//! | criterion | score | answer of a leaf |
//! |---|---|---|
//! | Newton | `T(G)² / (H + l2)`, `T(G) = sign(G) · max(0, abs(G) − l1)` | `−T(G) / (H + l2)` |
//! | variance | `G² / H`, with `G = Σ w y`, `H = Σ w` | `G / H` |
//! | Gini | `−2 G (H − G) / H` | `G / H`, the share of ones |
//! | information | `−H · entropy(G / H)` in bits | `G / H` |
//!
//! So for information the gain is the weight of the node times `Entropy(S) − Σ |S_v| / |S| ·
//! Entropy(S_v)`: the entropy of the node *less* the weighted entropies of its children.
//!
//! Each cut is tried with missing values on either side, where there are any. A column may have to
//! rise or fall: cuts whose answers go the wrong way are refused, and answers are held within the
//! bounds that cuts above have set (middle of the two answers), which keeps the whole tree in order.
//!
//! Sources: Chen & Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016 (Newton, missing
//! values); Quinlan, "Induction of decision trees", Machine Learning 1(1), 1986 (information);
//! Breiman et al., "Classification and regression trees", 1984 (Gini, variance).
//! Cost: one pass over the steps, two with missing values.

use super::histogram::{Cell, Scale};
use super::tree::Side;

/// Whether an answer has to follow a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monotone {
    /// No rule.
    Free,
    /// A larger value never lowers the score.
    Rising,
    /// A larger value never raises the score.
    Falling,
}

/// What makes a cut good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Criterion {
    Newton { l1: f64, l2: f64 },
    Variance,
    Gini,
    Information,
}

impl Criterion {
    fn score(self, g: f64, h: f64) -> f64 {
        match self {
            Self::Newton { l1, l2 } => newton_score(soft(g, l1), h + l2),
            Self::Variance => newton_score(g, h),
            Self::Gini => gini_score(g, h),
            Self::Information => information_score(g, h),
        }
    }

    /// The answer of a leaf.
    pub(super) fn value(self, g: f64, h: f64) -> f64 {
        let ratio = |g: f64, h: f64| if h > 0.0 { g / h } else { 0.0 };
        match self {
            Self::Newton { l1, l2 } => -ratio(soft(g, l1), h + l2),
            Self::Variance | Self::Gini | Self::Information => ratio(g, h),
        }
    }
}

#[inline(always)]
fn soft(g: f64, l1: f64) -> f64 {
    (g.abs() - l1).max(0.0).copysign(g)
}

#[inline(always)]
fn newton_score(g: f64, h: f64) -> f64 {
    if h > 0.0 { g * g / h } else { 0.0 }
}

fn gini_score(g: f64, h: f64) -> f64 {
    if h > 0.0 { -2.0 * g * (h - g) / h } else { 0.0 }
}

fn information_score(g: f64, h: f64) -> f64 {
    // x log2(x / h) of each of the two classes; nothing is lost where a class is absent.
    let term = |x: f64| if x > 0.0 && x < h { x * (x / h).log2() } else { 0.0 };
    term(g) + term(h - g)
}

/// Between what an answer has to lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounds {
    pub(super) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    pub(super) fn hold(self, value: f64) -> f64 {
        value.max(self.low).min(self.high)
    }
}

/// What a cut has to keep to.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) criterion: Criterion,
    pub(super) min_rows: u32,
    pub(super) min_curvature: f64,
    pub(super) min_gain: f64,
    /// One a column, or empty where all are free.
    pub(super) monotone: &'a [Monotone],
}

/// A cut with the sums on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) gain: f64,
    pub(super) column: u32,
    /// Steps up to this go left: bins, or the values of the node in their order.
    pub(super) step: u32,
    /// Values up to this go left, where steps are the values of the node; `None` where they are bins.
    pub(super) threshold: Option<f32>,
    pub(super) missing: Side,
    pub(super) left: Cell,
    pub(super) right: Cell,
}

/// The better of two cuts; the first where they are equal.
pub(super) fn better(a: Option<Split>, b: Option<Split>) -> Option<Split> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.gain > a.gain { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The node that is cut: its sums and the bounds of its answer.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    pub(super) total: Cell,
    pub(super) bounds: Bounds,
}

/// The best cut of a column whose sums stand step by step, those of missing values beside them; `None` where no
/// cut keeps to the rules and gains something.
pub(super) fn best_in_column(
    cells: &[Cell],
    missing: Cell,
    column: u32,
    parent: Parent,
    rules: &Rules<'_>,
    scale: &Scale,
) -> Option<Split> {
    let search = Search { cells, missing, column, total: parent.total, rules, scale };
    match rules.criterion {
        Criterion::Newton { l1, l2 } if !rules.monotone.is_empty() => {
            let direction = rules.monotone[column as usize];
            search.run(bounded(l1, l2, parent.bounds, direction))
        }
        Criterion::Newton { l1: 0.0, l2 } => {
            search.run(|g, h, rest_g, rest_h| newton_score(g, h + l2) + newton_score(rest_g, rest_h + l2))
        }
        criterion @ (Criterion::Newton { .. } | Criterion::Variance | Criterion::Gini | Criterion::Information) => {
            search.run(|g, h, rest_g, rest_h| criterion.score(g, h) + criterion.score(rest_g, rest_h))
        }
    }
}

/// The score of two children whose answers are held within bounds, minus infinity where they go the
/// wrong way. For an answer `v` the score is `−(2 T(G) v + (H + l2) v²)`, at its largest `T(G)² / (H + l2)`.
fn bounded(l1: f64, l2: f64, bounds: Bounds, direction: Monotone) -> impl Fn(f64, f64, f64, f64) -> f64 {
    let newton = Criterion::Newton { l1, l2 };
    move |g, h, rest_g, rest_h| {
        let (left, right) = (bounds.hold(newton.value(g, h)), bounds.hold(newton.value(rest_g, rest_h)));
        let wrong = match direction {
            Monotone::Free => false,
            Monotone::Rising => left > right,
            Monotone::Falling => left < right,
        };
        let score = |g: f64, h: f64, value: f64| -(2.0 * soft(g, l1) * value + (h + l2) * value * value);
        if wrong { f64::NEG_INFINITY } else { score(g, h, left) + score(rest_g, rest_h, right) }
    }
}

struct Search<'a> {
    cells: &'a [Cell],
    missing: Cell,
    column: u32,
    total: Cell,
    rules: &'a Rules<'a>,
    scale: &'a Scale,
}

impl Search<'_> {
    /// `scores(G, H, rest G, rest H)` is the sum of the children's scores.
    #[inline(always)]
    fn run(&self, scores: impl Fn(f64, f64, f64, f64) -> f64) -> Option<Split> {
        let missing = self.missing;
        let mut best = Best { scores: f64::NEG_INFINITY, step: 0, missing: Side::Right, left: Cell::default() };
        self.pass(Cell::default(), Side::Right, &scores, &mut best);
        if missing.count() > 0 {
            self.pass(missing, Side::Left, &scores, &mut best);
        }
        let (g, h) = (self.scale.gradient(self.total), self.scale.curvature(self.total));
        let gain = best.scores - self.rules.criterion.score(g, h);
        // A gain within the rounding of its terms is none.
        if !(gain > self.rules.min_gain && gain > 1e-12 * best.scores.abs()) {
            return None;
        }
        let mut right = self.total;
        right.subtract(best.left);
        let larger = if best.left.count() >= right.count() { Side::Left } else { Side::Right };
        let missing = if missing.count() > 0 { best.missing } else { larger };
        let (column, step, left) = (self.column, best.step, best.left);
        Some(Split { gain, column, step, threshold: None, missing, left, right })
    }

    #[inline(always)]
    fn pass(&self, start: Cell, side: Side, scores: &impl Fn(f64, f64, f64, f64) -> f64, best: &mut Best) {
        let (min_rows, min_h) = (self.rules.min_rows, self.rules.min_curvature);
        let mut left = start;
        for (step, cell) in self.cells.iter().enumerate() {
            if cell.count() == 0 {
                continue; // the same rows on both sides as one step before
            }
            left.add(*cell);
            if left.count() < min_rows {
                continue;
            }
            let mut right = self.total;
            right.subtract(left);
            if right.count() < min_rows {
                break;
            }
            let (h, rest_h) = (self.scale.curvature(left), self.scale.curvature(right));
            if h < min_h || rest_h < min_h {
                continue;
            }
            let sum = scores(self.scale.gradient(left), h, self.scale.gradient(right), rest_h);
            if sum > best.scores {
                *best = Best { scores: sum, step: step as u32, missing: side, left };
            }
        }
    }
}

struct Best {
    scores: f64,
    step: u32,
    missing: Side,
    left: Cell,
}

#[cfg(test)]
mod tests {
    use super::super::bins::MISSING;
    use super::super::histogram::Column;
    use super::*;

    /// Cells of (bin, g, h), all in one column.
    fn column(rows: &[(u8, f32, f32)]) -> (Column, Cell, Scale) {
        let scale = Scale::new(1024.0, 1024.0);
        let (mut cells, mut total) = ([Cell::default(); 256], Cell::default());
        for &(bin, g, h) in rows {
            cells[usize::from(bin)].add(scale.cell(g, h));
            total.add(scale.cell(g, h));
        }
        (cells, total, scale)
    }

    fn rules(criterion: Criterion) -> Rules<'static> {
        Rules { criterion, min_rows: 1, min_curvature: 0.0, min_gain: 0.0, monotone: &[] }
    }

    fn best(rows: &[(u8, f32, f32)], n_bins: usize, rules: &Rules<'_>) -> Option<Split> {
        let (cells, total, scale) = column(rows);
        best_in_column(
            &cells[..n_bins],
            cells[usize::from(MISSING)],
            0,
            Parent { total, bounds: Bounds::NONE },
            rules,
            &scale,
        )
    }

    /// Quinlan's "play tennis" by humidity: 14 days, 9 with play; high humidity 3 of 7, normal 6 of 7.
    const TENNIS: [(u8, f32, f32); 4] = [(0, 6.0, 7.0), (0, 0.0, 0.0), (1, 3.0, 7.0), (1, 0.0, 0.0)];

    // Entropy(9 of 14) = 0.940286; of 6 of 7 = 0.591673; of 3 of 7 = 0.985228.
    // Gain = 0.940286 − (7/14) 0.591673 − (7/14) 0.985228 = 0.151836 (printed as 0.151 in Quinlan 1986).
    #[test]
    fn the_information_gain_is_the_entropy_less_that_of_the_children() {
        let split = best(&TENNIS, 2, &rules(Criterion::Information)).unwrap();
        assert!((split.gain / 14.0 - 0.151_836).abs() < 1e-5, "{}", split.gain / 14.0);
    }

    #[test] // Gini: 2 · 9 · 5 / 14 − 2 · 6 · 1 / 7 − 2 · 3 · 4 / 7 = 6.428571 − 1.714286 − 3.428571 = 1.285714.
    fn the_gini_gain_is_worked_by_hand() {
        let split = best(&TENNIS, 2, &rules(Criterion::Gini)).unwrap();
        assert!((split.gain - 1.285_714).abs() < 1e-5);
    }

    // G = (−4, 2, 6), H = (2, 1, 1), l2 = 1. After bin 0: 16/3 + 64/3 − 16/5 = 23.4667.
    // After bin 1: 4/4 + 36/2 − 16/5 = 15.8. With l1 = 1: 9/3 + 49/3 − 9/5 = 17.5333.
    #[test]
    fn a_newton_split_is_worked_by_hand() {
        let rows = [(0, -4.0, 2.0), (1, 2.0, 1.0), (2, 6.0, 1.0)];
        let split = best(&rows, 3, &rules(Criterion::Newton { l1: 0.0, l2: 1.0 })).unwrap();
        assert_eq!((split.step, split.missing), (0, Side::Right)); // none is missing: to the larger side
        assert!((split.gain - 23.466_667).abs() < 1e-5);
        let split = best(&rows, 3, &rules(Criterion::Newton { l1: 1.0, l2: 1.0 })).unwrap();
        assert!((split.gain - 17.533_333).abs() < 1e-5);
        let value = Criterion::Newton { l1: 1.0, l2: 1.0 }.value(-4.0, 2.0);
        assert!((value - 1.0).abs() < 1e-12);
    }

    // Missing rows look like bin 1 (g = 3): they go right with it. 9/2 + 36/2 · … = (−3)²/1 + 6²/2 − 3²/3 = 24;
    // on the left 0²/2 + 3²/1 − 3 = 6. When they look like bin 0 they go left.
    #[test]
    fn missing_values_go_where_they_fit() {
        let newton = rules(Criterion::Newton { l1: 0.0, l2: 0.0 });
        let split = best(&[(0, -3.0, 1.0), (1, 3.0, 1.0), (MISSING, 3.0, 1.0)], 2, &newton).unwrap();
        assert_eq!((split.step, split.missing, split.gain.round()), (0, Side::Right, 24.0));
        let split = best(&[(0, -3.0, 1.0), (1, 3.0, 1.0), (MISSING, -3.0, 1.0)], 2, &newton).unwrap();
        assert_eq!((split.step, split.missing, split.left.count()), (0, Side::Left, 2));
    }

    #[test] // Only being missing tells: the cut is after the last bin, with all values on the left.
    fn missing_against_the_rest_is_a_cut_too() {
        let newton = rules(Criterion::Newton { l1: 0.0, l2: 0.0 });
        let split = best(&[(0, 1.0, 1.0), (1, 1.0, 1.0), (MISSING, -3.0, 1.0)], 2, &newton).unwrap();
        assert_eq!((split.step, split.missing, split.right.count()), (1, Side::Right, 1));
    }

    #[test]
    fn a_cut_keeps_to_rows_curvature_gain_and_direction() {
        let rows = [(0, -4.0, 2.0), (1, 2.0, 1.0), (2, 6.0, 1.0)];
        let newton = rules(Criterion::Newton { l1: 0.0, l2: 1.0 });
        assert!(best(&rows, 3, &Rules { min_rows: 2, ..newton }).is_none());
        assert!(best(&rows, 3, &Rules { min_curvature: 2.5, ..newton }).is_none());
        assert!(best(&rows, 3, &Rules { min_gain: 24.0, ..newton }).is_none());
        // The answer falls from 4/3 to −8/3: fine for a falling column, refused for a rising one.
        let falling = Rules { monotone: &[Monotone::Falling], ..newton };
        assert!((best(&rows, 3, &falling).unwrap().gain - 23.466_667).abs() < 1e-5);
        assert!(best(&rows, 3, &Rules { monotone: &[Monotone::Rising], ..newton }).is_none());
    }
}
