//! One authenticated socket's life: what it may say when, and what comes back.
//!
//! Knows nothing of what carries it: `socket` hands in messages and takes out bytes. Frames are handled
//! strictly in order; while one waits for the store, no other is read.

mod append;
mod close;
mod dispatch;
mod hello;
mod registry;
mod revoke;
mod right;
mod session;
mod settle;
mod tick;
mod usage;
mod watch;
mod watcher;

pub use hello::{Proven, admit};
pub use registry::{Credential, Refused, Registry};
pub use right::needed;
pub use watcher::Watcher;

use crate::auth::Auth;
use crate::fanout::{Client, Mail, Viewer};
use crate::room::Rooms;
use crate::tenant::Tenants;
use bytes::Bytes;
use close::Phase;
use generic_corp_protocol::frame::Failure;
use generic_corp_protocol::limit::MAX_IN_FLIGHT;
use generic_corp_protocol::{
    ClientFrame, ConnectionId, DecodeError, ErrorCode, ServerFrame, StreamId, Timestamp,
};
use session::Session;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Replies that may wait for the socket before the hub stops reading it.
const MAX_CONTROL_BYTES: usize = 256 * 1024;
/// Malformed frames within [`MALFORMED_WINDOW`] after which a connection is closed.
const MAX_MALFORMED: u32 = 10;
/// See [`MAX_MALFORMED`].
const MALFORMED_WINDOW: Duration = Duration::from_secs(10);
/// Frames before `hello` after which a connection is closed.
const MAX_BEFORE_HELLO: u32 = 3;

/// What connections of a worker share.
pub struct Parts {
    /// The rooms of all workspaces.
    pub rooms: Rooms,
    /// Checks credentials.
    pub auth: Auth,
    /// Checks rights.
    pub tenants: Tenants,
    /// All connections of the node.
    pub registry: Registry,
    /// Deadlines and the node's name.
    pub options: Options,
}

/// How connections behave.
#[derive(Clone, Debug)]
pub struct Options {
    /// Pings come this often; silence for twice as long ends the connection.
    pub heartbeat: Duration,
    /// `hello` must come within this time.
    pub hello_timeout: Duration,
    /// A reader that takes nothing for this long is disconnected.
    pub stall_timeout: Duration,
    /// The node's name in `welcome`.
    pub node: String,
}

/// See the module.
pub struct Connection {
    id: ConnectionId,
    parts: Rc<Parts>,
    viewer: Rc<Viewer>,
    /// The workspace as the client named it.
    workspace: String,
    address: Option<IpAddr>,
    connected_at: Timestamp,
    phase: RefCell<Phase>,
    session: RefCell<Option<Box<Session>>>,
    queue: RefCell<VecDeque<Result<ClientFrame, DecodeError>>>,
    /// Whether a frame waits for the store.
    busy: Cell<bool>,
    pending: RefCell<Slab<settle::Pending>>,
    /// How far streams of this producer are durable, told at the next write.
    acks: RefCell<Vec<(StreamId, u64)>>,
    malformed: Cell<(u32, Instant)>,
    before_hello: Cell<u32>,
    clock: tick::Clock,
    counts: tick::Counts,
}

impl Connection {
    fn new(
        parts: Rc<Parts>,
        viewer: Rc<Viewer>,
        workspace: String,
        address: Option<IpAddr>,
    ) -> Self {
        let now = Instant::now();
        let deadline = now + parts.options.hello_timeout;
        let (session, queue, pending, acks) = Default::default();
        Self {
            id: ConnectionId::new(),
            parts,
            viewer,
            workspace,
            address,
            connected_at: Timestamp::now(),
            phase: RefCell::new(Phase::Hello { deadline }),
            session,
            queue,
            busy: Cell::new(false),
            pending,
            acks,
            malformed: Cell::new((0, now)),
            before_hello: Cell::new(0),
            clock: tick::Clock::new(now),
            counts: tick::Counts::default(),
        }
    }

    /// Its cursors and replies.
    pub fn viewer(&self) -> &Rc<Viewer> {
        &self.viewer
    }

    /// Whether the socket should be read now. When not, TCP holds the sender back.
    pub fn wants_input(&self) -> bool {
        match *self.phase.borrow() {
            Phase::Hello { .. } | Phase::Open => {
                !self.busy.get()
                    && self.queue.borrow().is_empty()
                    && self.pending.borrow().len() < MAX_IN_FLIGHT
                    && self.viewer.control_bytes() < MAX_CONTROL_BYTES
            }
            // What still comes is read away until the peer has closed.
            Phase::Closing { .. } => true,
            Phase::Closed => false,
        }
    }

    /// A whole text message.
    pub fn receive_text(self: &Rc<Self>, text: &str) {
        if !self.is_alive() {
            return;
        }
        self.counts.received(text.len());
        match generic_corp_protocol::decode(text) {
            Ok(frames) => self.queue.borrow_mut().extend(frames),
            Err(error) => self.queue.borrow_mut().push_back(Err(error)),
        }
        self.run();
    }

    /// A whole binary message.
    pub fn receive_binary(self: &Rc<Self>, message: Bytes) {
        if !self.is_alive() {
            return;
        }
        self.counts.received(message.len());
        self.append_binary(&message);
    }

    /// Handles queued frames until one has to wait.
    pub fn run(self: &Rc<Self>) {
        while self.is_alive() && !self.busy.get() && self.pending.borrow().len() < MAX_IN_FLIGHT {
            let Some(frame) = self.queue.borrow_mut().pop_front() else {
                return;
            };
            match frame {
                Ok(frame) => self.dispatch(frame),
                Err(error) => self.malformed(error),
            }
        }
    }

    /// Whether queued frames can be handled now.
    pub fn has_work(&self) -> bool {
        self.is_alive()
            && !self.busy.get()
            && !self.queue.borrow().is_empty()
            && self.pending.borrow().len() < MAX_IN_FLIGHT
    }

    /// The next bytes to write; the socket calls this only when it can take them.
    pub fn next_chunk(self: &Rc<Self>) -> Option<Bytes> {
        self.clock.progress();
        self.flush_acks();
        self.viewer.next_chunk()
    }

    fn is_alive(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Hello { .. } | Phase::Open)
    }

    fn malformed(&self, error: DecodeError) {
        let now = Instant::now();
        let (count, since) = self.malformed.get();
        let fresh = now.duration_since(since) > MALFORMED_WINDOW;
        let (count, since) = if fresh { (1, now) } else { (count + 1, since) };
        self.malformed.set((count, since));
        self.fail(error.id, error.code, error.message, None, None);
        if count >= MAX_MALFORMED {
            self.close(generic_corp_protocol::CloseCode::BadFrames);
        }
    }

    fn fail(
        &self,
        id: Option<String>,
        code: ErrorCode,
        message: String,
        retry_after_ms: Option<u64>,
        details: Option<serde_json::Value>,
    ) {
        let retryable = code.retryable();
        let failure = Failure {
            id,
            code,
            message,
            retryable,
            retry_after_ms,
            details,
        };
        self.viewer.send(&ServerFrame::Error(failure));
    }
}

impl Client for Connection {
    fn receive(&self, mail: Mail) {
        match mail {
            Mail::Settled { request, result } => self.settled(request, result),
            Mail::Cancel(notice) => self.tell_cancel(notice),
            Mail::Rights => self.take_rights(),
            Mail::Close(code) => self.close(code),
            Mail::Expired => self.expire(),
            Mail::Goaway { reconnect_after_ms } => self.go_away(reconnect_after_ms),
        }
    }

    fn tick(&self, now: Instant) {
        self.on_tick(now);
    }
}
