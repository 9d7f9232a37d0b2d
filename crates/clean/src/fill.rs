//! Filling the gaps of a column by a policy that the operator chose, with a record of every value.
//!
//! Nothing is filled unless it was asked for: a gap is a fact, and a made-up value must not pass for
//! one. What can be filled is listed in [`FILLABLE`]: measures of products, which have no time, and
//! the daily counts of a campaign, in order of days. Each filled value is a row of
//! `clean.filled_values`; the policies themselves are in [`crate::missing_values`].
//! Cost: one sort of the table's rows.

use crate::columns::{batch, clean_table, must_texts, text_array};
use crate::counts::RuleCounts;
use crate::missing_values::{MissingPolicy, fill};
use crate::rules::{Rule, filled_value};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Tables and columns that can be filled.
pub const FILLABLE: &[(&str, &[&str])] = &[
    ("products", &["voltage_v", "wattage_w", "length_cm", "width_cm", "height_cm", "weight_kg", "temperature_c"]),
    ("ad_spend", &["impressions", "clicks"]),
];

/// Columns that name a row, and (for a table with days) the series it belongs to.
fn key_columns(table: &str) -> &'static [&'static str] {
    match table {
        "ad_spend" => &["market", "channel", "campaign"],
        _ => &["product_id"],
    }
}

/// One column with its policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Filling {
    table: &'static str,
    column: &'static str,
    policy: MissingPolicy,
}

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillingError {
    /// No such column, or none that can be filled.
    #[error("`{0}` cannot be filled; {columns} can", columns = fillable())]
    Column(String),
    /// No such policy.
    #[error("`{0}` is no policy; constant:NUMBER, median, past-median, forward-fill, interpolate and drop are")]
    Policy(String),
    /// A policy that needs days on a table without, or would take products away.
    #[error("`{policy}` does not fit `{column}`: products have no days and none is left out; median and constant fit")]
    NoDays {
        /// The column.
        column: String,
        /// The policy.
        policy: String,
    },
}

fn fillable() -> String {
    let all = FILLABLE.iter().flat_map(|(table, columns)| columns.iter().map(move |c| format!("{table}.{c}")));
    all.collect::<Vec<_>>().join(", ")
}

impl Filling {
    /// From `table.column` and the policy's words.
    ///
    /// # Errors
    /// [`FillingError`] says what would be right.
    pub fn new(column: &str, policy: &str) -> Result<Self, FillingError> {
        let (table, name) = column.split_once('.').unwrap_or((column, ""));
        let known = FILLABLE.iter().find(|(t, _)| *t == table);
        let (table, name) = known
            .and_then(|(table, columns)| Some((*table, *columns.iter().find(|c| **c == name)?)))
            .ok_or_else(|| FillingError::Column(column.to_owned()))?;
        let parsed: MissingPolicy = policy.parse()?;
        let fits = table != "products" || matches!(parsed, MissingPolicy::Median | MissingPolicy::Constant(_));
        if !fits {
            return Err(FillingError::NoDays { column: column.to_owned(), policy: policy.to_owned() });
        }
        Ok(Self { table, column: name, policy: parsed })
    }

    /// The table whose column is filled.
    pub const fn table(&self) -> &'static str {
        self.table
    }
}

impl fmt::Display for MissingPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => write!(f, "constant:{value}"),
            Self::Median => f.write_str("median"),
            Self::PastMedian => f.write_str("past-median"),
            Self::ForwardFill => f.write_str("forward-fill"),
            Self::Interpolate => f.write_str("interpolate"),
            Self::Drop => f.write_str("drop"),
        }
    }
}

impl FromStr for MissingPolicy {
    type Err = FillingError;

    fn from_str(text: &str) -> Result<Self, FillingError> {
        let wrong = || FillingError::Policy(text.to_owned());
        match text.trim() {
            "median" => Ok(Self::Median),
            "past-median" => Ok(Self::PastMedian),
            "forward-fill" => Ok(Self::ForwardFill),
            "interpolate" => Ok(Self::Interpolate),
            "drop" => Ok(Self::Drop),
            other => {
                let value = other.strip_prefix("constant:").and_then(|v| v.trim().parse::<f64>().ok());
                value.filter(|v| v.is_finite()).map(Self::Constant).ok_or_else(wrong)
            }
        }
    }
}

