//! The shoppers' own grouping: k-means on recency, frequency and monetary value.
//!
//! Features: `ln(1 + R)`, `ln(1 + F)`, `ln(1 + M)`, each standardised (population deviation); the
//! logarithm because all three have long tails, and the distance should see "twice as much" alike.
//!
//! **Which k.** The silhouette alone answers 2 on almost every shop (buyers of one order against the
//! rest), which no marketer needs to be told. The finest grouping that can be *trusted* is wanted:
//! among `k_min..=k_max`, the largest k whose grouping is
//! - separated: mean silhouette at least 0.25, below which Kaufman & Rousseeuw ("Finding groups in
//!   data", 1990) see no substantial structure,
//! - reproducible: fitted on bootstrap resamples of the shoppers, it puts the same shoppers together
//!   again: the lower 95 % limit of the mean adjusted Rand index is at least 0.8, the limit rather
//!   than the mean so that the choice does not hang on the luck of the resamples (the idea of Hennig,
//!   "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis 52(1),
//!   2007, whose own index is Jaccard's; ours corrects for chance and judges the grouping as a whole),
//! - usable: no cluster has fewer shoppers than a figure needs.
//!
//! When no k passes, the k with the best silhouette is taken and [`Clusters::trusted`] is false.
//! All candidates are reported with their figures, so the choice can be checked.
//!
//! Cost: silhouettes `O(n²)` and the resamples on at most `max_points` shoppers, drawn once; the
//! final fit on all.

use crate::AudienceError;
use crate::figures::MIN_OBSERVATIONS;
use crate::grouping::Bar;
use crate::rfm::RfmRow;
use domain::{Amount, Interval, Language, Seed};
use learn::cluster_quality::{calinski_harabasz, davies_bouldin};
use learn::kmeans::{KMeans, KMeansParams};
use learn::quantile::{median, sorted};
use learn::standardize::ZScore;
use learn::{LearnError, Points};

/// How to group and how to choose k.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterParams {
    /// Smallest k tried, at least 2.
    pub k_min: usize,
    /// Largest k tried.
    pub k_max: usize,
    /// Starts of each k-means.
    pub n_starts: usize,
    /// Bootstrap resamples for the stability, at least 2.
    pub n_resamples: usize,
    /// Most shoppers used to judge a k.
    pub max_points: usize,
    /// Lowest mean silhouette of a trusted grouping.
    pub min_silhouette: f64,
    /// Lowest lower limit of the mean adjusted Rand index of a trusted grouping.
    pub min_stability: f64,
    /// Fewest shoppers in a cluster of a trusted grouping.
    pub min_size: usize,
}

impl Default for ClusterParams {
    fn default() -> Self {
        Self {
            k_min: 2,
            k_max: 8,
            n_starts: 15,
            n_resamples: 20,
            max_points: 5_000,
            min_silhouette: 0.25,
            min_stability: 0.8,
            min_size: MIN_OBSERVATIONS as usize,
        }
    }
}

/// What one k would give.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Number of clusters.
    pub k: usize,
    /// Sum of squared distances on the judged shoppers.
    pub inertia: f64,
    /// Mean silhouette, -1 to 1.
    pub silhouette: f64,
    /// Davies-Bouldin index, lower is better.
    pub davies_bouldin: f64,
    /// Calinski-Harabasz index, higher is better.
    pub calinski_harabasz: f64,
    /// Mean adjusted Rand index over the resamples, 1 is perfectly reproducible.
    pub stability: f64,
    /// Its 95 % interval, Student's t over the resamples.
    pub stability_interval: Interval,
    /// Shoppers in the smallest cluster.
    pub smallest: usize,
    /// Whether it passes all three conditions.
    pub trusted: bool,
}

/// Where a cluster's median lies among all shoppers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// In the lower third.
    Low,
    /// In the middle third.
    Middle,
    /// In the upper third.
    High,
}

