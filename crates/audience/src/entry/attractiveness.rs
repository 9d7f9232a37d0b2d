//! How attractive a market is: six criteria of several measures each, on fixed scales, with visible weights.
//!
//! A measure maps a fact to [0, 1] between two anchors, `worst` and `best`, straight or by its logarithm; beyond them it
//! stays at 0 or 1. A criterion is the weighted mean of its measures, the score that of the criteria.
//!
//! **Why anchors.** Scales that are set by the best and worst candidate (min-max) or by their order (percentiles) let a
//! market that nobody would enter flip the first two, because it stretches a scale (rank reversal; Belton and Gear, "On a
//! short-coming of Saaty's method of analytic hierarchies", Omega 11(3), 1983). With anchors the score of a market is a
//! function of its own facts and the weights alone, so adding or removing a market moves no other one. The anchors span
//! what is found in the world, from our general knowledge; the seller may set others.
//!
//! **What is not known.** An unknown measure counts as the known ones of its criterion (where none is, as those of the whole
//! market), but never above [`AttractivenessParams::unknown_score`]: a gap in the tables pulls a good market down towards that
//! and lifts none above it. A product of facts ([`Quantity::OnlineCategory`]) is not given up for a factor that hardly differs
//! between markets. Taking the known for the unknown without that cap, as we did before, put a market of which one
//! flattering table was found above markets of which all are known. What only sales can tell ([`Fact::of_sales`]) is no gap in
//! a table: where nothing was sold it weighs nothing. [`Scored::known`] says how much of the weight is known; the draws of
//! [`super::ranking`] let the unknown part vary, so that its interval is wide.
//!
//! Cost: linear in the measures.

use super::EntryError;
use super::facts::{Fact, N_FACTS};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a market is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Own visits, searches and orders from there.
    Demand,
    /// How much is bought there and how it grows.
    Size,
    /// Who sells there already, and what attention costs.
    Competition,
    /// How far it lies: on the globe, in language, in income.
    Distance,
    /// What serving it costs and how easily it goes.
    Cost,
    /// What other markets' data promise there, and how much of the catalogue may go.
    Transfer,
}

impl Criterion {
    /// All, in order.
    pub const ALL: [Self; 6] =
        [Self::Demand, Self::Size, Self::Competition, Self::Distance, Self::Cost, Self::Transfer];

    /// Its key in figures and settings.
    pub fn key(self) -> &'static str {
        match self {
            Self::Demand => "demand",
            Self::Size => "size",
            Self::Competition => "competition",
            Self::Distance => "distance",
            Self::Cost => "cost",
            Self::Transfer => "transfer",
        }
    }

    /// In words: English, Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Demand => ("demand evidence", "需求证据"),
            Self::Size => ("size and growth", "规模与增长"),
            Self::Competition => ("competition", "竞争"),
            Self::Distance => ("distance", "距离"),
            Self::Cost => ("cost to serve", "服务成本"),
            Self::Transfer => ("transferability", "可迁移性"),
        }
    }
}

/// What a measure is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// One fact as it is.
    Fact(Fact),
    /// Population × share of adults × share online × spending on the category: US dollars a year. The two shares differ little
    /// between markets that are considered (a deviation of the logarithm of a tenth and two tenths, where spending differs by
    /// 1), so where one of them is not published a usual one, [`USUAL_ADULTS`] or [`USUAL_ONLINE`], stands for it.
    OnlineCategory,
    /// Share of online payments by card or wallet: what a foreign shop can take.
    PaysOnline,
}

/// The facts that [`Quantity::OnlineCategory`] multiplies.
pub(crate) const ONLINE_CATEGORY: [Fact; 4] =
    [Fact::Population, Fact::AdultPopulationShare, Fact::InternetShare, Fact::CategorySpendPerHead];

/// Share of adults that stands for one that is not published: from our general knowledge, between .6 of young nations and .85
/// of old ones.
pub const USUAL_ADULTS: f64 = 0.75;
/// Share of people online that stands for one that is not published: from our general knowledge of markets that are sold to
/// from abroad, between .5 and .98.
pub const USUAL_ONLINE: f64 = 0.85;

