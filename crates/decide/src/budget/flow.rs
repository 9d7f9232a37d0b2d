//! Money as a flow from the budget through rows and columns: the best one for concave gains, and a local best for any.
//!
//! Nodes are the budget, every row (channel), every column (market) and a sink that leads back to the budget. A cell is an
//! arc from its row to its column whose gain is a curve; row, column and total limits are limits of the other arcs. A flow is
//! best if and only if no cycle of the residual graph gains (Ahuja, Magnanti and Orlin, "Network flows", Prentice Hall 1993,
//! section 14.5). Cycles are looked for with steps of `Δ` minor units, `Δ` halved when none is left (capacity scaling,
//! section 14.5), by Bellman and Ford's search. With concave gains the last step, 1, leaves the optimum over whole minor units.
//! Cost: some hundred cycles for each of `log₂(budget)` steps, each `O(nodes · cells)` at worst, usually a tenth of that.

use crate::spend_error::SpendError;

/// An arc with limits, in minor units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub from: usize,
    pub to: usize,
    pub low: i64,
    pub high: i64,
}

/// The network: `cells` first, in the order of their gains, then the arcs that only limit.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub n_nodes: usize,
    pub n_cells: usize,
    pub arcs: Vec<Arc>,
    /// What a minor unit costs on the last arc, from sink to budget.
    pub cost: f64,
}

impl Network {
    /// A flow within all limits.
    ///
    /// # Errors
    /// [`SpendError::Infeasible`], with the node at which money is missing or too much.
    pub(super) fn feasible(&self, node_name: impl Fn(usize) -> String) -> Result<Vec<i64>, SpendError> {
        for arc in &self.arcs {
            if arc.low > arc.high {
                let names = format!("{} to {}", node_name(arc.from), node_name(arc.to));
                return Err(SpendError::Infeasible(format!(
                    "{names}: at least {} and at most {} minor units",
                    arc.low, arc.high
                )));
            }
        }
        let mut flow: Vec<i64> = self.arcs.iter().map(|a| a.low).collect();
        let mut excess = vec![0_i64; self.n_nodes];
        for (arc, f) in self.arcs.iter().zip(&flow) {
            excess[arc.to] += f;
            excess[arc.from] -= f;
        }
        // Excess walks to where it is missing along the shortest residual path, one arc a level.
        while let Some(start) = (0..self.n_nodes).find(|&v| excess[v] > 0) {
            let mut came: Vec<Option<(usize, bool)>> = vec![None; self.n_nodes];
            let mut queue = vec![start];
            let mut at = 0;
            let end = loop {
                let Some(&v) = queue.get(at) else { break None };
                if excess[v] < 0 {
                    break Some(v);
                }
                at += 1;
                for (k, arc) in self.arcs.iter().enumerate() {
                    let next = if arc.from == v && flow[k] < arc.high {
                        (arc.to, true)
                    } else if arc.to == v && flow[k] > arc.low {
                        (arc.from, false)
                    } else {
                        continue;
                    };
                    if next.0 != start && came[next.0].is_none() {
                        came[next.0] = Some((k, next.1));
                        queue.push(next.0);
                    }
                }
            };
            let Some(end) = end else {
                let stuck = format!("{} minor units too many at {} find no place", excess[start], node_name(start));
                return Err(SpendError::Infeasible(stuck));
            };
            let mut path = Vec::new();
            let mut v = end;
            while v != start {
                let Some((k, forward)) = came[v] else { break };
                path.push((k, forward));
                v = if forward { self.arcs[k].from } else { self.arcs[k].to };
            }
            let room = |&(k, forward): &(usize, bool)| {
                if forward { self.arcs[k].high - flow[k] } else { flow[k] - self.arcs[k].low }
            };
            let most = path.iter().map(room).min().unwrap_or(0).min(excess[start]).min(-excess[end]);
            for (k, forward) in path {
                flow[k] += if forward { most } else { -most };
            }
            excess[start] -= most;
            excess[end] += most;
        }
        Ok(flow)
    }

    /// Pushes money round gaining cycles, from steps of `first` minor units down to `last`.
    pub(super) fn improve(&self, flow: &mut [i64], first: i64, last: i64, gain: &dyn Fn(usize, i64) -> f64) {
        let mut search = Search::new(self);
        let mut step = first.max(last).max(1);
        loop {
            search.steps(self, flow, step, gain);
            // A cycle whose gain drowns in rounding is no cycle; the number of rounds is bounded all the same.
            for _ in 0..200 * (self.n_cells + 10) {
                let Some(cycle) = search.cycle(self) else { break };
                for &(k, forward) in &cycle {
                    flow[k] += if forward { step } else { -step };
                }
                for &(k, _) in &cycle {
                    search.arc(self, flow, k, step, gain);
                }
            }
            if step <= last.max(1) {
                return;
            }
            step = (step / 2).max(last.max(1));
        }
    }
}

