//! Positioning: own and rival products by price and attributes, and where demand meets nothing.
//!
//! A map has the logarithm of the price on one side and one attribute on the other, both scaled to [0, 1] over what is
//! offered and wanted. Two densities are smoothed over it with a Gaussian kernel: of supply (products) and of demand (what
//! was searched, asked for, or bought, with weights). A **gap** is a place where demand is denser than supply, higher there
//! than anywhere around it, with no product within one bandwidth. Whether it is more than chance is told by resampling the
//! demand points (bootstrap): the lower end of its excess has to lie above 0.
//!
//! The idea of a perceptual map is old marketing practice (Green and Carmone, "Multidimensional scaling and related
//! techniques in marketing analysis", 1970); here the axes are measured figures, not judged similarities.
//!
//! Cost: grid² × points × resamples.

use super::EntryError;
use super::words::{Words, number};
use domain::Seed;
use learn::quantile::quantiles;
use serde::Serialize;

/// Whose product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The seller's.
    Own,
    /// Another's.
    Rival,
}

/// A product on the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// Whose.
    pub whose: Whose,
    /// Price in one currency for all, above 0.
    pub price: f64,
    /// The attribute: capacity, loudness, rating.
    pub attribute: f64,
}

/// Something wanted: a search with a price limit, a wish, a sale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Demand {
    /// Price wanted or paid, same currency.
    pub price: f64,
    /// Attribute wanted.
    pub attribute: f64,
    /// How often, above 0.
    pub weight: f64,
}

/// How gaps are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionParams {
    /// Places on each side of the map, 5 to 100.
    pub grid: usize,
    /// Bandwidth as a part of a side, in (0, 1).
    pub bandwidth: f64,
    /// Resamples of the demand, at least 20.
    pub n_resamples: usize,
    /// Fewest demand points: below it nothing is said.
    pub min_demand: usize,
}

impl Default for PositionParams {
    fn default() -> Self {
        Self { grid: 25, bandwidth: 0.1, n_resamples: 200, min_demand: 30 }
    }
}

/// A place where demand meets nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Price there.
    pub price: f64,
    /// Attribute there.
    pub attribute: f64,
    /// Share of the demand within one bandwidth.
    pub demand_share: f64,
    /// Density of demand less that of supply, in units of an even spread over the map.
    pub excess: f64,
    /// Middle 95 % of the excess over resamples of the demand.
    pub excess_within: (f64, f64),
    /// The nearest own and rival product, where there is one.
    pub nearest: [Option<String>; 2],
}

/// The map.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionMap {
    products: Vec<(Product, [f64; 2])>,
    gaps: Vec<Gap>,
    sides: [(f64, f64); 2],
}

impl PositionParams {
    /// Places products and finds the gaps, best first.
    ///
    /// # Errors
    /// [`EntryError::Position`] for a figure that cannot be placed, [`EntryError::TooLittle`] for less than `min_demand`
    /// demand points or no product, [`EntryError::Param`].
    pub fn map(&self, products: &[Product], demand: &[Demand], seed: Seed) -> Result<PositionMap, EntryError> {
        let param = |name: &str, rule, got| Err(EntryError::Param { name: name.to_owned(), rule, got });
        if !(5..=100).contains(&self.grid) {
            return param("grid", "5 to 100", self.grid as f64);
        }
        if !(self.bandwidth > 0.0 && self.bandwidth < 1.0) {
            return param("bandwidth", "above 0 and below 1", self.bandwidth);
        }
        if self.n_resamples < 20 {
            return param("n_resamples", "at least 20", self.n_resamples as f64);
        }
        if products.is_empty() {
            return Err(EntryError::TooLittle { what: "products", have: 0, need: 1 });
        }
        if demand.len() < self.min_demand.max(1) {
            let need = self.min_demand.max(1);
            return Err(EntryError::TooLittle { what: "demand points", have: demand.len(), need });
        }
        let wrong =
            |product: &str, what, got, rule| Err(EntryError::Position { product: product.to_owned(), what, got, rule });
        let of_products = products.iter().map(|p| (p.name.as_str(), p.price, p.attribute, 1.0));
        let placed = of_products.chain(demand.iter().map(|d| ("demand", d.price, d.attribute, d.weight)));
        for (name, price, attribute, weight) in placed {
            if !(price > 0.0 && price.is_finite()) {
                return wrong(name, "price", price, "above 0");
            }
            if !attribute.is_finite() {
                return wrong(name, "attribute", attribute, "a number");
            }
            if !(weight > 0.0 && weight.is_finite()) {
                return wrong(name, "weight", weight, "above 0");
            }
        }
        let raw: Vec<[f64; 2]> = products.iter().map(|p| [p.price.ln(), p.attribute]).collect();
        let wanted: Vec<[f64; 2]> = demand.iter().map(|d| [d.price.ln(), d.attribute]).collect();
        let side = |j: usize| {
            let all = raw.iter().chain(&wanted).map(|x| x[j]);
            let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
            if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
        };
        let sides = [side(0), side(1)];
        let scaled =
            |x: &[f64; 2]| -> [f64; 2] { std::array::from_fn(|j| (x[j] - sides[j].0) / (sides[j].1 - sides[j].0)) };
        let supply: Vec<[f64; 2]> = raw.iter().map(scaled).collect();
        let wanted: Vec<[f64; 2]> = wanted.iter().map(scaled).collect();
        let weights: Vec<f64> = demand.iter().map(|d| d.weight).collect();
        let mut map = PositionMap {
            products: products.iter().cloned().zip(supply.iter().copied()).collect(),
            gaps: vec![],
            sides,
        };
        map.gaps = self.gaps(&map, &supply, &wanted, &weights, seed);
        Ok(map)
    }

