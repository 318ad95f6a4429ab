//! What a connection is made with.

use crate::endpoint::Endpoint;
use crate::link::{Link, Signals};
use crate::{Client, Error, State};
use generic_corp_protocol::message::ClientInfo;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Where a token comes from.
type Source =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, Error>> + Send>> + Send + Sync>;

/// The environment variable that holds an API key.
const KEY_VARIABLE: &str = "GENERIC_CORP_API_KEY";

/// How the client proves who it is; never shown by `Debug`.
#[derive(Clone, Default)]
pub(crate) enum Credentials {
    #[default]
    None,
    Environment,
    Token(String),
    Source(Source),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Environment => "Environment",
            Self::Token(_) => "Token(***)",
            Self::Source(_) => "Source(***)",
        })
    }
}

impl Credentials {
    /// Whether asking again may give another token.
    pub(crate) fn renewable(&self) -> bool {
        matches!(self, Self::Source(_))
    }

    pub(crate) async fn token(&self) -> Result<Option<String>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Token(token) => Ok(Some(token.clone())),
            Self::Source(source) => source().await.map(Some),
            Self::Environment => match std::env::var(KEY_VARIABLE) {
                Ok(key) if !key.trim().is_empty() => Ok(Some(key.trim().to_owned())),
                _ => Err(Error::Invalid(format!(
                    "no API key; set {KEY_VARIABLE} to one"
                ))),
            },
        }
    }
}

/// Everything the connection's task needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Credentials,
    pub(crate) info: ClientInfo,
    pub(crate) binary: bool,
    pub(crate) request_timeout: Duration,
    pub(crate) max_attempts: Option<u32>,
}

/// Builds a [`Client`].
#[must_use = "call connect"]
#[derive(Debug)]
pub struct Builder {
    url: String,
    workspace: String,
    credentials: Credentials,
    info: ClientInfo,
    binary: bool,
    request_timeout: Duration,
    connect_deadline: Option<Duration>,
    max_attempts: Option<u32>,
}

impl Builder {
    pub(crate) fn new(url: String, workspace: String) -> Self {
        Self {
            url,
            workspace,
            credentials: Credentials::None,
            info: ClientInfo {
                name: "generic-corp-client".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            binary: true,
            request_timeout: Duration::from_secs(10),
            connect_deadline: None,
            max_attempts: None,
        }
    }

    /// An access token or API key.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.credentials = Credentials::Token(token.into());
        self
    }

    /// The API key in the environment variable `GENERIC_CORP_API_KEY`.
    pub fn api_key_env(mut self) -> Self {
        self.credentials = Credentials::Environment;
        self
    }

    /// Asked for a token before each attempt and before the one in use ends.
    pub fn token_source<F, T>(mut self, source: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, Error>> + Send + 'static,
    {
        self.credentials = Credentials::Source(Arc::new(move || Box::pin(source())));
        self
    }

    /// Name and version of your program, shown beside your presence.
    pub fn client_info(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.info = ClientInfo {
            name: name.into(),
            version: version.into(),
        };
        self
    }

    /// Whether stream bytes travel as binary frames; `true` when not given.
    pub fn binary(mut self, binary: bool) -> Self {
        self.binary = binary;
        self
    }

    /// How long a request may stay unanswered while connected; 10 s when not given.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long [`connect`](Self::connect) tries to get in; for ever when not given.
    pub fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = Some(deadline);
        self
    }

    /// After how many attempts in a row to give up; never when not given.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// Starts the connection without waiting for it. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address or the workspace's name is wrong.
    pub fn start(self) -> Result<Client, Error> {
        let config = Config {
            endpoint: Endpoint::parse(&self.url, &self.workspace)?,
            credentials: self.credentials,
            info: self.info,
            binary: self.binary,
            request_timeout: self.request_timeout,
            max_attempts: self.max_attempts,
        };
        let (link, client) = Link::new(config, Signals::default());
        tokio::spawn(link.run());
        Ok(client)
    }

    /// Connects, and waits until the hub lets the client in.
    ///
    /// # Errors
    /// When the address is wrong, when the hub refuses for good, or when the deadline has passed.
    pub async fn connect(self) -> Result<Client, Error> {
        let deadline = self.connect_deadline;
        let client = self.start()?;
        let Some(deadline) = deadline else {
            client.live().await?;
            return Ok(client);
        };
        if let Ok(settled) = tokio::time::timeout(deadline, client.live()).await {
            return settled.map(|()| client);
        }
        let last = match &*client.states().borrow() {
            State::Connecting { error, .. } => error.clone(),
            _ => None,
        };
        client.close().await;
        Err(last.unwrap_or(Error::Timeout("connect")))
    }
}
