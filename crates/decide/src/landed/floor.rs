//! The price below which a product must not be sold: the lowest one from which on every price earns the asked margin.
//!
//! Asked is `margin ≥ share × price without tax`. Within a stretch of prices in which no scheme, least fee or duty-free amount
//! changes, `margin − share × net` without rounding is a straight line, and rounding moves it by at most `K = 3 + rate / (1 −
//! rate)` minor units (each of the six rounded parts by one half, the reserve repeats two of them). So a stretch is settled
//! by its line except within `K / slope` of where the line crosses 0, and there each price is tried. Crossing a
//! low-value threshold costs money, so the prices that earn the margin may lie in several windows; the floor is where the
//! last one begins, the others are listed. Cost: about `2 K / slope` trials a stretch.

use super::LandedError;
use super::case::{DutyRule, Landed, MOST, to_i64};
use crate::own_file::Said;
use domain::{Decimal, Figure, Money};
use std::collections::BTreeSet;

/// Prices that earn the asked margin, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceWindow {
    /// Lowest.
    pub low: Money,
    /// Highest; `None` without end.
    pub high: Option<Money>,
}

/// Where the asked margin is earned.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginFloor {
    /// Asked share of the price without tax.
    pub share: Decimal,
    /// The lowest price from which on every price earns it.
    pub floor: Money,
    /// All windows, ascending; the last one begins at the floor and has no end.
    pub windows: Vec<PriceWindow>,
    source: String,
}

impl MarginFloor {
    /// Whether a price earns the margin.
    pub fn allows(&self, price: Money) -> bool {
        let inside = |w: &PriceWindow| w.low.minor <= price.minor && w.high.is_none_or(|h| price.minor <= h.minor);
        price.currency == self.floor.currency && self.windows.iter().any(inside)
    }

    /// The lowest price of all windows: below the floor where a low-value scheme makes it possible.
    pub fn lowest(&self) -> Money {
        self.windows.first().map_or(self.floor, |w| w.low)
    }

    /// As a figure. Key `landed.floor`.
    pub fn figure(&self) -> Figure {
        let percent = (self.share * Decimal::ONE_HUNDRED).normalize();
        Figure::money("landed.floor", self.floor, 1)
            .formula(format!("lowest price from which on margin ≥ {percent} % of the price without tax"))
            .source(self.source.clone())
    }

    /// In words.
    pub fn said(&self) -> Said {
        let percent = (self.share * Decimal::ONE_HUNDRED).normalize();
        let mut said = Said::new(
            format!(
                "Not below {}: from there on every price leaves at least {percent} % of the net price.",
                self.floor
            ),
            format!("不得低于 {}：从这个价格起，毛利始终不少于净价的 {percent} %。", self.floor),
        );
        for w in &self.windows {
            if let Some(high) = w.high {
                said.en.push_str(&format!(" {} to {high} does as well, below a low-value threshold.", w.low));
                said.zh.push_str(&format!("{} 至 {high} 也可以，因为低于小额免税门槛。", w.low));
            }
        }
        said
    }
}

/// Slopes below this count as flat: a thousand more of price would leave one.
fn flat() -> Decimal {
    Decimal::new(1, 3)
}

