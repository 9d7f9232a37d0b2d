//! Demand of a product where it has never been sold, from a market where it is: by how the products sold in both compare.
//!
//! Over the products sold in both markets the logarithm of the units here is regressed on that of the units there (log–log least
//! squares, its slope held between 0 and 1). A slope below 1 is what makes it better than one ratio for all: what sells most in the
//! source owes part of that to the source, so it is not to be expected that it sells as many times the others here. What the line leaves
//! unexplained is how little one product tells of another, and goes into the demand: log-normal around the line. A line through few
//! products is none. What sells in the source and was never offered in the target is the case this is for; what was offered there and
//! did not sell has a demand of its own, near 0. Cost: one pass, and one sort for the ratio.
//!
//! Chosen beside the median ratio with its scatter, the ratio of totals and the target's own distribution, each product predicted from all
//! others (pinball loss at the 80 % quantile, at most 400 products a pair of markets): XMarket electronics 8.4, against 12.3, 8.8 and 9.5; three
//! simulated merchants 12.8, 7.1 and 1.3 against 21.8, 12.3 and 2.0, 15.8, 8.9 and 1.5, and 14.9, 8.1 and 1.4. Of XMarket's products 80.5 %
//! lie below that quantile.

use super::newsvendor::Demand;
use crate::price::PriceError;

/// Fewest products sold in both markets.
pub const MIN_SHARED: usize = 8;

/// How a target compares with a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Analogy {
    /// Logarithm of the units here of what sells one unit there.
    pub level: f64,
    /// Change of the logarithm here with that there, 0 to 1.
    pub slope: f64,
    /// Standard deviation of the logarithm around the line.
    pub spread: f64,
    /// Standard deviation of the logarithm of the ratio of both markets: how far one product is from one ratio for all.
    pub scatter: f64,
    /// Products that it rests on.
    pub n: usize,
}

/// From pairs of units in the same time, target then source; pairs that are not both above 0 are left out. `None` below
/// [`MIN_SHARED`].
pub fn analogy(shared: &[(f64, f64)]) -> Option<Analogy> {
    let sold = |x: f64| x > 0.0 && x.is_finite();
    let both = shared.iter().filter(|(here, there)| sold(*here) && sold(*there));
    let logs: Vec<(f64, f64)> = both.map(|(here, there)| (here.ln(), there.ln())).collect();
    let n = logs.len();
    if n < MIN_SHARED {
        return None;
    }
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / n as f64;
    let (here, there) = (mean(&|l| l.0), mean(&|l| l.1));
    let with = |of: &dyn Fn(f64, f64) -> f64| logs.iter().map(|l| of(l.0 - here, l.1 - there)).sum::<f64>();
    let (moves, width) = (with(&|h, t| h * t), with(&|_, t| t * t));
    let slope = if width > 0.0 { (moves / width).clamp(0.0, 1.0) } else { 0.0 };
    let left = with(&|h, t| (h - slope * t).powi(2));
    let apart = with(&|h, t| (h - t).powi(2));
    Some(Analogy {
        level: here - slope * there,
        slope,
        spread: (left / (n - 2) as f64).sqrt(),
        scatter: (apart / (n - 1) as f64).sqrt(),
        n,
    })
}

impl Analogy {
    /// Half of the products of which the source sells `there` units sell at most so many here.
    pub fn median(&self, there: f64) -> f64 {
        (self.level + self.slope * there.ln()).exp()
    }

