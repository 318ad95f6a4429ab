//! The life of one connection: reads and writes at once, so that neither can hold up the other.

use super::Link;
use super::session::Session;
use super::socket::{Socket, in_words, refusal};
use crate::Error;
use crate::builder::Credentials;
use futures_util::stream::SplitSink;
use futures_util::{FutureExt as _, Sink, SinkExt as _, StreamExt as _};
use generic_corp_protocol::frame::Welcome;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// Messages that are handled before anything else gets its turn.
const READ_BATCH: usize = 64;
/// How long a connection that nobody holds any more may take to say its last.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a token is renewed before its end.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// Why a connection, or the attempt to make one, ended.
#[derive(Debug)]
pub(super) enum End {
    /// Nobody wants it any more.
    Quit,
    /// The hub drains.
    Goaway { slot: Instant, reason: String },
    /// It broke; coming back may help.
    Lost(Error),
    /// The hub said no; what it said tells whether coming back may help.
    Refused(Error),
}

impl End {
    pub(super) fn from_socket(error: WsError) -> Self {
        match error {
            WsError::Http(response) => refusal(&response),
            error => Self::Lost(Error::Transport(in_words(&error))),
        }
    }

    pub(super) fn from_close(frame: Option<CloseFrame>) -> Self {
        match frame {
            Some(frame) => Self::Refused(Error::Closed {
                code: frame.code.into(),
                reason: frame.reason.to_string(),
            }),
            None => Self::Lost(Error::Transport("the hub closed the connection".into())),
        }
    }

    /// A token source's error; what it calls retryable is tried again.
    pub(super) fn from_source(error: Error) -> Self {
        if error.retryable() {
            Self::Lost(error)
        } else {
            Self::Refused(error)
        }
    }
}

type Renewal = Pin<Box<dyn Future<Output = Result<Option<String>, Error>> + Send>>;

impl Link {
    pub(super) async fn serve(&mut self, socket: Socket, welcome: &Welcome) -> End {
        let (mut sink, mut stream) = socket.split();
        let mut session = Session::new(&self.config, welcome, Instant::now());
        let mut renewal = renewal(&self.config.credentials, welcome);
        let sleep = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(sleep);
        let mut orphaned = None;
        let mut dirty = false;
        let end = loop {
            let now = Instant::now();
            if let Some(end) = session.tend(&mut self.book, now) {
                break end;
            }
            if orphaned.is_some_and(|until| now >= until || !self.book.is_busy()) {
                break End::Quit;
            }
            dirty |= !session.outbox.is_empty();
            let deadline = session.deadline(&self.book, now);
            let deadline = orphaned.map_or(deadline, |until| deadline.min(until));
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            let heard = tokio::select! {
                message = stream.next() => message,
                sent = write(&mut sink, &mut session.outbox), if dirty => {
                    dirty = false;
                    match sent {
                        Ok(()) => continue,
                        // What the hub said before the end is still to be read.
                        Err(error) => break last_words(&mut stream, error).await,
                    }
                }
                command = self.commands.recv(), if orphaned.is_none() && session.takes_more(&self.book) => {
                    match command {
                        Some(command) => self.book.take(command),
                        None => orphaned = Some(now + FAREWELL),
                    }
                    continue;
                }
                () = self.signals.wake.notified() => continue,
                () = self.signals.close.notified() => break End::Quit,
                token = &mut renewal => {
                    renewal = Box::pin(std::future::pending());
                    session.renew(token);
                    continue;
                }
                () = &mut sleep => continue,
            };
            let now = Instant::now();
            let mut next = Some(heard);
            let mut batch = 0;
            let ended = loop {
                let Some(message) = next.take() else {
                    break None;
                };
                if let Some(end) = session.hear(&mut self.book, message, now) {
                    break Some(end);
                }
                batch += 1;
                if batch < READ_BATCH {
                    next = stream.next().now_or_never();
                }
            };
            if let Some(welcome) = session.welcomed.take() {
                renewal = self::renewal(&self.config.credentials, &welcome);
                self.welcome
                    .send_replace(Some(std::sync::Arc::new(welcome)));
            }
            if let Some(end) = ended {
                break end;
            }
        };
        if matches!(end, End::Quit | End::Goaway { .. }) {
            farewell(&mut sink).await;
        }
        end
    }
}

/// Sends what waits and flushes. Safe to cancel: a message leaves the queue when the sink takes it.
async fn write<S: Sink<Message, Error = WsError> + Unpin>(
    sink: &mut S,
    outbox: &mut VecDeque<Message>,
) -> Result<(), WsError> {
    std::future::poll_fn(|cx| {
        while !outbox.is_empty() {
            ready!(sink.poll_ready_unpin(cx))?;
            if let Some(message) = outbox.pop_front() {
                sink.start_send_unpin(message)?;
            }
        }
        match sink.poll_flush_unpin(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Writing failed: the hub may have said why before it hung up.
async fn last_words(
    stream: &mut (impl futures_util::Stream<Item = Result<Message, WsError>> + Unpin),
    error: WsError,
) -> End {
    for _ in 0..READ_BATCH {
        match stream.next().now_or_never() {
            Some(Some(Ok(Message::Close(frame)))) => return End::from_close(frame),
            Some(Some(Ok(_))) => {}
            _ => break,
        }
    }
    End::from_socket(error)
}

async fn farewell(sink: &mut SplitSink<Socket, Message>) {
    let close = Message::Close(Some(CloseFrame {
        code: 1000.into(),
        reason: "".into(),
    }));
    let _ = tokio::time::timeout(Duration::from_secs(1), sink.send(close)).await;
}

/// Asks for a new token in time; never, when it has no end or cannot be renewed.
fn renewal(credentials: &Credentials, welcome: &Welcome) -> Renewal {
    let Some(ends) = welcome.token_expires_at else {
        return Box::pin(std::future::pending());
    };
    if !credentials.renewable() {
        return Box::pin(std::future::pending());
    }
    let left = Duration::from_millis(ends.0.saturating_sub(welcome.server.time.0).max(0) as u64);
    let wait = left.saturating_sub(RENEW_BEFORE).max(left / 2);
    let credentials = credentials.clone();
    Box::pin(async move {
        tokio::time::sleep(wait).await;
        credentials.token().await
    })
}
