//! Rows written by hand, as batches of the raw tables, and columns read back.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use arrow_array::builder::StringBuilder;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use clean::{CleanParams, OrderLinesOut, Rates, Survey, Surveyed};
use domain::{Currency, Day, Decimal};
use schema::{Kind, Zone};
use std::sync::Arc;

/// One line of raw.order_lines; amounts in millionths.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    pub source: String,
    pub line: i64,
    pub order: String,
    pub code: Option<String>,
    pub title: Option<String>,
    pub quantity: i64,
    pub price: i64,
    pub amount: Option<i64>,
    pub discount: Option<i64>,
    pub currency: String,
    /// Microseconds.
    pub at: i64,
    pub shopper: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub country: Option<String>,
    pub status: Option<String>,
}

pub const DAY: i64 = 86_400_000_000;

/// A line of shopper 7 in Germany on day 100, from source `aa`.
pub fn line(number: i64, order: &str, code: &str, quantity: i64, price: &str) -> Line {
    Line {
        source: "aa".to_owned(),
        line: number,
        order: order.to_owned(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        title: Some(format!("Title of {}", code.trim().to_uppercase())),
        quantity,
        price: micros(price),
        amount: None,
        discount: None,
        currency: "EUR".to_owned(),
        at: 100 * DAY + number,
        shopper: Some("7".to_owned()),
        email: None,
        phone: None,
        country: Some("Germany".to_owned()),
        status: None,
    }
}

pub fn micros(text: &str) -> i64 {
    let value: Decimal = text.parse().unwrap();
    (value * Decimal::from(1_000_000)).to_string().split('.').next().unwrap().parse().unwrap()
}

/// Any raw table from columns given by name; columns that are not given are empty.
pub fn raw(table: &str, n: usize, columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let def = schema::table(Zone::Raw, table).unwrap();
    let arrays = def
        .columns
        .iter()
        .map(|c| {
            columns
                .iter()
                .find(|(name, _)| *name == c.name)
                .map_or_else(|| arrow_array::new_null_array(&c.kind.arrow(), n), |(_, array)| array.clone())
        })
        .collect();
    RecordBatch::try_new(def.arrow_schema(), arrays).unwrap()
}

pub fn texts<S: AsRef<str>>(values: impl IntoIterator<Item = Option<S>>) -> ArrayRef {
    let mut out = StringBuilder::new();
    values.into_iter().for_each(|v| out.append_option(v));
    Arc::new(out.finish())
}

pub fn ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

pub fn amounts(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    let array: Decimal128Array = values.into_iter().map(|v| v.map(i128::from)).collect();
    Arc::new(array.with_data_type(Kind::Amount.arrow()))
}

pub fn instants(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

pub fn days(values: impl IntoIterator<Item = i32>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values))
}

pub fn floats(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Float64Array>())
}

pub fn order_lines_batch(lines: &[Line]) -> RecordBatch {
    raw(
        "order_lines",
        lines.len(),
        vec![
            ("source", texts(lines.iter().map(|l| Some(&l.source)))),
            ("line", ints(lines.iter().map(|l| l.line))),
            ("order_id", texts(lines.iter().map(|l| Some(&l.order)))),
            ("product_code", texts(lines.iter().map(|l| l.code.as_ref()))),
            ("product_name", texts(lines.iter().map(|l| l.title.as_ref()))),
            ("quantity", ints(lines.iter().map(|l| l.quantity))),
            ("unit_price", amounts(lines.iter().map(|l| Some(l.price)))),
            ("amount", amounts(lines.iter().map(|l| l.amount))),
            ("discount", amounts(lines.iter().map(|l| l.discount))),
            ("currency", texts(lines.iter().map(|l| Some(&l.currency)))),
            ("ordered_at", instants(lines.iter().map(|l| l.at))),
            ("shopper_key", texts(lines.iter().map(|l| l.shopper.as_ref()))),
            ("email_hash", texts(lines.iter().map(|l| l.email.as_ref()))),
            ("phone_hash", texts(lines.iter().map(|l| l.phone.as_ref()))),
            ("country", texts(lines.iter().map(|l| l.country.as_ref()))),
            ("status", texts(lines.iter().map(|l| l.status.as_ref()))),
        ],
    )
}

/// Rates of one day: units of each currency for one euro.
pub fn rates(rows: &[(i32, &str, &str)]) -> RecordBatch {
    let rate = |text: &str| {
        let value: Decimal = text.parse().unwrap();
        (value * Decimal::from(1_000_000_000_000_i64)).to_string().split('.').next().unwrap().parse::<i128>().unwrap()
    };
    let array = Decimal128Array::from_iter_values(rows.iter().map(|r| rate(r.2)));
    raw(
        "fx_rates",
        rows.len(),
        vec![
            ("source", texts(rows.iter().map(|_| Some("fx")))),
            ("line", ints((0..rows.len() as i64).map(|i| i + 2))),
            ("day", days(rows.iter().map(|r| r.0))),
            ("base", texts(rows.iter().map(|_| Some("EUR")))),
            ("quote", texts(rows.iter().map(|r| Some(r.1)))),
            ("rate", Arc::new(array.with_data_type(Kind::Rate.arrow()))),
        ],
    )
}

pub fn params() -> CleanParams {
    CleanParams { base: Currency::new(*b"EUR"), as_of: Day(20_000), ..CleanParams::default() }
}

pub fn survey(lines: &[Line], params: &CleanParams) -> Surveyed {
    let mut survey = Survey::new(params);
    survey.order_lines(&order_lines_batch(lines)).unwrap();
    survey.finish()
}

/// Surveys and cleans lines of one source order with default parameters and no rates.
pub fn clean(lines: &[Line]) -> OrderLinesOut {
    clean_with(lines, &params())
}

pub fn clean_with(lines: &[Line], params: &CleanParams) -> OrderLinesOut {
    let surveyed = survey(lines, params);
    clean::order_lines(&[order_lines_batch(lines)], &surveyed, &Rates::default(), params).unwrap()
}

pub fn text_column(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let array: &StringArray = batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap();
    array.iter().map(|v| v.map(str::to_owned)).collect()
}

/// A text column without missing values.
pub fn words(batch: &RecordBatch, name: &str) -> Vec<String> {
    text_column(batch, name).into_iter().map(|v| v.unwrap_or_else(|| "-".to_owned())).collect()
}

pub fn int_column(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let array: &Int64Array = batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap();
    (0..array.len()).map(|i| if array.is_null(i) { i64::MIN } else { array.value(i) }).collect()
}

pub fn amount_column(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    let array: &Decimal128Array = batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap();
    array.iter().map(|v| v.map(|v| v as i64)).collect()
}

pub fn bool_column(batch: &RecordBatch, name: &str) -> Vec<bool> {
    let array: &BooleanArray = batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap();
    array.iter().map(Option::unwrap_or_default).collect()
}

pub fn day_column(batch: &RecordBatch, name: &str) -> Vec<Option<i32>> {
    let array: &Date32Array = batch.column_by_name(name).unwrap().as_any().downcast_ref().unwrap();
    array.iter().collect()
}
