//! Segment events: one JSON object a line, a call of the HTTP tracking API or a batch of calls.
//!
//! - **Time.** `timestamp = receivedAt − (sentAt − originalTimestamp)` where all three are there,
//!   which takes the error of the client's clock out; else `timestamp`, `originalTimestamp`,
//!   `receivedAt`, `sentAt`, the first there is.
//! - **Products.** An event with `products[]` becomes one row a product, numbered in `part`; an
//!   empty list or none is one row.
//! - **Identity.** `anonymousId` or `userId` is needed (`no_user_anon_id` otherwise). A missing
//!   `messageId` is made from the line's own hash, so that the same line is the same event again.
//! - An `alias` joins its `userId` to the visitor named in `previousId`.
//! - E-mail and phone of traits and properties become hashes; other personal traits are not read.

use super::Connector;
use crate::date;
use crate::error::IntakeError;
use crate::format::Format;
use crate::hash_id;
use crate::number::{self, DecimalMark};
use crate::out::Out;
use crate::plan::{Plan, language};
use crate::record::{BadRow, Record};
use domain::Amount;
use serde_json::Value;

const COLUMNS: [&str; 26] = [
    "message_id",
    "kind",
    "name",
    "shopper_key",
    "anonymous_id",
    "email_hash",
    "phone_hash",
    "occurred_at",
    "product_code",
    "order_id",
    "quantity",
    "price",
    "currency",
    "query",
    "url",
    "country",
    "language",
    "part",
    "user_agent",
    "order_value",
    "order_total",
    "order_shipping",
    "order_tax",
    "order_discount",
    "channel",
    "cart_id",
];

/// Where an order's amounts stand, in the order of their columns: what Segment calls revenue, the Measurement Protocol
/// calls value.
const MONEY: [(usize, &[&str]); 5] = [
    (19, &["revenue", "value", "subtotal"]),
    (20, &["total"]),
    (21, &["shipping"]),
    (22, &["tax"]),
    (23, &["discount"]),
];

struct SegmentEvents {
    plan: Plan,
    to: [usize; 26],
}

pub(crate) fn connector(format: &Format) -> Box<dyn Connector> {
    let table = format.table();
    let to = COLUMNS.map(|name| Plan::column(table, name));
    let mut plan = Plan::new(table);
    plan.written = to.to_vec();
    Box::new(SegmentEvents { plan, to })
}

/// Whether these keys of JSON lines are those of tracking calls.
pub(crate) fn fits(keys: &[String]) -> bool {
    let has = |name: &str| keys.iter().any(|k| k == name);
    has("batch") || (has("type") && (has("messageId") || has("anonymousId") || has("userId")))
}

