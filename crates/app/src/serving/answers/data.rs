//! The data side: what came, what the rules found, what was put aside, runs, questions in SQL.

use super::super::Serving;
use super::super::intake;
use super::super::meanings;
use super::super::runs::{Begin, RunError};
use super::super::snapshot::Snapshot;
use super::tables::{self, quoted};
use super::{refused, wrong};
use crate::exit::{Exit, code_of};
use anyhow::Result;
use schema::Zone;
use serve::answers::{Answer, AnswerError, DataAnswers};
use serve::wire::data::{RejectQuery, Run, RunQuery, RunTrigger, Runs, Schedule, SqlQuestion};
use serve::wire::figure::Words;
use serve::wire::table::{Cell, Column, NamedTable, Page, Report, Table};
use std::time::Duration;

/// Rows of an answer unless told, and at most.
const ROWS: u32 = 1_000;
const MOST_ROWS: u32 = 10_000;
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn of_rows(columns: &[(&str, &str, &str)], rows: Vec<Vec<Cell>>) -> Table {
    let column =
        |(name, kind, meaning): &(&str, &str, &str)| Column::new(name, kind, meaning).in_chinese(meanings::zh(meaning));
    let columns = columns.iter().map(column).collect();
    Table { columns, total: rows.len() as u64, rows }
}

fn number(x: Option<f64>) -> Cell {
    Cell(x.and_then(serde_json::Number::from_f64).map_or(serde_json::Value::Null, serde_json::Value::Number))
}

async fn quality(now: &Snapshot) -> Result<Report> {
    let report = lake::quality(&now.engine).await?;
    let mut gates = lake::measure_gates(&now.engine, &now.workspace.gates).await?;
    gates.sort_by_key(|g| g.result);
    let gates = of_rows(
        &[
            ("gate", "text", "name, as in [gates] of portolan.toml"),
            ("result", "text", "pass, warn, fail or no_data"),
            ("severity", "text", "fail: nothing is learned when it is exceeded; warn: it is told"),
            ("kind", "text", "what it looks at"),
            ("unit", "text", "of measured and at_most: share or days"),
            ("measured", "float", "what is"),
            ("at_most", "float", "what may be"),
            ("checked", "integer", "rows it looked at"),
            ("failing", "integer", "rows that fail"),
            ("example", "text", "a row that fails"),
            ("says", "text", "what was found, in a sentence"),
            ("says_zh", "text", "the same in Chinese"),
        ],
        gates
            .iter()
            .map(|g| {
                vec![
                    g.gate.into(),
                    g.result.word().into(),
                    g.severity.word().into(),
                    g.kind.word().into(),
                    g.unit.into(),
                    number(g.measured),
                    number(Some(g.at_most)),
                    g.checked.into(),
                    g.failing.into(),
                    g.example.clone().into(),
                    g.to_string().into(),
                    g.says_zh.clone().into(),
                ]
            })
            .collect(),
    );
    let rules = of_rows(
        &[
            ("rule", "text", "cleaning rule"),
            ("policy", "text", "what it does: reject, mark, merge, keep, convert"),
            ("checked", "integer", "rows it looked at"),
            ("touched", "integer", "rows it changed, marked, merged or rejected"),
            ("sample", "text", "one example, without personal data"),
        ],
        report
            .rules
            .iter()
            .map(|r| {
                vec![
                    r.rule.clone().into(),
                    r.policy.clone().into(),
                    r.checked.into(),
                    r.touched.into(),
                    r.sample.clone().into(),
                ]
            })
            .collect(),
    );
    let rejects = of_rows(
        &[
            ("table", "text", "table they were meant for"),
            ("rule", "text", "rule they broke"),
            ("rows", "integer", "how many"),
            ("first", "text", "the first: file, line, column, value, what would be right"),
        ],
        report
            .rejects
            .iter()
            .map(|r| vec![r.table.clone().into(), r.rule.clone().into(), r.rows.into(), r.first.clone().into()])
            .collect(),
    );
    let totals = of_rows(
        &[
            ("order", "text", "order as its source names it"),
            ("currency", "text", "ISO 4217"),
            ("stated", "decimal", "total as its source states it"),
            ("lines", "decimal", "what its lines come to"),
            ("where", "text", "file and line of its first line"),
        ],
        report
            .totals
            .open
            .iter()
            .map(|o| [&o.order_id, &o.currency, &o.stated, &o.lines, &o.first].map(|t| t.clone().into()).to_vec())
            .collect(),
    );
    let sentiment = of_rows(
        &[
            ("language", "text", "ISO 639-1, all, or und"),
            ("rated", "integer", "rated reviews with words"),
            ("accuracy", "float", "share that words call right, held out"),
            ("majority", "float", "the same when all are called the more frequent side"),
            ("used", "boolean", "whether words count"),
            ("why", "text", "the reason"),
        ],
        report
            .sentiment
            .iter()
            .map(|s| {
                let (language, rated) = (s.language.clone().into(), s.rated.into());
                vec![language, rated, number(s.accuracy), number(s.majority), s.used.into(), s.why.clone().into()]
            })
            .collect(),
    );
    let interactions = of_rows(
        &[
            ("platform", "text", "network or forum; all for all together"),
            ("interactions", "integer", "interactions, each once"),
            ("linked", "integer", "those that a known shopper did"),
            ("link_rate", "float", "share that a known shopper did, 0 to 1"),
            ("by_own_key", "integer", "linked by a customer number, e-mail or phone of their own"),
            ("by_handle", "integer", "linked by a handle that came with one of those elsewhere"),
            ("unknown_authors", "integer", "different authors who are linked to nobody"),
            ("repeats", "integer", "rows that repeated another and were merged into it"),
        ],
        report
            .interactions
            .iter()
            .map(|r| {
                let counts = [r.by_own_key, r.by_handle, r.unknown_authors, r.repeats].map(Cell::from);
                let first =
                    [r.platform.clone().into(), r.interactions.into(), r.linked.into(), number(Some(r.link_rate))];
                first.into_iter().chain(counts).collect()
            })
            .collect(),
    );
    let (tied, stated) = (report.totals.tied, report.totals.stated);
    let notes = if stated > 0 {
        vec![Words::new(
            format!("{tied} of {stated} orders with a stated total add up to the cent"),
            format!("{stated} 个有总额的订单中,{tied} 个分毫不差"),
        )]
    } else {
        Vec::new()
    };
    let all = [
        ("gates", "Quality gates", "质量检查", gates),
        ("rules", "What the rules found", "规则发现", rules),
        ("rejects", "What was put aside", "被搁置的数据", rejects),
        ("totals", "Orders that do not add up", "总额不符的订单", totals),
        ("sentiment", "What the words of reviews say", "评论词语的可信度", sentiment),
        ("interactions", "Who did what on networks", "社交互动与顾客的关联", interactions),
    ];
    let tables = all.into_iter().map(|(name, en, zh, table)| NamedTable {
        name: name.to_owned(),
        title: Words::new(en, zh),
        table,
    });
    let title = Words::new("Quality of the data", "数据质量");
    Ok(Report { title, figures: Vec::new(), tables: tables.collect(), notes })
}

