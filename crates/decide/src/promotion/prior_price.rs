//! The prior price behind a "was": in the EU the lowest of the 30 days before the reduction.
//!
//! Directive 98/6/EC, article 6a (added by Directive (EU) 2019/2161, applied from 28 May 2022): an announced reduction names the
//! prior price, the lowest that the trader applied in the last 30 days before it. Member states may, for a reduction that grows
//! without a break, let it be the price before the first step, and may set a shorter period for goods that are new on sale; by
//! the Court of Justice (C-330/23, 2024) a percentage, too, is of the prior price. Which states took which option is
//! [general knowledge](Confidence::Verify) here and says so in every answer.
//!
//! Pure look-up: a history of prices, a day, a market. Cost: one pass.

use crate::price::{PriceError, Said};
use domain::{Day, Decimal, Market, Money};

/// Whether the seller's price of some days was announced as reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceKind {
    /// The usual price.
    Regular,
    /// Announced as reduced.
    Reduced,
}

/// A price from a day on, until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricePoint {
    /// First day.
    pub from: Day,
    /// Price.
    pub price: Money,
    /// Announced how.
    pub kind: PriceKind,
}

/// How sure a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// In the text of the directive.
    Text,
    /// General knowledge of national law: to be verified before it is relied on.
    Verify,
}

/// A market's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriorRule {
    /// Market.
    pub market: Market,
    /// Days looked back.
    pub days: i32,
    /// Whether a reduction that grows without a break keeps the price before its first step.
    pub growing: bool,
    /// How sure `growing` is; `days` is the directive's.
    pub confidence: Confidence,
}

/// Markets under the directive.
const EU: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
/// Of these, markets taken to have the option for growing reductions; for the others the stricter rule is used.
const GROWING: &str = "AT BE DE FR GR IE IT LU NL";

/// The rule of a market; `None` where no such rule is known to us.
pub fn rule_of(market: Market) -> Option<PriorRule> {
    let has = |list: &str| list.split(' ').any(|code| code == market.code());
    has(EU).then(|| PriorRule { market, days: 30, growing: has(GROWING), confidence: Confidence::Verify })
}

/// The prior price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prior {
    /// The lowest price of the days looked at.
    pub price: Money,
    /// First of those days on which it was asked.
    pub day: Day,
    /// First day looked at.
    pub from: Day,
    /// First day no longer looked at: the start of the reduction, or of its first step.
    pub to: Day,
    /// Days looked at with a price; fewer than the rule's for a product new on sale.
    pub days: i32,
}

/// The prior price of a reduction that begins on `start`; `None` where no price is known before it.
///
/// # Errors
/// [`PriceError::Currency`] for prices in two currencies, [`PriceError::Param`] for a price that is not above 0 or days that do
/// not ascend.
pub fn prior_price(history: &[PricePoint], start: Day, rule: &PriorRule) -> Result<Option<Prior>, PriceError> {
    check(history)?;
    let before: Vec<&PricePoint> = history.iter().filter(|p| p.from < start).collect();
    let mut to = start;
    if rule.growing {
        // Back over steps of one reduction: each announced, each lower than the one before.
        let mut next: Option<i64> = history.iter().find(|p| p.from == start).map(|p| p.price.minor);
        for point in before.iter().rev() {
            let deeper = next.is_none_or(|n| n < point.price.minor);
            if point.kind != PriceKind::Reduced || !deeper {
                break;
            }
            to = point.from;
            next = Some(point.price.minor);
        }
    }
    let from = to.plus(-rule.days);
    let mut found: Option<Prior> = None;
    for (i, point) in history.iter().enumerate() {
        let ends = history.get(i + 1).map_or(to, |next| if next.from < to { next.from } else { to });
        let begins = if point.from < from { from } else { point.from };
        if begins >= ends {
            continue;
        }
        let days = ends.since(begins);
        match &mut found {
            Some(prior) => {
                prior.days += days;
                if point.price.minor < prior.price.minor {
                    (prior.price, prior.day) = (point.price, begins);
                }
            }
            None => found = Some(Prior { price: point.price, day: begins, from, to, days }),
        }
    }
    Ok(found)
}

fn check(history: &[PricePoint]) -> Result<(), PriceError> {
    for point in history {
        if point.price.minor <= 0 {
            return Err(PriceError::Param { name: "a price", rule: "above 0", got: point.price.minor as f64 });
        }
        if point.price.currency != history[0].price.currency {
            let (got, need) = (point.price.currency, history[0].price.currency);
            return Err(PriceError::Currency { what: "a price of the history", got, need });
        }
    }
    match history.windows(2).find(|w| w[0].from >= w[1].from) {
        Some(pair) => Err(PriceError::Param {
            name: "day of a price",
            rule: "after the one before",
            got: f64::from(pair[1].from.0),
        }),
        None => Ok(()),
    }
}

