//! Mail: a queue with an end, a few letters on their way at once, and patience with the server.
//!
//! Letters live in memory. What is lost with a node is asked for again: each carries a link that anybody entitled to
//! it gets anew.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// Letters that may wait. Beyond it the newest is refused: those before it were promised.
const QUEUE: usize = 256;
/// Letters that are on their way, or wait to be tried again.
const AT_ONCE: usize = 8;
/// Work that [`Mail::later`] takes on at once.
const BACKGROUND: usize = 64;
/// How long a server may take for one letter.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Between the attempts, of which there is one more.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
];

const URL_FORM: Error =
    Error::Invalid("mail.url: smtps://USER:PASSWORD@HOST or smtp://HOST?tls=required");
const CA_FORM: Error = Error::Invalid("mail.ca: a file of certificates in PEM that can be read");

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// How to send.
pub struct Options {
    /// `smtps://USER:PASSWORD@HOST` or `smtp://HOST?tls=required`; empty for no mail.
    pub url: SecretString,
    /// A PEM file of the authority that signs the server's certificate; empty where it is a public one.
    pub ca: String,
    /// Who letters are from, for instance `Hub <hub@example.com>`.
    pub from: String,
}

/// A letter in plain text.
#[derive(Clone)]
pub struct Letter {
    /// E-mail address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
}

/// Why a letter is not sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server is set.
    #[error("this hub sends no mail (mail.url)")]
    Off,
    /// As many wait as may.
    #[error("too much mail is waiting to be sent")]
    Full,
    /// An address or the server's URL has not its form. Its text holds neither.
    #[error("{0}")]
    Invalid(&'static str),
}

/// Sends letters. A cheap handle.
#[derive(Clone, Default)]
pub struct Mail(Option<Arc<Inner>>);

struct Inner {
    queue: mpsc::Sender<Message>,
    from: Mailbox,
    background: Arc<Semaphore>,
}

impl Mail {
    /// By this server, from a task of the current runtime; with an empty URL nothing is ever sent.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn start(options: &Options) -> Result<Self, Error> {
        let url = options.url.expose_secret();
        if url.is_empty() {
            return Ok(Self(None));
        }
        let server = server(url, &options.ca)?;
        let from = options.from.parse();
        let from = from.map_err(|_| Error::Invalid("mail.from: an e-mail address"))?;
        let (queue, letters) = mpsc::channel(QUEUE);
        tokio::spawn(run(server, letters));
        Ok(Self(Some(Arc::new(Inner {
            queue,
            from,
            background: Arc::new(Semaphore::new(BACKGROUND)),
        }))))
    }

    /// Whether there is a server.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Puts a letter into the queue. That it was taken does not mean that it arrives.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn send(&self, letter: Letter) -> Result<(), Error> {
        let inner = self.0.as_ref().ok_or(Error::Off)?;
        let to = letter.to.parse::<Mailbox>();
        let to = to.map_err(|_| Error::Invalid("the e-mail address cannot be written to"))?;
        let message = Message::builder()
            .from(inner.from.clone())
            .to(to)
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(|_| Error::Invalid("the letter cannot be written"))?;
        inner.queue.try_send(message).map_err(|_| {
            metrics::counter!("generic_corp_mail_total", "outcome" => "refused").increment(1);
            tracing::warn!("a letter was not taken: {QUEUE} wait already");
            Error::Full
        })
    }

    /// Does something that ends in a letter, after its request was answered: how long it takes tells nobody whether
    /// there was somebody to write to.
    ///
    /// # Errors
    /// [`Error::Off`], [`Error::Full`].
    pub fn later(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        let inner = self.0.as_ref().ok_or(Error::Off)?;
        let place = Arc::clone(&inner.background).try_acquire_owned();
        let place = place.map_err(|_| Error::Full)?;
        tokio::spawn(async move {
            work.await;
            drop(place);
        });
        Ok(())
    }
}

fn server(url: &str, ca: &str) -> Result<Smtp, Error> {
    let mut server = Smtp::from_url(url).map_err(|_| URL_FORM)?;
    if !ca.is_empty() {
        let pem = std::fs::read(ca).map_err(|_| CA_FORM)?;
        let authority = Certificate::from_pem(&pem).map_err(|_| CA_FORM)?;
        let host = reqwest::Url::parse(url).map_err(|_| URL_FORM)?;
        let host = host.host_str().ok_or(URL_FORM)?.to_owned();
        let tls = TlsParameters::builder(host).add_root_certificate(authority);
        let tls = tls.build().map_err(|_| CA_FORM)?;
        // The settings allow an authority only where there is TLS.
        server = server.tls(match url.starts_with("smtps://") {
            true => Tls::Wrapper(tls),
            false => Tls::Required(tls),
        });
    }
    Ok(server.timeout(Some(TIMEOUT)).build())
}

async fn run(server: Smtp, mut letters: mpsc::Receiver<Message>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        // First a place, then a letter: what waits for a place waits in the queue, which has an end.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Some(letter) = letters.recv().await else {
            return;
        };
        let server = server.clone();
        tokio::spawn(async move {
            let outcome = deliver(&server, letter).await;
            metrics::counter!("generic_corp_mail_total", "outcome" => outcome).increment(1);
            drop(place);
        });
    }
}

/// Tries until the server takes the letter, refuses it for good, or was asked often enough.
async fn deliver(server: &Smtp, letter: Message) -> &'static str {
    let mut pauses = PAUSES.iter();
    loop {
        let Err(error) = server.send(letter.clone()).await else {
            return "sent";
        };
        let pause = pauses.next().filter(|_| !error.is_permanent());
        // What a server says may quote the address; the kind and the status are enough for an operator.
        let (kind, status) = (kind(&error), error.status().map(|code| code.to_string()));
        match pause {
            Some(pause) => {
                tracing::warn!(
                    kind,
                    ?status,
                    ?pause,
                    "a letter was not taken; it is tried again"
                );
                tokio::time::sleep(*pause).await;
            }
            None => {
                tracing::error!(kind, ?status, "a letter was given up");
                return "failed";
            }
        }
    }
}

fn kind(error: &smtp::Error) -> &'static str {
    match () {
        () if error.is_tls() => "TLS",
        () if error.is_timeout() => "time-out",
        () if error.status().is_some() => "refusal",
        () if error.is_client() => "what it offers",
        () => "connection",
    }
}
