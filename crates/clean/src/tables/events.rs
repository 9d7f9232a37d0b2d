//! clean.events: what shoppers did, each event once.
//!
//! Trackers deliver at least once, so a message identifier that was met before is a repeat and is
//! merged into the first. What machines did is put aside (`rules/bot_traffic.rs`). Rows keep the order of
//! the input; a call has to see all rows of an identifier and of a visitor, which [`events_partition`] arranges
//! as far as an anonymous visitor goes.

use super::{At, Origin, Sweep, TableOut};
use crate::columns::{
    Reader, amount_array, batch, clean_table, instant_array, int_array, must_ints, must_texts, shopper_numbers,
    text_array,
};
use crate::hash::{Interner, NONE};
use crate::identity::RowKeys;
use crate::rules::bot_traffic::{Act, signs};
use crate::rules::product_code_case::product_id;
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::Day;

struct Row<'a> {
    message_id: &'a str,
    part: i64,
    at: At,
    kind: &'a str,
    name: Option<&'a str>,
    /// By number; [`NONE`] where nobody is known.
    shopper: u32,
    anonymous: Option<&'a str>,
    occurred_at: i64,
    product: Option<String>,
    order: Option<&'a str>,
    quantity: Option<i64>,
    price: Option<i64>,
    currency: Option<String>,
    query: Option<&'a str>,
    url: Option<&'a str>,
    market: String,
    language: Option<&'a str>,
    agent: Option<&'a str>,
    channel: Option<&'a str>,
    cart: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// Its shopper's name where one is known.
    fn shopper(&self, surveyed: &'a Surveyed) -> Option<&'a str> {
        (self.shopper != NONE).then(|| surveyed.identity.name_of(self.shopper))
    }

    fn act(&self, surveyed: &'a Surveyed) -> Act<'a> {
        // What a server reports of orders is no view, however fast it comes.
        let about = self.order.is_none() && (self.product.is_some() || self.query.is_some());
        let view = matches!(self.kind, "page" | "screen") || self.kind == "track" && about;
        let visitor = self.shopper(surveyed).or(self.anonymous);
        Act { visitor, at: self.occurred_at, message: self.message_id, view, agent: self.agent }
    }
}

/// Cleans raw.events.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn events(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("events", surveyed, params);
    let mut seen = Interner::default();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for raw in batches {
        let r = Reader::new("events", raw);
        let origin = Origin::new(r)?;
        let (message_id, kind, name, part) = (r.text("message_id")?, r.text("kind")?, r.text("name")?, r.ints("part")?);
        let (customer, anonymous) = (r.text("shopper_key")?, r.text("anonymous_id")?);
        let (email, phone) = (r.text("email_hash")?, r.text("phone_hash")?);
        let (occurred_at, code, order) = (r.instants("occurred_at")?, r.text("product_code")?, r.text("order_id")?);
        let (quantity, price, currency) = (r.ints("quantity")?, r.amounts("price")?, r.text("currency")?);
        let (query, url) = (r.text("query")?, r.text("url")?);
        let (country, language, agent) = (r.text("country")?, r.text("language")?, r.text("user_agent")?);
        let (channel, cart) = (r.later_text("channel")?, r.later_text("cart_id")?);
        for row in 0..raw.num_rows() {
            let at = sweep.row(
                &origin,
                row,
                &[
                    Rule::MissingValue,
                    Rule::FutureDate,
                    Rule::EventRepeat,
                    Rule::Country,
                    Rule::Currency,
                    Rule::BotTraffic,
                ],
            );
            let Some(id) = message_id.get(row) else {
                sweep.reject(missing_key::missing("message_id", "an identifier of the message"));
                continue;
            };
            let Some(occurred_at) = occurred_at.get(row) else {
                sweep.reject(missing_key::missing("occurred_at", "the time of the event"));
                continue;
            };
            if sweep.past(Day::of_micros(occurred_at), "occurred_at").is_none() {
                continue;
            }
            let currency = match currency.get(row) {
                Some(text) => match sweep.currency(Some(text)) {
                    Some(currency) => Some(currency.code().to_owned()),
                    None => continue,
                },
                None => None,
            };
            let part = part.get(row).unwrap_or(0);
            let known = seen.len();
            let mut key = part.to_le_bytes().to_vec();
            key.extend_from_slice(id.as_bytes());
            if (seen.intern(&key) as usize) < known {
                sweep.merged(Rule::EventRepeat, &format!("{id}#{part}"), &at);
                continue;
            }
            let keys = RowKeys {
                customer: customer.get(row),
                email: email.get(row),
                phone: phone.get(row),
                anonymous: anonymous.get(row),
                handle: None,
            };
            rows.push(Row {
                message_id: id,
                part,
                at,
                kind: kind.get(row).unwrap_or_default(),
                name: name.get(row),
                shopper: sweep.shopper_number(keys),
                anonymous: anonymous.get(row),
                occurred_at,
                product: code.get(row).map(product_id).filter(|p| !p.is_empty()),
                order: order.get(row),
                quantity: quantity.get(row),
                price: price.get(row).and_then(|p| i64::try_from(p).ok()),
                currency,
                query: query.get(row),
                url: url.get(row),
                market: sweep.market(country.get(row)).code().to_owned(),
                language: language.get(row),
                agent: agent.get(row),
                channel: channel.get(row),
                cart: cart.get(row),
            });
        }
    }
    let rows = people(rows, &mut sweep);
    let table = batch(
        clean_table("events"),
        vec![
            must_texts(rows.iter().map(|r| r.message_id)),
            must_ints(rows.iter().map(|r| r.part)),
            must_texts(rows.iter().map(|r| &r.at.source)),
            must_ints(rows.iter().map(|r| r.at.line)),
            must_texts(rows.iter().map(|r| r.kind)),
            text_array(rows.iter().map(|r| r.name)),
            text_array(rows.iter().map(|r| r.shopper(surveyed))),
            text_array(rows.iter().map(|r| r.anonymous)),
            instant_array(rows.iter().map(|r| Some(r.occurred_at))),
            text_array(rows.iter().map(|r| r.product.as_ref())),
            text_array(rows.iter().map(|r| r.order)),
            int_array(rows.iter().map(|r| r.quantity)),
            amount_array(rows.iter().map(|r| r.price)),
            text_array(rows.iter().map(|r| r.currency.as_ref())),
            text_array(rows.iter().map(|r| r.query)),
            text_array(rows.iter().map(|r| r.url)),
            must_texts(rows.iter().map(|r| &r.market)),
            text_array(rows.iter().map(|r| r.language)),
            shopper_numbers(rows.iter().map(|r| r.shopper)),
            text_array(rows.iter().map(|r| r.channel)),
            text_array(rows.iter().map(|r| r.cart)),
        ],
    );
    Ok(sweep.finish(table))
}

