//! Which hub, which workspace, and who asks.

use anyhow::Context as _;
use clap::Args;
use generic_corp_client::protocol::ErrorCode;
use generic_corp_client::{Builder, Client, Error, State};
use std::path::PathBuf;
use std::time::Duration;

/// How long a person waits for a hub that is away.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// What every command of a client takes.
#[derive(Args, Clone, Debug)]
pub struct HubArgs {
    /// Address of the hub.
    #[arg(
        long,
        env = "GENERIC_CORP_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub url: String,
    /// Workspace, by name or id.
    #[arg(long, env = "GENERIC_CORP_WORKSPACE", default_value = "main")]
    pub workspace: String,
    /// Where the token is.
    #[command(flatten)]
    pub credentials: CredentialArgs,
}

/// Where the token is; never the token itself, which others could see in the list of processes.
#[derive(Args, Clone, Debug)]
pub struct CredentialArgs {
    /// Name of the environment variable that holds an API key or access token.
    #[arg(long, value_name = "NAME", default_value = "GENERIC_CORP_API_KEY")]
    pub api_key_env: String,
    /// File that holds an API key or access token; goes before the environment.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl CredentialArgs {
    /// The token.
    pub fn token(&self) -> anyhow::Result<String> {
        let text = match &self.token_file {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("cannot read the token file {}", file.display()))?,
            None => std::env::var(&self.api_key_env).unwrap_or_default(),
        };
        match (text.trim(), &self.token_file) {
            ("", Some(file)) => anyhow::bail!("the token file {} is empty", file.display()),
            ("", None) => anyhow::bail!(
                "no API key: set {} to one, or give --token-file; keys are made on the dashboard, or with `generic-corp admin key` on the hub's own machine",
                self.api_key_env
            ),
            (token, _) => Ok(token.to_owned()),
        }
    }
}

impl HubArgs {
    /// A connection to be made as this program.
    pub fn client(&self) -> anyhow::Result<Builder> {
        let token = self.credentials.token()?;
        Ok(Client::builder(&self.url, &self.workspace)
            .token(token)
            .client_info("generic-corp-cli", env!("CARGO_PKG_VERSION")))
    }

    /// A connection that is made within the time a person waits.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        let client = self
            .client()?
            .start()
            .map_err(|error| self.explain(error))?;
        tell_states(&client);
        let mut states = client.states();
        let settled = states.wait_for(|state| !matches!(state, State::Connecting { .. }));
        let state = match tokio::time::timeout(CONNECT_DEADLINE, settled).await {
            Ok(settled) => settled?.clone(),
            Err(_) => client.states().borrow().clone(),
        };
        match state {
            State::Live => Ok(client),
            State::Closed { error }
            | State::Connecting {
                error: Some(error), ..
            } => Err(self.explain(error)),
            State::Connecting { error: None, .. } => Err(self.explain(Error::Timeout("connect"))),
        }
    }

    /// An error with what a person can do about it.
    pub fn explain(&self, error: Error) -> anyhow::Error {
        let hint = match (&error, error.code()) {
            (Error::Transport(_), _) => format!("; is the hub at {} running?", self.url),
            (_, Some(ErrorCode::Unauthenticated | ErrorCode::InvalidToken)) => format!(
                "; check the key in {}, and that it belongs to the hub at {}",
                self.credentials.api_key_env, self.url
            ),
            (_, Some(ErrorCode::TokenExpired)) => {
                "; get another with `generic-corp token`, or use an API key".to_owned()
            }
            _ => String::new(),
        };
        anyhow::anyhow!("{error}{hint}")
    }
}

/// Tells on standard error when the connection is lost and found again, for as long as the client lives.
pub fn tell_states(client: &Client) {
    let mut states = client.states();
    tokio::spawn(async move {
        let mut lost = false;
        loop {
            match &*states.borrow_and_update() {
                State::Connecting {
                    error: Some(error), ..
                } if !lost => {
                    lost = true;
                    eprintln!("generic-corp: {error}; trying again");
                }
                State::Live if lost => {
                    lost = false;
                    eprintln!("generic-corp: connected again");
                }
                State::Closed { .. } => return,
                _ => {}
            }
            if states.changed().await.is_err() {
                return;
            }
        }
    });
}
