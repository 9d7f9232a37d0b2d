//! What a rehearsal needs to know: plain numbers with their intervals, whoever estimated them.

use crate::budget::Response;
use crate::spend_error::{SpendError, check_amounts};
use domain::Currency;
use serde::{Deserialize, Serialize};

/// A number with its interval; a point where both ends are the value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Expected value.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Coverage of the interval, in (0, 1).
    pub level: f64,
}

/// How sure it is what an interval of demand contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    /// The interval is about the expected demand; sales scatter around it as counts do.
    OnTop,
    /// The interval is about the sales of a week: nothing is added.
    Within,
}

/// A delivery that is on its way or will be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Week in which it should arrive, from 0.
    pub week: usize,
    /// Units.
    pub units: f64,
}

/// Some days at a lower price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promoted {
    /// Part of each week that it covers, one entry a week, in [0, 1].
    pub share: Vec<f64>,
    /// Price that the lift is over, above 0.
    pub list: f64,
    /// Price asked in those days, above 0.
    pub price: f64,
    /// Times the units at the list price; `None` where it follows from the elasticity.
    pub lift: Option<Estimate>,
}

/// One product in one market. Amounts are major units of the plan's currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// Units a week that would be asked for at the reference price and without advertising, one entry a week.
    pub demand: Vec<Estimate>,
    /// Price that the demand was estimated at, above 0, what a shopper pays.
    pub reference_price: f64,
    /// Price planned for each week, above 0.
    pub price: Vec<f64>,
    /// Part of the price that is left after sales tax and the fees that go with it, in (0, 1].
    pub kept: f64,
    /// Cost of a unit, landed.
    pub landed_cost: f64,
    /// `d ln(demand) / d ln(price)`; `None` where it is not known: then every price sells the same and the report says so.
    pub elasticity: Option<Estimate>,
    /// A promotion within the weeks.
    #[serde(default)]
    pub promoted: Option<Promoted>,
    /// Units there at the beginning.
    pub stock: f64,
    /// What comes later.
    pub deliveries: Vec<Delivery>,
    /// What a unit that is left at the end is still worth, as a part of its landed cost, in [0, 1].
    pub salvage: f64,
}

/// One advertising channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdChannel {
    /// Its name.
    pub name: String,
    /// Spend of each week.
    pub spend: Vec<f64>,
    /// Revenue a week that a spend brings at reference prices: the expected curve.
    pub response: Response,
    /// The same in resamples of the fit, each as likely; none where only the expected curve is known.
    pub draws: Vec<Response>,
}

/// A plan with everything that it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Currency of every amount.
    pub currency: Currency,
    /// Products, at least one, all with the same number of weeks.
    pub products: Vec<Product>,
    /// Channels, maybe none.
    pub channels: Vec<AdChannel>,
    /// Spent whatever happens: listings, tests, translations.
    pub fixed_cost: f64,
}

/// What moves all products at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// What the intervals of demand are about.
    pub noise: Noise,
    /// Part of the uncertain demand that all products share, in [0, 1]: the market itself may be smaller than thought.
    pub shared_by_all: f64,
    /// Part that all weeks of one product share, in [0, 1]; with the above at most 1.
    pub shared_by_weeks: f64,
    /// Weeks that a delivery is late, as a mean of exponential delays; 0 for none.
    pub mean_delay: f64,
    /// Standard deviation of the logarithm of landed cost: exchange rate and freight; 0 for none.
    pub cost_spread: f64,
}

impl Default for World {
    fn default() -> Self {
        Self { noise: Noise::OnTop, shared_by_all: 0.4, shared_by_weeks: 0.4, mean_delay: 0.5, cost_spread: 0.03 }
    }
}

impl Estimate {
    /// A value without uncertainty.
    pub const fn exact(mean: f64) -> Self {
        Self { mean, low: mean, high: mean, level: 0.9 }
    }

    /// Standard deviation of a normal with this interval.
    pub fn sd(&self) -> f64 {
        let z = learn::interval::two_sided(self.level).unwrap_or(f64::INFINITY);
        (self.high - self.low) / (2.0 * z)
    }

    fn check(&self, what: &str, least: f64) -> Result<(), SpendError> {
        let ends = self.low <= self.mean && self.mean <= self.high && self.low >= least;
        let finite = self.mean.is_finite() && self.low.is_finite() && self.high.is_finite();
        if !(ends && finite) {
            return Err(SpendError::param(what, "finite, between its own low and high ends", self.mean));
        }
        if learn::interval::two_sided(self.level).is_none() {
            return Err(SpendError::param(format!("{what}: level"), "between 0 and 1", self.level));
        }
        Ok(())
    }
}

