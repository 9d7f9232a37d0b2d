//! Whom to address: intent times purchasing power, less those who must not or need not be asked, and what such a
//! list was worth on purchases that were held out.
//!
//! `score = probability · expected order value`: expected revenue of the horizon's first order. Exclusion
//! rules come first and are counted, each shopper under the first rule that applies; the rest is ranked, ties by id.
//!
//! [`gains`] checks a ranking against what then happened: of the first `q` of the list, which share of all buyers and of
//! all revenue is in it, and how many times the average rate that is (*lift*, 1 for a random list).

use crate::AudienceError;
use crate::figures::{LEVEL, MIN_OBSERVATIONS};
use crate::shopper::id_order;
use domain::{Day, Figure, Language, Market, ShopperId, Unit};
use learn::interval::wilson;

/// One shopper who might be addressed.
#[derive(Clone, Debug, PartialEq)]
pub struct Addressee {
    /// Who.
    pub shopper: ShopperId,
    /// Market of most orders so far.
    pub market: Option<Market>,
    /// Probability of a purchase within the horizon.
    pub probability: f64,
    /// Expected value of an order, in major units of the reporting currency.
    pub order_value: f64,
    /// Day of the last order.
    pub last_order: Day,
    /// Value sent back over revenue.
    pub return_share: f64,
    /// Consent to be addressed; `None` where it is not known.
    pub consent: Option<bool>,
    /// Day on which the shopper was last addressed.
    pub last_contact: Option<Day>,
}

/// Why a shopper is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exclusion {
    /// No consent: refused, or not known.
    WithoutConsent,
    /// Refused consent; who was never asked stays in.
    ConsentRefused,
    /// Addressed within so many days.
    ContactedWithin(i32),
    /// Ordered within so many days: they need no reminder.
    OrderedWithin(i32),
    /// More than this share of the value came back.
    ReturnShareAbove(f64),
    /// Another market than this one.
    OutsideMarket(Market),
    /// A probability below this.
    ProbabilityBelow(f64),
    /// An order value below this.
    OrderValueBelow(f64),
}

impl Exclusion {
    fn applies(self, who: &Addressee, today: Day) -> bool {
        match self {
            Self::WithoutConsent => who.consent != Some(true),
            Self::ConsentRefused => who.consent == Some(false),
            Self::ContactedWithin(days) => who.last_contact.is_some_and(|day| today.since(day) <= days),
            Self::OrderedWithin(days) => today.since(who.last_order) <= days,
            Self::ReturnShareAbove(share) => who.return_share > share,
            Self::OutsideMarket(market) => who.market != Some(market),
            Self::ProbabilityBelow(least) => who.probability < least,
            Self::OrderValueBelow(least) => who.order_value < least,
        }
    }

    /// The rule in words.
    pub fn label(self, language: Language) -> String {
        let zh = language == Language::ZH;
        match self {
            Self::WithoutConsent if zh => "未同意接收营销信息".to_owned(),
            Self::WithoutConsent => "no consent to marketing".to_owned(),
            Self::ConsentRefused if zh => "已拒绝接收营销信息".to_owned(),
            Self::ConsentRefused => "consent refused".to_owned(),
            Self::ContactedWithin(days) if zh => format!("{days} 天内已触达"),
            Self::ContactedWithin(days) => format!("addressed within {days} days"),
            Self::OrderedWithin(days) if zh => format!("{days} 天内已下单"),
            Self::OrderedWithin(days) => format!("ordered within {days} days"),
            Self::ReturnShareAbove(share) if zh => format!("退货金额占比高于 {:.0}%", share * 100.0),
            Self::ReturnShareAbove(share) => format!("more than {:.0} % of the value sent back", share * 100.0),
            Self::OutsideMarket(market) if zh => format!("不在市场 {}", market.code()),
            Self::OutsideMarket(market) => format!("outside market {}", market.code()),
            Self::ProbabilityBelow(p) if zh => format!("购买概率低于 {:.0}%", p * 100.0),
            Self::ProbabilityBelow(p) => format!("probability below {:.0} %", p * 100.0),
            Self::OrderValueBelow(value) if zh => format!("预期客单价低于 {value}"),
            Self::OrderValueBelow(value) => format!("expected order value below {value}"),
        }
    }
}

/// How the list is made.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetGroupParams {
    /// Shoppers on the list at most, at least 1.
    pub size: usize,
    /// Rules in the order in which they are counted.
    pub exclusions: Vec<Exclusion>,
}

