//! Google Analytics 4's Measurement Protocol: `POST /mp/collect` with up to 25 events of one client.
//!
//! Each event becomes the Segment call that says the same, and is judged like one: `view_item` is `Product Viewed`, `items` are
//! `products`, `transaction_id` is `order_id`, `search_term` is `query`. Limits as published: 25 events a request, 25 parameters
//! an event, names of 40 characters that begin with a letter, values of 100 characters, 130 KB, 72 hours back.

use super::accept::{Accept, Outer, Refused, Taken};
use super::body::BodyError;
use crate::event::text;
use crate::time::{MINUTE, Micros};
use crate::vocabulary::Deed;
use serde_json::{Map, Value, json};

/// What is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasurementParams {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Events of a request.
    pub events: usize,
    /// Parameters of an event, items not counted.
    pub parameters: usize,
    /// Items of an event.
    pub items: usize,
    /// Characters of a name.
    pub name_chars: usize,
    /// Characters of a value; addresses of pages may be ten times as long.
    pub value_chars: usize,
    /// Hours that an event may lie back.
    pub back_hours: u32,
}

impl Default for MeasurementParams {
    fn default() -> Self {
        Self {
            body_bytes: 130 << 10,
            events: 25,
            parameters: 25,
            items: 200,
            name_chars: 40,
            value_chars: 100,
            back_hours: 72,
        }
    }
}

/// A body of the right shape.
#[derive(Clone, Debug)]
pub struct Measurement {
    object: Map<String, Value>,
    params: MeasurementParams,
}

/// Parameter of GA4, property of Segment.
const RENAMED: [(&str, &str); 12] = [
    ("transaction_id", "order_id"),
    ("search_term", "query"),
    ("page_location", "url"),
    ("page_referrer", "referrer"),
    ("page_title", "title"),
    ("item_list_id", "list_id"),
    ("item_list_name", "category"),
    ("creative_name", "creative"),
    ("creative_slot", "position"),
    ("promotion_name", "name"),
    ("payment_type", "payment_method"),
    ("engagement_time_msec", "engaged_ms"),
];

/// Field of an item of GA4, field of a product of Segment.
const RENAMED_ITEM: [(&str, &str); 6] = [
    ("item_id", "product_id"),
    ("item_name", "name"),
    ("item_brand", "brand"),
    ("item_category", "category"),
    ("item_variant", "variant"),
    ("index", "position"),
];

impl Measurement {
    /// Reads a body.
    ///
    /// # Errors
    /// [`BodyError`], answered by 400.
    pub fn parse(bytes: &[u8], params: &MeasurementParams) -> Result<Self, BodyError> {
        if bytes.len() > params.body_bytes {
            return Err(BodyError::TooLarge { bytes: bytes.len(), limit: params.body_bytes });
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|e| BodyError::BadJson(e.to_string()))?;
        let Value::Object(object) = value else { return Err(BodyError::NotAnObject) };
        let events = object.get("events").and_then(Value::as_array).ok_or(BodyError::NoBatch)?;
        if events.len() > params.events {
            return Err(BodyError::TooMany { calls: events.len(), limit: params.events });
        }
        Ok(Self { object, params: params.clone() })
    }

    /// Judges every event.
    pub fn accept(mut self, accept: &Accept) -> Taken {
        let mut taken = Taken::default();
        let Some(Value::Array(events)) = self.object.remove("events") else { return taken };
        for (i, event) in events.into_iter().enumerate() {
            let at = format!("events[{i}]");
            match self.call(&event, i, accept) {
                Ok(call) => taken.add(call, None, &Outer { context: None, sent: None }, at, accept),
                Err((reason, detail)) => taken.refused.push(Refused { at, reason, detail }),
            }
        }
        taken
    }

