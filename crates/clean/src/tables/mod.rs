//! The plain tables: read a row, put its words in canonical form, keep one row a key.
//!
//! Batches arrive in order of source and line. Where a key comes twice the later record holds (for
//! events the first), and what was replaced is recorded in clean.merges. A call has to see all rows
//! of a key.

mod ad_spend;
mod competitor_prices;
mod costs;
mod events;
mod fx_rates;
mod interactions;
mod market_facts;
mod media;
mod questions;
mod reviews;
mod stock;

pub use ad_spend::ad_spend;
pub use competitor_prices::competitor_prices;
pub use costs::costs;
pub use events::{events, events_partition};
pub use fx_rates::fx_rates;
pub(crate) use interactions::Authors;
pub use interactions::interactions;
pub use market_facts::market_facts;
pub use media::media;
pub use questions::questions;
pub use reviews::reviews;
pub use stock::stock;

use crate::columns::{Ints, Reader, Text, batch, clean_table, must_ints, must_texts};
use crate::counts::Counter;
use crate::hash::NONE;
use crate::identity::RowKeys;
use crate::rejects::{Finding, Rejects};
use crate::rules::country::{Place, Places};
use crate::rules::currency::{Currencies, wrong};
use crate::rules::product_code_case::product_id;
use crate::rules::text::normalize;
use crate::rules::{Rule, broken_encoding, future_date, impossible, missing_key};
use crate::survey::{Lookup, Surveyed};
use crate::{CleanError, CleanParams, RuleCounts};
use arrow_array::RecordBatch;
use domain::{Currency, Day, Market};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What became of the rows of a table.
#[derive(Debug)]
pub struct TableOut {
    /// The clean table, by key.
    pub batch: RecordBatch,
    /// The table rejects.rows.
    pub rejects: RecordBatch,
    /// The part of clean.merges that is about this table.
    pub merges: RecordBatch,
    /// What the rules touched.
    pub counts: RuleCounts,
}

/// One call: the rows' findings and where they come from.
struct Sweep<'a> {
    table: &'static str,
    surveyed: &'a Surveyed,
    params: &'a CleanParams,
    counter: Counter,
    rejects: Rejects,
    merges: Vec<(Rule, String, String, String, i64)>,
    places: Places,
    currencies: Currencies,
    lookup: Lookup,
    at: At,
}

/// Source and line of the present row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct At {
    source: String,
    line: i64,
}

/// Where a row's source and line stand.
struct Origin<'a> {
    source: Text<'a>,
    line: Ints<'a>,
}

impl<'a> Origin<'a> {
    fn new(reader: Reader<'a>) -> Result<Self, CleanError> {
        Ok(Self { source: reader.text("source")?, line: reader.ints("line")? })
    }
}

impl<'a> Sweep<'a> {
    fn new(table: &'static str, surveyed: &'a Surveyed, params: &'a CleanParams) -> Self {
        Self {
            table,
            surveyed,
            params,
            counter: Counter::default(),
            rejects: Rejects::default(),
            merges: Vec::new(),
            places: Places::default(),
            currencies: Currencies::default(),
            lookup: Lookup::default(),
            at: At::default(),
        }
    }

    /// Moves to a row that these rules look at.
    fn row(&mut self, at: &Origin<'_>, row: usize, rules: &[Rule]) -> At {
        let source = at.source.get(row).unwrap_or_default();
        if self.at.source != source {
            source.clone_into(&mut self.at.source);
        }
        self.at.line = at.line.get(row).unwrap_or(0);
        self.counter.source(source);
        self.counter.checked(rules);
        self.at.clone()
    }

    /// Moves back to a row that was met before.
    fn back_to(&mut self, at: &At) {
        self.at.clone_from(at);
        self.counter.source(&at.source);
    }

    /// Puts the present row aside.
    fn reject(&mut self, finding: Finding) {
        let value = finding.value.clone().unwrap_or_else(|| format!("no {}", finding.column));
        self.counter.touch(finding.rule, self.at.line, || value);
        self.rejects.push(self.table, &self.at.source, self.at.line, finding);
    }

    /// The market of a country text, ZZ with a count when nobody knows it.
    fn market(&mut self, text: Option<&str>) -> Market {
        let place = self.places.get(text);
        if place == Place::Unknown {
            self.counter.touch(Rule::Country, self.at.line, || text.unwrap_or_default().to_owned());
        }
        place.market()
    }

