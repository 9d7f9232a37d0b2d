//! clean.questions: what people asked, before a purchase or after it.

use super::interactions::Authors;
use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, instant_array, must_ints, must_texts, text_array};
use crate::language;
use crate::rules::product_code_case::product_id;
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::Day;
use std::borrow::Cow;
use std::collections::BTreeMap;

struct Row<'a> {
    at: At,
    product: Option<String>,
    shopper: Option<&'a str>,
    market: String,
    language: Option<&'a str>,
    channel: Option<&'a str>,
    text: String,
    answer: Option<String>,
    asked_at: Option<i64>,
}

impl Placed for Row<'_> {
    fn at(&self) -> &At {
        &self.at
    }
}

const RULES: [Rule; 6] =
    [Rule::MissingValue, Rule::FutureDate, Rule::Country, Rule::Text, Rule::BrokenEncoding, Rule::RecordRepeat];

/// Cleans raw.questions. A question without words is rejected: nothing was asked. One without a product is kept, it may be
/// about the shop.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn questions(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("questions", surveyed, params);
    let mut kept: BTreeMap<String, Row<'_>> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("questions", raw);
        let (origin, authors) = (Origin::new(r)?, Authors::without_handles(r)?);
        let (id, code, country) = (r.text("question_id")?, r.text("product_code")?, r.text("country")?);
        let (stated, channel, asked_at) = (r.text("language")?, r.text("channel")?, r.instants("asked_at")?);
        let (text, answer) = (r.text("text")?, r.text("answer")?);
        for row in 0..raw.num_rows() {
            let at = sweep.row(&origin, row, &RULES);
            let Some(id) = id.get(row) else {
                sweep.reject(missing_key::missing("question_id", "a number of the question"));
                continue;
            };
            let asked_at = asked_at.get(row);
            if let Some(at) = asked_at
                && sweep.past(Day::of_micros(at), "asked_at").is_none()
            {
                continue;
            }
            let Some(text) = sweep.words(text.get(row), "a question").filter(|t| !t.is_empty()) else {
                sweep.reject(missing_key::missing("text", "what was asked"));
                continue;
            };
            let new = Row {
                at,
                product: code.get(row).map(product_id).filter(|p| !p.is_empty()),
                shopper: sweep.shopper(authors.keys(row)),
                market: sweep.market(country.get(row)).code().to_owned(),
                language: stated.get(row).or_else(|| language::detect(&text)),
                channel: channel.get(row),
                text: text.into_owned(),
                answer: sweep.words(answer.get(row), "an answer").map(Cow::into_owned).filter(|t| !t.is_empty()),
                asked_at,
            };
            sweep.keep_later(&mut kept, id.to_owned(), id, new);
        }
    }
    let table = batch(
        clean_table("questions"),
        vec![
            must_texts(kept.keys()),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
            text_array(kept.values().map(|r| r.product.as_ref())),
            text_array(kept.values().map(|r| r.shopper)),
            must_texts(kept.values().map(|r| &r.market)),
            text_array(kept.values().map(|r| r.language)),
            text_array(kept.values().map(|r| r.channel)),
            must_texts(kept.values().map(|r| &r.text)),
            text_array(kept.values().map(|r| r.answer.as_ref())),
            instant_array(kept.values().map(|r| r.asked_at)),
        ],
    );
    Ok(sweep.finish(table))
}
