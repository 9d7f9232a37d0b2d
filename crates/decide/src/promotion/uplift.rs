//! Does a promotion pay? How much more it has to sell, how much more it is expected to, and whether that is known.
//!
//! *Needed*: at price `p` and cost `c` a promoted price `q` earns the same at `(p − c) / (q − c)` times the units. *Expected*: from the
//! series' own promotions, each promoted week beside the unpromoted ones within four weeks before it, less what was only bought
//! earlier (the two weeks after beside the same ones); the mean of the logarithms with Student's t over promotions (van
//! Heerde, Leeflang and Wittink, "The estimation of pre- and postpromotion dips with store-level scanner data", Journal of
//! Marketing Research 37(3), 2000, for why the weeks after belong to it). A market without promotions of its own may
//! borrow another market's estimate; it is then said, and the interval is widened by half. With an identified elasticity
//! `(q / p)^e` stands in where there is neither. It pays, does not, or cannot be told: by the interval, never by the middle
//! alone. Cost: one pass.

use crate::demand::weeks::DemandSeries;
use crate::price::corridor::Answer;
use crate::price::{PriceError, Said};
use domain::{Market, Money};
use learn::interval::mean_t;

/// A factor on units with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lift {
    /// Times the usual units, over the promoted weeks, dips after them taken off.
    pub factor: f64,
    /// Lower end at 90 %.
    pub low: f64,
    /// Upper end at 90 %.
    pub high: f64,
    /// Promotions it rests on; 0 where it is an elasticity's.
    pub n: usize,
}

/// Where a lift comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiftBasis {
    /// Promotions of the series itself.
    Own,
    /// Promotions of the same product or category in another market.
    Borrowed(Market),
    /// An identified elasticity.
    Elasticity,
}

/// What is said of a promotion.
#[derive(Clone, Debug, PartialEq)]
pub struct Worth {
    /// Times the usual units at which it earns the same; `None` where the promoted price earns nothing a unit.
    pub needed: Option<f64>,
    /// Expected, with what it rests on; `None` where nothing says.
    pub expected: Option<(Lift, LiftBasis)>,
    /// The verdict.
    pub verdict: Pays,
    /// For people.
    pub said: Said,
}

/// Does it pay?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pays {
    /// Even at the lower end.
    Yes,
    /// Not even at the upper end.
    No,
    /// The interval holds what is needed, or nothing is known: a test would tell.
    CannotTell,
}

/// Fewest promotions for a lift.
pub const MIN_PROMOTIONS: usize = 4;

/// Weeks before and after a promotion that are looked at.
const BEFORE: usize = 4;
const AFTER: usize = 2;
const LEVEL: f64 = 0.9;

/// The lift of a series' own promotions; `None` below [`MIN_PROMOTIONS`] that have unpromoted weeks before them. Promoted weeks
/// that follow each other are one promotion. Weeks out of stock count for nothing.
pub fn own_lift(series: &DemandSeries) -> Option<Lift> {
    let n = series.units.len();
    let promoted = |t: usize| series.promoted[t] >= 0.5;
    let usable = |t: usize| series.units[t].is_finite();
    let mut logs = Vec::new();
    let mut t = 0;
    while t < n {
        if !promoted(t) {
            t += 1;
            continue;
        }
        let from = t;
        while t < n && promoted(t) {
            t += 1;
        }
        let before: Vec<f64> = (from.saturating_sub(BEFORE)..from)
            .filter(|b| !promoted(*b) && usable(*b))
            .map(|b| series.units[b])
            .collect();
        let during: Vec<f64> = (from..t).filter(|d| usable(*d)).map(|d| series.units[d]).collect();
        if before.len() < 2 || during.is_empty() {
            continue;
        }
        let usual = before.iter().sum::<f64>() / before.len() as f64;
        let dip: f64 = (t..(t + AFTER).min(n))
            .take_while(|a| !promoted(*a))
            .filter(|a| usable(*a))
            // Signed: chance goes up as often as down, and dips alone would be taken for stocking up.
            .map(|a| usual - series.units[a])
            .sum();
        let sold = during.iter().sum::<f64>() - dip;
        // Half a unit keeps the logarithm of a slow seller finite.
        logs.push(((sold.max(0.0) + 0.5) / (usual * during.len() as f64 + 0.5)).ln());
    }
    if logs.len() < MIN_PROMOTIONS {
        return None;
    }
    let count = logs.len();
    let mean = logs.iter().sum::<f64>() / count as f64;
    let sd = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (count - 1) as f64).sqrt();
    let interval = mean_t(mean, sd, count as u64, LEVEL)?;
    Some(Lift { factor: mean.exp(), low: interval.low.exp(), high: interval.high.exp(), n: count })
}

