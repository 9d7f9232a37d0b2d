//! The tracking endpoints from outside: what senders of events send, and what they hear.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use journal::JournalParams;
use serde_json::{Value, json};
use serve::consents::Consents;
use serve::fake::FakeAnswers;
use serve::ingest::{Intake, IntakeParams};
use serve::{Clock, ServeConfig, Server};
use state::Store;
use state::consent::{Consent, ConsentState};
use state::keys::{KeyKind, NewKey};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use tower::ServiceExt;

const ORIGIN: &str = "https://shop.example";

struct Site {
    router: Router,
    intake: Arc<Intake>,
    /// A write key of no market, one of Thailand, and a read key.
    keys: [String; 3],
    seconds: Arc<AtomicI64>,
    store: Arc<Store>,
    consents: Arc<Consents>,
    dir: Arc<tempfile::TempDir>,
}

fn clock(seconds: &Arc<AtomicI64>) -> Clock {
    let seconds = Arc::clone(seconds);
    let start: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    Clock::saying(move || start + TimeDelta::seconds(seconds.load(SeqCst)))
}

async fn site_in(dir: Arc<tempfile::TempDir>, params: IntakeParams, config: ServeConfig) -> Site {
    let seconds = Arc::new(AtomicI64::new(0));
    let store = Arc::new(Store::in_memory().await.unwrap());
    let mut keys = Vec::new();
    for (kind, market) in [(KeyKind::Write, None), (KeyKind::Write, Some("TH")), (KeyKind::Read, None)] {
        let new = NewKey {
            name: format!("{kind:?} {market:?}"),
            kind,
            market: market.map(str::to_owned),
            origins: vec![ORIGIN.to_owned()],
        };
        let (_, secret) = store.create_key(new, clock(&seconds).now()).await.unwrap();
        keys.push(secret.reveal().to_owned());
    }
    let (intake, _) = Intake::open(dir.path(), params, clock(&seconds), None).unwrap();
    let consents: Arc<Consents> = Arc::default();
    let server = Server::new(config, Arc::clone(&store), Arc::new(FakeAnswers::default()))
        .clock(clock(&seconds))
        .consents(Arc::clone(&consents))
        .ingest(Arc::clone(&intake));
    Site { router: server.router(), intake, keys: keys.try_into().unwrap(), seconds, store, consents, dir }
}

async fn site() -> Site {
    site_in(Arc::new(tempfile::tempdir().unwrap()), IntakeParams::default(), ServeConfig::default()).await
}

struct Heard {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Site {
    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Heard {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body =
            serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
        Heard { status, headers, body }
    }

    async fn post(&self, path: &str, body: &Value) -> Heard {
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:", self.keys[0])));
        self.send(
            Method::POST,
            path,
            &[("authorization", &basic), ("content-type", "application/json")],
            body.to_string(),
        )
        .await
    }

