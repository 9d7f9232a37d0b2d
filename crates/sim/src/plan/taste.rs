//! What shoppers like: part-worths of product attributes, shared between markets and bent by each.
//!
//! A shopper of market `m` in cluster `c` values product `j` in week `w` at
//! `u = θ_mc · x_j + a_mj + h_j (T_mw − 18) − α_m τ ln(p_jmw / r_jm)`, and buys it with probability
//! `exp(u) / Σ exp(u)` (multinomial logit: McFadden, "Conditional logit analysis of qualitative
//! choice behavior", 1974). `x` are dummies of type, colour and brand, size and quality; `a` is
//! appeal beyond attributes; `h` warmth; `T` the month's temperature; `α` the market's price
//! coefficient, `τ` the tier's multiple of it; `p` the price paid and `r` the type's usual one.
//!
//! With `ρ = 1 − distance`: `θ_mc = ρ θ_c + √(1 − ρ²) ε_mc`, and the same for `a`: every part-worth
//! correlates with home by `ρ` and has the same spread in all markets.

use super::PriceBook;
use crate::catalogue::{COLOURS, Catalogue, TYPES};
use crate::part::{Part, market_seed, seed_of};
use crate::sampling::AliasTables;
use crate::world::Profile;
use crate::{MarketParams, SimParams};
use domain::Rng;
use serde::Serialize;

/// Price tiers of shoppers.
pub const TIERS: usize = 3;
/// Multiples of the market's price coefficient, richest tier first.
pub const TIER_WEIGHTS: [f64; TIERS] = [0.6, 1.0, 1.5];
/// Shares of the tiers among shoppers.
pub const TIER_SHARES: [f64; TIERS] = [0.3, 0.4, 0.3];

const N_KINDS: usize = TYPES.len();
const N_COLOURS: usize = COLOURS.len();
const N_BRANDS: usize = Catalogue::BRANDS.len();
/// Length of a part-worth vector: types, colours, brands, size, quality.
const N_WORTHS: usize = N_KINDS + N_COLOURS + N_BRANDS + 2;
/// Rows of a part-worth vector: where size and quality stand.
pub(crate) const SIZE_AT: usize = N_KINDS + N_COLOURS + N_BRANDS;

/// How part-worths are drawn, in every market.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct TasteRules {
    /// Spreads of part-worths between the values of an attribute.
    kind_spread: f64,
    colour_spread: f64,
    brand_spread: f64,
    size_spread: f64,
    quality_spread: f64,
    /// Spread of the appeal that attributes do not explain.
    appeal_spread: f64,
    /// Share of a part-worth's variance that all clusters have in common.
    general_share: f64,
    /// What quality is worth on average, everywhere; added to the drawn worth.
    pub(crate) quality_worth: f64,
    /// Deviation of the clusters' log weights.
    cluster_weight_spread: f64,
    /// Temperature at which a season's effect is nought, °C.
    mild: f64,
    /// Multiples of the market's price coefficient by tier, richest first, and the tiers' shares.
    tier_weights: [f64; TIERS],
    tier_shares: [f64; TIERS],
}

pub(crate) const TASTE: TasteRules = TasteRules {
    kind_spread: 1.1,
    colour_spread: 0.5,
    brand_spread: 0.4,
    size_spread: 0.8,
    quality_spread: 0.2,
    appeal_spread: 0.7,
    general_share: 0.6,
    quality_worth: 0.35,
    cluster_weight_spread: 0.4,
    mild: 18.0,
    tier_weights: TIER_WEIGHTS,
    tier_shares: TIER_SHARES,
};

/// Spread of a part-worth by its place in the vector.
fn spread(i: usize) -> f64 {
    const COLOUR: usize = N_KINDS;
    const BRAND: usize = COLOUR + N_COLOURS;
    match i {
        0..COLOUR => TASTE.kind_spread,
        COLOUR..BRAND => TASTE.colour_spread,
        BRAND..SIZE_AT => TASTE.brand_spread,
        SIZE_AT => TASTE.size_spread,
        _ => TASTE.quality_spread,
    }
}

