//! Words in two languages, amounts, and figures: numbers with what is needed to check them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text for people in the two languages of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Words {
    /// The two texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// A name that is the same in both, such as a product's.
    pub fn same(text: impl Into<String>) -> Self {
        let en = text.into();
        Self { zh: en.clone(), en }
    }
}

/// An exact amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// The amount in the currency's minor unit: cents of EUR, whole JPY, thousandths of KWD.
    pub minor: i64,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// The same in major units, as a decimal text.
    #[schema(example = "19.90")]
    pub decimal: String,
}

impl From<domain::Money> for Amount {
    fn from(money: domain::Money) -> Self {
        Self { minor: money.minor, currency: money.currency.to_string(), decimal: money.to_decimal().to_string() }
    }
}

/// A number that a person sees, with everything needed to check it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    /// Stable name, such as `market.revenue`.
    pub key: String,
    /// The number in its unit; `null` when there is none, see `why_not`. Amounts in major units.
    pub value: Option<f64>,
    /// The exact amount, where the unit is money.
    pub amount: Option<Amount>,
    /// Why there is no number.
    pub why_not: Option<Words>,
    /// `count`, `share`, `money`, `days`, `ratio` or `score`.
    #[schema(example = "share")]
    pub unit: String,
    /// Lower end of the interval, where the value is an estimate.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Coverage of the interval, such as 0.95.
    pub level: Option<f64>,
    /// Observations it rests on.
    pub n: u64,
    /// How it is computed.
    pub formula: String,
    /// Where it comes from: a query that can be run, or a model and its data.
    pub source: String,
}

impl From<&domain::Figure> for Figure {
    fn from(figure: &domain::Figure) -> Self {
        use domain::{FigureValue, Unit};
        let (amount, why_not) = match figure.value {
            FigureValue::Number(_) => (None, None),
            FigureValue::Money(money) => (Some(money.into()), None),
            FigureValue::TooLittleData { have, need } => {
                let en = format!("too little data: {have} of at least {need}");
                (None, Some(Words::new(en, format!("数据太少:{have} 条,至少需要 {need} 条"))))
            }
            FigureValue::Undefined => (None, Some(Words::new("not defined here", "此处无定义"))),
        };
        let unit = match figure.unit {
            Unit::Count => "count",
            Unit::Share => "share",
            Unit::Money => "money",
            Unit::Days => "days",
            Unit::Ratio => "ratio",
            Unit::Score => "score",
        };
        Self {
            key: figure.key.clone(),
            value: figure.as_f64(),
            amount,
            why_not,
            unit: unit.to_owned(),
            low: figure.interval.map(|i| i.low),
            high: figure.interval.map(|i| i.high),
            level: figure.interval.map(|i| i.level),
            n: figure.n,
            formula: figure.formula.clone(),
            source: figure.source.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_without_enough_data_has_a_reason_and_no_number() {
        let figure = domain::Figure::number("repeat", domain::Unit::Share, 0.5, 4, 30);
        let wire = Figure::from(&figure);
        assert_eq!((wire.value, wire.low), (None, None));
        assert_eq!(wire.why_not.map(|w| w.en), Some("too little data: 4 of at least 30".to_owned()));
        let shown = domain::Figure::number("repeat", domain::Unit::Share, 0.5, 40, 30).interval(0.4, 0.6, 0.95);
        let wire = Figure::from(&shown);
        assert_eq!((wire.value, wire.low, wire.high, wire.level), (Some(0.5), Some(0.4), Some(0.6), Some(0.95)));
        assert_eq!(wire.why_not, None);
    }
}