impl Plan {
    /// Weeks of the plan.
    pub fn n_weeks(&self) -> usize {
        self.products.first().map_or(0, |p| p.demand.len())
    }

    /// # Errors
    /// [`SpendError`] naming what does not fit.
    pub fn check(&self) -> Result<(), SpendError> {
        let weeks = self.n_weeks();
        if weeks == 0 {
            return Err(SpendError::TooLittle { what: "product weeks", have: 0, need: 1 });
        }
        let long = |what: String, got: usize| {
            if got == weeks { Ok(()) } else { Err(SpendError::Shape { what, got, need: weeks }) }
        };
        for p in &self.products {
            let name = &p.name;
            long(format!("demand of {name}"), p.demand.len())?;
            long(format!("price of {name}"), p.price.len())?;
            p.demand.iter().try_for_each(|d| d.check(&format!("demand of {name}"), 0.0))?;
            if let Some(elasticity) = &p.elasticity {
                elasticity.check(&format!("elasticity of {name}"), f64::NEG_INFINITY)?;
            }
            for price in p.price.iter().chain([&p.reference_price]) {
                if !(*price > 0.0 && price.is_finite()) {
                    return Err(SpendError::param(format!("price of {name}"), "above 0", *price));
                }
            }
            if let Some(promoted) = &p.promoted {
                promoted.check(name, weeks)?;
            }
            check_amounts(&format!("landed cost and stock of {name}"), &[p.landed_cost, p.stock])?;
            check_amounts(&format!("deliveries of {name}"), &p.deliveries.iter().map(|d| d.units).collect::<Vec<_>>())?;
            if !(p.kept > 0.0 && p.kept <= 1.0) {
                return Err(SpendError::param(format!("kept of {name}"), "in (0, 1]", p.kept));
            }
            if !(0.0..=1.0).contains(&p.salvage) {
                return Err(SpendError::param(format!("salvage of {name}"), "in [0, 1]", p.salvage));
            }
        }
        for c in &self.channels {
            long(format!("spend of {}", c.name), c.spend.len())?;
            check_amounts(&format!("spend of {}", c.name), &c.spend)?;
            c.response.check()?;
            c.draws.iter().try_for_each(Response::check)?;
        }
        check_amounts("fixed cost", &[self.fixed_cost])
    }

    /// The same plan with the prices of products whose answer to price is known, all stock and deliveries, and all advertising
    /// multiplied: where nobody knows the answer, a higher price would be free money.
    #[must_use]
    pub fn varied(&self, price: f64, stock: f64, advertising: f64) -> Self {
        let mut plan = self.clone();
        plan.name = format!("price × {price}, stock × {stock}, advertising × {advertising}");
        for p in &mut plan.products {
            if p.elasticity.is_some() {
                p.price.iter_mut().for_each(|x| *x *= price);
                if let Some(promoted) = &mut p.promoted {
                    promoted.list *= price;
                    promoted.price *= price;
                }
            }
            p.stock *= stock;
            p.deliveries.iter_mut().for_each(|d| d.units *= stock);
        }
        plan.channels.iter_mut().for_each(|c| c.spend.iter_mut().for_each(|x| *x *= advertising));
        plan
    }
}

impl Promoted {
    fn check(&self, name: &str, weeks: usize) -> Result<(), SpendError> {
        if self.share.len() != weeks {
            return Err(SpendError::Shape { what: format!("promotion of {name}"), got: self.share.len(), need: weeks });
        }
        if let Some(got) = self.share.iter().find(|s| !(0.0..=1.0).contains(*s)) {
            return Err(SpendError::param(format!("share of weeks promoted of {name}"), "in [0, 1]", *got));
        }
        if let Some(got) = [self.list, self.price].into_iter().find(|p| !(*p > 0.0 && p.is_finite())) {
            return Err(SpendError::param(format!("promoted price of {name}"), "above 0", got));
        }
        self.lift.iter().try_for_each(|lift| lift.check(&format!("lift of {name}"), 0.0))
    }
}

impl World {
    pub(super) fn check(&self) -> Result<(), SpendError> {
        let parts = [self.shared_by_all, self.shared_by_weeks, 1.0 - self.shared_by_all - self.shared_by_weeks];
        if let Some(got) = parts.into_iter().find(|p| !(*p >= -1e-12 && *p <= 1.0)) {
            return Err(SpendError::param("shared_by_all, shared_by_weeks", "parts that sum to at most 1", got));
        }
        check_amounts("mean_delay, cost_spread", &[self.mean_delay, self.cost_spread])
    }
}
