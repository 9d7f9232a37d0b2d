//! Instants as JSON writes them: ISO 8601, read to microseconds since 1970 and written back.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// One second.
pub(crate) const SECOND: Micros = 1_000_000;
/// One minute.
pub(crate) const MINUTE: Micros = 60 * SECOND;
/// One day.
pub(crate) const DAY: Micros = 86_400 * SECOND;

/// Reads an instant: ISO 8601 with or without a zone (then UTC), a day alone, or seconds or milliseconds since 1970.
/// `None` where it is none of these.
pub fn parse_time(value: &Value) -> Option<Micros> {
    match value {
        Value::String(text) => parse_text(text.trim()),
        Value::Number(n) => from_epoch(n.as_f64()?),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn parse_text(text: &str) -> Option<Micros> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.timestamp_micros());
    }
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"));
    if let Ok(at) = naive {
        return Some(at.and_utc().timestamp_micros());
    }
    if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z") {
        return Some(at.timestamp_micros());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
}

/// A number below 10^11 is seconds (until the year 5138), above it milliseconds.
fn from_epoch(number: f64) -> Option<Micros> {
    let micros = if number.abs() < 1e11 { number * 1e6 } else { number * 1e3 };
    // Years 1 to 9999: what can be written back.
    (micros.abs() < 2.5e17).then_some(micros as Micros)
}

/// An instant as `2025-10-07T09:50:26.123Z`, with microseconds only where there are any.
pub fn write_time(at: Micros) -> String {
    let format = if at % 1000 == 0 { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    DateTime::from_timestamp_micros(at).map_or_else(|| at.to_string(), |at| at.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_instant_in_the_ways_that_libraries_write_it() {
        // 1,759,830,626 s after 1970 is 2025-10-07 09:50:26 UTC.
        let at = 1_759_830_626_250_000;
        for written in [
            json!("2025-10-07T09:50:26.250Z"),
            json!("2025-10-07T09:50:26.25+00:00"),
            json!("2025-10-07T11:50:26.250+02:00"),
            json!("2025-10-07T11:50:26.250+0200"),
            json!("2025-10-07T09:50:26.250"),
            json!(" 2025-10-07 09:50:26.250 "),
            json!(1_759_830_626_250_i64),
            json!(1_759_830_626.25),
        ] {
            assert_eq!(parse_time(&written), Some(at), "{written}");
        }
        assert_eq!(parse_time(&json!("2025-10-07")), Some(at - 35_426_250_000));
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for written in [json!("yesterday"), json!(""), json!("2025-13-45"), json!(null), json!(true), json!(1e300)] {
            assert_eq!(parse_time(&written), None, "{written}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for at in [0, 1, -1, 1_759_830_626_250_000, 1_759_830_626_250_001, -62_000_000_000_000_000] {
            assert_eq!(parse_time(&json!(write_time(at))), Some(at));
        }
        assert_eq!(write_time(1_759_830_626_250_000), "2025-10-07T09:50:26.250Z");
    }
}
