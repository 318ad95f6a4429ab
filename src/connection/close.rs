//! How a connection ends.

use super::Connection;
use actix_http::ws;
use bytes::BytesMut;
use generic_corp_protocol::frame::Goaway;
use generic_corp_protocol::{CloseCode, ServerFrame};
use std::time::{Duration, Instant};

/// How long the peer has to answer our close frame before the socket is ended.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Where in its life a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Connected; `hello` must come before the deadline.
    Hello { deadline: Instant },
    /// Authenticated.
    Open,
    /// Our close frame is sent or about to be; the peer has until the deadline to answer.
    Closing { deadline: Instant },
    /// Nothing more will come or go.
    Closed,
}

impl Connection {
    /// Ends the connection from this side: the code is the last thing the peer hears.
    pub fn close(&self, code: CloseCode) {
        self.close_with(code.code(), code.reason());
        metrics::counter!("generic_corp_connections_closed_total", "code" => code.code().to_string())
            .increment(1);
    }

    fn close_with(&self, code: u16, reason: &str) {
        if !self.is_alive() {
            return;
        }
        *self.phase.borrow_mut() = Phase::Closing {
            deadline: Instant::now() + CLOSE_TIMEOUT,
        };
        self.queue.borrow_mut().clear();
        self.viewer.unwatch_all();
        let mut frame = BytesMut::new();
        let description = Some(reason.to_owned());
        let reason = ws::CloseReason {
            code: ws::CloseCode::from(code),
            description,
        };
        ws::Parser::write_close(&mut frame, Some(reason), false);
        self.viewer.send_encoded(&frame);
    }

    /// The peer has sent its close frame, with this code if any.
    pub fn peer_closed(&self, code: Option<u16>) {
        let was_alive = self.is_alive();
        if was_alive {
            self.close_with(code.unwrap_or(CloseCode::Normal.code()), "");
            metrics::counter!("generic_corp_connections_closed_total", "code" => "client")
                .increment(1);
        }
        *self.phase.borrow_mut() = Phase::Closed;
        self.viewer.wake();
    }

    /// Whether the socket can be ended as soon as everything is written.
    pub fn finished(&self) -> bool {
        *self.phase.borrow() == Phase::Closed
    }

    /// The hub drains: the client is told its slot, and is closed when the slot has come.
    pub(super) fn go_away(&self, reconnect_after_ms: u64) {
        if !self.is_alive() {
            return;
        }
        let reason = "the hub restarts; reconnect and resume".to_owned();
        self.viewer.send(&ServerFrame::Goaway(Goaway {
            reason,
            reconnect_after_ms,
        }));
        self.clock
            .drain_at(Instant::now() + Duration::from_millis(reconnect_after_ms));
    }

    /// The socket is gone: leaves rooms, lets streams go, frees its place.
    pub fn disconnect(&self) {
        *self.phase.borrow_mut() = Phase::Closed;
        if let Some(session) = self.session.borrow_mut().take() {
            let hub = self.parts.rooms.hub();
            for tail in &session.rooms {
                hub.remove_member(tail, self.id);
            }
            let address = self.viewer.address();
            for stream in &session.producing {
                hub.remove_producer(*stream, &address);
            }
            self.parts.registry.remove(self.id);
        }
        self.viewer.worker().dismiss(&self.viewer);
    }
}
