//! Public figures of the markets that are simulated and of others that the merchant has not entered.
//!
//! Round figures of an invented world that looks like the real one: good for trying a choice of market, not for making
//! one. What is true of a market follows in [`crate::potential`]; what is published of it is this with an error.

use domain::Market;

/// Facts with a number, by the names that the program reads, and how each is written and published.
pub(crate) struct FactColumn {
    /// Name.
    pub(crate) name: &'static str,
    /// Unit as exported.
    pub(crate) unit: &'static str,
    /// What the true figure is multiplied by in that unit.
    pub(crate) factor: f64,
    /// Error of a published figure: relative for quantities, absolute for the rest.
    pub(crate) error: f64,
    /// Whether the error is relative.
    pub(crate) relative: bool,
    /// Least and largest published value, in the true unit.
    pub(crate) within: (f64, f64),
}

const fn column(
    name: &'static str,
    unit: &'static str,
    factor: f64,
    (error, relative): (f64, bool),
    within: (f64, f64),
) -> FactColumn {
    FactColumn { name, unit, factor, error, relative, within }
}

const SHARE: (f64, f64) = (0.001, 0.999);
const MANY: (f64, f64) = (0.0, 1e12);

/// The columns of [`FIGURES`], in order.
#[rustfmt::skip]
pub(crate) const COLUMNS: [FactColumn; 23] = [
    column("population", "million", 1e-6, (0.01, true), MANY),
    column("population_growth", "percent", 100.0, (0.001, false), (-0.05, 0.1)),
    column("adult_population_share", "share", 1.0, (0.01, false), SHARE),
    column("income_per_head", "usd_ppp", 1.0, (0.04, true), MANY),
    column("income_growth", "percent", 100.0, (0.005, false), (-0.1, 0.2)),
    column("internet_share", "percent", 100.0, (0.02, false), SHARE),
    column("urban_share", "percent", 100.0, (0.02, false), SHARE),
    column("ecommerce_share", "percent", 100.0, (0.01, false), SHARE),
    column("category_spend_per_head", "EUR", 1.0 / 1.09, (0.1, true), MANY),
    column("category_growth", "percent", 100.0, (0.01, false), (-0.2, 0.5)),
    column("card_share", "percent", 100.0, (0.03, false), SHARE),
    column("wallet_share", "percent", 100.0, (0.03, false), SHARE),
    column("logistics_index", "index", 1.0, (0.08, false), (1.0, 5.0)),
    column("customs_days", "days", 1.0, (0.2, true), MANY),
    column("import_duty", "percent", 100.0, (0.003, false), (0.0, 1.0)),
    column("vat_rate", "percent", 100.0, (0.0, false), (0.0, 0.4)),
    column("days_by_air", "days", 1.0, (0.1, true), MANY),
    column("shipping_cost_per_kg", "USD", 1.0, (0.1, true), MANY),
    column("competitor_count", "count", 1.0, (0.15, true), MANY),
    column("top3_share", "percent", 100.0, (0.03, false), SHARE),
    column("ad_cost_index", "ratio", 1.0, (0.1, true), MANY),
    column("return_rate", "percent", 100.0, (0.015, false), SHARE),
    column("political_risk", "index", 1.0, (4.0, false), (0.0, 100.0)),
];

/// A market's true figures before the luck of a seed, and how far its tastes lie from home.
pub(crate) struct Figures {
    /// ISO 3166-1.
    pub(crate) code: [u8; 2],
    /// In the order of [`COLUMNS`]: shares, growth and rates as numbers, money in US dollars.
    pub(crate) values: [f64; 23],
    /// `1 − correlation` of tastes with home; a simulated market has its parameter's instead.
    pub(crate) distance: f64,
}

const fn m(code: [u8; 2], distance: f64, values: [f64; 23]) -> Figures {
    Figures { code, values, distance }
}

