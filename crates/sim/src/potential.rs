//! What the merchant could win in each market, entered or not, and what can be known of it beforehand.
//!
//! ```text
//! potential = people × adults × online × spending × online share of retail × reached
//!             × exp(− a · distance of tastes − b · 1000 km − c · duty − d · share of the three largest
//!                   − e · ln(price of advertising) + f · growth of the category)             US dollars a year
//! ```
//! Luck moves each market's spending and growth by its `appeal`, and one market that is not entered is **planted**: its
//! appeal is what makes its potential [`PotentialRules::planted_lead`] times that of the next one not entered. Visits from
//! markets that are not entered follow the potential with less than its full spread. `truth.json` states all of it.
//!
//! The choice that the program makes from published figures is a weighted sum of scores, not this product: that it finds
//! the planted market is no matter of course.

use crate::part::{Part, market_seed, seed_of};
use crate::world::{COLUMNS, FIGURES, Figures};
use crate::{MarketParams, SimParams};
use domain::Market;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the potential is made from.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct PotentialRules {
    /// Share of the online category that a merchant like this one wins where nothing stands in its way.
    reached: f64,
    /// What one of distance of tastes costs, in logarithms.
    taste: f64,
    /// What a unit of import duty costs.
    duty: f64,
    /// What a unit of the three largest sellers' share costs.
    top_three: f64,
    /// What a unit of the logarithm of the price of advertising costs.
    advertising: f64,
    /// What a day to the door costs.
    day: f64,
    /// What a unit of growth of the category a year adds.
    growth: f64,
    /// Deviation of appeal: of log spending.
    appeal: f64,
    /// Growth of the category a year for one of appeal.
    growth_of_appeal: f64,
    /// Times the next best that the planted market is worth.
    planted_lead: f64,
    /// Visits a month at scale 1 from a market worth a million dollars a year.
    visits: f64,
    /// Power of the potential that visits follow.
    visits_power: f64,
    /// Deviation of log visits.
    visits_noise: f64,
    /// Searches a visit.
    searches: f64,
    /// Share of published figures that are missing.
    pub(crate) missing: f64,
}

pub(crate) const POTENTIAL: PotentialRules = PotentialRules {
    reached: 0.002,
    taste: 0.9,
    duty: 1.5,
    top_three: 1.0,
    advertising: 0.25,
    day: 0.04,
    growth: 4.0,
    appeal: 0.2,
    growth_of_appeal: 0.02,
    planted_lead: 2.0,
    visits: 2_000.0,
    visits_power: 0.7,
    visits_noise: 0.2,
    searches: 0.25,
    missing: 0.06,
};

/// The truth about what a market could be worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarketPotential {
    /// Which.
    pub market: Market,
    /// Whether the merchant is there.
    pub entered: bool,
    /// Whether it is the market that was made the best of those not entered.
    pub planted: bool,
    /// `1 − correlation` of tastes with home.
    pub distance: f64,
    /// Luck: of log spending.
    pub appeal: f64,
    /// What the merchant could win there, US dollars a year.
    pub potential: f64,
    /// Visits a month that are expected from there while it is not entered.
    pub visits_expected: f64,
    /// Visits of a year as the shop's log counts them; 0 where the merchant is: its events have those.
    pub visits: u64,
    /// Searches of the same year.
    pub searches: u64,
    /// True figures by the names of `market_facts.csv`: shares and growth as numbers, money in US dollars.
    pub facts: BTreeMap<&'static str, f64>,
}

/// The potential of all markets that have figures, best first; pure and without the rest of the history.
pub fn potentials(params: &SimParams) -> Vec<MarketPotential> {
    let entered = |market: Market| params.markets.iter().find(|m| m.market == market);
    let mut all: Vec<MarketPotential> =
        FIGURES.iter().map(|f| before_planting(params, f, entered(f.market()))).collect();
    let mut open: Vec<usize> = (0..all.len()).filter(|&i| !all[i].entered).collect();
    open.sort_by(|&i, &j| all[j].potential.total_cmp(&all[i].potential).then(all[i].market.cmp(&all[j].market)));
    // Among the best quarter, so that no tiny market has to spend like a large one.
    if open.len() > 1 {
        let chosen = open[seed_of(params.seed, Part::Facts).stream(0).below(open.len().div_ceil(4))];
        let best = open.iter().filter(|i| **i != chosen).map(|&i| all[i].potential).fold(0.0, f64::max);
        plant(&mut all[chosen], POTENTIAL.planted_lead * best);
    }
    for market in &mut all {
        if !market.entered {
            let mut rng = market_seed(params.seed, Part::Facts, market.market).stream(2);
            let luck = (POTENTIAL.visits_noise * rng.normal()).exp();
            let millions = market.potential / 1e6;
            market.visits_expected = POTENTIAL.visits * params.scale * millions.powf(POTENTIAL.visits_power) * luck;
            market.visits = rng.poisson(12.0 * market.visits_expected);
            market.searches = rng.poisson(12.0 * market.visits_expected * POTENTIAL.searches);
        }
    }
    all.sort_by(|a, b| b.potential.total_cmp(&a.potential).then(a.market.cmp(&b.market)));
    all
}

