//! What comes from the hub: each frame is looked at, counted and checked.

use super::{Client, Pending};
use crate::check::Follower;
use crate::socket::Socket;
use crate::tally::{Latency, add};
use crate::wire::{self, Frame};
use generic_corp_protocol::StreamId;
use generic_corp_protocol::frame::{Failure, Joined, StreamReading};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::rc::Rc;

/// What all frames from the hub have in common.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Option<&'a str>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

/// What is needed of the result of `publish`.
#[derive(Deserialize)]
struct Published {
    seq: u64,
}

/// What is needed of a `stream.opened` event.
#[derive(Deserialize)]
struct Opened {
    body: OpenedBody,
}

#[derive(Deserialize)]
struct OpenedBody {
    stream: StreamId,
}

impl Client {
    pub(super) fn on_frame(self: &Rc<Self>, socket: &Rc<Socket>, frame: Frame<'_>) {
        add(&self.shared.tally.bytes, frame.payload.len() as u64);
        match frame.opcode {
            wire::TEXT => match wire::event(frame.payload) {
                Some(event) => self.on_event(&event, frame.payload),
                None => self.on_text(frame.payload),
            },
            wire::BINARY => self.on_bytes(frame.payload),
            wire::PING => socket.send(|out| wire::frame(out, wire::PONG, &[frame.payload])),
            wire::CLOSE => {
                let code = frame
                    .payload
                    .first_chunk()
                    .map_or(1005, |code| u16::from_be_bytes(*code));
                self.shared.tally.error(format!("closed: {code}"));
            }
            _ => {}
        }
    }

    fn on_event(&self, event: &wire::Event<'_>, frame: &[u8]) {
        self.viewer.borrow_mut().event(event.room, event.seq);
        if let Some(lane) = &self.habits.lane {
            return lane.deliver(frame.len());
        }
        let tally = &self.shared.tally;
        add(&tally.delivered, 1);
        let number = event.stamp.map(|stamp| stamp.number);
        self.shared
            .ledger
            .borrow_mut()
            .seen(event.room, event.seq, number, frame);
        match event.stamp {
            Some(stamp) if !self.late.get() => tally.took(Latency::Delivery, stamp.sent_at),
            Some(_) => {}
            None if self.habits.follows => self.follow(frame),
            None => {}
        }
        if self.behind.borrow().is_some() {
            self.caught_up();
        }
    }

    /// Reads a stream from its first byte, once the room tells that there is one.
    fn follow(&self, frame: &[u8]) {
        if memchr::memmem::find(frame, br#""kind":"stream.opened""#).is_none() {
            return;
        }
        let Ok(Opened {
            body: OpenedBody { stream },
        }) = serde_json::from_slice(frame)
        else {
            return self.shared.tally.error("unreadable: stream.opened");
        };
        add(&self.shared.followed, 1);
        let id = self.expect(Pending::Follow(stream));
        self.send(&format!(
            r#"{{"type":"stream.read","id":"{id}","stream":"{stream}","offset":0}}"#
        ));
    }

    fn on_text(&self, frame: &[u8]) {
        let head = std::str::from_utf8(frame)
            .ok()
            .map(|text| (text, serde_json::from_str::<Head<'_>>(text)));
        let Some((text, Ok(head))) = head else {
            return self.shared.tally.error("unreadable: text frame");
        };
        match head.kind {
            "ok" => self.on_ok(&head, text),
            "joined" => self.on_joined(&head, text),
            "welcome" => self.answer(&head, Ok(text.to_owned())),
            "error" => self.on_error(&head, text),
            "stream.data" => self.on_data(text),
            "stream.ack" => self.on_ack(text),
            "stream.closed" => self.on_closed(text),
            // An event that the fast look cannot read would be lost unnoticed until the end.
            "event" | "reset" | "goaway" => self
                .shared
                .tally
                .error(format!("unexpected: {}", head.kind)),
            _ => {}
        }
    }

    fn pending(&self, head: &Head<'_>) -> Option<Pending> {
        let id = head.id?.parse().ok()?;
        self.pending.borrow_mut().remove(&id)
    }

    fn answer(&self, head: &Head<'_>, reply: super::Reply) {
        if let Some(Pending::Call(answer)) = self.pending(head) {
            // Who asked may have given up.
            let _ = answer.send(reply);
        }
    }

    fn on_ok(&self, head: &Head<'_>, text: &str) {
        match self.pending(head) {
            Some(Pending::Publish { room, stamp, .. }) => {
                let tally = &self.shared.tally;
                tally.took(Latency::Ack, stamp.sent_at);
                add(&tally.acked, 1);
                let published = head
                    .result
                    .map(|result| serde_json::from_str::<Published>(result.get()));
                match published {
                    Some(Ok(Published { seq })) => {
                        self.shared
                            .ledger
                            .borrow_mut()
                            .acked(room.as_bytes(), seq, stamp.number);
                    }
                    _ => tally.error("unreadable: ack"),
                }
                self.acked.notify_one();
            }
            Some(Pending::Follow(stream)) => self.on_reading(stream, head),
            Some(Pending::Call(answer)) => drop(answer.send(Ok(text.to_owned()))),
            None => {}
        }
    }

    fn on_reading(&self, stream: StreamId, head: &Head<'_>) {
        let reading = head
            .result
            .map(|result| serde_json::from_str::<StreamReading>(result.get()));
        let Some(Ok(reading)) = reading else {
            return self.shared.tally.error("unreadable: stream.read");
        };
        if let Some(handle) = reading.handle {
            self.handles.borrow_mut().insert(handle, stream);
        }
        self.followers
            .borrow_mut()
            .insert(stream, Follower::default());
    }

    fn on_joined(&self, head: &Head<'_>, text: &str) {
        let Ok(joined) = serde_json::from_str::<Joined>(text) else {
            return self.shared.tally.error("unreadable: joined");
        };
        let room = joined.room.as_bytes();
        if self.viewer.borrow().position(room).is_some()
            && self.epochs.borrow().contains_key(&*joined.room)
            && !joined.recovered
        {
            self.shared.tally.error("not recovered");
        }
        self.viewer.borrow_mut().joined(room, joined.after);
        self.epochs
            .borrow_mut()
            .insert(joined.room.to_string(), joined.epoch);
        if let Some(behind) = self.behind.borrow_mut().as_mut() {
            behind.heads.push((room.to_vec(), joined.head));
        }
        self.answer(head, Ok(text.to_owned()));
    }

    fn on_error(&self, head: &Head<'_>, text: &str) {
        let Ok(failure) = serde_json::from_str::<Failure>(text) else {
            return self.shared.tally.error("unreadable: error");
        };
        match self.pending(head) {
            Some(Pending::Call(answer)) => drop(answer.send(Err(Box::new(failure)))),
            refused => {
                self.shared
                    .tally
                    .error(format!("refused: {}", failure.code));
                if matches!(refused, Some(Pending::Publish { .. })) {
                    self.acked.notify_one();
                }
            }
        }
    }
}
