//! A stream as its producer sees it: the window of bytes that are not durable yet, and how to go on.

use super::Feed;
use super::output::{Append, Ending, StreamSpec};
use crate::Error;
use crate::sync::lock;
use crate::window::Window;
use generic_corp_protocol::frame::{CancelNotice, StreamClose, StreamOpen, StreamOpened};
use generic_corp_protocol::{ErrorCode, StreamId, StreamOutcome, StreamState};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The wait after a refusal that names none.
const REFUSED_WAIT: Duration = Duration::from_millis(500);
/// Bytes of the append that tries again after a refusal; small, so that it fits as JSON too.
const PROBE_BYTES: usize = 16 * 1024;

/// Shared between the connection, which empties it, and one [`crate::StreamWriter`], which fills it.
#[derive(Debug)]
pub(crate) struct WriterFeed {
    spec: StreamSpec,
    capacity: usize,
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
    released: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    window: Window,
    stream: Option<StreamId>,
    handle: Option<u32>,
    cancel: Option<CancelNotice>,
    ending: Option<Ending>,
    /// When the durable offset last moved, or bytes were first sent.
    progress: Instant,
}

#[derive(Clone, Debug)]
enum Phase {
    /// To be opened on this connection.
    Idle,
    /// Opening, probing or closing: one request is on its way.
    Asked,
    /// Appends flow.
    Live,
    /// An append was refused: try with one from `until` on.
    Refused { until: Instant },
    /// Closed as asked.
    Ended,
    /// Nothing more can be written.
    Failed(Error),
}

impl Feed for WriterFeed {
    fn released(&self) -> &AtomicBool {
        &self.released
    }
}

impl WriterFeed {
    pub(crate) fn new(spec: StreamSpec, capacity: usize) -> Self {
        Self {
            spec,
            capacity,
            inner: Mutex::new(Inner {
                phase: Phase::Idle,
                window: Window::new(0, capacity),
                stream: None,
                handle: None,
                cancel: None,
                ending: None,
                progress: Instant::now(),
            }),
            changed: watch::Sender::new(()),
            released: AtomicBool::new(false),
        }
    }

    /// The frame that opens or opens again, when that is to be done.
    pub(crate) fn open(&self, id: impl FnOnce() -> String) -> Option<StreamOpen> {
        let mut inner = lock(&self.inner);
        if !matches!(inner.phase, Phase::Idle) {
            return None;
        }
        inner.phase = Phase::Asked;
        let spec = self.spec.clone();
        Some(StreamOpen {
            id: Some(id()),
            room: spec.room,
            key: Some(spec.key),
            name: spec.name,
            role: spec.role,
            media_type: spec.media_type,
            tool_call: spec.tool_call,
            parent: spec.parent,
        })
    }

    /// The connection broke, or a request is to be repeated from the start.
    pub(crate) fn disconnected(&self) {
        let mut inner = lock(&self.inner);
        if !matches!(inner.phase, Phase::Ended | Phase::Failed(_)) {
            inner.phase = Phase::Idle;
            inner.handle = None;
        }
    }

    /// The hub's answer to open: go on from its offset.
    pub(crate) fn opened(&self, opened: &StreamOpened, now: Instant) {
        let mut inner = lock(&self.inner);
        let again = inner.stream.is_some();
        inner.stream = Some(opened.stream);
        inner.handle = opened.handle;
        inner.progress = now;
        let resumed = if again {
            inner.window.resume(opened.offset)
        } else {
            inner.window = Window::new(opened.offset, self.capacity);
            Ok(())
        };
        inner.phase = match (resumed, opened.state.outcome()) {
            (Err(_), _) => Phase::Failed(Error::Invalid(format!(
                "the stream cannot go on: the hub has {} bytes of it, this producer holds {} to {}",
                opened.offset,
                inner.window.base(),
                inner.window.end()
            ))),
            (Ok(()), None) => Phase::Live,
            (Ok(()), Some(outcome)) if inner.is_finished_as(outcome) => Phase::Ended,
            (Ok(()), Some(_)) => Phase::Failed(closed_already(opened.state)),
        };
        self.tell(inner);
    }

