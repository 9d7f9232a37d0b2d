//! Rights of a person: all that is kept about somebody, and its erasure. The work is in [`super::super::persons`].

use super::super::Serving;
use super::super::persons::{self, Person};
use super::super::{exposures, intake, sweep};
use super::refused;
use serve::answers::{Answer, AnswerError, PersonAnswers};
use serve::wire::figure::Words;
use serve::wire::persons::{ErasedFrom, PersonErasure, PersonExport};
use serve::wire::table::{Cell, Column, NamedTable, Table};
use std::collections::BTreeSet;

/// The list of files that have a name in them.
const FILES: &str = "files";

fn nobody(id: &str) -> AnswerError {
    AnswerError::not_found(
        format!("nothing is kept about `{id}`"),
        "an id of clean.shoppers is known, a customer number, an e-mail address, a phone number or network:handle",
    )
}

/// One column, a line a row: JSON but for lines of files and their names.
fn lines_table(name: &str, title: Words, meaning: &str, lines: Vec<String>) -> NamedTable {
    let rows: Vec<Vec<Cell>> = lines.into_iter().map(|line| vec![line.into()]).collect();
    let columns = vec![Column::new("line", "json", meaning)];
    NamedTable { name: name.to_owned(), title, table: Table { columns, total: rows.len() as u64, rows } }
}

impl Serving {
    /// Somebody, with the visitors that the last minutes know as the same person.
    async fn person(&self, id: &str) -> Result<Person, AnswerError> {
        let now = self.current.get();
        let mut person = Person::find(&now.engine, id).await.map_err(refused)?;
        if let Some(events) = self.events.get() {
            let names = person.names();
            let live = events.ask(|live| {
                let ids = names.iter().filter_map(|name| live.person(name)).flat_map(|p| p.ids);
                ids.collect::<BTreeSet<String>>()
            });
            person.also(live);
        }
        Ok(person)
    }

    async fn export(&self, id: &str) -> Result<PersonExport, AnswerError> {
        // Events leave the log once the lake has them: the log is read before the newest version of the lake is opened, so that what
        // moves meanwhile is in both answers rather than in neither.
        let names = self.person(id).await?.names();
        let waiting = tokio::task::block_in_place(|| self.waiting(&names))?;
        self.current.refresh().await.map_err(refused)?;
        let now = self.current.get();
        let person = self.person(id).await?;
        let mut tables = persons::rows(&now, &person).await.map_err(refused)?;
        let names = person.names();
        let lines = tokio::task::block_in_place(|| self.exposures.about(&self.root, &names)).map_err(refused)?;
        if !lines.is_empty() {
            let title = Words::new("Answers that were shown", "展示过的推荐");
            tables.push(lines_table("exposures", title, "an answer, or what was done with one", lines));
        }
        if !waiting.is_empty() {
            let title = Words::new("Events that are not in the lake yet", "尚未入库的事件");
            tables.push(lines_table("journal", title, "a call as it was kept", waiting));
        }
        tables.extend(tokio::task::block_in_place(|| self.beside(&names)).map_err(refused)?);
        // A name in a file that somebody else wrote is nothing that the program keeps.
        if tables.iter().all(|table| table.name == FILES) {
            return Err(nobody(id));
        }
        Ok(PersonExport { id: id.to_owned(), shopper_ids: person.shoppers, tables })
    }

    /// What lies beside the lake with one of these names in it: what an erasure reaches, too.
    fn beside(&self, names: &[String]) -> anyhow::Result<Vec<NamedTable>> {
        let looked_for = sweep::Names::new(names.iter().map(String::as_str));
        let has = |bytes: &[u8]| looked_for.are_in(bytes);
        let mut files = sweep::of_ours(&self.root, &looked_for)?;
        files.extend(sweep::of_others(&self.root, &looked_for)?);
        let files = files.iter().map(|path| path.strip_prefix(&self.root).unwrap_or(path).display().to_string());
        let found = [
            (
                "updates",
                Words::new("What was sent", "发送的更新"),
                "a write that names the person",
                self.updates.about(&has)?,
            ),
            (
                "sync",
                Words::new("Records of connected systems", "对接系统的记录"),
                "a record as the system gave it",
                crate::sync::about(&self.root, &has)?,
            ),
            (
                "undone links",
                Words::new("Links that were taken back", "已撤销的关联"),
                "visitor and shopper that are not the same",
                crate::undone::about(&self.root, names)?,
            ),
            (
                FILES,
                Words::new("Files that name the person", "提到此人的文件"),
                "a file of the workspace, not shown here",
                files.collect(),
            ),
        ];
        let there = found.into_iter().filter(|(.., lines)| !lines.is_empty());
        Ok(there.map(|(name, title, meaning, lines)| lines_table(name, title, meaning, lines)).collect())
    }

