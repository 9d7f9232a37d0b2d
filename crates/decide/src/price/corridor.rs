//! Between which prices a product may be sold, and which one we would ask.
//!
//! Four bounds, each with its reason: the *floor* that the caller gives (cost, fees and least margin), the *optimum* of the
//! product's elasticity, the *band* of competitors' prices, and the prices it was sold at. At a constant elasticity `e < −1`
//! profit `(p − c) p^e` is largest at `p = c · e / (1 + e)`, with `c` the price that just covers what one more unit costs,
//! taxes and fees on the price included (Lerner, Review of Economic Studies 1(3), 1934). The formula is used only where the
//! elasticity is identified, and only near prices that were seen: beyond them nobody knows that `e` stays.
//!
//! An elasticity of one's own price does not see that a cut also takes units from the shop's other products, and a rise gives them some.
//! Which part that is nobody knows without tests: none at least, all at most, each unit with what the others leave in the mean. So the
//! optimum is a range, from `c` alone to `c` with that margin on top, and today's price moves only where it lies outside: up to the
//! lower end, or down to the upper one. Where the others' margin is not known nothing is cut. Of the rules tried in simulated
//! markets (`bench prices --own`) this is the best one that lost nowhere; following the optimum of `c` alone lost in half of the cases.
//!
//! An elasticity that is only *borrowed* from the market's other products sets no price by itself. Today's price is then raised to the
//! lower end of the interval of the optimum, where that lies above it, and never cut: of the rules that were tried in simulated markets
//! whose true demand is known (`bench prices`), this one brought more than holding prices or as much, at every cost and every way of
//! answering, while setting the borrowed optimum itself lost wherever costs were low.
//!
//! The price asked is today's, moved to the optimum's range as far as one is known or raised as far as one is borrowed, and held within the
//! band; without a price of today the lower end of the range; without that the middle of the band; without any of these none. It then goes to the nearest usual ending within the corridor; where the
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
    /// That of the market's other products, with the reasons why this one has none of its own.
    Borrowed(Estimate, Vec<Said>),
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
    /// What the price has to be higher by to leave as much more as a unit of the shop's other products leaves in the mean, taxes and fees
    /// on it included, 0 or more; `None` where nobody knows.
    pub elsewhere: Option<Money>,
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
    /// Of what a cut may take from the shop's other products.
    Elsewhere,
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

/// What the price asked rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// The product's own answer to price.
    Own,
    /// Today's price: its own answer would have it cut, but a cut may take from the shop's other products what it wins.
    Kept,
    /// Today's price, raised on the word of the market's other products.
    Raised,
    /// Today's price: nothing says that another one earns more.
    Held,
    /// The competitors' band.
    Rivals,
    /// The floor.
    Floor,
}