    /// The lines in the log.
    fn lines(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        for segment in self.intake.journal().segments() {
            segment.read(|e| lines.push(serde_json::from_slice(e.payload).unwrap())).unwrap();
        }
        lines
    }
}

fn viewed(id: &str, who: &str, product: &str) -> Value {
    json!({"type": "track", "event": "Product Viewed", "messageId": id, "anonymousId": who,
           "properties": {"product_id": product}})
}

#[tokio::test]
async fn every_call_is_taken_and_is_in_the_log_when_it_is_answered() {
    let site = site().await;
    for (call, body) in [
        ("identify", json!({"userId": "u", "traits": {"plan": "gold"}})),
        ("track", json!({"userId": "u", "event": "Product Viewed", "properties": {"product_id": "p"}})),
        ("page", json!({"anonymousId": "a", "name": "Home"})),
        ("screen", json!({"anonymousId": "a", "name": "Home"})),
        ("group", json!({"userId": "u", "groupId": "g"})),
        ("alias", json!({"userId": "u", "previousId": "a"})),
        ("batch", json!({"batch": [viewed("1", "a", "p")]})),
    ] {
        let n = site.lines().len();
        let heard = site.post(&format!("/v1/{call}"), &body).await;
        assert_eq!((heard.status, heard.body), (StatusCode::OK, json!({"success": true, "accepted": 1})), "{call}");
        assert_eq!(site.lines().len(), n + 1, "{call}");
    }
    let unknown = site.post("/v1/wave", &json!({})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_key_is_found_wherever_clients_put_it_and_others_are_not_let_in() {
    let site = site().await;
    let call = |id: &str| viewed(id, "a", "p").to_string();
    let bearer = format!("Bearer {}", site.keys[0]);
    let heard = site.send(Method::POST, "/v1/track", &[("authorization", &bearer)], call("1")).await;
    assert_eq!(heard.status, StatusCode::OK);
    let mut body = viewed("2", "a", "p");
    body["writeKey"] = site.keys[0].clone().into();
    assert_eq!(site.send(Method::POST, "/v1/track", &[], body.to_string()).await.status, StatusCode::OK);
    let batch = json!({"writeKey": site.keys[0], "batch": [viewed("3", "a", "p")]});
    assert_eq!(site.send(Method::POST, "/v1/batch", &[], batch.to_string()).await.status, StatusCode::OK);
    assert!(site.lines().iter().all(|l| !l.to_string().contains(&site.keys[0])), "no key is in the log");
    assert_eq!(site.send(Method::POST, "/v1/track", &[], call("4")).await.status, StatusCode::UNAUTHORIZED);
    let wrong = site.send(Method::POST, "/v1/track", &[("authorization", "Bearer no")], call("5")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let read = format!("Bearer {}", site.keys[2]);
    let heard = site.send(Method::POST, "/v1/track", &[("authorization", &read)], call("6")).await;
    assert_eq!(heard.status, StatusCode::FORBIDDEN);
    assert_eq!(site.lines().len(), 3);
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said_and_the_others_are_taken() {
    let site = site().await;
    let batch = json!({"batch": [viewed("1", "a", "p"), {"type": "track", "event": "x"}, viewed("1", "a", "p")]});
    let heard = site.post("/v1/batch", &batch).await;
    assert_eq!(heard.status, StatusCode::OK);
    assert_eq!((&heard.body["accepted"], &heard.body["repeated"]), (&json!(1), &json!(1)));
    assert_eq!(heard.body["rejected"][0]["at"], "batch[1]");
    assert_eq!(heard.body["rejected"][0]["reason"], "no_user_anon_id");
    // Repeated as a whole, as a client does that did not hear the answer.
    let again = site.post("/v1/batch", &batch).await;
    assert_eq!((&again.body["accepted"], &again.body["repeated"]), (&json!(0), &json!(2)));
    assert_eq!(site.lines().len(), 1);
}

#[tokio::test]
async fn bad_json_and_too_much_are_400_as_segment_says_it() {
    let site = site().await;
    let key = format!("Bearer {}", site.keys[0]);
    let auth = [("authorization", key.as_str())];
    let code = |heard: Heard| (heard.status.as_u16(), heard.body["code"].as_str().unwrap_or_default().to_owned());
    let said = |code: &str| (400, code.to_owned());
    assert_eq!(code(site.send(Method::POST, "/v1/track", &auth, "{").await), said("invalid_json"));
    let long = json!({"userId": "u", "event": "x", "properties": {"a": "x".repeat(33_000)}}).to_string();
    assert_eq!(code(site.send(Method::POST, "/v1/track", &auth, long.clone()).await), said("too_large"));
    let in_batch = json!({"batch": [serde_json::from_str::<Value>(&long).unwrap()]});
    let calls: Vec<Value> = (0..2_501).map(|i| json!({"type": "track", "event": "x", "userId": i})).collect();
    assert_eq!(
        code(site.send(Method::POST, "/v1/batch", &auth, json!({"batch": calls}).to_string()).await),
        said("too_many_calls")
    );
    let huge = json!({"batch": [], "x": "x".repeat(512_001)}).to_string();
    assert_eq!(code(site.send(Method::POST, "/v1/batch", &auth, huge).await), said("too_large"));
    assert_eq!(site.post("/v1/batch", &in_batch).await.status, StatusCode::OK);
}

#[tokio::test]
async fn packed_bodies_are_read_and_a_bomb_is_not() {
    let site = site().await;
    let pack = |text: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    };
    let key = format!("Bearer {}", site.keys[0]);
    let headers = [("authorization", key.as_str()), ("content-encoding", "gzip")];
    let body = pack(viewed("1", "a", "p").to_string().as_bytes());
    assert_eq!(site.send(Method::POST, "/v1/track", &headers, body).await.status, StatusCode::OK);
    let bomb = pack(&vec![b' '; 50 << 20]);
    assert!(bomb.len() < 100_000);
    let heard = site.send(Method::POST, "/v1/batch", &headers, bomb).await;
    assert_eq!(heard.body["code"], "too_large");
    let heard = site.send(Method::POST, "/v1/track", &headers, "not packed").await;
    assert_eq!((heard.status, &heard.body["code"]), (StatusCode::BAD_REQUEST, &json!("bad_gzip")));
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_send_and_read_the_answer_and_another_may_not() {
    let site = site().await;
    let mut body = viewed("1", "a", "p");
    body["writeKey"] = site.keys[0].clone().into();
    let headers = |origin: &'static str| [("origin", origin), ("content-type", "text/plain")];
    let heard = site.send(Method::POST, "/v1/track", &headers(ORIGIN), body.to_string()).await;
    assert_eq!(heard.status, StatusCode::OK);
    assert_eq!(heard.headers["access-control-allow-origin"], ORIGIN);
    let heard = site.send(Method::POST, "/v1/track", &headers("https://other.example"), body.to_string()).await;
    assert_eq!(heard.status, StatusCode::FORBIDDEN);
    assert!(!heard.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_measurement_protocol_is_taken_under_its_secret() {
    let site = site().await;
    let body = json!({"client_id": "1.2", "events": [{"name": "view_item", "params": {"items": [{"item_id": "p"}]}}, {"name": "1"}]});
    let path = format!("/mp/collect?measurement_id=G-1&api_secret={}", site.keys[1]);
    let heard = site.send(Method::POST, &path, &[], body.to_string()).await;
    assert_eq!((heard.status, &heard.body["accepted"]), (StatusCode::OK, &json!(1)));
    assert_eq!(heard.body["rejected"][0]["reason"], "bad_name");
    let line = &site.lines()[0];
    assert_eq!(line["event"], "Product Viewed");
    assert_eq!(line["context"]["location"]["country"], "TH", "the market of the key");
    let heard = site.send(Method::POST, "/mp/collect?api_secret=no", &[], body.to_string()).await;
    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_again() {
    let params = IntakeParams { body_bytes: 1, ..IntakeParams::default() };
    let site = site_in(Arc::new(tempfile::tempdir().unwrap()), params, ServeConfig::default()).await;
    // One alone fits; a body in two pieces is two.
    let stream = futures::stream::iter(["{\"userId\":\"u\",", "\"event\":\"x\"}"].map(Ok::<_, std::io::Error>));
    let key = format!("Bearer {}", site.keys[0]);
    let heard = site.send(Method::POST, "/v1/track", &[("authorization", &key)], Body::from_stream(stream)).await;
    assert_eq!(heard.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(heard.headers["retry-after"], "1");
    let reset: i64 = heard.headers["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert_eq!(reset, "2026-03-01T12:00:01Z".parse::<DateTime<Utc>>().unwrap().timestamp());
    assert_eq!(site.post("/v1/track", &viewed("1", "a", "p")).await.status, StatusCode::OK, "it goes on");
}

/// Steps of the sessions of the person behind an identifier.
fn steps(site: &Site, id: &str) -> usize {
    let person = site.intake.ask(|live| live.person(id));
    person.map_or(0, |p| p.sessions.iter().map(|s| s.n_steps).sum())
}

#[tokio::test]
async fn an_event_is_live_at_once_and_still_so_after_a_restart() {
    let site = site().await;
    site.post("/v1/track", &viewed("1", "a", "kettle")).await;
    let added = json!({"event": "Product Added", "anonymousId": "a", "messageId": "2",
        "properties": {"product_id": "fryer", "quantity": 2, "price": 79.9, "currency": "EUR"}});
    site.post("/v1/track", &added).await;
    site.post("/v1/identify", &json!({"userId": "u", "anonymousId": "a", "messageId": "3"})).await;
    assert_eq!(steps(&site, "u"), 3);
    let read = format!("Bearer {}", site.keys[2]);
    let headers = [("authorization", read.as_str())];
    let carts = site.send(Method::GET, "/api/v1/live/carts", &headers, "").await;
    assert_eq!(carts.body["rows"][0][1], "u");
    assert_eq!(carts.body["rows"][0][5], "159.80");
    let counters = site.send(Method::GET, "/api/v1/live/counters", &headers, "").await;
    assert_eq!((&counters.body["accepted"], &counters.body["by_name"]["Product Viewed"]), (&json!(3), &json!(1)));

    let dir = Arc::clone(&site.dir);
    drop(site);
    let site = site_in(dir, IntakeParams::default(), ServeConfig::default()).await;
    assert_eq!(steps(&site, "u"), 3);
    let again = site.post("/v1/track", &viewed("1", "a", "kettle")).await;
    assert_eq!(again.body["repeated"], 1);
    site.seconds.store(7_200, SeqCst);
    let read = format!("Bearer {}", site.keys[2]);
    let carts = site.send(Method::GET, "/api/v1/live/carts", &[("authorization", &read)], "").await;
    assert_eq!(carts.body["rows"][0][2], "abandoned");
}

#[tokio::test]
async fn counters_tell_what_their_names_say() {
    let site = site().await;
    site.seconds.store(50, SeqCst);
    let read = format!("Bearer {}", site.keys[2]);
    let order = json!({"event": "Order Completed", "userId": "u", "messageId": "o",
        "timestamp": "2026-03-01T12:00:45Z",
        "properties": {"order_id": "1", "revenue": 19.9, "currency": "EUR"}});
    site.post("/v1/track", &order).await;
    // The next calendar minute has begun; the order came 59 seconds ago.
    site.seconds.store(109, SeqCst);
    site.post("/v1/track", &viewed("1", "a", "kettle")).await;
    let counters =
        async |site: &Site| site.send(Method::GET, "/api/v1/live/counters", &[("authorization", &read)], "").await.body;
    let told = counters(&site).await;
    assert_eq!((&told["last_minute"], &told["visitors"]), (&json!(2), &json!(2)), "{told}");
    assert_eq!(told["revenue"][0]["decimal"], "19.90", "{told}");
    assert_eq!(told["longest_delay_ms"], 5_000, "{told}");
    site.seconds.store(111, SeqCst);
    assert_eq!(counters(&site).await["last_minute"], 1, "the order is over a minute ago, the view is not");
    // 20 minutes later both are visitors of the last half hour still, 33 minutes later neither is.
    site.seconds.store(20 * 60, SeqCst);
    assert_eq!(counters(&site).await["visitors"], 2);
    site.seconds.store(33 * 60, SeqCst);
    let told = counters(&site).await;
    assert_eq!((&told["visitors"], &told["revenue"]), (&json!(0), &json!([])), "{told}");
}

#[tokio::test]
async fn searches_are_told_by_market_and_those_without_results_apart() {
    let site = site().await;
    let read = format!("Bearer {}", site.keys[2]);
    for (id, query, country, results) in
        [("1", "Kettle", "DE", json!(3)), ("2", "kettle", "DE", json!(null)), ("3", "水壶", "FR", json!(0))]
    {
        let search = json!({"event": "Products Searched", "anonymousId": "a", "messageId": id,
            "context": {"locale": "de-DE", "location": {"country": country}},
            "properties": {"query": query, "results": results}});
        site.post("/v1/track", &search).await;
    }
    let rows = async |query: &str| {
        let path = format!("/api/v1/live/queries{query}");
        site.send(Method::GET, &path, &[("authorization", &read)], "").await
    };
    let germany = rows("?market=DE").await;
    assert_eq!(germany.body["rows"], json!([["kettle", "DE", "de", 2, 1, 0]]), "{}", germany.body);
    let nothing = rows("?without_results=true").await;
    assert_eq!(nothing.body["rows"], json!([["水壶", "FR", "de", 1, 1, 1]]), "{}", nothing.body);
    assert_eq!(rows("?language=fr").await.body["rows"], json!([]));
    for wrong in ["?market=Atlantis", "?language=german", "?n=0", "?countries=DE"] {
        let heard = rows(wrong).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{wrong}: {}", heard.body);
    }
}

#[tokio::test]
async fn a_marketer_sees_one_visitor_and_nobody_one_who_does_not_allow_it() {
    let site = site().await;
    let page = |id: &str, url: &str| {
        json!({"type": "page", "messageId": id, "anonymousId": "a",
               "properties": {"url": format!("https://shop.example/{url}?q=1")}})
    };
    site.post("/v1/page", &page("1", "home")).await;
    site.seconds.store(20, SeqCst);
    site.post("/v1/page", &page("2", "kettles")).await;
    for (id, event, product) in [("3", "Product Added to Wishlist", "fryer"), ("4", "Product Added", "kettle")] {
        let call = json!({"event": event, "anonymousId": "a", "messageId": id,
            "properties": {"product_id": product, "price": 10, "currency": "EUR"}});
        site.post("/v1/track", &call).await;
    }
    site.post("/v1/identify", &json!({"userId": "u", "anonymousId": "a", "messageId": "5"})).await;
    let ask = async |key: &str, id: &str| {
        let bearer = format!("Bearer {key}");
        site.send(Method::GET, &format!("/api/v1/live/visitors/{id}"), &[("authorization", &bearer)], "").await
    };
    assert_eq!(ask(&site.keys[2], "a").await.status, StatusCode::FORBIDDEN, "a read key is no marketer");
    let admin = NewKey { name: "admin".into(), kind: KeyKind::Admin, market: None, origins: Vec::new() };
    let (_, admin) = site.store.create_key(admin, clock(&site.seconds).now()).await.unwrap();
    let told = ask(admin.reveal(), "a").await.body;
    assert_eq!((&told["id"], &told["known"], &told["ids"]), (&json!("u"), &json!(true), &json!(["a", "u"])), "{told}");
    let session = &told["sessions"][0];
    assert_eq!((&session["bounced"], &session["steps"]), (&json!(false), &json!(5)), "{told}");
    assert_eq!(session["pages"][0]["url"], "https://shop.example/home", "{told}");
    assert_eq!((&session["pages"][0]["dwell_ms"], &session["pages"][1]["dwell_ms"]), (&json!(20_000), &json!(null)));
    assert_eq!((&told["cart_state"], &told["cart"][0]["product_id"]), (&json!("open"), &json!("kettle")), "{told}");
    assert_eq!(told["wishes"][0]["product_id"], "fryer", "{told}");
    assert_eq!(ask(admin.reveal(), "nobody").await.status, StatusCode::NOT_FOUND);
    // One of the names does not allow it: under no name is anything told.
    let at = clock(&site.seconds).now();
    let no = Consent { purpose: "analytics".into(), state: ConsentState::Denied, at, source: "form".into() };
    site.store.record_consent("u", &no).await.unwrap();
    site.consents.refresh(&site.store).await.unwrap();
    assert_eq!(ask(admin.reveal(), "a").await.status, StatusCode::NOT_FOUND);
}

/// A day ahead, back, a day behind, and back: nothing is refused, lost or taken twice, whatever the clock says.
#[tokio::test]
async fn a_clock_that_jumps_by_a_day_loses_and_doubles_nothing() {
    const DAY: i64 = 86_400;
    let jumps = [("before", 0), ("ahead", DAY), ("back", 5), ("behind", -DAY), ("again", 10)];
    let site = site().await;
    let read = format!("Bearer {}", site.keys[2]);
    for (id, at) in jumps {
        site.seconds.store(at, SeqCst);
        let heard = site.post("/v1/track", &viewed(id, "a", "kettle")).await;
        assert_eq!((heard.status, &heard.body["accepted"]), (StatusCode::OK, &json!(1)), "{id}: {}", heard.body);
        let counters = site.send(Method::GET, "/api/v1/live/counters", &[("authorization", &read)], "").await;
        assert_eq!(counters.status, StatusCode::OK, "{id}: {}", counters.body);
    }
    let repeat = async |site: &Site| {
        for (id, at) in jumps {
            site.seconds.store(-at, SeqCst);
            let heard = site.post("/v1/track", &viewed(id, "a", "kettle")).await;
            assert_eq!(heard.body["repeated"], 1, "{id}: {}", heard.body);
        }
    };
    repeat(&site).await;
    assert_eq!((site.lines().len(), steps(&site, "a")), (5, 5));
    // Closed a day ahead and opened a day behind.
    site.seconds.store(DAY, SeqCst);
    site.intake.journal().rotate().await.unwrap();
    let dir = Arc::clone(&site.dir);
    drop(site);
    let site = site_in(dir, IntakeParams::default(), ServeConfig::default()).await;
    site.seconds.store(-DAY, SeqCst);
    repeat(&site).await;
    assert_eq!((site.lines().len(), steps(&site, "a")), (5, 5));
}

#[tokio::test]
async fn who_watches_hears_of_what_is_taken_and_of_what_is_not() {
    use futures::StreamExt;
    use serve::live::Live;
    let site = site().await;
    let mut events = site.intake.events();
    site.post("/v1/batch", &json!({"batch": [viewed("1", "a", "p"), {"type": "page"}]})).await;
    let (taken, refused) = (events.next().await.unwrap(), events.next().await.unwrap());
    assert_eq!((taken.name.as_str(), taken.who.as_str(), taken.accepted), ("Product Viewed", "a", true));
    assert!(!refused.accepted && refused.problems[0].starts_with("no_user_anon_id"), "{refused:?}");
}

#[tokio::test]
async fn a_rotated_segment_holds_the_lines_as_they_were_taken() {
    let params = IntakeParams {
        journal: JournalParams { segment_bytes: 1, ..JournalParams::default() },
        ..IntakeParams::default()
    };
    let site = site_in(Arc::new(tempfile::tempdir().unwrap()), params, ServeConfig::default()).await;
    for i in 0..3 {
        site.post("/v1/track", &viewed(&i.to_string(), "a", "p")).await;
    }
    site.intake.journal().rotate().await.unwrap();
    assert_eq!(site.intake.journal().closed().len(), 3);
}

#[tokio::test]
async fn the_script_is_served_once_and_then_known() {
    let site = site().await;
    let first = site.send(Method::GET, "/t.js", &[], "").await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(first.headers["content-type"].to_str().unwrap().starts_with("text/javascript"));
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let second = site.send(Method::GET, "/t.js", &[("if-none-match", &tag)], "").await;
    assert_eq!(second.status, StatusCode::NOT_MODIFIED);
}
