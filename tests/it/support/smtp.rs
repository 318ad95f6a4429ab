//! A mail server of one test, on a port of its own: takes letters by SMTP, or refuses them as real ones do.

use super::wait::eventually;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What it knows of a letter.
#[derive(Clone, Debug)]
pub struct Received {
    /// The address it was for.
    pub to: String,
    /// Headers and text.
    pub text: String,
    /// Whether it came in TLS.
    pub secure: bool,
}

/// How it speaks.
pub enum Speech {
    /// In the clear, and offers nothing else.
    Plain,
    /// TLS from the start, with the certificate and the key of these files.
    Tls(TlsAcceptor),
    /// In the clear until it is asked for TLS.
    StartTls(TlsAcceptor),
}

#[derive(Default)]
struct Inbox {
    letters: Mutex<Vec<Received>>,
    /// Every command, and whether it came in TLS.
    commands: Mutex<Vec<(bool, String)>>,
    busy: AtomicUsize,
    attempts: AtomicUsize,
    refused: AtomicUsize,
}

/// See the module.
pub struct Smtp {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    task: tokio::task::JoinHandle<()>,
}

type Wire = Box<dyn Both>;

trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

/// Shakes hands with the certificate and the key of these PEM files.
pub fn acceptor(certificate: &Path, key: &Path) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(certificate).expect("PEM");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")))
}

impl Smtp {
    /// Listens in the clear; the first `busy` letters are to be sent again later. `nobody@…` is refused for good.
    pub async fn start(busy: usize) -> Self {
        Self::speaking(Speech::Plain, busy).await
    }

    /// The same, in this way.
    pub async fn speaking(speech: Speech, busy: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let inbox = Arc::new(Inbox::default());
        inbox.busy.store(busy, Ordering::SeqCst);
        let (shared, speech) = (Arc::clone(&inbox), Arc::new(speech));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (inbox, speech) = (Arc::clone(&shared), Arc::clone(&speech));
                tokio::spawn(async move {
                    // A client that goes away ends its own conversation alone.
                    let _ = serve(Box::new(stream), &speech, &inbox).await;
                });
            }
        });
        Self {
            address,
            inbox,
            task,
        }
    }

    /// What the hub's `mail.url` is.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often somebody tried to send a letter.
    pub fn attempts(&self) -> usize {
        self.inbox.attempts.load(Ordering::SeqCst)
    }

    /// How many turned away from its certificate.
    pub fn refused(&self) -> usize {
        self.inbox.refused.load(Ordering::SeqCst)
    }

    /// The commands so far, each with whether it came in TLS.
    pub fn commands(&self) -> Vec<(bool, String)> {
        self.inbox.commands.lock().expect("no panic").clone()
    }

    /// The letters so far.
    pub fn letters(&self) -> Vec<Received> {
        self.inbox.letters.lock().expect("no panic").clone()
    }

    /// The letter number `n`, as soon as it is there.
    pub async fn letter(&self, n: usize) -> Received {
        eventually("a letter", async || self.letters().get(n).cloned()).await
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    /// The token of its link to this page.
    pub fn token(&self, page: &str) -> String {
        let (_, rest) = self.text.split_once(&format!("/{page}#")).expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }
}

async fn serve(wire: Wire, speech: &Speech, inbox: &Inbox) -> std::io::Result<()> {
    let greeting = "220 mail.test ESMTP\r\n";
    match speech {
        Speech::Plain => {
            talk(wire, inbox, false, greeting, false).await?;
        }
        Speech::Tls(acceptor) => {
            let wire = shake(acceptor, wire, inbox).await?;
            talk(wire, inbox, true, greeting, false).await?;
        }
        Speech::StartTls(acceptor) => {
            if let Some(wire) = talk(wire, inbox, false, greeting, true).await? {
                let wire = shake(acceptor, wire, inbox).await?;
                talk(wire, inbox, true, "", false).await?;
            }
        }
    }
    Ok(())
}

async fn shake(acceptor: &TlsAcceptor, wire: Wire, inbox: &Inbox) -> std::io::Result<Wire> {
    let shaken = acceptor.accept(wire).await;
    if shaken.is_err() {
        inbox.refused.fetch_add(1, Ordering::SeqCst);
    }
    Ok(Box::new(shaken?))
}

/// Until the client goes, or asks for TLS where that is offered: then what the conversation goes on over.
async fn talk(
    wire: Wire,
    inbox: &Inbox,
    secure: bool,
    greeting: &str,
    offer: bool,
) -> std::io::Result<Option<Wire>> {
    let mut wire = BufReader::new(wire);
    wire.write_all(greeting.as_bytes()).await?;
    let (mut line, mut to) = (String::new(), String::new());
    while next(&mut wire, &mut line).await? {
        let said = (secure, line.clone());
        inbox.commands.lock().expect("no panic").push(said);
        let command = line.to_ascii_uppercase();
        let answer = if command.starts_with("EHLO") {
            match offer {
                true => "250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN",
                false => "250-mail.test\r\n250 AUTH PLAIN",
            }
        } else if offer && command == "STARTTLS" {
            wire.write_all(b"220 go on\r\n").await?;
            return Ok(Some(wire.into_inner()));
        } else if command.starts_with("AUTH") {
            "235 welcome"
        } else if command.starts_with("RCPT TO") {
            inbox.attempts.fetch_add(1, Ordering::SeqCst);
            to = line.trim_start_matches(|c| c != '<').to_owned();
            to = to.trim_matches(['<', '>']).to_owned();
            match to.starts_with("nobody@") {
                true => "550 no such mailbox",
                false => "250 ok",
            }
        } else if command == "DATA" {
            wire.write_all(b"354 go on\r\n").await?;
            let mut text = String::new();
            while next(&mut wire, &mut line).await? && line != "." {
                text.push_str(&line);
                text.push('\n');
            }
            let to = to.clone();
            take(inbox, Received { to, text, secure })
        } else if command == "QUIT" {
            wire.write_all(b"221 bye\r\n").await?;
            return Ok(None);
        } else {
            "250 ok"
        };
        wire.write_all(answer.as_bytes()).await?;
        wire.write_all(b"\r\n").await?;
    }
    Ok(None)
}

/// Reads a line without its end; `false` when there is none.
async fn next(wire: &mut BufReader<Wire>, line: &mut String) -> std::io::Result<bool> {
    line.clear();
    let read = wire.read_line(line).await?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(read > 0)
}

fn take(inbox: &Inbox, letter: Received) -> &'static str {
    let busy = |left: usize| left.checked_sub(1);
    let refuse = inbox
        .busy
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, busy);
    match refuse {
        Ok(_) => "451 busy, try again later",
        Err(_) => {
            inbox.letters.lock().expect("no panic").push(letter);
            "250 taken"
        }
    }
}