/// Weighs a promotion from `price` to `promoted` at `cost` a unit. The own lift is taken first, then the borrowed one, then the
/// elasticity.
///
/// # Errors
/// [`PriceError`] for amounts of two currencies, or a promoted price that is not above 0 and below the price.
pub fn worth(
    price: Money,
    promoted: Money,
    cost: Money,
    own: Option<Lift>,
    borrowed: Option<(Lift, Market)>,
    answer: &Answer,
) -> Result<Worth, PriceError> {
    for (what, money) in [("the promoted price", promoted), ("the cost", cost)] {
        if money.currency != price.currency {
            return Err(PriceError::Currency { what, got: money.currency, need: price.currency });
        }
    }
    if !(1..price.minor).contains(&promoted.minor) {
        let got = promoted.minor as f64;
        return Err(PriceError::Param { name: "promoted price", rule: "above 0 and below the price", got });
    }
    let (before, after) = (price.minor - cost.minor, promoted.minor - cost.minor);
    let needed = (after > 0 && before > 0).then(|| before as f64 / after as f64);
    let wider = |lift: Lift| {
        let stretch = |end: f64| lift.factor * (end / lift.factor).powf(1.5);
        Lift { low: stretch(lift.low), high: stretch(lift.high), ..lift }
    };
    let by_elasticity = match answer {
        Answer::Known(e) => {
            let z = learn::interval::two_sided(LEVEL).unwrap_or(0.0);
            let at = |e: f64| (promoted.minor as f64 / price.minor as f64).powf(e);
            Some(Lift { factor: at(e.value), low: at(e.value + z * e.se), high: at(e.value - z * e.se), n: 0 })
        }
        Answer::Borrowed(..) | Answer::Refused(_) => None,
    };
    let expected = own
        .map(|l| (l, LiftBasis::Own))
        .or_else(|| borrowed.map(|(l, market)| (wider(l), LiftBasis::Borrowed(market))))
        .or_else(|| by_elasticity.map(|l| (l, LiftBasis::Elasticity)));
    let verdict = match (needed, expected) {
        (None, _) => Pays::No,
        (Some(needed), Some((lift, _))) if lift.low > needed => Pays::Yes,
        (Some(needed), Some((lift, _))) if lift.high < needed => Pays::No,
        (Some(_), _) => Pays::CannotTell,
    };
    Ok(Worth { needed, expected, verdict, said: told(needed, expected, verdict, promoted, cost) })
}

