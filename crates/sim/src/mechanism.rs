//! What drives every market alike: the numbers behind the simulation, as `truth.json` states them.
//!
//! Each group stands beside the code that uses it and is that code's only source, so that what is
//! stated and what is done cannot drift apart. What differs by market is in [`crate::Truth`]'s
//! markets, what the caller chose in its `params`.

use crate::catalogue::{CATALOGUE, CatalogueRules, TYPES, TypeSpec};
use crate::export::{
    MARKET, MarketRules, NOISE, NoiseRules, PAPERS, PaperRules, SOCIAL, SUPPLY, SocialRules, SupplyRules,
};
use crate::fx::RateRules;
use crate::merchant::{LINKS, LinkRules};
use crate::plan::{ADS, AdRules, PRICES, PriceRules, TASTE, TasteRules};
use crate::potential::{POTENTIAL, PotentialRules};
use crate::trade::{
    EVENTS, EventRules, QUESTIONS, QuestionRules, REVIEWS, ReviewRules, Rules, SHOPPERS, ShopperRules, TRAITS,
    TraitRules,
};
use crate::world::{DEMAND, DemandRules};
use serde::Serialize;

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mechanism {
    /// Weekdays and growth; festivals are by market.
    demand: DemandRules,
    /// Types of products: typical figures, season, complement.
    types: &'static [TypeSpec],
    /// How products vary around their type.
    catalogue: CatalogueRules,
    /// Prices and promotions.
    prices: PriceRules,
    /// Part-worths; those drawn are by market.
    taste: TasteRules,
    /// Arrival, ordering rate, dropout, income.
    shoppers: ShopperRules,
    /// Baskets, delivery, satisfaction, returns.
    orders: Rules,
    /// Stars and what is written.
    reviews: ReviewRules,
    /// Visits to the web shop.
    events: EventRules,
    /// Advertising spend; the response curves are by market.
    ads: AdRules,
    /// Exchange rates.
    rates: RateRules,
    /// Impressions, clicks, competitors' prices.
    markets: MarketRules,
    /// Costs and stock.
    supply: SupplyRules,
    /// Marks and languages that the seller states.
    papers: PaperRules,
    /// Persons known in two markets.
    links: LinkRules,
    /// Machines among the visitors, reviews that say nothing.
    noise: NoiseRules,
    /// What a market could be worth, entered or not.
    potential: PotentialRules,
    /// Age, sex and income of shoppers.
    traits: TraitRules,
    /// What is done under posts on networks.
    social: SocialRules,
    /// What is asked before a purchase.
    questions: QuestionRules,
}

impl Mechanism {
    /// With the habits that a merchant was made with.
    pub(crate) fn of(habits: Rules) -> Self {
        Self {
            demand: DEMAND,
            types: &TYPES,
            catalogue: CATALOGUE,
            prices: PRICES,
            taste: TASTE,
            shoppers: SHOPPERS,
            orders: habits,
            reviews: REVIEWS,
            events: EVENTS,
            ads: ADS,
            rates: RateRules::usual(),
            markets: MARKET,
            supply: SUPPLY,
            papers: PAPERS,
            links: LINKS,
            noise: NOISE,
            potential: POTENTIAL,
            traits: TRAITS,
            social: SOCIAL,
            questions: QUESTIONS,
        }
    }
}
