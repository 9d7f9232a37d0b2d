//! Price elasticity of many products in many markets, each drawn towards its market, or refused with the reason.
//!
//! Per product and market [`super::identify`] says whether its weeks may be read as an answer to price and what they answer.
//! Those that may are a three-level hierarchy: `y_mp ~ N(e_mp, s_mp²)`, `e_mp ~ N(μ_m, τ_m²)`, `μ_m ~ N(μ, T²)`. Products are
//! drawn towards their market's mean, and the market's mean towards the mean of the markets, both by empirical Bayes with
//! the spread integrated out ([`learn::shrinkage`]). A product whose data are too scarce, not of the wrong kind, borrows its
//! market's mean with the spread between products as its uncertainty. One refused for the kind of its data gets nothing.
//! Cost: one small regression a product, four for the checks.

use super::PriceError;
use super::corridor::Answer;
use super::identify::{Doubt, Form, Identified, Limits, PriceSource, identify_by};
use super::panel::{Panel, Sale};
use super::said::Said;
use domain::{Figure, Unit};
use learn::interval::two_sided;
use learn::shrinkage::{Estimate, shrink};
use std::collections::BTreeMap;

/// Coverage of the intervals.
pub const LEVEL: f64 = 0.95;

/// How elasticities are estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ElasticityParams {
    /// Where the prices come from.
    pub source: PriceSource,
    /// Which regression answers.
    pub form: Form,
    /// Limits of what speaks against an estimate.
    pub limits: Limits,
}

impl Default for ElasticityParams {
    fn default() -> Self {
        Self { source: PriceSource::Paid, form: Form::Poisson, limits: Limits::default() }
    }
}

/// What an elasticity rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The product's own weeks.
    Own,
    /// The same, drawn towards its market.
    Drawn,
    /// Nothing of its own: the market's other products.
    Borrowed,
    /// None: refused.
    Refused,
}

/// One product in one market.
#[derive(Clone, Debug, PartialEq)]
pub struct Elasticity {
    /// Product.
    pub product: u32,
    /// Market.
    pub market: u32,
    /// What its own weeks say and what speaks against that.
    pub own: Identified,
    /// What to work with: `d ln demand / d ln price`; `None` where refused.
    pub shown: Option<Estimate>,
    /// What that rests on.
    pub basis: Basis,
    /// Weeks with a sale.
    pub n_weeks: usize,
}

/// All of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Elasticities {
    /// One a product and market, ordered by market, then product.
    pub products: Vec<Elasticity>,
    /// Mean of each market's products, drawn towards the other markets; only markets with three products or more.
    pub markets: BTreeMap<u32, Estimate>,
}

impl ElasticityParams {
    /// Estimates all products of all markets.
    ///
    /// # Errors
    /// As [`Panel::lay_out`].
    pub fn estimate(&self, sales: &[Sale]) -> Result<Elasticities, PriceError> {
        let panels = Panel::lay_out(sales)?;
        let own: Vec<Identified> =
            panels.iter().map(|p| identify_by(p, self.source, self.form, &self.limits)).collect();
        let accepted = |i: &Identified| i.doubts.is_empty().then_some(i.units).flatten();
        let mut of_market: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (i, panel) in panels.iter().enumerate() {
            if accepted(&own[i]).is_some_and(|(value, se)| value.is_finite() && se > 0.0 && se.is_finite()) {
                of_market.entry(panel.market).or_default().push(i);
            }
        }
        let estimate = |i: usize| own[i].units.map(|(value, se)| Estimate { value, se });
        let means = market_means(&of_market, &estimate);
        let one = |(i, (panel, own)): (usize, (&Panel, &Identified))| {
            let market = means.get(&panel.market);
            let (shown, basis) = match (accepted(own).and(estimate(i)), market) {
                (Some(own), Some((mean, tau))) => (Some(towards(own, *mean, *tau)), Basis::Drawn),
                (Some(own), None) => (Some(own), Basis::Own),
                (None, Some((mean, tau))) if own.doubts.iter().all(|d| d.is_scarcity()) => {
                    (Some(Estimate { value: mean.value, se: mean.se.hypot(*tau) }), Basis::Borrowed)
                }
                (None, _) => (None, Basis::Refused),
            };
            Elasticity {
                product: panel.product,
                market: panel.market,
                own: own.clone(),
                shown,
                basis,
                n_weeks: panel.weeks.len(),
            }
        };
        let products = panels.iter().zip(&own).enumerate().map(one).collect();
        Ok(Elasticities { products, markets: means.into_iter().map(|(m, (mean, _))| (m, mean)).collect() })
    }
}

