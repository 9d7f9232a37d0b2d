//! What a plan's own prices and promotions make of a forecast, in closed form: how many units by which of both, and how sure.
//!
//! A forecast is about the prices of now. With elasticity `e`, promoted share `s` of a week, lift `L` and expected units `d` it
//! becomes `d · ((1 − s) · (price / reference)^e + s · L · (list / reference)^e)`. How uncertain the factor is follows from the
//! standard deviations of `e` and `L` by the delta method, and joins the forecast's own interval in quadrature: the errors of past
//! forecasts say nothing of how shoppers answer to a price that was not asked. Where no elasticity is identified every price
//! sells the same, which is no statement: [`Product::elasticity`] is `None` then and nothing moves but by a promotion whose lift was
//! measured. Cost: one pass over the weeks.

use super::input::{Product, Promoted};

/// Sums over the weeks of one product or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Planned {
    /// Units at the reference price.
    pub units_now: f64,
    /// Sales at the reference price.
    pub sales_now: f64,
    /// Units at the plan's prices, in its promotions.
    pub units: f64,
    /// Sales at them.
    pub sales: f64,
    /// Units that the new price brings, below 0 where it costs some.
    pub by_price: f64,
    /// Units that promotions bring on top.
    pub by_promotion: f64,
    /// Standard deviation of `units` that the answer to price and promotion leaves open.
    pub units_sd: f64,
    /// The same of `sales`.
    pub sales_sd: f64,
}

impl Product {
    /// What the plan makes of the expected demand.
    pub fn planned(&self) -> Planned {
        let (answer, spread) = self.elasticity.as_ref().map_or((0.0, 0.0), |e| (e.mean.min(0.0), e.sd()));
        let lift_sd = self.promoted.as_ref().and_then(|p| p.lift).map_or(0.0, |lift| lift.sd());
        let mut all = Planned::default();
        // Derivatives of units and sales by elasticity and lift.
        let (mut by_answer, mut by_lift) = ((0.0, 0.0), (0.0, 0.0));
        for (week, (demand, price)) in self.demand.iter().zip(&self.price).enumerate() {
            let step = (price / self.reference_price).ln();
            let usual = (answer * step).exp();
            let share = self.promoted.as_ref().map_or(0.0, |p| p.share[week]);
            let days = self.promoted.as_ref().filter(|_| share > 0.0).map(|p| self.during(p, answer));
            let Days { times, slope, over_lift, price: paid } = days.unwrap_or_default();
            let (before, during) = (demand.mean * (1.0 - share), demand.mean * share);
            all.units_now += demand.mean;
            all.sales_now += demand.mean * self.reference_price;
            all.units += before * usual + during * times;
            all.sales += before * usual * price + during * times * paid;
            all.by_price += demand.mean * (usual - 1.0);
            all.by_promotion += during * (times - usual);
            by_answer.0 += before * usual * step + during * slope;
            by_answer.1 += before * usual * step * price + during * slope * paid;
            by_lift.0 += during * over_lift;
            by_lift.1 += during * over_lift * paid;
        }
        all.units_sd = (by_answer.0 * spread).hypot(by_lift.0 * lift_sd);
        all.sales_sd = (by_answer.1 * spread).hypot(by_lift.1 * lift_sd);
        all
    }

    fn during(&self, promoted: &Promoted, answer: f64) -> Days {
        let to_list = (promoted.list / self.reference_price).ln();
        let at_list = (answer * to_list).exp();
        let (lift, step) = match &promoted.lift {
            Some(lift) => (lift.mean, to_list),
            None => {
                let down = (promoted.price / promoted.list).ln();
                ((answer * down).exp(), to_list + down)
            }
        };
        let times = at_list * lift;
        Days { times, slope: times * step, over_lift: at_list, price: promoted.price }
    }
}

/// What the promoted days make of a unit of demand.
#[derive(Clone, Copy, Default)]
struct Days {
    times: f64,
    /// By the elasticity.
    slope: f64,
    /// By the lift.
    over_lift: f64,
    price: f64,
}

impl Planned {
    /// With another product: what is not known of the answers is taken to err together, as products that are drawn towards one
    /// mean do.
    pub fn add(&mut self, other: &Self) {
        self.units_now += other.units_now;
        self.sales_now += other.sales_now;
        self.units += other.units;
        self.sales += other.sales;
        self.by_price += other.by_price;
        self.by_promotion += other.by_promotion;
        self.units_sd += other.units_sd;
        self.sales_sd += other.sales_sd;
    }

    /// Whether the plan changes anything.
    pub fn moves(&self) -> bool {
        self.by_price != 0.0 || self.by_promotion != 0.0 || self.sales != self.sales_now
    }

    /// A total of which these products are the part `share`, and its interval, at the plan's prices: `of` says which of units and
    /// sales it is of. `z` is the normal quantile of the interval's level.
    pub fn of_total(&self, (mean, low, high): (f64, f64, f64), share: f64, of: Of, z: f64) -> (f64, f64, f64) {
        let (now, then, sd) = match of {
            Of::Units => (self.units_now, self.units, self.units_sd),
            Of::Sales => (self.sales_now, self.sales, self.sales_sd),
        };
        if now <= 0.0 || mean <= 0.0 {
            return (mean, low, high);
        }
        let planned = mean * (1.0 + share * (then / now - 1.0));
        if planned <= 0.0 {
            return (0.0, 0.0, 0.0);
        }
        let own = z * share * sd / now * mean / planned;
        let reach = |end: f64| planned * ((end - mean) / mean).hypot(own);
        (planned, (planned - reach(low)).max(0.0), planned + reach(high))
    }
}

