//! What came, what was put aside, what each rule touched.

use crate::{Engine, LakeError};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use serde::Serialize;

/// The state of the data, source by source and rule by rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QualityReport {
    /// Files in order of arrival.
    pub sources: Vec<SourceRow>,
    /// Every cleaning rule, also those that found nothing.
    pub rules: Vec<RuleRow>,
    /// Rows put aside, by table and rule.
    pub rejects: Vec<RejectRow>,
    /// Orders whose source states their total.
    pub totals: Totals,
    /// Whether the words of reviews count, by language; empty without reviews.
    pub sentiment: Vec<SentimentRow>,
    /// What people did on networks, and how much of it shoppers did who are known: all networks first, then each; empty
    /// without interactions.
    pub interactions: Vec<InteractionRow>,
}

/// Interactions of one network, and who did them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InteractionRow {
    /// The network, or `all`.
    pub platform: String,
    /// Interactions, each once.
    pub interactions: i64,
    /// Those of them that a known shopper did.
    pub linked: i64,
    /// `linked` as a share of `interactions`, 0 to 1.
    pub link_rate: f64,
    /// Linked by a customer number, e-mail or phone of their own.
    pub by_own_key: i64,
    /// Linked by a handle that came with one of those elsewhere.
    pub by_handle: i64,
    /// Different authors who are linked to nobody.
    pub unknown_authors: i64,
    /// Rows that repeated another and were merged into it.
    pub repeats: i64,
}

/// Orders whose source states their total, and whether their lines come to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Orders with a stated total.
    pub stated: i64,
    /// Those of them that add up to the cent.
    pub tied: i64,
    /// The first of the others, at most twenty.
    pub open: Vec<OpenOrder>,
}

/// An order that does not add up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenOrder {
    /// Order as its source names it.
    pub order_id: String,
    /// ISO 4217.
    pub currency: String,
    /// What its source says, major units.
    pub stated: String,
    /// What its lines come to, major units.
    pub lines: String,
    /// File and line of its first line.
    pub first: String,
}

/// The words of reviews in one language.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentimentRow {
    /// ISO 639-1, `all`, or `und`.
    pub language: String,
    /// Rated reviews with words of 1, 2, 4 or 5 stars.
    pub rated: i64,
    /// Share that words call right, held out.
    pub accuracy: Option<f64>,
    /// The same when all are called the more frequent side.
    pub majority: Option<f64>,
    /// Whether words count.
    pub used: bool,
    /// The reason.
    pub why: String,
}

/// One ingested file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceRow {
    /// File name.
    pub name: String,
    /// Fingerprint.
    pub source: String,
    /// Connector.
    pub format: String,
    /// Encoding as detected.
    pub encoding: String,
    /// Rows taken.
    pub rows: i64,
    /// Rows put aside by the reader.
    pub rejected: i64,
    /// What the reader assumed.
    pub notes: Vec<String>,
    /// Terms of use, where stated.
    pub licence: Option<String>,
    /// Who gave it, where stated.
    pub origin: Option<String>,
    /// When it was obtained, where stated: `2026-11-25`.
    pub obtained: Option<String>,
}

/// One cleaning rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleRow {
    /// Name.
    pub rule: String,
    /// What it does.
    pub policy: String,
    /// Rows it looked at.
    pub checked: i64,
    /// Rows it changed, marked, merged or put aside.
    pub touched: i64,
    /// One example.
    pub sample: Option<String>,
}

/// Rows put aside for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RejectRow {
    /// Table they were meant for.
    pub table: String,
    /// Rule they broke.
    pub rule: String,
    /// How many.
    pub rows: i64,
    /// The first of them: file, line, column, value and what would be right.
    pub first: String,
}