    fn call(&self, event: &Value, i: usize, accept: &Accept) -> Result<Value, (&'static str, String)> {
        let params = &self.params;
        let name = event["name"].as_str().unwrap_or_default();
        if !is_name(name, params.name_chars) {
            return Err((
                "bad_name",
                format!(
                    "`name` is `{name}`: a letter, then letters, digits and _, at most {} characters",
                    params.name_chars
                ),
            ));
        }
        let none = Map::new();
        let given = event["params"].as_object().unwrap_or(&none);
        let n_given = given.keys().filter(|key| *key != "items").count();
        if n_given > params.parameters {
            return Err((
                "too_many_parameters",
                format!("{n_given} parameters, at most {} are taken", params.parameters),
            ));
        }
        let mut properties = Map::new();
        for (key, value) in given.iter().filter(|(key, _)| *key != "items") {
            if !is_name(key, params.name_chars) {
                return Err((
                    "bad_name",
                    format!(
                        "parameter `{key}`: a letter, then letters, digits and _, at most {} characters",
                        params.name_chars
                    ),
                ));
            }
            let most = if key.starts_with("page_") { 10 * params.value_chars } else { params.value_chars };
            if value.as_str().is_some_and(|v| v.chars().count() > most) {
                return Err(("value_too_long", format!("`{key}` is longer than {most} characters")));
            }
            let to = RENAMED.iter().find(|(from, _)| from == key).map_or(key.as_str(), |(_, to)| to);
            properties.insert(to.to_owned(), value.clone());
        }
        if let Some(items) = given.get("items").and_then(Value::as_array) {
            if items.len() > params.items {
                return Err(("too_many_items", format!("{} items, at most {} are taken", items.len(), params.items)));
            }
            properties.insert("products".into(), items.iter().map(product).collect());
        }
        let deed = Deed::from_name(name);
        if deed == Deed::OrderCompleted
            && let Some(value) = properties.get("value").cloned()
        {
            // Without tax and shipping: what Segment calls revenue.
            properties.insert("revenue".into(), value);
        }
        let time = self.time(event, accept.received)?;
        let mut call = Map::new();
        let seen = match (deed == Deed::PageViewed, deed == Deed::ScreenViewed) {
            (true, _) => Some(("page", "title")),
            (_, true) => Some(("screen", "screen_name")),
            (false, false) => None,
        };
        if let Some((kind, title)) = seen {
            call.insert("type".into(), kind.into());
            call.insert("name".into(), properties.get(title).cloned().unwrap_or(Value::Null));
        } else {
            call.insert("type".into(), "track".into());
            call.insert("event".into(), name.into());
        }
        for (from, to) in [("client_id", "anonymousId"), ("app_instance_id", "anonymousId"), ("user_id", "userId")] {
            if let Some(id) = self.object.get(from).and_then(text) {
                call.entry(to).or_insert(id.into());
            }
        }
        // What an app's instance sends is the app's; a browser's number is the site's.
        let channel = if self.object.contains_key("app_instance_id") { "mobile" } else { "browser" };
        call.insert("channel".into(), channel.into());
        if let Some(time) = time {
            // Events of one request share its time: the place in the request tells them apart.
            call.insert("timestamp".into(), crate::time::write_time(time).into());
            call.insert("requestIndex".into(), i.into());
        }
        if let Some(consent) = self.object.get("consent").and_then(Value::as_object) {
            let granted: Map<String, Value> =
                consent.iter().map(|(k, v)| (k.clone(), (v.as_str() != Some("DENIED")).into())).collect();
            call.insert("context".into(), json!({"consent": {"categoryPreferences": granted}}));
        }
        call.insert("properties".into(), Value::Object(properties));
        Ok(Value::Object(call))
    }

    fn time(&self, event: &Value, received: Micros) -> Result<Option<Micros>, (&'static str, String)> {
        let given = event.get("timestamp_micros").or_else(|| self.object.get("timestamp_micros"));
        let Some(given) = given.filter(|v| !v.is_null()) else { return Ok(None) };
        let wrong = || ("not_a_date", format!("`timestamp_micros` is {given}: microseconds since 1970"));
        let time = text(given).and_then(|t| t.parse::<Micros>().ok()).ok_or_else(wrong)?;
        let hours = received.saturating_sub(time) / (60 * MINUTE);
        if hours >= i64::from(self.params.back_hours) {
            return Err((
                "too_old",
                format!("the event lies {hours} hours back, at most {} are taken", self.params.back_hours),
            ));
        }
        Ok(Some(time))
    }
}

