//! Where our prices stand beside each competitor's: an index over the products both have.
//!
//! `index = exp(Σ w ln(ours / theirs) / Σ w)` over matched products, `w` our revenue of the product: a weighted Jevons index, which
//! treats twice as dear and half as dear alike (Consumer Price Index Manual, ILO and others, 2020, chapter 8). 1.05 means 5 %
//! dearer. The interval is a jackknife over products: how much one product more or less would change it. Beside it
//! stand the share of our revenue that is matched at all, and of the matched products those on which we are dearer or cheaper
//! by more than a tolerance. Cost: one sort and a pass.

use super::PriceError;
use domain::{Day, Figure, Money, ProductId, Unit};
use learn::special::student_t_quantile;
use std::collections::BTreeMap;

/// A competitor's price on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct RivalPrice {
    /// Our product that it matches.
    pub product: ProductId,
    /// Whose price.
    pub competitor: String,
    /// When it was seen.
    pub day: Day,
    /// Price of one unit.
    pub price: Money,
}

/// What we ask.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnPrice {
    /// Product.
    pub product: ProductId,
    /// Price of one unit.
    pub price: Money,
    /// Our revenue of it: how much it counts, at least 0.
    pub weight: f64,
}

/// How prices are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndexParams {
    /// A price seen more days ago than this is not used.
    pub max_age_days: i32,
    /// Difference that counts as dearer or cheaper.
    pub tolerance: f64,
    /// Fewest matched products for an index.
    pub min_products: usize,
}

impl Default for IndexParams {
    fn default() -> Self {
        Self { max_age_days: 30, tolerance: 0.02, min_products: 5 }
    }
}

/// Our prices beside one competitor's.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceIndex {
    /// Whose; `None` for the lowest price of any competitor.
    pub competitor: Option<String>,
    /// The index, figure `price.index`.
    pub index: Figure,
    /// Share of our revenue in matched products, figure `price.matched`.
    pub matched: Figure,
    /// Matched products on which we are dearer.
    pub n_dearer: usize,
    /// Matched products on which we are cheaper.
    pub n_cheaper: usize,
    /// Matched products.
    pub n_matched: usize,
}

/// Newest price of each competitor and product as of `day`, not older than allowed.
///
/// # Errors
/// [`PriceError::Currency`] for a price in another currency than ours of the same product, [`PriceError::Param`] for a price that
/// is not above 0.
pub fn current(
    own: &[OwnPrice],
    rivals: &[RivalPrice],
    day: Day,
    params: &IndexParams,
) -> Result<BTreeMap<(String, ProductId), RivalPrice>, PriceError> {
    let ours: BTreeMap<&ProductId, &OwnPrice> = own.iter().map(|o| (&o.product, o)).collect();
    let mut out: BTreeMap<(String, ProductId), RivalPrice> = BTreeMap::new();
    for own in own {
        if own.price.minor <= 0 {
            return Err(PriceError::Param { name: "own price", rule: "above 0", got: own.price.minor as f64 });
        }
    }
    for rival in rivals {
        let Some(own) = ours.get(&rival.product) else { continue };
        if rival.price.currency != own.price.currency {
            let (got, need) = (rival.price.currency, own.price.currency);
            return Err(PriceError::Currency { what: "a competitor's price", got, need });
        }
        if rival.price.minor <= 0 {
            return Err(PriceError::Param { name: "competitor price", rule: "above 0", got: rival.price.minor as f64 });
        }
        let age = day.since(rival.day);
        if !(0..=params.max_age_days).contains(&age) {
            continue;
        }
        let key = (rival.competitor.clone(), rival.product.clone());
        // Two prices of a day: the lower is what a shopper finds.
        let newer = |old: &RivalPrice| (old.day, -old.price.minor) < (rival.day, -rival.price.minor);
        if out.get(&key).is_none_or(newer) {
            out.insert(key, rival.clone());
        }
    }
    Ok(out)
}

/// One index a competitor, in order of name, then one against the lowest price of any. `day` is the day of the comparison;
/// later prices are not looked at.
///
/// # Errors
/// As [`current`].
pub fn indices(
    own: &[OwnPrice],
    rivals: &[RivalPrice],
    day: Day,
    params: &IndexParams,
) -> Result<Vec<PriceIndex>, PriceError> {
    let current = current(own, rivals, day, params)?;
    let mut of: BTreeMap<&str, BTreeMap<&ProductId, i64>> = BTreeMap::new();
    let mut lowest: BTreeMap<&ProductId, i64> = BTreeMap::new();
    for ((competitor, product), rival) in &current {
        of.entry(competitor).or_default().insert(product, rival.price.minor);
        lowest.entry(product).and_modify(|l| *l = (*l).min(rival.price.minor)).or_insert(rival.price.minor);
    }
    let mut out: Vec<PriceIndex> =
        of.iter().map(|(name, prices)| index(own, prices, Some((*name).to_owned()), params)).collect();
    if !lowest.is_empty() {
        out.push(index(own, &lowest, None, params));
    }
    Ok(out)
}

