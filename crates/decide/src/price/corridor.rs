//! Between which prices a product may be sold, and which one we would ask.
//!
//! Four bounds, each with its reason: the *floor* that the caller gives (cost, fees and least margin), the *optimum* of the
//! product's elasticity, the *band* of competitors' prices, and the prices it was sold at. At a constant elasticity `e < −1`
//! profit `(p − c) p^e` is largest at `p = c · e / (1 + e)`, with `c` the price that just covers what one more unit costs,
//! taxes and fees on the price included (Lerner, Review of Economic Studies 1(3), 1934). The formula is used only where the
//! elasticity is identified, and only near prices that were seen: beyond them nobody knows that `e` stays.
//!
//! The price asked is the optimum held within the band; without an optimum the present price held within the band; without
//! that the middle of the band; without any of these none. It then goes to the nearest usual ending within the corridor; where the
//! floor leaves none below the corridor's upper end, to the next one above, if that is not far. The floor wins over everything,
//! always: [`Corridor`] never holds a price below it.

use super::PriceError;
use super::endings::{Ending, MOST_AWAY, near_enough, nearest};
use super::said::Said;
use domain::{Figure, FigureValue, Money, Unit};
use learn::interval::two_sided;
use learn::quantile::{quantile_sorted, sorted};
use learn::shrinkage::Estimate;

/// What is known about the answer of demand.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// An identified elasticity.
    Known(Estimate),
    /// Refused, with the reasons.
    Refused(Vec<Said>),
}

/// What a corridor is drawn from, all amounts in one currency.
#[derive(Clone, Debug, PartialEq)]
pub struct CorridorInput {
    /// Never below this.
    pub floor: Money,
    /// Price that just covers what one more unit costs, taxes and fees on the price included.
    pub break_even: Money,
    /// Its elasticity.
    pub answer: Answer,
    /// Lowest and highest price that it was sold at.
    pub seen: Option<(Money, Money)>,
    /// Current prices of competitors.
    pub competitors: Vec<Money>,
    /// What is asked today.
    pub present: Option<Money>,
}

/// How a corridor is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct CorridorParams {
    /// Quantiles of the competitors' prices that bound the band.
    pub band: (f64, f64),
    /// Fewest competitors' prices for a band.
    pub min_competitors: usize,
    /// How far beyond prices seen an optimum may lie, as a share.
    pub beyond_seen: f64,
    /// Coverage of the optimum's interval.
    pub level: f64,
    /// Usual endings; empty for none.
    pub endings: &'static [Ending],
}

impl Default for CorridorParams {
    fn default() -> Self {
        Self { band: (0.25, 0.75), min_competitors: 3, beyond_seen: 0.1, level: 0.9, endings: super::endings::ENDINGS }
    }
}

/// Which bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundKind {
    /// Cost, fees and least margin.
    Floor,
    /// Of the elasticity.
    Optimum,
    /// Of the competitors.
    Competitors,
    /// Today's price.
    Present,
    /// The usual ending.
    Ending,
}

/// One bound with its reason; a missing end is open, two missing ends are a bound that could not be had.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Which.
    pub kind: BoundKind,
    /// Lower end.
    pub low: Option<Money>,
    /// Upper end.
    pub high: Option<Money>,
    /// Why it is there, or why not.
    pub said: Said,
}

/// The corridor.
#[derive(Clone, Debug, PartialEq)]
pub struct Corridor {
    /// Lowest price, never below the floor.
    pub low: Money,
    /// Highest; `None` where nothing bounds it.
    pub high: Option<Money>,
    /// The price we would ask; `None` where only the floor is known.
    pub asked: Option<Money>,
    /// Figure `price.optimum`: the price of largest profit with its interval.
    pub optimum: Figure,
    /// Every bound with its reason.
    pub bounds: Vec<Bound>,
}

