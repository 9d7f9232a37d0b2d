//! The running program among clients that are slow, silent, too large or pretend, encrypted and behind a proxy.

use crate::served::Served;
use crate::support::Shop;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Sends bytes and reads until the server closes.
fn exchange(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    // The server may refuse before all was sent.
    let _ = stream.write_all(bytes);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

/// An address that nobody listens on: the port of a listener that is closed again.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn slow_silent_and_vanished_clients_do_not_keep_others_from_their_answers() {
    let shop = Shop::new();
    let served = Served::start(&shop);
    let mut held = Vec::new();
    let half_a_body = "POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{\"type\":";
    for said in ["", "GET /heal", "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", half_a_body] {
        for _ in 0..50 {
            let mut stream = TcpStream::connect(&served.address).unwrap();
            stream.write_all(said.as_bytes()).unwrap();
            held.push(stream);
        }
    }
    // The first half goes away in the middle, without a word; the others stay and say nothing.
    held.drain(..100);
    let event = json!({"type": "page", "anonymousId": "a", "properties": {"url": "https://shop.example/"}});
    for _ in 0..20 {
        assert_eq!(served.ask("GET", "/health", None).status, 200);
        assert_eq!(served.ask("POST", "/v1/page", Some(&event)).status, 200);
    }
    drop(held);
}

#[test]
fn heads_that_are_too_large_are_refused_and_the_next_request_is_answered() {
    let shop = Shop::new();
    let served = Served::start(&shop);
    let large = format!("GET /health HTTP/1.1\r\nHost: a\r\nX-Large: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: a\r\n".repeat(200));
    for head in [large, many] {
        let answer = exchange(&served.address, head.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    assert!(exchange(&served.address, HEALTH).starts_with("HTTP/1.1 200"));
}

#[test]
fn with_a_certificate_the_program_speaks_https_and_nothing_else() {
    let shop = Shop::new();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let chain = shop.file("cert.pem", made.cert.pem());
    let key = shop.file("key.pem", made.signing_key.serialize_pem());
    let address = free_address();
    let (chain, key) = (chain.to_str().unwrap(), key.to_str().unwrap());
    let served = Served::with(&shop, &address, &["--tls-cert", chain, "--tls-key", key]);
    assert_eq!(served.said["listening"], format!("https://{address}"));
    assert!(served.said["setup"].as_str().unwrap().starts_with(&format!("https://{address}/setup#")));

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let ask = |name: &'static str, request: String| {
        let name = rustls_pki_types::ServerName::try_from(name).unwrap();
        let client = ClientConnection::new(config.clone(), name).unwrap();
        let mut stream = StreamOwned::new(client, TcpStream::connect(&address).unwrap());
        stream.write_all(request.as_bytes())?;
        let mut all = Vec::new();
        // The peer may close without the last word of TLS.
        let _ = stream.read_to_end(&mut all);
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&all).into_owned())
    };
    let event = json!({"type": "track", "event": "Product Viewed", "anonymousId": "a"}).to_string();
    let request = format!(
        "POST /v1/track HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{event}",
        served.key,
        event.len()
    );
    let answer = ask("localhost", request).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"accepted\":1"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security"), "{answer}");
    assert!(
        ask("elsewhere.example", "GET / HTTP/1.1\r\n\r\n".to_owned()).is_err(),
        "the name is not in the certificate"
    );
    assert!(!exchange(&address, HEALTH).contains("200 OK"), "plain text is not answered");
    drop(served);

    // What does not belong together is said before anything is served.
    let swapped = shop.fails(&["serve", "--addr", "127.0.0.1:0", "--tls-cert", key, "--tls-key", chain]);
    assert!(swapped.contains("--tls-cert and --tls-key take PEM files that belong together"), "{swapped}");
    assert!(shop.fails(&["serve", "--tls-cert", chain]).contains("--tls-key"));
}

/// Whether an address that guessed keys until it was stopped is told apart from another one behind the same peer.
fn stopped_and_other(served: &Served) -> (u16, u16) {
    let guess = |from: &str| {
        let headers = format!("Authorization: Bearer pt_read_wrong\r\nX-Forwarded-For: 192.0.2.1, {from}\r\n");
        served.send("GET", "/api/v1/markets", &headers, b"").status
    };
    let stopped = (0..2_000).map(|_| guess("198.51.100.7")).find(|status| *status == 429).unwrap_or(0);
    (stopped, guess("198.51.100.8"))
}

#[test]
fn behind_a_proxy_its_word_is_taken_for_who_asks_and_else_nobodys() {
    let shop = Shop::new();
    let address = free_address();
    let served = Served::with(&shop, &address, &["--behind-proxy", "--public-origin", "https://shop.example"]);
    assert_eq!(served.said["listening"], "https://shop.example");
    assert!(served.said["setup"].as_str().unwrap().starts_with("https://shop.example/setup#"));
    assert_eq!(stopped_and_other(&served), (429, 401));
    drop(served);
    let served = Served::start(&shop);
    assert_eq!(stopped_and_other(&served), (429, 429), "without a proxy the header is anybody's");
}

/// Killed while a run works and events come, then asked to end: the next start answers, and nothing is half done.
#[test]
fn after_a_stop_in_the_middle_of_a_run_the_program_starts_and_answers() {
    let shop = Shop::new();
    shop.ingest_ok(&shop.file("orders.csv", crate::support::RETAIL));
    let mut served = Served::start(&shop);
    let event = json!({"type": "track", "event": "Product Viewed", "anonymousId": "a", "messageId": "m",
        "properties": {"product_id": "22633"}});
    assert_eq!(served.ask("POST", "/v1/track", Some(&event)).status, 200);
    let run = served.ask("POST", "/api/v1/runs", Some(&json!({})));
    assert!((200..300).contains(&run.status), "{}", run.text());
    served.kill();
    let served = Served::start(&shop);
    assert_eq!(served.ask("GET", "/ready", None).status, 200);
    let again = served.ask("POST", "/v1/track", Some(&event)).json();
    assert_eq!((&again["accepted"], &again["repeated"]), (&json!(0), &json!(1)), "{again}");
    let runs = served.get("/api/v1/runs");
    assert!(!runs.to_string().contains("\"running\""), "{runs}");
    assert_eq!(served.stop(), 0);
    // The run itself is another process, which was not killed: it may still write, and says so to who comes too early.
    let ran = (0..600).map(|_| shop.run(&["run"])).find(|said| {
        let is_busy = said.code == 5 && said.err.contains("another process is writing");
        if is_busy {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        !is_busy
    });
    let ran = ran.expect("the run of the killed server ends");
    assert_eq!(ran.code, 0, "{}", ran.err);
    shop.ok(&["doctor"]);
}
