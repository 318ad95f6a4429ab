//! A client under load: joins rooms, publishes, follows streams, and checks all that it gets.

mod fault;
mod receive;
mod shared;
mod stream;

pub use shared::{Lane, Shared};

use crate::check::{Follower, Viewer};
use crate::socket::{Incoming, Socket};
use crate::tally::{Latency, add};
use crate::tenant::Tenant;
use crate::wire::{self, Stamp};
use anyhow::{Context as _, bail};
use fault::Behind;
use generic_corp_protocol::StreamId;
use generic_corp_protocol::frame::Failure;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a client behaves.
#[derive(Clone, Default)]
pub struct Habits {
    /// Follows every stream that is opened in its rooms.
    pub follows: bool,
    /// Takes stream bytes as binary frames.
    pub binary: bool,
    /// Counts deliveries here and looks at their order alone.
    pub lane: Option<Rc<Lane>>,
}

/// See the module.
pub struct Client {
    tenant: Rc<Tenant>,
    shared: Rc<Shared>,
    habits: Habits,
    link: RefCell<Option<Link>>,
    /// Whether publishes may be sent; else they wait for the return.
    open: Cell<bool>,
    next_id: Cell<u64>,
    pending: RefCell<BTreeMap<u64, Pending>>,
    /// What it saw of its rooms.
    pub viewer: RefCell<Viewer>,
    epochs: RefCell<HashMap<String, String>>,
    followers: RefCell<HashMap<StreamId, Follower>>,
    handles: RefCell<HashMap<u32, StreamId>>,
    /// Told at every ack of a publish.
    acked: Notify,
    /// Its deliveries are late on purpose and count in no latency.
    pub late: Cell<bool>,
    behind: RefCell<Option<Behind>>,
}

struct Link {
    socket: Rc<Socket>,
    reader: JoinHandle<()>,
}

/// A request that waits for its reply.
enum Pending {
    Publish {
        room: String,
        stamp: Stamp,
        text: String,
    },
    Follow(StreamId),
    Call(oneshot::Sender<Reply>),
}

/// The whole frame of a reply, or why not.
type Reply = Result<String, Box<Failure>>;

impl Client {
    /// A client that is not connected yet.
    pub fn new(tenant: &Rc<Tenant>, shared: &Rc<Shared>, habits: Habits) -> Rc<Self> {
        Rc::new(Self {
            tenant: tenant.clone(),
            shared: shared.clone(),
            habits,
            link: RefCell::default(),
            open: Cell::new(false),
            next_id: Cell::new(1),
            pending: RefCell::default(),
            viewer: RefCell::default(),
            epochs: RefCell::default(),
            followers: RefCell::default(),
            handles: RefCell::default(),
            acked: Notify::new(),
            late: Cell::new(false),
            behind: RefCell::default(),
        })
    }

    /// Connects and says who it is.
    ///
    /// # Errors
    /// When the hub does not let it in.
    pub async fn connect(self: &Rc<Self>) -> anyhow::Result<()> {
        self.say_hello().await?;
        self.open.set(true);
        Ok(())
    }

    async fn say_hello(self: &Rc<Self>) -> anyhow::Result<()> {
        let begun = self.shared.tally.clock.us();
        let (socket, incoming) = Socket::open(self.tenant.address, &self.tenant.path).await?;
        let reader = tokio::task::spawn_local(self.clone().read(socket.clone(), incoming));
        *self.link.borrow_mut() = Some(Link { socket, reader });
        let hello = json!({
            "type": "hello", "token": self.tenant.token, "binary": self.habits.binary,
            "client": { "name": "loadtest", "version": env!("CARGO_PKG_VERSION") },
        });
        self.call(hello).await.context("hello")?;
        self.shared.tally.took(Latency::Connect, begun);
        Ok(())
    }

    /// Joins a room at its end, or where it left it.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn join(&self, room: &str) -> anyhow::Result<()> {
        let mut join = json!({ "type": "join", "room": room });
        if let Some(epoch) = self.epochs.borrow().get(room) {
            join["after"] = self.viewer.borrow().position(room.as_bytes()).into();
            join["epoch"] = epoch.as_str().into();
        }
        self.call(join)
            .await
            .with_context(|| format!("joining {room}"))?;
        Ok(())
    }

    /// Joins a room at the beginning of its log.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn join_from_start(&self, room: &str) -> anyhow::Result<()> {
        let epoch = self.tenant.room(room).await?.epoch;
        self.epochs.borrow_mut().insert(room.to_owned(), epoch);
        self.viewer.borrow_mut().joined(room.as_bytes(), 0);
        self.join(room).await
    }

    async fn read(self: Rc<Self>, socket: Rc<Socket>, incoming: Incoming) {
        let end = incoming
            .read(&socket, |frame| self.on_frame(&socket, frame))
            .await;
        let what = end.map_or_else(
            |error| error.kind().to_string(),
            |()| "ended by the hub".into(),
        );
        self.shared.tally.error(format!("connection: {what}"));
        *self.link.borrow_mut() = None;
    }

    fn send(&self, text: &str) {
        let socket = self.link.borrow().as_ref().map(|link| link.socket.clone());
        if let Some(socket) = socket {
            socket.send_text(text);
        }
    }

    fn next_id(&self) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        id
    }

    fn expect(&self, pending: Pending) -> u64 {
        let id = self.next_id();
        self.pending.borrow_mut().insert(id, pending);
        id
    }

    /// Sends a request and waits for its reply, the whole frame.
    async fn call(&self, mut frame: Value) -> anyhow::Result<String> {
        let (answer, reply) = oneshot::channel();
        let id = self.expect(Pending::Call(answer));
        frame["id"] = id.to_string().into();
        self.send(&frame.to_string());
        let reply = tokio::time::timeout(PATIENCE, reply)
            .await
            .context("no reply came")?;
        match reply.context("the socket ended")? {
            Ok(text) => Ok(text),
            Err(failure) => bail!("{} ({})", failure.message, failure.code),
        }
    }

    /// Publishes a message that was due at the stamp's time; its ack is taken when it comes.
    pub fn publish(&self, room: &str, stamp: Stamp, size: usize) {
        let (id, number) = (self.next_id(), stamp.number);
        let body = wire::body(stamp, size);
        let text = format!(
            r#"{{"type":"publish","id":"{id}","room":"{room}","key":"load-{number}","body":{body}}}"#
        );
        add(&self.shared.tally.sent, 1);
        if self.open.get() {
            self.send(&text);
        }
        // Kept whole: after a cut it is sent again.
        let room = room.to_owned();
        let waits = Pending::Publish { room, stamp, text };
        self.pending.borrow_mut().insert(id, waits);
    }

    /// Publishes without asking for an ack.
    pub fn publish_unacked(&self, room: &str, stamp: Stamp, size: usize) {
        let body = wire::body(stamp, size);
        let number = stamp.number;
        self.send(&format!(
            r#"{{"type":"publish","room":"{room}","key":"load-{number}","body":{body}}}"#
        ));
    }

    /// Publishes that wait for their ack.
    pub fn waiting(&self) -> usize {
        let pending = self.pending.borrow();
        pending
            .values()
            .filter(|pending| matches!(pending, Pending::Publish { .. }))
            .count()
    }

    /// Waits for an ack.
    pub async fn acked(&self) {
        self.acked.notified().await;
    }
}
