//! Server-Sent Events: the same cursors as a socket's, written as lines of text.

use crate::connection::Watcher;
use crate::fanout::{Client, Mail, Viewer, payloads};
use actix_web::body::{BodySize, MessageBody};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::{CloseCode, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A browser that is told to go comes back after this time at the earliest.
const MIN_RETRY_MS: u64 = 5_000;

/// What a browser gives back as `Last-Event-ID`.
pub(super) enum Place {
    /// `epoch:seq` in a room.
    Room { epoch: String },
    /// The offset of the next byte in a stream.
    Stream,
}

/// The fields of a frame that say where it stands.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    seq: Option<u64>,
    position: Option<u64>,
    #[serde(borrow)]
    epoch: Option<Cow<'a, str>>,
    offset: Option<u64>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    base64: Option<Cow<'a, str>>,
}

impl Place {
    /// Whole frames, as events.
    fn translate(&mut self, frames: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(frames.len() + frames.len() / 4);
        for payload in payloads(frames) {
            let Ok(head) = serde_json::from_slice::<Head<'_>>(payload) else {
                continue;
            };
            let id = self.id(&head);
            write_event(&mut out, &head.kind, id.as_deref(), payload);
        }
        out.freeze()
    }

    fn id(&mut self, head: &Head<'_>) -> Option<String> {
        match self {
            Self::Room { epoch } => {
                if let Some(new) = &head.epoch {
                    *epoch = new.to_string();
                }
                let seq = match &*head.kind {
                    "event" => head.seq,
                    "reset" => head.position,
                    _ => None,
                };
                seq.map(|seq| format!("{epoch}:{seq}"))
            }
            Self::Stream => match &*head.kind {
                "stream.data" => {
                    let text = head.text.as_ref().map_or(0, |text| text.len());
                    let bytes = head.base64.as_deref().map_or(0, decoded_length);
                    head.offset
                        .map(|at| (at + (text + bytes) as u64).to_string())
                }
                "stream.closed" => head.offset.map(|at| at.to_string()),
                "reset" => head.position.map(|at| at.to_string()),
                _ => None,
            },
        }
    }
}

fn decoded_length(base64: &str) -> usize {
    base64.len() / 4 * 3
        - base64
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'=')
            .count()
}

/// One event. JSON has line ends only between its tokens, where a space is as good.
pub(super) fn write_event(out: &mut BytesMut, kind: &str, id: Option<&str>, json: &[u8]) {
    if let Some(id) = id {
        out.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    out.extend_from_slice(format!("event: {kind}\ndata: ").as_bytes());
    out.extend(json.iter().map(|byte| match byte {
        b'\n' | b'\r' => b' ',
        byte => *byte,
    }));
    out.extend_from_slice(b"\n\n");
}

/// Somebody who looks on.
pub(super) struct Live {
    viewer: Rc<Viewer>,
    watcher: RefCell<Option<Watcher>>,
    expires_at: Option<Timestamp>,
    heartbeat: Duration,
    wrote: Cell<Instant>,
    beat: Cell<bool>,
    goodbye: RefCell<Option<Bytes>>,
}

impl Live {
    pub(super) fn new(
        viewer: Rc<Viewer>,
        expires_at: Option<Timestamp>,
        heartbeat: Duration,
    ) -> Self {
        Self {
            viewer,
            watcher: RefCell::new(None),
            expires_at,
            heartbeat,
            wrote: Cell::new(Instant::now()),
            beat: Cell::new(false),
            goodbye: RefCell::new(None),
        }
    }

    /// Its cursor.
    pub(super) fn viewer(&self) -> &Rc<Viewer> {
        &self.viewer
    }

    /// With a place in the registry.
    pub(super) fn register(&self, watcher: Watcher) {
        *self.watcher.borrow_mut() = Some(watcher);
    }

    fn leave(&self, kind: &str, retry_ms: Option<u64>, data: &serde_json::Value) {
        let mut out = BytesMut::new();
        if let Some(retry) = retry_ms {
            out.extend_from_slice(format!("retry: {retry}\n").as_bytes());
        }
        write_event(&mut out, kind, None, data.to_string().as_bytes());
        self.goodbye.borrow_mut().get_or_insert(out.freeze());
        self.viewer.unwatch_all();
        self.viewer.wake();
    }

    fn close(&self, code: CloseCode) {
        let data = json!({ "code": code.code(), "reason": code.reason() });
        self.leave("close", None, &data);
    }
}

impl Client for Live {
    fn receive(&self, mail: Mail) {
        match mail {
            Mail::Close(code) => self.close(code),
            Mail::Expired => self.close(CloseCode::Unauthenticated),
            Mail::Goaway { reconnect_after_ms } => {
                let retry = reconnect_after_ms.max(MIN_RETRY_MS);
                let data = json!({
                    "reason": "the hub restarts; reconnect and resume",
                    "reconnect_after_ms": retry,
                });
                self.leave("goaway", Some(retry), &data);
            }
            // It never asks for anything, and writes nothing. Who may not read any more is closed.
            Mail::Settled { .. } | Mail::Cancel(_) | Mail::Rights => {}
        }
    }

    fn tick(&self, now: Instant) {
        if self.expires_at.is_some_and(|end| end <= Timestamp::now()) {
            return self.close(CloseCode::Unauthenticated);
        }
        if now.saturating_duration_since(self.wrote.get()) >= self.heartbeat {
            self.beat.set(true);
            self.viewer.wake();
        }
        if let Some(watcher) = &*self.watcher.borrow() {
            watcher.report(&self.viewer);
        }
    }
}

/// The answer's body: polled when the socket can take bytes.
pub(super) struct Body {
    live: Rc<Live>,
    place: Place,
    first: Option<Bytes>,
    ended: bool,
}

impl Body {
    /// Begins with `first`; then come the events at the viewer's cursors, until there are no more.
    pub(super) fn new(live: Rc<Live>, place: Place, first: Bytes) -> Self {
        Self {
            live,
            place,
            first: Some(first),
            ended: false,
        }
    }

    fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if let Some(goodbye) = self.live.goodbye.borrow_mut().take() {
            self.ended = true;
            return Some(goodbye);
        }
        if let Some(frames) = self.live.viewer.next_chunk() {
            return Some(self.place.translate(&frames));
        }
        // The end of a stream takes its cursor away.
        self.ended = self.live.viewer.watched() == (0, 0);
        (self.live.beat.take() && !self.ended).then(|| Bytes::from_static(b":\n\n"))
    }
}

impl MessageBody for Body {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.live.viewer.set_waker(cx.waker());
        match self.next() {
            Some(bytes) => {
                self.live.wrote.set(Instant::now());
                Poll::Ready(Some(Ok(bytes)))
            }
            None if self.ended => Poll::Ready(None),
            None => {
                self.live.viewer.worker().count_write();
                Poll::Pending
            }
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let viewer = self.live.viewer.clone();
        viewer.worker().dismiss(&viewer);
    }
}
