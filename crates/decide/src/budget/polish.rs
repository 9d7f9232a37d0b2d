//! The last steps on the real curves: amounts moved between cells while that brings more.
//!
//! Moves are: a cell alone (where the budget need not be spent), from one cell to another, and round a square of two rows
//! and two columns where their sums are at a limit. Steps halve from a quarter of the budget to one minor unit, so that a
//! move can leap over the flat foot of an S-shaped curve. Cost: `O(cells²)` comparisons for each pass of a step size.

use super::flow::Network;

/// Raises the gain of a flow that keeps all limits; never lowers it.
pub(super) fn polish(network: &Network, flow: &mut [i64], largest: i64, gain: &dyn Fn(usize, i64) -> f64) {
    let n = network.n_cells;
    let mut move_by = largest.max(1);
    let total: f64 = (0..n).map(|k| gain(k, flow[k]).abs()).sum();
    let noise = 1e-13 * (1.0 + total);
    loop {
        let mut up: Vec<f64> = vec![0.0; n];
        let mut down: Vec<f64> = vec![0.0; n];
        let set = |k: usize, flow: &[i64], up: &mut [f64], down: &mut [f64]| {
            let arc = network.arcs[k];
            let here = gain(k, flow[k]);
            let at = |x: i64| if (arc.low..=arc.high).contains(&x) { gain(k, x) - here } else { f64::NEG_INFINITY };
            (up[k], down[k]) = (at(flow[k] + move_by), at(flow[k] - move_by));
        };
        (0..n).for_each(|k| set(k, flow, &mut up, &mut down));
        for _ in 0..20 * (n + 5) {
            let Some(moves) = best_move(network, flow, move_by, &up, &down, noise) else { break };
            for (k, by) in moves {
                flow[k] += by;
                if k < n {
                    set(k, flow, &mut up, &mut down);
                }
            }
        }
        if move_by == 1 {
            return;
        }
        move_by /= 2;
    }
}

/// The move that brings most, as changes of arcs.
fn best_move(
    network: &Network,
    flow: &[i64],
    step: i64,
    up: &[f64],
    down: &[f64],
    noise: f64,
) -> Option<Vec<(usize, i64)>> {
    let n = network.n_cells;
    let last = network.arcs.len() - 1;
    let mut into = vec![usize::MAX; network.n_nodes];
    for (k, arc) in network.arcs.iter().enumerate().skip(n) {
        // Limit of a row is the arc into it, of a column the arc out of it.
        into[if arc.from == 0 { arc.to } else { arc.from }] = k;
    }
    let can = |k: usize, by: i64| (network.arcs[k].low..=network.arcs[k].high).contains(&(flow[k] + by));
    let mut best: (f64, Vec<(usize, i64)>) = (noise, Vec::new());
    for k in 0..n {
        let (row, column) = (into[network.arcs[k].from], into[network.arcs[k].to]);
        for (gain, by) in [(up[k], step), (down[k], -step)] {
            let gain = gain - network.cost * by as f64;
            if gain > best.0 && can(row, by) && can(column, by) && can(last, by) {
                best = (gain, vec![(k, by), (row, by), (column, by), (last, by)]);
            }
        }
    }
    for a in (0..n).filter(|&a| up[a] > f64::NEG_INFINITY) {
        for b in (0..n).filter(|&b| b != a && down[b] > f64::NEG_INFINITY) {
            let gain = up[a] + down[b];
            if gain <= best.0 {
                continue;
            }
            let (x, y) = (network.arcs[a], network.arcs[b]);
            let mut moves = vec![(a, step), (b, -step)];
            let mut free = true;
            for (to, from) in [(into[x.from], into[y.from]), (into[x.to], into[y.to])] {
                if to != from {
                    free &= can(to, step) && can(from, -step);
                    moves.extend([(to, step), (from, -step)]);
                }
            }
            if free {
                best = (gain, moves);
            }
        }
    }
    if best.1.is_empty() {
        best = square(network, step, up, down, noise);
    }
    (!best.1.is_empty()).then_some(best.1)
}

/// Up at (i, j) and (k, l), down at (i, l) and (k, j): no sum changes.
fn square(network: &Network, step: i64, up: &[f64], down: &[f64], noise: f64) -> (f64, Vec<(usize, i64)>) {
    let n = network.n_cells;
    let mut at = std::collections::BTreeMap::new();
    for (k, arc) in network.arcs.iter().enumerate().take(n) {
        at.insert((arc.from, arc.to), k);
    }
    let mut best = (noise, Vec::new());
    for a in 0..n {
        for d in a + 1..n {
            let (x, y) = (network.arcs[a], network.arcs[d]);
            if x.from == y.from || x.to == y.to || up[a] + up[d] == f64::NEG_INFINITY {
                continue;
            }
            let (Some(&b), Some(&c)) = (at.get(&(x.from, y.to)), at.get(&(y.from, x.to))) else { continue };
            let gain = up[a] + up[d] + down[b] + down[c];
            if gain > best.0 {
                best = (gain, vec![(a, step), (d, step), (b, -step), (c, -step)]);
            }
        }
    }
    best
}