/// Each market's mean and the spread of its products around it; means of three markets or more drawn towards each other.
fn market_means(
    of_market: &BTreeMap<u32, Vec<usize>>,
    estimate: &impl Fn(usize) -> Option<Estimate>,
) -> BTreeMap<u32, (Estimate, f64)> {
    let mut means: BTreeMap<u32, (Estimate, f64)> = BTreeMap::new();
    for (market, members) in of_market {
        let estimates: Vec<Estimate> = members.iter().filter_map(|i| estimate(*i)).collect();
        if let Some((common, _)) = shrink(&estimates) {
            means.insert(*market, (Estimate { value: common.mean, se: common.se }, common.tau));
        }
    }
    let raw: Vec<Estimate> = means.values().map(|m| m.0).collect();
    if let Some((_, drawn)) = shrink(&raw) {
        means.values_mut().zip(drawn).for_each(|(mean, drawn)| mean.0 = drawn);
    }
    means
}

/// `own` drawn towards a mean that is itself uncertain: with `B = s² / (s² + τ²)` the value is `B μ + (1 − B) y` and its
/// variance `(1 − B) s² + B² var(μ)`.
fn towards(own: Estimate, mean: Estimate, tau: f64) -> Estimate {
    let part = own.se * own.se / (own.se * own.se + tau * tau);
    let variance = (1.0 - part) * own.se * own.se + part * part * mean.se * mean.se;
    Estimate { value: part * mean.value + (1.0 - part) * own.value, se: variance.sqrt() }
}

impl Elasticities {
    /// Figure `price.market_elasticity` of a market; without a value below three identified products.
    pub fn market_figure(&self, market: u32) -> Figure {
        let used = self.products.iter().filter(|p| p.market == market && p.basis == Basis::Drawn).count() as u64;
        let known = self.markets.get(&market);
        let figure =
            Figure::number("price.market_elasticity", Unit::Score, known.map_or(f64::NAN, |m| m.value), used, 3)
                .formula("mean of the market's identified products, weighted by how well they are known")
                .source("Poisson regressions of weekly units on price, one a product");
        match (known, two_sided(LEVEL)) {
            (Some(m), Some(z)) => figure.interval(m.value - z * m.se, m.value + z * m.se, LEVEL),
            _ => figure,
        }
    }
}

impl Elasticity {
    /// The interval at [`LEVEL`].
    pub fn interval(&self) -> Option<(f64, f64)> {
        let (estimate, z) = (self.shown?, two_sided(LEVEL)?);
        Some((estimate.value - z * estimate.se, estimate.value + z * estimate.se))
    }

    /// Figure `price.elasticity`; without a value where it was refused.
    pub fn figure(&self) -> Figure {
        let value = self.shown.map_or(f64::NAN, |e| e.value);
        let need = match self.own.doubts.first() {
            Some(Doubt::FewWeeks { need, .. }) if self.shown.is_none() => *need as u64,
            _ => 0,
        };
        let source = match self.basis {
            Basis::Own => {
                "Poisson regression of weekly units on price, with a level a month, of this product".to_owned()
            }
            Basis::Drawn => {
                "Poisson regression of weekly units on price, with a level a month, drawn towards its market".to_owned()
            }
            Basis::Borrowed => "the market's other products; this one says too little".to_owned(),
            Basis::Refused => self.reasons().iter().map(|s| s.en.as_str()).collect::<Vec<_>>().join("; "),
        };
        let figure = Figure::number("price.elasticity", Unit::Score, value, self.n_weeks as u64, need)
            .formula("per cent more demand for a price one per cent higher: d ln demand / d ln price")
            .source(source);
        match self.interval() {
            Some((low, high)) => figure.interval(low, high, LEVEL),
            None => figure,
        }
    }

