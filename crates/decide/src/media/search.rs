//! Search of carry-over and saturation: a table of shapes for every channel, swept channel by channel, then refined.
//!
//! Given the shapes the rest is a small least squares with one optimum. So the search computes, once, what every shape of a
//! coarse table leaves of every channel; a sweep then tries all shapes of one channel beside the present ones of the
//! others, at the cost of a few dot products and a system of as many unknowns as there are channels. The best of several
//! random starts are refined by a compass search: each number up and down, the step halved when nothing is lower.
//! The same table serves every resample of a bootstrap, because it does not depend on the outcome.
//!
//! Deterministic for a seed. Cost: table `O(channels · values³ · weeks)`, sweep `O(channels² · values³ · weeks)`.

use super::design::{Column, Design, dot};
use super::experiment::Lift;
use super::params::{SearchParams, Shape};
use domain::{Rng, Seed};
use learn::signed_squares::{Sign, SignedSquares};
use rayon::prelude::*;

/// Smallest step of the refinement, as a part of a number's range.
const SMALLEST_STEP: f64 = 2e-4;

/// The outcome that is fitted, and what weighs against the fit.
pub(super) struct Target<'a> {
    /// What the base leaves of the outcome, training rows.
    pub left: &'a [f64],
    /// Ridge.
    pub ridge: f64,
    /// Experiments.
    pub lifts: &'a [Lift],
    /// Variance of the residuals, which weighs experiments and the anchor against weeks.
    pub variance: f64,
    /// Numbers of each channel's shape that are held on to where the weeks do not say otherwise.
    pub anchor: Option<&'a [Vec<f64>]>,
}

/// Shapes with their fit.
#[derive(Clone)]
pub(super) struct Found {
    /// Penalised mean square.
    pub loss: f64,
    /// Numbers of every channel's shape.
    pub numbers: Vec<Vec<f64>>,
    /// Shapes of every channel.
    pub shapes: Vec<Shape>,
    /// Their columns.
    pub columns: Vec<Column>,
    /// Coefficients.
    pub coefficients: Vec<f64>,
}

/// Every shape of the coarse table, channel by channel.
pub(super) struct Table {
    rows: Vec<(Vec<f64>, Shape)>,
    columns: Vec<Vec<Column>>,
}

/// Sums of products of the channels' columns, kept up to date while one of them changes.
struct Normal {
    n: usize,
    gram: Vec<f64>,
    moment: Vec<f64>,
    constant: f64,
    solver: SignedSquares,
}

impl Normal {
    fn new(columns: &[&Column], target: &Target<'_>) -> Self {
        let n = columns.len();
        let mut normal = Self {
            n,
            gram: vec![0.0; n * n],
            moment: vec![0.0; n],
            constant: dot(target.left, target.left) / target.left.len() as f64
                + weight(target) * target.lifts.iter().map(|l| (l.lift / l.standard_error).powi(2)).sum::<f64>(),
            solver: SignedSquares::new(&vec![Sign::NotNegative; n]),
        };
        (0..n).for_each(|j| normal.put(j, columns, target));
        normal
    }

    /// Enters the column of channel `j`.
    fn put(&mut self, j: usize, columns: &[&Column], target: &Target<'_>) {
        let rows = target.left.len() as f64;
        for (i, column) in columns.iter().enumerate() {
            let product = dot(&column.left, &columns[j].left) / rows;
            self.gram[i * self.n + j] = product;
            self.gram[j * self.n + i] = product;
        }
        self.gram[j * self.n + j] += target.ridge;
        self.moment[j] = dot(&columns[j].left, target.left) / rows;
        for &(at, d) in &columns[j].tested {
            // The first fit goes without experiments, on the same columns.
            let Some(lift) = target.lifts.get(at) else { continue };
            let precision = weight(target) / (lift.standard_error * lift.standard_error);
            self.gram[j * self.n + j] += precision * d * d;
            self.moment[j] += precision * d * lift.lift;
        }
    }

