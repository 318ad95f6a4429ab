//! A viewer without a socket, and what it must get next from each log it watches.

use super::super::{Cursor, Viewer, Worker};
use super::logs::{Logs, ROOMS, byte};
use crate::fanout::{Client, Mail, StreamCursor, payloads};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use generic_corp_protocol::{BinaryFrame, ServerFrame, Slug, StreamId, codec};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Where to begin: so far before the end; a stream is followed or read to its present end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) back: u64,
    pub(super) follow: bool,
    pub(super) binary: bool,
}

pub(super) struct Seat {
    client: Rc<Onlooker>,
    bell: Arc<Bell>,
    places: BTreeMap<usize, Place>,
}

/// What was got so far of one log.
struct Place {
    position: u64,
    until: Option<u64>,
    ephemeral: u64,
    over: bool,
}

struct Onlooker(Rc<Viewer>);

impl Client for Onlooker {
    fn receive(&self, _: Mail) {}
    fn tick(&self, _: Instant) {}
}

#[derive(Default)]
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

impl Seat {
    pub(super) fn take(worker: &Rc<Worker>) -> Self {
        let (client, bell) = (worker.admit(Onlooker), Arc::<Bell>::default());
        client.0.set_waker(&Waker::from(bell.clone()));
        let places = BTreeMap::new();
        Self {
            client,
            bell,
            places,
        }
    }

    pub(super) async fn watch(&mut self, logs: &Logs, log: usize, wish: Wish) {
        let position = logs.heads[log].saturating_sub(wish.back);
        let mut place = Place {
            position,
            until: None,
            ephemeral: 0,
            over: false,
        };
        let cursor = match logs.rooms.get(log) {
            Some((room, name)) => {
                let tail = logs.hub.room(logs.workspace(), *room, name).await;
                let tail = tail.expect("asked").expect("a room");
                place.ephemeral = logs.ephemeral[log];
                Cursor::Room(tail.cursor(position).0)
            }
            None => {
                let stream = logs.streams[log - ROOMS];
                let found = logs.hub.stream(logs.workspace(), stream).await;
                place.until = (!wish.follow).then_some(logs.heads[log]);
                Cursor::Stream(StreamCursor {
                    tail: found.expect("asked").expect("a stream").0,
                    offset: position,
                    until: place.until,
                    handle: wish.binary.then_some(log as u32),
                })
            }
        };
        self.client.0.unwatch(logs.id(log));
        self.client.0.watch(cursor);
        self.places.insert(log, place);
    }

    pub(super) fn leave(&mut self, logs: &Logs, log: usize) {
        self.client.0.unwatch(logs.id(log));
        self.places.remove(&log);
    }

    pub(super) async fn pause(&self) {
        let woken = self.bell.0.notified();
        // Nothing may be under way.
        let _ = tokio::time::timeout(Duration::from_millis(2), woken).await;
    }

    /// Takes a chunk and holds it against the model. Whether there was one.
    pub(super) fn read(&mut self, logs: &Logs) -> bool {
        let Some(chunk) = self.client.0.next_chunk() else {
            return false;
        };
        for payload in payloads(&chunk) {
            match std::str::from_utf8(payload) {
                Ok(text) if text.starts_with('{') => {
                    let frames = codec::decode_server(text).expect("a frame");
                    frames
                        .into_iter()
                        .for_each(|frame| self.take_in(logs, frame));
                }
                _ => {
                    let frame = BinaryFrame::decode(payload).expect("a binary frame");
                    self.bytes(frame.handle as usize, frame.offset, frame.payload);
                }
            }
        }
        true
    }

    fn take_in(&mut self, logs: &Logs, frame: ServerFrame) {
        let room = |name: &Slug| logs.rooms.iter().position(|(_, known)| known == name);
        let stream = |id: &StreamId| logs.streams.iter().position(|known| known == id);
        match frame {
            ServerFrame::Event(event) => {
                let place = self.place(room(&event.room));
                assert_eq!(event.seq, place.position + 1, "each once, in order");
                assert_eq!(event.body.get(), event.seq.to_string());
                place.position = event.seq;
            }
            ServerFrame::Ephemeral(message) => {
                let place = self.place(room(&message.room));
                let number = message.body.as_u64().expect("a number");
                assert!(number > place.ephemeral, "each once, in order");
                place.ephemeral = number;
            }
            ServerFrame::StreamData(data) => {
                let bytes = match (data.text, data.base64) {
                    (Some(text), _) => text.into_bytes(),
                    (_, base64) => BASE64.decode(base64.expect("bytes")).expect("base64"),
                };
                let log = stream(&data.stream).expect("a stream of this case") + ROOMS;
                self.bytes(log, data.offset, &bytes);
            }
            ServerFrame::StreamClosed(end) => {
                let place = self.place(stream(&end.stream).map(|at| at + ROOMS));
                assert_eq!((place.position, place.over), (end.offset, false));
                place.over = true;
            }
            other => panic!("unexpected {other:?}"),
        }
    }

    fn place(&mut self, log: Option<usize>) -> &mut Place {
        let log = log.expect("a log of this case");
        self.places.get_mut(&log).expect("a log that is watched")
    }

    fn bytes(&mut self, log: usize, offset: u64, bytes: &[u8]) {
        let place = self.place(Some(log));
        assert_eq!(offset, place.position, "each once, in order");
        place.position += bytes.len() as u64;
        assert!(place.until.is_none_or(|until| place.position <= until));
        assert!(bytes.iter().copied().eq((offset..place.position).map(byte)));
    }

    /// Whether the viewer has everything that it shall have.
    pub(super) fn is_complete(&self, logs: &Logs) -> bool {
        self.places.iter().all(|(log, place)| match place.until {
            Some(until) => place.position == until,
            None if *log < ROOMS => {
                (place.position, place.ephemeral) == (logs.heads[*log], logs.ephemeral[*log])
            }
            None => place.over && place.position == logs.heads[*log],
        })
    }
}
