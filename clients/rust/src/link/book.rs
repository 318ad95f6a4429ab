//! What outlives a connection: feeds to resume and calls to send again.

use super::ask::{Command, Reply};
use crate::Error;
use crate::feed::{Ending, Feed, ReaderFeed, RoomFeed, WriterFeed};
use generic_corp_protocol::frame::{Joined, Presence};
use generic_corp_protocol::{ClientFrame, Slug, StreamId, StreamOutcome};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Calls that may wait for their answers; further ones wait in the queue of commands.
const MAX_CALLS: usize = 64;

/// A call without an answer yet; sent again after a reconnect, since all of them may be repeated.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) frame: ClientFrame,
    pub(crate) what: &'static str,
    pub(crate) reply: Reply<String>,
    /// Whether it went out over this connection.
    pub(crate) sent: bool,
}

/// A room to be joined on every connection.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) feed: Arc<RoomFeed>,
    /// Until the first answer.
    pub(crate) reply: Option<Reply<Joined>>,
    /// Whether the join went out over this connection.
    pub(crate) sent: bool,
    /// Whether a dropped handle of the same room is still in it.
    pub(crate) leave_first: bool,
}

/// A stream to be read until its end.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) feed: Arc<ReaderFeed>,
    pub(crate) reply: Option<Reply<()>>,
    /// Whether a dropped handle of the same stream may still be read.
    pub(crate) leave_first: bool,
}

/// A stream to be written until it is closed.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) feed: Arc<WriterFeed>,
    pub(crate) reply: Option<Reply<StreamId>>,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) calls: BTreeMap<u64, Call>,
    pub(crate) rooms: HashMap<Slug, Membership>,
    pub(crate) readers: HashMap<StreamId, Reading>,
    pub(crate) writers: BTreeMap<u64, Writing>,
    /// What was last said about this client.
    pub(crate) presence: Option<Presence>,
    last_id: u64,
}

impl Book {
    /// A number that was not used before by this client.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(crate) fn has_room(&self) -> bool {
        self.calls.len() < MAX_CALLS
    }

    /// Notes what a handle asks for; the session sends it.
    pub(crate) fn take(&mut self, command: Command) {
        match command {
            Command::Call { frame, what, reply } => {
                if reply.is_closed() {
                    return;
                }
                if let ClientFrame::Presence(presence) = &frame {
                    self.presence = Some(presence.clone());
                }
                let id = self.next_id();
                let call = Call {
                    frame,
                    what,
                    reply,
                    sent: false,
                };
                self.calls.insert(id, call);
            }
            Command::Join { feed, reply } => {
                let taken = self.rooms.get(&feed.room);
                if taken.is_some_and(|taken| !taken.feed.is_released()) {
                    let text = format!("this client is in `{}` already", feed.room);
                    drop(reply.send(Err(Error::Invalid(text))));
                    return;
                }
                let membership = Membership {
                    feed: feed.clone(),
                    reply: Some(reply),
                    sent: false,
                    leave_first: taken.is_some_and(|taken| taken.sent),
                };
                self.rooms.insert(feed.room.clone(), membership);
            }
            Command::Open { feed, reply } => {
                let id = self.next_id();
                let reply = Some(reply);
                self.writers.insert(id, Writing { feed, reply });
            }
            Command::Read { feed, reply } => {
                let taken = self.readers.get(&feed.stream);
                if taken.is_some_and(|taken| !taken.feed.is_released()) {
                    let text = "this client reads the stream already".into();
                    drop(reply.send(Err(Error::Invalid(text))));
                    return;
                }
                let reading = Reading {
                    feed: feed.clone(),
                    reply: Some(reply),
                    leave_first: taken.is_some_and(|taken| taken.feed.is_asked()),
                };
                self.readers.insert(feed.stream, reading);
            }
        }
    }

    /// The connection is gone: everything is to be asked for again on the next.
    pub(crate) fn disconnected(&mut self) {
        self.calls.retain(|_, call| !call.reply.is_closed());
        for call in self.calls.values_mut() {
            call.sent = false;
        }
        self.rooms.retain(|_, room| !room.feed.is_released());
        for room in self.rooms.values_mut() {
            room.sent = false;
            room.leave_first = false;
        }
        self.readers.retain(|_, reader| !reader.feed.is_released());
        for reader in self.readers.values_mut() {
            reader.leave_first = false;
            reader.feed.disconnected();
        }
        for writer in self.writers.values() {
            writer.feed.disconnected();
        }
    }

    /// Closes streams whose writers are gone, and forgets those that are over.
    pub(crate) fn tend_writers(&mut self) {
        self.writers.retain(|_, writer| {
            if writer.feed.is_released() {
                writer.feed.end(Ending {
                    outcome: StreamOutcome::Failed,
                    exit_code: None,
                });
            }
            !writer.feed.is_over()
        });
    }

    /// Whether something has yet to be said to the hub.
    pub(crate) fn is_busy(&self) -> bool {
        !self.calls.is_empty() || !self.writers.is_empty()
    }

    /// Nothing more will come for anybody.
    pub(crate) fn fail(&mut self, error: &Error) {
        for (_, call) in std::mem::take(&mut self.calls) {
            drop(call.reply.send(Err(error.clone())));
        }
        for (_, room) in self.rooms.drain() {
            room.feed.fail(error.clone());
            if let Some(reply) = room.reply {
                drop(reply.send(Err(error.clone())));
            }
        }
        for (_, reader) in self.readers.drain() {
            reader.feed.fail(error.clone());
            if let Some(reply) = reader.reply {
                drop(reply.send(Err(error.clone())));
            }
        }
        for (_, writer) in std::mem::take(&mut self.writers) {
            writer.feed.fail(error.clone());
            if let Some(reply) = writer.reply {
                drop(reply.send(Err(error.clone())));
            }
        }
    }
}
