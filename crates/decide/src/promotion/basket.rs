//! Offers on a whole cart: so much off from a sum on, and a code with a share off, for the products that can bear it.
//!
//! A product can bear a share `s` if its list price less `s` stays at its floor, beside everything else that the seller announces
//! ([`super::guard`]). An offer is for those products only. The deeper it is the fewer it is for: the deepest share is taken
//! that products with a stated part of the expected units can bear, else the mildest that any part worth naming can; of a threshold the
//! deepest that can pay.
//!
//! *Threshold*: the sum `S` is a round amount above what half of the orders come to, times [`BasketParams::reach`]. Orders that reach `S`
//! anyway cost `a` each; one lifted to `S` from below brings the margin of what it adds, less `a`. It pays if a share of the orders
//! between [`BasketParams::within`] of `S` and `S` follows; that share is named, for nobody has seen it. *Code*: pays if it brings orders that
//! would not have come; the number of extra orders a hundred redeemed is named. Cost: rungs × products × offers.

use super::guard::{Guarded, Verdict, guard};
use super::limited::ADVISED;
use super::offer::{Kind, Off, Offer};
use super::uplift::Pays;
use crate::price::{PriceError, Said};
use domain::{Decimal, Money, ProductId};
use std::collections::BTreeSet;

/// A product that may be in a cart.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelved {
    /// Product, list price and floor.
    pub at: Guarded,
    /// Expected units, at least 0: its part of what is sold.
    pub units: f64,
    /// Margin at the list price as a share of that price.
    pub margin: f64,
    /// Part of each further unit of price that is left as margin.
    pub kept: f64,
}

/// How such offers are made.
#[derive(Clone, Debug, PartialEq)]
pub struct BasketParams {
    /// Shares off that are tried.
    pub ladder: Vec<Decimal>,
    /// Part of the expected units whose products have to bear a share for it to be deep enough to ask for.
    pub covers: f64,
    /// Part below which an offer is not worth naming.
    pub least: f64,
    /// The sum over the median order.
    pub reach: f64,
    /// Orders from this part of the sum on are in reach of it.
    pub within: f64,
    /// Fewest orders.
    pub min_orders: usize,
}

impl Default for BasketParams {
    fn default() -> Self {
        let ladder = [3, 5, 8, 10, 12, 15, 20].map(|n| Decimal::new(n, 2)).to_vec();
        Self { ladder, covers: 0.6, least: 0.2, reach: 1.3, within: 0.6, min_orders: 30 }
    }
}

/// An offer on a cart.
#[derive(Clone, Debug, PartialEq)]
pub struct BasketOffer {
    /// As a till takes it.
    pub offer: Offer,
    /// From this sum on; `None` for any.
    pub spend: Option<Money>,
    /// What is taken off; `None` for a share.
    pub amount: Option<Money>,
    /// Share off, the largest that it can be.
    pub depth: Decimal,
    /// Part of the expected units that it is for.
    pub covers: f64,
    /// What has to follow: see the module.
    pub needed: Option<f64>,
    /// [`Pays::No`] or [`Pays::CannotTell`].
    pub verdict: Pays,
    /// Why, for people.
    pub said: Said,
}

/// Name in the place of the codes, which are drawn one for each shopper.
pub const A_CODE_EACH: &str = "one code for each shopper";

/// The offer from a sum on; `orders` are what past orders of the market came to, minor units.
///
/// # Errors
/// [`PriceError`] for amounts of two currencies or offers that [`super::offer`] refuses.
pub fn threshold(
    shelf: &[Shelved],
    orders: &[f64],
    announced: &[Offer],
    params: &BasketParams,
) -> Result<Result<BasketOffer, Said>, PriceError> {
    let mut deepest = reaching(shelf, orders, announced, params)?;
    // A milder one may pay where the deepest gives too much to orders that reach the sum anyway.
    while let Ok(offer) = &deepest
        && offer.verdict == Pays::No
    {
        let milder: Vec<Decimal> = params.ladder.iter().copied().filter(|s| *s < offer.depth).collect();
        if milder.is_empty() {
            break;
        }
        let next = reaching(shelf, orders, announced, &BasketParams { ladder: milder, ..params.clone() })?;
        if next.is_err() {
            break;
        }
        deepest = next;
    }
    Ok(deepest)
}

