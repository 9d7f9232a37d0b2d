//! Answers of the query engine as tables of the wire, with what each column means.

use super::meanings;
use super::snapshot::Snapshot;
use crate::pipeline::said;
use anyhow::{Context, Result};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::Engine;
use schema::{TableDef, Zone};
use serde_json::Value;
use serve::wire::table::{Cell, Column, Table};

/// The table of a mart, by name.
pub(super) fn mart(name: &str) -> Option<&'static TableDef> {
    schema::table(Zone::Marts, name)
}

/// The answer of a query; columns that `of` has mean what it says.
pub(super) async fn query(engine: &Engine, of: Option<&TableDef>, sql: &str) -> Result<Table> {
    let batches = engine.sql(sql).await?;
    table(&batches, of)
}

/// A whole mart.
pub(super) async fn all(now: &Snapshot, name: &str, order: &str) -> Result<Table> {
    query(&now.engine, mart(name), &format!("select * from marts.{name} order by {order}")).await
}

/// One page of a query, with the number of all its rows.
pub(super) async fn page(
    engine: &Engine,
    of: Option<&TableDef>,
    sql: &str,
    order: &str,
    (from, n): (usize, usize),
) -> Result<Table> {
    let all = crate::pipeline::rows::Rows::query(engine, &format!("select count(*) as n from ({sql}) t")).await?;
    let total = all.ints("n")?.first().copied().unwrap_or(0);
    let mut page = query(engine, of, &format!("{sql} order by {order} limit {n} offset {from}")).await?;
    page.total = total.unsigned_abs();
    Ok(page)
}

/// Batches as a table.
pub(super) fn table(batches: &[RecordBatch], of: Option<&TableDef>) -> Result<Table> {
    let first = batches.first().context("a query gives at least one batch")?;
    let column = |field: &arrow::datatypes::FieldRef| {
        let meaning = of.and_then(|def| def.column(field.name())).map_or("", |column| column.meaning);
        Column::new(field.name(), kind(field.data_type()), meaning).in_chinese(meanings::zh(meaning))
    };
    let columns = first.schema().fields().iter().map(column).collect();
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let cells: Vec<Vec<Cell>> = batch.columns().iter().map(|c| cells(c.as_ref())).collect::<Result<_>>()?;
        let mut columns: Vec<_> = cells.into_iter().map(Vec::into_iter).collect();
        rows.extend((0..batch.num_rows()).map(|_| columns.iter_mut().map(|c| c.next().unwrap_or_default()).collect()));
    }
    let total = rows.len() as u64;
    Ok(Table { columns, rows, total })
}

/// Puts the Chinese of a column of sentences behind it, under its name and `_zh`; the console shows the one or the other.
pub(super) fn in_chinese(mut table: Table, name: &str) -> Table {
    let Some(at) = table.columns.iter().position(|column| column.name == name) else { return table };
    let meaning = table.columns[at].meaning.clone();
    let column = Column::new(&format!("{name}_zh"), "text", &meaning).in_chinese(meanings::zh(&meaning));
    table.columns.insert(at + 1, column);
    for row in &mut table.rows {
        let chinese = row[at].0.as_str().map(chinese);
        row.insert(at + 1, chinese.into());
    }
    table
}

/// A sentence, or a JSON list of sentences, in Chinese.
fn chinese(text: &str) -> String {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(list) => Value::from(list.iter().map(|one| said::zh(one)).collect::<Vec<_>>()).to_string(),
        Err(_) => said::zh(text),
    }
}

fn kind(kind: &DataType) -> &'static str {
    match kind {
        DataType::Boolean => "boolean",
        DataType::Decimal128(..) | DataType::Decimal256(..) => "decimal",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(..) => "time",
        kind if kind.is_integer() => "integer",
        kind if kind.is_floating() => "float",
        DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => "json",
        _ => "text",
    }
}

fn cells(column: &dyn Array) -> Result<Vec<Cell>> {
    let number = |x: f64| serde_json::Number::from_f64(x).map_or(Value::Null, Value::Number);
    let cast = |to: &DataType| arrow::compute::cast(column, to);
    Ok(match column.data_type() {
        DataType::Boolean => column.as_boolean().iter().map(|b| Cell(b.into())).collect(),
        kind if kind.is_integer() && *kind != DataType::UInt64 => {
            cast(&DataType::Int64)?.as_primitive::<Int64Type>().iter().map(|n| Cell(n.into())).collect()
        }
        kind if kind.is_floating() => {
            let values = cast(&DataType::Float64)?;
            values.as_primitive::<Float64Type>().iter().map(|x| Cell(x.map_or(Value::Null, number))).collect()
        }
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().iter();
            days.map(|d| Cell(d.map(|d| domain::Day(d).to_string()).into())).collect()
        }
        _ => {
            let options = FormatOptions::default().with_timestamp_format(Some("%Y-%m-%dT%H:%M:%SZ"));
            let format = ArrayFormatter::try_new(column, &options)?;
            let text = |at| if column.is_null(at) { Value::Null } else { Value::String(format.value(at).to_string()) };
            (0..column.len()).map(|at| Cell(text(at))).collect()
        }
    })
}

/// A text as SQL quotes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn every_kind_of_value_keeps_its_digits() {
        let decimal = Decimal128Array::from(vec![Some(12_345_600_000), None]).with_precision_and_scale(38, 6).unwrap();
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("market", Arc::new(StringArray::from(vec![Some("DE"), None])) as Arc<dyn Array>, true),
            ("n_orders", Arc::new(Int32Array::from(vec![Some(3), None])), true),
            ("revenue", Arc::new(decimal), true),
            ("share", Arc::new(Float64Array::from(vec![Some(0.5), Some(f64::NAN)])), true),
            ("day", Arc::new(Date32Array::from(vec![Some(0), None])), true),
            ("known", Arc::new(BooleanArray::from(vec![Some(true), None])), true),
        ])
        .unwrap();
        let table = table(&[batch], mart("market_summary")).unwrap();
        let kinds: Vec<&str> = table.columns.iter().map(|c| c.kind.as_str()).collect();
        assert_eq!(kinds, ["text", "integer", "decimal", "float", "date", "boolean"]);
        let first: Vec<Value> = table.rows[0].iter().map(|c| c.0.clone()).collect();
        let want = serde_json::json!(["DE", 3, "12345.600000", 0.5, "1970-01-01", true]);
        assert_eq!(Value::Array(first), want);
        assert!(table.rows[1].iter().all(|cell| cell.0.is_null()), "{:?}", table.rows[1]);
        assert!(table.columns[0].meaning.contains("ISO 3166"), "{:?}", table.columns[0]);
        assert_eq!(table.total, 2);
        assert_eq!(quoted("O'Hara"), "'O''Hara'");
    }
}