/// Gathers the report.
///
/// # Errors
/// [`LakeError::Query`] when a table cannot be read.
pub async fn quality(engine: &Engine) -> Result<QualityReport, LakeError> {
    let sources = engine
        .sql(
            "select name, source, format, encoding, notes, rows, rejected, licence, origin, \
             cast(obtained as varchar) as obtained from raw.sources order by sequence",
        )
        .await?;
    let rules = engine
        .sql(
            "select rule, policy, min(sample) as sample, sum(checked) as checked, sum(touched) as touched \
             from clean.rule_counts group by rule, policy order by rule, policy",
        )
        .await?;
    let rejects = engine
        .sql(
            "select r.table_name, r.rule, \
             first_value(coalesce(s.name, r.source) || ' line ' || cast(r.line as varchar) \
               || coalesce(', column ' || r.\"column\", '') || coalesce(', value `' || r.value || '`', '') \
               || ': ' || r.expected order by r.source, r.line) as first, \
             count(*) as n \
             from rejects.rows r left join raw.sources s on s.source = r.source \
             group by r.table_name, r.rule order by r.table_name, r.rule",
        )
        .await?;
    let totals = engine
        .sql(
            "select count(stated_total) as stated, \
             count(case when total = stated_total then 1 end) as tied from clean.orders",
        )
        .await?;
    let open = engine
        .sql(
            "with o as (select order_key, order_id, currency, total, stated_total from clean.orders \
               where total <> stated_total order by order_key limit 20), \
             l as (select order_key, source, line, row_number() over (partition by order_key order by source, line) as nth \
               from clean.order_lines where order_key in (select order_key from o)) \
             select o.order_id, o.currency, cast(o.stated_total as varchar) as stated, \
               cast(o.total as varchar) as lines, \
               coalesce(s.name, l.source) || ' line ' || cast(l.line as varchar) as first \
             from o join l on l.order_key = o.order_key and l.nth = 1 \
             left join raw.sources s on s.source = l.source order by o.order_key",
        )
        .await?;
    let totals = Totals {
        stated: int(&totals[0], 0, 0),
        tied: int(&totals[0], 1, 0),
        open: rows(&open, |b, i| OpenOrder {
            order_id: text(b, 0, i),
            currency: text(b, 1, i),
            stated: text(b, 2, i),
            lines: text(b, 3, i),
            first: text(b, 4, i),
        }),
    };
    let sentiment = engine
        .sql(
            "select language, n_negative + n_positive as rated, accuracy, majority, used, why from clean.sentiment_quality \
             order by case when language = 'all' then 0 else 1 end, language",
        )
        .await?;
    let interactions = engine
        .sql(
            "select platform, count(*) as n, count(shopper_id) as linked, \
               cast(count(shopper_id) as double) / count(*) as link_rate, \
               count(case when linked_by <> 'handle' then 1 end) as by_own_key, \
               count(case when linked_by = 'handle' then 1 end) as by_handle, \
               count(distinct case when shopper_id is null then handle_hash end) as unknown_authors, \
               cast(sum(repeats) as bigint) as repeats \
             from (select 0 as nth, 'all' as platform, shopper_id, linked_by, handle_hash, repeats from clean.interactions \
               union all select 1 as nth, platform, shopper_id, linked_by, handle_hash, repeats from clean.interactions) \
             group by nth, platform order by nth, platform",
        )
        .await?;
    Ok(QualityReport {
        totals,
        interactions: rows(&interactions, |b, i| InteractionRow {
            platform: text(b, 0, i),
            interactions: int(b, 1, i),
            linked: int(b, 2, i),
            link_rate: float(b, 3, i).unwrap_or_default(),
            by_own_key: int(b, 4, i),
            by_handle: int(b, 5, i),
            unknown_authors: int(b, 6, i),
            repeats: int(b, 7, i),
        }),
        sentiment: rows(&sentiment, |b, i| SentimentRow {
            language: text(b, 0, i),
            rated: int(b, 1, i),
            accuracy: float(b, 2, i),
            majority: float(b, 3, i),
            used: b.column(4).as_boolean_opt().is_some_and(|a| a.value(i)),
            why: text(b, 5, i),
        }),
        sources: rows(&sources, |b, i| SourceRow {
            name: text(b, 0, i),
            source: text(b, 1, i),
            format: text(b, 2, i),
            encoding: text(b, 3, i),
            notes: serde_json::from_str(&text(b, 4, i)).unwrap_or_default(),
            rows: int(b, 5, i),
            rejected: int(b, 6, i),
            licence: stated(b, 7, i),
            origin: stated(b, 8, i),
            obtained: stated(b, 9, i),
        }),
        rules: rows(&rules, |b, i| RuleRow {
            rule: text(b, 0, i),
            policy: text(b, 1, i),
            sample: Some(text(b, 2, i)).filter(|s| !s.is_empty()),
            checked: int(b, 3, i),
            touched: int(b, 4, i),
        }),
        rejects: rows(&rejects, |b, i| RejectRow {
            table: text(b, 0, i),
            rule: text(b, 1, i),
            first: text(b, 2, i),
            rows: int(b, 3, i),
        }),
    })
}

fn rows<T>(batches: &[RecordBatch], mut row: impl FnMut(&RecordBatch, usize) -> T) -> Vec<T> {
    let mut out = Vec::new();
    for batch in batches {
        out.extend((0..batch.num_rows()).map(|i| row(batch, i)));
    }
    out
}

fn text(batch: &RecordBatch, column: usize, row: usize) -> String {
    let array = batch.column(column);
    if array.is_null(row) {
        return String::new();
    }
    array.as_string_opt::<i32>().map_or_else(String::new, |a| a.value(row).to_owned())
}

/// A text, or nothing where nobody stated one.
fn stated(batch: &RecordBatch, column: usize, row: usize) -> Option<String> {
    Some(text(batch, column, row)).filter(|t| !t.is_empty())
}

fn float(batch: &RecordBatch, column: usize, row: usize) -> Option<f64> {
    let array = batch.column(column).as_primitive_opt::<Float64Type>()?;
    (!array.is_null(row)).then(|| array.value(row))
}

fn int(batch: &RecordBatch, column: usize, row: usize) -> i64 {
    let array = batch.column(column);
    if array.is_null(row) { 0 } else { array.as_primitive_opt::<Int64Type>().map_or(0, |a| a.value(row)) }
}