    /// Penalised mean square at the optimum; the coefficients stay in the solver's room.
    fn loss(&mut self) -> Option<(f64, &[f64])> {
        let coefficients = self.solver.solve(&self.gram, &self.moment)?;
        let gain: f64 = self.moment.iter().zip(coefficients).map(|(c, b)| c * b).sum();
        Some((self.constant - gain, coefficients))
    }
}

/// What it costs to leave the anchor of a channel: squares in units of the standard deviation of a uniform over the range.
fn leaving(params: &SearchParams, target: &Target<'_>, channel: usize, numbers: &[f64]) -> f64 {
    let Some(anchor) = target.anchor else { return 0.0 };
    let square = |(k, (x, a)): (usize, (&f64, &f64))| {
        let (low, high) = params.range(k);
        12.0 * ((x - a) / (high - low).max(f64::MIN_POSITIVE)).powi(2)
    };
    weight(target) * numbers.iter().zip(&anchor[channel]).enumerate().map(square).sum::<f64>()
}

fn weight(target: &Target<'_>) -> f64 {
    target.variance / target.left.len() as f64
}

/// The fit of given shapes. `None` without a ridge where two channels are the same.
pub(super) fn solve(columns: &[Column], target: &Target<'_>) -> Option<(f64, Vec<f64>)> {
    let columns: Vec<&Column> = columns.iter().collect();
    let mut normal = Normal::new(&columns, target);
    normal.loss().map(|(loss, b)| (loss, b.to_vec()))
}

impl Table {
    pub(super) fn new(design: &Design, params: &SearchParams, lifts: &[Lift]) -> Self {
        let n_numbers = params.n_numbers();
        let n_rows = params.n_values.pow(n_numbers as u32);
        let row = |at: usize| {
            let mut rest = at;
            let numbers: Vec<f64> = (0..n_numbers)
                .map(|k| {
                    let (low, high) = params.range(k);
                    let step = rest % params.n_values;
                    rest /= params.n_values;
                    low + (high - low) * step as f64 / (params.n_values - 1) as f64
                })
                .collect();
            let shape = params.shape(&numbers);
            (numbers, shape)
        };
        let rows: Vec<(Vec<f64>, Shape)> = (0..n_rows).map(row).collect();
        let columns = (0..design.spend.len())
            .into_par_iter()
            .map(|channel| rows.iter().map(|(_, shape)| design.column(channel, shape, lifts)).collect())
            .collect();
        Self { rows, columns }
    }

    /// Sweeps from the rows `at` until nothing is lower.
    fn sweep(&self, params: &SearchParams, at: &mut [usize], target: &Target<'_>) -> Option<f64> {
        let n = at.len();
        let held: Vec<Vec<f64>> = (0..n)
            .map(|j| self.rows.iter().map(|(numbers, _)| leaving(params, target, j, numbers)).collect())
            .collect();
        let mut holding: f64 = at.iter().enumerate().map(|(j, &row)| held[j][row]).sum();
        let mut present: Vec<&Column> = at.iter().enumerate().map(|(j, &row)| &self.columns[j][row]).collect();
        let mut normal = Normal::new(&present, target);
        let mut best = normal.loss()?.0 + holding;
        for _ in 0..20 {
            let before = best;
            for j in 0..n {
                let mut best_row = at[j];
                let others = holding - held[j][at[j]];
                for row in 0..self.rows.len() {
                    present[j] = &self.columns[j][row];
                    normal.put(j, &present, target);
                    let held = others + held[j][row];
                    if let Some((loss, _)) = normal.loss()
                        && loss + held < best
                    {
                        (best, best_row) = (loss + held, row);
                    }
                }
                at[j] = best_row;
                holding = others + held[j][best_row];
                present[j] = &self.columns[j][best_row];
                normal.put(j, &present, target);
            }
            if best >= before * (1.0 - 1e-6) {
                break;
            }
        }
        Some(best)
    }

    fn random_start(&self, rng: &mut Rng) -> Vec<usize> {
        (0..self.columns.len()).map(|_| rng.below(self.rows.len())).collect()
    }

