//! One event of a shop: what everything live works with.
//!
//! It is read from a *line*, a Segment call in canonical form, and says what `intake` says of the same line: [`ShopEvent::rows`]
//! are the rows of `raw.events` (a test in `testkit` compares the two).

use crate::private;
use crate::time::{Micros, parse_time};
use crate::vocabulary::{CallKind, Deed};
use domain::{Amount, Decimal};
use serde_json::{Map, Value};

/// A duration in milliseconds.
pub type Millis = i64;

/// A product of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The shop's code of it.
    pub code: Option<String>,
    /// Units.
    pub quantity: Option<i64>,
    /// Price of one unit.
    pub price: Option<Amount>,
    /// ISO 4217, upper case.
    pub currency: Option<String>,
}

/// What happened, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopEvent {
    /// Identifier for removing repeats.
    pub message_id: String,
    /// Kind of the call.
    pub kind: CallKind,
    /// What was done.
    pub deed: Deed,
    /// Event name of a track call, page name of a page.
    pub name: Option<String>,
    /// The shopper, where known.
    pub user: Option<String>,
    /// The visitor; of an alias, who became the user.
    pub anonymous: Option<String>,
    /// SHA-256 of the e-mail address.
    pub email_hash: Option<String>,
    /// SHA-256 of the phone number.
    pub phone_hash: Option<String>,
    /// When it happened, corrected for the client's clock.
    pub at: Micros,
    /// Products; empty for an event without any.
    pub items: Vec<Item>,
    /// Order of the event.
    pub order_id: Option<String>,
    /// Cart of the event.
    pub cart_id: Option<String>,
    /// Amount of an order in its currency, where said: revenue, else value, else total.
    pub value: Option<Amount>,
    /// ISO 4217, upper case.
    pub currency: Option<String>,
    /// Search text.
    pub query: Option<String>,
    /// Hits of a search, where said.
    pub n_results: Option<i64>,
    /// Page address without its query.
    pub url: Option<String>,
    /// Country as written.
    pub country: Option<String>,
    /// Language of the locale, ISO 639-1.
    pub language: Option<String>,
    /// What the browser or program calls itself.
    pub user_agent: Option<String>,
    /// For how long the page has been looked at.
    pub engaged_ms: Option<Millis>,
}

/// One row of `raw.events`, but for the file it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of raw.events; docs/tables.md says what they mean")]
pub struct EventRow<'e> {
    pub message_id: &'e str,
    pub kind: &'static str,
    pub name: Option<&'e str>,
    pub shopper_key: Option<&'e str>,
    pub anonymous_id: Option<&'e str>,
    pub email_hash: Option<&'e str>,
    pub phone_hash: Option<&'e str>,
    pub occurred_at: Micros,
    pub product_code: Option<&'e str>,
    pub order_id: Option<&'e str>,
    pub quantity: Option<i64>,
    pub price: Option<Amount>,
    pub currency: Option<&'e str>,
    pub query: Option<&'e str>,
    pub url: Option<&'e str>,
    pub country: Option<&'e str>,
    pub language: Option<&'e str>,
    pub part: i64,
    pub user_agent: Option<&'e str>,
}

/// Why a call is no event. The rules and texts are those that `intake` gives for a line of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// The type is none that is known.
    #[error("`type` is `{0}`; it must be identify, track, page, screen, group or alias")]
    UnknownKind(String),
    /// Nobody did it.
    #[error("neither `userId` nor `anonymousId` is there; one is needed")]
    NoUserAnonId,
    /// A track call without a name.
    #[error("a track call needs `event`, the event's name")]
    NoName,
    /// An alias without the former identifier.
    #[error("an alias call needs `previousId`")]
    NoPreviousId,
    /// A group call without a group.
    #[error("a group call needs `groupId`")]
    NoGroupId,
    /// No time.
    #[error("`timestamp` is `{0}`; it must be a time such as 2025-10-07T09:50:26Z")]
    NoTime(String),
}

impl EventFault {
    /// Its short name, part of the API.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::UnknownKind(_) => "unknown_kind",
            Self::NoUserAnonId => "no_user_anon_id",
            Self::NoName => "no_event_name",
            Self::NoPreviousId => "no_previous_id",
            Self::NoGroupId => "no_group_id",
            Self::NoTime(_) => "not_a_date",
        }
    }
}