type Fail = (&'static str, &'static str, String, &'static str);

impl SegmentEvents {
    fn call(&self, call: &Value, outer: &Value, id: &str, line: u64, out: &mut Out<'_>) -> Result<(), IntakeError> {
        let event = match Event::read(call, outer, id, self.plan.reading.dates.offset_minutes) {
            Ok(event) => event,
            Err(fail) => return reject(line, fail, out),
        };
        let none = [Value::Null];
        let products = match call["properties"]["products"].as_array() {
            Some(products) if !products.is_empty() => products.as_slice(),
            Some(_) | None => &none,
        };
        for (part, product) in products.iter().enumerate() {
            match self.write(&event, product, part, out) {
                Ok(()) => out.commit(line)?,
                Err(fail) => {
                    out.take_back();
                    reject(line, fail, out)?;
                }
            }
        }
        Ok(())
    }

    fn write(&self, event: &Event, product: &Value, part: usize, out: &mut Out<'_>) -> Result<(), Fail> {
        let properties = event.properties;
        // A product of a list may leave to the event what is the same for all.
        let pick = |key: &str| if product.is_null() { text(&properties[key]) } else { text(&product[key]) };
        let code = pick("product_id").or_else(|| pick("sku")).or_else(|| pick("productId"));
        let quantity = match pick("quantity") {
            None => None,
            Some(q) => {
                let read = number::integer(&q, DecimalMark::Point).filter(|n| number::countable(*n));
                Some(read.ok_or(("not_a_whole_number", "quantity", q, "a whole number such as 1"))?)
            }
        };
        let price = match pick("price") {
            None => None,
            Some(p) => {
                let read =
                    number::amount(&p, DecimalMark::Point).or_else(|| json_float(&p)).filter(|a| number::fits(*a));
                Some(read.ok_or(("not_an_amount", "price", p, "a price such as 19.99"))?)
            }
        };
        let texts = [
            Some(event.message_id.clone()),
            Some(event.kind.clone()),
            event.name.clone(),
            event.user.clone(),
            event.anonymous.clone(),
            event.email.clone(),
            event.phone.clone(),
        ];
        for (to, value) in self.to.iter().zip(&texts) {
            if let Some(value) = value {
                out.text(*to, value);
            }
        }
        out.long(self.to[7], event.at);
        let currency = pick("currency").or_else(|| text(&properties["currency"])).map(|c| c.to_uppercase());
        let order = text(&properties["order_id"]).or_else(|| text(&properties["orderId"]));
        if order.is_some() && event.kind == "track" {
            for (column, keys) in MONEY {
                // What is no amount leaves the order without it: its lines say what was bought.
                let read = |key: &&str| {
                    let said = text(&properties[*key])?;
                    number::amount(&said, DecimalMark::Point).or_else(|| json_float(&said)).filter(|a| number::fits(*a))
                };
                if let Some(amount) = keys.iter().find_map(read) {
                    out.wide(self.to[column], i128::from(amount.micros()));
                }
            }
        }
        for (column, value) in [
            (8, code),
            (9, order),
            (12, currency),
            (13, text(&properties["query"])),
            (14, event.url.clone()),
            (15, event.country.clone()),
            (16, event.language.clone()),
            (18, event.agent.clone()),
            (24, event.channel.map(str::to_owned)),
            (25, text(&properties["cart_id"])),
        ] {
            if let Some(value) = value {
                out.text(self.to[column], &value);
            }
        }
        if let Some(quantity) = quantity {
            out.long(self.to[10], quantity);
        }
        if let Some(price) = price {
            out.wide(self.to[11], i128::from(price.micros()));
        }
        out.long(self.to[17], part as i64);
        Ok(())
    }
}

/// What all rows of a call share.
struct Event<'v> {
    message_id: String,
    kind: String,
    name: Option<String>,
    user: Option<String>,
    anonymous: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    at: i64,
    url: Option<String>,
    country: Option<String>,
    language: Option<String>,
    agent: Option<String>,
    channel: Option<&'static str>,
    properties: &'v Value,
}

impl<'v> Event<'v> {
    fn read(call: &'v Value, outer: &'v Value, id: &str, offset_minutes: i32) -> Result<Self, Fail> {
        let properties = &call["properties"];
        // Batch-level context merges into each call; the call's own wins.
        let context = |path: &[&str]| {
            let walk = |root: &'v Value| path.iter().fold(&root["context"], |v, key| &v[*key]);
            text(walk(call)).or_else(|| text(walk(outer)))
        };
        let traits = |path: &[&str]| {
            let of_call = path.iter().fold(&call["traits"], |v, key| &v[*key]);
            let inner: Vec<&str> = ["traits"].iter().chain(path).copied().collect();
            text(of_call).or_else(|| context(&inner))
        };
        let kind = text(&call["type"]).map(|k| k.to_lowercase()).unwrap_or_default();
        if !matches!(kind.as_str(), "identify" | "track" | "page" | "screen" | "group" | "alias") {
            return Err(("unknown_kind", "kind", kind, "identify, track, page, screen, group or alias"));
        }
        let (user, mut anonymous) = (text(&call["userId"]), text(&call["anonymousId"]));
        if kind == "alias" {
            // The visitor who became the user; an anonymousId beside it is the browser of now.
            anonymous = text(&call["previousId"]).or(anonymous);
        }
        if user.is_none() && anonymous.is_none() {
            return Err(("no_user_anon_id", "anonymous_id", String::new(), "an anonymousId or a userId"));
        }
        let name = text(&call["event"]).or_else(|| text(&call["name"]));
        if kind == "track" && name.is_none() {
            return Err(("missing_value", "name", String::new(), "the event's name: a track call needs one"));
        }
        let url = text(&properties["url"]).or_else(|| context(&["page", "url"]));
        let email = traits(&["email"]).or_else(|| text(&properties["email"]));
        Ok(Self {
            message_id: text(&call["messageId"]).unwrap_or_else(|| id.to_owned()),
            at: time(call, outer, offset_minutes)?,
            email: email.and_then(|e| hash_id::email(&e)),
            phone: traits(&["phone"]).or_else(|| text(&properties["phone"])).and_then(|p| hash_id::phone(&p)),
            url: url.map(|u| u.split(['?', '#']).next().unwrap_or("").to_owned()),
            country: traits(&["address", "country"])
                .or_else(|| context(&["location", "country"]))
                .or_else(|| text(&properties["country"]))
                .or_else(|| traits(&["country"])),
            language: context(&["locale"]).and_then(|l| language(&l)),
            agent: context(&["userAgent"]),
            channel: channel(&kind, text(&call["channel"]).as_deref(), &context),
            kind,
            name,
            // Some sites number their users by e-mail address.
            user: user.map(|u| if u.contains('@') { hash_id::email(&u).unwrap_or(u) } else { u }),
            anonymous,
            properties,
        })
    }
}

