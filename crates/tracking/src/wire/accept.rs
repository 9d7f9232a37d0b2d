//! One call: what is wrong with it, or its canonical line.
//!
//! The line is the call as it came, but for: its identifier and its times are filled in and corrected, the batch's context is
//! merged into its own, an event of any vocabulary has its v2 name (the name as sent stays in `originalEvent`), what is
//! personal is hashed or dropped, and the write key is gone. One serialisation; about ten microseconds a call.

use crate::clock::{ClockParams, correct};
use crate::event::{self, EventFault, ShopEvent, amount, whole};
use crate::private;
use crate::time::{Micros, parse_time, write_time};
use crate::vocabulary::{CallKind, Deed};
use serde_json::{Map, Value, json};

/// Sizes that are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one call.
    pub call_bytes: usize,
    /// Bytes of a batch.
    pub batch_bytes: usize,
    /// Calls of a batch.
    pub batch_calls: usize,
    /// Characters of a message's identifier.
    pub message_id_chars: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { call_bytes: 32 << 10, batch_bytes: 500 << 10, batch_calls: 2_500, message_id_chars: 100 }
    }
}

/// Under which circumstances a request came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept {
    /// When.
    pub received: Micros,
    /// Country of the events that say none, such as the market of the key.
    pub country: Option<String>,
    /// What times are believed.
    pub clock: ClockParams,
    /// What sizes are taken.
    pub limits: Limits,
}

/// A call that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Where in the request it stood: `batch[3]`, or nothing for a call alone.
    pub at: String,
    /// 128 bits of the hash of its identifier.
    pub key: u128,
    /// The call in canonical form, one line of JSON.
    pub line: String,
    /// The same, read.
    pub event: ShopEvent,
}

/// A call that is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where in the request it stood.
    pub at: String,
    /// Short name of the reason, part of the API.
    pub reason: &'static str,
    /// What was found and what would be right.
    pub detail: String,
}

/// A call that is kept, with something to tell about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where in the request it stood.
    pub at: String,
    /// What was found.
    pub problem: String,
}

/// What became of a request's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Kept, in their order.
    pub accepted: Vec<Accepted>,
    /// Not kept.
    pub refused: Vec<Refused>,
    /// About those that are kept.
    pub warnings: Vec<Warning>,
}

/// What the calls of a batch have in common.
pub(crate) struct Outer<'b> {
    pub(crate) context: Option<&'b Map<String, Value>>,
    pub(crate) sent: Option<&'b Value>,
}

impl Taken {
    /// Judges a call. `kind` is that of the address it came to, if that says one.
    pub(crate) fn add(&mut self, call: Value, kind: Option<CallKind>, outer: &Outer<'_>, at: String, params: &Accept) {
        let mut problems = Vec::new();
        match canonical(call, kind, outer, &at, params, &mut problems) {
            Ok(accepted) => {
                self.warnings.extend(problems.into_iter().map(|problem| Warning { at: at.clone(), problem }));
                self.accepted.push(accepted);
            }
            Err((reason, detail)) => self.refused.push(Refused { at, reason, detail }),
        }
    }
}