    fn gaps(
        &self,
        map: &PositionMap,
        supply: &[[f64; 2]],
        wanted: &[[f64; 2]],
        weights: &[f64],
        seed: Seed,
    ) -> Vec<Gap> {
        let n = self.grid;
        let place = |i: usize| [(i / n) as f64 / (n - 1) as f64, (i % n) as f64 / (n - 1) as f64];
        // Kernel of each demand point at each place, so that a resample only weighs anew.
        let kernel: Vec<Vec<f64>> =
            (0..n * n).map(|i| wanted.iter().map(|w| self.kernel(place(i), *w)).collect()).collect();
        let supplied: Vec<f64> = (0..n * n)
            .map(|i| supply.iter().map(|s| self.kernel(place(i), *s)).sum::<f64>() / supply.len() as f64)
            .collect();
        let total: f64 = weights.iter().sum();
        let demanded = |i: usize, weights: &[f64], total: f64| {
            kernel[i].iter().zip(weights).map(|(k, w)| k * w).sum::<f64>() / total
        };
        let excess: Vec<f64> = (0..n * n).map(|i| demanded(i, weights, total) - supplied[i]).collect();
        let mut gaps: Vec<(usize, Gap)> = Vec::new();
        for i in 0..n * n {
            let (row, column) = (i / n, i % n);
            let near = (row.saturating_sub(1)..=(row + 1).min(n - 1))
                .flat_map(|r| (column.saturating_sub(1)..=(column + 1).min(n - 1)).map(move |c| r * n + c));
            // Of equal neighbours the first is the top.
            let top = near.filter(|j| *j != i).all(|j| excess[j] < excess[i] || excess[j] == excess[i] && j > i);
            let free = supply.iter().all(|s| apart(place(i), *s) > self.bandwidth);
            if excess[i] <= 0.0 || !top || !free {
                continue;
            }
            let resampled: Vec<f64> = (0..self.n_resamples as u64)
                .map(|b| {
                    let mut rng = seed.stream(b);
                    let mut drawn = vec![0.0; weights.len()];
                    for _ in 0..weights.len() {
                        let j = rng.below(weights.len());
                        drawn[j] += weights[j];
                    }
                    let total: f64 = drawn.iter().sum();
                    demanded(i, &drawn, total) - supplied[i]
                })
                .collect();
            let ends = quantiles(&resampled, &[0.025, 0.975]).unwrap_or_else(|| vec![0.0; 2]);
            if ends[0] <= 0.0 {
                continue;
            }
            let within = wanted.iter().zip(weights).filter(|(w, _)| apart(place(i), **w) <= self.bandwidth);
            let [price, attribute] = map.back(place(i));
            gaps.push((
                i,
                Gap {
                    price,
                    attribute,
                    demand_share: within.map(|(_, w)| w).sum::<f64>() / total,
                    excess: excess[i],
                    excess_within: (ends[0], ends[1]),
                    nearest: [Whose::Own, Whose::Rival].map(|whose| map.nearest(place(i), whose)),
                },
            ));
        }
        gaps.sort_by(|a, b| b.1.excess.total_cmp(&a.1.excess).then(a.0.cmp(&b.0)));
        gaps.into_iter().map(|(_, gap)| gap).collect()
    }

    /// Gaussian density in two dimensions; the map has an area of 1, so an even spread is 1 everywhere.
    fn kernel(&self, a: [f64; 2], b: [f64; 2]) -> f64 {
        let h = self.bandwidth;
        (-0.5 * (apart(a, b) / h).powi(2)).exp() / (std::f64::consts::TAU * h * h)
    }
}

fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

impl PositionMap {
    /// Products with their place: price side and attribute side, each in [0, 1].
    pub fn products(&self) -> &[(Product, [f64; 2])] {
        &self.products
    }

    /// Gaps, most wanted first.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Price and attribute of a place.
    pub fn back(&self, place: [f64; 2]) -> [f64; 2] {
        let on = |j: usize| self.sides[j].0 + place[j] * (self.sides[j].1 - self.sides[j].0);
        [on(0).exp(), on(1)]
    }