/// One cluster in the units that a person knows.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterProfile {
    /// Shoppers in it.
    pub n_shoppers: usize,
    /// Their share of all.
    pub share: f64,
    /// Their revenue.
    pub revenue: Amount,
    /// Median days since the last order.
    pub median_recency_days: f64,
    /// Median orders.
    pub median_frequency: f64,
    /// Median revenue of a shopper, major units.
    pub median_monetary: f64,
    /// How long ago they ordered: low is recent.
    pub recency: Level,
    /// How often they order.
    pub frequency: Level,
    /// How much they spend.
    pub monetary: Level,
    /// Whether another cluster has the same three levels; the label then adds the medians.
    pub shares_levels: bool,
}

/// The chosen grouping.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    model: KMeans,
    scaler: ZScore,
    candidates: Vec<Candidate>,
    profiles: Vec<ClusterProfile>,
    labels: Vec<u32>,
    trusted: bool,
}

/// `ln(1 + R)`, `ln(1 + F)`, `ln(1 + M)` with M in major units, one row a shopper, not yet standardised.
///
/// # Errors
/// [`AudienceError::NegativeRevenue`] for a shopper whose revenue has no logarithm.
pub fn features(rows: &[RfmRow]) -> Result<Points, AudienceError> {
    let mut values = Vec::with_capacity(rows.len() * 3);
    for row in rows {
        if row.monetary < Amount::ZERO {
            return Err(AudienceError::NegativeRevenue { shopper: row.shopper.clone(), revenue: row.monetary });
        }
        values.extend([
            f64::from(row.recency_days).ln_1p(),
            f64::from(row.frequency).ln_1p(),
            row.monetary.to_f64().ln_1p(),
        ]);
    }
    Ok(Points::new(values, 3)?)
}

impl ClusterParams {
    /// Groups the shoppers.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a parameter outside its range, [`AudienceError::TooLittleData`]
    /// below `k_min · min_size` shoppers (and when they are not `k_min` distinct ones), as
    /// [`features`] for a negative revenue.
    pub fn fit(&self, rows: &[RfmRow], seed: Seed) -> Result<Clusters, AudienceError> {
        self.check(rows.len())?;
        let raw = features(rows)?;
        let scaler = ZScore::fit(&raw)?;
        let points = scaler.apply(&raw)?;
        let judged = points.select(&self.sample(rows.len(), seed));
        let mut fits = Vec::new();
        for k in self.k_min..=self.k_max.min(judged.n_rows() - 1) {
            match self.judge(&judged, k, seed.derive(k as u64)) {
                Ok(fit) => fits.push(fit),
                // Fewer distinct shoppers than k: the smaller k's are all there is.
                Err(LearnError::TooLittleData { .. }) if !fits.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        let by_silhouette = |a: &&(KMeans, Candidate), b: &&(KMeans, Candidate)| {
            a.1.silhouette.total_cmp(&b.1.silhouette).then(b.1.k.cmp(&a.1.k))
        };
        let chosen = fits.iter().rfind(|fit| fit.1.trusted).or_else(|| fits.iter().max_by(by_silhouette));
        let (fitted, candidate) = chosen.expect("at least k_min was tried").clone();
        let model = if judged.n_rows() == points.n_rows() {
            fitted
        } else {
            self.k_means(candidate.k, self.n_starts).fit(&points, seed.derive(candidate.k as u64))?
        };
        let (profiles, labels) = profiles(rows, &model);
        let candidates = fits.into_iter().map(|fit| fit.1).collect();
        Ok(Clusters { model, scaler, candidates, profiles, labels, trusted: candidate.trusted })
    }

    fn check(&self, n_rows: usize) -> Result<(), AudienceError> {
        let param = |name, rule, got: usize| Err(AudienceError::Param { name, rule, got: got as f64 });
        if self.k_min < 2 {
            return param("k_min", "at least 2", self.k_min);
        }
        if self.k_max < self.k_min {
            return param("k_max", "at least k_min", self.k_max);
        }
        if self.n_resamples < 2 {
            return param("n_resamples", "at least 2", self.n_resamples);
        }
        let need = (self.k_min * self.min_size).max(self.k_min + 1);
        if self.max_points < need {
            return param("max_points", "at least k_min times min_size", self.max_points);
        }
        if n_rows < need {
            return Err(AudienceError::TooLittleData { what: "shoppers", have: n_rows, need });
        }
        Ok(())
    }

    /// The rows that a k is judged on, ascending: all, or `max_points` of them.
    fn sample(&self, n: usize, seed: Seed) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..n).collect();
        if n > self.max_points {
            seed.stream(0).shuffle(&mut rows);
            rows.truncate(self.max_points);
            rows.sort_unstable();
        }
        rows
    }

