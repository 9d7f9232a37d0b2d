//! One seed a part, so that a change in one part does not move the others.

use domain::{Market, Seed};

/// Parts of the simulation that draw random numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Catalogue = 1,
    Taste,
    Prices,
    Ads,
    Pilot,
    Arrivals,
    Shoppers,
    Orders,
    Reviews,
    Events,
    Rates,
    Dirt,
    Stock,
    Competitors,
    Links,
    Bulk,
    Noise,
    Facts,
    Traits,
    Papers,
    Social,
    Questions,
    Wanted,
}

/// The seed of a part.
pub(crate) fn seed_of(seed: Seed, part: Part) -> Seed {
    seed.derive(part as u64)
}

/// The seed of a part in one market.
pub(crate) fn market_seed(seed: Seed, part: Part, market: Market) -> Seed {
    let code = market.code().as_bytes();
    seed_of(seed, part).derive(u64::from(code[0]) << 8 | u64::from(code[1]))
}