/// Draws the corridor.
///
/// # Errors
/// [`PriceError::Currency`] for amounts of two currencies, [`PriceError::Param`] for a floor, break-even or price that is not
/// above 0 or parameters outside their range.
pub fn corridor(input: &CorridorInput, params: &CorridorParams) -> Result<Corridor, PriceError> {
    check(input, params)?;
    let floor = input.floor;
    let money = |minor: f64| Money { minor: minor.round().clamp(1.0, 9e15) as i64, currency: floor.currency };
    let at_least = |m: Money| if m.minor < floor.minor { floor } else { m };
    let mut bounds = vec![Bound {
        kind: BoundKind::Floor,
        low: Some(floor),
        high: None,
        said: Said::new(
            format!("never below {floor}: cost, fees and the least margin"),
            format!("不得低于 {floor}：成本、费用与最低毛利"),
        ),
    }];
    let (best, bound, optimum) = optimum(input, params, &money);
    bounds.push(bound);
    let (band, bound) = band(input, params, &money);
    bounds.push(bound);
    let clamp = |m: Money, (low, high): (Money, Money)| match m.minor {
        p if p < low.minor => low,
        p if p > high.minor => high,
        _ => m,
    };
    let wanted = match (best, input.present, band) {
        (Some((at, ..)), _, Some((low, _, high))) => Some(clamp(at, (low, high))),
        (Some((at, ..)), _, None) => Some(at),
        (None, Some(present), Some((low, _, high))) => Some(clamp(present, (low, high))),
        (None, None, Some((_, middle, _))) => Some(middle),
        (None, Some(present), None) => Some(present),
        (None, None, None) => None,
    };
    if let (None, Some(present)) = (best, input.present) {
        bounds.push(Bound {
            kind: BoundKind::Present,
            low: Some(present),
            high: Some(present),
            said: Said::new(
                format!("asked today: {present}; kept, for nothing says that another price would earn more"),
                format!("现价 {present}：没有证据表明其他价格收益更高，因此保留"),
            ),
        });
    }
    // Where optimum and band overlap the corridor is what both allow, else what either does.
    let ends = match (best, band) {
        (Some((_, low, high)), Some((from, _, to))) => {
            let both = (low.minor.max(from.minor), high.map_or(to.minor, |h| h.minor.min(to.minor)));
            Some(if both.0 <= both.1 {
                (both.0, Some(both.1))
            } else {
                (low.minor.min(from.minor), Some(high.map_or(low.minor.max(to.minor), |h| h.minor.max(to.minor))))
            })
        }
        (Some((_, low, high)), None) => Some((low.minor, high.map(|h| h.minor))),
        (None, Some((from, _, to))) => Some((from.minor, Some(to.minor))),
        (None, None) => wanted.map(|w| (w.minor.min(floor.minor), Some(w.minor))),
    };
    let of = |minor: i64| at_least(Money { minor, currency: floor.currency });
    let (low, high) = ends.map_or((floor, None), |(low, high)| (of(low), high.map(of)));
    let asked = wanted.map(|wanted| {
        let wanted = at_least(wanted);
        let ended = ended(wanted, low, high, params.endings);
        if ended != wanted {
            bounds.push(Bound {
                kind: BoundKind::Ending,
                low: Some(ended),
                high: Some(ended),
                said: Said::new(
                    format!("{wanted} goes to {ended}, as prices end in {}", floor.currency),
                    format!("{wanted} 调整为 {ended}，符合 {} 的定价尾数习惯", floor.currency),
                ),
            });
        }
        ended
    });
    // An ending above what the floor had closed opens the corridor up to it.
    let high = high.map(|h| asked.filter(|a| a.minor > h.minor).unwrap_or(h));
    Ok(Corridor { low, high, asked, optimum, bounds })
}

/// The price asked with a usual ending: the nearest in the corridor; where there is none, the next one from `wanted` on if it is no
/// further than [`MOST_AWAY`]; else `wanted` itself.
fn ended(wanted: Money, low: Money, high: Option<Money>, endings: &[Ending]) -> Money {
    let ceiling = high.filter(|h| h.minor >= wanted.minor);
    let inside = nearest(wanted, low, ceiling, endings);
    inside.unwrap_or_else(|| near_enough(wanted, wanted, None, endings, MOST_AWAY * wanted.minor as f64))
}

