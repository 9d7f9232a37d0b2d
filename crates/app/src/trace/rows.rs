//! Rows of any query: named cells that are numbers, texts or nothing.

use anyhow::Result;
use lake::Engine;
use serde_json::{Map, Value};

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(Map<String, Value>);

impl Row {
    #[cfg(test)]
    pub(crate) fn of(value: Value) -> Self {
        Self(value.as_object().cloned().unwrap_or_default())
    }

    /// A cell as a number; amounts are texts of digits.
    pub(crate) fn number(&self, column: &str) -> Option<f64> {
        number(self.0.get(column)?)
    }

    /// A cell as a text.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        self.0.get(column)?.as_str()
    }

    /// All cells that are numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().filter_map(|(column, value)| Some((column.as_str(), number(value)?)))
    }

    /// Whether the row says that it is the one that a figure's key has in brackets: a cell is that name, or a part of it
    /// (`SA-0007.goods`, `ials:pooled`, `k=4`, `SA-0007#1`).
    pub(crate) fn names(&self, row: &str) -> bool {
        let parts = || row.split(['.', ':', '#', '=', '+']).filter(|part| !part.is_empty());
        self.0.values().any(|cell| match cell {
            Value::String(text) => {
                text == row || row.starts_with(text.as_str()) || parts().any(|p| text.starts_with(p))
            }
            Value::Number(n) => parts().any(|p| p.parse::<f64>().is_ok_and(|x| n.as_f64() == Some(x))),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        })
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(crate) async fn rows_of(engine: &Engine, sql: &str) -> Result<Vec<Row>> {
    let mut writer = arrow::json::ArrayWriter::new(Vec::new());
    for batch in &engine.sql(sql).await? {
        writer.write(batch)?;
    }
    writer.finish()?;
    let bytes = writer.into_inner();
    let rows: Vec<Map<String, Value>> = if bytes.is_empty() { Vec::new() } else { serde_json::from_slice(&bytes)? };
    Ok(rows.into_iter().map(Row).collect())
}