impl Quantity {
    /// The facts in it.
    pub fn facts(&self) -> &[Fact] {
        match self {
            Self::Fact(fact) => std::slice::from_ref(fact),
            Self::OnlineCategory => &ONLINE_CATEGORY,
            Self::PaysOnline => &[Fact::CardShare, Fact::WalletShare],
        }
    }

    /// Whether only sales in the market can tell it.
    pub fn of_sales(&self) -> bool {
        self.facts().iter().any(|fact| fact.of_sales())
    }

    /// Its value; `None` where a fact of it is not known that nothing can stand for.
    pub fn of(&self, values: &[Option<f64>; N_FACTS]) -> Option<f64> {
        let get = |fact: Fact| values[fact as usize];
        match self {
            Self::Fact(fact) => get(*fact),
            Self::OnlineCategory => {
                let adults = get(Fact::AdultPopulationShare).unwrap_or(USUAL_ADULTS);
                let online = get(Fact::InternetShare).unwrap_or(USUAL_ONLINE);
                Some(get(Fact::Population)? * adults * online * get(Fact::CategorySpendPerHead)?)
            }
            Self::PaysOnline => Some((get(Fact::CardShare)? + get(Fact::WalletShare)?).min(1.0)),
        }
    }
}

/// How a measure runs between its anchors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Straight.
    Linear,
    /// By the logarithm: ten times as much is one step, anywhere. Both anchors above 0.
    Log,
}

/// One measure of a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Its criterion.
    pub criterion: Criterion,
    /// What it is made of.
    pub quantity: Quantity,
    /// Weight inside its criterion, 0 or more.
    pub weight: f64,
    /// Scale between the anchors.
    pub scale: Scale,
    /// The value that scores 0; above `best` where little is good.
    pub worst: f64,
    /// The value that scores 1.
    pub best: f64,
}

impl Measure {
    /// Score of a value in [0, 1].
    pub fn score(&self, value: f64) -> f64 {
        let on = |x: f64| match self.scale {
            Scale::Linear => x,
            Scale::Log => x.max(f64::MIN_POSITIVE).ln(),
        };
        ((on(value) - on(self.worst)) / (on(self.best) - on(self.worst))).clamp(0.0, 1.0)
    }
}

/// Weights, measures and how the ranking is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttractivenessParams {
    /// Weight of each criterion, 0 or more; they need not add up to 1. One that is left out weighs nothing.
    pub weights: BTreeMap<Criterion, f64>,
    /// All measures.
    pub measures: Vec<Measure>,
    /// Draws of weights and facts.
    pub n_draws: usize,
    /// How near drawn weights stay to the set ones: the sum of the Dirichlet's parameters. At 30 a weight of 0.25 has a
    /// standard deviation of 0.08.
    pub concentration: f64,
    /// Standard deviation of an unknown measure's score around the market's known ones. With 0.1, the market that is put
    /// first in simulated merchants is first in about as many draws as it is truly the best; 0.25 was far too unsure.
    pub unknown_spread: f64,
    /// The most that an unknown measure counts, in [0, 1]: the middle of its scale. On the 200 simulated merchants that the
    /// weights were chosen on, the planted best market comes first in 194 and the order follows the truth with a correlation
    /// of .927; without a cap in 197, with .915. Below the middle a gap in the tables costs more than it should: at .25 in 175.
    pub unknown_score: f64,
    /// Share of the weight that has to be known for a market to be ranked, in [0, 1].
    pub min_known: f64,
}

const fn measure(
    criterion: Criterion,
    quantity: Quantity,
    weight: f64,
    scale: Scale,
    worst: f64,
    best: f64,
) -> Measure {
    Measure { criterion, quantity, weight, scale, worst, best }
}

