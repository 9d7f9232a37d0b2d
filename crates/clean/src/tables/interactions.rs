//! clean.interactions: what people did under posts, each once, linked to the shopper who did it where one is known.
//!
//! Who wrote is known as a shopper by the row's own customer number, e-mail or phone, else by its handle, where that came
//! with one of those anywhere ([`crate::identity`]). A handle that two shoppers used is nobody's. Everything else stays
//! with an empty shopper: how much that is, by network, is the link rate of the quality report.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{
    Reader, Text, batch, clean_table, instant_array, must_ints, must_texts, shopper_numbers, text_array,
};
use crate::hash::NONE;
use crate::identity::{KINDS, RowKeys};
use crate::language;
use crate::rules::interaction;
use crate::rules::product_code_case::product_id;
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::{Day, Market};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Who did what a row says.
pub(crate) struct Authors<'a> {
    customer: Text<'a>,
    email: Text<'a>,
    phone: Text<'a>,
    handle: Text<'a>,
}

impl<'a> Authors<'a> {
    pub(crate) fn of(reader: Reader<'a>) -> Result<Self, CleanError> {
        Ok(Self { handle: reader.text("handle_hash")?, ..Self::without_handles(reader)? })
    }

    /// Of a table in which nobody has a handle.
    pub(crate) fn without_handles(reader: Reader<'a>) -> Result<Self, CleanError> {
        Ok(Self {
            customer: reader.text("shopper_key")?,
            email: reader.text("email_hash")?,
            phone: reader.text("phone_hash")?,
            handle: Text::Empty,
        })
    }

    pub(crate) fn keys(&self, row: usize) -> RowKeys<'a> {
        RowKeys {
            customer: self.customer.get(row),
            email: self.email.get(row),
            phone: self.phone.get(row),
            anonymous: None,
            handle: self.handle.get(row),
        }
    }
}

struct Row<'a> {
    at: At,
    post: Option<&'a str>,
    kind: &'static str,
    handle: Option<&'a str>,
    /// By number; [`NONE`] where nobody is known.
    shopper: u32,
    linked_by: Option<&'static str>,
    product: Option<String>,
    market: String,
    language: Option<&'a str>,
    text: Option<String>,
    occurred_at: i64,
    url: Option<&'a str>,
    /// Rows that were merged into this one.
    repeats: i64,
}

impl Placed for Row<'_> {
    fn at(&self) -> &At {
        &self.at
    }
}

const RULES: [Rule; 7] = [
    Rule::MissingValue,
    Rule::FutureDate,
    Rule::InteractionKind,
    Rule::InteractionRepeat,
    Rule::Country,
    Rule::Text,
    Rule::BrokenEncoding,
];