/// Through what an event came: what it says itself (`channel` as Segment's libraries set it), else what only one of
/// them has.
fn channel(kind: &str, said: Option<&str>, context: &dyn Fn(&[&str]) -> Option<String>) -> Option<&'static str> {
    match said.map(str::to_lowercase).as_deref() {
        Some("mobile" | "app") => return Some("app"),
        Some("browser" | "web" | "site") => return Some("site"),
        Some("server") => return Some("server"),
        _ => {}
    }
    let app = kind == "screen" || context(&["app", "name"]).is_some() || context(&["app", "build"]).is_some();
    let page = || kind == "page" || context(&["page", "url"]).is_some() || context(&["page", "path"]).is_some();
    if app {
        Some("app")
    } else if page() {
        Some("site")
    } else {
        None
    }
}

fn time(call: &Value, outer: &Value, offset_minutes: i32) -> Result<i64, Fail> {
    let params = date::DateParams { order: None, offset_minutes };
    let read = |key: &'static str| match text(&call[key]).or_else(|| text(&outer[key])) {
        None => Ok(None),
        Some(written) => match date::instant(&written, params) {
            Ok(at) => Ok(Some(at)),
            Err(fault) => Err((fault.rule(), "occurred_at", format!("{key}: {written}"), fault.expected())),
        },
    };
    let (original, sent, received) = (read("originalTimestamp")?, read("sentAt")?, read("receivedAt")?);
    if let (Some(original), Some(sent), Some(received)) = (original, sent, received) {
        return Ok(received - (sent - original));
    }
    let first = read("timestamp")?.or(original).or(received).or(sent);
    first.ok_or(("missing_value", "occurred_at", String::new(), "a timestamp such as 2025-10-07T09:50:26Z"))
}

/// A text or number that is not empty.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.trim().is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// JSON writes very small and very large prices with an exponent.
fn json_float(text: &str) -> Option<Amount> {
    Amount::from_decimal(domain::Decimal::from_scientific(text).ok()?)
}

fn reject(line: u64, (rule, column, value, expected): Fail, out: &mut Out<'_>) -> Result<(), IntakeError> {
    out.reject(&BadRow { line, rule, value, expected: expected.to_owned() }, Some(column))
}

impl Connector for SegmentEvents {
    /// The row is one cell: the whole line.
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        let line = record.get(0);
        let value: Value = match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) => {
                let value = format!("{error}: {}", crate::csv::visible(line));
                let expected = "one JSON object on the line".to_owned();
                return out.reject(&BadRow { line: record.line, rule: "not_json", value, expected }, None);
            }
        };
        let id = || format!("line-{}", &hash_id::sha256(line)[..32]);
        match value["batch"].as_array() {
            None => self.call(&value, &Value::Null, &id(), record.line, out),
            Some(calls) => {
                let id = id();
                let each = calls.iter().enumerate();
                each.map(|(i, call)| (format!("{id}-{i}"), call))
                    .try_for_each(|(id, call)| self.call(call, &value, &id, record.line, out))
            }
        }
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }
}