    /// The row of the table nearest to each channel's numbers.
    fn nearest(&self, params: &SearchParams, numbers: &[Vec<f64>]) -> Vec<usize> {
        let distance = |row: &[f64], at: &[f64]| -> f64 {
            (0..at.len())
                .map(|k| {
                    let (low, high) = params.range(k);
                    ((row[k] - at[k]) / (high - low).max(f64::MIN_POSITIVE)).powi(2)
                })
                .sum()
        };
        let nearest = |at: &Vec<f64>| {
            (0..self.rows.len())
                .min_by(|&a, &b| distance(&self.rows[a].0, at).total_cmp(&distance(&self.rows[b].0, at)))
                .unwrap_or(0)
        };
        numbers.iter().map(nearest).collect()
    }

    fn found(&self, at: &[usize], loss: f64) -> Found {
        Found {
            loss,
            numbers: at.iter().map(|&row| self.rows[row].0.clone()).collect(),
            shapes: at.iter().map(|&row| self.rows[row].1).collect(),
            columns: at.iter().enumerate().map(|(j, &row)| self.columns[j][row].clone()).collect(),
            coefficients: Vec::new(),
        }
    }

    /// The lowest that is found from several starts. An anchor is a start too, and leaves one random one: what a resample
    /// of the same table needs.
    pub(super) fn search(
        &self,
        design: &Design,
        params: &SearchParams,
        target: &Target<'_>,
        seed: Seed,
    ) -> Option<Found> {
        let (n_starts, n_refined) = if target.anchor.is_some() { (2, 1) } else { (params.n_starts, params.n_refined) };
        let start = |i: usize| match target.anchor {
            Some(numbers) if i == 0 => self.nearest(params, numbers),
            _ => self.random_start(&mut seed.stream(i as u64)),
        };
        let mut swept: Vec<(f64, Vec<usize>)> = (0..n_starts)
            .into_par_iter()
            .filter_map(|i| {
                let mut at = start(i);
                self.sweep(params, &mut at, target).map(|loss| (loss, at))
            })
            .collect();
        swept.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        swept.dedup_by(|a, b| a.1 == b.1);
        swept.truncate(n_refined);
        let refined: Vec<Found> = swept
            .into_par_iter()
            .filter_map(|(loss, at)| refine(design, params, target, self.found(&at, loss)))
            .collect();
        refined.into_iter().reduce(|a, b| if b.loss < a.loss { b } else { a })
    }
}

/// Compass search over all numbers of all shapes.
fn refine(design: &Design, params: &SearchParams, target: &Target<'_>, mut found: Found) -> Option<Found> {
    let n_numbers = params.n_numbers();
    let mut holding: f64 =
        found.numbers.iter().enumerate().map(|(j, numbers)| leaving(params, target, j, numbers)).sum();
    let mut step = 0.5 / (params.n_values - 1) as f64;
    while step > SMALLEST_STEP {
        let before = found.loss;
        for j in 0..found.shapes.len() {
            // A channel that the fit does not use has no slope to follow.
            for k in 0..n_numbers {
                let (low, high) = params.range(k);
                for direction in [1.0, -1.0] {
                    let mut numbers = found.numbers[j].clone();
                    numbers[k] = (numbers[k] + direction * step * (high - low)).clamp(low, high);
                    if numbers[k] == found.numbers[j][k] {
                        continue;
                    }
                    let shape = params.shape(&numbers);
                    let column = design.column(j, &shape, target.lifts);
                    let columns: Vec<&Column> =
                        found.columns.iter().enumerate().map(|(i, c)| if i == j { &column } else { c }).collect();
                    let held = leaving(params, target, j, &numbers) - leaving(params, target, j, &found.numbers[j]);
                    let loss = Normal::new(&columns, target).loss().map_or(f64::INFINITY, |l| l.0 + holding + held);
                    if loss < found.loss {
                        found.loss = loss;
                        holding += held;
                        found.numbers[j] = numbers;
                        found.shapes[j] = shape;
                        found.columns[j] = column;
                        break;
                    }
                }
            }
        }
        if found.loss >= before * (1.0 - 1e-7) {
            step *= 0.5;
        }
    }
    (found.loss, found.coefficients) = solve(&found.columns, target)?;
    Some(found)
}
