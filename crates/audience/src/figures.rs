//! How this crate turns counts into [`Figure`]s: one stated minimum of data, shares with Wilson
//! intervals, amounts rounded once.

use domain::{Amount, Currency, Decimal, Figure, FigureValue, Money, Rounding, Unit};
use learn::interval::wilson;

/// Fewest observations behind a rate, a mean or a median that is shown. Below it an interval is
/// so wide that the number would mislead: at 30 trials a share of one half is 33 % to 67 %.
pub const MIN_OBSERVATIONS: u64 = 30;

/// Coverage of every interval of this crate.
pub const LEVEL: f64 = 0.95;

/// A share `hits / n` with its Wilson interval.
pub fn share(key: &str, hits: u64, n: u64) -> Figure {
    let figure = Figure::number(key, Unit::Share, hits as f64 / n as f64, n, MIN_OBSERVATIONS);
    match wilson(hits, n, LEVEL) {
        Some(i) => figure.interval(i.low, i.high, i.level),
        None => figure,
    }
}

/// A count of things: exact, so shown however small.
pub fn count(key: &str, n: u64) -> Figure {
    Figure::number(key, Unit::Count, n as f64, n, 0)
}

/// An amount that is a sum: exact, so shown however few orders there are.
pub fn total(key: &str, amount: Amount, currency: Currency, n: u64) -> Figure {
    mean_amount(key, amount.to_decimal(), currency, n, 0)
}

/// An amount that is an estimate from `n` observations, rounded once to the minor unit.
pub fn mean_amount(key: &str, value: Decimal, currency: Currency, n: u64, need: u64) -> Figure {
    let mut figure = Figure::number(key, Unit::Money, 0.0, n, need);
    if let FigureValue::Number(_) = figure.value {
        figure.value =
            Money::from_decimal(value, currency, Rounding::HalfEven).map_or(FigureValue::Undefined, FigureValue::Money);
    }
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_few_is_not_shown_and_a_sum_of_few_is() {
        assert_eq!(share("s", 3, 4).value, FigureValue::TooLittleData { have: 4, need: 30 });
        assert_eq!(share("s", 0, 0).value, FigureValue::TooLittleData { have: 0, need: 30 });
        let half = share("s", 15, 30);
        let interval = half.interval.unwrap();
        assert!((interval.low - 0.3315).abs() < 1e-3 && (interval.high - 0.6685).abs() < 1e-3, "{interval:?}");
        let eur = Currency::new(*b"EUR");
        let sum = total("t", Amount::from_micros(1_005_000), eur, 1);
        assert_eq!(sum.value, FigureValue::Money(Money { minor: 100, currency: eur })); // 1.005: half to even
        assert_eq!(mean_amount("m", Decimal::ONE, eur, 2, 30).value, FigureValue::TooLittleData { have: 2, need: 30 });
    }
}
