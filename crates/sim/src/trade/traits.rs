//! Demographic traits of a shopper that no export tells: age, sex, income in bands.
//!
//! Income bands follow the income that drives the tier. Age leans on the taste cluster, so that a grouping by taste and one by
//! age have something in common; sex follows nothing. Drawn from a stream of their own, after everything else.

use super::Shopper;
use crate::sampling::weighted;
use domain::Rng;
use serde::Serialize;

/// How traits are drawn.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct TraitRules {
    /// Age bands.
    age_bands: [&'static str; 5],
    /// Shares of the bands in general.
    age_shares: [f64; 5],
    /// What the band whose number is that of the cluster (after the fifth from the first again) weighs more.
    age_of_cluster: f64,
    /// Sexes, with the share of each.
    sexes: [(&'static str, f64); 2],
    /// Income bands, with the income against the market's median from which each begins.
    income_bands: [(&'static str, f64); 4],
}

pub(crate) const TRAITS: TraitRules = TraitRules {
    age_bands: ["18-24", "25-34", "35-44", "45-59", "60+"],
    age_shares: [0.15, 0.3, 0.25, 0.2, 0.1],
    age_of_cluster: 3.0,
    sexes: [("female", 0.55), ("male", 0.45)],
    income_bands: [("low", 0.0), ("middle", 0.75), ("high", 1.35), ("top", 2.0)],
};

/// Age band, sex, income band.
pub(crate) fn traits(shopper: &Shopper, rng: &mut Rng) -> [&'static str; 3] {
    let rules = TRAITS;
    let own = usize::from(shopper.cluster) % rules.age_bands.len();
    let weight = |(i, share): (usize, f64)| if i == own { share * rules.age_of_cluster } else { share };
    let age = weighted(rng, rules.age_shares.into_iter().enumerate().map(weight));
    let sex = weighted(rng, rules.sexes.iter().map(|s| s.1));
    let income = rules.income_bands.iter().rfind(|b| f64::from(shopper.income) >= b.1);
    [rules.age_bands[age], rules.sexes[sex].0, income.map_or("low", |b| b.0)]
}
