//! The marts `clusters` and `cluster_candidates`: the grouping that was chosen, and every number of
//! groups that was tried. Both are written empty where shoppers could not be grouped, so that a
//! grouping of an earlier run does not stay.

use super::Tables;
use super::batch::Columns;
use anyhow::Result;
use audience::clusters::Clusters;
use domain::Language;

pub(super) fn cluster_tables(clusters: Option<&Clusters>) -> Result<Tables> {
    let profiles = clusters.map_or(&[][..], Clusters::profiles);
    let n = profiles.len();
    // One row a cluster has the figures of the whole grouping beside its own.
    let whole = |value: fn(&Clusters) -> f64| vec![clusters.map_or(f64::NAN, value); n];
    let some = |value: fn(&Clusters) -> f64| whole(value).into_iter().map(Some);
    let chosen = Columns::default()
        .int("cluster", 0..n as i64)
        .text("label", profiles.iter().map(|p| p.label(Language::EN)))
        .text("label_zh", profiles.iter().map(|p| p.label(Language::ZH)))
        .int("n_shoppers", profiles.iter().map(|p| p.n_shoppers as i64))
        .float("recency_days", profiles.iter().map(|p| p.median_recency_days))
        .float("frequency", profiles.iter().map(|p| p.median_frequency))
        .float("monetary", profiles.iter().map(|p| p.median_monetary))
        .float("silhouette", whole(|c| c.chosen().silhouette))
        .optional_float("stability", some(|c| c.chosen().stability))
        .optional_float("stability_low", some(|c| c.chosen().stability_interval.low))
        .optional_float("stability_high", some(|c| c.chosen().stability_interval.high))
        .truth("trusted", vec![clusters.is_some_and(Clusters::trusted); n])
        .batch()?;
    let tried = clusters.map_or(&[][..], Clusters::candidates);
    let k = clusters.map_or(0, Clusters::k);
    let candidates = Columns::default()
        .int("k", tried.iter().map(|c| c.k as i64))
        .float("silhouette", tried.iter().map(|c| c.silhouette))
        .float("davies_bouldin", tried.iter().map(|c| c.davies_bouldin))
        .float("calinski_harabasz", tried.iter().map(|c| c.calinski_harabasz))
        .float("stability", tried.iter().map(|c| c.stability))
        .float("stability_low", tried.iter().map(|c| c.stability_interval.low))
        .float("stability_high", tried.iter().map(|c| c.stability_interval.high))
        .int("smallest", tried.iter().map(|c| c.smallest as i64))
        .truth("trusted", tried.iter().map(|c| c.trusted))
        .truth("chosen", tried.iter().map(|c| c.k == k))
        .batch()?;
    Ok(vec![("clusters", vec![chosen]), ("cluster_candidates", vec![candidates])])
}