fn told(needed: Option<f64>, expected: Option<(Lift, LiftBasis)>, verdict: Pays, promoted: Money, cost: Money) -> Said {
    let Some(needed) = needed else {
        return Said::new(
            format!("does not pay at any volume: {promoted} does not cover the cost of {cost}"),
            format!("无论销量多少都不划算：{promoted} 低于成本 {cost}"),
        );
    };
    let (en, zh) = match verdict {
        Pays::Yes => ("pays", "划算"),
        Pays::No => ("does not pay", "不划算"),
        Pays::CannotTell => ("cannot be told; a test would tell", "无法判断，需要试验"),
    };
    let (how_en, how_zh) = match expected {
        None => ("nothing says how much more it will sell".to_owned(), "没有数据说明销量会增加多少".to_owned()),
        Some((lift, basis)) => {
            let (from_en, from_zh) = match basis {
                LiftBasis::Own => (format!("{} own promotions", lift.n), format!("自身 {} 次促销", lift.n)),
                LiftBasis::Borrowed(market) => (
                    format!("{} promotions of it in {market}, for too few were held here", lift.n),
                    format!("{market} 市场的 {} 次促销（本市场促销太少）", lift.n),
                ),
                LiftBasis::Elasticity => ("its elasticity".to_owned(), "价格弹性".to_owned()),
            };
            (
                format!("{:.2} times ({:.2} to {:.2}) by {from_en}", lift.factor, lift.low, lift.high),
                format!("根据{from_zh}预计为 {:.2} 倍（{:.2} 至 {:.2}）", lift.factor, lift.low, lift.high),
            )
        }
    };
    Said::new(
        format!("{en}: {needed:.2} times the usual units are needed; {how_en}"),
        format!("{zh}：需要平时销量的 {needed:.2} 倍；{how_zh}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Day, Seed};
    use learn::shrinkage::Estimate;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    fn series(units: Vec<f64>, promoted: &[usize]) -> DemandSeries {
        let n = units.len();
        let mut marks = vec![0.0; n];
        promoted.iter().for_each(|t| marks[*t] = 1.0);
        DemandSeries { series: 0, first: Day(4), units, price: vec![0.0; n], promoted: marks, n_masked: 0 }
    }

    fn unknown() -> Answer {
        Answer::Refused(vec![])
    }

    // Ten a week; in promoted weeks 30, the week after 6: 30 − 4 = 26 beside 10, so (26 + .5) / (10 + .5) each time, sure.
    #[test]
    fn a_lift_by_hand() {
        let mut units = vec![10.0; 40];
        let on = [5, 15, 25, 35];
        for t in on {
            units[t] = 30.0;
            units[t + 1] = 6.0;
        }
        let got = own_lift(&series(units.clone(), &on)).unwrap();
        assert!((got.factor - 26.5 / 10.5).abs() < 1e-12 && (got.high - got.low).abs() < 1e-9 && got.n == 4);
        assert_eq!(own_lift(&series(units.clone(), &on[..3])), None);
        // Out of stock during one of them: three are left.
        units[15] = f64::NAN;
        assert_eq!(own_lift(&series(units, &on)), None);
    }

    // 20.00 at a cost of 10.00, promoted at 15.00: 10 / 5 = 2 times the units.
    #[test]
    fn needed_and_verdicts_by_hand() {
        let lift = |factor: f64, low: f64, high: f64| Some(Lift { factor, low, high, n: 6 });
        let weigh =
            |own, borrowed, answer: &Answer| worth(eur(2_000), eur(1_500), eur(1_000), own, borrowed, answer).unwrap();
        let got = weigh(lift(2.5, 2.1, 3.0), None, &unknown());
        assert_eq!((got.needed, got.verdict), (Some(2.0), Pays::Yes));
        assert_eq!(weigh(lift(1.5, 1.2, 1.9), None, &unknown()).verdict, Pays::No);
        assert_eq!(weigh(None, None, &unknown()).verdict, Pays::CannotTell);
        // The borrowed interval is wider: 2.5 · (2.1 / 2.5)^1.5 = 1.925 is below 2.
        let de: Market = "DE".parse().unwrap();
        let borrowed = weigh(None, lift(2.5, 2.1, 3.0).map(|l| (l, de)), &unknown());
        assert_eq!((borrowed.verdict, borrowed.expected.unwrap().1), (Pays::CannotTell, LiftBasis::Borrowed(de)));
        assert!(borrowed.said.en.contains("promotions of it in DE") && borrowed.said.zh.contains("DE 市场"));
        // Own promotions are believed before those of another market.
        let own = weigh(lift(2.5, 2.1, 3.0), lift(9.0, 8.0, 10.0).map(|l| (l, de)), &unknown());
        assert_eq!(own.expected.unwrap(), (lift(2.5, 2.1, 3.0).unwrap(), LiftBasis::Own));
        // What other products answer says nothing of a promotion of this one.
        let others = Answer::Borrowed(Estimate { value: -4.0, se: 0.1 }, vec![]);
        assert_eq!(weigh(None, None, &others).verdict, Pays::CannotTell);
        // (3/4)^−4 = 3.16, known to ± .1: pays.
        let known = weigh(None, None, &Answer::Known(Estimate { value: -4.0, se: 0.1 }));
        assert_eq!(known.verdict, Pays::Yes);
        assert!((known.expected.unwrap().0.factor - (4.0_f64 / 3.0).powi(4)).abs() < 1e-9);
        let below = worth(eur(2_000), eur(900), eur(1_000), lift(9.0, 8.0, 10.0), None, &unknown()).unwrap();
        assert_eq!((below.needed, below.verdict), (None, Pays::No));
        assert!(below.said.en.contains("any volume") && !below.said.zh.is_empty());
        assert!(worth(eur(2_000), eur(2_000), eur(1), None, None, &unknown()).is_err());
    }

    #[test] // 120 series of Poisson weeks whose promotions double demand: the 90 % interval covers.
    fn the_interval_covers_the_planted_lift() {
        let (mut covered, mut n) = (0, 0);
        for i in 0..120 {
            let mut rng = Seed(41).stream(i);
            let on: Vec<usize> = (0..8).map(|k| 8 + 12 * k).collect();
            let units = (0..104).map(|t| rng.poisson(if on.contains(&t) { 80.0 } else { 40.0 }) as f64).collect();
            let got = own_lift(&series(units, &on)).unwrap();
            covered += u32::from(got.low <= 2.0 && 2.0 <= got.high);
            n += 1;
        }
        assert!((98..=118).contains(&covered), "{covered} of {n}");
    }
}