impl Serving {
    async fn ask(&self, question: &SqlQuestion) -> Result<Table, AnswerError> {
        let limit = question.limit.unwrap_or(ROWS);
        if !(1..=MOST_ROWS).contains(&limit) {
            return Err(wrong("limit", format!("{limit} rows cannot be asked for; from 1 to {MOST_ROWS} can")));
        }
        let now = self.current.get();
        // One row more than is shown, to know whether there are more. The work is on a task of its own, so that it
        // ends with it where it takes too long.
        let (asked, query) = (now.clone(), question.query.trim().trim_end_matches(';').to_owned());
        let work = tokio::spawn(async move { asked.engine.first_rows(&query, limit as usize + 1).await });
        let stop = work.abort_handle();
        let batches = match tokio::time::timeout(PATIENCE, work).await {
            Err(_) => {
                stop.abort();
                return Err(AnswerError::TimedOut {
                    detail: format!("the question was stopped after {} seconds", PATIENCE.as_secs()),
                    next: "ask for less: fewer rows, fewer joins, a filter on the day".to_owned(),
                });
            }
            Ok(Err(gone)) => return Err(AnswerError::internal(gone)),
            Ok(Ok(Err(error))) => {
                let error = anyhow::Error::new(error);
                return Err(match code_of(&error) {
                    Exit::Usage => AnswerError::Invalid {
                        detail: format!("{error:#}"),
                        next: "one SELECT is wanted; docs/tables.md lists the tables".to_owned(),
                        errors: Vec::new(),
                    },
                    _ => refused(error),
                });
            }
            Ok(Ok(Ok(batches))) => batches,
        };
        let mut table = tables::table(&batches, None).map_err(refused)?;
        for column in &mut table.columns {
            column.meaning = meaning(&column.name);
        }
        // What is beyond the limit is not counted: `total` says that there is more.
        table.rows.truncate(limit as usize);
        Ok(table)
    }