/// The deepest offer from a sum on.
fn reaching(
    shelf: &[Shelved],
    orders: &[f64],
    announced: &[Offer],
    params: &BasketParams,
) -> Result<Result<BasketOffer, Said>, PriceError> {
    let Some(first) = shelf.first() else { return Ok(Err(nothing())) };
    let typical = learn::quantile::median(orders).filter(|m| *m > 0.0 && orders.len() >= params.min_orders);
    let Some(typical) = typical else {
        return Ok(Err(Said::new(
            format!("{} orders are too few to say from which sum on", orders.len()),
            format!("仅有 {} 笔订单，无法确定门槛金额", orders.len()),
        )));
    };
    let money = |minor: i64| Money { minor, currency: first.at.price.currency };
    let spend = money(round_up(typical * params.reach));
    let make = |share: Decimal, products: BTreeSet<ProductId>| {
        let off = round_down((Decimal::from(spend.minor) * share).to_string().parse().unwrap_or(0.0));
        Offer {
            id: "threshold".to_owned(),
            kind: Kind::Threshold { spend },
            off: Off::Amount(money(off)),
            products: Some(products),
            exclusive: Some(ADVISED.to_owned()),
            cap: None,
        }
    };
    let Some((offer, depth, covers)) = deepest(shelf, announced, params, &make)? else { return Ok(Err(thin(params))) };
    let Off::Amount(amount) = offer.off else { return Ok(Err(nothing())) };
    let covered = |id: &ProductId| offer.products.as_ref().is_none_or(|p| p.contains(id));
    let (margin, kept) = averages(shelf, &covered);
    let sum = spend.minor as f64;
    let reached = orders.iter().filter(|o| **o >= sum).count();
    let near: Vec<f64> = orders.iter().copied().filter(|o| *o >= params.within * sum && *o < sum).collect();
    let mean = near.iter().sum::<f64>() / near.len().max(1) as f64;
    let (cost, gain) = (kept * amount.minor as f64, margin * (sum - mean) - kept * amount.minor as f64);
    let needed = (gain > 0.0 && !near.is_empty()).then(|| reached as f64 * cost / (near.len() as f64 * gain));
    let verdict = if needed.is_some_and(|n| n <= 1.0) { Pays::CannotTell } else { Pays::No };
    let share = 100.0 * covers;
    let (en, zh) = match needed {
        Some(n) if n <= 1.0 => (
            format!(
                "{reached} of {} orders reach it anyway; pays when at least {:.0} % of the {} orders just below follow, which has not been seen: a test would tell",
                orders.len(),
                100.0 * n,
                near.len()
            ),
            format!(
                "{} 笔订单中 {reached} 笔本已达到；当略低于门槛的 {} 笔中至少 {:.0} % 跟进时划算，尚无数据，需要试验",
                orders.len(),
                near.len(),
                100.0 * n
            ),
        ),
        _ => (
            format!(
                "does not pay: {reached} of {} orders reach it anyway, and what others would add does not make up for that",
                orders.len()
            ),
            format!("不划算：{} 笔订单中 {reached} 笔本已达到，其他订单增加的部分不足以弥补", orders.len()),
        ),
    };
    let said = Said::new(
        format!("{amount} off from {spend} on, for products with {share:.0} % of the expected units: {en}"),
        format!("满 {spend} 减 {amount}，适用商品占预计件数的 {share:.0} %：{zh}"),
    );
    Ok(Ok(BasketOffer { offer, spend: Some(spend), amount: Some(amount), depth, covers, needed, verdict, said }))
}