    /// What prices, promotions and clearance may work with. What is borrowed from other products comes as that: no promotion
    /// and no clearance rests on it, and a price may only be raised by it, as [`super::corridor`] says.
    pub fn answer(&self) -> Answer {
        match (self.basis, self.shown) {
            (Basis::Own | Basis::Drawn, Some(estimate)) => Answer::Known(estimate),
            (Basis::Borrowed, Some(estimate)) => Answer::Borrowed(estimate, self.reasons()),
            (Basis::Own | Basis::Drawn | Basis::Borrowed | Basis::Refused, _) => Answer::Refused(self.reasons()),
        }
    }

    /// What speaks against its own weeks, for people.
    pub fn reasons(&self) -> Vec<Said> {
        self.own.doubts.iter().map(|d| d.said()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Seed};

    /// `n` weeks of a product with elasticity `e` whose price is set by a die; `size` is how a line's price falls with its
    /// units.
    fn weeks(product: u32, market: u32, n: usize, e: f64, size: f64, seed: u64) -> Vec<Sale> {
        let mut rng = Seed(seed).stream(u64::from(product) * 1000 + u64::from(market));
        let mut out = Vec::new();
        for w in 0..n as i32 {
            let price = 10.0 * (0.12 * rng.normal()).exp();
            let season = 0.3 * (f64::from(w) / 52.0 * std::f64::consts::TAU).sin();
            let lines = rng.poisson((4.0 + season).exp() * (price / 10.0).powf(e)).max(1);
            for _ in 0..lines {
                let units = 1.0 + rng.below(12) as f64;
                out.push(Sale {
                    product,
                    market,
                    day: Day(4 + 7 * w),
                    units,
                    price: price * units.powf(size),
                    promoted: 0.0,
                });
            }
        }
        out
    }

    #[test] // B = .04 / (.04 + .12) = 1/4: −2 drawn a quarter of the way to −1; variance .75 · .04 + .01 / 16.
    fn drawing_by_hand() {
        let got = towards(Estimate { value: -2.0, se: 0.2 }, Estimate { value: -1.0, se: 0.1 }, 0.12_f64.sqrt());
        assert!((got.value + 1.75).abs() < 1e-12 && (got.se.powi(2) - 0.030_625).abs() < 1e-12, "{got:?}");
    }

    #[test] // 3 markets of 8 products, e around −1.5, −2 and −2.5: covered, and drawn values are nearer than own ones.
    fn known_elasticities_are_recovered_and_covered() {
        let (mut covered, mut n, mut raw, mut near) = (0, 0, 0.0, 0.0);
        for trial in 0..4 {
            let mut sales = Vec::new();
            let mut truth = BTreeMap::new();
            for market in 0..3 {
                for product in 0..8 {
                    let mut rng = Seed(trial).stream(u64::from(100 * market + product));
                    let e = -1.5 - 0.5 * f64::from(market) + 0.3 * rng.normal();
                    truth.insert((market, product), e);
                    sales.extend(weeks(product, market, 40, e, 0.0, trial));
                }
            }
            let got = ElasticityParams::default().estimate(&sales).unwrap();
            assert_eq!((got.products.len(), got.markets.len()), (24, 3));
            for one in got.products.iter().filter(|p| p.basis == Basis::Drawn) {
                let (e, (low, high)) = (truth[&(one.market, one.product)], one.interval().unwrap());
                covered += u32::from(low <= e && e <= high);
                n += 1;
                raw += (one.own.units.unwrap().0 - e).powi(2);
                near += (one.shown.unwrap().value - e).powi(2);
            }
        }
        assert!(n >= 85, "refused too many: {n} of 96 are left");
        assert!(f64::from(covered) >= 0.88 * f64::from(n), "{covered} of {n}");
        assert!(near < raw, "{near} against {raw}");
    }

    #[test] // Nobody answers to price (e = 0), but a line's price falls with its units: units find a steep slope.
    fn quantity_breaks_are_found_out() {
        let sales: Vec<Sale> = (0..6).flat_map(|p| weeks(p, 0, 60, 0.0, -0.1, 3)).collect();
        let got = ElasticityParams::default().estimate(&sales).unwrap();
        for one in &got.products {
            assert_eq!((one.basis, one.shown), (Basis::Refused, None));
            let found =
                one.own.doubts.iter().any(|d| matches!(d, Doubt::OrderSize { slope } if (slope + 0.1).abs() < 0.01));
            assert!(found, "{:?}", one.own.doubts);
            assert!(one.figure().as_f64().is_none());
        }
        assert!(got.markets.is_empty());
    }

    #[test]
    fn scarce_products_borrow_and_misleading_ones_do_not() {
        let mut sales: Vec<Sale> = (0..5).flat_map(|p| weeks(p, 0, 50, -2.0, 0.0, 8)).collect();
        sales.extend(weeks(5, 0, 10, -2.0, 0.0, 8)); // ten weeks
        sales.extend(weeks(6, 0, 50, -2.0, 0.0, 8).into_iter().map(|s| Sale { price: 10.0, ..s })); // price never moves
        // Price and promotion move together: half price exactly when promoted.
        sales.extend(weeks(7, 0, 50, -2.0, 0.0, 8).into_iter().map(|s| {
            let on = (s.day.0 / 7) % 3 == 0;
            Sale { price: if on { 5.0 } else { 10.0 }, promoted: f64::from(u8::from(on)), ..s }
        }));
        // A price for each month.
        sales.extend(weeks(8, 0, 50, -2.0, 0.0, 8).into_iter().map(|s| {
            let month = super::super::panel::monday(s.day).year_month().1;
            Sale { price: 10.0 + f64::from(month % 4), ..s }
        }));
        let got = ElasticityParams::default().estimate(&sales).unwrap();
        let at = |product: usize| &got.products[product];
        assert_eq!(at(5).basis, Basis::Borrowed);
        assert!(matches!(at(5).answer(), Answer::Borrowed(_, reasons) if reasons.len() == 1));
        assert!(matches!(at(0).answer(), Answer::Known(_)) && matches!(at(7).answer(), Answer::Refused(_)));
        let market = got.market_figure(0);
        assert!(market.n == 5 && market.interval.is_some_and(|i| i.low < -1.5 && i.high > -2.5), "{market:?}");
        assert!(got.market_figure(9).as_f64().is_none());
        assert!(matches!(at(5).own.doubts[..], [Doubt::FewWeeks { have: 10, need: 20 }]));
        assert!(at(5).shown.unwrap().se > at(0).shown.unwrap().se);
        assert!(
            matches!((at(6).basis, &at(6).own.doubts[..]), (Basis::Borrowed, [Doubt::Still { .. }])),
            "{:?}",
            at(6)
        );
        assert!(at(7).own.doubts.iter().any(|d| matches!(d, Doubt::WithPromotion { .. })), "{:?}", at(7).own);
        assert!(at(8).own.doubts.iter().any(|d| matches!(d, Doubt::WithSeason { .. })), "{:?}", at(8).own);
        assert_eq!((at(7).basis, at(8).basis), (Basis::Refused, Basis::Refused));
        for one in &got.products {
            assert!(one.reasons().iter().all(|s| !s.en.is_empty() && !s.zh.is_empty()));
        }
    }

    #[test]
    fn the_order_of_the_lines_does_not_matter() {
        let mut sales: Vec<Sale> = (0..4).flat_map(|p| weeks(p, 0, 40, -1.8, 0.0, 5)).collect();
        let first = ElasticityParams::default().estimate(&sales).unwrap();
        sales.reverse();
        assert_eq!(ElasticityParams::default().estimate(&sales).unwrap(), first);
    }
}
