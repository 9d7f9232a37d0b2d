//! A budget over weeks by a season: more where more is bought, to the cent.

use crate::spend_error::{SpendError, check_amounts};
use domain::{Decimal, Money, allocate};

/// Splits `total` in proportion to `index`, one entry a week; the parts sum to the total exactly.
///
/// # Errors
/// [`SpendError::Value`] for an index that is negative or no number, [`SpendError::Money`] where all are 0.
pub fn weekly(total: Money, index: &[f64]) -> Result<Vec<Money>, SpendError> {
    check_amounts("season index", index)?;
    let most = index.iter().copied().fold(0.0, f64::max);
    // Nine digits of the largest week are more than any season is known to.
    let weight = |x: &f64| Decimal::from((x / most.max(f64::MIN_POSITIVE) * 1e9).round() as i64);
    Ok(allocate(total, &index.iter().map(weight).collect::<Vec<_>>())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_cent_is_lost(minor in 0_i64..1_000_000_000, index in prop::collection::vec(0.01_f64..5.0, 1..60)) {
            let total = Money { minor, currency: Currency::new(*b"EUR") };
            let weeks = weekly(total, &index).unwrap();
            prop_assert_eq!(weeks.iter().map(|w| w.minor).sum::<i64>(), minor);
            let sum: f64 = index.iter().sum();
            for (week, x) in weeks.iter().zip(&index) {
                prop_assert!((week.minor as f64 - minor as f64 * x / sum).abs() < 2.0);
            }
        }
    }

    #[test]
    fn an_index_that_is_none_is_refused() {
        let total = Money { minor: 100, currency: Currency::new(*b"EUR") };
        assert!(
            weekly(total, &[1.0, -1.0]).is_err() && weekly(total, &[0.0, 0.0]).is_err() && weekly(total, &[]).is_err()
        );
        assert_eq!(weekly(total, &[1.0, 3.0]).unwrap()[1].minor, 75);
    }
}