/// The code with a share off.
///
/// # Errors
/// As [`threshold`].
pub fn code(
    shelf: &[Shelved],
    announced: &[Offer],
    params: &BasketParams,
) -> Result<Result<BasketOffer, Said>, PriceError> {
    let Some(first) = shelf.first() else { return Ok(Err(nothing())) };
    let nil = Money { minor: 0, currency: first.at.price.currency };
    let make = |share: Decimal, products: BTreeSet<ProductId>| Offer {
        id: "code".to_owned(),
        kind: Kind::Coupon { code: A_CODE_EACH.to_owned(), spend: nil },
        off: Off::Share(share),
        products: Some(products),
        exclusive: Some(ADVISED.to_owned()),
        cap: None,
    };
    let Some((offer, depth, covers)) = deepest(shelf, announced, params, &make)? else { return Ok(Err(thin(params))) };
    let covered = |id: &ProductId| offer.products.as_ref().is_none_or(|p| p.contains(id));
    let (margin, kept) = averages(shelf, &covered);
    let share = depth.to_string().parse().unwrap_or(0.0);
    let left = margin - kept * share;
    // Of a hundred redeemed, so many must be orders that would not have come: x · left = (1 − x) · given away.
    let needed = (left > 0.0).then(|| kept * share / (left + kept * share));
    let verdict = if needed.is_some() { Pays::CannotTell } else { Pays::No };
    let percent = (depth * Decimal::ONE_HUNDRED).normalize();
    let (en, zh) = match needed {
        Some(n) => (
            format!(
                "pays when at least {:.0} of 100 redeemed are orders that would not have come; who redeems has not been seen: send it to a part of the shoppers first, one code each",
                100.0 * n
            ),
            format!(
                "每 100 张被使用的券中至少 {:.0} 笔为新增订单时划算；尚无使用数据：请先发给部分顾客，一人一码",
                100.0 * n
            ),
        ),
        None => ("does not pay: nothing is left of the margin".to_owned(), "不划算：毛利所剩无几".to_owned()),
    };
    let said = Said::new(
        format!("{percent} % with a code, for products with {:.0} % of the expected units: {en}", 100.0 * covers),
        format!("凭券优惠 {percent} %，适用商品占预计件数的 {:.0} %：{zh}", 100.0 * covers),
    );
    Ok(Ok(BasketOffer { offer, spend: None, amount: None, depth, covers, needed, verdict, said }))
}

/// The deepest offer that enough products can bear, with its share and the part of the units it is for.
fn deepest(
    shelf: &[Shelved],
    announced: &[Offer],
    params: &BasketParams,
    make: &dyn Fn(Decimal, BTreeSet<ProductId>) -> Offer,
) -> Result<Option<(Offer, Decimal, f64)>, PriceError> {
    let all: f64 = shelf.iter().map(|s| s.units).sum();
    if all <= 0.0 {
        return Ok(None);
    }
    let priced: Vec<Guarded> = shelf.iter().map(|s| s.at.clone()).collect();
    let everything: BTreeSet<ProductId> = priced.iter().map(|p| p.product.clone()).collect();
    let mut ladder = params.ladder.clone();
    ladder.sort();
    let mut best: Option<(Offer, Decimal, f64)> = None;
    for share in ladder.iter().filter(|s| **s > Decimal::ZERO && **s < Decimal::ONE) {
        let mut offers = announced.to_vec();
        offers.push(make(*share, everything.clone()));
        let fine: BTreeSet<ProductId> =
            guard(&priced, &offers)?.into_iter().filter(|f| f.verdict == Verdict::Fine).map(|f| f.product).collect();
        let covers = shelf.iter().filter(|s| fine.contains(&s.at.product)).map(|s| s.units).sum::<f64>() / all;
        let enough = if best.is_none() { params.least } else { params.covers };
        if covers < enough {
            break;
        }
        let offer = make(*share, fine);
        if let Off::Amount(money) = offer.off
            && money.minor <= 0
        {
            continue;
        }
        best = Some((offer, *share, covers));
    }
    Ok(best)
}