impl Default for AttractivenessParams {
    #[rustfmt::skip]
    fn default() -> Self {
        use Criterion::{Competition, Cost, Demand, Distance, Size, Transfer};
        use Quantity::{Fact as F, OnlineCategory, PaysOnline};
        use Scale::{Linear, Log};
        // Own visits and searches tell most. In 200 simulated merchants the planted best market came first in 197; in 182
        // with demand at 0.45, and in 185 by visits alone.
        let weights = [(Demand, 0.6), (Size, 0.22), (Competition, 0.04), (Distance, 0.02), (Cost, 0.04), (Transfer, 0.08)];
        let measures = vec![
            measure(Demand, F(Fact::OwnVisits), 2.0, Log, 10.0, 100_000.0),
            measure(Demand, F(Fact::OwnSearches), 1.0, Log, 3.0, 30_000.0),
            measure(Demand, F(Fact::OwnOrders), 2.0, Log, 1.0, 10_000.0),
            measure(Size, OnlineCategory, 5.0, Log, 1e8, 5e10),
            measure(Size, F(Fact::IncomePerHead), 1.0, Log, 3_000.0, 80_000.0),
            measure(Size, F(Fact::EcommerceShare), 2.4, Log, 0.02, 0.4),
            measure(Size, F(Fact::UrbanShare), 0.25, Linear, 0.3, 0.95),
            measure(Size, F(Fact::CategoryGrowth), 1.0, Linear, -0.02, 0.15),
            measure(Size, F(Fact::IncomeGrowth), 0.5, Linear, -0.02, 0.07),
            measure(Size, F(Fact::PopulationGrowth), 0.25, Linear, -0.01, 0.025),
            measure(Competition, F(Fact::CompetitorCount), 1.0, Log, 200.0, 2.0),
            measure(Competition, F(Fact::TopThreeShare), 1.0, Linear, 0.85, 0.1),
            measure(Competition, F(Fact::AdCostIndex), 1.0, Log, 5.0, 0.3),
            measure(Distance, F(Fact::DistanceKm), 1.0, Linear, 18_000.0, 500.0),
            measure(Distance, F(Fact::LanguageDistance), 1.0, Linear, 1.0, 0.0),
            measure(Distance, F(Fact::IncomeGap), 1.0, Linear, 2.0, 0.0),
            measure(Cost, F(Fact::LandedCostShare), 3.0, Linear, 1.0, 0.3),
            measure(Cost, F(Fact::ShippingCostPerKg), 1.0, Log, 20.0, 1.0),
            measure(Cost, F(Fact::DaysByAir), 1.0, Linear, 20.0, 2.0),
            measure(Cost, F(Fact::CustomsDays), 0.5, Linear, 12.0, 0.0),
            measure(Cost, F(Fact::ImportDuty), 1.0, Linear, 0.4, 0.0),
            measure(Cost, F(Fact::VatRate), 0.5, Linear, 0.27, 0.0),
            measure(Cost, F(Fact::LogisticsIndex), 0.5, Linear, 2.0, 4.2),
            measure(Cost, F(Fact::ReturnRate), 1.0, Linear, 0.35, 0.02),
            measure(Cost, F(Fact::OwnRefundShare), 1.0, Linear, 0.35, 0.02),
            measure(Cost, PaysOnline, 0.5, Linear, 0.2, 0.95),
            measure(Cost, F(Fact::EaseOfEntry), 0.5, Linear, 30.0, 90.0),
            measure(Cost, F(Fact::PoliticalRisk), 0.5, Linear, 80.0, 10.0),
            measure(Transfer, F(Fact::TransferGain), 1.0, Linear, -0.05, 0.2),
            measure(Transfer, F(Fact::SellableShare), 1.0, Linear, 0.2, 1.0),
        ];
        Self {
            weights: weights.into_iter().collect(),
            measures,
            n_draws: 2_000,
            concentration: 30.0,
            unknown_spread: 0.1,
            unknown_score: 0.5,
            // All of competition, distance, cost and size that is usually published, without any demand of one's own.
            min_known: 0.2,
        }
    }
}

/// A market's score and what it is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Weighted mean of [`Self::counted`], in [0, 1]; `None` where nothing is known.
    pub score: Option<f64>,
    /// By criterion, in the order of [`Criterion::ALL`], the mean of its known measures; `None` where nothing of it is known.
    pub criteria: [Option<f64>; 6],
    /// By criterion, what counts: the known measures and what stands for the unknown ones; `None` where the criterion has no
    /// measure that could be known of this market.
    pub counted: [Option<f64>; 6],
    /// Share of each criterion's weight that is known.
    pub known_of: [f64; 6],
    /// Share of the whole weight that is known.
    pub known: f64,
}

