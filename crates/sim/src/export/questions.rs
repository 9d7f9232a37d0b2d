//! Questions of all markets as a help desk exports them, and what they are truly about.

use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink, canonical};
use crate::trade::{ASPECTS, Question, questions as asked};
use crate::{Book, Export, Merchant, SimError};
use std::collections::BTreeSet;

fn of(merchant: &Merchant, book: &Book) -> Vec<Question> {
    asked(&merchant.params, &merchant.catalogue.products, book)
}

fn id(book: &Book, k: usize) -> String {
    format!("Q-{}-{:06}", book.profile.market, k + 1)
}

/// Writes `questions.csv`: a shopper whom the exports of its market name is named by customer number, or by address where the
/// shop system has addresses.
pub(super) fn questions(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let facts = Facts::new("exports/questions.csv".to_owned(), "canonical questions", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = "ticket_id product_id customer_id email market channel question created_at";
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header.split(' ').collect::<Vec<_>>())?;
    for book in &merchant.books {
        let by_mail = book.params.export == Export::Shopify;
        let named: BTreeSet<u32> =
            if by_mail { BTreeSet::new() } else { canonical::named(merchant, book).into_iter().collect() };
        for (k, question) in of(merchant, book).into_iter().enumerate() {
            table.cell(&id(book, k));
            table.cell(&merchant.catalogue.products[usize::from(question.product)].id);
            match question.shopper {
                Some(shopper) if by_mail => {
                    table.empty(1);
                    table.cell(&book.contact(shopper).email);
                }
                Some(shopper) if named.contains(&shopper) => {
                    table.cell(&book.shopper_key(shopper));
                    table.empty(1);
                }
                _ => table.empty(2),
            }
            table.cell(book.profile.market.code());
            table.cell(question.channel);
            table.cell(&question.text);
            table.instant(question.at, 0, 'T', "Z");
            table.end_row()?;
        }
    }
    Ok(facts.finish(table.finish()?))
}

/// Writes `truth_questions.csv`: what each is about, and who asked.
pub(super) fn question_truth(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let name = "truth_questions.csv";
    let facts = Facts::new(name.to_owned(), "truth of questions", Encoding::Utf8);
    let mut out = sink.create(name).map_err(SimError::write(name))?;
    let mut table =
        Table::new(&mut *out, name, Encoding::Utf8, ',', &["question_id", "market", "about", "shopper_key"])?;
    for book in &merchant.books {
        for (k, question) in of(merchant, book).into_iter().enumerate() {
            table.cell(&id(book, k));
            table.cell(book.profile.market.code());
            table.cell(ASPECTS[question.aspect]);
            table.cell(&question.shopper.map_or_else(String::new, |shopper| book.shopper_key(shopper)));
            table.end_row()?;
        }
    }
    Ok(facts.finish(table.finish()?))
}