fn before_planting(params: &SimParams, figures: &Figures, entered: Option<&MarketParams>) -> MarketPotential {
    let market = figures.market();
    let mut rng = market_seed(params.seed, Part::Facts, market).stream(1);
    let facts = COLUMNS.iter().zip(figures.values).map(|(c, v)| (c.name, v)).collect();
    let mut made = MarketPotential {
        market,
        entered: entered.is_some(),
        planted: false,
        distance: entered.map_or(figures.distance, |m| m.distance),
        appeal: 0.0,
        potential: 0.0,
        visits_expected: 0.0,
        visits: 0,
        searches: 0,
        facts,
    };
    appeal(&mut made, POTENTIAL.appeal * rng.normal());
    made
}

/// Adds luck to what is spent and to its growth.
fn appeal(market: &mut MarketPotential, more: f64) {
    market.appeal += more;
    if let Some(spend) = market.facts.get_mut("category_spend_per_head") {
        *spend *= more.exp();
    }
    if let Some(growth) = market.facts.get_mut("category_growth") {
        *growth += POTENTIAL.growth_of_appeal * more;
    }
    market.potential = potential(market);
}

/// Raises a market's luck until it is worth `goal`.
fn plant(market: &mut MarketPotential, goal: f64) {
    // The logarithm of the potential is a straight line in appeal.
    let slope = 1.0 + POTENTIAL.growth * POTENTIAL.growth_of_appeal;
    let more = (goal / market.potential).ln() / slope;
    appeal(market, more);
    market.planted = true;
}

fn potential(market: &MarketPotential) -> f64 {
    let get = |name: &str| market.facts.get(name).copied().unwrap_or(0.0);
    let rules = POTENTIAL;
    let online = get("population")
        * get("adult_population_share")
        * get("internet_share")
        * get("category_spend_per_head")
        * get("ecommerce_share");
    let stands_in_the_way = rules.taste * market.distance
        + rules.duty * get("import_duty")
        + rules.top_three * get("top3_share")
        + rules.advertising * get("ad_cost_index").ln()
        + rules.day * get("days_by_air")
        - rules.growth * get("category_growth");
    online * rules.reached * (-stands_in_the_way).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // Germany without luck: 84e6 · 0.83 · 0.93 · 88 · 0.14 = 798.8e6, reached 0.002: 1.5977e6. In the way: 0.9 · 0.5 +
    // 1.5 · 0.03 + 0.42 + 0.25 · ln 2.4 (0.218867) + 0.04 · 9 − 4 · 0.02 = 1.413867; e^−1.413867 = 0.243201: 388,560.
    #[test]
    fn the_potential_of_a_market_by_hand() {
        let de = FIGURES.iter().find(|f| f.market().code() == "DE").unwrap();
        let params = SimParams::default();
        let entered = params.markets.iter().find(|m| m.market == de.market());
        let mut made = before_planting(&params, de, entered);
        let back = -made.appeal;
        appeal(&mut made, back);
        assert!((made.potential / 388_560.0 - 1.0).abs() < 1e-3, "{}", made.potential);
    }

    #[test]
    fn one_market_that_is_not_entered_is_planted_with_its_lead() {
        for seed in 0..10 {
            let params = SimParams::at(1.0, Seed(seed));
            let all = potentials(&params);
            let open: Vec<&MarketPotential> = all.iter().filter(|m| !m.entered).collect();
            assert!(open[0].planted && open.iter().filter(|m| m.planted).count() == 1);
            assert!((open[0].potential / open[1].potential / POTENTIAL.planted_lead - 1.0).abs() < 1e-9);
            assert_eq!(all.iter().filter(|m| m.entered).count(), 6);
            assert!(all.iter().all(|m| m.entered == (m.visits_expected == 0.0)));
            assert_eq!(potentials(&params), all);
        }
        let planted = |seed| potentials(&SimParams::at(1.0, Seed(seed))).iter().find(|m| m.planted).unwrap().market;
        let seeds: std::collections::BTreeSet<Market> = (0..10).map(planted).collect();
        assert!(seeds.len() > 2, "seeds plant different markets: {seeds:?}");
    }
}
