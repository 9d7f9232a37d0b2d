//! Columns to a record batch, for marts that a kernel computes.

use anyhow::Result;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use domain::{Amount, Day};
use std::sync::Arc;

/// Named columns of one length.
#[derive(Default)]
pub(crate) struct Columns {
    columns: Vec<(&'static str, ArrayRef)>,
}

impl Columns {
    pub(crate) fn text<T: AsRef<str>>(mut self, name: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        self.columns.push((name, Arc::new(StringArray::from_iter_values(values))));
        self
    }

    pub(crate) fn optional_text<T: AsRef<str>>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        self.columns.push((name, Arc::new(values.into_iter().collect::<StringArray>())));
        self
    }

    pub(crate) fn int(mut self, name: &'static str, values: impl IntoIterator<Item = i64>) -> Self {
        self.columns.push((name, Arc::new(Int64Array::from_iter_values(values))));
        self
    }

    /// Instants, microseconds since 1970.
    pub(crate) fn instant(mut self, name: &'static str, values: impl IntoIterator<Item = i64>) -> Self {
        let array = TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC");
        self.columns.push((name, Arc::new(array)));
        self
    }

    pub(crate) fn day(mut self, name: &'static str, values: impl IntoIterator<Item = Day>) -> Self {
        self.columns.push((name, Arc::new(Date32Array::from_iter_values(values.into_iter().map(|d| d.0)))));
        self
    }

    pub(crate) fn optional_day(mut self, name: &'static str, values: impl IntoIterator<Item = Option<Day>>) -> Self {
        self.columns.push((name, Arc::new(values.into_iter().map(|d| d.map(|d| d.0)).collect::<Date32Array>())));
        self
    }

    pub(crate) fn optional_int(mut self, name: &'static str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.columns.push((name, Arc::new(values.into_iter().collect::<Int64Array>())));
        self
    }

    pub(crate) fn float(mut self, name: &'static str, values: impl IntoIterator<Item = f64>) -> Self {
        self.columns.push((name, Arc::new(Float64Array::from_iter_values(values))));
        self
    }

    pub(crate) fn optional_float(mut self, name: &'static str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.columns.push((name, Arc::new(values.into_iter().collect::<Float64Array>())));
        self
    }

    pub(crate) fn truth(mut self, name: &'static str, values: impl IntoIterator<Item = bool>) -> Self {
        let values: Vec<bool> = values.into_iter().collect();
        self.columns.push((name, Arc::new(BooleanArray::from(values))));
        self
    }

    pub(crate) fn optional_amount(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = Option<Amount>>,
    ) -> Result<Self> {
        let values: Decimal128Array = values.into_iter().map(|a| a.map(|a| i128::from(a.micros()))).collect();
        let values = values.with_precision_and_scale(schema::AMOUNT_PRECISION, schema::AMOUNT_SCALE)?;
        self.columns.push((name, Arc::new(values)));
        Ok(self)
    }

    pub(crate) fn amount(mut self, name: &'static str, values: impl IntoIterator<Item = Amount>) -> Result<Self> {
        let values = Decimal128Array::from_iter_values(values.into_iter().map(|a| i128::from(a.micros())));
        let values = values.with_precision_and_scale(schema::AMOUNT_PRECISION, schema::AMOUNT_SCALE)?;
        self.columns.push((name, Arc::new(values)));
        Ok(self)
    }

    /// The batch.
    pub(crate) fn batch(self) -> Result<RecordBatch> {
        Ok(RecordBatch::try_from_iter(self.columns)?)
    }
}
