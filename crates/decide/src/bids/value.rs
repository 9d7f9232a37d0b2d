//! What an impression is worth: `P(click) × P(order | click) × value of an order`.
//!
//! Rates of single placements are drawn to the rate of all (a beta prior worth `prior_n` impressions), because three clicks of
//! forty views are not a click rate of 7.5 %. The interval combines the three uncertainties by the delta method on logarithms:
//! `var ln(v) = 1/clicks - 1/views + 1/orders - 1/clicks + (se/mean)²`, with the counts of the prior added.
//! A bid above the value loses money on average; a bid is a price for one impression, so prices per thousand are divided
//! by a thousand by the caller.

use crate::spend_error::SpendError;
use domain::Interval;

/// What is known of a placement, an audience or a campaign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Funnel {
    /// Times shown.
    pub impressions: u64,
    /// Clicks among them.
    pub clicks: u64,
    /// Orders among those.
    pub orders: u64,
}

/// Strength of the priors.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueParams {
    /// Impressions that the overall click rate counts as, 0 or more.
    pub prior_impressions: f64,
    /// Clicks that the overall order rate counts as, 0 or more.
    pub prior_clicks: f64,
    /// Coverage of the interval, in (0, 1).
    pub level: f64,
}

impl Default for ValueParams {
    fn default() -> Self {
        Self { prior_impressions: 2_000.0, prior_clicks: 100.0, level: 0.9 }
    }
}

/// Value of one impression with its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImpressionValue {
    /// Click rate after shrinkage.
    pub click_rate: f64,
    /// Order rate of a click after shrinkage.
    pub order_rate: f64,
    /// Margin of an order.
    pub order_value: f64,
    /// The product, in the unit of the order's value.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

impl ValueParams {
    /// Value of an impression of `own`, beside all impressions `overall`; `order_value` with its standard error is the
    /// margin of an order before advertising.
    ///
    /// # Errors
    /// [`SpendError`] for counts that do not nest, no order overall, or a value or parameter out of range.
    pub fn value(&self, own: Funnel, overall: Funnel, order_value: (f64, f64)) -> Result<ImpressionValue, SpendError> {
        for (name, f) in [("own", own), ("overall", overall)] {
            if f.clicks > f.impressions || f.orders > f.clicks {
                return Err(SpendError::param(name, "orders within clicks within impressions", f.clicks as f64));
            }
        }
        if overall.orders == 0 {
            return Err(SpendError::TooLittle { what: "orders of advertising", have: 0, need: 1 });
        }
        let (mean, se) = order_value;
        if !(mean > 0.0 && mean.is_finite() && se >= 0.0 && se.is_finite()) {
            return Err(SpendError::param("order_value", "above 0, with a standard error of 0 or more", mean));
        }
        for (name, prior) in [("prior_impressions", self.prior_impressions), ("prior_clicks", self.prior_clicks)] {
            if !(prior >= 0.0 && prior.is_finite()) {
                return Err(SpendError::param(name, "0 or more", prior));
            }
        }
        let z = learn::interval::two_sided(self.level)
            .ok_or_else(|| SpendError::param("level", "between 0 and 1", self.level))?;
        let rate = |hits: u64, n: u64, all_hits: u64, all_n: u64, prior: f64| {
            let hits = hits as f64 + prior * all_hits as f64 / all_n as f64;
            let n = n as f64 + prior;
            (hits / n, (1.0 / hits - 1.0 / n).max(0.0))
        };
        let (click_rate, click_var) =
            rate(own.clicks, own.impressions, overall.clicks, overall.impressions, self.prior_impressions);
        let (order_rate, order_var) = rate(own.orders, own.clicks, overall.orders, overall.clicks, self.prior_clicks);
        let value = click_rate * order_rate * mean;
        if !value.is_finite() {
            return Err(SpendError::TooLittle { what: "clicks", have: own.clicks as usize, need: 1 });
        }
        let spread = z * (click_var + order_var + (se / mean).powi(2)).sqrt();
        let interval = Interval { low: value * (-spread).exp(), high: value * spread.exp(), level: self.level };
        Ok(ImpressionValue { click_rate, order_rate, order_value: mean, value, interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Funnel = Funnel { impressions: 100_000, clicks: 1_000, orders: 50 };

    #[test] // (10 + 2000 · 1 %) / (1000 + 2000) = 1 %; (1 + 100 · 5 %) / (10 + 100) = 5.4545 %; × 20.
    fn a_small_placement_is_drawn_to_the_rate_of_all_by_hand() {
        let own = Funnel { impressions: 1_000, clicks: 10, orders: 1 };
        let v = ValueParams::default().value(own, ALL, (20.0, 0.0)).unwrap();
        assert!((v.click_rate - 0.01).abs() < 1e-12 && (v.order_rate - 6.0 / 110.0).abs() < 1e-12);
        assert!((v.value - 0.01 * 6.0 / 110.0 * 20.0).abs() < 1e-12);
        assert!(v.interval.low < v.value && v.value < v.interval.high);
    }

    #[test]
    fn more_impressions_narrow_the_interval_and_nothing_known_takes_the_rate_of_all() {
        let params = ValueParams::default();
        let width = |times: u64| {
            let own = Funnel { impressions: 1_000 * times, clicks: 10 * times, orders: times };
            let v = params.value(own, ALL, (20.0, 1.0)).unwrap();
            v.interval.high / v.interval.low
        };
        assert!(width(100) < width(1));
        let none = params.value(Funnel { impressions: 0, clicks: 0, orders: 0 }, ALL, (20.0, 0.0)).unwrap();
        assert!((none.value - 0.01 * 0.05 * 20.0).abs() < 1e-12);
        assert!(params.value(ALL, Funnel { orders: 0, ..ALL }, (20.0, 0.0)).is_err());
        assert!(params.value(Funnel { impressions: 1, clicks: 2, orders: 0 }, ALL, (20.0, 0.0)).is_err());
    }
}