fn check(input: &CorridorInput, params: &CorridorParams) -> Result<(), PriceError> {
    let need = input.floor.currency;
    let mut named = vec![("the floor", input.floor), ("the break-even price", input.break_even)];
    named.extend(input.seen.iter().flat_map(|(a, b)| [("a price seen", *a), ("a price seen", *b)]));
    named.extend(input.competitors.iter().map(|c| ("a competitor's price", *c)));
    named.extend(input.present.iter().map(|p| ("the present price", *p)));
    for (what, money) in named {
        if money.currency != need {
            return Err(PriceError::Currency { what, got: money.currency, need });
        }
        if money.minor <= 0 {
            return Err(PriceError::Param { name: what, rule: "above 0", got: money.minor as f64 });
        }
    }
    let (low, high) = params.band;
    for (name, got, fine) in [
        ("band", low, (0.0..=high).contains(&low)),
        ("band", high, high <= 1.0),
        ("beyond_seen", params.beyond_seen, params.beyond_seen >= 0.0 && params.beyond_seen.is_finite()),
        ("level", params.level, params.level > 0.0 && params.level < 1.0),
    ] {
        if !fine {
            return Err(PriceError::Param { name, rule: "a share in its range", got });
        }
    }
    Ok(())
}

type Best = Option<(Money, Money, Option<Money>)>;

/// The optimum with its lower and upper end, the bound that says so, and the figure.
fn optimum(input: &CorridorInput, params: &CorridorParams, money: &impl Fn(f64) -> Money) -> (Best, Bound, Figure) {
    let none = |said: Said| {
        let figure = Figure::number("price.optimum", Unit::Money, f64::NAN, 0, 0).source(said.en.clone());
        (None, Bound { kind: BoundKind::Optimum, low: None, high: None, said }, figure)
    };
    let estimate = match &input.answer {
        Answer::Known(estimate) => *estimate,
        Answer::Refused(reasons) => {
            let all = |pick: fn(&Said) -> &str| reasons.iter().map(pick).collect::<Vec<_>>().join("; ");
            return none(Said::new(
                format!("no optimum: the answer of demand to price is not known ({})", all(|s| &s.en)),
                format!("没有最优价：需求对价格的反应未知（{}）", all(|s| &s.zh)),
            ));
        }
    };
    let e = estimate.value;
    let z = two_sided(params.level).unwrap_or(0.0);
    let (steep, flat) = (e - z * estimate.se, e + z * estimate.se);
    if !(e < -1.0 && estimate.se >= 0.0 && steep.is_finite()) {
        return none(Said::new(
            format!(
                "no optimum: at an elasticity of {e:.2} a higher price earns more as far as was seen; only a test can say where that ends"
            ),
            format!("没有最优价：弹性为 {e:.2} 时，在已观察的范围内价格越高收益越大，只有试验才能找到界限"),
        ));
    }
    let cost = input.break_even.minor as f64;
    let price = |e: f64| cost * e / (1.0 + e);
    let ends = input.seen.map(|(low, high)| {
        (low.minor as f64 * (1.0 - params.beyond_seen), high.minor as f64 * (1.0 + params.beyond_seen))
    });
    let held = |p: f64| ends.map_or(p, |(low, high)| p.clamp(low.min(high), high));
    let at = money(held(price(e)));
    let low = money(held(price(steep)));
    let high = if flat < -1.0 { Some(money(held(price(flat)))) } else { ends.map(|e| money(e.1)) };
    let free = money(price(e));
    let cut = if free == at {
        Said::new("", "")
    } else {
        Said::new(
            format!(", held to {at} because only prices near that were seen"),
            format!("，因只观察到附近的价格而限制在 {at}"),
        )
    };
    let said = Said::new(
        format!("largest profit at {free} = {} × {e:.2} / (1 + {e:.2}){}", input.break_even, cut.en),
        format!("利润最大的价格为 {free} = {} × {e:.2} / (1 + {e:.2}){}", input.break_even, cut.zh),
    );
    let mut figure = Figure::money("price.optimum", at, 1)
        .formula("break-even price × e / (1 + e), held near prices seen")
        .source("elasticity of the product");
    if let Some(high) = high {
        let major = |m: Money| m.minor as f64 / 10_f64.powi(m.currency.exponent() as i32);
        figure = figure.interval(major(low), major(high), params.level);
    }
    debug_assert!(matches!(figure.value, FigureValue::Money(_)));
    (Some((at, low, high)), Bound { kind: BoundKind::Optimum, low: Some(low), high, said }, figure)
}

