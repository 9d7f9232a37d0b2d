//! The bodies of Segment's tracking API.
//!
//! `POST /v1/identify | track | page | screen | group | alias` with one call, `POST /v1/batch` with `{"batch": [call, …]}` whose
//! `context` and `sentAt` hold for all. Only two things fail a request as a whole, as they do there: JSON that cannot be
//! read, and too much of it (400). Everything else is said call by call in an answer 200.

use super::accept::{Accept, Limits, Outer, Taken};
use crate::vocabulary::CallKind;
use serde_json::{Map, Value};

/// Where a body came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// One call of this kind.
    Call(CallKind),
    /// Many calls.
    Batch,
}

impl Endpoint {
    /// The last part of the path: `track`, `batch`; also the short names that older clients use (`t`, `p`, `i`, …).
    pub fn from_name(name: &str) -> Option<Self> {
        let short = match name {
            "batch" | "import" | "b" => return Some(Self::Batch),
            "t" => "track",
            "p" => "page",
            "i" => "identify",
            "g" => "group",
            "a" => "alias",
            "s" => "screen",
            other => other,
        };
        CallKind::from_name(short).map(Self::Call)
    }
}

/// Why a request fails as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More bytes than are taken.
    #[error("the body has {bytes} bytes, at most {limit} are taken here")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// How many are taken.
        limit: usize,
    },
    /// Not JSON.
    #[error("the body is not JSON: {0}")]
    BadJson(String),
    /// JSON of another shape.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// A batch without its calls.
    #[error("a batch needs `batch`, a list of calls")]
    NoBatch,
    /// More calls than are taken.
    #[error("the batch has {calls} calls, at most {limit} are taken")]
    TooMany {
        /// How many.
        calls: usize,
        /// How many are taken.
        limit: usize,
    },
}

impl BodyError {
    /// Short name, part of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::BadJson(_) => "invalid_json",
            Self::NotAnObject => "not_an_object",
            Self::NoBatch => "no_batch",
            Self::TooMany { .. } => "too_many_calls",
        }
    }
}

/// A body that is JSON of the right shape.
#[derive(Clone, Debug)]
pub struct Body {
    endpoint: Endpoint,
    object: Map<String, Value>,
}

impl Body {
    /// Reads a body.
    ///
    /// # Errors
    /// [`BodyError`], all of them answered by 400.
    pub fn parse(endpoint: Endpoint, bytes: &[u8], limits: &Limits) -> Result<Self, BodyError> {
        let limit = match endpoint {
            Endpoint::Call(_) => limits.call_bytes,
            Endpoint::Batch => limits.batch_bytes,
        };
        if bytes.len() > limit {
            return Err(BodyError::TooLarge { bytes: bytes.len(), limit });
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|e| BodyError::BadJson(e.to_string()))?;
        let Value::Object(object) = value else { return Err(BodyError::NotAnObject) };
        if endpoint == Endpoint::Batch {
            let calls = object.get("batch").and_then(Value::as_array).ok_or(BodyError::NoBatch)?;
            if calls.len() > limits.batch_calls {
                return Err(BodyError::TooMany { calls: calls.len(), limit: limits.batch_calls });
            }
        }
        Ok(Self { endpoint, object })
    }

    /// The write key in the body, where it stands there rather than in the `Authorization` header.
    pub fn write_key(&self) -> Option<&str> {
        // A batch may also carry it in its calls.
        self.object.get("writeKey").and_then(Value::as_str).or_else(|| {
            let first = self.object.get("batch")?.as_array()?.first()?;
            first.get("writeKey")?.as_str()
        })
    }

    /// Judges every call.
    pub fn accept(mut self, params: &Accept) -> Taken {
        let mut taken = Taken::default();
        match self.endpoint {
            Endpoint::Call(kind) => {
                let outer = Outer { context: None, sent: None };
                taken.add(Value::Object(self.object), Some(kind), &outer, String::new(), params);
            }
            Endpoint::Batch => {
                let calls = self.object.remove("batch");
                let outer = Outer {
                    context: self.object.get("context").and_then(Value::as_object),
                    sent: self.object.get("sentAt"),
                };
                let Some(Value::Array(calls)) = calls else { return taken };
                for (i, call) in calls.into_iter().enumerate() {
                    taken.add(call, None, &outer, format!("batch[{i}]"), params);
                }
            }
        }
        taken
    }
}