    /// Demand of a product of which the source sells `there` units in the same time.
    ///
    /// # Errors
    /// [`PriceError::Param`] for units that are not above 0.
    pub fn demand(&self, there: f64) -> Result<Demand, PriceError> {
        if !(there > 0.0 && there.is_finite()) {
            return Err(PriceError::Param { name: "units of the source", rule: "above 0", got: there });
        }
        let variance = self.spread * self.spread;
        let mean = self.median(there) * (variance / 2.0).exp();
        Ok(Demand::LogNormal { mean, sd: mean * variance.exp_m1().sqrt() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // Four products that sell 1 there and e^(1 ± .2) here, four that sell e² there and e^(2 ± .2) here: the line is 1 + .5 x; eight
    // residuals of .2 over six degrees are .32 / 6; ratios are 1 ± .2 and 0 ± .2 around .5: (4 · .49 + 4 · .09) / 7.
    #[test]
    fn a_line_by_hand() {
        let shared: Vec<(f64, f64)> = [(1.2, 0.0), (0.8, 0.0), (2.2, 2.0), (1.8, 2.0)]
            .iter()
            .flat_map(|(here, there): &(f64, f64)| [(here.exp(), there.exp()); 2])
            .collect();
        let got = analogy(&shared).unwrap();
        for (what, got, want) in [
            ("level", got.level, 1.0),
            ("slope", got.slope, 0.5),
            ("spread", got.spread, (0.32_f64 / 6.0).sqrt()),
            ("scatter", got.scatter, (2.32_f64 / 7.0).sqrt()),
        ] {
            assert!((got - want).abs() < 1e-12, "{what}: {got}, not {want}");
        }
        // Of what sells e⁴ there half sells at most e³ here.
        let demand = got.demand(4.0_f64.exp()).unwrap();
        assert!((demand.chance_of_at_most(3.0_f64.exp()) - 0.5).abs() < 1e-9);
        assert!(got.demand(0.0).is_err());
        let mut few = shared;
        few[0].0 = 0.0;
        assert!(analogy(&few).is_none(), "seven that sell in both");
    }

    #[test]
    fn a_slope_stays_between_nothing_and_one_to_one() {
        let line = |slope: f64| {
            let shared: Vec<(f64, f64)> = (1..=9).map(|i| ((slope * f64::from(i)).exp(), f64::from(i).exp())).collect();
            analogy(&shared).unwrap().slope
        };
        assert_eq!((line(-0.5), line(2.0)), (0.0, 1.0));
        assert!((line(0.7) - 0.7).abs() < 1e-12);
        let alike = analogy(&[(3.0, 5.0); 9]).unwrap();
        assert!(
            (alike.median(5.0) - 3.0).abs() < 1e-12 && alike.spread < 1e-12,
            "one size says nothing of others: {alike:?}"
        );
    }

    // 200 products that sell e^(.5 + .6 ln there ± .7): of 1,000 others nine in ten lie between the 5 % and the 95 % end, the large
    // ones too.
    #[test]
    fn demand_by_analogy_covers_products_that_were_not_looked_at() {
        let mut rng = Seed(7).stream(0);
        let mut pair = || {
            let there = (2.0 + rng.normal()).exp();
            ((0.5 + 0.6 * there.ln() + 0.7 * rng.normal()).exp(), there)
        };
        let shared: Vec<(f64, f64)> = (0..200).map(|_| pair()).collect();
        let known = analogy(&shared).unwrap();
        assert!((known.slope - 0.6).abs() < 0.12 && (known.spread - 0.7).abs() < 0.1, "{known:?}");
        let inside = |(sold, there): &(f64, f64)| {
            (0.05..=0.95).contains(&known.demand(*there).unwrap().chance_of_at_most(*sold))
        };
        let others: Vec<(f64, f64)> = (0..1000).map(|_| pair()).collect();
        let share = |of: &dyn Fn(f64) -> bool| {
            let of: Vec<_> = others.iter().filter(|(_, there)| of(*there)).collect();
            of.iter().filter(|pair| inside(pair)).count() as f64 / of.len() as f64
        };
        assert!((0.86..=0.94).contains(&share(&|_| true)), "{}", share(&|_| true));
        assert!((0.83..=0.97).contains(&share(&|there| there > 15.0)), "{}", share(&|there| there > 15.0));
    }
}