    fn k_means(&self, k: usize, n_starts: usize) -> KMeansParams {
        KMeansParams { k, n_starts, ..KMeansParams::default() }
    }

    fn judge(&self, points: &Points, k: usize, seed: Seed) -> Result<(KMeans, Candidate), LearnError> {
        let model = self.k_means(k, self.n_starts).fit(points, seed)?;
        let labels = model.labels();
        let bar = Bar {
            n_resamples: self.n_resamples,
            min_silhouette: self.min_silhouette,
            min_stability: self.min_stability,
            min_size: self.min_size,
        };
        // A few starts of its own, not the model's centres: warm starts would call an accident stable.
        let again = KMeansParams { tol: 1e-4, ..self.k_means(k, 3) };
        let trust = bar.judge(points, labels, seed.derive(1), |drawn, seed| again.fit(drawn, seed)?.assign(points))?;
        let candidate = Candidate {
            k,
            inertia: model.inertia(),
            silhouette: trust.silhouette,
            davies_bouldin: davies_bouldin(points, labels)?,
            calinski_harabasz: calinski_harabasz(points, labels)?,
            stability: trust.stability,
            stability_interval: trust.stability_interval,
            smallest: trust.smallest,
            trusted: trust.trusted,
        };
        Ok((model, candidate))
    }
}

impl Clusters {
    /// Number of clusters.
    pub fn k(&self) -> usize {
        self.profiles.len()
    }

    /// Whether the chosen k passed all conditions; false means that the grouping is for orientation only.
    pub fn trusted(&self) -> bool {
        self.trusted
    }

    /// Every k that was tried, ascending.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The figures of the chosen k.
    pub fn chosen(&self) -> &Candidate {
        self.candidates.iter().find(|c| c.k == self.k()).expect("the chosen k is a candidate")
    }

    /// The clusters, largest revenue first.
    pub fn profiles(&self) -> &[ClusterProfile] {
        &self.profiles
    }

    /// Position in [`Self::profiles`] of each row's cluster, in the order of the rows fitted.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The fitted centres in standardised units, in the model's own order.
    pub fn model(&self) -> &KMeans {
        &self.model
    }

    /// The scale of the features.
    pub fn scaler(&self) -> &ZScore {
        &self.scaler
    }
}