    /// Starts a run for whoever wants it.
    pub(in crate::serving) async fn begin(&self, query: &RunQuery, trigger: RunTrigger) -> Result<Run, AnswerError> {
        let (now, clock): (i64, fn() -> i64) = (self.now(), super::super::now);
        let (current, runtime) = (self.current.clone(), tokio::runtime::Handle::current());
        // Who sees that the run has ended gets answers from what it made.
        let done = move || {
            if let Err(error) = runtime.block_on(current.refresh()) {
                tracing::warn!(error = format!("{error:#}"), "what a run made cannot be opened");
            }
        };
        let (runtime, events) = (tokio::runtime::Handle::current(), self.events.get().cloned());
        let lake = self.current.get().workspace.lake().map_err(refused)?;
        let first = move || match events {
            Some(events) => runtime.block_on(intake::bring_over(&lake, &events)),
            None => Ok(()),
        };
        let RunQuery { allow_failed_gates, sync } = *query;
        let begin = Begin { updates: &self.updates, allow_failed_gates, sync, trigger, at: now, clock };
        self.runs.start(begin, first, done).map_err(run_error)
    }
}

/// What a column of that name means, where all tables that have it say the same.
fn meaning(name: &str) -> String {
    let mut known = schema::tables().filter_map(|table| table.column(name)).map(|column| column.meaning);
    let first = known.next().unwrap_or_default();
    if known.all(|other| other == first) { first.to_owned() } else { String::new() }
}

fn run_error(error: RunError) -> AnswerError {
    match error {
        RunError::Busy(id) => AnswerError::Conflict {
            detail: format!("run {id} is on"),
            next: format!("wait for it, or stop it with DELETE /api/v1/runs/{id}"),
        },
        RunError::Unknown(id) => {
            AnswerError::not_found(format!("there is no run `{id}`"), "GET /api/v1/runs lists them")
        }
        RunError::Over(id) => AnswerError::Conflict {
            detail: format!("run {id} is over"),
            next: "POST /api/v1/runs starts another one".to_owned(),
        },
        RunError::Fault(error) => refused(error),
    }
}

impl DataAnswers for Serving {
    fn sources(&self) -> Answer<'_, Table> {
        Box::pin(async move {
            let now = self.current.get();
            let of = schema::table(Zone::Raw, "sources");
            let sql = "select * from raw.sources order by sequence desc limit 10000";
            let sources = tables::query(&now.engine, of, sql).await.map_err(refused)?;
            Ok(tables::in_chinese(sources, "notes"))
        })
    }

    fn quality(&self) -> Answer<'_, Report> {
        Box::pin(async move {
            let now = self.current.get();
            now.remember("quality", || quality(&now)).await.map_err(refused)
        })
    }

    fn rejects<'a>(&'a self, query: &'a RejectQuery) -> Answer<'a, Table> {
        Box::pin(async move {
            let now = self.current.get();
            let mut filters = Vec::new();
            if let Some(source) = &query.source {
                let name = quoted(source);
                filters.push(format!(
                    "(r.source = {name} or r.source in (select source from raw.sources where name = {name}))"
                ));
            }
            filters.extend(query.rule.as_ref().map(|rule| format!("r.rule = {}", quoted(rule))));
            let only = if filters.is_empty() { String::new() } else { format!(" where {}", filters.join(" and ")) };
            let sql = format!("select r.* from rejects.rows r{only}");
            let page = Page { page: query.page, per_page: query.per_page }.range();
            let of = schema::table(Zone::Rejects, "rows");
            let rejects = tables::page(&now.engine, of, &sql, "source, line, rule", page).await.map_err(refused)?;
            Ok(tables::in_chinese(rejects, "expected"))
        })
    }

    fn runs(&self) -> Answer<'_, Runs> {
        Box::pin(async move { Ok(Runs { runs: self.runs.all() }) })
    }

    fn start_run<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Run> {
        Box::pin(self.begin(query, RunTrigger::Request))
    }

    fn run<'a>(&'a self, id: &'a str) -> Answer<'a, Run> {
        Box::pin(async move { self.runs.get(id).ok_or_else(|| run_error(RunError::Unknown(id.to_owned()))) })
    }

    fn cancel_run<'a>(&'a self, id: &'a str) -> Answer<'a, Run> {
        Box::pin(async move { self.runs.cancel(id).map_err(run_error) })
    }

    fn schedule(&self) -> Answer<'_, Schedule> {
        Box::pin(async move { Ok(self.scheduler.told(&self.runs)) })
    }

    fn sql<'a>(&'a self, question: &'a SqlQuestion) -> Answer<'a, Table> {
        Box::pin(self.ask(question))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Stop;

    #[test]
    fn a_column_means_what_all_tables_say_or_nothing() {
        assert!(meaning("n_shoppers").is_empty(), "it means different things in different tables");
        assert!(meaning("median_price").contains("median unit price"));
        assert!(meaning("no such column").is_empty());
    }

    #[test]
    fn a_run_that_is_on_is_a_conflict_with_a_next_step() {
        let AnswerError::Conflict { next, .. } = run_error(RunError::Busy("3".into())) else { panic!("a conflict") };
        assert!(next.contains("/runs/3"));
        let stop = Stop::error(Exit::Storage, "the disk is full", "free some");
        assert!(matches!(run_error(RunError::Fault(stop)), AnswerError::Unavailable { .. }));
    }
}