/// Margin at list prices and part kept of each further unit of price, by expected sales.
fn averages(shelf: &[Shelved], covered: &dyn Fn(&ProductId) -> bool) -> (f64, f64) {
    let (mut margin, mut kept, mut sales) = (0.0, 0.0, 0.0);
    for s in shelf.iter().filter(|s| covered(&s.at.product)) {
        let worth = s.units * s.at.price.minor as f64;
        margin += s.margin * worth;
        kept += s.kept * worth;
        sales += worth;
    }
    if sales > 0.0 { (margin / sales, kept / sales) } else { (0.0, 0.0) }
}

fn nothing() -> Said {
    Said::new("no product has a price above a known floor", "没有售价高于已知底价的商品")
}

fn thin(params: &BasketParams) -> Said {
    let (mildest, least) = (params.ladder.iter().min().copied().unwrap_or_default(), 100.0 * params.least);
    let percent = (mildest * Decimal::ONE_HUNDRED).normalize();
    Said::new(
        format!("no room: products with less than {least:.0} % of the expected units can bear even {percent} % off"),
        format!("没有空间：能承受 {percent} % 优惠的商品不足预计件数的 {least:.0} %"),
    )
}

/// The round amounts 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten.
const ROUND: [f64; 10] = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];

fn round_up(minor: f64) -> i64 {
    let scale = 10_f64.powf(minor.max(1.0).log10().floor());
    let found = ROUND.iter().map(|r| r * scale).find(|r| *r >= minor * (1.0 - 1e-9));
    found.unwrap_or(10.0 * scale).round().clamp(1.0, 9e15) as i64
}

