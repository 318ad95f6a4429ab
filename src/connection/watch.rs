//! Following rooms and streams: cursors come and go.

use super::Connection;
use crate::fanout::{Cursor, LogId};
use crate::room::{Error, Join as From};
use crate::tenant::Scope;
use generic_corp_protocol::frame::{Join, Joined, Leave, StreamRead, StreamReading};
use generic_corp_protocol::limit::{MAX_ROOMS_PER_CONNECTION, MAX_STREAMS_PER_CONNECTION};
use generic_corp_protocol::{ErrorCode, ServerFrame, Timestamp};
use std::rc::Rc;

impl Connection {
    pub(super) fn join(self: &Rc<Self>, scope: Scope, frame: Join) {
        let Join {
            id,
            room,
            after,
            epoch,
            tail,
        } = frame;
        let joined = self.joined(&room);
        if joined.is_none() && self.viewer.watched().0 >= MAX_ROOMS_PER_CONNECTION {
            let text = format!("a connection joins at most {MAX_ROOMS_PER_CONNECTION} rooms");
            return self.fail_room(id, &Error::LimitReached(text));
        }
        self.wait(async move |connection: Rc<Self>| {
            let from = From { after, epoch, tail };
            match connection.parts.rooms.join(&scope, &room, &from).await {
                Ok(joining) if connection.is_alive() => connection.enter(id, joining),
                Ok(_) => {}
                Err(error) => connection.fail_room(id, &error),
            }
        });
    }

    fn enter(&self, id: Option<String>, joining: crate::room::Joining) {
        let crate::room::Joining {
            tail,
            head,
            epoch,
            after,
            recovered,
            streams,
        } = joining;
        // A room that is joined again is read anew from where the client says.
        self.viewer.unwatch(LogId::Room(tail.id()));
        {
            let mut session = self.session.borrow_mut();
            let Some(session) = session.as_deref_mut() else {
                return;
            };
            let since = tail.since(self.id).unwrap_or_else(Timestamp::now);
            let member = session.member(self.id, since);
            self.parts.rooms.hub().set_member(&tail, member);
            if session.rooms.iter().all(|room| room.id() != tail.id()) {
                session.rooms.push(tail.clone());
            }
        }
        let (cursor, members, count) = tail.cursor(after);
        self.viewer.send(&ServerFrame::Joined(Joined {
            id,
            room: tail.name().clone(),
            head,
            epoch: epoch.to_string(),
            after,
            recovered,
            members,
            member_count: count as u32,
            streams,
        }));
        self.viewer.watch(Cursor::Room(cursor));
    }

    pub(super) fn leave(&self, frame: Leave) {
        let Leave { id, room, stream } = frame;
        let left = match (&room, stream) {
            (Some(room), None) => self.leave_room(room),
            (None, Some(stream)) => self.viewer.unwatch(LogId::Stream(stream)),
            _ => {
                let text = "give either `room` or `stream`".to_owned();
                return self.fail(id, ErrorCode::Invalid, text, None, None);
            }
        };
        let what = if room.is_some() {
            "joined room"
        } else {
            "stream being read"
        };
        self.answer(
            id,
            if left {
                Ok(())
            } else {
                Err(Error::NotFound(what))
            },
        );
    }

    fn leave_room(&self, room: &generic_corp_protocol::Slug) -> bool {
        let Some(tail) = self.joined(room) else {
            return false;
        };
        if let Some(session) = self.session.borrow_mut().as_deref_mut() {
            session.rooms.retain(|known| known.id() != tail.id());
        }
        self.parts.rooms.hub().remove_member(&tail, self.id);
        self.viewer.unwatch(LogId::Room(tail.id()))
    }

    fn joined(
        &self,
        room: &generic_corp_protocol::Slug,
    ) -> Option<std::sync::Arc<crate::fanout::RoomTail>> {
        let session = self.session.borrow();
        session
            .as_deref()?
            .rooms
            .iter()
            .find(|tail| tail.name() == room)
            .cloned()
    }

    pub(super) fn read_stream(self: &Rc<Self>, scope: Scope, frame: StreamRead) {
        let StreamRead {
            id,
            stream,
            offset,
            tail_bytes,
            follow,
        } = frame;
        let known = self.viewer.watches(LogId::Stream(stream));
        if !known && self.viewer.watched().1 >= MAX_STREAMS_PER_CONNECTION {
            let text = format!("a connection reads at most {MAX_STREAMS_PER_CONNECTION} streams");
            return self.fail_room(id, &Error::LimitReached(text));
        }
        self.wait(async move |connection: Rc<Self>| {
            let rooms = &connection.parts.rooms;
            let follow = follow.unwrap_or(true);
            let reading = match rooms
                .read_stream(&scope, stream, offset, tail_bytes, follow)
                .await
            {
                Ok(reading) if connection.is_alive() => reading,
                Ok(_) => return,
                Err(error) => return connection.fail_room(id, &error),
            };
            connection.viewer.unwatch(LogId::Stream(stream));
            let handle = match connection.session.borrow_mut().as_deref_mut() {
                Some(session) => session.handle(stream),
                None => return,
            };
            let cursor = reading.cursor(handle);
            let answer = StreamReading {
                info: reading.info,
                offset: reading.offset,
                handle,
            };
            connection.answer(id, Ok(answer));
            connection.viewer.watch(Cursor::Stream(cursor));
        });
    }

    /// Tells every joined room what this connection is doing now.
    pub(super) fn tell_member(&self) {
        let session = self.session.borrow();
        let Some(session) = session.as_deref() else {
            return;
        };
        for tail in &session.rooms {
            let since = tail.since(self.id).unwrap_or_else(Timestamp::now);
            self.parts
                .rooms
                .hub()
                .set_member(tail, session.member(self.id, since));
        }
    }
}