impl Rests {
    /// The beginning of a sentence about the price.
    pub fn said(self) -> Said {
        let (en, zh) = match self {
            Self::Own => ("rests on its own weeks", "依据自身各周"),
            Self::Kept => (
                "kept, for a cut may take from the shop's other products what it wins",
                "维持：降价赢得的件数可能来自店内其他商品",
            ),
            Self::Raised => ("raised on the word of the market's other products", "依据本市场其他商品上调"),
            Self::Held => {
                ("held, for nothing says that another price earns more", "维持：没有证据表明其他价格收益更高")
            }
            Self::Rivals => ("held within competitors' prices", "限制在竞争价之内"),
            Self::Floor => ("rests on the floor", "取决于底价"),
        };
        Said::new(en, zh)
    }
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
    /// What that rests on.
    pub rests: Option<Rests>,
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
    let raised = raised(input, &bound);
    let least_cut = best.and_then(|_| least_cut(input, params, &money));
    let best =
        best.map(|(at, low, high)| (at, low, high.map(|h| least_cut.filter(|m| m.minor > h.minor).unwrap_or(h))));
    bounds.push(bound);
    let (band, bound) = band(input, params, &money);
    bounds.push(bound);
    let clamp = |m: Money, (low, high): (Money, Money)| match m.minor {
        p if p < low.minor => low,
        p if p > high.minor => high,
        _ => m,
    };
    let start = match (best, input.present) {
        (Some((at, ..)), Some(present)) => Some(moved(present, at, least_cut)),
        (Some((at, ..)), None) => Some((at, Rests::Own)),
        (None, Some(present)) => Some(raised.map_or((present, Rests::Held), |to| (to, Rests::Raised))),
        (None, None) => None,
    };
    let wanted = match (start, band) {
        (Some((at, rests)), Some((low, _, high))) => {
            let within = clamp(at, (low, high));
            Some((within, if within == at { rests } else { Rests::Rivals }))
        }
        (Some(start), None) => Some(start),
        (None, Some((_, middle, _))) => Some((middle, Rests::Rivals)),
        (None, None) => None,
    };
    if let (Some((at, Rests::Kept)), Some((best, ..))) = (start, best) {
        bounds.push(kept_bound(at, best, least_cut));
    }
    let rests = wanted.map(|(at, rests)| if at.minor < floor.minor { Rests::Floor } else { rests });
    let wanted = wanted.map(|(at, _)| at);
    if let (None, Some(present), None) = (best, input.present, raised) {
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
        let ended = match rests {
            Some(Rests::Held | Rests::Kept) => kept(wanted, low, params.endings),
            // An ending does not take back what the raise was for.
            Some(Rests::Raised) => ended(wanted, at_least(input.present.unwrap_or(low)), high, params.endings),
            _ => ended(wanted, low, high, params.endings),
        };
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
    Ok(Corridor { low, high, asked, rests, optimum, bounds })
}

/// The price asked with a usual ending: the nearest in the corridor; where there is none, the next one from `wanted` on if it is no
/// further than [`MOST_AWAY`]; else `wanted` itself.
fn ended(wanted: Money, low: Money, high: Option<Money>, endings: &[Ending]) -> Money {
    let ceiling = high.filter(|h| h.minor >= wanted.minor);
    let inside = nearest(wanted, low, ceiling, endings);
    inside.unwrap_or_else(|| near_enough(wanted, wanted, None, endings, MOST_AWAY * wanted.minor as f64))
}

/// A held price with a usual ending where one is no further than [`MOST_AWAY`]: what is kept must not become another price.
fn kept(held: Money, low: Money, endings: &[Ending]) -> Money {
    near_enough(held, low, None, endings, MOST_AWAY * held.minor as f64)
}

fn check(input: &CorridorInput, params: &CorridorParams) -> Result<(), PriceError> {
    let need = input.floor.currency;
    let mut named = vec![("the floor", input.floor), ("the break-even price", input.break_even)];
    if let Some(elsewhere) = input.elsewhere.filter(|m| m.currency != need) {
        return Err(PriceError::Currency { what: "the others' margin", got: elsewhere.currency, need });
    }
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
        Answer::Borrowed(estimate, reasons) => {
            let bound = borrowed_bound(input, params, (*estimate, reasons), money);
            let figure = Figure::number("price.optimum", Unit::Money, f64::NAN, 0, 0).source(bound.said.en.clone());
            return (None, bound, figure);
        }
        Answer::Refused(reasons) if reasons.is_empty() => {
            return none(Said::new(
                "no optimum: too little was sold to see how demand answers to price",
                "没有最优价：销量太少，看不出需求对价格的反应",
            ));
        }
        Answer::Refused(reasons) => {
            let (en, zh) = listed(reasons);
            return none(Said::new(
                format!("no optimum: the answer of demand to price is not known ({en})"),
                format!("没有最优价：需求对价格的反应未知（{zh}）"),
            ));
        }
    };
    let e = estimate.value;
    let Some(Peak { free, at, low, high }) = peak(estimate, input, params, money) else {
        return none(Said::new(
            format!(
                "no optimum: at an elasticity of {e:.2} a higher price earns more as far as was seen; only a test can say where that ends"
            ),
            format!("没有最优价：弹性为 {e:.2} 时，在已观察的范围内价格越高收益越大，只有试验才能找到界限"),
        ));
    };
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

/// Where an elasticity puts the largest profit.
struct Peak {
    /// By the formula alone.
    free: Money,
    /// Held near prices that were seen, with the ends of its interval.
    at: Money,
    low: Money,
    high: Option<Money>,
}

/// `None` where no price earns most: demand that answers with less than the price itself.
fn peak(
    estimate: Estimate,
    input: &CorridorInput,
    params: &CorridorParams,
    money: &impl Fn(f64) -> Money,
) -> Option<Peak> {
    let z = two_sided(params.level).unwrap_or(0.0);
    let (steep, flat) = (estimate.value - z * estimate.se, estimate.value + z * estimate.se);
    if !(estimate.value < -1.0 && estimate.se >= 0.0 && steep.is_finite()) {
        return None;
    }
    let cost = input.break_even.minor as f64;
    let price = |e: f64| cost * e / (1.0 + e);
    let ends = input.seen.map(|(low, high)| {
        (low.minor as f64 * (1.0 - params.beyond_seen), high.minor as f64 * (1.0 + params.beyond_seen))
    });
    let held = |p: f64| ends.map_or(p, |(low, high)| p.clamp(low.min(high), high));
    Some(Peak {
        free: money(price(estimate.value)),
        at: money(held(price(estimate.value))),
        low: money(held(price(steep))),
        high: if flat < -1.0 { Some(money(held(price(flat)))) } else { ends.map(|e| money(e.1)) },
    })
}

/// The optimum if every unit that a cut wins were taken from the shop's other products: no price above it is right, whatever that part
/// is. `None` where their margin is not known.
fn least_cut(input: &CorridorInput, params: &CorridorParams, money: &impl Fn(f64) -> Money) -> Option<Money> {
    let Answer::Known(estimate) = &input.answer else { return None };
    let more = input.elsewhere?.minor.max(0);
    let break_even = Money { minor: input.break_even.minor + more, ..input.break_even };
    let dearer = CorridorInput { break_even, ..input.clone() };
    peak(*estimate, &dearer, params, money).map(|peak| peak.at)
}

/// Today's price moved into the optimum's range.
fn moved(present: Money, at: Money, least_cut: Option<Money>) -> (Money, Rests) {
    match least_cut {
        _ if present.minor <= at.minor => (at, Rests::Own),
        Some(most) if most.minor < present.minor => (most, Rests::Own),
        _ => (present, Rests::Kept),
    }
}

/// Why today's price stays although the optimum lies below it.
fn kept_bound(present: Money, at: Money, least_cut: Option<Money>) -> Bound {
    let (en, zh) = match least_cut {
        Some(most) => (
            format!("at {most} if all that a cut wins came from the shop's other products"),
            format!("若降价赢得的件数全部来自店内其他商品，最优价为 {most}"),
        ),
        None => ("what the shop's other products leave is not known".to_owned(), "店内其他商品的毛利未知".to_owned()),
    };
    Bound {
        kind: BoundKind::Elsewhere,
        low: Some(present),
        high: Some(present),
        said: Said::new(
            format!("asked today: {present}; not cut to {at}: {en}; a price test over all of them would tell"),
            format!("现价 {present}，不降至 {at}：{zh}；需对全部商品一起试价才能判断"),
        ),
    }
}

/// What a borrowed elasticity says of today's price; its lower end is where the price may be raised to.
fn borrowed_bound(
    input: &CorridorInput,
    params: &CorridorParams,
    (estimate, reasons): (Estimate, &[Said]),
    money: &impl Fn(f64) -> Money,
) -> Bound {
    let (why_en, why_zh) = listed(reasons);
    let e = estimate.value;
    let Some(peak) = peak(estimate, input, params, money) else {
        return Bound {
            kind: BoundKind::Optimum,
            low: None,
            high: None,
            said: Said::new(
                format!(
                    "no optimum: its own weeks say too little ({why_en}), and the market's other products (elasticity {e:.2}) set no end"
                ),
                format!("没有最优价：自身数据不足（{why_zh}），本市场其他商品（弹性 {e:.2}）也给不出界限"),
            ),
        };
    };
    let low = peak.low;
    let then = match input.present {
        Some(present) if present.minor < low.minor => {
            (format!("today's {present} is raised to that and no further"), format!("现价 {present} 上调至此为止"))
        }
        Some(present) => (format!("today's {present} is not cut on their word"), format!("不据此下调现价 {present}")),
        None => ("nothing is asked on their word".to_owned(), "不据此定价".to_owned()),
    };
    Bound {
        kind: BoundKind::Optimum,
        low: Some(low),
        high: peak.high,
        said: Said::new(
            format!(
                "its own weeks say too little ({why_en}); the market's other products (elasticity {e:.2} ± {:.2}) put the largest profit at {low} or more: {}",
                estimate.se, then.0
            ),
            format!(
                "自身数据不足（{why_zh}）；按本市场其他商品（弹性 {e:.2} ± {:.2}），利润最大的价格不低于 {low}：{}",
                estimate.se, then.1
            ),
        ),
    }
}

/// Where today's price is raised to on the word of other products; `None` where it is not.
fn raised(input: &CorridorInput, bound: &Bound) -> Option<Money> {
    let (Answer::Borrowed(..), Some(present), Some(low)) = (&input.answer, input.present, bound.low) else {
        return None;
    };
    (low.minor > present.minor).then_some(low)
}

/// Reasons in both languages, one after the other.
fn listed(reasons: &[Said]) -> (String, String) {
    let all = |pick: fn(&Said) -> &str, between| reasons.iter().map(pick).collect::<Vec<_>>().join(between);
    (all(|s| &s.en, "; "), all(|s| &s.zh, "；"))
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
#[path = "corridor_tests.rs"]
mod tests;
