//! Rights of a person: all that is kept about somebody, and its erasure. The work is in [`super::super::persons`].

use super::super::Serving;
use super::super::persons::{self, Person};
use super::super::{exposures, intake};
use super::refused;
use serve::answers::{Answer, AnswerError, PersonAnswers};
use serve::wire::figure::Words;
use serve::wire::persons::{ErasedFrom, PersonErasure, PersonExport};
use serve::wire::table::{Cell, Column, NamedTable, Table};

fn nobody(id: &str) -> AnswerError {
    AnswerError::not_found(
        format!("nothing is kept about `{id}`"),
        "an id of clean.shoppers is known, a customer number, an e-mail address or a phone number",
    )
}

impl Serving {
    async fn export(&self, id: &str) -> Result<PersonExport, AnswerError> {
        let now = self.current.get();
        let person = Person::find(&now.engine, id).await.map_err(refused)?;
        let mut tables = persons::rows(&now, &person).await.map_err(refused)?;
        let names = person.names();
        let lines = tokio::task::block_in_place(|| exposures::about(&self.root, &names)).map_err(refused)?;
        if !lines.is_empty() {
            let rows: Vec<Vec<Cell>> = lines.into_iter().map(|line| vec![line.into()]).collect();
            let columns = vec![Column::new("line", "json", "an answer, or what was done with one")];
            let table = Table { columns, total: rows.len() as u64, rows };
            let title = Words::new("Answers that were shown", "展示过的推荐");
            tables.push(NamedTable { name: "exposures".to_owned(), title, table });
        }
        if tables.is_empty() {
            return Err(nobody(id));
        }
        Ok(PersonExport { id: id.to_owned(), shopper_ids: person.shoppers, tables })
    }

    async fn erase(&self, id: &str) -> Result<PersonErasure, AnswerError> {
        // What was taken in and is not in the lake yet goes there first, so that one erasure reaches all of it.
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
            events.change(|live| live.forget(id));
            self.current.refresh().await.map_err(refused)?;
        }
        let now = self.current.get();
        let person = Person::find(&now.engine, id).await.map_err(refused)?;
        let names = person.names();
        let mut erased = Vec::new();
        if person.is_known() {
            erased = persons::erase(&now, &person).await.map_err(refused)?;
        }
        names.iter().for_each(|name| self.recent.forget(name));
        let lines = self.exposures.erase(&self.root, &names).map_err(refused)?;
        if lines > 0 {
            erased.push(ErasedFrom { place: exposures::FOLDER.to_owned(), rows: lines });
        }
        if erased.is_empty() {
            return Err(nobody(id));
        }
        self.current.renew().await.map_err(refused)?;
        let next =
            person.is_known().then(|| "start a run: figures and models were made with the person's data".to_owned());
        Ok(PersonErasure { id: id.to_owned(), erased, next })
    }
}

impl PersonAnswers for Serving {
    fn export_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonExport> {
        Box::pin(self.export(id))
    }

    fn erase_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonErasure> {
        Box::pin(self.erase(id))
    }
}
