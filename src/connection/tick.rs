//! Heartbeats, deadlines and counts: looked at once a second by the worker.

use super::close::Phase;
use super::registry::Snapshot;
use super::{Connection, ErrorCode};
use actix_http::ws;
use bytes::BytesMut;
use generic_corp_protocol::{CloseCode, Timestamp};
use std::cell::Cell;
use std::time::Instant;

/// When things last happened on a connection.
pub(super) struct Clock {
    seen: Cell<Instant>,
    pinged: Cell<Instant>,
    progressed: Cell<Instant>,
    /// Whether the socket took bytes since the last tick.
    progress: Cell<bool>,
    drain_at: Cell<Option<Instant>>,
}

impl Clock {
    pub(super) fn new(now: Instant) -> Self {
        let cell = || Cell::new(now);
        Self {
            seen: cell(),
            pinged: cell(),
            progressed: cell(),
            progress: Cell::new(false),
            drain_at: Cell::new(None),
        }
    }

    /// The socket takes bytes.
    pub(super) fn progress(&self) {
        self.progress.set(true);
    }

    pub(super) fn drain_at(&self, at: Instant) {
        self.drain_at.set(Some(at));
    }
}

/// What a connection has sent.
#[derive(Default)]
pub(super) struct Counts {
    messages: Cell<u64>,
    bytes: Cell<u64>,
    rejected: Cell<u64>,
}

impl Counts {
    pub(super) fn received(&self, bytes: usize) {
        self.messages.set(self.messages.get() + 1);
        self.bytes.set(self.bytes.get() + bytes as u64);
    }

    pub(super) fn rejected(&self) {
        self.rejected.set(self.rejected.get() + 1);
    }
}

impl Connection {
    /// Bytes came from the peer: it lives.
    pub fn seen(&self) {
        self.clock.seen.set(Instant::now());
    }

    pub(super) fn on_tick(&self, now: Instant) {
        let phase = *self.phase.borrow();
        match phase {
            Phase::Hello { deadline } if now >= deadline => {
                let text = "no `hello` came in time".to_owned();
                self.fail(None, ErrorCode::Unauthenticated, text, None, None);
                self.close(CloseCode::Timeout);
            }
            Phase::Open => self.tick_open(now),
            Phase::Closing { deadline } if now >= deadline => {
                *self.phase.borrow_mut() = Phase::Closed;
                self.viewer.wake();
            }
            _ => {}
        }
    }

    /// Says why it ends, whoever finds it out first.
    pub(super) fn expire(&self) {
        if !self.is_alive() {
            return;
        }
        let text = "the token has expired; renew it with `hello` before it ends".to_owned();
        self.fail(None, ErrorCode::TokenExpired, text, None, None);
        self.close(CloseCode::Unauthenticated);
    }

    fn tick_open(&self, now: Instant) {
        let options = &self.parts.options;
        let silent = now.saturating_duration_since(self.clock.seen.get());
        if !self.viewer.waits_to_write() {
            // Nothing to take is no stall: it begins with what waits from now on.
            self.clock.progress();
        }
        if self.clock.progress.take() {
            self.clock.progressed.set(now);
        }
        let stalled = now.saturating_duration_since(self.clock.progressed.get());
        let expired = match &*self.session.borrow() {
            Some(session) => session
                .principal
                .expires_at()
                .is_some_and(|end| end <= Timestamp::now()),
            None => false,
        };
        if expired {
            return self.expire();
        }
        if self.clock.drain_at.get().is_some_and(|at| now >= at) {
            return self.close(CloseCode::ServiceRestart);
        }
        if self.viewer.waits_to_write() && stalled >= options.stall_timeout {
            return self.close(CloseCode::TooSlow);
        }
        // A stalled reader cannot answer pings that wait behind what it does not read.
        if silent >= options.heartbeat * 2 && !self.viewer.waits_to_write() {
            return self.close(CloseCode::Timeout);
        }
        if now.saturating_duration_since(self.clock.pinged.get()) >= options.heartbeat
            && silent >= options.heartbeat / 2
        {
            self.clock.pinged.set(now);
            self.ping();
        }
        self.tell_usage();
        self.report(now);
    }

    fn ping(&self) {
        let mut frame = BytesMut::new();
        ws::Parser::write_message(&mut frame, [], ws::OpCode::Ping, true, false);
        self.viewer.send_encoded(&frame);
    }

    /// What `GET …/connections` shows.
    fn report(&self, now: Instant) {
        let session = self.session.borrow();
        let Some(session) = session.as_deref() else {
            return;
        };
        let (rooms, streams) = self.viewer.watched();
        self.parts.registry.report(
            self.id,
            Snapshot {
                rooms: rooms as u32,
                streams: streams as u32,
                messages_received: self.counts.messages.get(),
                bytes_received: self.counts.bytes.get(),
                frames_sent: self.viewer.frames_sent(),
                rejected: self.counts.rejected.get(),
                quota: session.meter.quota(now),
            },
        );
    }
}
