//! One vocabulary, two readers: what the tracking endpoints keep is read here as they understood it themselves.

use crate::support::read;
use serde_json::{Value, json};
use tracking::{Accept, Accepted, Body, Endpoint, Measurement, MeasurementParams};

const NOW: i64 = 1_759_830_626_123_000;

const COLUMNS: [&str; 19] = [
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
];

/// The rows as tracking sees them.
fn expected(accepted: &[Accepted]) -> Vec<String> {
    let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
    let rows = accepted.iter().flat_map(|a| a.event.rows());
    rows.map(|r| {
        let at = chrono::DateTime::from_timestamp_micros(r.occurred_at).unwrap();
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        [
            r.message_id.to_owned(),
            r.kind.to_owned(),
            text(r.name),
            text(r.shopper_key),
            text(r.anonymous_id),
            text(r.email_hash),
            text(r.phone_hash),
            at.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
            text(r.product_code),
            text(r.order_id),
            number(r.quantity),
            r.price.map(|p| p.to_decimal().to_string()).unwrap_or_default(),
            text(r.currency),
            text(r.query),
            text(r.url),
            text(r.country),
            text(r.language),
            r.part.to_string(),
            text(r.user_agent),
        ]
        .join(" | ")
    })
    .collect()
}

fn compare(accepted: &[Accepted]) {
    let file: String = accepted.iter().map(|a| format!("{}\n", a.line)).collect();
    let (summary, read) = read(file.as_bytes(), "journal-1.jsonl").unwrap();
    assert_eq!((summary.format.as_str(), summary.rejected), ("segment-events", 0), "{:?}", read.rejects());
    assert_eq!(read.rows("events", &COLUMNS), expected(accepted));
}

fn accept() -> Accept {
    Accept { received: NOW, country: Some("VN".into()), ..Accept::default() }
}

#[test]
fn calls_of_all_kinds_with_skewed_clocks_and_lists_of_products_are_the_same_rows() {
    let calls = json!({"sentAt": "2031-01-01T00:00:10.5Z", "context": {"locale": "de-DE", "userAgent": "Mozilla"}, "batch": [
        {"type": "track", "event": "Completed Order", "userId": "Anna@example.org", "anonymousId": "a", "messageId": "1",
         "timestamp": "2031-01-01T00:00:00Z", "properties": {"order_id": "o", "currency": "eur", "revenue": 59.97, "products": [
            {"product_id": "p1", "price": 21.989000000000004, "quantity": 1}, {"sku": "p2", "price": "19.99", "quantity": 2.0},
            {"product_id": "p3", "currency": "usd"}]}},
        {"type": "Track", "event": "add_to_cart", "anonymousId": 7, "properties": {"product_id": 12, "quantity": "3", "price": 5}},
        {"type": "identify", "userId": "u", "traits": {"email": " B@x.org", "phone": "+49 170 1234567", "address": {"country": "DE"}},
         "timestamp": "1970-01-01T00:00:00Z"},
        {"type": "page", "anonymousId": "a", "name": "Home", "properties": {"url": "https://s.example/x?a=1#b"}, "timestamp": "2031-01-01T00:00:03.000001Z"},
        {"type": "screen", "anonymousId": "a", "name": "Start", "context": {"locale": "th"}},
        {"type": "alias", "userId": "u", "previousId": "a", "anonymousId": "b"},
        {"type": "group", "userId": "u", "groupId": "g", "traits": {"name": "ACME"}},
        {"type": "track", "event": "Products Searched", "userId": "u", "properties": {"query": "rice cooker", "products": []}}
    ]});
    let body = Body::parse(Endpoint::Batch, calls.to_string().as_bytes(), &accept().limits).unwrap();
    let taken = body.accept(&accept());
    assert_eq!((taken.accepted.len(), taken.refused.len()), (8, 0), "{:?}", taken.refused);
    compare(&taken.accepted);
}

#[test]
fn events_of_the_measurement_protocol_are_the_same_rows() {
    let body = json!({"client_id": "1.2", "user_id": "u", "timestamp_micros": NOW - 3_600_000_000_i64, "events": [
        {"name": "purchase", "params": {"transaction_id": "T", "value": 39.98, "currency": "EUR", "items": [
            {"item_id": "p1", "price": 19.99, "quantity": 2}, {"item_id": "p2"}]}},
        {"name": "page_view", "params": {"page_location": "https://s.example/a", "page_title": "A"}},
        {"name": "search", "params": {"search_term": "kettle"}}]});
    let measurement = Measurement::parse(body.to_string().as_bytes(), &MeasurementParams::default()).unwrap();
    let taken = measurement.accept(&accept());
    assert_eq!(taken.accepted.len(), 3, "{:?}", taken.refused);
    compare(&taken.accepted);
}

#[test]
fn both_ways_in_make_the_same_hashes_of_a_person() {
    for mail in [" John_Smith@gmail.com ", "vale\u{301}ry@example.com", "n/a", "@x"] {
        assert_eq!(tracking::email_hash(mail), intake::hash_id::email(mail), "{mail}");
    }
    for phone in ["+44 (0)20 7946 0000", "'+1 650.555.1212", "12345", "ext. five", "0049 170 1234567"] {
        assert_eq!(tracking::phone_hash(phone), intake::hash_id::phone(phone), "{phone}");
    }
}

#[test]
fn lines_of_an_access_log_are_events() {
    let log =
        "198.51.100.7 - - [07/Oct/2025:11:50:26 +0200] \"GET /products/kettle HTTP/1.1\" 200 512 \"-\" \"Mozilla/5.0\"";
    let params = tracking::AccessLogParams { product_prefix: Some("/products/".into()), ..Default::default() };
    let report = tracking::read_access_log([log].into_iter(), &params);
    let (summary, read) = read(report.lines.join("\n").as_bytes(), "access.jsonl").unwrap();
    assert_eq!((summary.rows, summary.rejected), (2, 0));
    assert_eq!(
        read.rows("events", &["kind", "name", "product_code"]),
        ["page |  | ", "track | Product Viewed | kettle"]
    );
    let _: Value = serde_json::from_str(&report.lines[0]).unwrap();
}