/// Gains of moving one step along or against each arc, and room for Bellman and Ford.
struct Search {
    along: Vec<f64>,
    against: Vec<f64>,
    reach: Vec<f64>,
    came: Vec<usize>,
    noise: f64,
    /// Arcs and directions that have room.
    open: Vec<(usize, bool)>,
    dirty: bool,
}

const NOWHERE: usize = usize::MAX;

impl Search {
    fn new(network: &Network) -> Self {
        let n = network.arcs.len();
        Self {
            along: vec![f64::NEG_INFINITY; n],
            against: vec![f64::NEG_INFINITY; n],
            reach: vec![0.0; network.n_nodes],
            came: vec![NOWHERE; network.n_nodes],
            noise: 0.0,
            open: Vec::new(),
            dirty: true,
        }
    }

    fn steps(&mut self, network: &Network, flow: &[i64], step: i64, gain: &dyn Fn(usize, i64) -> f64) {
        let total: f64 = (0..network.n_cells).map(|k| gain(k, flow[k]).abs()).sum();
        self.noise = 1e-13 * (1.0 + total);
        (0..network.arcs.len()).for_each(|k| self.arc(network, flow, k, step, gain));
    }

    fn arc(&mut self, network: &Network, flow: &[i64], k: usize, step: i64, gain: &dyn Fn(usize, i64) -> f64) {
        let arc = network.arcs[k];
        let change = |to: i64| {
            if k < network.n_cells {
                gain(k, to) - gain(k, flow[k])
            } else if k + 1 == network.arcs.len() {
                network.cost * (flow[k] - to) as f64
            } else {
                0.0
            }
        };
        let can = |ok: bool, to: i64| if ok { change(to) } else { f64::NEG_INFINITY };
        self.along[k] = can(flow[k] + step <= arc.high, flow[k] + step);
        self.against[k] = can(flow[k] - step >= arc.low, flow[k] - step);
        self.dirty = true;
    }

    /// A cycle that gains more than rounding, as arcs and directions.
    fn cycle(&mut self, network: &Network) -> Option<Vec<(usize, bool)>> {
        if self.dirty {
            self.open.clear();
            for k in 0..network.arcs.len() {
                if self.along[k] > f64::NEG_INFINITY {
                    self.open.push((k, true));
                }
                if self.against[k] > f64::NEG_INFINITY {
                    self.open.push((k, false));
                }
            }
            self.dirty = false;
        }
        self.reach.fill(0.0);
        self.came.fill(NOWHERE);
        for _ in 0..network.n_nodes {
            let mut moved = false;
            for (index, &(k, forward)) in self.open.iter().enumerate() {
                let arc = &network.arcs[k];
                let (from, to, gain) =
                    if forward { (arc.from, arc.to, self.along[k]) } else { (arc.to, arc.from, self.against[k]) };
                if self.reach[from] + gain > self.reach[to] + self.noise {
                    self.reach[to] = self.reach[from] + gain;
                    self.came[to] = index;
                    moved = true;
                }
            }
            if !moved {
                return None;
            }
            if let Some(cycle) = self.closed(network) {
                return Some(cycle);
            }
        }
        None
    }

    /// A cycle among the arcs by which the nodes were reached last.
    fn closed(&self, network: &Network) -> Option<Vec<(usize, bool)>> {
        let back = |v: usize| {
            let (k, forward) = *self.open.get(self.came[v])?;
            Some(if forward { network.arcs[k].from } else { network.arcs[k].to })
        };
        let mut seen = vec![NOWHERE; network.n_nodes];
        for start in 0..network.n_nodes {
            let mut v = start;
            while seen[v] == NOWHERE {
                seen[v] = start;
                match back(v) {
                    Some(next) => v = next,
                    None => break,
                }
            }
            if seen[v] != start || back(v).is_none() {
                continue;
            }
            let mut cycle = Vec::new();
            let mut at = v;
            loop {
                cycle.push(self.open[self.came[at]]);
                at = back(at)?;
                if at == v {
                    break;
                }
            }
            let gain: f64 =
                cycle.iter().map(|&(k, forward)| if forward { self.along[k] } else { self.against[k] }).sum();
            if gain > self.noise {
                return Some(cycle);
            }
        }
        None
    }
}
