//! How much is bought on a deal: the plain share of units paid clearly below what the product usually costs in the market.
//!
//! Usual is the product's median price paid in this market over the whole period; a deal is at least `depth` below it. The
//! same products at the same time are open to every segment of a market, so segments may be compared; two markets differ in
//! what was reduced too, which the share cannot tell from who likes deals. Cost: one sort of each product's prices.

use super::grid::Sale;
use crate::AudienceError;
use crate::figures::share;
use domain::Figure;
use learn::quantile::median;
use std::collections::BTreeMap;

/// Share of lines and units bought on a deal, by segment.
#[derive(Clone, Debug, PartialEq)]
pub struct DealShare {
    /// Number of the segment.
    pub segment: u32,
    /// Share of its lines. Key `price.deal_share`.
    pub lines: Figure,
    /// Share of its units; no interval, because the units of a line are not independent.
    pub units: f64,
}

/// Every segment that bought something, by number. `depth` is a share of the usual price, such as 0.05.
///
/// # Errors
/// [`AudienceError::Param`] for a depth outside (0, 1).
pub fn deal_shares(sales: &[Sale], depth: f64) -> Result<Vec<DealShare>, AudienceError> {
    if !(depth > 0.0 && depth < 1.0) {
        return Err(AudienceError::Param { name: "depth", rule: "between 0 and 1", got: depth });
    }
    let mut paid: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    sales.iter().for_each(|s| paid.entry(s.product).or_default().push(s.paid));
    let usual: BTreeMap<u32, f64> =
        paid.into_iter().filter_map(|(product, prices)| Some((product, median(&prices)?))).collect();
    let mut by_segment: BTreeMap<u32, [u64; 4]> = BTreeMap::new();
    for sale in sales {
        // A crumb of rounding must not turn a price that is exactly so much lower into none.
        let on_deal = sale.paid <= usual[&sale.product] * (1.0 - depth) * (1.0 + 1e-9);
        let counts = by_segment.entry(sale.segment).or_default();
        counts[0] += 1;
        counts[1] += u64::from(on_deal);
        counts[2] += u64::from(sale.units);
        counts[3] += u64::from(sale.units) * u64::from(on_deal);
    }
    let formula = format!(
        "lines paid at least {} % below the product's median price in the market / lines; 95 % Wilson interval",
        depth * 100.0
    );
    let one = |(segment, [n, hits, units, low]): (u32, [u64; 4])| DealShare {
        segment,
        lines: share("price.deal_share", hits, n).formula(formula.clone()),
        units: low as f64 / units as f64,
    };
    Ok(by_segment.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::super::grid::tests::sale;
    use super::*;

    // Median of 10 × 31 and 9 × 9 is 10; 9 is exactly a tenth below. Segment 0: 9 of 40 lines.
    #[test]
    fn deals_by_hand() {
        let mut sales: Vec<Sale> = (0..31).map(|i| sale(1, i, 10.0, 10.0)).collect();
        sales.extend((0..9).map(|i| Sale { units: 4, ..sale(1, i, 10.0, 9.0) }));
        let shares = deal_shares(&sales, 0.1).unwrap();
        assert_eq!(shares[0].lines.as_f64(), Some(9.0 / 40.0));
        assert_eq!(shares[0].units, 36.0 / 67.0);
        assert_eq!(deal_shares(&sales, 0.11).unwrap()[0].units, 0.0);
        assert!(deal_shares(&sales, 0.0).is_err());
    }
}
