//! A server in memory with invented answers, a clock that stands until it is told, and callers of every kind.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use serde_json::Value;
use serve::config::Rate;
use serve::fake::FakeAnswers;
use serve::{Clock, ServeConfig, Server};
use state::Store;
use state::keys::{KeyKind, NewKey};
use state::users::Role;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "a sentence nobody says";

pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) store: Arc<Store>,
    pub(crate) answers: Arc<FakeAnswers>,
    seconds: Arc<AtomicI64>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// A refusal has the right type, its status once more, and a next step.
    pub(crate) fn assert_problem(&self, status: u16) {
        let problem = self.json();
        assert_eq!(self.status.as_u16(), status, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["next"].as_str().is_some_and(|next| !next.is_empty()), "{problem}");
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum By {
    Nobody,
    Key(String),
    Visit { cookie: String, csrf: String },
}

/// Limits wide enough that no test meets them by accident.
pub(crate) fn roomy() -> ServeConfig {
    let rate = Rate { per_second: 100_000, burst: 100_000 };
    ServeConfig { per_key: rate, per_address: rate, sign_ins: rate, ..ServeConfig::default() }
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(roomy()).await
    }

    pub(crate) async fn with(config: ServeConfig) -> Self {
        let (server, site) = Self::server(config).await;
        Self { router: server.router(), ..site }
    }

    /// The server before it runs, beside what it stands on.
    pub(crate) async fn server(config: ServeConfig) -> (Server, Self) {
        let store = Arc::new(Store::in_memory().await.unwrap());
        let answers = Arc::new(FakeAnswers::default());
        let seconds = Arc::new(AtomicI64::new(1_800_000_000));
        let told = seconds.clone();
        let clock = Clock::saying(move || DateTime::from_timestamp(told.load(Ordering::SeqCst), 0).unwrap());
        let server = Server::new(config, store.clone(), answers.clone()).clock(clock);
        (server, Self { router: Router::new(), store, answers, seconds })
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.seconds.load(Ordering::SeqCst), 0).unwrap()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answered {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4_000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answered { status: head.status, headers: head.headers, bytes }
    }

    pub(crate) async fn ask(&self, by: &By, method: &str, path: &str, body: Option<Value>) -> Answered {
        self.send(request(by, method, path, body)).await
    }

    pub(crate) async fn get(&self, by: &By, path: &str) -> Answered {
        self.ask(by, "GET", path, None).await
    }

    pub(crate) async fn key(&self, kind: KeyKind) -> By {
        self.key_for(kind, None, &[]).await
    }

    pub(crate) async fn key_for(&self, kind: KeyKind, market: Option<&str>, origins: &[&str]) -> By {
        let origins = origins.iter().map(|o| (*o).to_owned()).collect();
        let new = NewKey { name: "test".to_owned(), kind, market: market.map(str::to_owned), origins };
        let (_, secret) = self.store.create_key(new, self.now()).await.unwrap();
        By::Key(secret.reveal().to_owned())
    }

    pub(crate) async fn person(&self, name: &str, role: Role) {
        self.store.create_user(name, role, PASSWORD, self.now()).await.unwrap();
    }

    /// Signs somebody in who is there.
    pub(crate) async fn sign_in(&self, name: &str) -> By {
        let body = serde_json::json!({ "name": name, "password": PASSWORD });
        let answered = self.ask(&By::Nobody, "POST", "/api/v1/session", Some(body)).await;
        visit_of(&answered)
    }

    pub(crate) async fn role(&self, role: Role) -> By {
        let name = format!("one who is {}", role.name());
        if !self.store.users(self.now()).await.unwrap().iter().any(|user| user.name == name) {
            self.person(&name, role).await;
        }
        self.sign_in(&name).await
    }
}

/// The visit that an answer opened.
pub(crate) fn visit_of(answered: &Answered) -> By {
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.json());
    let set = answered.headers[SET_COOKIE].to_str().unwrap();
    let cookie = set.split(';').next().unwrap().to_owned();
    By::Visit { cookie, csrf: answered.json()["csrf"].as_str().unwrap().to_owned() }
}

pub(crate) fn request(by: &By, method: &str, path: &str, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    request = match by {
        By::Nobody => request,
        By::Key(secret) => request.header(AUTHORIZATION, format!("Bearer {secret}")),
        By::Visit { cookie, csrf } => request.header(COOKIE, cookie).header("x-csrf-token", csrf),
    };
    match body {
        Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}
