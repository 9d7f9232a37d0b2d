//! What a simulated market truly sells at any prices: expected units of the quarter after its history, from the choice model.
//!
//! A line that is chosen freely is a multinomial logit of the shopper's cluster and tier; complements follow what was chosen, at
//! whatever price. What the choice model leaves out (owned durables, preferred brands) does not depend on price. Groups weigh by their
//! lines in the last half year. In the simulator nobody walks away from a dear shop: lines do not depend on prices, they only go
//! elsewhere in it. [`Market::leaving`] is the same market with a choice of buying nothing, which at the present prices as many take as
//! buy, so that a rise of all prices costs units.

use sim::{Book, Merchant, plan::TIER_WEIGHTS, plan::TIERS};

/// Temperature at which a season's effect is nought, °C, as [`sim::plan::MarketTaste`] has it.
const MILD: f64 = 18.0;
/// Weeks ahead.
const WEEKS: i32 = 13;
/// Days at the end of the history whose lines weigh the groups.
const LATE: i32 = 182;

/// A market.
pub(super) struct Market {
    groups: Vec<Group>,
    /// What a typical product of the same type costs, minor units.
    usual: Vec<f64>,
    /// Complement of each product and how often it follows.
    follows: Vec<Option<(usize, f64)>>,
}

/// Shoppers who choose alike in a week.
struct Group {
    weight: f64,
    /// Log utility without price; minus infinity for what is not on sale.
    utility: Vec<f64>,
    price_coefficient: f64,
    /// Log weight of buying nothing; minus infinity in the simulator itself.
    nothing: f64,
}

impl Market {
    pub(super) fn of(merchant: &Merchant, book: &Book) -> Self {
        let products = &merchant.catalogue.products;
        let end = merchant.params.end();
        let mut weights = vec![0.0; book.taste.utility.len() * TIERS];
        for order in &book.orders {
            if order.at.div_euclid(86_400) >= i64::from(end.0 - LATE) {
                let shopper = &book.shoppers[order.shopper as usize];
                weights[usize::from(shopper.cluster) * TIERS + usize::from(shopper.tier)] += f64::from(order.n_lines);
            }
        }
        let all: f64 = weights.iter().sum::<f64>() * f64::from(WEEKS);
        let mut groups = Vec::new();
        for week in 0..WEEKS {
            let warmth = book.profile.temperature(end.plus(7 * week + 3)) - MILD;
            for (at, weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
                let utility = (0..products.len()).map(|j| {
                    let offered = merchant.catalogue.offered(j, book.profile.volts);
                    let value = book.taste.utility[at / TIERS][j] + products[j].spec().heat * warmth;
                    if offered { value } else { f64::NEG_INFINITY }
                });
                groups.push(Group {
                    weight: weight / all,
                    utility: utility.collect(),
                    price_coefficient: book.params.price_coefficient * TIER_WEIGHTS[at % TIERS],
                    nothing: f64::NEG_INFINITY,
                });
            }
        }
        let last = book.prices.n_weeks() - 1;
        let usual = (0..products.len()).map(|j| {
            let paid = 1.0 - f64::from(book.prices.reduction(last, j)) / 10_000.0;
            book.prices.list(last, j) as f64 * paid / book.prices.relative(last, j)
        });
        let follows = products.iter().map(|p| {
            let partner = usize::from(p.partner?);
            Some((partner, p.spec().same_basket + p.spec().next_order))
        });
        Self { groups, usual: usual.collect(), follows: follows.collect() }
    }

    /// The same market where, at these prices, as many buy nothing as buy.
    pub(super) fn leaving(mut self, prices: &[f64]) -> Self {
        for at in 0..self.groups.len() {
            self.groups[at].nothing = self.groups[at].weights(prices, &self.usual).iter().sum::<f64>().ln();
        }
        self
    }

    /// Expected units of each product for one freely chosen line, at `prices` in minor units.
    pub(super) fn units(&self, prices: &[f64]) -> Vec<f64> {
        let mut free = vec![0.0; self.usual.len()];
        for group in &self.groups {
            let weights = group.weights(prices, &self.usual);
            let sum = weights.iter().sum::<f64>() + group.nothing.exp();
            free.iter_mut().zip(weights).for_each(|(units, w)| *units += group.weight * w / sum);
        }
        let mut units = free.clone();
        for (from, follows) in free.iter().zip(&self.follows) {
            if let Some((to, often)) = follows {
                units[*to] += from * often;
            }
        }
        units
    }

    /// Expected units of product `j` alone when only its own price changes from `prices`, for each of `own`.
    pub(super) fn units_alone(&self, prices: &[f64], j: usize, own: &[f64]) -> Vec<f64> {
        let mut free = vec![0.0; own.len()];
        let mut pulled = 0.0;
        for group in &self.groups {
            let weights = group.weights(prices, &self.usual);
            let others = weights.iter().sum::<f64>() + group.nothing.exp() - weights[j];
            for (units, price) in free.iter_mut().zip(own) {
                let w = group.weight_of(j, *price, self.usual[j]);
                *units += group.weight * w / (others + w);
            }
            for (from, follows) in self.follows.iter().enumerate() {
                if let Some((to, often)) = follows
                    && *to == j
                    && from != j
                {
                    pulled += group.weight * weights[from] / (others + weights[j]) * often;
                }
            }
        }
        free.into_iter().map(|units| units + pulled).collect()
    }
}

impl Group {
    fn weight_of(&self, j: usize, price: f64, usual: f64) -> f64 {
        (self.utility[j] - self.price_coefficient * (price / usual).ln()).exp()
    }

    fn weights(&self, prices: &[f64], usual: &[f64]) -> Vec<f64> {
        (0..prices.len()).map(|j| self.weight_of(j, prices[j], usual[j])).collect()
    }
}