fn product(item: &Value) -> Value {
    let renamed = item.as_object().into_iter().flatten().map(|(key, value)| {
        let to = RENAMED_ITEM.iter().find(|(from, _)| from == key).map_or(key.as_str(), |(_, to)| to);
        (to.to_owned(), value.clone())
    });
    Value::Object(renamed.collect())
}

fn is_name(name: &str, most_chars: usize) -> bool {
    name.starts_with(|c: char| c.is_alphabetic())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= most_chars
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Amount;

    const NOW: Micros = 1_759_830_626_000_000;

    fn accept(body: &Value) -> Taken {
        let accept = Accept { received: NOW, ..Accept::default() };
        Measurement::parse(body.to_string().as_bytes(), &MeasurementParams::default()).unwrap().accept(&accept)
    }

    #[test]
    fn a_purchase_says_what_an_order_completed_says() {
        let taken =
            accept(&json!({"client_id": "123.456", "user_id": "u1", "timestamp_micros": NOW - 5_000_000, "events": [
                {"name": "purchase", "params": {"transaction_id": "T1", "value": 39.98, "currency": "EUR", "tax": 7.6,
                 "items": [{"item_id": "p1", "item_name": "Kettle", "price": 19.99, "quantity": 2}]}},
                {"name": "page_view", "params": {"page_location": "https://s.example/a?x=1", "page_title": "A"}},
                {"name": "user_engagement", "params": {"engagement_time_msec": 5200, "session_id": 7}},
                {"name": "search", "params": {"search_term": "kettle"}}
            ]}));
        assert_eq!(taken.refused, []);
        let event = |i: usize| &taken.accepted[i].event;
        assert_eq!(event(0).deed, Deed::OrderCompleted);
        assert_eq!(event(0).name.as_deref(), Some("Order Completed"));
        assert_eq!((event(0).order_id.as_deref(), event(0).at), (Some("T1"), NOW - 5_000_000));
        assert_eq!(event(0).value, Some(Amount::from_micros(39_980_000)));
        let row = event(0).rows().next().unwrap();
        assert_eq!((row.product_code, row.quantity, row.currency), (Some("p1"), Some(2), Some("EUR")));
        assert_eq!((event(1).deed, event(1).url.as_deref()), (Deed::PageViewed, Some("https://s.example/a")));
        assert_eq!((event(2).deed, event(2).engaged_ms), (Deed::Dwelt, Some(5200)));
        assert_eq!(event(3).query.as_deref(), Some("kettle"));
    }

    #[test]
    fn a_repeated_request_has_the_same_identifiers_and_its_events_have_different_ones() {
        let body = json!({"client_id": "1", "timestamp_micros": NOW, "events": [{"name": "x"}, {"name": "x"}]});
        let keys = |taken: Taken| taken.accepted.iter().map(|a| a.key).collect::<Vec<_>>();
        let first = keys(accept(&body));
        assert_ne!(first[0], first[1]);
        assert_eq!(keys(accept(&body)), first);
    }

    #[test]
    fn limits_and_reasons() {
        let long = "x".repeat(101);
        let many: Map<String, Value> = (0..26).map(|i| (format!("p{i}"), json!(1))).collect();
        let taken = accept(&json!({"client_id": "1", "events": [
            {"name": "1st"}, {"name": "a-b"}, {"name": "x", "params": {"a": long}}, {"name": "x", "params": many},
            {"name": "x", "timestamp_micros": NOW - 73 * 3_600_000_000_i64}, {"name": "x", "timestamp_micros": "soon"}
        ]}));
        let reasons: Vec<_> = taken.refused.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, ["bad_name", "bad_name", "value_too_long", "too_many_parameters", "too_old", "not_a_date"]);
        let nobody = accept(&json!({"events": [{"name": "x"}]}));
        assert_eq!(nobody.refused[0].reason, "no_user_anon_id");
        let many: Vec<Value> = (0..26).map(|_| json!({"name": "x"})).collect();
        let body = json!({"client_id": "1", "events": many}).to_string();
        let error = Measurement::parse(body.as_bytes(), &MeasurementParams::default()).unwrap_err();
        assert_eq!(error.code(), "too_many_calls");
    }
}
