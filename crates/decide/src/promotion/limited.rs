//! A limited-time discount of one product: how deep, at which price, for which days, and what it is expected to bring.
//!
//! A ladder of depths is tried. A rung stays if its price has a usual ending, lies at or above the floor whatever else the
//! seller announces ([`super::guard`] over the seller's own offers and this one), and may be announced as a reduction
//! ([`super::prior_price`]). Of the rungs that pay ([`super::uplift`]) the one with the largest expected margin is
//! advised. Where none is known to pay the one that is expected to bring most is named *as a test*, or, where nothing says what to expect,
//! the mildest visible one, with how much more it would have to sell; where all are known or expected to lose, none is.
//!
//! Expected margin added: `D · (f · m(q) − m(p))`, with `D` the units of those days at the list price `p`, `f` the lift of [`super::uplift`],
//! and `m` the margin of one unit, a straight line from 0 at the break-even price. Ends: the least and the most over the ends
//! of `D` and `f`. A lift from own promotions holds near the depth they had; other rungs go by the elasticity. Cost: rungs × offers.

use super::guard::{Guarded, Verdict, guard};
use super::offer::{Kind, Off, Offer};
use super::prior_price::{Announcement, PricePoint, PriorVerdict, check_announcement};
use super::uplift::{Lift, Pays, Worth, worth};
use crate::price::corridor::Answer;
use crate::price::endings::{Ending, MOST_AWAY, near_enough};
use crate::price::{PriceError, Said};
use domain::{Decimal, Market, Money, Window};

/// How discounts are tried.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitedParams {
    /// Depths, shares off the list price, mildest first.
    pub ladder: Vec<Decimal>,
    /// Least depth that a shopper notices: what is named as a test.
    pub visible: Decimal,
    /// How far from the depth of own promotions their lift still holds.
    pub near: Decimal,
    /// Usual endings; empty for any.
    pub endings: &'static [Ending],
}

impl Default for LimitedParams {
    fn default() -> Self {
        let percent = |n| Decimal::new(n, 2);
        Self {
            ladder: [5, 10, 15, 20, 25, 30, 40, 50].map(percent).to_vec(),
            visible: percent(10),
            near: percent(5),
            endings: crate::price::endings::ENDINGS,
        }
    }
}

/// A number with its interval at 90 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Expected.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A product that may be promoted.
#[derive(Clone, Debug)]
pub struct Promotable<'a> {
    /// Product, list price and floor.
    pub at: Guarded,
    /// Where.
    pub market: Market,
    /// Price at which one unit just covers its costs, taxes and fees on the price included.
    pub break_even: Money,
    /// Part of each further unit of price that is left as margin, above 0 and at most 1.
    pub kept: f64,
    /// Units of the days at the list price; `None` where nobody can tell.
    pub units: Option<Range>,
    /// How demand answers to price.
    pub answer: &'a Answer,
    /// Lift of the product's own promotions, with their mean depth.
    pub own: Option<(Lift, Decimal)>,
    /// Lift of the product's promotions in another market, with their mean depth, and that market.
    pub borrowed: Option<(Lift, Decimal, Market)>,
    /// Own prices so far, as [`super::prior_price`] takes them.
    pub history: &'a [PricePoint],
    /// The days.
    pub days: Window,
    /// What the seller announces anyway in this market.
    pub announced: &'a [Offer],
    /// List prices and floors of everything that those offers bundle.
    pub others: &'a [Guarded],
}

/// A discount.
#[derive(Clone, Debug, PartialEq)]
pub struct Limited {
    /// The offer, as a till takes it.
    pub offer: Offer,
    /// Price of one unit.
    pub price: Money,
    /// Share off the list price.
    pub depth: Decimal,
    /// Whether it pays.
    pub worth: Worth,
    /// Units expected, where something says.
    pub units: Option<Range>,
    /// Margin added, minor units, where something says.
    pub added: Option<Range>,
    /// The rule on prior prices, with the price to be shown.
    pub prior: PriorVerdict,
    /// Why, for people.
    pub said: Said,
}

/// Group of which one advised offer at most applies to a cart.
pub const ADVISED: &str = "advised";