/// Cleans raw.interactions.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn interactions(
    batches: &[RecordBatch],
    surveyed: &Surveyed,
    params: &CleanParams,
) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("interactions", surveyed, params);
    let mut kept: BTreeMap<(String, String), Row<'_>> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("interactions", raw);
        let (origin, authors) = (Origin::new(r)?, Authors::of(r)?);
        let (platform, id, post) = (r.text("platform")?, r.text("interaction_id")?, r.text("post_id")?);
        let (kind, code, text) = (r.text("kind")?, r.text("product_code")?, r.text("text")?);
        let (stated, country) = (r.text("language")?, r.text("country")?);
        let (occurred_at, url) = (r.instants("occurred_at")?, r.text("url")?);
        for row in 0..raw.num_rows() {
            let at = sweep.row(&origin, row, &RULES);
            let Some(platform) = platform.get(row) else {
                sweep.reject(missing_key::missing("platform", "the network or forum"));
                continue;
            };
            let Some(occurred_at) = occurred_at.get(row) else {
                sweep.reject(missing_key::missing("occurred_at", "the time of the interaction"));
                continue;
            };
            if sweep.past(Day::of_micros(occurred_at), "occurred_at").is_none() {
                continue;
            }
            let kind = match interaction::kind(kind.get(row)) {
                Ok(kind) => kind,
                Err(finding) => {
                    sweep.reject(finding);
                    continue;
                }
            };
            let keys = authors.keys(row);
            let words = sweep.words(text.get(row), "an interaction");
            let id = match id.get(row) {
                Some(id) => id.to_owned(),
                None => made_id(&at, platform, keys, &[post.get(row), Some(kind), words.as_deref()], occurred_at),
            };
            let (shopper, linked_by) = link(&mut sweep, keys);
            let mut new = Row {
                at,
                post: post.get(row),
                kind,
                handle: keys.handle,
                shopper,
                linked_by,
                product: code.get(row).map(product_id).filter(|p| !p.is_empty()),
                market: sweep.market(country.get(row)).code().to_owned(),
                language: stated.get(row).or_else(|| words.as_deref().and_then(language::detect)),
                text: words.map(Cow::into_owned).filter(|t| !t.is_empty()),
                occurred_at,
                url: url.get(row),
                repeats: 0,
            };
            let name = format!("{platform}:{id}");
            let key = (platform.to_owned(), id);
            if let Some(earlier) = kept.remove(&key) {
                sweep.merged(Rule::InteractionRepeat, &name, earlier.at());
                new.take_over(earlier);
            }
            kept.insert(key, new);
        }
    }
    let rows = || kept.values();
    let table = batch(
        clean_table("interactions"),
        vec![
            must_texts(kept.keys().map(|(platform, _)| platform)),
            must_texts(kept.keys().map(|(_, id)| id)),
            must_texts(rows().map(|r| &r.at.source)),
            must_ints(rows().map(|r| r.at.line)),
            text_array(rows().map(|r| r.post)),
            must_texts(rows().map(|r| r.kind)),
            text_array(rows().map(|r| r.handle)),
            text_array(rows().map(|r| (r.shopper != NONE).then(|| surveyed.identity.name_of(r.shopper)))),
            text_array(rows().map(|r| r.linked_by)),
            text_array(rows().map(|r| r.product.as_ref())),
            must_texts(rows().map(|r| &r.market)),
            text_array(rows().map(|r| r.language)),
            text_array(rows().map(|r| r.text.as_ref())),
            instant_array(rows().map(|r| Some(r.occurred_at))),
            text_array(rows().map(|r| r.url)),
            must_ints(rows().map(|r| r.repeats)),
            shopper_numbers(rows().map(|r| r.shopper)),
        ],
    );
    Ok(sweep.finish(table))
}

impl<'a> Row<'a> {
    /// Counts an earlier record of the same interaction, and keeps what the later one does not say: an export for the shop
    /// names customer and product, one of the network does not. Of two links the one by the stronger identity stays.
    fn take_over(&mut self, earlier: Row<'a>) {
        self.repeats = earlier.repeats + 1;
        self.handle = self.handle.or(earlier.handle);
        if strength(earlier.linked_by) < strength(self.linked_by) {
            (self.shopper, self.linked_by) = (earlier.shopper, earlier.linked_by);
        }
        self.post = self.post.or(earlier.post);
        self.product = self.product.take().or(earlier.product);
        self.language = self.language.or(earlier.language);
        self.text = self.text.take().or(earlier.text);
        self.url = self.url.or(earlier.url);
        if self.market == Market::UNKNOWN.code() {
            self.market = earlier.market;
        }
    }
}

/// Where an identity's kind stands, 0 the strongest; what links nobody comes last.
fn strength(linked_by: Option<&str>) -> usize {
    KINDS.iter().position(|kind| Some(kind.word()) == linked_by).unwrap_or(KINDS.len())
}

/// The shopper of a row, and the kind of the identity that tells: the strongest that does.
fn link(sweep: &mut Sweep<'_>, keys: RowKeys<'_>) -> (u32, Option<&'static str>) {
    for kind in KINDS {
        let shopper = sweep.shopper_number(keys.only(kind));
        if shopper != NONE {
            return (shopper, Some(kind.word()));
        }
    }
    (NONE, None)
}

/// An id for what has none of its source's: the same for the same author, post, kind, text and time. Of what no author is
/// known two rows may be two people, so that each has its own.
fn made_id(at: &At, platform: &str, keys: RowKeys<'_>, what: &[Option<&str>], occurred_at: i64) -> String {
    let mut hash = Sha256::new();
    let author = [keys.handle, keys.customer, keys.email, keys.phone].into_iter().flatten().next();
    let of_row = format!("{}:{}", at.source, at.line);
    for part in [Some(platform), Some(author.unwrap_or(&of_row))].iter().chain(what) {
        // A length before each part, so that no two rows run together.
        let text = part.unwrap_or_default();
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hash.update(occurred_at.to_le_bytes());
    let digits: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("h-{digits}")
}