/// The rows that are no machine's; the others are put aside.
fn people<'a>(rows: Vec<Row<'a>>, sweep: &mut Sweep<'a>) -> Vec<Row<'a>> {
    let acts: Vec<Act<'_>> = rows.iter().map(|row| row.act(sweep.surveyed)).collect();
    let signs = signs(&acts, sweep.params);
    let mut kept = Vec::with_capacity(rows.len());
    for (row, sign) in rows.into_iter().zip(signs) {
        match sign {
            None => kept.push(row),
            Some(sign) => {
                sweep.back_to(&row.at);
                sweep.reject(sign.finding(row.agent, sweep.params));
            }
        }
    }
    kept
}

/// For each row of a batch of raw.events the part, below `n_parts`, in which [`events`] has to see
/// it: what an anonymous visitor did is in one part, and so are the repeats of a message, which come from
/// one visitor; rows without a visitor go by their message.
///
/// # Errors
/// [`CleanError`] for a batch of another layout.
///
/// # Panics
/// If `n_parts` is 0.
pub fn events_partition(batch: &RecordBatch, n_parts: u32) -> Result<Vec<u32>, CleanError> {
    assert!(n_parts > 0, "rows need at least one part to go to");
    let reader = Reader::new("events", batch);
    let (ids, visitors) = (reader.text("message_id")?, reader.text("anonymous_id")?);
    let customers = reader.text("shopper_key")?;
    Ok((0..batch.num_rows())
        .map(|row| {
            let who = visitors.get(row).or_else(|| customers.get(row)).or_else(|| ids.get(row));
            let hash = crate::hash::hash_bytes(3, who.unwrap_or_default().as_bytes());
            ((u128::from(hash) * u128::from(n_parts)) >> 64) as u32
        })
        .collect())
}
