//! Mail in TLS: from the start and by STARTTLS, and what the hub says to whom it does not trust.

use crate::support::certificate::Authority;
use crate::support::server::EMAIL;
use crate::support::smtp::{Smtp, Speech, acceptor};
use crate::support::{TestServer, eventually};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

/// What the hub signs in to the mail server with.
const USER: &str = "hub";
const PASSWORD: &str = "kiln-dried-oak";

/// An authority in a folder of its own, with a certificate that it has signed.
struct Trust {
    folder: tempfile::TempDir,
}

impl Trust {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = Authority::new();
        let file = |name: &str| folder.path().join(name);
        authority.issue(&file("cert.pem"), &file("key.pem"));
        std::fs::write(file("ca.pem"), authority.pem()).expect("written");
        Self { folder }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let folder = self.folder.path();
        acceptor(&folder.join("cert.pem"), &folder.join("key.pem"))
    }

    fn authority(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }
}

/// A hub whose mail goes to this server, in implicit TLS (`smtps`) or by STARTTLS.
async fn hub(server: &Smtp, implicit: bool, trusted: &Trust) -> TestServer {
    let address = server.address();
    let url = match implicit {
        true => format!("smtps://{USER}:{PASSWORD}@{address}"),
        false => format!("smtp://{USER}:{PASSWORD}@{address}?tls=required"),
    };
    let hub = TestServer::builder()
        .with("mail.url", url)
        .with("mail.ca", trusted.authority())
        .with("mail.from", "Hub <hub@example.com>")
        .with("server.public_url", "https://hub.example.com");
    hub.alone().start().await
}

async fn ask_for_a_letter(hub: &TestServer) {
    let forgot = json!({ "email": EMAIL });
    let asked = hub.anybody().post("/auth/forgot", &forgot).await;
    assert_eq!(asked.status, 202);
}

/// Whether somebody signed in, and how.
fn sign_ins(server: &Smtp) -> Vec<bool> {
    let commands = server.commands().into_iter();
    let said = commands.filter(|(_, line)| line.starts_with("AUTH"));
    said.map(|(secure, _)| secure).collect()
}

#[tokio::test]
async fn letters_go_in_tls_from_the_start_and_by_starttls() {
    let trust = Trust::new();
    for implicit in [true, false] {
        let speech = match implicit {
            true => Speech::Tls(trust.acceptor()),
            false => Speech::StartTls(trust.acceptor()),
        };
        let server = Smtp::speaking(speech, 0).await;
        let hub = hub(&server, implicit, &trust).await;
        ask_for_a_letter(&hub).await;
        let letter = server.letter(0).await;
        assert_eq!((letter.to.as_str(), letter.secure), (EMAIL, true));
        assert_eq!(sign_ins(&server), [true], "implicit: {implicit}");
        let clear = server.commands().into_iter();
        let clear: Vec<_> = clear.filter(|(secure, _)| !secure).collect();
        let early = if implicit { 0 } else { 2 };
        assert_eq!(clear.len(), early, "EHLO and STARTTLS at most: {clear:?}");
        assert!(!hub.log().contains(PASSWORD), "it is not written down");
    }
}

#[tokio::test]
async fn a_mail_server_with_another_certificate_gets_no_password_and_no_letter() {
    let (trusted, other) = (Trust::new(), Trust::new());
    for implicit in [true, false] {
        let speech = match implicit {
            true => Speech::Tls(other.acceptor()),
            false => Speech::StartTls(other.acceptor()),
        };
        let server = Smtp::speaking(speech, 0).await;
        let hub = hub(&server, implicit, &trusted).await;
        ask_for_a_letter(&hub).await;
        eventually("it is tried again, and told", async || {
            let told = hub.log().contains("a letter was not taken");
            (server.refused() >= 2 && told).then_some(())
        })
        .await;
        assert!(sign_ins(&server).is_empty(), "implicit: {implicit}");
        assert_eq!(server.attempts(), 0);
        assert!(!hub.log().contains(PASSWORD), "it is not written down");
    }
}

#[tokio::test]
async fn a_mail_server_that_takes_starttls_away_gets_no_password() {
    let trust = Trust::new();
    let server = Smtp::speaking(Speech::Plain, 0).await;
    let hub = hub(&server, false, &trust).await;
    ask_for_a_letter(&hub).await;
    eventually("it is told", async || {
        hub.log().contains("a letter was not taken").then_some(())
    })
    .await;
    assert!(!server.commands().is_empty(), "they have spoken");
    assert!(sign_ins(&server).is_empty());
    assert_eq!(server.attempts(), 0);
}

#[tokio::test]
async fn a_mail_password_without_tls_is_refused_at_the_start() {
    let hub = TestServer::builder()
        .alone()
        .with(
            "mail.url",
            format!("smtp://{USER}:{PASSWORD}@mail.example.com"),
        )
        .with("mail.from", "Hub <hub@example.com>")
        .with("server.public_url", "https://hub.example.com");
    let output = hub.command(&["serve"]).output().await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("mail.url: a password"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
}
