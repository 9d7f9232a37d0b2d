//! Over a real port: slow and silent clients, heads that are too large, a panic, a stop, TLS.
//!
//! Nothing sleeps: each test waits for the server to act on a limit that is set to a fraction of a second.

use crate::support::{Site, roomy};
use serve::ServeConfig;
use serve::answers::{Answer, AnswerError};
use serve::tls::Tls;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    site: Site,
}

impl Running {
    async fn start(config: ServeConfig, tls: Option<Tls>) -> Self {
        let (mut server, site) = Site::server(config).await;
        if let Some(tls) = tls {
            server = server.tls(tls);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            server.serve(listener, async { stopped.await.unwrap_or_default() }).await.unwrap();
        });
        Self { address, stop, task, site }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes, then reads until the server closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may refuse before all was sent.
        let _ = stream.write_all(bytes).await;
        read_all(&mut stream).await
    }
}

async fn read_all(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

fn quick() -> ServeConfig {
    let short = Duration::from_millis(300);
    ServeConfig { head_time: short, request_time: short, write_time: short, ..roomy() }
}

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_client_that_says_nothing_or_half_a_head_is_cut() {
    let running = Running::start(quick(), None).await;
    for said in ["", "G", "PRI * HTTP/2.0\r\n\r\nSM", "GET /health HTTP/1.1\r\nHost: local"] {
        let mut stream = running.connect().await;
        stream.write_all(said.as_bytes()).await.unwrap();
        // Ends only because the server closes.
        let answer = read_all(&mut stream).await;
        assert!(!answer.contains("200"), "{said:?}: {answer}");
    }
    let idle = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert!(running.exchange(idle.as_bytes()).await.contains("200 OK"), "cut only after its answer");
    assert!(running.exchange(HEALTH.as_bytes()).await.contains("200 OK"), "and others are served");
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_with_a_timeout() {
    let running = Running::start(quick(), None).await;
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 1000\r\nConnection: close\r\n\r\n{\"name\":";
    let mut stream = running.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("application/problem+json"));
}

#[tokio::test]
async fn heads_that_are_too_large_or_no_http_are_refused() {
    let running = Running::start(quick(), None).await;
    let large = format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-Many: a\r\n".repeat(200));
    let uri = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(100_000));
    for head in [large, many, uri, "\x16\x03\x01\x02\x00 not http\r\n\r\n".to_owned()] {
        let answer = running.exchange(head.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert!(running.exchange(HEALTH.as_bytes()).await.contains("200 OK"));
}

#[tokio::test]
async fn ambiguous_lengths_are_refused() {
    let running = Running::start(quick(), None).await;
    for lengths in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ] {
        let head =
            format!("POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\n{lengths}Connection: close\r\n\r\nabcde");
        let answer = running.exchange(head.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{lengths}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_takes_no_answer_is_cut() {
    let running = Running::start(quick(), None).await;
    let mut stream = running.connect().await;
    // Answers far larger than what the kernel keeps for somebody who does not read. Asking goes on until the server,
    // which waits for its answers to be taken, cuts the connection.
    let ask = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000);
    let cut = async { while stream.write_all(ask.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(20), cut).await.expect("the server cuts it");
    assert!(running.exchange(HEALTH.as_bytes()).await.contains("200 OK"));
}

#[tokio::test]
async fn a_stop_lets_the_open_request_end_and_takes_no_new_one() {
    let running = Running::start(ServeConfig { request_time: Duration::from_secs(20), ..roomy() }, None).await;
    let mut stream = running.connect().await;
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 42\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // An answer on another connection: the first is being served by now.
    assert!(running.exchange(HEALTH.as_bytes()).await.contains("200 OK"));
    running.stop.send(()).unwrap();
    stream.write_all(b"{\"name\": \"ana\", \"password\": \"wrong wrong\"} ").await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    running.task.await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err(), "nobody listens");
    drop(running.site);
}

#[tokio::test]
async fn over_tls_the_same_is_served_and_plain_text_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    assert!(Tls::from_files(&key, &certificate).is_err(), "the wrong way round");
    let running = Running::start(quick(), Some(Tls::from_files(&certificate, &key).unwrap())).await;

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, running.connect().await).await.unwrap();
    stream.write_all(HEALTH.as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("strict-transport-security"), "{answer}");

    let plain = running.exchange(HEALTH.as_bytes()).await;
    assert!(!plain.contains("200 OK"), "{plain}");
}

/// Answers may fail in any way: the caller learns a number, never what happened.
#[tokio::test]
async fn a_fault_behind_the_answers_is_bland() {
    let failing: Answer<'_, ()> = Box::pin(async { Err(AnswerError::internal("disk /secret/path is gone")) });
    let refusal = serve::problem::Refusal::from(failing.await.unwrap_err());
    let text = serde_json::to_string(&refusal.problem()).unwrap();
    assert!(refusal.status().is_server_error() && !text.contains("secret"), "{text}");
}
