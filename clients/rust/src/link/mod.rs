//! The task that owns the connection: connects, serves, waits, connects again.

mod ask;
mod book;
mod dispatch;
mod incoming;
mod pace;
mod serve;
mod session;
mod socket;

use crate::backoff::Backoff;
use crate::builder::Config;
use crate::{Client, Error, State};
use book::Book;
use generic_corp_protocol::CloseCode;
use generic_corp_protocol::frame::Welcome;
use serve::End;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

pub(crate) use ask::Command;

/// Requests that wait for the connection.
const COMMAND_QUEUE: usize = 64;
/// A connection that lived this long was a success: back-off begins anew.
const STEADY: Duration = Duration::from_secs(5);
/// Bounds of the wait between attempts.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(20));

/// How handles get the task's attention beside the queue of commands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    /// A feed has changed.
    pub(crate) wake: Arc<Notify>,
    /// The client is to be closed.
    pub(crate) close: Arc<Notify>,
}

/// The connection's task.
pub(crate) struct Link {
    config: Arc<Config>,
    commands: mpsc::Receiver<Command>,
    signals: Signals,
    states: watch::Sender<State>,
    welcome: watch::Sender<Option<Arc<Welcome>>>,
    book: Book,
    backoff: Backoff,
    /// The last connection ended because of its token, and a new one was asked for since.
    token_renewed: bool,
}

impl Link {
    pub(crate) fn new(config: Config, signals: Signals) -> (Self, Client) {
        let (sender, commands) = mpsc::channel(COMMAND_QUEUE);
        let (states, state) = watch::channel(State::Connecting {
            attempt: 0,
            retry_in: None,
            error: None,
        });
        let (welcome, welcomed) = watch::channel(None);
        let handles = (signals.wake.clone(), signals.close.clone());
        let client = Client::new(sender, handles, state, welcomed);
        let link = Self {
            config: Arc::new(config),
            commands,
            signals,
            states,
            welcome,
            book: Book::default(),
            backoff: Backoff::new(BACKOFF.0, BACKOFF.1),
            token_renewed: false,
        };
        (link, client)
    }

    pub(crate) async fn run(mut self) {
        let error = loop {
            let end = self.attempt().await;
            self.book.disconnected();
            match self.verdict(end) {
                Ok((wait, error)) => {
                    tracing::debug!(wait_ms = wait.as_millis() as u64, %error, "reconnecting");
                    if self.wait(wait, error).await == Wait::Over {
                        continue;
                    }
                    break Error::closed_here();
                }
                Err(error) => break error,
            }
        };
        self.book.fail(&error);
        self.states.send_replace(State::Closed {
            error: error.clone(),
        });
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            command.fail(error.clone());
        }
    }

    /// One attempt: from connecting to the connection's end.
    async fn attempt(&mut self) -> End {
        let attempt = self.backoff.attempt();
        self.states.send_if_modified(|state| {
            let State::Connecting {
                attempt: shown,
                retry_in,
                ..
            } = state
            else {
                return false;
            };
            *shown = attempt;
            retry_in.take().is_some()
        });
        let config = self.config.clone();
        let socket = tokio::select! {
            socket = socket::connect(&config) => socket,
            () = self.signals.close.notified() => return End::Quit,
        };
        let (socket, welcome) = match socket {
            Ok(connected) => connected,
            Err(end) => return end,
        };
        let since = Instant::now();
        let welcome = Arc::new(welcome);
        self.welcome.send_replace(Some(welcome.clone()));
        self.states.send_replace(State::Live);
        let end = self.serve(socket, &welcome).await;
        if since.elapsed() >= STEADY {
            self.backoff.reset();
            self.token_renewed = false;
        }
        end
    }

    /// Whether to come back, after which wait, and what is told meanwhile.
    fn verdict(&mut self, end: End) -> Result<(Duration, Error), Error> {
        let error = match end {
            End::Quit => return Err(Error::closed_here()),
            End::Goaway { slot, reason } => {
                self.backoff.reset();
                let wait = slot.saturating_duration_since(Instant::now());
                return Ok((wait, Error::Transport(reason)));
            }
            End::Lost(error) => error,
            End::Refused(error) if error.wants_token() => {
                if !self.config.credentials.renewable() || self.token_renewed {
                    return Err(error);
                }
                self.token_renewed = true;
                error
            }
            End::Refused(error) => match &error {
                Error::Closed { code, .. }
                    if CloseCode::from_code(*code).is_none_or(CloseCode::reconnect) =>
                {
                    error
                }
                Error::Api { .. } if error.retryable() => error,
                _ => return Err(error),
            },
        };
        let hint = error.retry_after().unwrap_or_default();
        let wait = self.backoff.next().max(hint);
        match self.config.max_attempts {
            Some(most) if self.backoff.attempt() >= most => Err(error),
            _ => Ok((wait, error)),
        }
    }

    /// Waits before the next attempt, and takes requests meanwhile as long as there is room.
    async fn wait(&mut self, wait: Duration, error: Error) -> Wait {
        self.states.send_replace(State::Connecting {
            attempt: self.backoff.attempt(),
            retry_in: Some(wait),
            error: Some(error),
        });
        let sleep = tokio::time::sleep(wait);
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                () = &mut sleep => return Wait::Over,
                () = self.signals.close.notified() => return Wait::Quit,
                command = self.commands.recv(), if self.book.has_room() => match command {
                    Some(command) => self.book.take(command),
                    None => return Wait::Quit,
                },
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Wait {
    Over,
    Quit,
}