/// What a total is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Units.
    Units,
    /// Sales.
    Sales,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::Estimate;
    use domain::Seed;

    fn product(answer: Option<Estimate>, price: f64, promoted: Option<Promoted>) -> Product {
        Product {
            name: "kettle".to_owned(),
            demand: vec![Estimate::exact(100.0); 4],
            reference_price: 20.0,
            price: vec![price; 4],
            kept: 0.8,
            landed_cost: 8.0,
            elasticity: answer,
            promoted,
            stock: 0.0,
            deliveries: Vec::new(),
            salvage: 0.0,
        }
    }

    // e = −2 from 20 to 16: 1.25² = 1.5625 times, 4 · 156.25 = 625 units and 10,000 of sales. One week at half, list 16, price 12.80:
    // 1.25² again over it, so 156.25 · (.5 + .5 · 1.5625) = 200.195.
    #[test]
    fn by_hand() {
        let exact = Some(Estimate::exact(-2.0));
        let got = product(exact, 16.0, None).planned();
        assert!((got.units - 625.0).abs() < 1e-9 && (got.by_price - 225.0).abs() < 1e-9, "{got:?}");
        assert!((got.sales - 10_000.0).abs() < 1e-6 && got.units_sd == 0.0 && got.by_promotion == 0.0);
        let promoted = Promoted { share: vec![0.5, 0.0, 0.0, 0.0], list: 16.0, price: 12.8, lift: None };
        let got = product(exact, 16.0, Some(promoted)).planned();
        assert!((got.by_promotion - 156.25 * 0.5 * 0.5625).abs() < 1e-9, "{got:?}");
        assert!((got.units - got.units_now - got.by_price - got.by_promotion).abs() < 1e-9);
    }

    #[test]
    fn where_nobody_knows_the_answer_nothing_moves_but_by_a_measured_lift() {
        let got = product(None, 16.0, None).planned();
        assert_eq!((got.units, got.by_price, got.units_sd), (400.0, 0.0, 0.0));
        let lift = Estimate { mean: 2.0, low: 1.5, high: 2.5, level: 0.9 };
        let promoted = Promoted { share: vec![1.0, 0.0, 0.0, 0.0], list: 20.0, price: 16.0, lift: Some(lift) };
        let got = product(None, 20.0, Some(promoted)).planned();
        assert!((got.units - 500.0).abs() < 1e-9 && (got.units_sd - 100.0 * lift.sd()).abs() < 1e-9, "{got:?}");
    }

    // Half of a total of 100 (80 to 130) grows by 1.5625: 128.125; the factor's own deviation of .1 · 400 / 400 · ½ joins in quadrature.
    #[test]
    fn a_total_moves_by_the_part_that_is_known() {
        let planned = Planned { units_now: 400.0, units: 625.0, units_sd: 40.0, ..Planned::default() };
        let (mean, low, high) = planned.of_total((100.0, 80.0, 130.0), 0.5, Of::Units, 1.645);
        let own = 1.645 * 0.5 * 0.1 / 1.281_25;
        assert!((mean - 128.125).abs() < 1e-9, "{mean}");
        assert!(
            (low - mean * (1.0 - 0.2_f64.hypot(own))).abs() < 1e-9
                && (high - mean * (1.0 + 0.3_f64.hypot(own))).abs() < 1e-9
        );
        let still = Planned { units_now: 400.0, units: 400.0, ..Planned::default() };
        let got = still.of_total((100.0, 80.0, 130.0), 1.0, Of::Units, 1.645);
        assert!((got.0 - 100.0).abs() < 1e-9 && (got.1 - 80.0).abs() < 1e-9 && (got.2 - 130.0).abs() < 1e-9, "{got:?}");
    }

    // 400 planted products: the truth's demand and answer scatter as the estimates say, all weeks alike. The 90 % interval of what
    // the plan sells has to hold it, which one that moved its ends by the factor alone does not.
    #[test]
    fn the_interval_holds_what_planted_products_then_sell() {
        let z = learn::interval::two_sided(0.9).unwrap();
        let (mut inside, mut narrow) = (0, 0);
        for i in 0..400 {
            let mut rng = Seed(5).stream(i);
            let (demand_sd, answer_sd) = (0.1, 0.5);
            let answer = -1.0 - 1.5 * rng.uniform();
            let reach = learn::interval::two_sided(0.95).unwrap() * answer_sd;
            let estimate = Estimate { mean: answer, low: answer - reach, high: answer + reach, level: 0.95 };
            let planned = product(Some(estimate), 14.0, None).planned();
            let ends = (400.0 * (1.0 - z * demand_sd), 400.0 * (1.0 + z * demand_sd));
            let (_, low, high) = planned.of_total((400.0, ends.0, ends.1), 1.0, Of::Units, z);
            let then =
                400.0 * (1.0 + demand_sd * rng.normal()) * 0.7_f64.powf((answer + answer_sd * rng.normal()).min(0.0));
            inside += u32::from((low..=high).contains(&then));
            let times = planned.units / planned.units_now;
            narrow += u32::from((ends.0 * times..=ends.1 * times).contains(&then));
        }
        assert!((340..=380).contains(&inside), "{inside} of 400 inside");
        assert!(narrow < 300, "{narrow} of 400 inside without the answer's own uncertainty");
    }
}
