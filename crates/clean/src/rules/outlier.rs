//! Unusual prices and quantities, by product: flagged, never dropped.
//!
//! `z = (ln x − median ln) / (1.4826 · MAD)`, with MAD the median absolute deviation of the
//! logarithms of the product's sales in one currency; a value is flagged from `outlier_z` on when it
//! also differs from the median by the factor `outlier_ratio`. Where more than half of the values
//! are equal the MAD is 0 and the mean absolute deviation × 1.2533 takes its place.
//! Source: Iglewicz & Hoaglin, "How to Detect and Handle Outliers", ASQC Quality Press, 1993.
//!
//! Per currency, not in the reporting currency: a price list moves with its market, and exchange
//! rates must not make an unchanged price unusual. Medians come from an exact histogram of values,
//! so nothing is sampled; memory is one count a distinct price.

use super::{Policy, RuleDoc};
use crate::CleanParams;

pub(crate) const PRICE: RuleDoc = RuleDoc {
    name: "price_outlier",
    policy: Policy::Mark,
    doc: "a unit price far from the median of its product in that currency (robust z on logarithms) is flagged",
};

pub(crate) const QUANTITY: RuleDoc = RuleDoc {
    name: "quantity_outlier",
    policy: Policy::Mark,
    doc: "a quantity far from the median of its product (robust z on logarithms) is flagged",
};

/// Values outside which a product's values are flagged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    /// Nothing is unusual.
    pub(crate) const NONE: Self = Self { low: 0.0, high: f64::INFINITY };

    /// From a histogram of positive values, ascending.
    pub(crate) fn of(histogram: &[(i64, u64)], params: &CleanParams) -> Self {
        let n: u64 = histogram.iter().map(|(_, count)| count).sum();
        if n < params.outlier_min_lines.max(1) {
            return Self::NONE;
        }
        let Some(median) = median(histogram) else { return Self::NONE };
        let centre = (median as f64).ln();
        let mut deviations: Vec<(f64, u64)> =
            histogram.iter().map(|&(value, count)| (((value as f64).ln() - centre).abs(), count)).collect();
        deviations.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut scale = 1.4826 * quantile(&deviations, n).unwrap_or(0.0);
        if scale == 0.0 {
            scale = 1.2533 * deviations.iter().map(|&(d, count)| d * count as f64).sum::<f64>() / n as f64;
        }
        let reach = (params.outlier_z * scale).max(params.outlier_ratio.ln());
        Self { low: (centre - reach).exp(), high: (centre + reach).exp() }
    }

    /// Whether a value lies outside.
    pub(crate) fn unusual(self, value: i64) -> bool {
        let value = value as f64;
        value <= self.low || value >= self.high
    }
}

/// The lower median of a histogram in ascending order: always one of the values, so that a median
/// price is a price somebody paid.
pub(crate) fn median<T: Copy>(histogram: &[(T, u64)]) -> Option<T> {
    let n = histogram.iter().map(|(_, count)| count).sum();
    quantile(histogram, n)
}

fn quantile<T: Copy>(histogram: &[(T, u64)], n: u64) -> Option<T> {
    let half = n.div_ceil(2);
    let mut below = 0;
    histogram.iter().find_map(|&(value, count)| {
        below += count;
        (below >= half && n > 0).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn params() -> CleanParams {
        CleanParams { outlier_z: 3.5, outlier_ratio: 1.5, outlier_min_lines: 5, ..CleanParams::default() }
    }

    #[test] // ln 1, ln 2, ln 4, ln 8, ln 16: median ln 4, MAD = ln 2 (deviations 2, 1, 0, 1, 2 times ln 2).
    fn the_reach_is_z_times_the_scaled_mad() {
        let b = Bounds::of(&[(1, 1), (2, 1), (4, 1), (8, 1), (16, 1)], &params());
        let reach = 3.5 * 1.4826 * 2_f64.ln();
        assert!((b.high - (4_f64.ln() + reach).exp()).abs() < 1e-9);
        assert!((b.low - (4_f64.ln() - reach).exp()).abs() < 1e-9);
    }

    #[test] // 19 times 100 and once 10,000: MAD 0, mean deviation ln 100 / 20 = 0.230, reach 3.5 · 1.2533 · 0.230 = 1.010.
    fn a_nearly_constant_price_uses_the_mean_deviation() {
        let b = Bounds::of(&[(100, 19), (10_000, 1)], &params());
        assert!(b.unusual(10_000) && !b.unusual(100) && !b.unusual(200));
        assert!(Bounds::of(&[(100, 20)], &params()).unusual(151)); // reach 0 is widened to the factor 1.5
        assert!(!Bounds::of(&[(100, 20)], &params()).unusual(149));
    }

    #[test]
    fn few_lines_make_nothing_unusual() {
        assert_eq!(Bounds::of(&[(100, 4)], &params()), Bounds::NONE);
        assert!(!Bounds::NONE.unusual(i64::MAX) && !Bounds::NONE.unusual(1));
        assert_eq!(median::<i64>(&[]), None);
        assert_eq!(median(&[(1, 1), (2, 1)]), Some(1));
        assert_eq!(median(&[(1, 1), (2, 2)]), Some(2));
    }

    #[test] // 5,000 log-normal prices (sd 0.2), 100 of them multiplied or divided by 20 (3 in logs, 15 sd).
    fn injected_outliers_are_found_and_few_others() {
        let mut rng = Seed(5).stream(0);
        let mut values: Vec<(i64, bool)> = (0..5_000)
            .map(|i| {
                let usual = (10.0 + 0.2 * rng.normal()).exp();
                let factor = if i % 100 == 0 {
                    20.0
                } else if i % 100 == 50 {
                    0.05
                } else {
                    1.0
                };
                ((usual * factor) as i64, factor != 1.0)
            })
            .collect();
        values.sort_unstable();
        let histogram: Vec<(i64, u64)> = values.iter().map(|v| (v.0, 1)).collect();
        let b = Bounds::of(&histogram, &params());
        let found = values.iter().filter(|v| v.1 && b.unusual(v.0)).count();
        let wrong = values.iter().filter(|v| !v.1 && b.unusual(v.0)).count();
        assert_eq!(found, 100);
        assert!(wrong < 10, "{wrong} usual values flagged"); // P(|z| > 3.5) = 0.0005: 2.3 of 4,900
    }
}
