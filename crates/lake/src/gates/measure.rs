//! One query a gate. Each gives rows looked at, rows that fail and an example; freshness gives the
//! newest day.

use super::words::{fault, rows};
use super::{Check, Gate, GateKind, GateResult, GateRow, GateSettings, Severity};
use crate::{Engine, LakeError};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type};
use domain::Day;

/// The newest day of what shoppers and the shop did, as files say it. Rates, stock and costs are not asked: they may be
/// fetched long after the last order. Nor are events that the server took in: they are of today from the first page view
/// on, and a run on orders of last year would never pass again.
fn newest() -> String {
    format!(
        "select max(day) as newest from (\
    select max(day) as day from clean.orders \
    union all select max(cast(e.occurred_at as date)) from clean.events e left join raw.sources s on s.source = e.source \
      where coalesce(s.origin, '') <> '{}' \
    union all select max(cast(reviewed_at as date)) from clean.reviews \
    union all select max(day) from clean.ad_spend)",
        domain::TRACKING_ORIGIN
    )
}

/// The newest event, whoever told it.
const NEWEST_EVENT: &str = "select max(cast(occurred_at as date)) as newest from clean.events";

/// Measures every gate on the snapshot of an engine, in the order of [`super::BUILT_IN`]. Cost: a scan of
/// a few columns each, a join or a grouping where the gate is about keys.
///
/// # Errors
/// [`LakeError::Query`] when a table cannot be read.
pub async fn measure_gates(engine: &Engine, settings: &GateSettings) -> Result<Vec<GateRow>, LakeError> {
    let newest = day(&engine.sql(&newest()).await?, 0);
    let event = day(&engine.sql(NEWEST_EVENT).await?, 0);
    let mut rows = Vec::new();
    for gate in settings.gates() {
        let against = if gate.check == Check::AgeBehindEvents { event } else { newest };
        rows.push(match (query(&gate), against) {
            (Asked::Rows(sql), _) => counted(&gate, &engine.sql(&sql).await?),
            (Asked::Newest(sql), Some(newest)) => aged(&gate, &engine.sql(&sql).await?, newest),
            (Asked::Newest(_), None) => {
                row(&gate, 0, 0, None, None, ["nothing to look at", "没有可检查的内容"].map(str::to_owned))
            }
        });
    }
    Ok(rows)
}

enum Asked {
    /// Columns checked, failing, example.
    Rows(String),
    /// Columns newest, n, what.
    Newest(String),
}

fn query(gate: &Gate) -> Asked {
    let Gate { table, column, key, .. } = gate;
    let only = |prefix: &str| if gate.of.is_empty() { String::new() } else { format!(" {prefix} {}", gate.of) };
    match gate.check {
        Check::Rows { fails } => Asked::Rows(format!(
            "select count(*) as checked, coalesce(sum(case when {fails} then 1 else 0 end), 0) as failing, \
             min(case when {fails} then {key} end) as example from clean.{table}{}",
            only("where")
        )),
        Check::Known { table: other, column: there } => Asked::Rows(format!(
            "select count(*) as checked, coalesce(sum(case when known is null then 1 else 0 end), 0) as failing, \
             min(case when known is null then example end) as example from \
             (select {column} as asked, {key} as example from clean.{table} where {column} is not null{}) \
             left join (select distinct {there} as known from clean.{other}) on known = asked",
            only("and")
        )),
        Check::Once => Asked::Rows(format!(
            "select coalesce(sum(n), 0) as checked, coalesce(sum(n - 1), 0) as failing, \
             min(case when n > 1 then example end) as example from \
             (select count(*) as n, min({key}) as example from clean.{table}{} group by {column})",
            only("where")
        )),
        Check::PutAside { but } => Asked::Rows(format!(
            "select (select count(*) from clean.{table}) + count(*) as checked, count(*) as failing, \
             min(coalesce(s.name, r.source) || ' line ' || cast(r.line as varchar)) as example \
             from rejects.rows r left join raw.sources s on s.source = r.source \
             where r.table_name = '{table}' and r.rule <> '{but}'"
        )),
        Check::Age | Check::AgeBehindEvents => Asked::Newest(format!(
            "select max(cast({column} as date)) as newest, count({column}) as n, 'all' as what from clean.{table}{}",
            only("where")
        )),
        Check::AgeByFormat => Asked::Newest(format!(
            "select newest, n, what from (\
             select max(l.day) as newest, count(*) as n, s.format as what \
             from clean.{table} l join raw.sources s on s.source = l.source{} group by s.format\
             ) order by newest, what",
            only("where")
        )),
    }
}