/// What was filled, to become `clean.filled_values`.
#[derive(Debug, Default)]
pub struct FillRecord {
    rows: Vec<FilledValue>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FilledValue {
    table: &'static str,
    key: String,
    column: &'static str,
    policy: String,
    value: Option<String>,
}

impl FillRecord {
    /// The table clean.filled_values, by table, key and column.
    pub fn batch(mut self) -> RecordBatch {
        self.rows.sort();
        let rows = &self.rows;
        batch(
            clean_table("filled_values"),
            vec![
                must_texts(rows.iter().map(|r| r.table)),
                must_texts(rows.iter().map(|r| &r.key)),
                must_texts(rows.iter().map(|r| r.column)),
                must_texts(rows.iter().map(|r| &r.policy)),
                text_array(rows.iter().map(|r| r.value.as_deref())),
            ],
        )
    }
}

/// Fills a clean table's columns as asked for.
///
/// Counts are whole numbers and filled values of them are rounded; a series that has nothing to fill
/// from keeps its gap, with a record of that, too.
pub fn fill_table(
    table: &str,
    rows: RecordBatch,
    fillings: &[Filling],
    counts: &mut RuleCounts,
    record: &mut FillRecord,
) -> RecordBatch {
    let mut rows = rows;
    for filling in fillings.iter().filter(|f| f.table == table) {
        rows = fill_column(rows, filling, counts, record);
    }
    rows
}

fn fill_column(rows: RecordBatch, filling: &Filling, counts: &mut RuleCounts, record: &mut FillRecord) -> RecordBatch {
    let Ok(at) = rows.schema().index_of(filling.column) else { return rows };
    let column = rows.column(at);
    let (floats, ints) = (column.as_primitive_opt::<Float64Type>(), column.as_primitive_opt::<Int64Type>());
    let value = |i: usize| match (floats, ints) {
        (Some(floats), _) => floats.is_valid(i).then(|| floats.value(i)),
        (None, Some(ints)) => ints.is_valid(i).then(|| ints.value(i) as f64),
        (None, None) => None,
    };
    let name = |i: usize| {
        let cells = key_columns(filling.table).iter().filter_map(|c| rows.column_by_name(c)?.as_string_opt::<i32>());
        cells.map(|c| c.value(i)).collect::<Vec<_>>().join(" / ")
    };
    let days = rows.column_by_name("day").and_then(|d| d.as_primitive_opt::<Date32Type>());
    // Products are one series without order; a campaign's days are one each.
    let mut series: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for i in 0..rows.num_rows() {
        series.entry(if days.is_some() { name(i) } else { String::new() }).or_default().push(i);
    }
    let mut filled: Vec<Option<f64>> = (0..rows.num_rows()).map(value).collect();
    let mut keep = vec![true; rows.num_rows()];
    let before = record.rows.len();
    for members in series.values_mut() {
        let day = |i: usize| days.map_or(0, |d| i64::from(d.value(i)));
        members.sort_by_key(|&i| (day(i), i));
        let times: Vec<i64> = members.iter().map(|&i| day(i)).collect();
        let values: Vec<Option<f64>> = members.iter().map(|&i| value(i)).collect();
        for log in fill(&times, &values, filling.policy).log {
            let i = members[log.row];
            let put = log.filled.map(|v| if ints.is_some() { v.round() } else { v });
            keep[i] = filling.policy != MissingPolicy::Drop;
            filled[i] = put;
            let key = days.map_or_else(|| name(i), |d| format!("{} {}", domain::Day(d.value(i)), name(i)));
            record.rows.push(FilledValue {
                table: filling.table,
                key,
                column: filling.column,
                policy: filling.policy.to_string(),
                value: put.map(|v| v.to_string()),
            });
        }
    }
    let sample = record.rows.get(before).map(|r| (0, filled_value::sample(&r.key, r.column, r.value.as_deref())));
    let touched = (record.rows.len() - before) as u64;
    counts.add(Rule::FilledValue, "", rows.num_rows() as u64, touched, sample);

    let array: ArrayRef = if ints.is_some() {
        Arc::new(filled.iter().map(|v| v.map(|v| v as i64)).collect::<Int64Array>())
    } else {
        Arc::new(filled.into_iter().collect::<Float64Array>())
    };
    let mut columns = rows.columns().to_vec();
    columns[at] = array;
    // The same types and lengths as before.
    let all = RecordBatch::try_new(rows.schema(), columns).expect("a column of the type it replaces");
    if keep.iter().all(|k| *k) {
        return all;
    }
    // A mask of the batch's own length always fits.
    arrow_select::filter::filter_record_batch(&all, &BooleanArray::from(keep)).expect("a mask as long as the batch")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(days: &[(i32, &str, Option<i64>)]) -> RecordBatch {
        use arrow_array::{Date32Array, StringArray};
        let text = |f: fn(&(i32, &str, Option<i64>)) -> String| -> ArrayRef {
            Arc::new(days.iter().map(|d| Some(f(d))).collect::<StringArray>())
        };
        RecordBatch::try_from_iter_with_nullable([
            ("day", Arc::new(days.iter().map(|d| Some(d.0)).collect::<Date32Array>()) as ArrayRef, false),
            ("market", text(|_| "DE".into()), false),
            ("channel", text(|_| "search".into()), false),
            ("campaign", text(|d| d.1.into()), false),
            ("clicks", Arc::new(days.iter().map(|d| d.2).collect::<Int64Array>()) as ArrayRef, true),
        ])
        .unwrap()
    }

    fn clicks(policy: &str) -> (Vec<Option<i64>>, FillRecord, u64) {
        let rows = spend(&[(1, "a", Some(10)), (3, "a", Some(40)), (2, "a", None), (1, "b", None), (2, "b", Some(7))]);
        let filling = Filling::new("ad_spend.clicks", policy).unwrap();
        let (mut counts, mut record) = (RuleCounts::default(), FillRecord::default());
        let out = fill_table("ad_spend", rows, &[filling], &mut counts, &mut record);
        let column = out.column_by_name("clicks").unwrap().as_primitive::<Int64Type>().iter().collect();
        (column, record, counts.touched(Rule::FilledValue))
    }

    #[test] // Campaign a: 10 on day 1, 40 on day 3, so 25 in between. Campaign b has nothing before day 1.
    fn a_campaign_is_filled_from_its_own_days_and_every_value_is_recorded() {
        let (values, record, touched) = clicks("interpolate");
        assert_eq!(values, [Some(10), Some(40), Some(25), None, Some(7)]);
        assert_eq!(touched, 2);
        let kept: Vec<_> = record.rows.iter().map(|r| (r.key.as_str(), r.value.as_deref())).collect();
        assert_eq!(kept, [("1970-01-03 DE / search / a", Some("25")), ("1970-01-02 DE / search / b", None)]);
        assert_eq!(clicks("forward-fill").0, [Some(10), Some(40), Some(10), None, Some(7)]);
        assert_eq!(clicks("constant:0").0, [Some(10), Some(40), Some(0), Some(0), Some(7)]);
        assert_eq!(clicks("drop").0, [Some(10), Some(40), Some(7)]);
    }

    #[test]
    fn a_policy_that_does_not_fit_says_what_would() {
        let error = |column: &str, policy: &str| Filling::new(column, policy).unwrap_err().to_string();
        assert!(error("products.name", "median").contains("products.weight_kg"));
        assert!(error("products.weight_kg", "drop").contains("median and constant fit"));
        assert!(error("ad_spend.clicks", "mean").contains("forward-fill"));
        assert!(Filling::new("products.weight_kg", "constant:0.5").is_ok());
        for policy in ["median", "past-median", "forward-fill", "interpolate", "drop", "constant:1.5"] {
            assert_eq!(policy.parse::<MissingPolicy>().unwrap().to_string(), policy);
        }
    }
}
