//! JSON lines: one object a line. The columns are the keys of the first lines; a nested object
//! becomes its JSON text. Lines beyond the record limit and lines that are no object are bad rows.

use crate::csv::{CsvParams, Records, TextSource, visible};
use crate::encoding::{Decoded, EncodingReport};
use crate::error::IntakeError;
use crate::record::{BadRow, Built, Next, RowSource};
use domain::Decimal;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Whether a text begins like JSON lines.
pub(crate) fn looks_like(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{')
}

/// A line is a record of one cell: no byte of UTF-8 text is 0xff, so nothing parts or quotes it.
pub(crate) fn params(max_record: usize) -> CsvParams {
    CsvParams { delimiter: 0xff, quote: 0xff, cr_only: false, max_record }
}

/// One line as an object.
pub(crate) fn object(line: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(line) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("not an object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The keys of one line, in their order; none of a line that is no object.
pub(crate) fn keys(line: &str) -> Vec<String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
            let mut keys = Vec::new();
            while let Some(key) = map.next_key::<String>()? {
                map.next_value::<IgnoredAny>()?;
                keys.push(key);
            }
            Ok(keys)
        }
    }
    serde_json::Deserializer::from_str(line).deserialize_map(Keys).unwrap_or_default()
}

/// A value as a cell.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The cell of a key. A number is taken as it is written: as a float, which is how it was parsed, it
/// would lose the last digits of a long amount.
pub(crate) fn cell_of(line: &str, map: &Map<String, Value>, key: &str) -> String {
    match map.get(key) {
        None => String::new(),
        Some(Value::Number(number)) if number.is_f64() => {
            let written = raw_value(line, key).unwrap_or("").to_owned();
            match Decimal::from_scientific(&written) {
                Ok(value) if written.contains(['e', 'E']) => value.normalize().to_string(),
                _ if written.is_empty() => number.to_string(),
                _ => written,
            }
        }
        Some(value) => cell(value),
    }
}

/// The text of a key's value in a line that is a JSON object; of a repeated key the last.
fn raw_value<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let bytes = line.as_bytes();
    let (mut at, mut depth, mut found) = (0, 0_usize, None);
    // Where the last key or value of the object itself began; whether that was a key of this name.
    let (mut start, mut ours) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let from = at;
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                let text = line.get(from..=at)?;
                if depth == 1
                    && line[at + 1..].trim_start().starts_with(':')
                    && line[..from].trim_end().ends_with(['{', ','])
                {
                    ours = serde_json::from_str::<String>(text).is_ok_and(|name| name == key);
                }
            }
            b':' if depth == 1 => start = at + 1,
            b'{' | b'[' => depth += 1,
            end @ (b'}' | b']' | b',') => {
                if depth == 1 && ours && end != b']' {
                    found = Some(line.get(start..at)?.trim());
                    ours = false;
                }
                depth = depth.saturating_sub(usize::from(end != b','));
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Rows of JSON lines.
pub(crate) struct JsonRows {
    records: Records<Decoded>,
    keys: Vec<String>,
    built: Built,
    whole: bool,
}

impl JsonRows {
    pub(crate) fn new(decoded: Decoded, begun: String, keys: Vec<String>, max_record: usize) -> Self {
        let records = Records::new(decoded, begun, params(max_record));
        Self { records, keys, built: Built::default(), whole: false }
    }
}

impl RowSource for JsonRows {
    fn header(&self) -> &[String] {
        &self.keys
    }

    fn header_line(&self) -> u64 {
        1
    }

    fn next(&mut self) -> Result<Next<'_>, IntakeError> {
        if self.whole {
            return self.records.next();
        }
        let record = match self.records.next()? {
            Next::Row(record) => record,
            Next::Bad(bad) => return Ok(Next::Bad(bad)),
            Next::End => return Ok(Next::End),
        };
        let line = record.line;
        let map = match object(record.get(0)) {
            Ok(map) => map,
            Err(error) => {
                let value = format!("{error}: {}", visible(record.get(0)));
                return Ok(Next::Bad(BadRow {
                    line,
                    rule: "not_json",
                    value,
                    expected: "one JSON object on the line".into(),
                }));
            }
        };
        self.built.clear();
        for key in &self.keys {
            self.built.push(&cell_of(record.get(0), &map, key));
        }
        Ok(Next::Row(self.built.record(line)))
    }

    fn taken(&self) -> u64 {
        self.records.source().taken()
    }

    fn lines(&self) -> u64 {
        self.records.line()
    }

    fn whole_lines(&mut self) {
        self.whole = true;
    }

    fn encoding(&self) -> Option<EncodingReport> {
        Some(self.records.source().report().clone())
    }

    fn notes(&mut self) -> Vec<String> {
        self.records.source_mut().notes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_every_digit_that_is_written() {
        let line = r#"{"a":{"price":1.5},"price": 123456789012.123456 ,"b":[1,{"price":2}],"e":1.5e-3,"t":"x\\","q":"\"price\":7"}"#;
        let map = object(line).unwrap();
        for (key, cell) in
            [("price", "123456789012.123456"), ("e", "0.0015"), ("t", "x\\"), ("q", "\"price\":7"), ("none", "")]
        {
            assert_eq!(cell_of(line, &map, key), cell, "{key}");
        }
        assert_eq!(raw_value(r#"{"p":1.25,"p":2.50}"#, "p"), Some("2.50"));
        assert_eq!(raw_value(r#"{"o":{"p":1.25},"x":"p"}"#, "p"), None);
    }
}