impl ClusterProfile {
    /// A readable name from the three levels; English where the language is not Chinese.
    pub fn label(&self, language: Language) -> String {
        let pick = |level: Level, words: [&'static str; 3]| words[level as usize];
        let (days, orders) = (self.median_recency_days, self.median_frequency);
        if language == Language::ZH {
            let r = pick(self.recency, ["近期下单", "一段时间未下单", "久未下单"]);
            let f = pick(self.frequency, ["低频", "中频", "高频"]);
            let m = pick(self.monetary, ["低消费", "中等消费", "高消费"]);
            let medians = if self.shares_levels {
                format!("（中位数：{orders} 单，{days} 天前）")
            } else {
                String::new()
            };
            return format!("{r}、{f}、{m}{medians}");
        }
        let r = pick(self.recency, ["ordered recently", "ordered a while ago", "ordered long ago"]);
        let f = pick(self.frequency, ["seldom", "now and then", "often"]);
        let m = pick(self.monetary, ["little spent", "middling spent", "much spent"]);
        let medians =
            if self.shares_levels { format!(" (median {orders} orders, {days} days ago)") } else { String::new() };
        format!("{r}, {f}, {m}{medians}")
    }
}

/// Profiles by falling revenue (ties: larger first, then the model's order) and the labels renumbered to match.
fn profiles(rows: &[RfmRow], model: &KMeans) -> (Vec<ClusterProfile>, Vec<u32>) {
    let column = |value: fn(&RfmRow) -> f64| sorted(&rows.iter().map(value).collect::<Vec<_>>());
    let (r, f, m) = (
        column(|row| f64::from(row.recency_days)),
        column(|row| f64::from(row.frequency)),
        column(|row| row.monetary.to_f64()),
    );
    let profile = |cluster: usize| {
        let members: Vec<&RfmRow> =
            rows.iter().zip(model.labels()).filter(|(_, l)| **l as usize == cluster).map(|(row, _)| row).collect();
        let middle = |value: fn(&RfmRow) -> f64| {
            median(&members.iter().map(|row| value(row)).collect::<Vec<_>>()).unwrap_or(f64::NAN)
        };
        let recency = middle(|row| f64::from(row.recency_days));
        let frequency = middle(|row| f64::from(row.frequency));
        let monetary = middle(|row| row.monetary.to_f64());
        ClusterProfile {
            n_shoppers: members.len(),
            share: members.len() as f64 / rows.len() as f64,
            revenue: members.iter().map(|row| row.monetary).sum(),
            median_recency_days: recency,
            median_frequency: frequency,
            median_monetary: monetary,
            recency: level(&r, recency),
            frequency: level(&f, frequency),
            monetary: level(&m, monetary),
            shares_levels: false,
        }
    };
    let mut ordered: Vec<(usize, ClusterProfile)> = (0..model.centres().n_rows()).map(|c| (c, profile(c))).collect();
    ordered.sort_by(|a, b| b.1.revenue.cmp(&a.1.revenue).then(b.1.n_shoppers.cmp(&a.1.n_shoppers)).then(a.0.cmp(&b.0)));
    let levels: Vec<_> = ordered.iter().map(|(_, p)| (p.recency, p.frequency, p.monetary)).collect();
    for (at, (_, profile)) in ordered.iter_mut().enumerate() {
        profile.shares_levels = levels.iter().filter(|&&l| l == levels[at]).count() > 1;
    }
    let mut position = vec![0; ordered.len()];
    for (at, (cluster, _)) in ordered.iter().enumerate() {
        position[*cluster] = at as u32;
    }
    let labels = model.labels().iter().map(|&l| position[l as usize]).collect();
    (ordered.into_iter().map(|(_, profile)| profile).collect(), labels)
}

/// The third that holds the mid-rank of `value`, so that a tie of half the shoppers counts as its middle.
pub(crate) fn level(ascending: &[f64], value: f64) -> Level {
    let below = ascending.partition_point(|&x| x < value);
    let upto = ascending.partition_point(|&x| x <= value);
    match (below + upto) as f64 / (2 * ascending.len()) as f64 {
        rank if rank < 1.0 / 3.0 => Level::Low,
        rank if rank <= 2.0 / 3.0 => Level::Middle,
        _ => Level::High,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Segment;
    use domain::Market;

    /// Three kinds of shopper with 10 % noise: (days, orders, revenue) = (5, 20, 3000), (40, 4, 300), (300, 1, 30).
    fn three_kinds(n_each: usize) -> Vec<RfmRow> {
        let mut rng = Seed(4).stream(0);
        let mut near = |x: f64| x * (0.1 * rng.normal()).exp();
        let kinds = [(5.0, 20.0, 3_000.0), (40.0, 4.0, 300.0), (300.0, 1.0, 30.0)];
        (0..3 * n_each)
            .map(|i| {
                let (days, orders, revenue) = kinds[i % 3];
                RfmRow {
                    shopper: i.to_string().into(),
                    market: Market::UNKNOWN,
                    recency_days: near(days).round() as u32,
                    frequency: near(orders).round().max(1.0) as u32,
                    monetary: Amount::from_micros((near(revenue) * 1e6) as i64),
                    r: 1,
                    f: 1,
                    m: 1,
                    segment: Segment::of(1, 1),
                }
            })
            .collect()
    }

    #[test]
    fn three_planted_kinds_are_found_named_and_ordered_by_revenue() {
        let rows = three_kinds(60);
        let clusters = ClusterParams::default().fit(&rows, Seed(1)).unwrap();
        assert_eq!((clusters.k(), clusters.trusted()), (3, true), "{:?}", clusters.candidates());
        assert!(clusters.labels().iter().enumerate().all(|(i, &label)| label as usize == i % 3));
        assert!(clusters.chosen().stability > 0.99 && clusters.chosen().silhouette > 0.8);
        let [best, _, last] = clusters.profiles() else { panic!("three profiles") };
        assert_eq!(best.label(Language::EN), "ordered recently, often, much spent");
        assert_eq!(last.label(Language::ZH), "久未下单、低频、低消费");
        assert_eq!((best.n_shoppers, last.median_frequency), (60, 1.0));
    }

    #[test] // One cloud has no parts: whatever k is taken, it must not be called trusted.
    fn a_single_cloud_is_not_trusted_at_a_strict_bar() {
        let rows: Vec<RfmRow> = three_kinds(200).into_iter().step_by(3).collect();
        let params = ClusterParams { min_silhouette: 0.5, ..ClusterParams::default() };
        let clusters = params.fit(&rows, Seed(1)).unwrap();
        assert!(!clusters.trusted(), "{:?}", clusters.candidates());
        let bar = clusters.candidates()[0].stability_interval.low + 1e-9;
        let above_the_limit = ClusterParams { k_max: 2, min_stability: bar, ..ClusterParams::default() };
        assert!(!above_the_limit.fit(&rows, Seed(1)).unwrap().trusted(), "the lower limit decides, not the mean");
    }

    #[test]
    fn a_sample_judges_and_all_shoppers_are_labelled() {
        let rows = three_kinds(100);
        let params = ClusterParams { max_points: 90, n_resamples: 5, min_size: 20, ..ClusterParams::default() };
        let clusters = params.fit(&rows, Seed(1)).unwrap();
        assert_eq!((clusters.k(), clusters.labels().len()), (3, 300));
        assert_eq!(clusters, params.fit(&rows, Seed(1)).unwrap());
    }

    #[test] // With 1,000 shoppers of the third kind and 200 of the others, both others lie in the upper third of everything.
    fn clusters_of_the_same_levels_are_told_apart_by_their_medians() {
        let mut rows = three_kinds(1_000);
        let mut kept = 0;
        rows.retain(|row| {
            kept += usize::from(row.frequency > 2);
            row.frequency <= 2 || kept <= 200
        });
        let clusters =
            ClusterParams { k_max: 3, n_resamples: 5, ..ClusterParams::default() }.fit(&rows, Seed(1)).unwrap();
        let labels: Vec<String> = clusters.profiles().iter().map(|p| p.label(Language::EN)).collect();
        assert_eq!(labels[0], "ordered recently, often, much spent (median 20 orders, 5 days ago)");
        assert_eq!(labels[1], "ordered recently, often, much spent (median 4 orders, 40 days ago)");
    }

    #[test]
    fn too_few_shoppers_and_a_negative_revenue_are_refused() {
        let mut rows = three_kinds(60);
        let few = ClusterParams::default().fit(&rows[..59], Seed(1)).unwrap_err();
        assert_eq!(few, AudienceError::TooLittleData { what: "shoppers", have: 59, need: 60 });
        rows[7].monetary = Amount::from_micros(-1);
        assert!(matches!(features(&rows), Err(AudienceError::NegativeRevenue { .. })));
        assert!(ClusterParams { k_min: 1, ..ClusterParams::default() }.fit(&rows, Seed(1)).is_err());
    }

    #[test] // Values 1 1 1 3: mid-rank of 1 is 1.5 of 4 = 0.375, of 3 it is 3.5 of 4.
    fn levels_use_the_middle_of_a_tie() {
        let ascending = [1.0, 1.0, 1.0, 3.0];
        assert_eq!([level(&ascending, 1.0), level(&ascending, 3.0)], [Level::Middle, Level::High]);
        assert_eq!(level(&ascending, 0.5), Level::Low);
    }
}