    /// The next bytes to send, at most as many as fit: as a binary frame once there is a handle, else as JSON.
    pub(crate) fn append(&self, binary: usize, json: usize, now: Instant) -> Option<Append> {
        let mut inner = lock(&self.inner);
        let (Phase::Live, Some(stream)) = (&inner.phase, inner.stream) else {
            return None;
        };
        if inner.window.in_flight() == 0 {
            inner.progress = now;
        }
        let max = inner.handle.map_or(json.min(binary), |_| binary);
        let (offset, bytes) = inner.window.send(max)?;
        Some(Append {
            stream,
            handle: inner.handle,
            offset,
            bytes,
        })
    }

    /// The append that tries again after a refusal, when its time has come. It is sent alone, with
    /// an id, so that its answer cannot be confused with those of appends before it.
    pub(crate) fn probe(&self, now: Instant) -> Option<Append> {
        let mut inner = lock(&self.inner);
        let (Phase::Refused { until }, Some(stream)) = (&inner.phase, inner.stream) else {
            return None;
        };
        if *until > now {
            return None;
        }
        inner.window.rewind();
        let Some((offset, bytes)) = inner.window.send(PROBE_BYTES) else {
            inner.phase = Phase::Live;
            return None;
        };
        inner.phase = Phase::Asked;
        Some(Append {
            stream,
            handle: None,
            offset,
            bytes,
        })
    }

    /// The probe was taken: go on.
    pub(crate) fn accepted(&self, now: Instant) {
        let mut inner = lock(&self.inner);
        if matches!(inner.phase, Phase::Asked) {
            inner.phase = Phase::Live;
            inner.progress = now;
        }
        self.tell(inner);
    }

    pub(crate) fn acknowledged(&self, offset: u64, now: Instant) {
        let mut inner = lock(&self.inner);
        if inner.window.acknowledge(offset) {
            inner.progress = now;
            self.tell(inner);
        }
    }

    /// The hub refused an append that carried no id: wait and try again, or give up.
    pub(crate) fn refused(&self, error: Error, now: Instant) {
        let mut inner = lock(&self.inner);
        if matches!(inner.phase, Phase::Live) {
            inner.refuse(error, now);
        }
        self.tell(inner);
    }

    /// The hub refused the probe, an open or a close.
    pub(crate) fn refused_request(&self, error: Error, now: Instant) {
        let mut inner = lock(&self.inner);
        if matches!(inner.phase, Phase::Asked) {
            let beyond = error.code() == Some(ErrorCode::StreamOffset);
            if beyond {
                // The hub has fewer bytes than it acknowledged, or another length than ours.
                inner.phase = Phase::Idle;
            } else {
                inner.refuse(error, now);
            }
        }
        self.tell(inner);
    }

    /// The frame that closes, once everything is durable and the producer wants it.
    pub(crate) fn close(&self, id: impl FnOnce() -> String) -> Option<StreamClose> {
        let mut inner = lock(&self.inner);
        let (Phase::Live, Some(stream)) = (&inner.phase, inner.stream) else {
            return None;
        };
        if inner.window.base() < inner.window.end() {
            return None;
        }
        let ending = inner.ending.clone()?;
        inner.phase = Phase::Asked;
        Some(StreamClose {
            id: Some(id()),
            stream,
            offset: inner.window.end(),
            outcome: ending.outcome,
            exit_code: ending.exit_code,
            metadata: None,
        })
    }

    /// The hub closed it as asked.
    pub(crate) fn ended(&self) {
        let mut inner = lock(&self.inner);
        inner.phase = Phase::Ended;
        self.tell(inner);
    }

    pub(crate) fn cancelled(&self, notice: CancelNotice) {
        let mut inner = lock(&self.inner);
        inner.cancel.get_or_insert(notice);
        self.tell(inner);
    }

