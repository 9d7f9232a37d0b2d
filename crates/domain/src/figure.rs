//! A number that a person sees, with everything needed to check it.

use crate::Money;
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A count of things: orders, shoppers, lines.
    Count,
    /// A share in [0, 1], shown as a percentage.
    Share,
    /// Money; the currency is in the value.
    Money,
    /// Days.
    Days,
    /// A plain ratio, such as lift or growth factor.
    Ratio,
    /// A score without a unit, such as nDCG.
    Score,
}

/// The value, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureValue {
    /// A number in the figure's unit.
    Number(f64),
    /// An exact amount.
    Money(Money),
    /// Fewer observations than the stated minimum: no number is shown.
    TooLittleData {
        /// Observations there are.
        have: u64,
        /// Observations needed.
        need: u64,
    },
    /// The quantity is undefined here, such as growth without an earlier period.
    Undefined,
}

/// An interval estimate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end, in the figure's unit.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Coverage, such as 0.95.
    pub level: f64,
}

/// A number with its unit, interval, formula and source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Stable name, `market.revenue`; the key into the dictionaries of the page.
    pub key: String,
    /// The value or its absence.
    pub value: FigureValue,
    /// Its unit.
    pub unit: Unit,
    /// Present where the value is an estimate.
    pub interval: Option<Interval>,
    /// How it is computed, in words or symbols.
    pub formula: String,
    /// Where it comes from: a query that can be run, or a model and its data.
    pub source: String,
    /// Observations it rests on.
    pub n: u64,
}

impl Figure {
    /// A number, or "too little data" when `n` is below `need`.
    pub fn number(key: &str, unit: Unit, value: f64, n: u64, need: u64) -> Self {
        let value = if n < need {
            FigureValue::TooLittleData { have: n, need }
        } else if value.is_finite() {
            FigureValue::Number(value)
        } else {
            FigureValue::Undefined
        };
        Self { key: key.to_owned(), value, unit, interval: None, formula: String::new(), source: String::new(), n }
    }

    /// An exact amount.
    pub fn money(key: &str, money: Money, n: u64) -> Self {
        let value = FigureValue::Money(money);
        Self {
            key: key.to_owned(),
            value,
            unit: Unit::Money,
            interval: None,
            formula: String::new(),
            source: String::new(),
            n,
        }
    }

    /// With the formula that a reader can check.
    #[must_use]
    pub fn formula(mut self, text: impl Into<String>) -> Self {
        self.formula = text.into();
        self
    }

    /// With where it comes from.
    #[must_use]
    pub fn source(mut self, text: impl Into<String>) -> Self {
        self.source = text.into();
        self
    }

    /// With an interval; dropped when the value itself is not shown.
    #[must_use]
    pub fn interval(mut self, low: f64, high: f64, level: f64) -> Self {
        let shown = matches!(self.value, FigureValue::Number(_) | FigureValue::Money(_));
        if shown && low.is_finite() && high.is_finite() {
            self.interval = Some(Interval { low, high, level });
        }
        self
    }

    /// The plain number where there is one (major units for money).
    pub fn as_f64(&self) -> Option<f64> {
        match self.value {
            FigureValue::Number(x) => Some(x),
            FigureValue::Money(m) => m.to_decimal().to_string().parse().ok(),
            FigureValue::TooLittleData { .. } | FigureValue::Undefined => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_minimum_there_is_no_number_and_no_interval() {
        let figure = Figure::number("repeat", Unit::Share, 0.5, 4, 30).interval(0.1, 0.9, 0.95);
        assert_eq!(figure.value, FigureValue::TooLittleData { have: 4, need: 30 });
        assert_eq!(figure.interval, None);
        assert_eq!(Figure::number("growth", Unit::Ratio, f64::NAN, 50, 30).value, FigureValue::Undefined);
    }
}