    fn nearest(&self, place: [f64; 2], whose: Whose) -> Option<String> {
        let of = self.products.iter().filter(|(p, _)| p.whose == whose);
        of.min_by(|a, b| apart(place, a.1).total_cmp(&apart(place, b.1))).map(|(p, _)| p.name.clone())
    }

    /// The gaps in sentences; `attribute` is its name in English and Chinese.
    pub fn sentences(&self, attribute: &Words) -> Vec<Words> {
        if self.gaps.is_empty() {
            return vec![Words::new(
                "No gap: wherever demand is dense, somebody offers something.",
                "没有空白：凡需求集中之处都已有供给。",
            )];
        }
        let say = |g: &Gap| {
            let (price, at, share) = (number(g.price), number(g.attribute), super::words::percent(g.demand_share));
            let [_, rival] = &g.nearest;
            let rival = rival.as_deref().unwrap_or("-");
            Words::new(
                format!(
                    "Nobody offers about {price} at {} {at}, where {share} of the demand lies; nearest rival {rival}.",
                    attribute.en
                ),
                format!(
                    "价格约 {price}、{} {at} 处无人供给，而 {share} 的需求在此；最近的竞品：{rival}。",
                    attribute.zh
                ),
            )
        };
        self.gaps.iter().map(say).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products along two corners, demand around them and, where planted, at price 40 and attribute 7.
    fn planted(n_gap: usize) -> (Vec<Product>, Vec<Demand>) {
        let mut rng = Seed(8).stream(0);
        let mut products = Vec::new();
        let mut demand = Vec::new();
        for i in 0..24 {
            let (price, attribute) = if i % 2 == 0 { (12.0, 2.0) } else { (150.0, 9.0) };
            let mut near = || (price * (0.15 * rng.normal()).exp(), attribute + 0.4 * rng.normal());
            let (p, a) = near();
            let whose = if i % 3 == 0 { Whose::Own } else { Whose::Rival };
            products.push(Product { name: format!("P{i}"), whose, price: p, attribute: a });
            for _ in 0..4 {
                let (price, attribute) = near();
                demand.push(Demand { price, attribute, weight: 1.0 });
            }
        }
        for _ in 0..n_gap {
            let price = 40.0 * (0.1 * rng.normal()).exp();
            demand.push(Demand { price, attribute: 7.0 + 0.3 * rng.normal(), weight: 1.0 });
        }
        (products, demand)
    }

    #[test]
    fn a_planted_gap_is_found_first_and_none_without_it() {
        let (products, demand) = planted(40);
        let map = PositionParams::default().map(&products, &demand, Seed(1)).unwrap();
        let gap = &map.gaps()[0];
        assert!((gap.price / 40.0).ln().abs() < 0.25 && (gap.attribute - 7.0).abs() < 0.7, "{gap:?}");
        // 40 of 136 points lie there, most within a bandwidth.
        assert!(gap.demand_share > 0.2 && gap.demand_share < 0.31, "{gap:?}");
        assert!(gap.excess_within.0 > 0.0 && gap.nearest.iter().all(Option::is_some));
        let says = map.sentences(&Words::new("capacity", "容量"));
        assert!(says[0].en.contains("capacity") && says[0].zh.contains("容量"));
        let (products, demand) = planted(0);
        let map = PositionParams::default().map(&products, &demand, Seed(1)).unwrap();
        assert_eq!(map.gaps(), []);
        assert_eq!(map.sentences(&Words::new("a", "b")).len(), 1);
    }

    #[test] // Two or three chance points in the void are no gap: resampling loses them.
    fn a_few_points_are_no_gap() {
        let (products, demand) = planted(2);
        let map = PositionParams::default().map(&products, &demand, Seed(1)).unwrap();
        assert_eq!(map.gaps(), []);
    }

    #[test]
    fn the_map_is_the_same_in_another_currency_and_refuses_what_has_no_place() {
        let (mut products, mut demand) = planted(40);
        let before = PositionParams::default().map(&products, &demand, Seed(1)).unwrap();
        products.iter_mut().for_each(|p| p.price *= 7.8);
        demand.iter_mut().for_each(|d| d.price *= 7.8);
        let after = PositionParams::default().map(&products, &demand, Seed(1)).unwrap();
        assert!((after.gaps()[0].price / before.gaps()[0].price - 7.8).abs() < 1e-6);
        products[0].price = 0.0;
        let refused = PositionParams::default().map(&products, &demand, Seed(1)).unwrap_err();
        assert_eq!(refused.to_string(), "product `P0`: price is 0, it has to be above 0");
        let few = PositionParams::default().map(&products[1..], &demand[..9], Seed(1)).unwrap_err();
        assert_eq!(few.to_string(), "9 demand points, at least 30 are needed");
    }
}