fn index(
    own: &[OwnPrice],
    theirs: &BTreeMap<&ProductId, i64>,
    competitor: Option<String>,
    params: &IndexParams,
) -> PriceIndex {
    let all: f64 = own.iter().map(|o| o.weight).sum();
    let pairs: Vec<(f64, f64)> = own
        .iter()
        .filter_map(|o| {
            let price = *theirs.get(&o.product)?;
            Some((o.weight, (o.price.minor as f64 / price as f64).ln()))
        })
        .collect();
    let n = pairs.len();
    let (total, sum) = pairs.iter().fold((0.0, 0.0), |(t, s), (w, l)| (t + w, s + w * l));
    let mean = sum / total;
    let step = (1.0 + params.tolerance).ln();
    let mut figure =
        Figure::number("price.index", Unit::Ratio, mean.exp(), n as u64, params.min_products.max(2) as u64)
            .formula(
                "exp(Σ revenue × ln(our price / their price) / Σ revenue) over matched products; above 1 we are dearer",
            )
            .source("clean.competitor_prices, newest price of each product, beside our prices");
    if n >= 2 {
        let without: Vec<f64> =
            pairs.iter().map(|(w, l)| (sum - w * l) / (total - w)).filter(|m| m.is_finite()).collect();
        if without.len() == n {
            let centre = without.iter().sum::<f64>() / n as f64;
            let variance = (n - 1) as f64 / n as f64 * without.iter().map(|m| (m - centre).powi(2)).sum::<f64>();
            let half = student_t_quantile(0.975, (n - 1) as f64) * variance.sqrt();
            figure = figure.interval((mean - half).exp(), (mean + half).exp(), 0.95);
        }
    }
    let matched = Figure::number("price.matched", Unit::Share, total / all, own.len() as u64, 1)
        .formula("revenue of matched products / revenue of all products")
        .source("clean.competitor_prices beside our sales");
    PriceIndex {
        competitor,
        index: figure,
        matched,
        n_dearer: pairs.iter().filter(|p| p.1 > step).count(),
        n_cheaper: pairs.iter().filter(|p| p.1 < -step).count(),
        n_matched: n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    const EUR: Currency = Currency::new(*b"EUR");

    fn own(product: &str, minor: i64, weight: f64) -> OwnPrice {
        OwnPrice { product: product.into(), price: Money { minor, currency: EUR }, weight }
    }

    fn rival(product: &str, competitor: &str, day: i32, minor: i64) -> RivalPrice {
        let price = Money { minor, currency: EUR };
        RivalPrice { product: product.into(), competitor: competitor.to_owned(), day: Day(day), price }
    }

    fn of_two() -> IndexParams {
        IndexParams { min_products: 2, ..IndexParams::default() }
    }

    // A at twice their price with weight 1, B at half with weight 1, C at the same with weight 2: the index is 1. Only
    // 4 of 5 weights are matched. D's price is 60 days old. Against the lowest, A is 20 / 8.
    #[test]
    fn index_by_hand() {
        let own = [own("A", 2000, 1.0), own("B", 500, 1.0), own("C", 700, 2.0), own("D", 900, 1.0)];
        let rivals = [
            rival("A", "x", 95, 1000),
            rival("A", "x", 90, 5000),
            rival("B", "x", 99, 1000),
            rival("C", "x", 99, 700),
            rival("D", "x", 40, 100),
            rival("A", "y", 99, 800),
            rival("A", "y", 101, 1),
        ];
        let got = indices(&own, &rivals, Day(100), &of_two()).unwrap();
        assert_eq!(got.len(), 3);
        let x = &got[0];
        assert!((x.index.as_f64().unwrap() - 1.0).abs() < 1e-12 && (x.matched.as_f64().unwrap() - 0.8).abs() < 1e-12);
        assert_eq!((x.n_dearer, x.n_cheaper, x.n_matched), (1, 1, 3));
        assert_eq!(got[1].index.as_f64(), None);
        let lowest = got[2].index.as_f64().unwrap();
        assert!((lowest - (((20.0_f64 / 8.0).ln() + 0.5_f64.ln()) / 4.0).exp()).abs() < 1e-12);
    }

    #[test] // Without A the mean is (ln .5 + 0) / 3, and so on: the interval holds the index and is wide.
    fn the_interval_says_what_one_product_would_change() {
        let own = [own("A", 2000, 1.0), own("B", 500, 1.0), own("C", 700, 2.0)];
        let rivals = [rival("A", "x", 1, 1000), rival("B", "x", 1, 1000), rival("C", "x", 1, 700)];
        let interval = indices(&own, &rivals, Day(1), &of_two()).unwrap()[0].index.interval.unwrap();
        assert!(interval.low < 0.5 && interval.high > 2.0, "{interval:?}");
    }

    #[test]
    fn another_currency_is_refused() {
        let mut other = rival("A", "x", 1, 1000);
        other.price.currency = Currency::new(*b"USD");
        let got = indices(&[own("A", 2000, 1.0)], &[other], Day(1), &IndexParams::default());
        assert!(matches!(got, Err(PriceError::Currency { .. })));
        assert!(indices(&[], &[], Day(1), &IndexParams::default()).unwrap().is_empty());
    }
}
