//! The handle to a connection that keeps itself up.

use crate::link::Command;
use crate::request::{History, JoinRoom, OpenStream, Publish, ReadStream};
use crate::{Builder, Error, ReadFrom};
use generic_corp_protocol::frame::{self, Welcome};
use generic_corp_protocol::limit::{MAX_FRAME_BYTES, MAX_ID_BYTES};
use generic_corp_protocol::{ClientFrame, StreamId, codec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// How the connection stands.
#[derive(Clone, Debug)]
pub enum State {
    /// Not connected; trying.
    Connecting {
        /// Attempts that failed since the last success.
        attempt: u32,
        /// How long until the next attempt; `None` while one runs.
        retry_in: Option<Duration>,
        /// Why the last attempt or connection ended.
        error: Option<Error>,
    },
    /// Connected; everything flows.
    Live,
    /// Ended for good.
    Closed {
        /// Why.
        error: Error,
    },
}

/// A connection to one workspace. Cheap to clone; all clones share it.
///
/// It reconnects and resumes by itself until [`close`](Self::close), or until the hub says that
/// coming back is of no use. It ends when the last clone, room, reader and writer is dropped.
#[derive(Clone, Debug)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    wake: Arc<Notify>,
    close: Arc<Notify>,
    states: watch::Receiver<State>,
    welcome: watch::Receiver<Option<Arc<Welcome>>>,
}

impl Client {
    /// A connection to be made to the hub at `url` (`http`, `https`, `ws` or `wss`) and one of its workspaces.
    pub fn builder(url: impl Into<String>, workspace: impl Into<String>) -> Builder {
        Builder::new(url.into(), workspace.into())
    }

    pub(crate) fn new(
        commands: mpsc::Sender<Command>,
        (wake, close): (Arc<Notify>, Arc<Notify>),
        states: watch::Receiver<State>,
        welcome: watch::Receiver<Option<Arc<Welcome>>>,
    ) -> Self {
        Self {
            commands,
            wake,
            close,
            states,
            welcome,
        }
    }

    /// Follows how the connection stands.
    pub fn states(&self) -> watch::Receiver<State> {
        self.states.clone()
    }

    /// What the hub said when it let this client in last: who you are, limits, quota.
    pub fn welcome(&self) -> Option<Arc<Welcome>> {
        self.welcome.borrow().clone()
    }

    /// Appends an event to a room. Once it is awaited, the event is committed: exactly once, whatever
    /// reconnects and retries it took.
    pub fn publish(&self, room: &str, kind: &str, body: &impl Serialize) -> Publish {
        Publish::new(self.clone(), room, kind, body)
    }

    /// Publishes a chat message.
    pub fn say(&self, room: &str, text: &str) -> Publish {
        self.publish(room, "message", &serde_json::json!({ "text": text }))
    }

    /// Reads a page of a room's log; always ascending.
    pub fn history(&self, room: &str) -> History {
        History::new(self.clone(), room)
    }

    /// Follows a room. One handle a room and client.
    pub fn join(&self, room: &str) -> JoinRoom {
        JoinRoom::new(self.clone(), room)
    }

    /// Opens an output stream in a room; `title` is what people see, for instance the command.
    pub fn open_stream(&self, room: &str, title: &str) -> OpenStream {
        OpenStream::new(self.clone(), room, title)
    }

    /// Reads a stream's bytes. One handle a stream and client.
    pub fn read_stream(&self, stream: StreamId, from: ReadFrom) -> ReadStream {
        ReadStream::new(self.clone(), stream, from)
    }

    /// Asks the producer of a stream to stop.
    ///
    /// # Errors
    /// When the hub refuses, or does not answer in time.
    pub async fn cancel(&self, stream: StreamId, reason: Option<&str>) -> Result<(), Error> {
        let frame = frame::Cancel {
            id: None,
            stream,
            reason: reason.map(str::to_owned),
        };
        self.call_raw(frame.into(), "cancel").await.map(drop)
    }

    /// Says what this client is doing, in every room it has joined; said again after a reconnect.
    ///
    /// # Errors
    /// When the hub refuses, or does not answer in time.
    pub async fn set_presence(&self, state: &str, text: Option<&str>) -> Result<(), Error> {
        let frame = frame::Presence {
            id: None,
            state: state.to_owned(),
            text: text.map(str::to_owned),
        };
        self.call_raw(frame.into(), "presence").await.map(drop)
    }

    /// Ends the connection and waits until it is closed, at most 5 s. What was not acknowledged is given up.
    pub async fn close(&self) {
        self.close.notify_one();
        let mut states = self.states.clone();
        let closed = states.wait_for(|state| matches!(state, State::Closed { .. }));
        let _ = tokio::time::timeout(Duration::from_secs(5), closed).await;
    }

    /// Waits for the first `Live`, or for the end.
    pub(crate) async fn live(&self) -> Result<(), Error> {
        let mut states = self.states.clone();
        let settled = states.wait_for(|state| !matches!(state, State::Connecting { .. }));
        match settled.await.map(|state| state.clone()) {
            Ok(State::Closed { error }) => Err(error),
            Ok(_) => Ok(()),
            Err(_) => Err(Error::closed_here()),
        }
    }

    pub(crate) fn waker(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// Hands a command to the connection and waits for its answer.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Command,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(command(reply)).await;
        match (sent, answer.await) {
            (Ok(()), Ok(answer)) => answer,
            _ => Err(self.end()),
        }
    }

    pub(crate) async fn call_raw(
        &self,
        frame: ClientFrame,
        what: &'static str,
    ) -> Result<String, Error> {
        fits(&frame, what)?;
        self.ask(|reply| Command::Call { frame, what, reply }).await
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        frame: ClientFrame,
        what: &'static str,
    ) -> Result<T, Error> {
        let result = self.call_raw(frame, what).await?;
        serde_json::from_str(&result).map_err(|error| Error::Decode(format!("{what}: {error}")))
    }

    fn end(&self) -> Error {
        match &*self.states.borrow() {
            State::Closed { error } => error.clone(),
            _ => Error::closed_here(),
        }
    }
}

/// The hub would end the connection over a message that is too large.
fn fits(frame: &ClientFrame, what: &str) -> Result<(), Error> {
    let content = match frame {
        ClientFrame::Publish(frame) => frame.body.get().len(),
        ClientFrame::StreamClose(frame) => {
            let metadata = frame.metadata.as_ref();
            metadata.map_or(0, |metadata| metadata.get().len())
        }
        _ => 0,
    };
    // Nothing else in a frame is long; only what may be near the limit is measured.
    if content > MAX_FRAME_BYTES / 4 && codec::encode(frame).len() + MAX_ID_BYTES > MAX_FRAME_BYTES
    {
        let limit = MAX_FRAME_BYTES / 1024;
        return Err(Error::Invalid(format!(
            "{what}: a message has at most {limit} KiB; use a stream for more"
        )));
    }
    Ok(())
}