/// A text or number that is not empty.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.trim().is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An amount as JSON writes it, as a number or as a text.
pub(crate) fn amount(value: &Value) -> Option<Amount> {
    let text = text(value)?;
    let exact = text.trim().parse::<Decimal>().or_else(|_| Decimal::from_scientific(text.trim())).ok()?;
    // Arithmetic in a browser leaves digits behind the sixth decimal that nobody meant: 19.99 * 1.1.
    Amount::from_decimal(exact.round_dp(6)).filter(|a| a.micros().unsigned_abs() < 1_000_000_000_000_000_000)
}

/// A whole number as JSON writes it; `6.0` is 6.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    let exact = text(value)?.trim().parse::<Decimal>().ok()?.normalize();
    let n = (exact.scale() == 0).then(|| i64::try_from(exact.mantissa()).ok())??;
    (n.unsigned_abs() < 1_000_000_000_000).then_some(n)
}

impl ShopEvent {
    /// Reads a line of the log.
    ///
    /// # Errors
    /// [`EventFault`] for what is no call.
    pub fn from_line(line: &Value) -> Result<Self, EventFault> {
        let empty = Map::new();
        let call = line.as_object().unwrap_or(&empty);
        let of = |key: &str| call.get(key).unwrap_or(&Value::Null);
        let written = of("type").as_str().unwrap_or_default();
        let kind = CallKind::from_name(written).ok_or_else(|| EventFault::UnknownKind(written.to_owned()))?;
        let user = private::identifier(of("userId"));
        let mut anonymous = text(of("anonymousId"));
        match kind {
            CallKind::Alias => anonymous = Some(text(of("previousId")).ok_or(EventFault::NoPreviousId)?),
            CallKind::Group if text(of("groupId")).is_none() => return Err(EventFault::NoGroupId),
            CallKind::Identify | CallKind::Track | CallKind::Page | CallKind::Screen | CallKind::Group => {}
        }
        if user.is_none() && anonymous.is_none() {
            return Err(EventFault::NoUserAnonId);
        }
        let name = text(of("event")).or_else(|| text(of("name")));
        if kind == CallKind::Track && name.is_none() {
            return Err(EventFault::NoName);
        }
        let time = of("timestamp");
        let at = parse_time(time).ok_or_else(|| EventFault::NoTime(text(time).unwrap_or_default()))?;
        let (properties, traits, context) = (of("properties"), of("traits"), of("context"));
        let about =
            |key: &str| text(&traits[key]).or_else(|| text(&context["traits"][key])).or_else(|| text(&properties[key]));
        let country = text(&traits["address"]["country"])
            .or_else(|| text(&context["traits"]["address"]["country"]))
            .or_else(|| text(&context["location"]["country"]))
            .or_else(|| text(&properties["country"]))
            .or_else(|| text(&traits["country"]))
            .or_else(|| text(&context["traits"]["country"]));
        let url = text(&properties["url"]).or_else(|| text(&context["page"]["url"]));
        let currency = text(&properties["currency"]).map(|c| c.to_uppercase());
        Ok(Self {
            message_id: text(of("messageId")).unwrap_or_default(),
            kind,
            deed: Deed::of(kind, name.as_deref()),
            name,
            user,
            anonymous,
            email_hash: about("email").and_then(|e| private::email_hash(&e)),
            phone_hash: about("phone").and_then(|p| private::phone_hash(&p)),
            at,
            items: items(properties, currency.as_deref()),
            order_id: text(&properties["order_id"]).or_else(|| text(&properties["orderId"])),
            cart_id: text(&properties["cart_id"]),
            value: ["revenue", "value", "total"].iter().find_map(|key| amount(&properties[*key])),
            currency,
            query: text(&properties["query"]),
            n_results: ["results", "n_results", "result_count"].iter().find_map(|key| whole(&properties[*key])),
            url: url.map(|u| u.split(['?', '#']).next().unwrap_or_default().to_owned()),
            country,
            language: text(&context["locale"]).and_then(|l| language(&l)),
            user_agent: text(&context["userAgent"]),
            engaged_ms: whole(&properties["engaged_ms"]),
        })
    }