impl Landed {
    /// Where `share` of the price without tax is left.
    ///
    /// # Errors
    /// [`LandedError::Param`] for a share outside [0, 1), [`LandedError::NoPrice`] where each further unit of price leaves
    /// nothing after fees, taxes and the share.
    pub fn floor(&self, share: Decimal) -> Result<MarginFloor, LandedError> {
        if share < Decimal::ZERO || share >= Decimal::ONE {
            let right = "a share from 0 to below 1";
            return Err(LandedError::Param { what: "asked margin", got: share.to_string(), right });
        }
        let mut windows: Vec<(i64, Option<i64>)> = Vec::new();
        let mut low = 1;
        let ends = self.stretch_ends()?.into_iter().map(Some).chain([None]);
        for high in ends {
            if let Some((from, to)) = self.window(low, high, share)? {
                match windows.last_mut() {
                    Some(last) if last.1 == Some(from - 1) => last.1 = to,
                    _ => windows.push((from, to)),
                }
            }
            low = high.map_or(low, |h| h + 1);
        }
        // Rounding may let a few prices just below the last window earn it too.
        let (mut floor, end) = windows.pop().unwrap_or((low, None));
        while floor > 1 && self.earns(floor - 1, share)? {
            floor -= 1;
        }
        windows.retain(|w| w.0 < floor);
        windows.push((floor, end));
        let money = |minor| Money { minor, currency: self.currency };
        let floor = money(floor);
        let windows: Vec<PriceWindow> =
            windows.into_iter().map(|(low, high)| PriceWindow { low: money(low), high: high.map(money) }).collect();
        Ok(MarginFloor { share, floor, windows, source: self.source() })
    }

    /// Last prices of the stretches in which everything is straight, but for the endless one.
    fn stretch_ends(&self) -> Result<BTreeSet<i64>, LandedError> {
        let mut ends: BTreeSet<i64> = self.regimes.iter().filter_map(|r| r.last).collect();
        if self.fees.fee > Decimal::ZERO && self.fees.fee_least > 0 {
            // A fee so small that the least one holds at any price makes no stretch.
            let end = Decimal::from(self.fees.fee_least).checked_div(self.fees.fee);
            ends.extend(end.and_then(|e| to_i64(e.floor()).ok()));
        }
        for r in &self.regimes {
            if let DutyRule::Inside { deducted, .. } = r.duty {
                ends.insert(to_i64((deducted * (Decimal::ONE + r.tax)).floor())?);
            }
        }
        ends.retain(|&end| (1..MOST).contains(&end));
        Ok(ends)
    }

    /// The prices of a stretch that earn the share: one interval, or nothing.
    fn window(&self, low: i64, high: Option<i64>, share: Decimal) -> Result<Option<(i64, Option<i64>)>, LandedError> {
        let regime = self.regime(low);
        let at = |price: i64| self.headroom(regime, Decimal::from(price), share);
        let slack = Decimal::from(3) + self.fees.returned;
        let first = at(low);
        let slope = at(low + 1) - first;
        if high.is_none() && slope <= flat() {
            let taken = (Decimal::ONE - slope) * Decimal::ONE_HUNDRED;
            return Err(LandedError::NoPrice { taken_percent: to_i64(taken.round())? });
        }
        if slope.abs() <= flat() {
            let sure = first > slack && high.is_none_or(|h| at(h) > slack);
            return Ok(sure.then_some((low, high)));
        }
        let root = Decimal::from(low) - first / slope;
        let reach = slack / slope.abs() + Decimal::ONE;
        let last = high.unwrap_or(i64::MAX);
        let bound = |x: Decimal| if x > Decimal::from(i64::MAX / 2) { Ok(i64::MAX / 2) } else { to_i64(x) };
        let (from, to) = (bound((root - reach).floor())?, bound((root + reach).ceil())?.min(last));
        if slope > Decimal::ZERO {
            // Below `from` none earns it, above `to` all do.
            if from > last {
                return Ok(None);
            }
            let mut lowest = to.saturating_add(1).max(low);
            while lowest > from.max(low) && self.earns(lowest - 1, share)? {
                lowest -= 1;
            }
            Ok((lowest <= last).then_some((lowest, high)))
        } else {
            // Below `from` all earn it, above `to` none does.
            let mut highest = (from - 1).max(low - 1).min(last);
            while highest < to && self.earns(highest + 1, share)? {
                highest += 1;
            }
            Ok((highest >= low).then_some((low, Some(highest))))
        }
    }

    fn earns(&self, price: i64, share: Decimal) -> Result<bool, LandedError> {
        let (margin, net) = self.margin_and_net(price)?;
        Ok(Decimal::from(margin) >= share * Decimal::from(net))
    }
}
