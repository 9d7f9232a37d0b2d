//! Sales of a market by product and week, with the prices that are known.
//!
//! A price is seen only where something was sold. Of the prices of one product and week the median counts; list
//! prices that lie within half a per cent are one level, and a product has at most [`MAX_LEVELS`], the nearest
//! joined. Reductions are rounded to whole per cents. A product is looked at from its first sale to its last: before
//! and after nobody knows whether it was on offer. The two end weeks have a sale by construction, so they say
//! what the price was and do not count as demand.

use crate::AudienceError;
use domain::Day;
use learn::quantile::median;
use std::collections::BTreeMap;

/// Most list-price levels of a product.
pub const MAX_LEVELS: usize = 12;

/// A sale line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sale {
    /// Product, by any number.
    pub product: u32,
    /// When.
    pub day: Day,
    /// Segment of the shopper, by any number.
    pub segment: u32,
    /// Units.
    pub units: u32,
    /// Price of one unit before reduction, above 0, in one currency.
    pub list: f64,
    /// Price of one unit paid, above 0.
    pub paid: f64,
}

/// One product's weeks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weeks {
    pub(crate) product: u32,
    /// First week of the grid that it has.
    pub(crate) first: usize,
    /// Lines sold, a week.
    pub(crate) lines: Vec<u32>,
    /// Level of the list price where seen.
    pub(crate) level: Vec<Option<u8>>,
    /// Row of [`Grid::reductions`] where seen.
    pub(crate) reduction: Vec<Option<u8>>,
    /// `ln` of each level's list price.
    pub(crate) ln_list: Vec<f64>,
}

/// A market's sales.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub(crate) products: Vec<Weeks>,
    pub(crate) n_weeks: usize,
    pub(crate) from: Day,
    /// `ln(1 − reduction)` of each reduction met, 0 first.
    pub(crate) reductions: Vec<f64>,
}

impl Grid {
    /// Lays sales out. Products with fewer than `min_lines` lines, or with sales in fewer than three weeks, say nothing about a
    /// response and are left out.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a price that is not a number above 0.
    pub fn new(sales: &[Sale], min_lines: usize) -> Result<Self, AudienceError> {
        for sale in sales {
            for (name, got) in [("list", sale.list), ("paid", sale.paid)] {
                if !(got > 0.0 && got.is_finite()) {
                    return Err(AudienceError::Param { name, rule: "a price above 0", got });
                }
            }
        }
        let from = sales.iter().map(|s| s.day).min().unwrap_or(Day(0));
        let week = |day: Day| (day.since(from) / 7) as usize;
        let n_weeks = sales.iter().map(|s| week(s.day) + 1).max().unwrap_or(0);
        let mut cells: BTreeMap<u32, BTreeMap<usize, Vec<(f64, f64)>>> = BTreeMap::new();
        for sale in sales {
            let of_product = cells.entry(sale.product).or_default();
            of_product.entry(week(sale.day)).or_default().push((sale.list, sale.paid));
        }
        cells.retain(|_, weeks| weeks.len() >= 3 && weeks.values().map(Vec::len).sum::<usize>() >= min_lines);
        let mut off: BTreeMap<i32, usize> = BTreeMap::new();
        for prices in cells.values().flat_map(BTreeMap::values) {
            *off.entry(per_cent(prices)).or_default() += 1;
        }
        // Rare reductions go to the nearest that is not: one cell in two hundred is what a level needs.
        let seen: usize = off.values().sum();
        let mut kept: Vec<i32> = off.iter().filter(|(p, n)| **p == 0 || **n * 200 >= seen).map(|(p, _)| *p).collect();
        if !kept.contains(&0) {
            kept.insert(0, 0);
        }
        let nearest =
            |p: i32| kept.iter().enumerate().min_by_key(|(_, k)| ((*k - p).abs(), **k)).map_or(0, |(i, _)| i as u8);
        let reductions = kept.iter().map(|p| (1.0 - f64::from(*p) / 100.0).ln()).collect();
        let products = cells.iter().map(|(&product, weeks)| lay_out(product, weeks, &nearest)).collect();
        Ok(Self { products, n_weeks, from, reductions })
    }

    /// Products that are looked at.
    pub fn n_products(&self) -> usize {
        self.products.len()
    }

    /// Weeks from the first sale to the last.
    pub fn n_weeks(&self) -> usize {
        self.n_weeks
    }

    /// Lines that count as demand.
    pub fn n_lines(&self) -> u64 {
        self.products.iter().flat_map(|p| &p.lines[1..p.lines.len() - 1]).map(|n| u64::from(*n)).sum()
    }