fn counted(gate: &Gate, answer: &[RecordBatch]) -> GateRow {
    let (checked, failing) = (int(answer, 0), int(answer, 1));
    if checked == 0 {
        return row(
            gate,
            0,
            0,
            None,
            None,
            [format!("there are no {}", gate.rows), format!("没有{}", rows(gate.rows))],
        );
    }
    let share = failing as f64 / checked as f64;
    let (what, fault) = (rows(gate.rows), fault(gate.fault));
    let says = if failing == 0 {
        let zh = format!("{checked} 条{what}中没有一条{fault}");
        [format!("none of {checked} {} {}", gate.rows, gate.fault), zh]
    } else {
        let (found, limit) = (percent(share), percent(gate.at_most));
        let zh = format!("{checked} 条{what}中有 {failing} 条({found}){fault};上限为 {limit}");
        [format!("{failing} of {checked} {} ({found}) {}; at most {limit} may", gate.rows, gate.fault), zh]
    };
    row(gate, checked, failing, Some(share), text(answer, 2), says)
}

fn aged(gate: &Gate, answer: &[RecordBatch], newest: Day) -> GateRow {
    let Some(of) = day(answer, 0) else {
        let zh = format!("没有带日期的{}", rows(gate.rows));
        return row(gate, 0, 0, None, None, [format!("there are no {} with a day", gate.rows), zh]);
    };
    let n = answer.iter().flat_map(|b| b.column(1).as_primitive::<Int64Type>().iter().flatten()).sum();
    let age = newest.since(of).max(0);
    let (what, zh) = match gate.check {
        Check::AgeByFormat => {
            let format = text(answer, 2).unwrap_or_default();
            (format!("{} from {format}", gate.rows), format!("来自 {format} 的{}", rows(gate.rows)))
        }
        Check::Rows { .. }
        | Check::Known { .. }
        | Check::Once
        | Check::Age
        | Check::AgeBehindEvents
        | Check::PutAside { .. } => (gate.rows.to_owned(), rows(gate.rows).to_owned()),
    };
    let limit = gate.at_most;
    let behind = if gate.check == Check::AgeBehindEvents { ["event", "事件"] } else { ["data", "数据"] };
    let days = if age == 1 { "1 day".to_owned() } else { format!("{age} days") };
    let says = [
        format!(
            "the newest {what} are of {of}, {days} before the newest {} ({newest}); at most {limit} may be",
            behind[0]
        ),
        format!("最新的{zh}为 {of},比最新{}({newest})早 {age} 天;上限为 {limit} 天", behind[1]),
    ];
    let failing = i64::from(f64::from(age) > limit);
    row(gate, n, failing, Some(f64::from(age)), Some(of.to_string()), says)
}

fn row(
    gate: &Gate,
    checked: i64,
    failing: i64,
    measured: Option<f64>,
    example: Option<String>,
    [says, says_zh]: [String; 2],
) -> GateRow {
    let result = match (measured, gate.severity) {
        (None, _) => GateResult::NoData,
        (Some(measured), _) if measured <= gate.at_most => GateResult::Pass,
        (Some(_), Severity::Fail) => GateResult::Fail,
        (Some(_), Severity::Warn) => GateResult::Warn,
    };
    let unit = if gate.kind == GateKind::Freshness { "days" } else { "share" };
    GateRow {
        gate: gate.name,
        kind: gate.kind,
        table: gate.table,
        column: gate.column,
        severity: gate.severity,
        result,
        unit,
        at_most: gate.at_most,
        measured,
        checked,
        failing,
        example,
        says,
        says_zh,
    }
}

/// A share as people read it: whole percents, more places where whole ones would say 0.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p == 0.0 || p >= 10.0 => format!("{p:.0} %"),
        p if p >= 0.1 => format!("{p:.1} %"),
        p => format!("{p:.4} %"),
    }
}

fn first(answer: &[RecordBatch]) -> Option<&RecordBatch> {
    answer.iter().find(|b| b.num_rows() > 0)
}

fn int(answer: &[RecordBatch], column: usize) -> i64 {
    first(answer).and_then(|b| b.column(column).as_primitive_opt::<Int64Type>()).map_or(0, |a| a.value(0))
}

fn day(answer: &[RecordBatch], column: usize) -> Option<Day> {
    let array = first(answer)?.column(column).as_primitive_opt::<Date32Type>()?;
    (!array.is_null(0)).then(|| Day(array.value(0)))
}

fn text(answer: &[RecordBatch], column: usize) -> Option<String> {
    let array = first(answer)?.column(column);
    (!array.is_null(0)).then(|| array.as_string_opt::<i32>().map(|a| a.value(0).to_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_never_shown_as_nothing() {
        assert_eq!([percent(0.0), percent(1.0 / 3.0), percent(0.02)], ["0 %", "33 %", "2.0 %"]);
        assert_eq!([percent(0.0123), percent(0.000_01)], ["1.2 %", "0.0010 %"]);
    }
}