/// Draws one vector a cluster: a general part of the variance and the cluster's own.
fn draw_worths(n_clusters: usize, rng: &mut Rng) -> Vec<Vec<f64>> {
    let general: Vec<f64> = (0..N_WORTHS).map(|_| rng.normal()).collect();
    let (shared, rest) = (TASTE.general_share.sqrt(), (1.0 - TASTE.general_share).sqrt());
    let own = |general: &f64, i, rng: &mut Rng| spread(i) * (shared * general + rest * rng.normal());
    (0..n_clusters).map(|_| general.iter().enumerate().map(|(i, g)| own(g, i, rng)).collect()).collect()
}

/// The part of taste that all markets share.
#[derive(Clone, Debug)]
pub struct SharedTaste {
    worths: Vec<Vec<f64>>,
    appeal: Vec<f64>,
}

impl SharedTaste {
    /// Draws it.
    pub fn generate(params: &SimParams) -> Self {
        let rng = &mut seed_of(params.seed, Part::Taste).stream(0);
        let worths = draw_worths(params.n_clusters, rng);
        Self { worths, appeal: (0..params.n_products).map(|_| TASTE.appeal_spread * rng.normal()).collect() }
    }
}

/// Taste in one market.
#[derive(Clone, Debug)]
pub struct MarketTaste {
    /// `n_clusters × n_products`: utility without price and weather.
    pub utility: Vec<Vec<f64>>,
    /// Share of each cluster among the shoppers.
    pub cluster_shares: Vec<f64>,
    /// Mean part-worth of each type over the clusters, in the order of [`TYPES`].
    pub kind_worths: Vec<f64>,
    /// `n_clusters` part-worth vectors: types, colours, brands, size, quality without its mean worth.
    pub worths: Vec<Vec<f64>>,
    /// Appeal of each product beyond its attributes.
    pub appeal: Vec<f64>,
}

impl MarketTaste {
    /// Bends the shared taste by the market's distance.
    pub fn generate(params: &SimParams, market: &MarketParams, shared: &SharedTaste, catalogue: &Catalogue) -> Self {
        let rng = &mut market_seed(params.seed, Part::Taste, market.market).stream(0);
        let rho = 1.0 - market.distance;
        let rest = (1.0 - rho * rho).max(0.0).sqrt();
        let own = draw_worths(params.n_clusters, rng);
        let bend = |shared: &[f64], own: &[f64]| -> Vec<f64> {
            shared.iter().zip(own).map(|(s, o)| rho * s + rest * o).collect()
        };
        let worths: Vec<Vec<f64>> = shared.worths.iter().zip(&own).map(|(s, o)| bend(s, o)).collect();
        let own_appeal: Vec<f64> = shared.appeal.iter().map(|_| TASTE.appeal_spread * rng.normal()).collect();
        let appeal = bend(&shared.appeal, &own_appeal);
        let raw: Vec<f64> = worths.iter().map(|_| (TASTE.cluster_weight_spread * rng.normal()).exp()).collect();
        let value = |worth: &[f64]| -> Vec<f64> {
            let products = catalogue.products.iter().zip(&appeal);
            products
                .map(|(p, a)| {
                    worth[p.kind]
                        + worth[N_KINDS + p.colour]
                        + worth[N_KINDS + N_COLOURS + p.brand]
                        + worth[SIZE_AT] * p.relative_size()
                        + (TASTE.quality_worth + worth[SIZE_AT + 1]) * p.quality
                        + a
                })
                .collect()
        };
        let n = worths.len() as f64;
        Self {
            utility: worths.iter().map(|w| value(w)).collect(),
            cluster_shares: raw.iter().map(|r| r / raw.iter().sum::<f64>()).collect(),
            kind_worths: (0..N_KINDS).map(|k| worths.iter().map(|w| w[k]).sum::<f64>() / n).collect(),
            worths,
            appeal,
        }
    }