impl Default for TargetGroupParams {
    fn default() -> Self {
        let exclusions = vec![
            Exclusion::ConsentRefused,
            Exclusion::ContactedWithin(14),
            Exclusion::OrderedWithin(3),
            Exclusion::ReturnShareAbove(0.5),
        ];
        Self { size: 500, exclusions }
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ShortlistRow {
    /// Place, from 1.
    pub rank: usize,
    /// Who, with what was known.
    pub addressee: Addressee,
    /// Expected revenue: probability × order value.
    pub score: f64,
}

/// The list and those who are not on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shortlist {
    /// Best first.
    pub rows: Vec<ShortlistRow>,
    /// Shoppers left out by each rule, in the order of the rules.
    pub excluded: Vec<(Exclusion, usize)>,
    /// Shoppers who passed all rules but did not fit on the list.
    pub beyond: usize,
}

impl TargetGroupParams {
    /// Makes the list.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a size of 0 or a probability or value that is no number.
    pub fn shortlist(&self, shoppers: &[Addressee], today: Day) -> Result<Shortlist, AudienceError> {
        if self.size == 0 {
            return Err(AudienceError::Param { name: "size", rule: "at least 1", got: 0.0 });
        }
        for who in shoppers {
            if !(0.0..=1.0).contains(&who.probability) {
                return Err(AudienceError::Param {
                    name: "probability",
                    rule: "between 0 and 1",
                    got: who.probability,
                });
            }
            if !(who.order_value >= 0.0 && who.order_value.is_finite()) {
                return Err(AudienceError::Param { name: "order_value", rule: "0 or more", got: who.order_value });
            }
        }
        let mut excluded: Vec<(Exclusion, usize)> = self.exclusions.iter().map(|rule| (*rule, 0)).collect();
        let mut kept: Vec<ShortlistRow> = Vec::new();
        for who in shoppers {
            match excluded.iter_mut().find(|(rule, _)| rule.applies(who, today)) {
                Some((_, count)) => *count += 1,
                None => kept.push(ShortlistRow {
                    rank: 0,
                    score: who.probability * who.order_value,
                    addressee: who.clone(),
                }),
            }
        }
        kept.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| id_order(&a.addressee.shopper, &b.addressee.shopper))
        });
        let beyond = kept.len().saturating_sub(self.size);
        kept.truncate(self.size);
        kept.iter_mut().enumerate().for_each(|(at, row)| row.rank = at + 1);
        Ok(Shortlist { rows: kept, excluded, beyond })
    }
}

/// One depth of a ranked list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GainsRow {
    /// Share of the list down to here, in (0, 1].
    pub depth: f64,
    /// Shoppers down to here.
    pub n: u64,
    /// Buyers among them.
    pub buyers: u64,
    /// Share of all buyers that is here; the depth itself for a random list.
    pub buyers_share: f64,
    /// Share of all revenue that is here.
    pub revenue_share: f64,
    /// Rate of buyers here over that of everybody.
    pub lift: f64,
}

/// What a ranking gained.
#[derive(Clone, Debug, PartialEq)]
pub struct Gains {
    /// By depth, ascending.
    pub rows: Vec<GainsRow>,
    /// Shoppers ranked.
    pub n: u64,
    /// Buyers among them.
    pub n_buyers: u64,
}

/// Checks a ranking: one `(score, revenue)` a shopper, revenue 0 for those who did not buy. Equal scores share what
/// they have: `n_steps` depths of equal size, at least 1. `None` without a shopper or a buyer.
pub fn gains(outcomes: &[(f64, f64)], n_steps: usize) -> Option<Gains> {
    let n_buyers = outcomes.iter().filter(|(_, revenue)| *revenue > 0.0).count();
    if n_buyers == 0 || n_steps == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..outcomes.len()).collect();
    // Ties by position in the caller's order, which has nothing to do with the outcome.
    order.sort_by(|&a, &b| outcomes[b].0.total_cmp(&outcomes[a].0).then(a.cmp(&b)));
    let total: f64 = outcomes.iter().map(|(_, revenue)| revenue.max(0.0)).sum();
    let base = n_buyers as f64 / outcomes.len() as f64;
    let row = |step: usize| {
        let n = (outcomes.len() * step).div_ceil(n_steps);
        let top = || order[..n].iter().map(|&i| outcomes[i].1.max(0.0));
        let buyers = top().filter(|revenue| *revenue > 0.0).count();
        GainsRow {
            depth: n as f64 / outcomes.len() as f64,
            n: n as u64,
            buyers: buyers as u64,
            buyers_share: buyers as f64 / n_buyers as f64,
            revenue_share: top().sum::<f64>() / total,
            lift: buyers as f64 / n as f64 / base,
        }
    };
    Some(Gains { rows: (1..=n_steps).map(row).collect(), n: outcomes.len() as u64, n_buyers: n_buyers as u64 })
}

