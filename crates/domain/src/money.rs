//! Exact money. An amount never passes through a binary float.
//!
//! Two representations, for two places:
//! - [`Amount`] is what columns hold: a signed integer of millionths of the major unit. Real
//!   exports carry prices finer than the minor unit (0.001 GBP), so minor units alone would lose
//!   money before the sum is taken.
//! - [`Money`] is what leaves the program: minor units and a currency, rounded once.

use crate::currency_codes::CODES;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// What can be wrong with an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// No code of ISO 4217.
    #[error("`{0}` is not a currency: a code of ISO 4217, such as EUR, is")]
    Currency(String),
    /// Two currencies met without a rate.
    #[error("{left} and {right} cannot be added without a dated rate")]
    Mixed {
        /// Currency on the left.
        left: Currency,
        /// Currency on the right.
        right: Currency,
    },
    /// The amount does not fit.
    #[error("{0} is too large an amount")]
    TooLarge(Decimal),
    /// A rate that cannot be one.
    #[error("{0} is not a rate: a positive number is")]
    Rate(Decimal),
    /// Nothing to split by.
    #[error("weights must be at least one, none negative, and not all zero")]
    Weights,
}

impl Currency {
    /// Three capital letters; a wrong code is refused at compile time or by [`FromStr`].
    pub const fn new(code: [u8; 3]) -> Self {
        assert!(code[0].is_ascii_uppercase() && code[1].is_ascii_uppercase() && code[2].is_ascii_uppercase());
        Self(code)
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the decimal point of the minor unit (ISO 4217): JPY 0, EUR 2, KWD 3.
    pub fn exponent(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wrong = || MoneyError::Currency(text.to_owned());
        let code: [u8; 3] = text.trim().to_ascii_uppercase().into_bytes().try_into().map_err(|_| wrong())?;
        // What Chinese exports write for the yuan.
        let code = if &code == b"RMB" { *b"CNY" } else { code };
        if CODES.binary_search(&code).is_ok() { Ok(Self(code)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// How the one rounding is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rounding {
    /// Ties to the even neighbour (bankers' rounding): the default, because it has no drift.
    #[default]
    HalfEven,
    /// Ties away from zero, as most invoices do.
    HalfUp,
}

impl Rounding {
    /// Rounds to `digits` after the decimal point.
    pub fn round(self, value: Decimal, digits: u32) -> Decimal {
        let strategy = match self {
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        };
        value.round_dp_with_strategy(digits, strategy)
    }
}

/// Millionths of a major unit, without its currency: what columns and sums hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    /// Digits kept after the decimal point.
    pub const SCALE: u32 = 6;
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From millionths.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Exact, or `None` when the value has more than six decimals or does not fit.
    pub fn from_decimal(value: Decimal) -> Option<Self> {
        let normal = value.normalize();
        if normal.scale() > Self::SCALE {
            return None;
        }
        let factor = 10_i128.pow(Self::SCALE - normal.scale());
        i64::try_from(normal.mantissa().checked_mul(factor)?).ok().map(Self)
    }

    /// Exact decimal value in major units.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, Self::SCALE).normalize()
    }

    /// For charts, scores and features, never for another amount.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// `self × quantity`, or `None` when it does not fit.
    pub fn times(self, quantity: i64) -> Option<Self> {
        self.0.checked_mul(quantity).map(Self)
    }
}

impl Add for Amount {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Amount {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Amount {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decimal().fmt(f)
    }
}

/// Minor units of one currency: what a person, a partner or a payment sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Signed minor units: cents for EUR, yen for JPY.
    pub minor: i64,
    /// Their currency.
    pub currency: Currency,
}

impl Money {
    /// Rounds once to the currency's minor unit.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] beyond about 9.2 × 10^18 minor units.
    pub fn from_decimal(value: Decimal, currency: Currency, rounding: Rounding) -> Result<Self, MoneyError> {
        let digits = currency.exponent();
        let mut rounded = rounding.round(value, digits);
        rounded.rescale(digits);
        let minor = i64::try_from(rounded.mantissa()).map_err(|_| MoneyError::TooLarge(value))?;
        Ok(Self { minor, currency })
    }

    /// Exact value in major units.
    pub fn to_decimal(&self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// Sum in one currency.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] for two currencies, [`MoneyError::TooLarge`] on overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed { left: self.currency, right: other.currency });
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge(self.to_decimal()))?;
        Ok(Self { minor, currency: self.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

/// Units of `to` for one unit of `from`, as published for `day`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FxRate {
    /// Currency converted from.
    pub from: Currency,
    /// Currency converted to.
    pub to: Currency,
    /// Day of publication.
    pub day: crate::Day,
    /// Units of `to` per unit of `from`, positive.
    pub rate: Decimal,
}

impl FxRate {
    /// Converts and rounds once.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] when `money` is not in `from`, [`MoneyError::Rate`] for a rate that is
    /// not positive, [`MoneyError::TooLarge`] on overflow.
    pub fn convert(&self, money: Money, rounding: Rounding) -> Result<Money, MoneyError> {
        if money.currency != self.from {
            return Err(MoneyError::Mixed { left: money.currency, right: self.from });
        }
        if self.rate <= Decimal::ZERO {
            return Err(MoneyError::Rate(self.rate));
        }
        let exact = money.to_decimal().checked_mul(self.rate).ok_or(MoneyError::TooLarge(money.to_decimal()))?;
        Money::from_decimal(exact, self.to, rounding)
    }
}

/// Splits `total` in proportion to `weights` so that the parts add up to it exactly: largest
/// remainder, ties to the earlier part.
///
/// # Errors
/// [`MoneyError::Weights`] when there is no positive weight or a negative one.
///
/// ```
/// use domain::{Currency, Decimal, Money, allocate};
/// let total = Money { minor: 10_000, currency: Currency::new(*b"EUR") };
/// let parts = allocate(total, &[Decimal::ONE; 3]).unwrap();
/// assert_eq!(parts.iter().map(|p| p.minor).collect::<Vec<_>>(), [3334, 3333, 3333]);
/// ```
pub fn allocate(total: Money, weights: &[Decimal]) -> Result<Vec<Money>, MoneyError> {
    let sum: Decimal = weights.iter().sum();
    if sum <= Decimal::ZERO || weights.iter().any(Decimal::is_sign_negative) {
        return Err(MoneyError::Weights);
    }
    let exact: Vec<Decimal> = weights.iter().map(|w| Decimal::from(total.minor) * w / sum).collect();
    // Towards zero, so that what is left over always has the total's sign.
    let mut parts: Vec<i64> = exact.iter().map(|e| i64::try_from(e.trunc().mantissa()).unwrap_or(0)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| exact[b].fract().abs().cmp(&exact[a].fract().abs()).then(a.cmp(&b)));
    let mut left = total.minor - parts.iter().sum::<i64>();
    for i in order.into_iter().cycle() {
        if left == 0 {
            break;
        }
        parts[i] += left.signum();
        left -= left.signum();
    }
    Ok(parts.into_iter().map(|minor| Money { minor, currency: total.currency }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EUR: Currency = Currency::new(*b"EUR");

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn minor_units_follow_the_currency() {
        for (code, digits) in [("JPY", 0), ("EUR", 2), ("KWD", 3), ("VND", 0)] {
            assert_eq!(code.parse::<Currency>().unwrap().exponent(), digits, "{code}");
        }
    }

    #[test] // 0.1 EUR × 150 = 15.0 ISK; 1234.565 GBP × 1.15 = 1419.74975.
    fn conversion_rounds_once_to_the_target() {
        let day = crate::Day::from_ymd(2011, 1, 5).unwrap();
        let isk = Currency::new(*b"ISK");
        let rate = FxRate { from: EUR, to: isk, day, rate: dec("150") };
        let ten_cents = Money { minor: 10, currency: EUR };
        assert_eq!(rate.convert(ten_cents, Rounding::HalfEven).unwrap(), Money { minor: 15, currency: isk });
        assert_eq!(Rounding::HalfEven.round(dec("0.005"), 2), dec("0.00"));
        assert_eq!(Rounding::HalfUp.round(dec("0.005"), 2), dec("0.01"));
        assert_eq!(Rounding::HalfUp.round(dec("-12.345"), 2), dec("-12.35"));
    }

    #[test]
    fn two_currencies_do_not_add() {
        let usd = Money { minor: 1, currency: Currency::new(*b"USD") };
        assert!(matches!(usd.plus(Money { minor: 1, currency: EUR }), Err(MoneyError::Mixed { .. })));
    }

    #[test]
    fn prices_finer_than_a_cent_are_kept() {
        let price = Amount::from_decimal(dec("0.001")).unwrap();
        assert_eq!(price.times(934).unwrap().to_decimal(), dec("0.934"));
        assert_eq!(Amount::from_decimal(dec("0.0000001")), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_total(minor in -1_000_000_i64..1_000_000, weights in prop::collection::vec(1_u32..1000, 1..8)) {
            let weights: Vec<Decimal> = weights.into_iter().map(Decimal::from).collect();
            let parts = allocate(Money { minor, currency: EUR }, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|p| p.minor).sum::<i64>(), minor);
        }

        #[test]
        fn amounts_survive_the_way_to_decimal_and_back(micros in any::<i64>()) {
            let amount = Amount::from_micros(micros);
            prop_assert_eq!(Amount::from_decimal(amount.to_decimal()), Some(amount));
        }
    }
}