/// What the seller wants to announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// First day.
    pub start: Day,
    /// The new price.
    pub now: Money,
    /// The price it "was"; `None` where none is named.
    pub was: Option<Money>,
    /// The percentage named, such as 20; `None` where none is.
    pub percent: Option<Decimal>,
}

/// May it be announced?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriorVerdict {
    /// Yes; with the prior price it rests on.
    Allowed(Prior),
    /// No; with the prior price and the largest percentage that may be named.
    Blocked {
        /// The prior price.
        prior: Prior,
        /// Largest percentage, rounded down; 0 where the new price is no reduction.
        at_most_percent: Decimal,
    },
    /// Not known: no price before, or a product on sale for fewer days than the rule looks back.
    Unclear(Option<Prior>),
    /// No rule is known for this market.
    NoRule,
}

/// Checks an announcement in a market.
///
/// # Errors
/// As [`prior_price`].
pub fn check_announcement(
    market: Market,
    history: &[PricePoint],
    announced: &Announcement,
) -> Result<(PriorVerdict, Said), PriceError> {
    let Some(rule) = rule_of(market) else {
        let said = Said::new(
            format!("no rule on prior prices is known for {}; verify before announcing", market.name()),
            format!("未收录 {} 关于原价的规定，公布前请核实", market.code()),
        );
        return Ok((PriorVerdict::NoRule, said));
    };
    // The new price belongs to the history, so that a growing reduction is seen to grow.
    let mut all: Vec<PricePoint> = history.iter().copied().filter(|p| p.from < announced.start).collect();
    all.push(PricePoint { from: announced.start, price: announced.now, kind: PriceKind::Reduced });
    let prior = prior_price(&all, announced.start, &rule)?;
    let Some(prior) = prior else {
        let said = Said::new(
            "no price before the reduction is known: give the prices of the 30 days before",
            "没有降价前的价格记录：请提供此前 30 天的价格",
        );
        return Ok((PriorVerdict::Unclear(None), said));
    };
    if prior.days < rule.days {
        let said = Said::new(
            format!(
                "on sale for {} of {} days; some states set a shorter period for new goods: verify",
                prior.days, rule.days
            ),
            format!("在售仅 {} 天（规定 {} 天）；部分国家对新品规定较短期限，请核实", prior.days, rule.days),
        );
        return Ok((PriorVerdict::Unclear(Some(prior)), said));
    }
    let (was, now) = (Decimal::from(prior.price.minor), Decimal::from(announced.now.minor));
    let most = ((Decimal::ONE - now / was) * Decimal::ONE_HUNDRED).max(Decimal::ZERO);
    let fine = announced.was.is_none_or(|w| w.currency == prior.price.currency && w.minor <= prior.price.minor)
        && announced.percent.is_none_or(|p| p <= most)
        && now < was;
    let verify = match rule.confidence {
        Confidence::Text => ("", ""),
        Confidence::Verify => (" (national options are general knowledge: verify)", "（各国选项为一般知识，请核实）"),
    };
    let at_most_percent = most.floor();
    if fine {
        let said = Said::new(
            format!(
                "allowed: the lowest price of the {} days before {} was {}{}",
                rule.days, prior.to, prior.price, verify.0
            ),
            format!("允许：{} 之前 {} 天的最低价为 {}{}", prior.to, rule.days, prior.price, verify.1),
        );
        return Ok((PriorVerdict::Allowed(prior), said));
    }
    let said = Said::new(
        format!(
            "blocked: the prior price is {}, asked on {}, the lowest of the {} days before {}; at most {at_most_percent} % may be named{}",
            prior.price, prior.day, rule.days, prior.to, verify.0
        ),
        format!(
            "禁止：原价应为 {}（{} 的价格，即 {} 之前 {} 天的最低价）；最多可标示 {at_most_percent} %{}",
            prior.price, prior.day, prior.to, rule.days, verify.1
        ),
    );
    Ok((PriorVerdict::Blocked { prior, at_most_percent }, said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    fn at(from: i32, minor: i64, kind: PriceKind) -> PricePoint {
        PricePoint { from: Day(from), price: eur(minor), kind }
    }

    fn market(code: &str) -> Market {
        code.parse().unwrap()
    }

    fn announce(start: i32, now: i64, was: i64) -> Announcement {
        Announcement { start: Day(start), now: eur(now), was: Some(eur(was)), percent: None }
    }

    // 100 from day 0, 80 on days 50 to 59, 100 again, a sale at 70 from day 80: days 50 to 79 are looked at, so the prior price is
    // 80 and at most 12 % (1 − 70/80 = 12.5 %) may be named. A sale from day 90 looks at days 60 to 89 only.
    #[test]
    fn the_lowest_of_thirty_days() {
        let history =
            [at(0, 10_000, PriceKind::Regular), at(50, 8_000, PriceKind::Reduced), at(60, 10_000, PriceKind::Regular)];
        let check = |a| check_announcement(market("PL"), &history, &a).unwrap();
        let (verdict, said) = check(announce(80, 7_000, 10_000));
        let PriorVerdict::Blocked { prior, at_most_percent } = verdict else { panic!("{verdict:?}") };
        assert_eq!(
            (prior.price, prior.day, prior.from, at_most_percent),
            (eur(8_000), Day(50), Day(50), Decimal::from(12))
        );
        assert!(said.en.contains("verify") && said.zh.contains("核实"));
        assert!(matches!(check(announce(80, 7_000, 8_000)).0, PriorVerdict::Allowed(_)));
        assert!(matches!(check(announce(89, 7_000, 10_000)).0, PriorVerdict::Blocked { .. }));
        assert!(matches!(check(announce(90, 7_000, 10_000)).0, PriorVerdict::Allowed(_)));
        let percent = Announcement { was: None, percent: Some(Decimal::from(13)), ..announce(80, 7_000, 0) };
        assert!(matches!(check(percent).0, PriorVerdict::Blocked { .. }));
        // A price of 80 is no reduction on 80.
        assert!(matches!(check(announce(80, 8_000, 8_000)).0, PriorVerdict::Blocked { .. }));
    }

    #[test] // 100, then 90 from day 100, 80 from 110, 70 from 120: where growing reductions count as one, the prior price stays 100.
    fn a_growing_reduction_is_one_where_the_market_says_so() {
        let history =
            [at(0, 10_000, PriceKind::Regular), at(100, 9_000, PriceKind::Reduced), at(110, 8_000, PriceKind::Reduced)];
        let check = |code: &str, history: &[PricePoint]| {
            check_announcement(market(code), history, &announce(120, 7_000, 10_000)).unwrap().0
        };
        assert!(matches!(check("DE", &history), PriorVerdict::Allowed(Prior { to: Day(100), .. })));
        assert!(matches!(
            check("PL", &history),
            PriorVerdict::Blocked { prior: Prior { price: Money { minor: 8_000, .. }, .. }, .. }
        ));
        // A break ends it: up again to 95 between.
        let broken = [history[0], history[1], history[2], at(115, 9_500, PriceKind::Reduced)];
        assert!(matches!(
            check("DE", &broken),
            PriorVerdict::Blocked { prior: Prior { price: Money { minor: 8_000, .. }, .. }, .. }
        ));
    }

    #[test]
    fn what_is_not_known_is_said() {
        let new = [at(100, 10_000, PriceKind::Regular)];
        let check = |code: &str, history: &[PricePoint]| {
            check_announcement(market(code), history, &announce(120, 7_000, 10_000)).unwrap().0
        };
        assert!(matches!(check("DE", &new), PriorVerdict::Unclear(Some(Prior { days: 20, .. }))));
        assert_eq!(check("DE", &[]), PriorVerdict::Unclear(None));
        assert_eq!(check("VN", &new), PriorVerdict::NoRule);
        assert_eq!(EU.split(' ').count(), 27);
        let wrong = [at(5, 100, PriceKind::Regular), at(5, 100, PriceKind::Regular)];
        assert!(prior_price(&wrong, Day(9), &rule_of(market("DE")).unwrap()).is_err());
    }

    proptest! {
        #[test] // Against the price of each day, one by one.
        fn the_prior_price_is_the_lowest_daily_price(
            steps in prop::collection::vec((1_i32..20, 1_i64..100), 1..10), start in 1_i32..120,
        ) {
            let mut day = 0;
            let mut history = Vec::new();
            for (gap, price) in steps {
                history.push(at(day, price, PriceKind::Regular));
                day += gap;
            }
            let rule = PriorRule { growing: false, ..rule_of(market("PL")).unwrap() };
            let got = prior_price(&history, Day(start), &rule).unwrap();
            let on = |d: i32| history.iter().rev().find(|p| p.from.0 <= d).map(|p| p.price.minor);
            let brute = (start - 30..start).filter_map(on).min();
            prop_assert_eq!(got.map(|p| p.price.minor), brute);
        }
    }
}