/// Weights of the criteria, adding up to 1, in the order of [`Criterion::ALL`].
pub type Weights = [f64; 6];

impl AttractivenessParams {
    /// Weights of the criteria, made to add up to 1.
    ///
    /// # Errors
    /// [`EntryError::Param`] naming the first parameter out of range.
    pub fn checked(&self) -> Result<Weights, EntryError> {
        let param = |name: String, rule, got: f64| Err(EntryError::Param { name, rule, got });
        for (criterion, weight) in &self.weights {
            if !(*weight >= 0.0 && weight.is_finite()) {
                return param(format!("weights.{}", criterion.key()), "0 or more", *weight);
            }
        }
        let sum: f64 = self.weights.values().sum();
        if sum <= 0.0 {
            return param("weights".to_owned(), "above 0 for one criterion at least", sum);
        }
        for (i, m) in self.measures.iter().enumerate() {
            let named = |field: &str| format!("measures[{i}].{field}");
            if !(m.weight >= 0.0 && m.weight.is_finite()) {
                return param(named("weight"), "0 or more", m.weight);
            }
            if !(m.worst.is_finite() && m.best.is_finite() && m.worst != m.best) {
                return param(named("best"), "a number other than worst", m.best);
            }
            if m.scale == Scale::Log && m.worst.min(m.best) <= 0.0 {
                return param(named("worst"), "above 0, and so is best, on a logarithmic scale", m.worst.min(m.best));
            }
        }
        if self.n_draws < 100 {
            return param("n_draws".to_owned(), "at least 100", self.n_draws as f64);
        }
        if !(self.concentration > 0.0 && self.concentration.is_finite()) {
            return param("concentration".to_owned(), "above 0", self.concentration);
        }
        for (name, share) in [
            ("unknown_spread", self.unknown_spread),
            ("unknown_score", self.unknown_score),
            ("min_known", self.min_known),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return param(name.to_owned(), "between 0 and 1", share);
            }
        }
        Ok(Criterion::ALL.map(|c| self.weights.get(&c).copied().unwrap_or(0.0) / sum))
    }

    /// Scores one market's values.
    pub fn score(&self, weights: &Weights, values: &[Option<f64>; N_FACTS]) -> Scored {
        let (mut sums, mut known, mut open, mut all) = ([0.0; 6], [0.0; 6], [0.0; 6], [0.0; 6]);
        for measure in &self.measures {
            let c = measure.criterion as usize;
            all[c] += measure.weight;
            match measure.quantity.of(values) {
                Some(value) => {
                    sums[c] += measure.weight * measure.score(value);
                    known[c] += measure.weight;
                }
                None if measure.quantity.of_sales() => {}
                None => open[c] += measure.weight,
            }
        }
        let criteria: [Option<f64>; 6] = std::array::from_fn(|c| (known[c] > 0.0).then(|| sums[c] / known[c]));
        let known_of: [f64; 6] = std::array::from_fn(|c| if all[c] > 0.0 { known[c] / all[c] } else { 0.0 });
        let share: f64 = (0..6).map(|c| weights[c] * known_of[c]).sum();
        let Some(whole) = joined(weights, &criteria) else {
            return Scored { score: None, criteria, counted: [None; 6], known_of, known: share };
        };
        let counted: [Option<f64>; 6] = std::array::from_fn(|c| {
            let weight = known[c] + open[c];
            (weight > 0.0).then(|| (sums[c] + open[c] * self.assumed(criteria[c].unwrap_or(whole))) / weight)
        });
        Scored { score: joined(weights, &counted), criteria, counted, known_of, known: share }
    }

    /// What an unknown measure counts beside known ones of this mean.
    fn assumed(&self, known: f64) -> f64 {
        known.min(self.unknown_score)
    }

    /// Scores drawn values, in which what is not known is drawn around what stands for it, one call of `normal` each.
    pub(crate) fn score_drawn(
        &self,
        weights: &Weights,
        values: &[Option<f64>; N_FACTS],
        scored: &Scored,
        mut normal: impl FnMut() -> f64,
    ) -> f64 {
        let whole = joined(weights, &scored.criteria).unwrap_or(0.0);
        let (mut sums, mut all) = ([0.0; 6], [0.0; 6]);
        for measure in &self.measures {
            let c = measure.criterion as usize;
            let score = match measure.quantity.of(values) {
                Some(value) => measure.score(value),
                None if measure.quantity.of_sales() => continue,
                None => {
                    let middle = self.assumed(scored.criteria[c].unwrap_or(whole));
                    (middle + self.unknown_spread * normal()).clamp(0.0, 1.0)
                }
            };
            sums[c] += measure.weight * score;
            all[c] += measure.weight;
        }
        let criteria: [Option<f64>; 6] = std::array::from_fn(|c| (all[c] > 0.0).then(|| sums[c] / all[c]));
        joined(weights, &criteria).unwrap_or(whole)
    }
}

