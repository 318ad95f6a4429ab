//! TLS in the hub itself: the API, the dashboard and sockets over it, certificates that are renewed, and what
//! comes that is no TLS.

use crate::support::certificate::Authority;
use crate::support::process::command;
use crate::support::server::{Builder, EMAIL, PASSWORD};
use crate::support::socket::with_token;
use crate::support::wait::{eventually, within};
use crate::support::{TestServer, tcp};
use futures_util::{SinkExt as _, StreamExt as _};
use generic_corp_protocol::rest::Session;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto, version};
use tokio_rustls::{TlsConnector, rustls};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Where a hub finds its certificate.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(hub: &Builder) -> Self {
        Self {
            certificate: hub.folder().join("cert.pem"),
            key: hub.folder().join("key.pem"),
        }
    }
}

fn with_tls(authority: &Authority) -> (Builder, Files) {
    let builder = TestServer::builder().alone();
    let files = Files::of(&builder);
    authority.issue(&files.certificate, &files.key);
    let builder = builder
        .with("server.tls_certificate", files.certificate.display())
        .with("server.tls_key", files.key.display())
        .with("server.header_timeout_seconds", 1);
    (builder, files)
}

fn browser(authority: &Authority) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).expect("PEM");
    let client = reqwest::Client::builder().tls_certs_only([root]);
    client.build().expect("a client")
}

fn url(hub: &TestServer, path: &str) -> String {
    format!("https://{}{path}", hub.address)
}

async fn sign_in(hub: &TestServer, browser: &reqwest::Client) -> String {
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let answer = browser.post(url(hub, "/api/v1/auth/login")).json(&login);
    let answer = answer.send().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(cookie.contains("Secure"), "{cookie}");
    let session: Session = answer.json().await.expect("a session");
    session.access_token
}