/// The discount to announce or to test; else why there is none.
///
/// # Errors
/// [`PriceError`] for amounts of two currencies, prices not above 0, or offers that [`super::offer`] refuses.
pub fn limited(product: &Promotable<'_>, params: &LimitedParams) -> Result<Result<Limited, Said>, PriceError> {
    let (list, floor) = (product.at.price, product.at.floor);
    if floor.currency != list.currency {
        return Err(PriceError::Currency { what: "the floor", got: floor.currency, need: list.currency });
    }
    if list.minor <= floor.minor {
        let said = Said::new(
            format!("no room for a discount: it sells at {list} and its floor is {floor}"),
            format!("没有折扣空间：售价 {list}，底价 {floor}"),
        );
        return Ok(Err(said));
    }
    let (mut found, mut refused): (Vec<Limited>, Option<Said>) = (Vec::new(), None);
    for rung in &params.ladder {
        let Some(price) = promoted(product, *rung, params) else { continue };
        if found.iter().any(|f| f.price == price) {
            continue;
        }
        match rung_at(product, price, params)? {
            Ok(limited) => found.push(limited),
            Err(said) => refused = Some(said),
        }
    }
    let gain = |l: &Limited| l.added.map_or(0.0, |r| r.mean);
    let pays = found.iter().filter(|l| l.worth.verdict == Pays::Yes);
    if let Some(best) = pays.max_by(|a, b| gain(a).total_cmp(&gain(b)).then(b.price.minor.cmp(&a.price.minor))) {
        return Ok(Ok(best.clone()));
    }
    let mut open: Vec<&Limited> = found.iter().filter(|l| l.worth.verdict == Pays::CannotTell).collect();
    open.sort_by_key(|l| l.depth);
    // What is expected to lose is no test worth its price, whatever its interval holds.
    let loss =
        open.first().filter(|_| open.iter().all(|l| l.added.is_some_and(|r| r.mean <= 0.0))).map(|l| l.said.clone());
    if let Some(said) = loss {
        return Ok(Err(Said::new(
            format!("not advised, it is expected to lose: {}", said.en),
            format!("不建议，预计亏损：{}", said.zh),
        )));
    }
    let best = open.iter().filter(|l| gain(l) > 0.0).max_by(|a, b| gain(a).total_cmp(&gain(b)));
    if let Some(best) = best {
        return Ok(Ok((*best).clone()));
    }
    open.retain(|l| l.added.is_none());
    // A rung that shoppers notice, else the deepest there is.
    let seen = |l: &&&Limited| l.depth >= params.visible - Decimal::new(1, 2);
    if let Some(test) = open.iter().find(seen).or(open.last()) {
        return Ok(Ok((*test).clone()));
    }
    Ok(Err(match (found.last(), refused) {
        (Some(last), _) => last.said.clone(),
        (None, Some(said)) => said,
        (None, None) => Said::new(
            format!("no room for a discount that shoppers notice: it sells at {list} and its floor is {floor}"),
            format!("没有顾客能察觉的折扣空间：售价 {list}，底价 {floor}"),
        ),
    }))
}

/// The usual price nearest to a rung, at or above the floor and below the list price.
fn promoted(product: &Promotable<'_>, rung: Decimal, params: &LimitedParams) -> Option<Money> {
    let (list, floor) = (product.at.price, product.at.floor);
    let exact = (Decimal::from(list.minor) * (Decimal::ONE - rung)).ceil();
    let minor = i64::try_from(exact.trunc().mantissa() / 10_i128.pow(exact.trunc().scale())).ok()?;
    if minor < floor.minor {
        return None;
    }
    let (at, below) = (Money { minor, ..list }, Money { minor: list.minor - 1, ..list });
    // An ending far from the rung would be another rung's price.
    let price = near_enough(at, floor, Some(below), params.endings, MOST_AWAY * list.minor as f64);
    (price.minor >= floor.minor && price.minor < list.minor).then_some(price)
}