    /// Events of these names that wait in the log.
    fn waiting(&self, names: &[String]) -> Result<Vec<String>, AnswerError> {
        let mut found = Vec::new();
        let Some(events) = self.events.get() else { return Ok(found) };
        for segment in events.journal().segments() {
            let read = segment.read(|entry| {
                let Ok(call) = serde_json::from_slice::<serde_json::Value>(entry.payload) else { return };
                let is_theirs = ["userId", "anonymousId"]
                    .iter()
                    .any(|key| call[*key].as_str().is_some_and(|id| names.iter().any(|name| name == id)));
                if is_theirs {
                    found.push(call.to_string());
                }
            });
            read.map_err(AnswerError::internal)?;
        }
        Ok(found)
    }

    async fn erase(&self, id: &str) -> Result<PersonErasure, AnswerError> {
        // What was taken in and is not in the lake yet goes there first, and is cleaned, so that one erasure reaches
        // all of it under every name.
        if let Some(events) = self.events.get() {
            let lake = self.current.get().workspace.lake().map_err(refused)?;
            let done = intake::compact_all(&lake, events).await.map_err(refused)?;
            if done.waiting > 0 {
                return Err(AnswerError::Unavailable {
                    detail: "events wait for the lake, which somebody else writes".to_owned(),
                    next: "ask again when the run that writes the lake has ended".to_owned(),
                    retry_after: 10,
                });
            }
        }
        persons::catch_up(&self.current.get().workspace).await.map_err(refused)?;
        self.current.refresh().await.map_err(refused)?;
        let now = self.current.get();
        let person = self.person(id).await?;
        let names = person.names();
        let mut erased = Vec::new();
        if person.is_known() {
            erased = persons::erase(&now, &person).await.map_err(refused)?;
        }
        names.iter().for_each(|name| self.recent.forget(name));
        if let Some(events) = self.events.get() {
            events.change(|live| names.iter().for_each(|name| drop(live.forget(name))));
        }
        let mut beside = |place: &str, rows: u64| {
            if rows > 0 {
                erased.push(ErasedFrom { place: place.to_owned(), rows });
            }
        };
        beside(exposures::FOLDER, self.exposures.erase(&self.root, &names).map_err(refused)?);
        let looked_for = sweep::Names::new(names.iter().map(String::as_str));
        let has = |bytes: &[u8]| looked_for.are_in(bytes);
        let others = tokio::task::block_in_place(|| -> anyhow::Result<_> {
            beside("updates", self.updates.forget(&has)?);
            beside("runs.json", self.runs.forget(&has)?);
            beside("journal", sweep::damaged(&self.root, &looked_for)?);
            beside(crate::sync::FOLDER, crate::sync::forget(&self.root, &has)?);
            beside(crate::undone::FILE, crate::undone::forget(&self.root, &names)?);
            if person.is_known() {
                beside("plans", sweep::plans(&self.root)?);
            }
            sweep::of_others(&self.root, &looked_for)
        });
        let others = others.map_err(refused)?;
        if erased.is_empty() {
            return Err(nobody(id));
        }
        self.current.renew().await.map_err(refused)?;
        let mut next = Vec::new();
        if person.is_known() {
            next.push("start a run: figures and models were made with the person's data".to_owned());
        }
        if !others.is_empty() {
            let paths: Vec<String> = others.iter().map(|path| path.display().to_string()).collect();
            next.push(format!("files that the program did not write have the name still: {}", paths.join(", ")));
        }
        let next = (!next.is_empty()).then(|| next.join("; "));
        Ok(PersonErasure { id: id.to_owned(), erased, next })
    }
}

impl PersonAnswers for Serving {
    fn export_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonExport> {
        Box::pin(self.export(id))
    }

    fn person_names<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<String>> {
        Box::pin(async move { Ok(self.person(id).await?.names()) })
    }

    fn erase_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonErasure> {
        Box::pin(self.erase(id))
    }
}