    /// Mean utility of every product over the clusters by their shares.
    pub fn mean_utility(&self) -> Vec<f64> {
        let n = self.utility.first().map_or(0, Vec::len);
        let of = |j: usize| self.utility.iter().zip(&self.cluster_shares).map(|(u, s)| u[j] * s).sum();
        (0..n).map(of).collect()
    }
}

/// Choice probabilities of a market, one alias table for each week, cluster and tier.
#[derive(Clone, Debug)]
pub(crate) struct ChoiceTables {
    tables: AliasTables,
    n_clusters: usize,
}

impl ChoiceTables {
    /// Tabulates the logit of every week. Products whose mains do not fit have probability 0.
    pub(crate) fn new(
        params: &SimParams,
        market: &MarketParams,
        profile: &Profile,
        catalogue: &Catalogue,
        taste: &MarketTaste,
        prices: &PriceBook,
    ) -> Self {
        let n = catalogue.len();
        let mut tables = AliasTables::new(n);
        let mut weights = vec![0.0; n];
        for week in 0..prices.n_weeks() {
            let warmth = profile.temperature(params.from.plus(7 * week as i32 + 3)) - TASTE.mild;
            let log_price: Vec<f64> = (0..n).map(|j| prices.relative(week, j).ln()).collect();
            for utility in &taste.utility {
                for tier in TIER_WEIGHTS {
                    for (j, product) in catalogue.products.iter().enumerate() {
                        let u =
                            utility[j] + product.spec().heat * warmth - market.price_coefficient * tier * log_price[j];
                        weights[j] = if catalogue.offered(j, profile.volts) { u.exp() } else { 0.0 };
                    }
                    tables.push(&weights);
                }
            }
        }
        Self { tables, n_clusters: taste.utility.len() }
    }

    /// A product that a shopper of this cluster and tier picks in this week.
    pub(crate) fn pick(&self, week: usize, cluster: usize, tier: usize, rng: &mut Rng) -> usize {
        self.tables.sample((week * self.n_clusters + cluster) * TIERS + tier, rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::profile;

    /// Correlation of two equally long rows.
    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let (ma, mb) = (mean(a), mean(b));
        let cov =
            |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 { x.iter().zip(y).map(|(p, q)| (p - mx) * (q - my)).sum() };
        cov(a, ma, b, mb) / (cov(a, ma, a, ma) * cov(b, mb, b, mb)).sqrt()
    }

    #[test]
    fn a_market_at_distance_zero_tastes_like_home_and_at_two_the_opposite() {
        let params = SimParams::default();
        let catalogue = Catalogue::generate(params.n_products, params.seed);
        let shared = SharedTaste::generate(&params);
        let at = |distance| {
            let market = MarketParams { distance, ..params.markets[1].clone() };
            MarketTaste::generate(&params, &market, &shared, &catalogue).kind_worths
        };
        let home = MarketTaste::generate(&params, &params.markets[0], &shared, &catalogue).kind_worths;
        assert!((correlation(&home, &at(0.0)) - 1.0).abs() < 1e-12);
        assert!((correlation(&home, &at(2.0)) + 1.0).abs() < 1e-12);
        assert!(correlation(&home, &at(0.2)) > correlation(&home, &at(1.0)));
    }

    #[test]
    fn what_does_not_stand_the_mains_is_never_picked() {
        let params = SimParams::default();
        let catalogue = Catalogue::generate(params.n_products, params.seed);
        let (market, us) = (&params.markets[1], profile(params.markets[1].market).unwrap());
        let taste = MarketTaste::generate(&params, market, &SharedTaste::generate(&params), &catalogue);
        let rates = crate::fx::RateHistory::generate(&params);
        let prices = PriceBook::generate(&params, us, &catalogue, &rates);
        let tables = ChoiceTables::new(&params, market, us, &catalogue, &taste, &prices);
        let mut rng = Rng::new(5);
        assert!((0..5000).all(|i| catalogue.products[tables.pick(i % 100, 0, 1, &mut rng)].power.fits(110)));
    }
}