fn rung_at(
    product: &Promotable<'_>,
    price: Money,
    params: &LimitedParams,
) -> Result<Result<Limited, Said>, PriceError> {
    let (id, list) = (&product.at.product, product.at.price);
    let depth = Decimal::ONE - Decimal::from(price.minor) / Decimal::from(list.minor);
    let near = |known: Option<(Lift, Decimal)>| known.filter(|(_, d)| (*d - depth).abs() <= params.near).map(|k| k.0);
    let elsewhere = product.borrowed.and_then(|(lift, depth, market)| Some((near(Some((lift, depth)))?, market)));
    let worth = worth(list, price, product.break_even, near(product.own), elsewhere, product.answer)?;
    let offer = Offer {
        id: format!("limited-{}", id.as_str()),
        kind: Kind::Limited { window: product.days },
        off: Off::Price(price),
        products: Some([id.clone()].into()),
        // Two products on sale may lie in one cart. A test has to be seen alone, or nobody knows what sold.
        exclusive: (worth.verdict != Pays::Yes).then(|| ADVISED.to_owned()),
        cap: None,
    };
    let mut all: Vec<Offer> = product.announced.iter().filter(|o| o.covers(id)).cloned().collect();
    all.push(offer.clone());
    let mut priced = vec![product.at.clone()];
    priced.extend(product.others.iter().filter(|o| o.product != *id).cloned());
    let findings = guard(&priced, &all)?;
    if let Some(finding) = findings.iter().find(|f| f.product == *id && f.verdict != Verdict::Fine) {
        let (low, floor) = (finding.lowest, finding.floor);
        return Ok(Err(Said::new(
            format!(
                "no discount beside your own promotions: a cart could then reach {low}, below the floor of {floor}"
            ),
            format!("与您自己的促销叠加后价格可能低至 {low}，低于底价 {floor}，因此不再打折"),
        )));
    }
    let announced = Announcement { start: product.days.from, now: price, was: None, percent: None };
    let (prior, prior_said) = check_announcement(product.market, product.history, &announced)?;
    if let PriorVerdict::Blocked { .. } = prior {
        return Ok(Err(Said::new(
            format!("no reduction may be announced at {price}: {}", prior_said.en),
            format!("不得以 {price} 宣传降价：{}", prior_said.zh),
        )));
    }
    let factor = worth.expected.map(|(lift, _)| Range { mean: lift.factor, low: lift.low, high: lift.high });
    let units = product.units.zip(factor).map(|(d, f)| Range {
        mean: d.mean * f.mean,
        low: d.low * f.low,
        high: d.high * f.high,
    });
    let margin = |at: Money| product.kept * (at.minor - product.break_even.minor) as f64;
    let added = product.units.zip(factor).map(|(d, f)| {
        let gain = |units: f64, times: f64| units * (times * margin(price) - margin(list));
        let ends = [gain(d.low, f.low), gain(d.low, f.high), gain(d.high, f.low), gain(d.high, f.high)];
        let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        Range { mean: gain(d.mean, f.mean), low, high: ends.iter().copied().fold(f64::NEG_INFINITY, f64::max) }
    });
    let percent = (depth * Decimal::ONE_HUNDRED).round_dp(0).normalize();
    let said = Said::new(
        format!("{percent} % off, {price} instead of {list}: {}; prior price: {}", worth.said.en, prior_said.en),
        format!("优惠 {percent} %，{price}（原 {list}）：{}；原价规定：{}", worth.said.zh, prior_said.zh),
    );
    Ok(Ok(Limited { offer, price, depth, worth, units, added, prior, said }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::prior_price::PriceKind;
    use domain::{Currency, Day};
    use learn::shrinkage::Estimate;
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    fn known(value: f64, se: f64) -> Answer {
        Answer::Known(Estimate { value, se })
    }

    /// 20.00 with a floor of 12.00, break-even at 10.00, half of each further euro is left, 100 units in the days.
    fn product<'a>(answer: &'a Answer, history: &'a [PricePoint], market: &str) -> Promotable<'a> {
        Promotable {
            at: Guarded { product: "A".into(), price: eur(2_000), floor: eur(1_200) },
            market: market.parse().unwrap(),
            break_even: eur(1_000),
            kept: 0.5,
            units: Some(Range { mean: 100.0, low: 80.0, high: 120.0 }),
            answer,
            own: None,
            borrowed: None,
            history,
            days: Window { from: Day(100), to: Day(107) },
            announced: &[],
            others: &[],
        }
    }

    fn exact() -> LimitedParams {
        LimitedParams { endings: &[], ..LimitedParams::default() }
    }

    // e = −4: at q the margin is 100 · (q/20)^−4 · .5 · (q − 10). At 14.00 (30 %): 4.165 · 2 = 8.33 a unit; at 12.00 (40 %): 7.716 · 1 = 7.72;
    // at 15.00: 3.160 · 2.5 = 7.90. So 14.00, which adds 100 · (8.330 − 5) = 333.0 euros.
    #[test]
    fn the_best_paying_rung_by_hand() {
        let answer = known(-4.0, 0.05);
        let got = limited(&product(&answer, &[], "VN"), &exact()).unwrap().unwrap();
        assert_eq!((got.price, got.worth.verdict, got.prior.clone()), (eur(1_400), Pays::Yes, PriorVerdict::NoRule));
        let want = 100.0 * ((0.7_f64).powi(-4) * 0.5 * 400.0 - 0.5 * 1_000.0);
        let added = got.added.unwrap();
        assert!((added.mean - want).abs() < 1e-6 && (want - 33_300.0).abs() < 30.0, "{added:?}");
        assert!(added.low < added.mean && added.mean < added.high);
    }

    #[test] // −1.2: at 19.00 (1.0635 times) 1.111 times is needed, and it gets worse below.
    fn a_weak_answer_is_no_reason_for_a_discount_and_no_answer_is_a_test() {
        let weak = known(-1.2, 0.02);
        let got = limited(&product(&weak, &[], "VN"), &exact()).unwrap().unwrap_err();
        assert!(got.en.contains("does not pay"), "{got:?}");
        let none = Answer::Refused(vec![]);
        let got = limited(&product(&none, &[], "VN"), &exact()).unwrap().unwrap();
        assert_eq!((got.price, got.worth.verdict, got.added), (eur(1_800), Pays::CannotTell, None));
        assert!(got.said.en.contains("a test would tell") && got.said.zh.contains("试验"), "{:?}", got.said);
    }

    // −1.5 ± .8: .9^−1.5 = 1.171 times at 18.00 where 1.25 is needed: expected to lose, and the interval holds 1.25. −3 ± 1: 15.00 has
    // 2.370 · 2.5 = 5.93 of 5, 14.00 2.915 · 2 = 5.83: expected to gain, most at 15.00, and not sure.
    #[test]
    fn what_is_expected_to_lose_is_no_test_and_what_may_gain_is() {
        let losing = known(-1.5, 0.8);
        let got = limited(&product(&losing, &[], "VN"), &exact()).unwrap().unwrap_err();
        assert!(got.en.contains("expected to lose") && got.zh.contains("预计亏损"), "{got:?}");
        let hopeful = known(-3.0, 1.0);
        let got = limited(&product(&hopeful, &[], "VN"), &exact()).unwrap().unwrap();
        assert_eq!((got.worth.verdict, got.price), (Pays::CannotTell, eur(1_500)));
        assert!(got.added.unwrap().mean > 0.0 && got.added.unwrap().low < 0.0);
    }

    #[test]
    fn a_lift_of_own_promotions_holds_near_their_depth_only() {
        let none = Answer::Refused(vec![]);
        let lift = Lift { factor: 2.2, low: 2.0, high: 2.5, n: 6 };
        let own = Promotable { own: Some((lift, Decimal::new(15, 2))), ..product(&none, &[], "VN") };
        // 10, 15 and 20 % are near; 20 % needs 10 / 6 = 1.667 and has 2.2: 100 · .5 · (2.2 · 6 − 10) = 160; 15 %: (2.2 · 7 − 10) = 270;
        // 10 %: (2.2 · 8 − 10) · 50 = 380.
        let got = limited(&own, &exact()).unwrap().unwrap();
        assert_eq!((got.price, got.added.unwrap().mean.round()), (eur(1_800), 38_000.0));
    }

    #[test]
    fn the_law_and_own_offers_hold_a_discount_back() {
        let answer = known(-4.0, 0.05);
        // 13.90 was asked in the 30 days before: only prices below it are a reduction. 12.00 is the only rung.
        let history = [
            PricePoint { from: Day(0), price: eur(2_000), kind: PriceKind::Regular },
            PricePoint { from: Day(80), price: eur(1_390), kind: PriceKind::Regular },
            PricePoint { from: Day(85), price: eur(2_000), kind: PriceKind::Regular },
        ];
        let got = limited(&product(&answer, &history, "DE"), &exact()).unwrap().unwrap();
        assert_eq!(got.price, eur(1_200));
        assert!(matches!(&got.prior, PriorVerdict::Allowed(p) if p.price == eur(1_390)), "{:?}", got.prior);
        // Ten per cent for everybody with a code: q · .9 has to stay at 12.00, so 14.00 (12.60) does and 12.00 does not.
        let code = Offer {
            id: "ten".into(),
            kind: Kind::Coupon { code: "TEN".into(), spend: eur(0) },
            off: Off::Share(Decimal::new(10, 2)),
            products: None,
            exclusive: None,
            cap: None,
        };
        let own = [code];
        let with = Promotable { announced: &own, ..product(&answer, &history, "DE") };
        let why = limited(&with, &exact()).unwrap().unwrap_err();
        assert!(why.en.contains("beside your own promotions") || why.en.contains("no reduction"), "{why:?}");
        let with = Promotable { announced: &own, ..product(&answer, &[], "VN") };
        assert_eq!(limited(&with, &exact()).unwrap().unwrap().price, eur(1_400));
    }

    #[test]
    fn a_price_at_its_floor_has_no_room() {
        let answer = known(-4.0, 0.05);
        let mut at = product(&answer, &[], "VN");
        at.at.floor = eur(2_000);
        assert!(limited(&at, &exact()).unwrap().unwrap_err().en.contains("no room"));
        at.at.floor = eur(1_990);
        assert!(limited(&at, &exact()).unwrap().unwrap_err().en.contains("no room"));
    }

    proptest! {
        #[test] // Whatever is known or not: no price of a discount lies below the floor, alone or beside own offers.
        fn no_discount_lies_below_the_floor(
            list in 50_i64..40_000, floor in 1_i64..40_000, even in 1_i64..40_000, e in -8.0_f64..0.5, se in 0.01_f64..3.0,
            kept in 0.1_f64..1.0, told in any::<bool>(), own in 0_i64..40, lift in 0.5_f64..6.0, code in 0_usize..4,
        ) {
            let currency = [*b"EUR", *b"VND", *b"CNY", *b"USD"][code];
            let money = |minor| Money { minor, currency: Currency::new(currency) };
            let answer = if told { known(e, se) } else { Answer::Refused(vec![]) };
            let announced: Vec<Offer> = (own > 0).then(|| Offer {
                id: "own".into(),
                kind: Kind::Coupon { code: "C".into(), spend: money(0) },
                off: Off::Share(Decimal::new(own, 2)),
                products: None,
                exclusive: None,
                cap: None,
            }).into_iter().collect();
            let lift = Lift { factor: lift, low: lift * 0.8, high: lift * 1.2, n: 5 };
            let at = Guarded { product: "A".into(), price: money(list), floor: money(floor) };
            let one = Promotable {
                at,
                break_even: money(even.min(floor)),
                kept,
                own: Some((lift, Decimal::new(own, 2))),
                announced: &announced,
                ..product(&answer, &[], "VN")
            };
            if let Ok(got) = limited(&one, &LimitedParams::default()).unwrap() {
                prop_assert!(got.price.minor >= floor && got.price.minor < list, "{:?}", got);
                let mut all = announced.clone();
                all.push(got.offer);
                let found = guard(&[one.at], &all).unwrap();
                prop_assert!(found.iter().all(|f| f.verdict == Verdict::Fine), "{:?}", found);
            }
        }
    }
}