fn connector(
    authority: &Authority,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("PEM");
    roots.add(root).expect("a root");
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn socket(hub: &TestServer, token: &str, connector: &TlsConnector) -> Socket {
    let tcp = TcpStream::connect(hub.address).await.expect("connected");
    let name = ServerName::try_from("localhost").expect("a name");
    let wire = connector.connect(name, tcp).await.expect("shaken");
    let request = crate::support::socket::handshake(hub.address);
    let shaken = tokio_tungstenite::client_async(with_token(request, token), wire).await;
    let (mut socket, _) = shaken.expect("a WebSocket");
    assert_eq!(next(&mut socket, "welcome").await["type"], "welcome");
    socket
}

/// The next frame of this type.
async fn next(socket: &mut Socket, kind: &str) -> Value {
    within(kind, async {
        loop {
            let message = socket.next().await.expect("open").expect("a message");
            let Message::Text(text) = message else {
                continue;
            };
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            if frame["type"] == kind {
                return frame;
            }
        }
    })
    .await
}

async fn say(socket: &mut Socket, frame: Value) {
    let message = Message::text(frame.to_string());
    within("a write", socket.send(message)).await.expect("sent");
}

#[tokio::test]
async fn the_api_the_dashboard_and_sockets_speak_tls() {
    let authority = Authority::new();
    let hub = with_tls(&authority).0.start().await;
    assert!(hub.banner.contains("https://"), "{}", hub.banner);
    let browser = browser(&authority);
    for path in ["/", "/healthz", "/api/v1/setup"] {
        let answer = browser
            .get(url(&hub, path))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        assert!(
            answer.headers().contains_key("strict-transport-security"),
            "{path}"
        );
    }
    let token = sign_in(&hub, &browser).await;
    for versions in [[&version::TLS13], [&version::TLS12]] {
        let connector = connector(&authority, &versions);
        let mut socket = socket(&hub, &token, &connector).await;
        say(
            &mut socket,
            json!({ "type": "join", "id": "j", "room": "lobby" }),
        )
        .await;
        next(&mut socket, "joined").await;
        let body = json!({ "text": format!("{versions:?}") });
        say(
            &mut socket,
            json!({ "type": "publish", "id": "p", "room": "lobby", "body": body }),
        )
        .await;
        assert_eq!(next(&mut socket, "event").await["body"], body);
        socket.close(None).await.expect("closed");
    }
}

#[tokio::test]
async fn a_reader_that_lags_gets_everything_over_tls() {
    const EVENTS: usize = 300;
    let authority = Authority::new();
    let hub = with_tls(&authority).0.start().await;
    let token = sign_in(&hub, &browser(&authority)).await;
    let connector = connector(&authority, rustls::DEFAULT_VERSIONS);
    let mut reader = socket(&hub, &token, &connector).await;
    say(
        &mut reader,
        json!({ "type": "join", "id": "j", "room": "lobby" }),
    )
    .await;
    next(&mut reader, "joined").await;
    let mut writer = socket(&hub, &token, &connector).await;
    let body = json!({ "text": "x".repeat(40_000) });
    for _ in 0..EVENTS {
        say(
            &mut writer,
            json!({ "type": "publish", "id": "p", "room": "lobby", "body": body }),
        )
        .await;
        next(&mut writer, "ok").await;
    }
    for seq in 1..=EVENTS {
        let event = next(&mut reader, "event").await;
        assert_eq!(event["seq"], seq);
        assert_eq!(event["body"], body);
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let (old, new) = (Authority::new(), Authority::new());
    let (builder, files) = with_tls(&old);
    let hub = builder.start().await;
    let token = sign_in(&hub, &browser(&old)).await;
    let mut socket = socket(&hub, &token, &connector(&old, rustls::DEFAULT_VERSIONS)).await;
    // Half of a pair changes nothing.
    let key = std::fs::read(&files.key).expect("a key");
    new.issue(&files.certificate, &files.key);
    let renewed = std::fs::read(&files.key).expect("a key");
    std::fs::write(&files.key, key).expect("written");
    eventually("the hub says that it keeps the old one", async || {
        hub.log().contains("stays as it was").then_some(())
    })
    .await;
    let path = url(&hub, "/healthz");
    assert!(browser(&old).get(&path).send().await.is_ok());
    std::fs::write(&files.key, renewed).expect("written");
    eventually("the new certificate is served", async || {
        browser(&new).get(&path).send().await.ok()
    })
    .await;
    assert!(browser(&old).get(&path).send().await.is_err());
    // Who was connected stays so.
    say(
        &mut socket,
        json!({ "type": "join", "id": "j", "room": "lobby" }),
    )
    .await;
    next(&mut socket, "joined").await;
}

#[tokio::test]
async fn what_is_no_tls_and_who_says_nothing_is_let_go() {
    let authority = Authority::new();
    let hub = with_tls(&authority).0.start().await;
    for first in [
        "GET /healthz HTTP/1.1\r\nhost: hub\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{ff}",
        "",
        "\u{16}",
    ] {
        let begun = Instant::now();
        let mut wire = tcp::Wire::open(hub.address).await;
        assert!(wire.send(first.as_bytes()).await || first.is_empty());
        let answer = within("the end", wire.rest()).await;
        // An alert at most, never a page.
        assert!(answer.len() < 16, "{answer:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{first:?}");
    }
    let answer = browser(&authority).get(url(&hub, "/healthz")).send().await;
    assert_eq!(answer.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_certificate_that_cannot_serve_is_told_at_the_start() {
    let (one, two) = (Authority::new(), Authority::new());
    let (builder, files) = with_tls(&one);
    let other = builder.folder().join("other.pem");
    two.issue(&builder.folder().join("unused.pem"), &other);
    let missing = builder.folder().join("missing.pem");
    for (certificate, key, expected) in [
        (&files.certificate, &other, "server.tls_certificate"),
        (&missing, &files.key, "server.tls_certificate"),
        (&files.certificate, &missing, "server.tls_key"),
        (&files.key, &files.key, "server.tls_certificate"),
        (&files.certificate, &PathBuf::new(), "both or neither"),
    ] {
        let settings: BTreeMap<String, String> = [
            ("server.port", "0".to_owned()),
            ("metrics.port", "0".to_owned()),
            (
                "database.url",
                format!("sqlite:{}", builder.folder().join("other.db").display()),
            ),
            ("server.tls_certificate", certificate.display().to_string()),
            ("server.tls_key", key.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let output = within("the end", command(&settings, &[], &["serve"]).output()).await;
        let output = output.expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{key:?}");
        assert!(said.contains(expected), "{said}");
    }
}