    /// The rows of `raw.events`: one a product, or one where there is none.
    pub fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        let n_rows = self.items.len().max(1);
        (0..n_rows).map(|part| {
            let item = self.items.get(part);
            EventRow {
                message_id: &self.message_id,
                kind: self.kind.name(),
                name: self.name.as_deref(),
                shopper_key: self.user.as_deref(),
                anonymous_id: self.anonymous.as_deref(),
                email_hash: self.email_hash.as_deref(),
                phone_hash: self.phone_hash.as_deref(),
                occurred_at: self.at,
                product_code: item.and_then(|i| i.code.as_deref()),
                order_id: self.order_id.as_deref(),
                quantity: item.and_then(|i| i.quantity),
                price: item.and_then(|i| i.price),
                currency: item.and_then(|i| i.currency.as_deref()).or(self.currency.as_deref()),
                query: self.query.as_deref(),
                url: self.url.as_deref(),
                country: self.country.as_deref(),
                language: self.language.as_deref(),
                part: part as i64,
                user_agent: self.user_agent.as_deref(),
            }
        })
    }
}

/// The products of a list, or the one that stands in the properties themselves.
fn items(properties: &Value, currency: Option<&str>) -> Vec<Item> {
    let item = |of: &Value| Item {
        code: ["product_id", "sku", "productId"].iter().find_map(|key| text(&of[*key])),
        quantity: whole(&of["quantity"]),
        price: amount(&of["price"]),
        currency: text(&of["currency"]).map(|c| c.to_uppercase()).or_else(|| currency.map(str::to_owned)),
    };
    match properties["products"].as_array() {
        Some(products) if !products.is_empty() => products.iter().map(item).collect(),
        Some(_) | None => {
            let one = item(properties);
            let said = one.code.is_some() || one.quantity.is_some() || one.price.is_some();
            said.then_some(one).into_iter().collect()
        }
    }
}

fn language(locale: &str) -> Option<String> {
    let head = locale.split(['-', '_', '.']).next().unwrap_or_default();
    (head.len() == 2 && head.bytes().all(|b| b.is_ascii_alphabetic())).then(|| head.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_of_two_products_is_two_rows_with_the_orders_currency() {
        let line = json!({"type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u1",
            "timestamp": "2025-10-07T09:50:26Z",
            "properties": {"order_id": "o1", "currency": "eur", "revenue": 59.97, "products": [
                {"product_id": "p1", "price": 19.99, "quantity": 1}, {"sku": "p2", "price": "19.99", "quantity": 2.0}]}});
        let event = ShopEvent::from_line(&line).unwrap();
        assert_eq!(event.deed, Deed::OrderCompleted);
        assert_eq!(event.value, Some(Amount::from_micros(59_970_000)));
        let rows: Vec<_> = event.rows().map(|r| (r.product_code, r.quantity, r.price, r.currency, r.part)).collect();
        let price = Some(Amount::from_micros(19_990_000));
        assert_eq!(rows, [(Some("p1"), Some(1), price, Some("EUR"), 0), (Some("p2"), Some(2), price, Some("EUR"), 1)]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let fault = |line: Value| ShopEvent::from_line(&line).unwrap_err().rule();
        assert_eq!(fault(json!({"type": "buy", "userId": "u"})), "unknown_kind");
        assert_eq!(fault(json!({"type": "track", "event": "x"})), "no_user_anon_id");
        assert_eq!(fault(json!({"type": "track", "userId": 1, "timestamp": 0})), "no_event_name");
        assert_eq!(fault(json!({"type": "alias", "userId": 1, "timestamp": 0})), "no_previous_id");
        assert_eq!(fault(json!({"type": "group", "userId": 1, "timestamp": 0})), "no_group_id");
        assert_eq!(fault(json!({"type": "page", "userId": 1, "timestamp": "soon"})), "not_a_date");
        assert_eq!(fault(json!([1])), "unknown_kind");
    }

    #[test]
    fn a_fraction_is_no_quantity_and_a_word_no_price() {
        assert_eq!(whole(&json!(1.5)), None);
        assert_eq!(whole(&json!("6.0")), Some(6));
        assert_eq!(amount(&json!("cheap")), None);
        assert_eq!(amount(&json!(1e-7)), Some(Amount::from_micros(0)));
        assert_eq!(amount(&json!(1e300)), None);
    }
}
