//! One connection of a client of the torture: asks and is answered, or finds that the way is dead.

use super::Door;
use crate::socket::{Incoming, Socket};
use crate::wire::{self, Frame};
use generic_corp_protocol::ServerFrame;
use generic_corp_protocol::frame::Failure;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// How long a connection may take until it is welcomed.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that says nothing for this long is asked for a sign of life.
const QUIET: Duration = Duration::from_secs(2);
/// A connection that says nothing for this long is dead.
const DEAD: Duration = Duration::from_secs(6);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What is answered.
pub enum Answer {
    /// It is done; with the result.
    Done(Value),
    /// It was refused.
    Refused(Box<Failure>),
    /// No answer came, and why.
    Lost(&'static str),
}

/// A request that was sent.
pub struct Asked {
    id: u64,
    reply: oneshot::Receiver<Reply>,
}

/// The result, or why not.
type Reply = Result<Value, Box<Failure>>;

/// Sees every frame of a connection, in order.
pub type Observer = Rc<dyn Fn(&ServerFrame)>;

/// See the module. It is cut when this is dropped.
pub struct Session {
    link: Rc<Link>,
    reader: JoinHandle<()>,
}

struct Link {
    socket: Rc<Socket>,
    observer: Observer,
    pending: RefCell<HashMap<u64, oneshot::Sender<Reply>>>,
    next: Cell<u64>,
    heard: Cell<Instant>,
    /// Why it ended.
    ended: RefCell<Option<String>>,
    /// When the hub wants it to go.
    slot: Cell<Option<Instant>>,
    changed: Notify,
}

impl Session {
    /// Connects and says who it is.
    ///
    /// # Errors
    /// When it is not let in, in words for the history.
    pub async fn open(door: &Door, observer: Observer) -> Result<Self, String> {
        let opened = tokio::time::timeout(CONNECT, Self::enter(door, observer)).await;
        opened.unwrap_or_else(|_| Err("no answer to the handshake".to_owned()))
    }

    async fn enter(door: &Door, observer: Observer) -> Result<Self, String> {
        let opened = Socket::open(door.address, &door.path).await;
        let (socket, incoming) = opened.map_err(|error| format!("{error:#}"))?;
        let link = Rc::new(Link {
            socket,
            observer,
            pending: RefCell::default(),
            next: Cell::new(1),
            heard: Cell::new(Instant::now()),
            ended: RefCell::default(),
            slot: Cell::new(None),
            changed: Notify::new(),
        });
        let reader = tokio::task::spawn_local(link.clone().read(incoming));
        let session = Self { link, reader };
        let hello = json!({
            "type": "hello", "token": door.token,
            "client": { "name": "torture", "version": env!("CARGO_PKG_VERSION") },
        });
        match session.ask(hello, CONNECT).await {
            Answer::Done(_) => Ok(session),
            Answer::Refused(failure) => Err(format!("refused: {}", failure.code)),
            Answer::Lost(why) => Err(why.to_owned()),
        }
    }

    /// Sends a request and waits for its answer.
    pub async fn ask(&self, frame: Value, patience: Duration) -> Answer {
        let asked = self.send(frame);
        self.answer(asked, patience).await
    }

    /// Sends a request, whose answer is waited for later.
    pub fn send(&self, mut frame: Value) -> Asked {
        let id = self.link.next.get();
        self.link.next.set(id + 1);
        frame["id"] = id.to_string().into();
        let (answer, reply) = oneshot::channel();
        if !self.has_ended() {
            self.link.pending.borrow_mut().insert(id, answer);
            self.link.socket.send_text(&frame.to_string());
        }
        Asked { id, reply }
    }

    /// Waits for the answer to a request.
    pub async fn answer(&self, asked: Asked, patience: Duration) -> Answer {
        let reply = tokio::time::timeout(patience, asked.reply).await;
        self.link.pending.borrow_mut().remove(&asked.id);
        match reply {
            Ok(Ok(Ok(result))) => Answer::Done(result),
            Ok(Ok(Err(failure))) => Answer::Refused(failure),
            Ok(Err(_)) => Answer::Lost("the connection ended"),
            Err(_) => Answer::Lost("no answer in time"),
        }
    }

    /// Whether nothing comes any more.
    pub fn has_ended(&self) -> bool {
        self.link.ended.borrow().is_some()
    }

    /// Whether the hub has asked it to go.
    pub fn is_sent_away(&self) -> bool {
        self.link.slot.get().is_some()
    }

    /// Waits until it has ended, is dead, or is to go; and says why.
    pub async fn over(&self) -> String {
        loop {
            if let Some(why) = &*self.link.ended.borrow() {
                return why.clone();
            }
            let silence = self.link.heard.get().elapsed();
            if silence > DEAD {
                return "silent".to_owned();
            }
            if silence > QUIET {
                self.link
                    .socket
                    .send(|out| wire::frame(out, wire::PING, &[]));
            }
            if self
                .link
                .slot
                .get()
                .is_some_and(|slot| slot <= Instant::now())
            {
                return "goaway".to_owned();
            }
            // Either of them is a reason to look again.
            let _ = tokio::time::timeout(LOOK, self.link.changed.notified()).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Link {
    async fn read(self: Rc<Self>, incoming: Incoming) {
        let end = incoming
            .read(&self.socket, |frame| self.on_frame(frame))
            .await;
        let why = match end {
            Ok(()) => "ended".to_owned(),
            Err(error) => error.kind().to_string(),
        };
        self.end(why);
    }

    fn end(&self, why: String) {
        self.ended.borrow_mut().get_or_insert(why);
        self.pending.borrow_mut().clear();
        self.changed.notify_waiters();
    }

    fn on_frame(&self, frame: Frame<'_>) {
        self.heard.set(Instant::now());
        match frame.opcode {
            wire::TEXT => self.on_text(frame.payload),
            wire::PING => {
                let pong = |out: &mut Vec<u8>| wire::frame(out, wire::PONG, &[frame.payload]);
                self.socket.send(pong);
            }
            wire::CLOSE => {
                let code = frame.payload.first_chunk();
                let code = code.map_or(1005, |code| u16::from_be_bytes(*code));
                self.end(format!("closed: {code}"));
            }
            _ => {}
        }
    }

    fn on_text(&self, payload: &[u8]) {
        let text = String::from_utf8_lossy(payload);
        let Ok(frames) = generic_corp_protocol::codec::decode_server(&text) else {
            return self.end("unreadable".to_owned());
        };
        for frame in frames {
            (self.observer)(&frame);
            match frame {
                ServerFrame::Ok(okay) => {
                    self.answer(Some(okay.id), Ok(okay.result.unwrap_or_default()));
                }
                ServerFrame::Welcome(welcome) => self.answer(welcome.id, Ok(Value::Null)),
                ServerFrame::Joined(joined) => self.answer(joined.id, Ok(Value::Null)),
                ServerFrame::Error(failure) => {
                    self.answer(failure.id.clone(), Err(Box::new(failure)));
                }
                ServerFrame::Goaway(goaway) => {
                    let slot = Duration::from_millis(goaway.reconnect_after_ms);
                    self.slot.set(Some(Instant::now() + slot));
                    self.changed.notify_waiters();
                }
                _ => {}
            }
        }
    }

    fn answer(&self, id: Option<String>, answer: Reply) {
        let id = id.and_then(|id| id.parse().ok());
        let asked = id.and_then(|id: u64| self.pending.borrow_mut().remove(&id));
        if let Some(asked) = asked {
            // Who asked may have given up.
            let _ = asked.send(answer);
        }
    }
}
