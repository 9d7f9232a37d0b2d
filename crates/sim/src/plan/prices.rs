//! Prices of a market, week by week: a list price, and a reduction in some weeks.
//!
//! List prices start at cost × markup × price level in local currency, rounded to what shops
//! there print (19.99, 299, 489,000), and move in steps of a few per cent every some weeks, for
//! reasons unrelated to demand, so that an elasticity can be learnt from them. In festival weeks
//! four products of ten are reduced by the festival's discount, else six of a hundred by 10 or 15 %.

use crate::SimParams;
use crate::catalogue::Catalogue;
use crate::fx::RateHistory;
use crate::part::{Part, market_seed};
use crate::world::{HOME, Profile, festival_in_week};
use domain::Currency;
use serde::Serialize;

/// How prices are set, in every market.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct PriceRules {
    /// Deviation of a product's log price around cost × markup × price level.
    level_spread: f64,
    /// Probability that a week brings a new step of a product's price.
    step_chance: f64,
    /// Steps against the product's level, each as likely as the others.
    steps: [f64; 5],
    /// Share of products that a festival reduces by its discount.
    festival_share: f64,
    /// Share of products that is reduced in any week, festival or not.
    sale_share: f64,
    /// By how much, basis points; both are as likely.
    sale_bp: [u16; 2],
}

pub(crate) const PRICES: PriceRules = PriceRules {
    level_spread: 0.08,
    step_chance: 0.15,
    steps: [0.90, 0.95, 1.0, 1.05, 1.10],
    festival_share: 0.4,
    sale_share: 0.06,
    sale_bp: [1500, 1000],
};

/// Prices of one market.
#[derive(Clone, Debug)]
pub struct PriceBook {
    n_products: usize,
    /// `n_weeks × n_products` list prices, minor units.
    list: Vec<i64>,
    /// `n_weeks × n_products` reductions, basis points.
    reduction: Vec<u16>,
    /// Promotion of each week, empty for none.
    promotion: Vec<&'static str>,
    /// What a typical product of the same type costs here, minor units, by product.
    usual: Vec<f64>,
}

impl PriceBook {
    /// Sets the prices of the whole period; weeks count from the first day.
    pub fn generate(params: &SimParams, profile: &Profile, catalogue: &Catalogue, rates: &RateHistory) -> Self {
        let seed = market_seed(params.seed, Part::Prices, profile.market);
        let n_weeks = params.days.div_ceil(7) as usize;
        let n_products = catalogue.len();
        let per_euro = |currency| rates.micros(currency, params.from).unwrap_or(1_000_000) as f64;
        let home = per_euro(Currency::new(*b"CNY"));
        // From fen to the market's minor units.
        let minor = per_euro(profile.currency) / home * 10_f64.powi(profile.currency.exponent() as i32) / 100.0;
        let level = if profile.market == HOME { 1.0 } else { profile.price_level };
        let mut list = vec![0; n_weeks * n_products];
        let mut reduction = vec![0; n_weeks * n_products];
        let festivals = profile.festivals_between(params.from, params.end());
        let festival = |week: usize| festival_in_week(&festivals, params.from.plus(7 * week as i32));
        for (j, product) in catalogue.products.iter().enumerate() {
            let mut rng = seed.stream(j as u64);
            let base = product.cost as f64 * product.spec().markup * level * minor;
            let base = base * (PRICES.level_spread * rng.normal()).exp();
            let mut step = 1.0;
            for week in 0..n_weeks {
                if rng.uniform() < PRICES.step_chance {
                    step = PRICES.steps[rng.below(PRICES.steps.len())];
                }
                let at = week * n_products + j;
                list[at] = shop_price(base * step, profile);
                let (u, deep) = (rng.uniform(), rng.uniform() < 0.5);
                reduction[at] = match festival(week) {
                    Some(f) if u < PRICES.festival_share => f.discount_bp,
                    _ if u > 1.0 - PRICES.sale_share => PRICES.sale_bp[usize::from(!deep)],
                    _ => 0,
                };
            }
        }
        let promotion = (0..n_weeks).map(|week| festival(week).map_or("", |f| f.name)).collect();
        let usual = catalogue.products.iter().map(|p| p.spec().cost as f64 * p.spec().markup * level * minor).collect();
        Self { n_products, list, reduction, promotion, usual }
    }

    /// Weeks with prices.
    pub fn n_weeks(&self) -> usize {
        self.promotion.len()
    }

    /// List price, minor units.
    pub fn list(&self, week: usize, product: usize) -> i64 {
        self.list[week * self.n_products + product]
    }

    /// Reduction, basis points of the list price.
    pub fn reduction(&self, week: usize, product: usize) -> u16 {
        self.reduction[week * self.n_products + product]
    }

    /// Promotion of the week, empty for none.
    pub fn promotion(&self, week: usize) -> &'static str {
        self.promotion[week]
    }

    /// Price paid against the usual one of its type.
    pub fn relative(&self, week: usize, product: usize) -> f64 {
        let paid = 1.0 - f64::from(self.reduction(week, product)) / 10_000.0;
        self.list(week, product) as f64 * paid / self.usual[product]
    }

    /// Reduction on `quantity` units, minor units, rounded half up.
    pub fn discount(&self, week: usize, product: usize, quantity: i64) -> i64 {
        (self.list(week, product) * quantity * i64::from(self.reduction(week, product)) + 5000) / 10_000
    }
}

/// The next price above `minor` that a shop there would print.
fn shop_price(minor: f64, profile: &Profile) -> i64 {
    let step = profile.price_step;
    ((minor / step as f64).ceil() as i64).max(1) * step - profile.price_below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::profile;
    use domain::Market;

    fn at(code: &[u8; 2]) -> &'static Profile {
        profile(Market::from_code(*code).unwrap()).unwrap()
    }

    #[test] // 28.40 USD → 28.99; 283 CNY → 289; 483,200 VND → 489,000; 31 SAR → 35.
    fn prices_end_as_shops_print_them() {
        assert_eq!(shop_price(2840.0, at(b"US")), 2899);
        assert_eq!(shop_price(28_300.0, at(b"CN")), 28_900);
        assert_eq!(shop_price(483_200.0, at(b"VN")), 489_000);
        assert_eq!(shop_price(3100.0, at(b"SA")), 3500);
    }

    #[test]
    fn festival_weeks_reduce_more_products() {
        let params = SimParams::default();
        let catalogue = Catalogue::generate(params.n_products, params.seed);
        let book = PriceBook::generate(&params, at(b"CN"), &catalogue, &RateHistory::generate(&params));
        let reduced = |week| (0..catalogue.len()).filter(|j| book.reduction(week, *j) > 0).count();
        let singles_day = ("2024-11-11".parse::<domain::Day>().unwrap().since(params.from) / 7) as usize;
        assert_eq!(book.promotion(singles_day), "11.11");
        assert!(reduced(singles_day) > 60, "{}", reduced(singles_day));
        assert!(reduced(singles_day - 4) < 40);
        let j = (0..catalogue.len()).find(|j| book.reduction(singles_day, *j) == 2500).unwrap();
        assert_eq!(book.discount(singles_day, j, 4), book.list(singles_day, j), "a quarter off four is one");
    }
}
