//! Sale lines laid out as weeks of a product in a market.
//!
//! A week begins on Monday. It has units, lines, the mean price `revenue / units` and the median of its lines' prices. The
//! mean price moves with the mix of large and small orders even where no price was changed; the median does so less. Weeks
//! without a sale have no price and are counted, not filled. Cost: one sort.

use super::PriceError;
use domain::Day;
use learn::quantile::median;
use std::collections::BTreeMap;

/// A sale line, or a week of a shelf with one posted price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sale {
    /// Product, by any number.
    pub product: u32,
    /// Market, by any number.
    pub market: u32,
    /// When.
    pub day: Day,
    /// Units of the line, above 0.
    pub units: f64,
    /// Price of one unit paid, above 0, in one currency a market.
    pub price: f64,
    /// How much it was promoted other than by its price (feature, banner, mailing): 0 to 1.
    pub promoted: f64,
}

/// A week of one product in one market.
#[derive(Clone, Debug, PartialEq)]
pub struct Week {
    /// Its Monday.
    pub monday: Day,
    /// Units sold.
    pub units: f64,
    /// Lines sold.
    pub lines: f64,
    /// `revenue / units`.
    pub mean_price: f64,
    /// Median of the lines' prices.
    pub median_price: f64,
    /// Mean of [`Sale::promoted`] over the lines.
    pub promoted: f64,
}

/// One product in one market, weeks with a sale in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Product.
    pub product: u32,
    /// Market.
    pub market: u32,
    /// Its weeks.
    pub weeks: Vec<Week>,
    /// Its lines, by day: for what happens within a week.
    pub lines: Vec<Sale>,
}

impl Panel {
    /// Lays lines out, one panel a product and market, ordered by market, then product.
    ///
    /// # Errors
    /// [`PriceError::Param`] for units or a price that is no number above 0, or a promotion outside 0 to 1.
    pub fn lay_out(sales: &[Sale]) -> Result<Vec<Self>, PriceError> {
        let mut by_key: BTreeMap<(u32, u32), Vec<Sale>> = BTreeMap::new();
        for sale in sales {
            for (name, got) in [("units", sale.units), ("price", sale.price)] {
                if !(got > 0.0 && got.is_finite()) {
                    return Err(PriceError::Param { name, rule: "a number above 0", got });
                }
            }
            if !(0.0..=1.0).contains(&sale.promoted) {
                return Err(PriceError::Param { name: "promoted", rule: "0 to 1", got: sale.promoted });
            }
            by_key.entry((sale.market, sale.product)).or_default().push(*sale);
        }
        let one = |((market, product), mut lines): ((u32, u32), Vec<Sale>)| {
            // A full order, so that the order in which lines came changes no sum.
            lines.sort_by(|a, b| {
                a.day
                    .cmp(&b.day)
                    .then(a.price.total_cmp(&b.price))
                    .then(a.units.total_cmp(&b.units))
                    .then(a.promoted.total_cmp(&b.promoted))
            });
            let weeks = lines.chunk_by(|a, b| monday(a.day) == monday(b.day)).map(week).collect();
            Self { product, market, weeks, lines }
        };
        Ok(by_key.into_iter().map(one).collect())
    }

    /// Weeks from the first sale to the last, those without a sale included.
    pub fn n_weeks_span(&self) -> usize {
        match (self.weeks.first(), self.weeks.last()) {
            (Some(first), Some(last)) => (last.monday.since(first.monday) / 7 + 1) as usize,
            _ => 0,
        }
    }

    /// Share of those weeks without a sale.
    pub fn empty_share(&self) -> f64 {
        let span = self.n_weeks_span();
        if span == 0 { 0.0 } else { 1.0 - self.weeks.len() as f64 / span as f64 }
    }
}

fn week(lines: &[Sale]) -> Week {
    let units: f64 = lines.iter().map(|l| l.units).sum();
    let revenue: f64 = lines.iter().map(|l| l.units * l.price).sum();
    let prices: Vec<f64> = lines.iter().map(|l| l.price).collect();
    Week {
        monday: monday(lines[0].day),
        units,
        lines: lines.len() as f64,
        mean_price: revenue / units,
        median_price: median(&prices).unwrap_or(revenue / units),
        promoted: lines.iter().map(|l| l.promoted).sum::<f64>() / lines.len() as f64,
    }
}

/// The Monday of a day's week. 1970-01-01 was a Thursday, three days after a Monday.
pub fn monday(day: Day) -> Day {
    day.plus(-(day.0 + 3).rem_euclid(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(day: i32, units: f64, price: f64) -> Sale {
        Sale { product: 1, market: 0, day: Day(day), units, price, promoted: 0.0 }
    }

    // Day 4 is Monday 1970-01-05. One line of 10 at 2 and two of 1 at 3: mean price 26 / 12, median 3. Then two weeks without
    // a sale, then one of day 25: 4 weeks, 2 of them empty.
    #[test]
    fn weeks_by_hand() {
        let panels = Panel::lay_out(&[sale(25, 1.0, 3.0), sale(4, 10.0, 2.0), sale(10, 1.0, 3.0), sale(5, 1.0, 3.0)]);
        let [panel] = panels.unwrap().try_into().unwrap();
        assert_eq!((panel.weeks.len(), panel.n_weeks_span(), panel.empty_share()), (2, 4, 0.5));
        let first = &panel.weeks[0];
        assert_eq!((first.monday, first.units, first.lines, first.median_price), (Day(4), 12.0, 3.0, 3.0));
        assert!((first.mean_price - 26.0 / 12.0).abs() < 1e-12);
    }

    #[test]
    fn impossible_lines_are_refused() {
        assert!(matches!(Panel::lay_out(&[sale(0, 0.0, 1.0)]), Err(PriceError::Param { name: "units", .. })));
        assert!(matches!(Panel::lay_out(&[sale(0, 1.0, f64::NAN)]), Err(PriceError::Param { name: "price", .. })));
        assert!(Panel::lay_out(&[Sale { promoted: 2.0, ..sale(0, 1.0, 1.0) }]).is_err());
        assert!(Panel::lay_out(&[]).unwrap().is_empty());
    }
}