/// Lower end, middle and upper end of the competitors' prices.
fn band(
    input: &CorridorInput,
    params: &CorridorParams,
    money: &impl Fn(f64) -> Money,
) -> (Option<(Money, Money, Money)>, Bound) {
    let n = input.competitors.len();
    let prices = sorted(&input.competitors.iter().map(|c| c.minor as f64).collect::<Vec<_>>());
    let at = |p: f64| quantile_sorted(&prices, p).map(money);
    let found = (n >= params.min_competitors.max(1))
        .then(|| Some((at(params.band.0)?, at(0.5)?, at(params.band.1)?)))
        .flatten();
    let Some((low, middle, high)) = found else {
        let said = Said::new(
            format!("no competitors' band: {n} prices, {} are needed", params.min_competitors),
            format!("没有竞争价区间：只有 {n} 个价格，至少需要 {} 个", params.min_competitors),
        );
        return (None, Bound { kind: BoundKind::Competitors, low: None, high: None, said });
    };
    let above = input.floor.minor > high.minor;
    let said = Said::new(
        format!(
            "the middle of {n} competitors' prices lies between {low} and {high}{}",
            if above { ", below our floor: at this cost the product cannot meet them" } else { "" }
        ),
        format!(
            "{n} 个竞争价的中间部分在 {low} 与 {high} 之间{}",
            if above { "，低于我们的底价：按此成本无法跟进" } else { "" }
        ),
    );
    (Some((low, middle, high)), Bound { kind: BoundKind::Competitors, low: Some(low), high: Some(high), said })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::endings::ENDINGS;
    use domain::Currency;
    use proptest::prelude::*;

    const EUR: Currency = Currency::new(*b"EUR");

    fn eur(minor: i64) -> Money {
        Money { minor, currency: EUR }
    }

    fn input() -> CorridorInput {
        CorridorInput {
            floor: eur(1_150),
            break_even: eur(1_000),
            answer: Answer::Known(Estimate { value: -2.5, se: 0.2 }),
            seen: Some((eur(1_400), eur(2_000))),
            competitors: vec![eur(1_500), eur(1_600), eur(1_700), eur(1_800), eur(1_900)],
            present: Some(eur(1_899)),
        }
    }

    // Optimum 10 × 2.5 / 1.5 = 16.67; at 90 %: e from −2.829 (15.47) to −2.171 (18.54). The band is 16.00 to 18.00. Both
    // allow 16.00 to 18.00. 16.67 ends at 16.49 or 16.95 or 16.99: nearest 16.49 (18 cents against 28).
    #[test]
    fn a_corridor_by_hand() {
        let got = corridor(&input(), &CorridorParams::default()).unwrap();
        assert_eq!((got.low, got.high, got.asked), (eur(1_600), Some(eur(1_800)), Some(eur(1_649))));
        assert_eq!(got.optimum.value, FigureValue::Money(eur(1_667)));
        let interval = got.optimum.interval.unwrap();
        assert!((interval.low - 15.47).abs() < 0.011 && (interval.high - 18.54).abs() < 0.011, "{interval:?}");
        let kinds: Vec<BoundKind> = got.bounds.iter().map(|b| b.kind).collect();
        assert_eq!(kinds, [BoundKind::Floor, BoundKind::Optimum, BoundKind::Competitors, BoundKind::Ending]);
    }

    #[test] // At −1.5 the optimum is 30.00, but nothing above 20.00 was ever asked: held at 22.00, then to the band's 18.00.
    fn an_optimum_far_from_what_was_seen_is_held_back() {
        let input = CorridorInput { answer: Answer::Known(Estimate { value: -1.5, se: 0.1 }), ..input() };
        let got = corridor(&input, &CorridorParams { endings: &[], ..CorridorParams::default() }).unwrap();
        assert_eq!(got.optimum.value, FigureValue::Money(eur(2_200)));
        assert_eq!(got.asked, Some(eur(1_800)));
        assert!(got.bounds[1].said.en.contains("only prices near"));
    }

    #[test]
    fn without_an_answer_the_present_price_stays_within_the_band() {
        let refused = Answer::Refused(vec![Said::new("order size", "订单量")]);
        let got = corridor(&CorridorInput { answer: refused.clone(), ..input() }, &CorridorParams::default()).unwrap();
        assert_eq!((got.asked, got.optimum.as_f64()), (Some(eur(1_799)), None));
        assert!(got.bounds[1].said.en.contains("order size") && got.bounds[1].said.zh.contains("订单量"));
        // A weak answer has no optimum either.
        let weak = Answer::Known(Estimate { value: -0.8, se: 0.1 });
        let got = corridor(&CorridorInput { answer: weak, ..input() }, &CorridorParams::default()).unwrap();
        assert_eq!(got.optimum.as_f64(), None);
        let bare = CorridorInput { answer: refused, seen: None, competitors: vec![], present: None, ..input() };
        let got = corridor(&bare, &CorridorParams::default()).unwrap();
        assert_eq!((got.low, got.high, got.asked), (eur(1_150), None, None));
    }

    #[test]
    fn competitors_below_our_floor_do_not_pull_us_down() {
        let got = corridor(&CorridorInput { floor: eur(1_950), ..input() }, &CorridorParams::default()).unwrap();
        assert_eq!((got.low, got.high), (eur(1_950), Some(eur(1_995))));
        assert_eq!(got.asked, Some(eur(1_995)));
        assert!(got.bounds[2].said.en.contains("below our floor"));
    }

    // A present price of 3.99 below a floor of 10.30: 10.49 is 19 cents away, 4 % of 10.30 are 41. From 2.00 on, 2.49 is 49 cents
    // away and 4 % are 8: the floor itself.
    #[test]
    fn where_the_floor_binds_the_price_takes_the_next_ending_above_it() {
        let refused = Answer::Refused(Vec::new());
        let at = |floor| {
            let bare = CorridorInput {
                floor: eur(floor),
                answer: refused.clone(),
                seen: None,
                competitors: vec![],
                present: Some(eur(199)),
                ..input()
            };
            corridor(&bare, &CorridorParams::default()).unwrap()
        };
        assert_eq!((at(1_030).asked, at(1_030).high), (Some(eur(1_049)), Some(eur(1_049))));
        assert_eq!((at(200).asked, at(200).high), (Some(eur(200)), Some(eur(200))));
        assert_eq!(at(1_099).asked, Some(eur(1_099)));
        assert_eq!(at(1_030).bounds.last().map(|b| b.kind), Some(BoundKind::Ending));
    }

    #[test]
    fn wrong_amounts_are_refused() {
        let usd = Money { minor: 5, currency: Currency::new(*b"USD") };
        let params = CorridorParams::default();
        let got = corridor(&CorridorInput { competitors: vec![usd], ..input() }, &params);
        assert!(matches!(got, Err(PriceError::Currency { what: "a competitor's price", .. })));
        assert!(corridor(&CorridorInput { floor: eur(0), ..input() }, &params).is_err());
        assert!(corridor(&input(), &CorridorParams { band: (0.8, 0.2), ..params }).is_err());
    }

    proptest! {
        #[test]
        fn no_price_is_below_the_floor(
            floor in 1_i64..50_000, cost in 1_i64..50_000, e in -6.0_f64..1.0, se in 0.0_f64..2.0, known in any::<bool>(),
            rivals in prop::collection::vec(1_i64..60_000, 0..7), seen in prop::option::of((1_i64..60_000, 1_i64..60_000)),
            present in prop::option::of(1_i64..60_000), ends in any::<bool>(),
        ) {
            let answer = if known { Answer::Known(Estimate { value: e, se }) } else { Answer::Refused(vec![]) };
            let input = CorridorInput {
                floor: eur(floor), break_even: eur(cost), answer,
                seen: seen.map(|(a, b)| (eur(a.min(b)), eur(a.max(b)))),
                competitors: rivals.into_iter().map(eur).collect(), present: present.map(eur),
            };
            let params = CorridorParams { endings: if ends { ENDINGS } else { &[] }, ..CorridorParams::default() };
            let got = corridor(&input, &params).unwrap();
            prop_assert!(got.low.minor >= floor);
            prop_assert!(got.high.is_none_or(|h| h.minor >= got.low.minor && got.asked.is_none_or(|a| a.minor <= h.minor)));
            prop_assert!(got.asked.is_none_or(|a| a.minor >= got.low.minor && a.minor >= floor), "{:?}", got);
        }
    }
}
