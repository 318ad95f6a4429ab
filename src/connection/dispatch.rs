//! One arm a frame: charge it, then hand it to the room.

use super::right::needed;
use super::settle::Pending;
use super::{Connection, MAX_BEFORE_HELLO};
use crate::fanout::text_frame;
use crate::quota::{Charge, Excess};
use crate::room::{self, PageRequest};
use crate::store::op::Op;
use crate::telemetry::fault;
use crate::tenant::Scope;
use generic_corp_protocol::frame::{
    Cancel, History, Presence, Publish, StreamClose, StreamOpen, UsageLevel,
};
use generic_corp_protocol::{
    ClientFrame, CloseCode, ErrorCode, RoomId, ServerFrame, StreamId, limit,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::rc::Rc;
use std::time::Instant;

/// An append costs its bytes, and at least this many: tiny appends are work too.
const MIN_APPEND_COST: usize = 256;

/// [`ServerFrame::Ok`] on its way out: bodies in the result stay the bytes they are.
#[derive(Serialize)]
struct Reply {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
}

impl Connection {
    pub(super) fn dispatch(self: &Rc<Self>, frame: ClientFrame) {
        let scope = self.scope();
        if scope.is_some() && !self.charge(&frame) {
            return;
        }
        if let ClientFrame::Hello(hello) = frame {
            return self.hello(hello);
        }
        let Some(scope) = scope else {
            return self.before_hello(&frame);
        };
        if !self.allows(&scope, needed(&frame), frame.id()) {
            return;
        }
        match frame {
            ClientFrame::Hello(_) => {}
            ClientFrame::Join(frame) => self.join(scope, frame),
            ClientFrame::Leave(frame) => self.leave(frame),
            ClientFrame::Publish(frame) => self.publish(scope, frame),
            ClientFrame::History(frame) => self.history(scope, frame),
            ClientFrame::StreamOpen(frame) => self.open_stream(scope, frame),
            ClientFrame::StreamAppend(frame) => self.append(&scope, frame),
            ClientFrame::StreamClose(frame) => self.close_stream(&scope, frame),
            ClientFrame::StreamRead(frame) => self.read_stream(scope, frame),
            ClientFrame::Cancel(frame) => self.cancel(&scope, frame),
            ClientFrame::Presence(frame) => self.presence(frame),
        }
    }

    /// The right to the workspace, once there is one.
    pub(super) fn scope(&self) -> Option<Scope> {
        self.session
            .borrow()
            .as_deref()
            .map(|session| session.scope.clone())
    }

    fn before_hello(&self, frame: &ClientFrame) {
        self.before_hello.set(self.before_hello.get() + 1);
        let text = format!(
            "`{}` came before `hello`; begin with `hello` and a token",
            frame.kind()
        );
        self.fail(
            frame.id().map(Into::into),
            ErrorCode::Unauthenticated,
            text,
            None,
            None,
        );
        if self.before_hello.get() >= MAX_BEFORE_HELLO {
            self.close(CloseCode::Unauthenticated);
        }
    }

    fn charge(&self, frame: &ClientFrame) -> bool {
        let one = |bytes, hourly| Charge {
            messages: 1,
            bytes: bytes as u64,
            hourly,
        };
        let charge = match frame {
            ClientFrame::Publish(frame) => one(frame.body.get().len(), true),
            ClientFrame::StreamOpen(_) | ClientFrame::Cancel(_) => one(0, true),
            ClientFrame::StreamAppend(frame) => {
                let text = frame.text.as_ref().map_or(0, String::len);
                let bytes = text + frame.base64.as_ref().map_or(0, String::len) * 3 / 4;
                return self.charge_append(bytes, frame.id.clone(), &frame.stream.to_string());
            }
            // Reading goes on when the hour is used up, and who could open a stream can end it.
            _ => one(0, false),
        };
        let details = serde_json::json!({ "type": frame.kind() });
        self.charge_with(charge, frame.id().map(Into::into), details)
    }

    /// Charges the bytes of an append; appends do not count as messages.
    pub(super) fn charge_append(&self, bytes: usize, id: Option<String>, stream: &str) -> bool {
        let bytes = bytes.max(MIN_APPEND_COST) as u64;
        let details = serde_json::json!({ "type": "stream.append", "stream": stream });
        self.charge_with(
            Charge {
                messages: 0,
                bytes,
                hourly: false,
            },
            id,
            details,
        )
    }

    fn charge_with(
        &self,
        charge: Charge,
        id: Option<String>,
        mut details: serde_json::Value,
    ) -> bool {
        let now = Instant::now();
        let outcome = match self.session.borrow_mut().as_deref_mut() {
            Some(session) => session.meter.charge(charge, now),
            None => return false,
        };
        let excess = match outcome {
            Ok(None) => return true,
            Ok(Some(usage)) => {
                self.viewer.send(&ServerFrame::Usage(usage));
                return true;
            }
            Err(excess) => excess,
        };
        self.counts.rejected();
        metrics::counter!("generic_corp_quota_rejections_total").increment(1);
        let closing = match excess {
            Excess::Rate {
                retry_after,
                closing,
            } => {
                let wait = retry_after.as_millis() as u64 + 1;
                let text = format!("faster than the plan allows; wait {wait} ms");
                self.fail(id, ErrorCode::RateLimited, text, Some(wait), Some(details));
                closing
            }
            Excess::Hour {
                resets_at,
                retry_after,
                closing,
            } => {
                details["resets_at"] = resets_at.to_string().into();
                let text = format!(
                    "the messages of this hour are used up until {resets_at}; reading still works"
                );
                let wait = retry_after.as_millis() as u64;
                self.fail(
                    id,
                    ErrorCode::QuotaExceeded,
                    text,
                    Some(wait),
                    Some(details),
                );
                if let Some(session) = self.session.borrow().as_deref() {
                    let usage = session.meter.usage(UsageLevel::Hard, now);
                    self.viewer.send(&ServerFrame::Usage(usage));
                }
                closing
            }
        };
        if closing {
            self.close(CloseCode::RateAbuse);
        }
        false
    }

    fn publish(self: &Rc<Self>, scope: Scope, frame: Publish) {
        let id = frame.id.clone();
        self.with_room(
            scope,
            frame.room.clone(),
            id.clone(),
            move |connection, scope, room| {
                let rooms = &connection.parts.rooms;
                if frame.ephemeral {
                    let published = rooms.publish_ephemeral(scope, room, frame);
                    return connection.answer(id, published);
                }
                let op = rooms.publish_op(scope, room, frame);
                connection.submit(op, Pending::Publish { id });
            },
        );
    }

    fn open_stream(self: &Rc<Self>, scope: Scope, frame: StreamOpen) {
        let id = frame.id.clone();
        self.with_room(
            scope,
            frame.room.clone(),
            id.clone(),
            move |connection, scope, room| {
                let op = connection.parts.rooms.open_op(scope, room, frame);
                connection.submit(op, Pending::Open { id });
            },
        );
    }

    fn close_stream(self: &Rc<Self>, scope: &Scope, frame: StreamClose) {
        let (id, stream) = (frame.id.clone(), frame.stream);
        let op = self.parts.rooms.close_op(scope, frame);
        self.submit_to(scope, stream, op, Pending::Close { id, stream });
    }

    fn cancel(self: &Rc<Self>, scope: &Scope, frame: Cancel) {
        let Cancel { id, stream, reason } = frame;
        let op = self.parts.rooms.cancel_op(scope, stream, reason);
        self.submit_to(scope, stream, op, Pending::Cancel { id });
    }

    fn history(self: &Rc<Self>, scope: Scope, frame: History) {
        let History {
            id,
            room,
            before,
            after,
            limit,
            kinds,
        } = frame;
        let request = PageRequest {
            before,
            after,
            limit,
            kinds,
        };
        self.wait(async move |connection: Rc<Self>| {
            let page = connection
                .parts
                .rooms
                .history_page(&scope, &room, request)
                .await;
            connection.answer(id, page);
        });
    }

    fn presence(&self, frame: Presence) {
        let Presence { id, state, text } = frame;
        let long =
            |text: &str| text.len() > limit::MAX_LABEL_BYTES || text.chars().any(char::is_control);
        if state.is_empty() || state.len() > limit::MAX_KIND_BYTES || long(&state) {
            let text = format!("`state` has 1 to {} bytes", limit::MAX_KIND_BYTES);
            return self.fail(id, ErrorCode::Invalid, text, None, None);
        }
        if text.as_deref().is_some_and(long) {
            let text = format!("`text` has at most {} bytes", limit::MAX_LABEL_BYTES);
            return self.fail(id, ErrorCode::Invalid, text, None, None);
        }
        if let Some(session) = self.session.borrow_mut().as_deref_mut() {
            (session.state, session.text) = (state, text);
        }
        self.tell_member();
        self.answer(id, Ok(()));
    }

    /// Goes on with the room of this name: at once when it is known, else after asking the store.
    fn with_room(
        self: &Rc<Self>,
        scope: Scope,
        name: generic_corp_protocol::Slug,
        id: Option<String>,
        then: impl FnOnce(&Self, &Scope, RoomId) + 'static,
    ) {
        if let Some(room) = self.parts.rooms.known(&scope, &name) {
            return then(self, &scope, room);
        }
        self.wait(async move |connection: Rc<Self>| {
            match connection.parts.rooms.find(&scope, &name).await {
                Ok(room) => then(&connection, &scope, room),
                Err(error) => connection.fail_room(id, &error),
            }
        });
    }

    /// Submits what concerns a stream, once it is sure that the key opens the stream's room.
    pub(super) fn submit_to(
        self: &Rc<Self>,
        scope: &Scope,
        stream: StreamId,
        op: Result<Op, room::Error>,
        pending: Pending,
    ) {
        if scope.rooms().is_none() || self.is_producing(stream) {
            return self.submit(op, pending);
        }
        let scope = scope.clone();
        self.wait(async move |connection: Rc<Self>| {
            match connection.parts.rooms.reach(&scope, stream).await {
                Ok(()) => connection.submit(op, pending),
                Err(error) => connection.fail_pending(pending, &error),
            }
        });
    }

    /// Runs something that waits for the store; no other frame is handled until it is done.
    pub(super) fn wait(self: &Rc<Self>, work: impl AsyncFnOnce(Rc<Self>) + 'static) {
        self.busy.set(true);
        let connection = self.clone();
        actix_web::rt::spawn(async move {
            work(connection.clone()).await;
            connection.resume();
        });
    }

    pub(super) fn resume(&self) {
        self.busy.set(false);
        self.viewer.wake();
    }

    pub(super) fn submit(&self, op: Result<Op, room::Error>, pending: Pending) {
        let op = match op {
            Ok(op) => op,
            Err(error) => return self.fail_pending(pending, &error),
        };
        let request = self.pending.borrow_mut().insert(pending);
        let address = self.viewer.address();
        let answer = move |result| address.send(crate::fanout::Mail::Settled { request, result });
        if let Err(error) = self.parts.rooms.history().append(op, Box::new(answer)) {
            let pending = self.pending.borrow_mut().remove(request);
            self.fail_pending(pending, &error.into());
        }
    }

    /// The one reply to a request; nothing when the client did not ask for one.
    pub(super) fn answer<T: Serialize>(&self, id: Option<String>, result: Result<T, room::Error>) {
        match result {
            Err(error) => self.fail_room(id, &error),
            Ok(result) => {
                let Some(id) = id else { return };
                let result = to_raw_value(&result)
                    .ok()
                    .filter(|result| result.get() != "null");
                let kind = "ok";
                self.viewer
                    .send_encoded(&text_frame(&Reply { kind, id, result }));
            }
        }
    }

    pub(super) fn fail_room(&self, id: Option<String>, error: &room::Error) {
        let code = error.code();
        self.fail(
            id,
            code,
            fault::visible(code, error),
            error.retry_after_ms(),
            error.details(),
        );
    }
}
