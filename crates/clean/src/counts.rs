//! What each rule looked at and touched, by source.

use crate::columns::{batch, clean_table, must_ints, must_texts, text_array};
use crate::rules::Rule;
use arrow_array::RecordBatch;
use std::collections::BTreeMap;

/// One rule on one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// Rows it looked at.
    pub checked: u64,
    /// Rows it changed, marked, merged or rejected.
    pub touched: u64,
    /// One example with the line it stands on: the one with the lowest line.
    pub sample: Option<(i64, String)>,
}

impl RuleCount {
    fn merge(&mut self, other: Self) {
        self.checked += other.checked;
        self.touched += other.touched;
        self.sample = match (self.sample.take(), other.sample) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// Counts of all rules; those of parts of the data add up by [`RuleCounts::merge`] in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts(BTreeMap<(Rule, String), RuleCount>);

impl RuleCounts {
    /// Adds the counts of another part.
    pub fn merge(&mut self, other: Self) {
        for (key, count) in other.0 {
            self.0.entry(key).or_default().merge(count);
        }
    }

    /// Rows that a rule touched, over all sources.
    pub fn touched(&self, rule: Rule) -> u64 {
        self.of(rule).map(|c| c.touched).sum()
    }

    /// Rows that a rule looked at, over all sources.
    pub fn checked(&self, rule: Rule) -> u64 {
        self.of(rule).map(|c| c.checked).sum()
    }

    fn of(&self, rule: Rule) -> impl Iterator<Item = &RuleCount> {
        self.0.iter().filter(move |((r, _), _)| *r == rule).map(|(_, c)| c)
    }

    /// The table clean.rule_counts. A rule that met no row at all has one row with an empty source
    /// and zeros, so that the quality report lists every rule.
    pub fn batch(&self) -> RecordBatch {
        let none = RuleCount::default();
        let mut rows: Vec<(Rule, &str, &RuleCount)> = self.0.iter().map(|((r, s), c)| (*r, s.as_str(), c)).collect();
        rows.extend(Rule::ALL.iter().filter(|r| self.of(**r).next().is_none()).map(|r| (*r, "", &none)));
        rows.sort_by_key(|(rule, source, _)| (rule.doc().name, *source));
        batch(
            clean_table("rule_counts"),
            vec![
                must_texts(rows.iter().map(|r| r.0.doc().name)),
                must_texts(rows.iter().map(|r| r.0.doc().policy.word())),
                must_texts(rows.iter().map(|r| r.1)),
                must_ints(rows.iter().map(|r| r.2.checked as i64)),
                must_ints(rows.iter().map(|r| r.2.touched as i64)),
                text_array(rows.iter().map(|r| r.2.sample.as_ref().map(|(_, text)| text))),
            ],
        )
    }

    /// Adds to one rule and source; for findings outside the row loops.
    pub fn add(&mut self, rule: Rule, source: &str, checked: u64, touched: u64, sample: Option<(i64, String)>) {
        self.0.entry((rule, source.to_owned())).or_default().merge(RuleCount { checked, touched, sample });
    }
}

/// Counts of one call while its rows run by: no map lookups, no texts but the samples.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    sources: Vec<String>,
    rows: Vec<u64>,
    cells: Vec<[RuleCount; Rule::ALL.len()]>,
    current: usize,
}

impl Counter {
    /// Says which source the next rows are of.
    pub(crate) fn source(&mut self, source: &str) {
        if self.sources.get(self.current).is_some_and(|s| s == source) {
            return;
        }
        self.current = self.sources.iter().position(|s| s == source).unwrap_or_else(|| {
            self.sources.push(source.to_owned());
            self.rows.push(0);
            self.cells.push(std::array::from_fn(|_| RuleCount::default()));
            self.sources.len() - 1
        });
    }

    /// Number of the present source, for later [`Self::select`].
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// Returns to a source by number.
    pub(crate) fn select(&mut self, source: usize) {
        self.current = source;
    }

    /// The present source gave a row that the rules named to [`Self::finish`] looked at.
    pub(crate) fn row(&mut self) {
        self.rows[self.current] += 1;
    }

    /// The present source gave a row that these rules looked at.
    pub(crate) fn checked(&mut self, rules: &[Rule]) {
        for &rule in rules {
            self.cells[self.current][rule as usize].checked += 1;
        }
    }

    /// A rule touched a row of the present source; `sample` is asked for the first one only.
    pub(crate) fn touch(&mut self, rule: Rule, line: i64, sample: impl FnOnce() -> String) {
        let cell = &mut self.cells[self.current][rule as usize];
        cell.touched += 1;
        if cell.sample.as_ref().is_none_or(|(first, _)| line < *first) {
            cell.sample = Some((line, cut(&sample())));
        }
    }

    /// The counts; `rules` looked at every [`Self::row`].
    pub(crate) fn finish(mut self, rules: &[Rule]) -> RuleCounts {
        for (cells, rows) in self.cells.iter_mut().zip(&self.rows) {
            for &rule in rules {
                cells[rule as usize].checked += rows;
            }
        }
        let mut counts = BTreeMap::new();
        for (source, cells) in self.sources.into_iter().zip(self.cells) {
            for (rule, cell) in Rule::ALL.iter().zip(cells) {
                if cell.checked + cell.touched > 0 {
                    counts.insert((*rule, source.clone()), cell);
                }
            }
        }
        RuleCounts(counts)
    }
}

/// At most 200 characters of a sample or an offending value.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
