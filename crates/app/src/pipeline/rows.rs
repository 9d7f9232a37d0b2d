//! Typed access to the columns of a query's answer.

use anyhow::{Context, Result, anyhow};
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type};
use domain::{Amount, Day, Market};
use lake::Engine;

/// The answer of a query as one batch.
pub(crate) struct Rows {
    batch: RecordBatch,
}

impl Rows {
    pub(crate) async fn query(engine: &Engine, sql: &str) -> Result<Self> {
        Self::of(&engine.sql(sql).await?)
    }

    /// Batches of one answer, at least one.
    pub(crate) fn of(batches: &[RecordBatch]) -> Result<Self> {
        let schema = batches.first().context("a query gives at least one batch")?.schema();
        Ok(Self { batch: arrow::compute::concat_batches(&schema, batches)? })
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    fn column(&self, name: &str, kind: &DataType) -> Result<arrow::array::ArrayRef> {
        let column = self.batch.column_by_name(name).ok_or_else(|| anyhow!("the query gives no column `{name}`"))?;
        Ok(if column.data_type() == kind { column.clone() } else { cast(column, kind)? })
    }

    /// Texts where they lie; empty where missing. For columns of millions of rows with few different texts.
    pub(crate) fn column_of_texts(&self, name: &str) -> Result<StringArray> {
        Ok(self.column(name, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    /// Texts; empty where missing.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.optional_texts(name)?.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Texts or nothing.
    pub(crate) fn optional_texts(&self, name: &str) -> Result<Vec<Option<String>>> {
        let column = self.column(name, &DataType::Utf8)?;
        Ok(column.as_string::<i32>().iter().map(|t| t.map(str::to_owned)).collect())
    }

    /// Integers; 0 where missing.
    pub(crate) fn ints(&self, name: &str) -> Result<Vec<i64>> {
        let column = self.column(name, &DataType::Int64)?;
        Ok(column.as_primitive::<Int64Type>().iter().map(Option::unwrap_or_default).collect())
    }

    /// Whole numbers or nothing.
    pub(crate) fn optional_ints(&self, name: &str) -> Result<Vec<Option<i64>>> {
        let column = self.column(name, &DataType::Int64)?;
        Ok(column.as_primitive::<Int64Type>().iter().collect())
    }

    /// Floats or nothing.
    pub(crate) fn floats(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let column = self.column(name, &DataType::Float64)?;
        Ok(column.as_primitive::<Float64Type>().iter().collect())
    }

    /// Amounts; 0 where missing.
    pub(crate) fn amounts(&self, name: &str) -> Result<Vec<Amount>> {
        let column = self.column(name, &DataType::Decimal128(38, 6))?;
        let values = column.as_primitive::<Decimal128Type>();
        values
            .iter()
            .map(|v| {
                i64::try_from(v.unwrap_or(0)).map(Amount::from_micros).with_context(|| format!("`{name}` is too large"))
            })
            .collect()
    }

    /// Truths; false where missing.
    pub(crate) fn truths(&self, name: &str) -> Result<Vec<bool>> {
        let column = self.column(name, &DataType::Boolean)?;
        Ok(column.as_boolean().iter().map(|t| t.unwrap_or(false)).collect())
    }

    /// Days.
    pub(crate) fn days(&self, name: &str) -> Result<Vec<Day>> {
        let column = self.column(name, &DataType::Date32)?;
        let values = column.as_primitive::<Date32Type>();
        if values.null_count() > 0 {
            return Err(anyhow!("`{name}` has empty days"));
        }
        Ok(values.values().iter().map(|d| Day(*d)).collect())
    }

    /// Days or nothing.
    pub(crate) fn optional_days(&self, name: &str) -> Result<Vec<Option<Day>>> {
        let column = self.column(name, &DataType::Date32)?;
        Ok(column.as_primitive::<Date32Type>().iter().map(|d| d.map(Day)).collect())
    }

    /// Markets.
    pub(crate) fn markets(&self, name: &str) -> Result<Vec<Market>> {
        self.texts(name)?.into_iter().map(|t| t.parse().with_context(|| format!("column `{name}`"))).collect()
    }
}
