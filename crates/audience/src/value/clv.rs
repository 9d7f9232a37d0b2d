//! Discounted value: expected purchases of each coming month × expected spend, worth less the later.
//!
//! `CLV = spend · Σ_{i=1..months} (E[Y(i·w)] - E[Y((i-1)·w)]) / (1 + d)^i` with `w` weeks a month and `d` the
//! discount a month: a month's purchases count as paid at its end. Spend is revenue or margin, as handed in.
//! Source: Fader, Hardie and Lee, "RFM and CLV: using iso-value curves for customer base analysis", Journal
//! of Marketing Research 42(4), 2005, in months instead of continuous time. Cost: one expectation a month.

use super::{PurchaseModel, Purchases, ValueError};

/// Horizon and discount.
#[derive(Clone, Debug, PartialEq)]
pub struct Discount {
    /// Months ahead, at least 1.
    pub months: u32,
    /// Discount a month, above -1: 0.01 is 1 %.
    pub monthly: f64,
    /// Weeks a month.
    pub weeks_per_month: f64,
}

impl Default for Discount {
    fn default() -> Self {
        Self { months: 12, monthly: 0.01, weeks_per_month: 4.345 }
    }
}

impl Discount {
    /// # Errors
    /// [`ValueError::Param`] for a field outside its range.
    pub fn check(&self) -> Result<(), ValueError> {
        let wrong = |name, rule, got| Err(ValueError::Param { name, rule, got });
        if self.months == 0 {
            return wrong("months", "at least 1", 0.0);
        }
        if !(self.monthly > -1.0 && self.monthly.is_finite()) {
            return wrong("monthly", "a share above -1", self.monthly);
        }
        if !(self.weeks_per_month > 0.0 && self.weeks_per_month.is_finite()) {
            return wrong("weeks_per_month", "positive", self.weeks_per_month);
        }
        Ok(())
    }

    /// Ends of the months, in weeks.
    pub fn ends(&self) -> Vec<f64> {
        (1..=self.months).map(|i| f64::from(i) * self.weeks_per_month).collect()
    }

    /// Discounted purchases from the purchases expected up to the end of each month.
    pub fn purchases(&self, expected: &[f64]) -> f64 {
        let mut before = 0.0;
        let mut factor = 1.0;
        let month = |&e: &f64| {
            factor /= 1.0 + self.monthly;
            let part = (e - before) * factor;
            before = e;
            part
        };
        expected.iter().map(month).sum()
    }

    /// Discounted value of a shopper who is expected to spend `spend` on a purchase day.
    pub fn value(&self, model: &impl PurchaseModel, shopper: &Purchases, spend: f64) -> f64 {
        let expected: Vec<f64> = self.ends().iter().map(|w| model.expected_purchases(shopper, *w)).collect();
        spend * self.purchases(&expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Cumulated 1, 3: months of 1 and 2 at 10 %: 1/1.1 + 2/1.21 = 2.561983.
    fn two_months_by_hand() {
        let discount = Discount { months: 2, monthly: 0.1, weeks_per_month: 4.0 };
        assert!((discount.purchases(&[1.0, 3.0]) - 2.561_983_471).abs() < 1e-9);
        assert_eq!(discount.ends(), [4.0, 8.0]);
        assert!(Discount { months: 0, ..discount.clone() }.check().is_err());
        assert!(Discount { monthly: -1.0, ..discount }.check().is_err());
    }
}