    /// A written text with broken words mended and in its normal form; `what` it is of, for the report.
    fn words<'t>(&mut self, text: Option<&'t str>, what: &str) -> Option<Cow<'t, str>> {
        let was = text?;
        let written: Cow<'t, str> = match broken_encoding::repair(was) {
            Some(mended) => {
                self.counter.touch(Rule::BrokenEncoding, self.at.line, || around_first_odd(was));
                Cow::Owned(mended)
            }
            None => Cow::Borrowed(was),
        };
        let changed = match normalize(&written) {
            Cow::Owned(normal) => normal,
            Cow::Borrowed(_) => return Some(written),
        };
        self.counter.touch(Rule::Text, self.at.line, || format!("{what}'s text"));
        Some(Cow::Owned(changed))
    }

    /// The product of a code; the row is rejected without one.
    fn product(&mut self, code: Option<&str>) -> Option<String> {
        let id = code.map(product_id).filter(|id| !id.is_empty());
        if id.is_none() {
            self.reject(missing_key::missing("product_code", "a product code"));
        }
        id
    }

    /// The currency of a text; the row is rejected when it is none.
    fn currency(&mut self, text: Option<&str>) -> Option<Currency> {
        let currency = text.and_then(|t| self.currencies.get(t));
        if currency.is_none() {
            self.reject(wrong(text));
        }
        currency
    }

    /// A day that has come; the row is rejected when it has not.
    fn past(&mut self, day: Day, column: &'static str) -> Option<Day> {
        let finding = future_date::check(day, self.params.as_of, column);
        let past = finding.is_none().then_some(day);
        finding.into_iter().for_each(|f| self.reject(f));
        past
    }

    /// An amount of zero or more that fits; the row is rejected otherwise.
    fn not_negative(&mut self, value: Option<i128>, column: &'static str) -> Option<i64> {
        let micros = value.and_then(|v| i64::try_from(v).ok()).filter(|v| *v >= 0 && impossible::fits(*v));
        if micros.is_none() {
            self.reject(Finding {
                rule: Rule::ImpossiblePrice,
                column,
                value: value.map(|v| format!("{} millionths", v)),
                expected: "an amount of 0 or more".to_owned(),
            });
        }
        micros
    }

    /// The name of a row's shopper where one is known.
    fn shopper(&mut self, keys: RowKeys<'_>) -> Option<&'a str> {
        let shopper = self.shopper_number(keys);
        (shopper != NONE).then(|| self.surveyed.identity.name_of(shopper))
    }

    /// The number of a row's shopper, [`NONE`] where none is known.
    fn shopper_number(&mut self, keys: RowKeys<'_>) -> u32 {
        let system = self.lookup.system(self.surveyed, &self.at.source);
        self.lookup.shopper(self.surveyed, keys, system)
    }

    /// Keeps the later of two rows with one key and records the earlier as merged.
    fn keep_later<K: Ord + Clone, R: Placed>(&mut self, kept: &mut BTreeMap<K, R>, key: K, name: &str, row: R) {
        if let Some(earlier) = kept.insert(key, row) {
            self.merged(Rule::RecordRepeat, name, earlier.at());
        }
    }

    /// Records a merged row.
    fn merged(&mut self, rule: Rule, kept: &str, row: &At) {
        self.counter.touch(rule, self.at.line, || kept.to_owned());
        self.merges.push((rule, kept.to_owned(), format!("{}:{}", row.source, row.line), row.source.clone(), row.line));
    }

    /// The result, with the finished table.
    fn finish(mut self, table: RecordBatch) -> TableOut {
        self.merges.sort_unstable_by(|a, b| (&a.1, &a.2).cmp(&(&b.1, &b.2)));
        let m = &self.merges;
        let reason = |rule: Rule| match rule {
            Rule::EventRepeat => "same message identifier",
            Rule::InteractionRepeat => "a later record is the same interaction",
            _ => "a later record has the same key",
        };
        let merges = batch(
            clean_table("merges"),
            vec![
                must_texts(m.iter().map(|m| m.0.doc().name)),
                must_texts(m.iter().map(|m| &m.1)),
                must_texts(m.iter().map(|m| &m.2)),
                must_texts(m.iter().map(|m| reason(m.0))),
                must_texts(m.iter().map(|m| &m.3)),
                must_ints(m.iter().map(|m| m.4)),
            ],
        );
        TableOut { batch: table, rejects: self.rejects.batch(), merges, counts: self.counter.finish(&[]) }
    }
}

/// The broken word alone: a text may say who wrote it.
fn around_first_odd(text: &str) -> String {
    let odd = text.split_whitespace().find(|word| !word.is_ascii());
    odd.unwrap_or_default().chars().take(20).collect()
}

/// A row that knows where it stood.
trait Placed {
    fn at(&self) -> &At;
}