/// The write key in the decoded text of an `Authorization: Basic` header: the user, with any password (`KEY:`).
pub fn basic_write_key(decoded: &str) -> Option<&str> {
    let key = decoded.split(':').next().unwrap_or_default();
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Deed;
    use serde_json::json;

    const NOW: i64 = 1_759_830_626_000_000;

    fn accept(endpoint: &str, body: Value) -> Taken {
        let endpoint = Endpoint::from_name(endpoint).unwrap();
        let params = Accept { received: NOW, ..Accept::default() };
        Body::parse(endpoint, body.to_string().as_bytes(), &params.limits).unwrap().accept(&params)
    }

    fn line(taken: &Taken) -> Value {
        serde_json::from_str(&taken.accepted[0].line).unwrap()
    }

    #[test]
    fn a_batch_is_judged_call_by_call() {
        let taken = accept(
            "batch",
            json!({"sentAt": "2025-10-07T09:50:26Z", "context": {"locale": "de-DE", "library": {"name": "x"}}, "batch": [
                {"type": "track", "event": "Viewed Product", "anonymousId": "a", "messageId": "1", "timestamp": "2025-10-07T09:50:20Z",
                 "context": {"library": {"version": "2"}}, "properties": {"product_id": "p"}},
                {"type": "track", "anonymousId": "a"},
                {"type": "page", "context": {}},
                {"type": "wave", "userId": "u"},
                7
            ]}),
        );
        let reasons: Vec<_> = taken.refused.iter().map(|r| (r.at.as_str(), r.reason)).collect();
        assert_eq!(
            reasons,
            [
                ("batch[1]", "no_event_name"),
                ("batch[2]", "no_user_anon_id"),
                ("batch[3]", "unknown_kind"),
                ("batch[4]", "not_an_object")
            ]
        );
        let event = &taken.accepted[0].event;
        assert_eq!(
            (event.deed, event.at, event.language.as_deref()),
            (Deed::ProductViewed, NOW - 6_000_000, Some("de"))
        );
        let line = line(&taken);
        assert_eq!((&line["event"], &line["originalEvent"]), (&json!("Product Viewed"), &json!("Viewed Product")));
        assert_eq!(line["context"]["library"], json!({"version": "2", "name": "x"}));
    }

    #[test]
    fn a_clock_that_is_wrong_is_corrected_and_one_that_was_set_in_between_is_told() {
        let call =
            |original: &str, sent: &str| json!({"userId": "u", "event": "x", "timestamp": original, "sentAt": sent});
        let taken = accept("track", call("2031-01-01T00:00:00Z", "2031-01-01T00:00:10Z"));
        assert_eq!(taken.accepted[0].event.at, NOW - 10_000_000);
        assert!(taken.warnings[0].problem.contains("days ahead"), "{:?}", taken.warnings);
        let taken = accept("track", call("1970-01-01T00:00:00Z", "2025-10-07T09:50:26Z"));
        assert_eq!(taken.accepted[0].event.at, NOW);
        assert!(line(&taken).get("sentAt").is_none(), "what is not believed is not there for others to compute with");
    }

    #[test]
    fn the_same_call_has_the_same_identifier_and_two_clicks_without_times_are_two() {
        let with_time = json!({"userId": "u", "event": "x", "timestamp": "2025-10-07T09:50:26Z"});
        let id = |taken: Taken| taken.accepted[0].event.message_id.clone();
        let first = id(accept("track", with_time.clone()));
        assert!(first.starts_with("made-") && first.len() == 37, "{first}");
        let later = Accept { received: NOW + 5, ..Accept::default() };
        let again =
            Body::parse(Endpoint::Call(CallKind::Track), with_time.to_string().as_bytes(), &later.limits).unwrap();
        assert_eq!(id(again.accept(&later)), first);
        let without = json!({"userId": "u", "event": "x"});
        let again =
            Body::parse(Endpoint::Call(CallKind::Track), without.to_string().as_bytes(), &later.limits).unwrap();
        assert_ne!(id(again.accept(&later)), id(accept("track", without)));
    }

    #[test]
    fn too_large_too_many_and_no_json_fail_as_a_whole() {
        let limits = Limits { call_bytes: 20, batch_bytes: 60, batch_calls: 2, ..Limits::default() };
        let parse = |name: &str, text: &str| {
            Body::parse(Endpoint::from_name(name).unwrap(), text.as_bytes(), &limits).map(|_| ()).map_err(|e| e.code())
        };
        assert_eq!(parse("track", "{\"event\": \"0123456789\"}"), Err("too_large"));
        assert_eq!(parse("track", "{\"event\": "), Err("invalid_json"));
        assert_eq!(parse("track", "[]"), Err("not_an_object"));
        assert_eq!(parse("batch", "{}"), Err("no_batch"));
        assert_eq!(parse("batch", "{\"batch\": [1, 2, 3]}"), Err("too_many_calls"));
        assert_eq!(parse("batch", "{\"batch\": [1, 2]}"), Ok(()));
    }

    #[test]
    fn the_key_stands_in_the_header_or_in_the_body_and_never_in_the_line() {
        assert_eq!(basic_write_key("KEY:"), Some("KEY"));
        assert_eq!(basic_write_key(":"), None);
        let text = json!({"writeKey": "KEY", "userId": "u", "event": "x"}).to_string();
        let body = Body::parse(Endpoint::Call(CallKind::Track), text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(body.write_key(), Some("KEY"));
        let taken = body.accept(&Accept { received: NOW, ..Accept::default() });
        assert!(!taken.accepted[0].line.contains("KEY"));
    }

    #[test]
    fn without_consent_nothing_is_kept() {
        let call = |yes: bool| json!({"userId": "u", "event": "x", "context": {"consent": {"categoryPreferences": {"Analytics": yes}}}});
        assert_eq!(accept("track", call(false)).refused[0].reason, "no_consent");
        assert_eq!(accept("track", call(true)).accepted.len(), 1);
    }

    #[test]
    fn what_is_personal_is_not_in_the_line() {
        let taken = accept(
            "identify",
            json!({"userId": "anna@example.org", "anonymousId": "a",
            "traits": {"email": "Anna@example.org", "name": "Anna", "address": {"country": "DE", "street": "Lindenstr. 1"}},
            "context": {"ip": "198.51.100.7", "page": {"url": "https://s.example/x?mail=anna@example.org"}}}),
        );
        let line = &taken.accepted[0].line;
        for secret in ["anna@", "Anna", "Linden", "198.51"] {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
        let event = &taken.accepted[0].event;
        assert_eq!(event.email_hash, crate::email_hash("anna@example.org"));
        assert_eq!(event.user, event.email_hash);
        assert_eq!(event.country.as_deref(), Some("DE"));
        assert_eq!(event.url.as_deref(), Some("https://s.example/x"));
    }

    #[test]
    fn noise_of_floats_is_rounded_away_and_a_bad_price_is_told() {
        let taken = accept(
            "track",
            json!({"userId": "u", "event": "Product Added",
            "properties": {"product_id": "p", "price": 21.989000000000004, "quantity": 1}}),
        );
        assert_eq!(line(&taken)["properties"]["price"], "21.989");
        let taken = accept(
            "track",
            json!({"userId": "u", "event": "Product Added",
            "properties": {"product_id": "p", "price": "cheap", "quantity": 1.5}}),
        );
        assert_eq!(taken.warnings.len(), 2, "{:?}", taken.warnings);
    }

    #[test]
    fn the_market_of_the_key_fills_in_a_country_that_is_not_said() {
        let params = Accept { received: NOW, country: Some("TH".into()), ..Accept::default() };
        let of = |text: Value| {
            let body =
                Body::parse(Endpoint::Call(CallKind::Track), text.to_string().as_bytes(), &params.limits).unwrap();
            body.accept(&params).accepted[0].event.country.clone()
        };
        assert_eq!(of(json!({"userId": "u", "event": "x"})).as_deref(), Some("TH"));
        let said = json!({"userId": "u", "event": "x", "context": {"location": {"country": "DE"}}});
        assert_eq!(of(said).as_deref(), Some("DE"));
    }
}