type No = (&'static str, String);

fn canonical(
    call: Value,
    kind: Option<CallKind>,
    outer: &Outer<'_>,
    at: &str,
    params: &Accept,
    problems: &mut Vec<String>,
) -> Result<Accepted, No> {
    let Value::Object(mut call) = call else {
        return Err(("not_an_object", "a call is a JSON object such as {\"type\": \"track\", …}".to_owned()));
    };
    if let Some(kind) = kind {
        call.insert("type".into(), kind.name().into());
    } else if let Some(kind) = call.get("type").and_then(Value::as_str).and_then(CallKind::from_name) {
        call.insert("type".into(), kind.name().into());
    }
    call.remove("writeKey");
    call.remove("_metadata");
    merge_context(&mut call, outer, params);
    if let Some(category) = refused_consent(&call) {
        return Err(("no_consent", format!("context.consent says no to `{category}`: nothing is kept")));
    }
    for key in ["userId", "anonymousId", "previousId"] {
        if let Some(value) = call.get(key) {
            match private::identifier(value) {
                Some(id) => call.insert(key.into(), id.into()),
                None => call.remove(key),
            };
        }
    }
    let has_own_time =
        ["timestamp", "originalTimestamp"].iter().any(|key| call.get(*key).is_some_and(|v| !v.is_null()));
    let message_id = message_id(&call, at, has_own_time, params)?;
    call.insert("messageId".into(), message_id.clone().into());
    settle_time(&mut call, outer, params, problems)?;
    clean_personal(&mut call);
    name_event(&mut call);
    check_items(&mut call, problems);
    let key = private::hash128(message_id.as_bytes());
    let line = Value::Object(call);
    let event = ShopEvent::from_line(&line).map_err(|fault: EventFault| (fault.rule(), fault.to_string()))?;
    let line = line.to_string();
    // Filled in are an identifier, times and the context of the batch: those are not held against the call.
    let limit = params.limits.call_bytes + (4 << 10);
    if line.len() > limit {
        return Err((
            "too_large",
            format!("the call has {} bytes, at most {} are taken", line.len(), params.limits.call_bytes),
        ));
    }
    Ok(Accepted { at: at.to_owned(), key, line, event })
}

/// The call's own context wins over that of the batch, key by key.
fn merge_context(call: &mut Map<String, Value>, outer: &Outer<'_>, params: &Accept) {
    if outer.context.is_none() && params.country.is_none() {
        return;
    }
    let own = call.entry("context").or_insert_with(|| json!({}));
    let Value::Object(own) = own else { return };
    for (key, value) in outer.context.into_iter().flatten() {
        match own.get_mut(key) {
            None => {
                own.insert(key.clone(), value.clone());
            }
            Some(Value::Object(inner)) => {
                for (k, v) in value.as_object().into_iter().flatten() {
                    inner.entry(k.clone()).or_insert_with(|| v.clone());
                }
            }
            Some(_) => {}
        }
    }
    if let Some(country) = &params.country {
        let location = own.entry("location").or_insert_with(|| json!({}));
        if let Value::Object(location) = location {
            location.entry("country").or_insert_with(|| country.clone().into());
        }
    }
}

/// The category of consent that covers what this program does with events, where it was refused.
fn refused_consent(call: &Map<String, Value>) -> Option<&str> {
    let categories = call.get("context")?["consent"]["categoryPreferences"].as_object()?;
    let measures = ["analytics", "analytics_storage", "measurement", "statistics", "performance"];
    let refused = |(category, value): &(&String, &Value)| {
        **value == Value::Bool(false) && measures.contains(&category.to_lowercase().as_str())
    };
    categories.iter().find(refused).map(|(category, _)| category.as_str())
}

/// The identifier given, or one that is the same whenever the same call comes again. A call without a time of its own is
/// another one each time it comes: two equal clicks are two clicks.
fn message_id(call: &Map<String, Value>, at: &str, has_own_time: bool, params: &Accept) -> Result<String, No> {
    match call.get("messageId").and_then(event::text) {
        Some(given) if given.chars().count() <= params.limits.message_id_chars => Ok(given),
        Some(given) => {
            let (n, limit) = (given.chars().count(), params.limits.message_id_chars);
            Err(("message_id_too_long", format!("`messageId` has {n} characters, at most {limit} are taken")))
        }
        None => {
            let mut content = Value::Object(call.clone()).to_string();
            if !has_own_time {
                content.push_str(&params.received.to_string());
                content.push_str(at);
            }
            Ok(format!("made-{}", &private::sha256_hex(content.as_bytes())[..32]))
        }
    }
}

fn settle_time(
    call: &mut Map<String, Value>,
    outer: &Outer<'_>,
    params: &Accept,
    problems: &mut Vec<String>,
) -> Result<(), No> {
    let mut read = |key: &str, value: Option<&Value>| match value {
        None | Some(Value::Null) => None,
        Some(value) => {
            let time = parse_time(value);
            if time.is_none() {
                problems.push(format!("`{key}` is {value}, which is no time such as 2025-10-07T09:50:26Z: not used"));
            }
            time
        }
    };
    let original =
        read("originalTimestamp", call.get("originalTimestamp")).or_else(|| read("timestamp", call.get("timestamp")));
    let sent = read("sentAt", call.get("sentAt").or(outer.sent));
    let settled = correct(original, sent, params.received, &params.clock);
    if let Some(fault) = settled.fault {
        problems.push(fault.text().to_owned());
    }
    let day = 86_400_000_000;
    if let Some(skew) = settled.skew.filter(|skew| skew.abs() >= day) {
        let (days, way) = (skew.abs() / day, if skew > 0 { "ahead" } else { "behind" });
        problems.push(format!("the sender's clock is {days} days {way}: corrected"));
    }
    for key in ["timestamp", "originalTimestamp", "sentAt", "receivedAt"] {
        call.remove(key);
    }
    call.insert("timestamp".into(), write_time(settled.at).into());
    // Who reads the line computes the same time from these three; without belief in them they are not there.
    if let (Some(original), Some(sent), None) = (original, sent, settled.fault) {
        call.insert("originalTimestamp".into(), write_time(original).into());
        call.insert("sentAt".into(), write_time(sent).into());
    }
    call.insert("receivedAt".into(), write_time(params.received).into());
    Ok(())
}

fn clean_personal(call: &mut Map<String, Value>) {
    if let Some(Value::Object(traits)) = call.get_mut("traits") {
        private::clean_traits(traits);
    }
    if let Some(Value::Object(properties)) = call.get_mut("properties") {
        private::clean(properties);
    }
    if let Some(Value::Object(context)) = call.get_mut("context") {
        private::clean(context);
        if let Some(Value::Object(traits)) = context.get_mut("traits") {
            private::clean_traits(traits);
        }
        if let Some(Value::Object(device)) = context.get_mut("device") {
            ["advertisingId", "id", "token"].iter().for_each(|key| {
                device.remove(*key);
            });
        }
    }
}

fn name_event(call: &mut Map<String, Value>) {
    let Some(Value::String(sent)) = call.get("event") else { return };
    let name = Deed::from_name(sent).name();
    if !name.is_empty() && name != sent {
        let sent = Value::String(sent.clone());
        call.insert("event".into(), name.into());
        call.insert("originalEvent".into(), sent);
    }
}

/// Prices are brought to six decimals; what is no price or no quantity is told, and the product's row is put aside, with
/// this reason, when the line is read into the lake.
fn check_items(call: &mut Map<String, Value>, problems: &mut Vec<String>) {
    let Some(Value::Object(properties)) = call.get_mut("properties") else { return };
    let mut check = |item: &mut Map<String, Value>| {
        if let Some(price) = item.get_mut("price").filter(|p| event::text(p).is_some()) {
            match amount(price) {
                None => problems.push(format!("`price` is {price}, which is no price such as 19.99")),
                Some(exact) if price.to_string().len() > 10 => *price = exact.to_string().into(),
                Some(_) => {}
            }
        }
        if let Some(quantity) = item.get("quantity").filter(|q| event::text(q).is_some() && whole(q).is_none()) {
            problems.push(format!("`quantity` is {quantity}, which is no whole number"));
        }
    };
    check(properties);
    if let Some(Value::Array(products)) = properties.get_mut("products") {
        products.iter_mut().filter_map(Value::as_object_mut).for_each(check);
    }
}