fn round_down(minor: f64) -> i64 {
    if minor < 1.0 {
        return 0;
    }
    let scale = 10_f64.powf(minor.log10().floor());
    let found = ROUND.iter().rev().map(|r| r * scale).find(|r| *r <= minor * (1.0 + 1e-9));
    found.unwrap_or(scale).floor().clamp(1.0, 9e15) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    fn on_shelf(name: &str, price: i64, floor: i64, units: f64) -> Shelved {
        let at = Guarded { product: name.into(), price: eur(price), floor: eur(floor) };
        Shelved { at, units, margin: 0.4, kept: 0.8 }
    }

    #[test]
    fn round_amounts() {
        assert_eq!([3_900.0, 4_000.0, 4_100.0, 9.0, 1.0].map(round_up), [4_000, 4_000, 5_000, 10, 1]);
        assert_eq!([399.0, 400.0, 260.0, 7.9, 0.4].map(round_down), [300, 400, 250, 6, 0]);
    }

    // 100 orders of 10.00, 20.00, … in turn to 50.00: median 30.00, times 1.3 is 39.00, so from 40.00 on. A (80 % of units) can bear 20 %, B 4 %.
    // 20 % of 40.00 is 8.00. 40 orders reach 40.00 and cost .8 · 8 = 6.40 each: 256. In reach (24 to 40) are 20 of 30.00: each
    // lifted brings .4 · 10 − 6.40 < 0: does not pay.
    #[test]
    fn a_threshold_by_hand() {
        let orders: Vec<f64> = (0..100).map(|i| 1_000.0 * f64::from(1 + i % 5)).collect();
        let shelf = [on_shelf("A", 2_000, 1_600, 80.0), on_shelf("B", 2_000, 1_920, 20.0)];
        let deep = BasketParams { ladder: vec![Decimal::new(20, 2)], ..BasketParams::default() };
        let got = threshold(&shelf, &orders, &[], &deep).unwrap().unwrap();
        assert_eq!((got.spend, got.amount), (Some(eur(4_000)), Some(eur(800))));
        assert_eq!((got.covers, got.verdict), (0.8, Pays::No));
        // With at most 3 %: 1.20 off, costs .96 each, 40 · .96 = 38.40; lifted 4 − .96 = 3.04, of 20: 38.40 / 60.80 = 63 %.
        let mild = BasketParams { ladder: vec![Decimal::new(3, 2)], ..BasketParams::default() };
        let got = threshold(&shelf, &orders, &[], &mild).unwrap().unwrap();
        assert_eq!((got.amount, got.covers, got.verdict), (Some(eur(120)), 1.0, Pays::CannotTell));
        assert!((got.needed.unwrap() - 38.4 / 60.8).abs() < 1e-9 && got.said.en.contains("63 %"), "{got:?}");
        // The whole ladder comes down to it: 5 % (2.00) costs 64.00 and brings at most 48.00.
        assert_eq!(threshold(&shelf, &orders, &[], &BasketParams::default()).unwrap().unwrap(), got);
        assert!(threshold(&shelf, &orders[..20], &[], &mild).unwrap().unwrap_err().en.contains("too few"));
    }

    #[test] // 20 %: .8 · .2 = .16 is given away of a margin of .4; .24 is left; .16 / .4 = 40 of 100.
    fn a_code_by_hand_and_beside_an_own_offer() {
        let shelf = [on_shelf("A", 2_000, 1_600, 80.0), on_shelf("B", 2_000, 1_920, 20.0)];
        let got = code(&shelf, &[], &BasketParams::default()).unwrap().unwrap();
        assert_eq!((got.depth, got.covers), (Decimal::new(20, 2), 0.8));
        assert!((got.needed.unwrap() - 0.4).abs() < 1e-12);
        // Ten per cent for everybody already: 20.00 · .9 · (1 − s) ≥ 16.00 holds to 11.1 %, so 10 %; B is below its floor by then anyway.
        let own = Offer {
            id: "own".into(),
            kind: Kind::Member { level: 0 },
            off: Off::Share(Decimal::new(10, 2)),
            products: None,
            exclusive: None,
            cap: None,
        };
        let got = code(&shelf, &[own], &BasketParams::default()).unwrap().unwrap();
        assert_eq!(got.depth, Decimal::new(10, 2));
        let poor = [on_shelf("A", 2_000, 1_990, 80.0)];
        assert!(code(&poor, &[], &BasketParams::default()).unwrap().unwrap_err().en.contains("no room"));
        assert!(code(&[], &[], &BasketParams::default()).unwrap().is_err());
    }

    proptest! {
        #[test]
        fn no_offer_on_a_cart_takes_a_product_below_its_floor(
            shelf in prop::collection::vec((100_i64..50_000, 1_i64..120, 0.0_f64..90.0), 1..8),
            orders in prop::collection::vec(100.0_f64..90_000.0, 30..60), own in 0_i64..30,
        ) {
            let shelf: Vec<Shelved> = shelf.iter().enumerate().map(|(i, (price, percent, units))| {
                on_shelf(&format!("P{i}"), *price, (price * percent / 100).max(1), *units)
            }).collect();
            let announced: Vec<Offer> = (own > 0).then(|| Offer {
                id: "own".into(),
                kind: Kind::Member { level: 0 },
                off: Off::Share(Decimal::new(own, 2)),
                products: None,
                exclusive: None,
                cap: None,
            }).into_iter().collect();
            let params = BasketParams::default();
            let both = [threshold(&shelf, &orders, &announced, &params).unwrap(), code(&shelf, &announced, &params).unwrap()];
            for offer in both.into_iter().flatten() {
                let covered: Vec<Guarded> =
                    shelf.iter().map(|s| s.at.clone()).filter(|g| offer.offer.covers(&g.product)).collect();
                let mut all = announced.clone();
                all.push(offer.offer.clone());
                prop_assert!(!covered.is_empty());
                for finding in guard(&covered, &all).unwrap() {
                    prop_assert!(finding.verdict == Verdict::Fine, "{:?} {:?}", finding, offer);
                }
            }
        }
    }
}