    /// Share of the product weeks whose price is known.
    pub fn known_share(&self) -> f64 {
        let all: usize = self.products.iter().map(|p| p.level.len()).sum();
        let known: usize = self.products.iter().map(|p| p.level.iter().flatten().count()).sum();
        known as f64 / all as f64
    }
}

/// Whole per cents off the list price, 0 to 95, from the medians.
fn per_cent(prices: &[(f64, f64)]) -> i32 {
    let list = median(&prices.iter().map(|p| p.0).collect::<Vec<_>>()).unwrap_or(1.0);
    let paid = median(&prices.iter().map(|p| p.1).collect::<Vec<_>>()).unwrap_or(1.0);
    (((1.0 - paid / list) * 100.0).round() as i32).clamp(0, 95)
}

fn lay_out(product: u32, weeks: &BTreeMap<usize, Vec<(f64, f64)>>, nearest: &impl Fn(i32) -> u8) -> Weeks {
    let list = |prices: &Vec<(f64, f64)>| median(&prices.iter().map(|p| p.0.ln()).collect::<Vec<_>>()).unwrap_or(0.0);
    let levels = levels(weeks.values().map(list).collect());
    let (first, last) = (*weeks.keys().next().unwrap_or(&0), *weeks.keys().next_back().unwrap_or(&0));
    let n = last - first + 1;
    let mut row = Weeks {
        product,
        first,
        lines: vec![0; n],
        level: vec![None; n],
        reduction: vec![None; n],
        ln_list: Vec::new(),
    };
    for (week, prices) in weeks {
        let at = week - first;
        let log = list(prices);
        let near = levels.iter().enumerate().min_by(|a, b| (a.1 - log).abs().total_cmp(&(b.1 - log).abs()));
        row.lines[at] = prices.len() as u32;
        row.level[at] = near.map(|(i, _)| i as u8);
        row.reduction[at] = Some(nearest(per_cent(prices)));
    }
    row.ln_list = levels;
    row
}

/// Distinct levels of log prices: neighbours within half a per cent are joined, then the nearest until there are few enough.
fn levels(mut logs: Vec<f64>) -> Vec<f64> {
    logs.sort_by(f64::total_cmp);
    let mut groups: Vec<(f64, f64)> = Vec::new(); // sum, count
    for log in logs {
        match groups.last_mut() {
            Some(g) if log - g.0 / g.1 <= 0.005 => *g = (g.0 + log, g.1 + 1.0),
            _ => groups.push((log, 1.0)),
        }
    }
    while groups.len() > MAX_LEVELS {
        let gap = |i: usize| groups[i + 1].0 / groups[i + 1].1 - groups[i].0 / groups[i].1;
        let at = (0..groups.len() - 1).min_by(|&a, &b| gap(a).total_cmp(&gap(b))).unwrap_or(0);
        let next = groups.remove(at + 1);
        groups[at] = (groups[at].0 + next.0, groups[at].1 + next.1);
    }
    groups.into_iter().map(|g| g.0 / g.1).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sale(product: u32, day: i32, list: f64, paid: f64) -> Sale {
        Sale { product, day: Day(day), segment: 0, units: 1, list, paid }
    }

    // Weeks 0, 2 and 3 of one product: 100 full, 110 with 10 % off (twice), 100.2 (the level of 100). Week 1 is unknown.
    #[test]
    fn a_product_by_hand() {
        let sales =
            [sale(1, 0, 100.0, 100.0), sale(1, 14, 110.0, 99.0), sale(1, 20, 110.0, 99.0), sale(1, 21, 100.2, 100.2)];
        let grid = Grid::new(&sales, 1).unwrap();
        let p = &grid.products[0];
        assert_eq!(
            (p.lines.as_slice(), p.level.as_slice()),
            ([1, 0, 2, 1].as_slice(), [Some(0), None, Some(1), Some(0)].as_slice())
        );
        assert_eq!(p.reduction, [Some(0), None, Some(1), Some(0)]);
        assert!((grid.reductions[1] - 0.9_f64.ln()).abs() < 1e-12 && (p.ln_list[1] - 110.0_f64.ln()).abs() < 1e-12);
        assert_eq!((grid.n_lines(), grid.known_share()), (2, 0.75));
        assert_eq!(Grid::new(&sales, 5).unwrap().n_products(), 0);
        assert!(Grid::new(&[sale(1, 0, 0.0, 1.0)], 1).is_err());
        assert!(levels((0..40).map(|i| f64::from(i) * 0.1).collect()).len() == MAX_LEVELS);
    }
}
