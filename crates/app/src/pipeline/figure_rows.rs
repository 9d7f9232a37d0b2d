//! Figures as rows of a mart: each with its interval, formula and number of observations, or the reason why there is none.

use super::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use domain::{Figure, FigureValue, Market, Unit};

/// One row a figure of a market.
pub(super) fn figure_rows(figures: &[(Market, Figure)]) -> Result<RecordBatch> {
    let all = || figures.iter().map(|(_, figure)| figure);
    Columns::default()
        .text("market", figures.iter().map(|(market, _)| market.code().to_owned()))
        .text("figure", all().map(|f| f.key.as_str()))
        .optional_float("value", all().map(Figure::as_f64))
        .optional_float("low", all().map(|f| f.interval.map(|i| i.low)))
        .optional_float("high", all().map(|f| f.interval.map(|i| i.high)))
        .optional_float("level", all().map(|f| f.interval.map(|i| i.level)))
        .text("unit", all().map(unit))
        .int("n", all().map(|f| i64::try_from(f.n).unwrap_or(i64::MAX)))
        .optional_text("missing", all().map(missing))
        .text("formula", all().map(|f| f.formula.as_str()))
        .batch()
}

fn unit(figure: &Figure) -> String {
    match (figure.value, figure.unit) {
        (FigureValue::Money(money), _) => money.currency.to_string(),
        (_, Unit::Count) => "count".to_owned(),
        (_, Unit::Share) => "share".to_owned(),
        (_, Unit::Money) => "money".to_owned(),
        (_, Unit::Days) => "days".to_owned(),
        (_, Unit::Ratio) => "ratio".to_owned(),
        (_, Unit::Score) => "score".to_owned(),
    }
}

fn missing(figure: &Figure) -> Option<String> {
    match figure.value {
        FigureValue::Number(_) | FigureValue::Money(_) => None,
        FigureValue::TooLittleData { have, need } => Some(format!("too little data: {have} of {need}")),
        FigureValue::Undefined => Some("undefined".to_owned()),
    }
}
