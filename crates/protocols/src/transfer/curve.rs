//! How much of a target's own data a transfer replaces.
//!
//! From the target's rows whole shoppers are drawn, in an order that a seed gives, until `k` rows are
//! reached (the last one may go beyond); models learn from those and from the sources, and the same test
//! shoppers are asked at every `k`. What a test shopper bought before is read when the shopper is asked,
//! never learnt from unless drawn.
//!
//! The target alone is the best of several models *on the very questions that are reported*, which favours
//! it; the transfer is one way fixed beforehand. *Saved* at `k`: the rows that the target alone would need
//! to be as good, less `k`, read off the line between its points over ln(1 + k); where it never gets there,
//! a lower bound.
//!
//! Source: learning curves against training from zero are the usual proof of transfer, Taylor and Stone,
//! "Transfer learning for reinforcement learning domains: a survey", JMLR 10, 2009 (jump start, time to
//! threshold). Cost: fits of all models for each size and draw.

use super::arena::{Arena, Side, Window};
use crate::ProtocolError;
use domain::{Interactions, Seed, ShopperIdx};
use eval::{Bootstrap, PairedDifference, paired_difference};
use recommend::transfer::Adaptation;
use serde::Serialize;

/// What is drawn and compared.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveParams {
    /// Rows of the target that are kept; what is not below all rows is left out, all rows come last.
    pub sizes: Vec<usize>,
    /// Draws of each size between none and all.
    pub n_draws: u64,
    /// Models of the target alone.
    pub alone: Vec<Adaptation>,
    /// The transfer.
    pub transfer: Adaptation,
    /// Intervals.
    pub bootstrap: Bootstrap,
}

/// One size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Rows of the target that were learnt from, mean over the draws.
    pub k: f64,
    /// Mean mark of the target alone.
    pub alone: f64,
    /// Mean mark of the transfer.
    pub transferred: f64,
    /// The difference over the test shoppers, each shopper's marks averaged over the draws.
    pub gain: PairedDifference,
    /// Rows that the transfer saves.
    pub saved: f64,
    /// Whether it saves at least that many: the target alone never gets as good.
    pub at_least: bool,
}

/// The rows of shoppers drawn until there are `k`.
pub fn drawn(rows: &Interactions, k: usize, seed: Seed) -> Interactions {
    let mut order: Vec<u32> = (0..rows.n_shoppers() as u32).filter(|s| !rows.row(ShopperIdx(*s)).is_empty()).collect();
    seed.stream(0).shuffle(&mut order);
    let mut taken = vec![false; rows.n_shoppers()];
    let mut n = 0;
    for s in order {
        if n >= k {
            break;
        }
        taken[s as usize] = true;
        n += rows.row(ShopperIdx(s)).len();
    }
    rows.filter(|row| taken[row.shopper.at()])
}

/// Measures every size on a window.
///
/// # Errors
/// [`ProtocolError`] of a fit, or without a question.
pub fn curve(
    task: &str,
    window: &Window,
    params: &CurveParams,
    seed: Seed,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<CurvePoint>, ProtocolError> {
    let all = window.ground.target().len();
    let mut sizes: Vec<usize> = params.sizes.iter().copied().filter(|k| *k < all).collect();
    sizes.push(all);
    let mut points = Vec::new();
    for k in sizes {
        progress(&format!("{k} rows of the target"));
        let n_draws = if k == 0 || k == all { 1 } else { params.n_draws.max(1) };
        let mut alone = vec![vec![0.0; window.cases.len()]; params.alone.len()];
        let mut transferred = vec![0.0; window.cases.len()];
        let mut rows = 0.0;
        for draw in 0..n_draws {
            let own = if k == all {
                window.ground.target().clone()
            } else {
                drawn(window.ground.target(), k, seed.derive(draw))
            };
            rows += own.len() as f64 / n_draws as f64;
            let failed = |why| ProtocolError::Fit { model: "rows drawn", task: task.to_owned(), why };
            let ground = window.ground.with_target(own).map_err(failed)?;
            let mut arena = Arena::of_one(task, ground, Vec::new(), window.cases.clone(), seed);
            for (sum, way) in alone.iter_mut().zip(&params.alone) {
                add(sum, &arena.marks(way, Side::Test)?, n_draws);
            }
            add(&mut transferred, &arena.marks(&params.transfer, Side::Test)?, n_draws);
        }
        let mean = |marks: &[f64]| marks.iter().sum::<f64>() / marks.len().max(1) as f64;
        let best = alone.iter().enumerate().fold(0, |top, (at, m)| if mean(m) > mean(&alone[top]) { at } else { top });
        points.push(CurvePoint {
            k: rows,
            alone: mean(&alone[best]),
            transferred: mean(&transferred),
            gain: paired_difference(&transferred, &alone[best], &params.bootstrap, seed)?,
            saved: 0.0,
            at_least: false,
        });
    }
    let line: Vec<(f64, f64)> = points.iter().map(|p| (p.k, p.alone)).collect();
    for point in &mut points {
        let needed = rows_needed(&line, point.transferred);
        point.at_least = needed.is_none();
        point.saved = (needed.unwrap_or(line.last().map_or(0.0, |p| p.0)) - point.k).max(0.0);
    }
    Ok(points)
}

fn add(sum: &mut [f64], marks: &[f64], n_draws: u64) {
    sum.iter_mut().zip(marks).for_each(|(s, m)| *s += m / n_draws as f64);
}

/// Rows at which a line of (rows, mark) first reaches a mark; nothing where it never does.
fn rows_needed(line: &[(f64, f64)], mark: f64) -> Option<f64> {
    if line.first()?.1 >= mark {
        return Some(line[0].0);
    }
    let pair = line.windows(2).find(|pair| pair[1].1 >= mark)?;
    let (from, to) = (pair[0], pair[1]);
    let share = (mark - from.1) / (to.1 - from.1);
    let (a, b) = ((1.0 + from.0).ln(), (1.0 + to.0).ln());
    Some((a + share * (b - a)).exp() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Half way from ln 10 to ln 1000 is ln 100.
    fn rows_are_read_off_the_line_by_hand() {
        let line = [(0.0, 0.1), (9.0, 0.2), (999.0, 0.4)];
        assert!((rows_needed(&line, 0.3).unwrap() - 99.0).abs() < 1e-9);
        assert_eq!((rows_needed(&line, 0.05), rows_needed(&line, 0.5)), (Some(0.0), None));
        assert!((rows_needed(&line, 0.4).unwrap() - 999.0).abs() < 1e-9);
    }

    #[test]
    fn whole_shoppers_are_drawn_and_a_smaller_draw_is_within_a_larger_one() {
        let rows = Interactions::from_baskets(4, [&[0, 1, 2][..], &[1, 2], &[3], &[0, 3], &[2]]);
        let (small, large) = (drawn(&rows, 2, Seed(3)), drawn(&rows, 5, Seed(3)));
        assert!(small.len() >= 2 && small.len() < 5 && large.len() >= 5);
        for s in (0..5).map(ShopperIdx) {
            assert!(small.row(s).is_empty() || small.row(s) == rows.row(s), "whole shoppers");
            assert!(small.row(s).is_empty() || large.row(s) == rows.row(s), "nested");
        }
        assert!(drawn(&rows, 0, Seed(3)).is_empty());
    }
}