/// All markets, those with a profile first.
#[rustfmt::skip]
pub(crate) static FIGURES: &[Figures] = &[
    //           tastes  people   growth adults income  grows  net   towns online spend grows card  wallet lpi customs duty vat  air  kg   rivals top3 ads return risk
    m(*b"CN", 0.0,  [1.41e9, -0.001, 0.80, 23e3, 0.045, 0.77, 0.65, 0.27, 38.0, 0.05, 0.10, 0.85, 3.7, 1.0, 0.00, 0.13, 3.0, 1.2, 400.0, 0.30, 1.0, 0.08, 35.0]),
    m(*b"US", 0.6,  [335e6, 0.005, 0.78, 80e3, 0.020, 0.92, 0.83, 0.16, 95.0, 0.03, 0.60, 0.33, 3.8, 3.0, 0.14, 0.07, 8.0, 7.5, 160.0, 0.40, 3.2, 0.16, 25.0]),
    m(*b"DE", 0.5,  [84e6, 0.001, 0.83, 68e3, 0.010, 0.93, 0.78, 0.14, 88.0, 0.02, 0.25, 0.45, 4.1, 2.0, 0.03, 0.19, 9.0, 7.0, 120.0, 0.42, 2.4, 0.20, 15.0]),
    m(*b"VN", 0.1,  [100e6, 0.007, 0.74, 15e3, 0.060, 0.79, 0.39, 0.09, 12.0, 0.11, 0.20, 0.45, 3.3, 4.0, 0.12, 0.10, 6.0, 3.0, 55.0, 0.50, 0.4, 0.06, 45.0]),
    m(*b"TH", 0.3,  [71e6, 0.001, 0.80, 23e3, 0.028, 0.89, 0.53, 0.16, 21.0, 0.07, 0.25, 0.50, 3.5, 3.0, 0.10, 0.07, 6.0, 3.2, 60.0, 0.48, 0.6, 0.06, 50.0]),
    m(*b"SA", 1.2,  [36e6, 0.020, 0.72, 56e3, 0.030, 0.99, 0.85, 0.11, 62.0, 0.07, 0.55, 0.25, 3.4, 5.0, 0.08, 0.15, 11.0, 6.5, 35.0, 0.55, 1.4, 0.10, 45.0]),
    m(*b"GB", 0.55, [68e6, 0.005, 0.79, 59e3, 0.012, 0.96, 0.84, 0.27, 82.0, 0.02, 0.55, 0.38, 3.7, 3.0, 0.04, 0.20, 9.0, 7.0, 130.0, 0.45, 2.6, 0.18, 20.0]),
    m(*b"FR", 0.55, [68e6, 0.003, 0.79, 60e3, 0.010, 0.92, 0.82, 0.12, 76.0, 0.02, 0.55, 0.32, 3.9, 2.0, 0.03, 0.20, 9.0, 7.2, 110.0, 0.44, 2.1, 0.14, 25.0]),
    m(*b"JP", 0.4,  [124e6, -0.005, 0.86, 50e3, 0.008, 0.85, 0.92, 0.13, 74.0, 0.01, 0.65, 0.22, 3.9, 2.0, 0.01, 0.10, 6.0, 4.0, 140.0, 0.52, 1.9, 0.05, 15.0]),
    m(*b"MX", 0.8,  [129e6, 0.008, 0.71, 24e3, 0.018, 0.81, 0.81, 0.13, 23.0, 0.08, 0.55, 0.20, 2.9, 6.0, 0.15, 0.16, 12.0, 8.5, 60.0, 0.50, 0.8, 0.07, 55.0]),
    m(*b"BR", 0.9,  [216e6, 0.005, 0.76, 20e3, 0.020, 0.84, 0.88, 0.12, 22.0, 0.07, 0.50, 0.25, 3.2, 9.0, 0.35, 0.17, 16.0, 9.5, 70.0, 0.48, 0.9, 0.08, 55.0]),
    m(*b"AE", 1.1,  [10e6, 0.010, 0.83, 78e3, 0.032, 0.99, 0.88, 0.14, 85.0, 0.07, 0.60, 0.25, 4.0, 2.0, 0.05, 0.05, 10.0, 5.8, 45.0, 0.50, 1.8, 0.10, 25.0]),
    m(*b"KR", 0.35, [52e6, 0.000, 0.85, 54e3, 0.022, 0.97, 0.81, 0.30, 70.0, 0.03, 0.65, 0.28, 3.8, 2.0, 0.08, 0.10, 5.0, 3.0, 150.0, 0.60, 1.8, 0.09, 25.0]),
    m(*b"MY", 0.25, [34e6, 0.011, 0.74, 36e3, 0.040, 0.97, 0.79, 0.12, 30.0, 0.08, 0.35, 0.40, 3.6, 2.5, 0.06, 0.08, 5.0, 3.2, 50.0, 0.46, 0.6, 0.06, 35.0]),
    m(*b"ID", 0.45, [278e6, 0.008, 0.70, 15e3, 0.050, 0.69, 0.59, 0.20, 11.0, 0.10, 0.20, 0.48, 3.0, 5.0, 0.12, 0.11, 8.0, 4.0, 70.0, 0.55, 0.4, 0.06, 50.0]),
    m(*b"PH", 0.5,  [117e6, 0.015, 0.65, 11e3, 0.055, 0.75, 0.48, 0.07, 9.0, 0.10, 0.18, 0.42, 3.3, 5.0, 0.08, 0.12, 7.0, 3.8, 40.0, 0.52, 0.4, 0.06, 55.0]),
    m(*b"AU", 0.6,  [27e6, 0.015, 0.79, 66e3, 0.018, 0.96, 0.87, 0.15, 92.0, 0.03, 0.55, 0.35, 3.7, 2.5, 0.03, 0.10, 9.0, 6.5, 75.0, 0.50, 2.3, 0.11, 15.0]),
    m(*b"CA", 0.6,  [40e6, 0.014, 0.80, 61e3, 0.014, 0.94, 0.82, 0.13, 84.0, 0.03, 0.65, 0.25, 4.0, 3.0, 0.06, 0.12, 9.0, 7.8, 85.0, 0.46, 2.3, 0.13, 15.0]),
    m(*b"IT", 0.6,  [59e6, -0.003, 0.84, 56e3, 0.008, 0.87, 0.72, 0.11, 66.0, 0.02, 0.35, 0.40, 3.7, 2.5, 0.03, 0.22, 9.0, 7.2, 80.0, 0.42, 1.6, 0.10, 30.0]),
    m(*b"ES", 0.6,  [48e6, 0.004, 0.83, 52e3, 0.020, 0.95, 0.82, 0.12, 60.0, 0.03, 0.45, 0.33, 3.9, 2.5, 0.03, 0.21, 9.0, 7.2, 75.0, 0.42, 1.5, 0.12, 25.0]),
    m(*b"PL", 0.55, [37e6, -0.003, 0.82, 46e3, 0.032, 0.88, 0.60, 0.13, 45.0, 0.05, 0.25, 0.55, 3.6, 2.5, 0.03, 0.23, 9.0, 6.8, 65.0, 0.48, 1.0, 0.12, 30.0]),
    m(*b"NL", 0.5,  [18e6, 0.005, 0.81, 73e3, 0.012, 0.97, 0.93, 0.17, 86.0, 0.02, 0.15, 0.70, 4.1, 1.5, 0.03, 0.21, 8.5, 6.8, 70.0, 0.50, 2.2, 0.17, 15.0]),
    m(*b"TR", 0.75, [85e6, 0.006, 0.74, 38e3, 0.030, 0.86, 0.77, 0.19, 28.0, 0.06, 0.65, 0.15, 3.4, 6.0, 0.30, 0.20, 10.0, 6.0, 75.0, 0.55, 0.6, 0.09, 65.0]),
    m(*b"ZA", 0.8,  [60e6, 0.009, 0.69, 15e3, 0.010, 0.75, 0.69, 0.06, 18.0, 0.05, 0.50, 0.20, 3.7, 7.0, 0.20, 0.15, 13.0, 8.0, 35.0, 0.60, 0.7, 0.08, 55.0]),
];

impl Figures {
    /// The market.
    pub(crate) fn market(&self) -> Market {
        Market::from_code(self.code).unwrap_or(Market::UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_market_is_a_country_once_with_figures_within_what_is_possible() {
        let mut seen = std::collections::BTreeSet::new();
        for figures in FIGURES {
            assert!(seen.insert(figures.code) && domain::country(figures.market()).is_some());
            for (column, value) in COLUMNS.iter().zip(figures.values) {
                assert!((column.within.0..=column.within.1).contains(&value), "{} {}", figures.market(), column.name);
            }
        }
        let profiles = ["CN", "US", "DE", "VN", "TH", "SA", "GB", "FR", "JP", "MX", "BR", "AE"];
        assert!(profiles.iter().all(|code| FIGURES.iter().any(|f| f.market().code() == *code)));
        assert!(FIGURES.len() >= profiles.len() + 8, "candidates that are not entered");
    }
}
