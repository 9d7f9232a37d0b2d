//! Which platforms pay: what an order costs on each beside what an order leaves, and where a budget goes.
//!
//! A platform *pays* where even the upper end of the cost of its first order lies below the margin of an order, does not where
//! the lower end lies above it, and *perhaps* between: a small test tells. A budget is spread by the responses of
//! [`Outlook::response`] as long as the next unit of money brings more than itself, so a part of it may stay unspent.
//! Cost: an allocation over as many cells as there are platforms.

use super::platform::Outlook;
use crate::budget::{AllocateParams, Grid, Total};
use crate::said::Said;
use crate::spend_error::SpendError;
use domain::Money;
use serde::Serialize;

/// Whether an order brings more than it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pays {
    /// Surely, as far as the interval goes.
    Yes,
    /// The interval holds the margin.
    Perhaps,
    /// Surely not.
    No,
    /// The margin of an order is not known.
    Unknown,
}

/// A platform with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// What can be expected of it.
    pub outlook: Outlook,
    /// Whether it pays.
    pub pays: Pays,
    /// Margin that the first unit of money brings; `None` where the margin of an order is not known.
    pub back: Option<f64>,
    /// Its part of the budget; `None` without a budget or a margin.
    pub spend: Option<Money>,
    /// Orders that this part brings.
    pub orders: Option<f64>,
}

/// Platforms of one market, those that surely pay first, then by what the first unit of money brings.
///
/// # Errors
/// [`SpendError::Param`] for a margin that is no amount, and whatever an allocation refuses.
pub fn choose(
    outlooks: Vec<Outlook>,
    order_margin: Option<f64>,
    budget: Option<Money>,
) -> Result<Vec<Ranked>, SpendError> {
    if let Some(margin) = order_margin.filter(|m| !(m.is_finite() && *m > 0.0)) {
        return Err(SpendError::param("order_margin", "above 0", margin));
    }
    let pays = |o: &Outlook| match order_margin {
        None => Pays::Unknown,
        Some(margin) if o.cost.1.high <= margin => Pays::Yes,
        Some(margin) if o.cost.1.low > margin => Pays::No,
        Some(_) => Pays::Perhaps,
    };
    let mut ranked: Vec<Ranked> = outlooks
        .into_iter()
        .map(|outlook| Ranked {
            pays: pays(&outlook),
            back: order_margin.map(|margin| margin / outlook.cost.0),
            outlook,
            spend: None,
            orders: None,
        })
        .collect();
    if let (Some(margin), Some(most)) = (order_margin, budget.filter(|b| b.minor > 0))
        && !ranked.is_empty()
    {
        let names: Vec<&str> = ranked.iter().map(|r| r.outlook.platform.as_str()).collect();
        let curves = ranked.iter().map(|r| r.outlook.response(margin)).collect();
        let grid = Grid::channels(&names, curves, Total::UpTo { most, worth: 1.0 });
        for share in AllocateParams::default().allocate(&grid)?.shares() {
            ranked[share.row].spend = Some(share.spend);
            ranked[share.row].orders = Some(share.back / margin);
        }
    }
    ranked.sort_by(|a, b| {
        let by_cost = a.outlook.cost.0.total_cmp(&b.outlook.cost.0);
        a.pays.cmp(&b.pays).then(by_cost).then_with(|| a.outlook.platform.cmp(&b.outlook.platform))
    });
    Ok(ranked)
}

impl Ranked {
    /// The verdict in a sentence.
    pub fn said(&self) -> Said {
        let (en, zh) = match self.pays {
            Pays::Yes => ("pays even where it does worse than expected", "即使表现低于预期也划算"),
            Pays::Perhaps => ("may pay: a small test tells", "可能划算：先做小规模测试"),
            Pays::No => ("an order costs more than it leaves", "每单成本高于其毛利"),
            Pays::Unknown => (
                "what an order leaves is not known: supply costs, or --order-margin",
                "每单毛利未知：请提供成本或 --order-margin",
            ),
        };
        Said::new(format!("{}: {en}.", self.outlook.platform), format!("{}：{zh}。", self.outlook.platform))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{OutlookParams, OwnResults, PlatformFacts};
    use domain::Currency;

    fn outlooks() -> Vec<Outlook> {
        // Costs of the first order: 8 / 1000 / (.01 · .02) = 40 and 8 / 1000 / (.01 · .08) = 10.
        let facts = |platform: &str, order_rate: f64| PlatformFacts {
            platform: platform.to_owned(),
            market: "DE".parse().unwrap(),
            audience: Some(1e6),
            reach: Some(0.5),
            cpm: Some(8.0),
            click_rate: Some(0.01),
            order_rate: Some(order_rate),
            source: "a table".to_owned(),
        };
        let rows = [(facts("dear", 0.02), OwnResults::default()), (facts("cheap", 0.08), OwnResults::default())];
        OutlookParams::default().outlook(&rows).unwrap()
    }

    #[test]
    fn a_platform_pays_where_an_order_costs_less_than_it_leaves_by_hand() {
        let ranked = choose(outlooks(), Some(20.0), None).unwrap();
        let of = |i: usize| (ranked[i].outlook.platform.as_str(), ranked[i].pays, ranked[i].back.unwrap());
        assert_eq!(of(0), ("cheap", Pays::Yes, 2.0));
        assert_eq!((of(1).0, of(1).2), ("dear", 0.5));
        assert!(matches!(of(1).1, Pays::No | Pays::Perhaps));
        assert!(ranked[0].said().zh.contains("划算") && ranked[0].spend.is_none());
        assert!(choose(outlooks(), None, None).unwrap().iter().all(|r| r.pays == Pays::Unknown));
        assert!(choose(outlooks(), Some(-1.0), None).is_err());
    }

    #[test] // Cheap: M = 1e6 · .5 · 4 · .0008 = 1600 orders, c = 10: marginal 20 M² c / (x + M c)² / c = 1 at
    // x = M c (√2 - 1) = 6,627; dear brings at most half of its money, so of 10,000 3,373 stay unspent.
    fn money_that_would_not_come_back_stays_unspent_by_hand() {
        let budget = Money { minor: 1_000_000, currency: Currency::new(*b"EUR") };
        let ranked = choose(outlooks(), Some(20.0), Some(budget)).unwrap();
        let spend = |i: usize| ranked[i].spend.unwrap().minor as f64 / 100.0;
        assert!((spend(0) - 16_000.0 * (2.0_f64.sqrt() - 1.0)).abs() < 0.1, "{}", spend(0));
        assert_eq!(spend(1), 0.0);
        let orders = ranked[0].orders.unwrap();
        assert!((orders - 1600.0 * spend(0) / (spend(0) + 16_000.0)).abs() < 1e-6);
    }
}
