//! What is to be foreseen, and whether it came.
//!
//! | target | asked of | a one is |
//! |---|---|---|
//! | churn | shoppers with an order before the cutoff | no order in the horizon |
//! | next purchase | the same | an order in the horizon |
//! | second order | shoppers with orders on one day only | another day with an order in the horizon |
//! | category | shoppers with an order before the cutoff | an order with that category in the horizon |
//!
//! The horizon of `h` days is `[cutoff, cutoff + h)`.

use super::facts::ShopperFacts;
use crate::AudienceError;
use domain::{Day, Language};

/// What is to be foreseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// No order within the horizon.
    Churn {
        /// Days looked ahead, at least 1.
        horizon_days: i32,
    },
    /// An order within the horizon.
    NextPurchase {
        /// Days looked ahead, at least 1.
        horizon_days: i32,
    },
    /// A second visit of a shopper who has made one.
    SecondOrder {
        /// Days looked ahead, at least 1.
        horizon_days: i32,
    },
    /// An order with a certain category within the horizon.
    Category {
        /// The category, as the caller numbers them.
        category: u32,
        /// Days looked ahead, at least 1.
        horizon_days: i32,
    },
}

/// What came of a shopper within the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was asked for happened.
    One,
    /// It did not.
    Zero,
    /// The question does not apply to this shopper.
    NotAsked,
}

impl Target {
    /// Days looked ahead.
    pub const fn horizon_days(self) -> i32 {
        match self {
            Self::Churn { horizon_days }
            | Self::NextPurchase { horizon_days }
            | Self::SecondOrder { horizon_days }
            | Self::Category { horizon_days, .. } => horizon_days,
        }
    }

    /// Whether the parameters make sense.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a horizon below a day.
    pub fn check(self) -> Result<(), AudienceError> {
        if self.horizon_days() < 1 {
            let got = f64::from(self.horizon_days());
            return Err(AudienceError::Param { name: "horizon_days", rule: "at least 1", got });
        }
        Ok(())
    }

    /// Whether the question applies to a shopper on a day; looks only at what lies before it.
    pub fn asks(self, facts: &ShopperFacts, cutoff: Day) -> bool {
        match self {
            Self::Churn { .. } | Self::NextPurchase { .. } | Self::Category { .. } => {
                !facts.orders_before(cutoff).is_empty()
            }
            Self::SecondOrder { .. } => {
                let before = facts.orders_before(cutoff);
                !before.is_empty() && before.iter().all(|order| order.day == before[0].day)
            }
        }
    }

    /// What came of it.
    pub fn outcome(self, facts: &ShopperFacts, cutoff: Day) -> Outcome {
        if !self.asks(facts, cutoff) {
            return Outcome::NotAsked;
        }
        let after = facts.orders_within(cutoff, cutoff.plus(self.horizon_days()));
        let one = match self {
            Self::Churn { .. } => after.is_empty(),
            Self::NextPurchase { .. } | Self::SecondOrder { .. } => !after.is_empty(),
            Self::Category { category, .. } => after.iter().any(|order| order.categories.contains(&category)),
        };
        if one { Outcome::One } else { Outcome::Zero }
    }

    /// The stretch `h` days ahead in words.
    pub fn label(self, language: Language) -> String {
        let h = self.horizon_days();
        if language == Language::ZH {
            return match self {
                Self::Churn { .. } => format!("未来 {h} 天内不再下单（流失）"),
                Self::NextPurchase { .. } => format!("未来 {h} 天内下单"),
                Self::SecondOrder { .. } => format!("首购顾客在未来 {h} 天内再次下单"),
                Self::Category { category, .. } => format!("未来 {h} 天内购买类目 {category}"),
            };
        }
        match self {
            Self::Churn { .. } => format!("no order in the next {h} days (churn)"),
            Self::NextPurchase { .. } => format!("an order in the next {h} days"),
            Self::SecondOrder { .. } => format!("a second order in the next {h} days"),
            Self::Category { category, .. } => format!("an order with category {category} in the next {h} days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::shopper;
    use super::*;

    #[test] // Orders on days 1 and 20; the cutoff is 10: horizon 10 ends before day 20, horizon 11 reaches it.
    fn the_last_day_of_the_horizon_counts_and_the_next_does_not() {
        let facts = shopper("a", "DE", &[1, 20]);
        let churn = |horizon_days| Target::Churn { horizon_days }.outcome(&facts, Day(10));
        assert_eq!((churn(10), churn(11)), (Outcome::One, Outcome::Zero));
        let next = |horizon_days| Target::NextPurchase { horizon_days }.outcome(&facts, Day(10));
        assert_eq!((next(10), next(11)), (Outcome::Zero, Outcome::One));
        assert_eq!(Target::Churn { horizon_days: 5 }.outcome(&facts, Day(1)), Outcome::NotAsked);
        assert!(Target::Churn { horizon_days: 0 }.check().is_err());
    }

    #[test]
    fn a_second_order_is_asked_of_those_with_one_visit() {
        let target = Target::SecondOrder { horizon_days: 30 };
        assert_eq!(target.outcome(&shopper("a", "DE", &[1, 1, 9]), Day(5)), Outcome::One);
        assert_eq!(target.outcome(&shopper("a", "DE", &[1, 3, 9]), Day(5)), Outcome::NotAsked);
    }

    #[test]
    fn a_category_has_to_be_on_the_order() {
        let facts = shopper("a", "DE", &[1, 9]);
        let asked = |category| Target::Category { category, horizon_days: 30 }.outcome(&facts, Day(5));
        assert_eq!((asked(1), asked(2)), (Outcome::One, Outcome::Zero));
        assert!(Target::Category { category: 1, horizon_days: 30 }.label(Language::ZH).contains("30"));
    }
}
