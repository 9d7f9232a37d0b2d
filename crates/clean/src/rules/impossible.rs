//! Prices and quantities that cannot be. The bounds are wide on purpose: the Online Retail file
//! has real orders of 80,995 and 74,215 units (both cancelled minutes later), and an everyday
//! price in VND has seven digits. What is only unusual is flagged by `outlier`, never rejected.

use super::{Policy, Rule, RuleDoc};
use crate::CleanParams;
use crate::rejects::Finding;
use domain::Amount;

pub(crate) const PRICE: RuleDoc = RuleDoc {
    name: "impossible_price",
    policy: Policy::Reject,
    doc: "a negative price outside bad debt and services, or one beyond the bound, cannot be used",
};

pub(crate) const QUANTITY: RuleDoc = RuleDoc {
    name: "impossible_quantity",
    policy: Policy::Reject,
    doc: "no units on a line that was not cancelled, or more than the bound allows, cannot be used",
};

/// Whether a price may be below zero: discounts and write-offs are written so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Any,
    NotNegative,
}

/// Whether a line may have no units: marketplaces set a cancelled line to 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zero {
    Fine,
    Wrong,
}

/// The finding for a line's price or quantity.
pub(crate) fn check(quantity: i64, price: Amount, zero: Zero, sign: Sign, params: &CleanParams) -> Option<Finding> {
    if quantity.unsigned_abs() > params.max_quantity.unsigned_abs() {
        let bound = params.max_quantity;
        return Some(Finding {
            rule: Rule::ImpossibleQuantity,
            column: "quantity",
            value: Some(quantity.to_string()),
            expected: format!("a quantity from -{bound} to {bound}"),
        });
    }
    if quantity == 0 && zero == Zero::Wrong {
        return Some(Finding {
            rule: Rule::ImpossibleQuantity,
            column: "quantity",
            value: Some("0".to_owned()),
            expected: "a quantity other than 0; 0 only on a cancelled line".to_owned(),
        });
    }
    let magnitude = price.micros().unsigned_abs();
    let negative = sign == Sign::NotNegative && price < Amount::ZERO;
    (negative || magnitude > params.max_unit_price.micros().unsigned_abs()).then(|| Finding {
        rule: Rule::ImpossiblePrice,
        column: "unit_price",
        value: Some(price.to_decimal().to_string()),
        expected: format!(
            "a price from 0 to {}; below 0 only for discounts, fees and bad debt",
            params.max_unit_price.to_decimal()
        ),
    })
}

/// The finding for an amount that does not fit its column.
pub(crate) fn too_large(column: &'static str, value: String) -> Finding {
    Finding {
        rule: Rule::ImpossiblePrice,
        column,
        value: Some(value),
        expected: "an amount below 10^12 in its own and in the reporting currency".to_owned(),
    }
}

/// Whether an amount fits a column of 18 digits.
pub(crate) const fn fits(micros: i64) -> bool {
    micros.unsigned_abs() < 1_000_000_000_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(quantity: i64, price: i64, sign: Sign) -> Option<Rule> {
        check(quantity, Amount::from_micros(price), Zero::Wrong, sign, &CleanParams::default()).map(|f| f.rule)
    }

    #[test]
    fn large_real_orders_pass_and_absurd_ones_do_not() {
        assert_eq!(rule(80_995, 2_080_000, Sign::NotNegative), None);
        assert_eq!(rule(-80_995, 2_080_000, Sign::NotNegative), None);
        assert_eq!(rule(1_000_001, 1, Sign::NotNegative), Some(Rule::ImpossibleQuantity));
        assert_eq!(rule(0, 1, Sign::Any), Some(Rule::ImpossibleQuantity));
        assert!(check(0, Amount::ZERO, Zero::Fine, Sign::NotNegative, &CleanParams::default()).is_none());
        assert_eq!(rule(i64::MIN, 1, Sign::NotNegative), Some(Rule::ImpossibleQuantity));
        assert_eq!(rule(1, i64::MAX, Sign::Any), Some(Rule::ImpossiblePrice));
    }

    #[test]
    fn a_negative_price_is_for_discounts_and_bad_debt_only() {
        assert_eq!(rule(1, -11_062_060_000, Sign::Any), None);
        assert_eq!(rule(1, -1, Sign::NotNegative), Some(Rule::ImpossiblePrice));
    }
}