    pub(crate) fn fail(&self, error: Error) {
        let mut inner = lock(&self.inner);
        if !matches!(inner.phase, Phase::Ended | Phase::Failed(_)) {
            inner.phase = Phase::Failed(error);
        }
        self.tell(inner);
    }

    /// When the connection has to look again by itself: a wait is over, or acknowledgements stay out.
    pub(crate) fn due(&self, patience: Duration) -> Option<Instant> {
        let inner = lock(&self.inner);
        match &inner.phase {
            Phase::Refused { until } => Some(*until),
            Phase::Live if inner.window.in_flight() > 0 => Some(inner.progress + patience),
            _ => None,
        }
    }

    /// Opens again when acknowledgements stay out: the answer says where to go on.
    pub(crate) fn doubt(&self, patience: Duration, now: Instant) {
        let mut inner = lock(&self.inner);
        let waiting = matches!(inner.phase, Phase::Live) && inner.window.in_flight() > 0;
        if waiting && now >= inner.progress + patience {
            inner.phase = Phase::Idle;
        }
    }

    /// Takes as much of `bytes` as there is room for.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<usize, Error> {
        let mut inner = lock(&self.inner);
        match &inner.phase {
            Phase::Failed(error) => Err(error.clone()),
            Phase::Ended => Err(Error::Invalid("the stream is closed".into())),
            _ => Ok(inner.window.write(bytes)),
        }
    }

    /// Everything before this byte is durable.
    pub(crate) fn durable(&self) -> u64 {
        lock(&self.inner).window.base()
    }

    /// Bytes written so far, durable or not.
    pub(crate) fn written(&self) -> u64 {
        lock(&self.inner).window.end()
    }

    /// Whether every written byte is durable.
    pub(crate) fn flushed(&self) -> Result<bool, Error> {
        let inner = lock(&self.inner);
        match &inner.phase {
            Phase::Failed(error) => Err(error.clone()),
            _ => Ok(inner.window.base() == inner.window.end()),
        }
    }

    /// Asks for the end; a second call changes nothing.
    pub(crate) fn end(&self, ending: Ending) {
        lock(&self.inner).ending.get_or_insert(ending);
    }

    /// Whether it is closed on the hub.
    pub(crate) fn is_ended(&self) -> Result<bool, Error> {
        let inner = lock(&self.inner);
        match &inner.phase {
            Phase::Failed(error) => Err(error.clone()),
            phase => Ok(matches!(phase, Phase::Ended)),
        }
    }

    /// Whether the connection has nothing more to do for it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(lock(&self.inner).phase, Phase::Ended | Phase::Failed(_))
    }

    pub(crate) fn stream(&self) -> Option<StreamId> {
        lock(&self.inner).stream
    }

    pub(crate) fn cancel_notice(&self) -> Option<CancelNotice> {
        lock(&self.inner).cancel.clone()
    }

    /// Tells of every change from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn tell(&self, inner: std::sync::MutexGuard<'_, Inner>) {
        drop(inner);
        self.changed.send_replace(());
    }
}

impl Inner {
    fn refuse(&mut self, error: Error, now: Instant) {
        let beyond = error.code() == Some(ErrorCode::StreamOffset);
        self.phase = if beyond {
            Phase::Refused { until: now }
        } else if error.retryable() {
            Phase::Refused {
                until: now + error.retry_after().unwrap_or(REFUSED_WAIT),
            }
        } else {
            Phase::Failed(error)
        };
    }

    /// Whether the stream ended with `outcome` because this producer closed it.
    fn is_finished_as(&self, outcome: StreamOutcome) -> bool {
        let asked = self.ending.as_ref().map(|ending| ending.outcome);
        asked == Some(outcome) && self.window.base() == self.window.end()
    }
}

fn closed_already(state: StreamState) -> Error {
    Error::Api {
        code: ErrorCode::StreamClosed,
        message: format!(
            "the stream is closed as {}; open a new one with another key",
            state.as_str()
        ),
        retryable: false,
        retry_after: None,
        details: None,
    }
}