impl Gains {
    /// Lift of the first step with a Wilson interval of its rate. Key `target_group.lift`.
    pub fn lift(&self) -> Figure {
        let first = &self.rows[0];
        let base = self.n_buyers as f64 / self.n as f64;
        let figure = Figure::number("target_group.lift", Unit::Ratio, first.lift, first.n, MIN_OBSERVATIONS).formula(
            format!("rate of buyers among the first {:.0} % of the list / rate of everybody", first.depth * 100.0),
        );
        match wilson(first.buyers, first.n, LEVEL) {
            Some(i) => figure.interval(i.low / base, i.high / base, i.level),
            None => figure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(id: &str, probability: f64, order_value: f64) -> Addressee {
        Addressee {
            shopper: id.into(),
            market: Some("DE".parse().unwrap()),
            probability,
            order_value,
            last_order: Day(0),
            return_share: 0.0,
            consent: Some(true),
            last_contact: None,
        }
    }

    // 0.5 · 10 = 5, 0.2 · 30 = 6, 0.9 · 5 = 4.5, and 5 again for d: c is out by its order of yesterday.
    #[test]
    fn the_list_is_ranked_by_expected_revenue_and_the_rest_is_counted() {
        let c = Addressee { last_order: Day(99), ..who("c", 0.9, 5.0) };
        let refused = Addressee { consent: Some(false), last_order: Day(99), ..who("e", 1.0, 99.0) };
        let all = [who("d", 0.5, 10.0), who("b", 0.2, 30.0), c, who("a", 0.5, 10.0), refused];
        let list = TargetGroupParams { size: 2, ..TargetGroupParams::default() }.shortlist(&all, Day(100)).unwrap();
        let ids: Vec<_> = list.rows.iter().map(|row| (row.rank, row.addressee.shopper.as_str())).collect();
        assert_eq!(ids, [(1, "b"), (2, "a")]);
        assert_eq!(list.excluded.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 0, 1, 0]);
        assert_eq!(list.beyond, 1);
        assert!(TargetGroupParams { size: 0, ..TargetGroupParams::default() }.shortlist(&all, Day(100)).is_err());
        assert!(TargetGroupParams::default().shortlist(&[who("x", 1.5, 1.0)], Day(1)).is_err());
    }

    #[test]
    fn every_rule_applies_where_it_should() {
        let today = Day(100);
        let good = Addressee { last_contact: Some(Day(50)), ..who("a", 0.5, 10.0) };
        let rules = [
            (Exclusion::WithoutConsent, Addressee { consent: None, ..good.clone() }),
            (Exclusion::ConsentRefused, Addressee { consent: Some(false), ..good.clone() }),
            (Exclusion::ContactedWithin(14), Addressee { last_contact: Some(Day(86)), ..good.clone() }),
            (Exclusion::OrderedWithin(3), Addressee { last_order: Day(97), ..good.clone() }),
            (Exclusion::ReturnShareAbove(0.5), Addressee { return_share: 0.6, ..good.clone() }),
            (Exclusion::OutsideMarket("DE".parse().unwrap()), Addressee { market: None, ..good.clone() }),
            (Exclusion::ProbabilityBelow(0.5), Addressee { probability: 0.4, ..good.clone() }),
            (Exclusion::OrderValueBelow(10.0), Addressee { order_value: 9.0, ..good.clone() }),
        ];
        for (rule, bad) in rules {
            assert!(rule.applies(&bad, today) && !rule.applies(&good, today), "{rule:?}");
            assert_ne!(rule.label(Language::EN), rule.label(Language::ZH));
        }
    }

    // Ten shoppers, buyers with scores 10, 9 and 5 (revenue 6, 3, 1): the first fifth holds 2 of 3 buyers and 9 of
    // 10 revenue, lift (2 / 2) / 0.3.
    #[test]
    fn gains_by_hand() {
        let revenue = |score: i32| match score {
            10 => 6.0,
            9 => 3.0,
            5 => 1.0,
            _ => 0.0,
        };
        let outcomes: Vec<(f64, f64)> = (1..=10).map(|s| (f64::from(s), revenue(s))).collect();
        let got = gains(&outcomes, 5).unwrap();
        let first = got.rows[0];
        assert_eq!((first.n, first.buyers, first.depth), (2, 2, 0.2));
        assert!((first.lift - 1.0 / 0.3).abs() < 1e-12 && (first.revenue_share - 0.9).abs() < 1e-12);
        let last = got.rows[4];
        assert_eq!((last.depth, last.buyers_share, last.lift), (1.0, 1.0, 1.0));
        assert_eq!(got.lift().as_f64(), None, "two shoppers are too few for a figure");
        assert_eq!(gains(&[(1.0, 0.0)], 5), None);
    }
}
