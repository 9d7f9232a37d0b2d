//! clean.reviews: what shoppers wrote about products.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, float_array, instant_array, must_ints, must_texts, text_array};
use crate::identity::RowKeys;
use crate::language;
use crate::rejects::Finding;
use crate::rules::junk_text::{self, Junk};
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::Day;
use std::collections::BTreeMap;

struct Row<'a> {
    at: At,
    product: String,
    shopper: Option<&'a str>,
    market: String,
    language: Option<&'a str>,
    rating: Option<f64>,
    text: Option<String>,
    reviewed_at: Option<i64>,
    junk: Option<Junk>,
}

impl Placed for Row<'_> {
    fn at(&self) -> &At {
        &self.at
    }
}

/// Cleans raw.reviews. A rating outside 1 to 5 is rejected: which scale it is on is not known.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn reviews(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("reviews", surveyed, params);
    let mut kept: BTreeMap<String, Row<'_>> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("reviews", raw);
        let origin = Origin::new(r)?;
        let (id, code, customer) = (r.text("review_id")?, r.text("product_code")?, r.text("shopper_key")?);
        let (market, stated, rating) = (r.text("market")?, r.text("language")?, r.floats("rating")?);
        let (text, reviewed_at) = (r.text("text")?, r.instants("reviewed_at")?);
        for row in 0..raw.num_rows() {
            let rules = [
                Rule::MissingValue,
                Rule::FutureDate,
                Rule::ImpossibleQuantity,
                Rule::Country,
                Rule::Text,
                Rule::BrokenEncoding,
                Rule::JunkText,
                Rule::RecordRepeat,
            ];
            let at = sweep.row(&origin, row, &rules);
            let Some(id) = id.get(row) else {
                sweep.reject(missing_key::missing("review_id", "a number of the review"));
                continue;
            };
            let Some(product) = sweep.product(code.get(row)) else { continue };
            let reviewed_at = reviewed_at.get(row);
            if let Some(at) = reviewed_at
                && sweep.past(Day::of_micros(at), "reviewed_at").is_none()
            {
                continue;
            }
            let rating = rating.get(row);
            if let Some(stars) = rating.filter(|stars| !(1.0..=5.0).contains(stars)) {
                sweep.reject(Finding {
                    rule: Rule::ImpossibleQuantity,
                    column: "rating",
                    value: Some(stars.to_string()),
                    expected: "stars from 1 to 5".to_owned(),
                });
                continue;
            }
            let words = sweep.words(text.get(row), "a review");
            let junk = words.as_deref().and_then(junk_text::reason);
            if let Some(junk) = junk {
                sweep.counter.touch(Rule::JunkText, at.line, || junk.word().to_owned());
            }
            let new = Row {
                at,
                product,
                shopper: sweep.shopper(RowKeys { customer: customer.get(row), ..RowKeys::default() }),
                market: sweep.market(market.get(row)).code().to_owned(),
                language: stated.get(row).or_else(|| words.as_deref().and_then(language::detect)),
                rating,
                text: words.map(std::borrow::Cow::into_owned).filter(|t| !t.is_empty()),
                reviewed_at,
                junk,
            };
            sweep.keep_later(&mut kept, id.to_owned(), id, new);
        }
    }
    let table = batch(
        clean_table("reviews"),
        vec![
            must_texts(kept.keys()),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
            must_texts(kept.values().map(|r| &r.product)),
            text_array(kept.values().map(|r| r.shopper)),
            must_texts(kept.values().map(|r| &r.market)),
            text_array(kept.values().map(|r| r.language)),
            float_array(kept.values().map(|r| r.rating)),
            text_array(kept.values().map(|r| r.text.as_ref())),
            instant_array(kept.values().map(|r| r.reviewed_at)),
            text_array(kept.values().map(|r| r.junk.map(Junk::word))),
            // Words say something only when all reviews are known: see `sentiment`.
            float_array(kept.values().map(|_| None)),
            text_array(kept.values().map(|_| None::<&str>)),
        ],
    );
    Ok(sweep.finish(table))
}