/// The weighted mean of the criteria that are there.
pub(crate) fn joined(weights: &Weights, criteria: &[Option<f64>; 6]) -> Option<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (w, score) in weights.iter().zip(criteria) {
        if let Some(score) = score {
            sum += w * score;
            weight += w;
        }
    }
    (weight > 0.0).then(|| sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(given: &[(Fact, f64)]) -> [Option<f64>; N_FACTS] {
        let mut values = [None; N_FACTS];
        given.iter().for_each(|(fact, value)| values[*fact as usize] = Some(*value));
        values
    }

    // 80 million × .75 × .9 × 50 = 2.7 billion; without the share of adults the same, without that online × .85 / .9.
    #[test]
    fn a_share_that_hardly_differs_does_not_hide_what_is_spent() {
        let all = [
            (Fact::Population, 80e6),
            (Fact::CategorySpendPerHead, 50.0),
            (Fact::AdultPopulationShare, 0.75),
            (Fact::InternetShare, 0.9),
        ];
        let of = |facts: &[(Fact, f64)]| Quantity::OnlineCategory.of(&values(facts)).map(|x| (x / 1e5).round() / 1e4);
        assert_eq!(of(&all), Some(2.7));
        assert_eq!([of(&[all[0], all[1], all[3]]), of(&all[..3])], [Some(2.7), Some(2.55)]);
        assert_eq!([of(&all[1..]), of(&[all[0], all[2], all[3]])], [None; 2], "people and spending have no stand-in");
    }

    // Three competitors of 2 to 200 on a log scale: (ln 200 − ln 20) / (ln 200 − ln 2) = 1/2.
    // Top three 0.85 is worst: 0. Competition: (1/2 + 0) / 2 = 0.25 with 2 of 3 weights known; the third counts 0.25 too.
    // Distance: 500 km is best: 1, of a third of the weight; the other two thirds count 1/2: 2/3.
    // What is known scores (0.04 · 0.25 + 0.02 · 1) / 0.06 = 0.5, and so do the criteria of which nothing is:
    // 0.94 · 0.5 + 0.04 · 0.25 + 0.02 · 2/3 = 0.493333. Known: 0.04 · 2/3 + 0.02 · 1/3 = 0.033333.
    #[test]
    fn a_score_by_hand_with_most_of_it_unknown() {
        let params = AttractivenessParams::default();
        let weights = params.checked().unwrap();
        let facts = [(Fact::CompetitorCount, 20.0), (Fact::TopThreeShare, 0.85), (Fact::DistanceKm, 500.0)];
        let scored = params.score(&weights, &values(&facts));
        assert!((scored.criteria[Criterion::Competition as usize].unwrap() - 0.25).abs() < 1e-12);
        assert!((scored.counted[Criterion::Distance as usize].unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert!((scored.score.unwrap() - 0.74 / 1.5).abs() < 1e-12, "{scored:?}");
        assert!((scored.known - 0.1 / 3.0).abs() < 1e-12);
        assert_eq!(scored.criteria[Criterion::Demand as usize], None);
        assert_eq!(params.score(&weights, &values(&[])).score, None);
    }

    #[test] // Visits 1,000 a month: 1/2 of the way from 10 to 100,000. Orders weigh nothing where nothing was sold.
    fn what_only_sales_can_tell_is_no_gap() {
        let params = AttractivenessParams::default();
        let weights = params.checked().unwrap();
        let demand = |facts: &[(Fact, f64)]| params.score(&weights, &values(facts)).counted[Criterion::Demand as usize];
        let both = [(Fact::OwnVisits, 31_622.776_601_683_792), (Fact::OwnSearches, 9_486.832_980_505_138)];
        assert!((demand(&both).unwrap() - 0.875).abs() < 1e-9, "{:?}", demand(&both));
        // Searches unknown: visits of weight 2 at 0.875, searches of weight 1 at 1/2.
        assert!((demand(&both[..1]).unwrap() - (2.0 * 0.875 + 0.5) / 3.0).abs() < 1e-9);
    }

    #[test] // 80 million · 0.8 · 0.9 · 100 dollars = 5.76e9.
    fn the_online_category_is_a_product_and_needs_all_four() {
        let four = [
            (Fact::Population, 80e6),
            (Fact::AdultPopulationShare, 0.8),
            (Fact::InternetShare, 0.9),
            (Fact::CategorySpendPerHead, 100.0),
        ];
        let product = Quantity::OnlineCategory.of(&values(&four)).unwrap();
        assert!((product / 5.76e9 - 1.0).abs() < 1e-12);
        assert_eq!(Quantity::OnlineCategory.of(&values(&four[..3])), None);
        assert_eq!(Quantity::PaysOnline.of(&values(&[(Fact::CardShare, 0.7), (Fact::WalletShare, 0.6)])), Some(1.0));
    }

    #[test]
    fn wrong_weights_and_anchors_are_named() {
        let mut params = AttractivenessParams::default();
        params.weights.insert(Criterion::Cost, -1.0);
        assert_eq!(params.checked().unwrap_err().to_string(), "parameter `weights.cost` is -1, it has to be 0 or more");
        let mut params = AttractivenessParams::default();
        params.measures[0].worst = 0.0;
        assert!(params.checked().unwrap_err().to_string().starts_with("parameter `measures[0].worst` is 0"));
    }

    #[test]
    fn parameters_survive_the_way_to_text_and_back() {
        let params = AttractivenessParams::default();
        let text = serde_json::to_string(&params).unwrap();
        assert_eq!(serde_json::from_str::<AttractivenessParams>(&text).unwrap(), params);
    }

    proptest! {
        /// A gap lifts no market: leaving out a fact that scores the middle or more never raises the score.
        #[test]
        fn a_gap_never_lifts_what_is_good(
            ways in proptest::collection::vec(0.5..1.0_f64, 30),
            kept in proptest::collection::vec(proptest::bool::ANY, 30),
        ) {
            let params = AttractivenessParams::default();
            let weights = params.checked().unwrap();
            let facts: Vec<(Fact, f64)> = params
                .measures
                .iter()
                .zip(&ways)
                .filter_map(|(m, way)| match m.quantity {
                    Quantity::Fact(fact) if !fact.of_sales() => {
                        let on = |x: f64| if m.scale == Scale::Log { x.ln() } else { x };
                        let at = on(m.worst) + way * (on(m.best) - on(m.worst));
                        Some((fact, if m.scale == Scale::Log { at.exp() } else { at }))
                    }
                    _ => None,
                })
                .collect();
            let some: Vec<(Fact, f64)> =
                facts.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(fact, _)| *fact).collect();
            let score = |facts: &[(Fact, f64)]| params.score(&weights, &values(facts)).score;
            if let (Some(all), Some(less)) = (score(&facts), score(&some)) {
                prop_assert!(less <= all + 1e-9, "{less} of {} facts, {all} of {}", some.len(), facts.len());
            }
        }

        /// A score lies in [0, 1], and moving one fact towards its best anchor never lowers it.
        #[test]
        fn scores_stay_in_range_and_follow_the_facts(i in 0..30_usize, a in -0.5..1.5_f64, b in -0.5..1.5_f64) {
            let params = AttractivenessParams::default();
            let weights = params.checked().unwrap();
            let m = params.measures[i];
            if let Quantity::Fact(fact) = m.quantity {
                let at = |t: f64| m.worst + t * (m.best - m.worst);
                let score = |t: f64| params.score(&weights, &values(&[(fact, at(t)), (Fact::Population, 1e7)])).score.unwrap();
                let (low, high) = (score(a.min(b)), score(a.max(b)));
                prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
                prop_assert!(low <= high + 1e-12);
            }
        }
    }
}
