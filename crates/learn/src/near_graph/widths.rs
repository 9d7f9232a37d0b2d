//! How wide a search of a graph has to be, measured against a scan when the graph is made, without a filter and behind filters.

use super::{Graph, Measured};
use crate::top_products::Found;
use crate::{Nearest, Scan};
use domain::{Rng, Seed};

/// Counts of vectors for which a width is measured.
pub(super) const ASKED: [usize; 6] = [10, 20, 50, 100, 200, 400];
/// Shares passing a filter for which a width is measured; where fewer than the last pass, a scan answers.
pub(super) const SHARES: [f64; 4] = [1.0, 0.75, 0.5, 0.25];
/// By so much a filter may pass less than a share and still count as it: the sample misses by .03 now and then.
pub(super) const NEARLY: f64 = 0.05;
/// Queries that widths are measured with.
const QUERIES: usize = 200;
/// A search that is wider by one costs as much as a scan of so many roots of all vectors: 100 of 20,000, 220 of 100,000. Between runs
/// on a busy machine that was half to one and a half times as many; no clock is asked, so that answers do not depend on one.
const WIDER: f64 = 0.7;
/// Whether a search for so many that pass costs less than a scan of `n`, of which a share passes.
pub(super) fn is_worth(width: usize, passing: f64, n: usize) -> bool {
    width as f64 * WIDER * (n as f64).sqrt() < passing * Scan::cost(passing) * n as f64
}

/// For each of [`SHARES`] and of [`ASKED`] the least width that finds enough of what a scan finds.
pub(super) fn measured(scan: &Scan, graph: &Graph, rows: &[u32], enough: f64, seed: Seed) -> Vec<Option<Measured>> {
    let mut rng = seed.stream(2);
    let query = |at: usize| {
        let row = rows[rng.below(rows.len())];
        let mut sum = unit(scan.row(row));
        if at % 2 == 1 {
            let other = unit(scan.row(rows[rng.below(rows.len())]));
            sum.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
        (row, sum)
    };
    let queries: Vec<(u32, Vec<f32>)> = (0..QUERIES).map(query).collect();
    let of_share = |(at, share): (usize, &f64)| {
        let passes = filters(scan, *share, seed.stream(3 + at as u64));
        least_widths(scan, graph, &queries, &passes, enough, *share)
    };
    SHARES.iter().enumerate().flat_map(of_share).collect()
}

/// Who passes at a share: by lot, and on one side of a plane.
fn filters(scan: &Scan, share: f64, mut rng: Rng) -> [Vec<bool>; 2] {
    let lot = (0..scan.len()).map(|_| rng.uniform() < share).collect();
    let normal: Vec<f32> = (0..scan.n_factors()).map(|_| rng.normal() as f32).collect();
    let mut side: Vec<(u32, f32)> = scan.best(&normal, scan.len(), &|_| false);
    side.truncate((share * scan.len() as f64).ceil() as usize);
    let mut plane = vec![false; scan.len()];
    side.iter().for_each(|(id, _)| plane[*id as usize] = true);
    [lot, plane]
}

fn least_widths(
    scan: &Scan,
    graph: &Graph,
    queries: &[(u32, Vec<f32>)],
    passes: &[Vec<bool>; 2],
    enough: f64,
    share: f64,
) -> Vec<Option<Measured>> {
    // A query is not asked for itself, which is found too easily. Sorts of queries and of filters meet in all four ways.
    let skipped = |at: usize, id: u32| id == queries[at].0 || !passes[at / 2 % 2][id as usize];
    let most = ASKED[ASKED.len() - 1];
    let truth: Vec<Vec<Found>> =
        queries.iter().enumerate().map(|(at, (_, q))| scan.best(q, most, &|id| skipped(at, id))).collect();
    let recall = |asked: usize, width: usize| {
        let (mut hits, mut all) = (0, 0);
        for (at, ((_, query), best)) in queries.iter().zip(&truth).enumerate() {
            let best = &best[..asked.min(best.len())];
            let found = scan.best_of(query, asked, &graph.near(query, width, &|id| skipped(at, id)));
            all += best.len();
            // As good as the last of the best is among the best: copies are many.
            hits += best.last().map_or(0, |last| found.iter().filter(|f| f.1 >= last.1).count().min(best.len()));
        }
        hits as f64 / all.max(1) as f64
    };
    let one = |asked: &usize| {
        let mut width = *asked;
        while is_worth(width, share, scan.len()) {
            let recall = recall(*asked, width);
            if recall >= enough {
                return Some(Measured { width, recall });
            }
            width = (width * 3).div_ceil(2);
        }
        None
    };
    ASKED.iter().map(one).collect()
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
    vector.iter().map(|v| (f64::from(*v) / length) as f32).collect()
}
