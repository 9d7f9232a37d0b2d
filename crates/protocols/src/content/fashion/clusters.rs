//! Whether products that a fused vector puts together are of one kind: k-means over the test products, asked for as many clusters as
//! they have kinds, beside their kinds.
//!
//! The adjusted Rand index is 1 where both agree and 0 where they agree as chance would. Drawing products with replacement would put every
//! one that is drawn twice into one cluster and one kind, so intervals come from halves of the products drawn without replacement, whose
//! spread is that of drawing the whole anew (Shao and Wu, "A general theory for jackknife variance estimation", Annals of Statistics
//! 17(3), 1989).

use super::shop::{Item, broken};
use crate::ProtocolError;
use crate::content::{Asked, ContentGoal, ContentReport, ContentRow, Measure};
use content::Vectors;
use domain::Seed;
use learn::cluster_quality::adjusted_rand_index;
use learn::kmeans::KMeansParams;
use learn::{LearnError, Points};

/// Halves that are drawn.
const N_HALVES: u64 = 1_000;
const INDEX: &str = "adjusted Rand of clusters and kinds";

/// Fused vectors of the test products by their name; the first is that of one modality, the last that of all.
pub(super) struct Spaces {
    /// Names and vectors.
    pub(super) of: Vec<(String, Vectors)>,
    /// Which of them is the single modality that tells kinds best on the validation part.
    pub(super) single: usize,
}

/// Where the middle 95 % of a statistic of halves lie.
fn within_halves(n: usize, seed: Seed, statistic: impl Fn(&[usize]) -> f64) -> (f64, f64) {
    let half = |draw: u64| {
        let mut rows: Vec<usize> = (0..n).collect();
        seed.stream(draw).shuffle(&mut rows);
        rows.truncate(n / 2);
        statistic(&rows)
    };
    let mut found: Vec<f64> = (0..N_HALVES).map(half).collect();
    found.sort_by(f64::total_cmp);
    let at = |share: f64| found[((found.len() - 1) as f64 * share).round() as usize];
    (at(0.025), at(0.975))
}

fn index(clusters: &[u32], kinds: &[u32], rows: &[usize]) -> f64 {
    let of = |labels: &[u32]| rows.iter().map(|row| labels[*row]).collect::<Vec<u32>>();
    adjusted_rand_index(&of(clusters), &of(kinds)).unwrap_or(0.0)
}

fn clusters(vectors: &Vectors, k: usize, seed: Seed) -> Result<Vec<u32>, LearnError> {
    let values = vectors.values().iter().map(|x| f64::from(*x)).collect();
    let params = KMeansParams { k, n_starts: 10, ..KMeansParams::default() };
    Ok(params.fit(&Points::new(values, vectors.width())?, seed)?.labels().to_vec())
}

/// The report.
pub(super) fn report(spaces: &Spaces, test: &[&Item], asked: &mut Asked<'_>) -> Result<ContentReport, ProtocolError> {
    let (clock, seed) = (asked.cpu_s, asked.seed.derive(11));
    let mut names: Vec<&str> = test.iter().map(|item| item.cells[0].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let number = |item: &&Item| names.binary_search(&item.cells[0].as_str()).unwrap_or(0) as u32;
    let kinds: Vec<u32> = test.iter().map(number).collect();
    let (k, every): (usize, Vec<usize>) = (names.len(), (0..kinds.len()).collect());
    let mut found = Vec::new();
    let mut rows = Vec::new();
    for (at, (name, vectors)) in spaces.of.iter().enumerate() {
        (asked.step)(&format!("clusters of {name}"), at as u64, spaces.of.len() as u64);
        let start = clock();
        let own = clusters(vectors, k, seed).map_err(|why| broken(asked.dir, why))?;
        let (low, high) = within_halves(kinds.len(), seed, |rows| index(&own, &kinds, rows));
        let measures = vec![Measure::within(INDEX, index(&own, &kinds, &every), low, high)];
        rows.push(ContentRow { config: name.clone(), measures, fit_cpu_s: clock() - start, score_cpu_s: 0.0 });
        found.push(own);
    }
    let (fused, single) = (&found[found.len() - 1], &found[spaces.single]);
    let gain = |rows: &[usize]| index(fused, &kinds, rows) - index(single, &kinds, rows);
    let (low, high) = within_halves(kinds.len(), seed, gain);
    let name = &spaces.of[spaces.single].0;
    let about = format!(
        "{} test products of {k} kinds in as many clusters, the best of 10 starts; gain of all modalities on {name} {:+.4} [{low:+.4}, {high:+.4}]",
        kinds.len(),
        gain(&every),
    );
    let goals = vec![ContentGoal::new(&format!("lower end of the gain of clusters on {name}"), 1e-9, low)];
    Ok(ContentReport { task: "fashion clusters".to_owned(), about, rows, goals, references: &[] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clouds_are_two_clusters() {
        let rows = (0..40).map(|at| Some([if at % 2 == 0 { 1.0_f32 } else { -1.0 }, at as f32 * 1e-3]));
        let found = clusters(&Vectors::from_rows(2, rows).unwrap(), 2, Seed(1)).unwrap();
        let kinds: Vec<u32> = (0..40).map(|at| at % 2).collect();
        let every: Vec<usize> = (0..40).collect();
        assert!((index(&found, &kinds, &every) - 1.0).abs() < 1e-12);
        assert_eq!(within_halves(40, Seed(2), |rows| index(&found, &kinds, rows)), (1.0, 1.0));
    }

    /// The mean of 20 of 40 zeros and ones has the deviation √(¼ / 20 · (1 − ½)) · √(40 / 39) = .080; 1.96 of it on either side of a half.
    #[test]
    fn halves_spread_as_drawing_anew_would() {
        let mean = |rows: &[usize]| rows.iter().map(|row| (row % 2) as f64).sum::<f64>() / rows.len() as f64;
        let (low, high) = within_halves(40, Seed(3), mean);
        assert!((low - 0.35).abs() < 0.03 && (high - 0.65).abs() < 0.03, "{low} {high}");
    }
}
