//! Follows both rooms, and their streams, over sockets that break, and notes what it saw.

use super::ROOMS;
use super::stage::{Stage, Targets};
use crate::support::{Received, Socket};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use generic_corp_protocol::frame::{Joined, StreamReading};
use generic_corp_protocol::{Event, ServerFrame, StreamId};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Whether streams are read, too, and in which frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Rooms,
    Streams { binary: bool },
}

/// What a viewer saw, in its order.
#[derive(Debug, Default)]
pub struct Seen {
    pub rooms: BTreeMap<String, Vec<Event>>,
    /// The bytes of each stream, and whether its end came.
    pub streams: BTreeMap<StreamId, (Vec<u8>, bool)>,
    epochs: BTreeMap<String, String>,
}

impl Seen {
    /// Takes an event, which must be the next.
    pub fn event(&mut self, event: Event) {
        let log = self.rooms.entry(event.room.to_string()).or_default();
        assert_eq!(
            event.seq,
            log.len() as u64 + 1,
            "the next event of {}",
            event.room
        );
        log.push(event);
    }

    /// How far it came in a room.
    pub fn position(&self, room: &str) -> u64 {
        self.rooms.get(room).map_or(0, |log| log.len() as u64)
    }

    /// The epoch, which must stay as it is.
    pub fn epoch(&mut self, room: &str, epoch: &str) {
        let known = self
            .epochs
            .entry(room.to_owned())
            .or_insert_with(|| epoch.to_owned());
        assert_eq!(known, epoch, "the log of {room} is the same one");
    }

    fn bytes(&mut self, stream: StreamId, offset: u64, bytes: &[u8]) {
        let (log, _) = self
            .streams
            .get_mut(&stream)
            .expect("a stream that is read");
        assert_eq!(offset, log.len() as u64, "the next bytes of {stream}");
        log.extend_from_slice(bytes);
    }

    fn is_complete(&self, targets: &Option<Targets>, way: Way) -> bool {
        let Some(targets) = targets else { return false };
        let closed = |id| self.streams.get(id).is_some_and(|(_, closed)| *closed);
        targets
            .heads
            .iter()
            .all(|(room, head)| self.position(room) == *head)
            && (way == Way::Rooms || targets.streams.iter().all(closed))
    }
}

/// Runs until it has seen everything after the end was called.
pub async fn run(stage: Arc<Stage>, token: String, way: Way) -> Seen {
    let mut seen = Seen::default();
    loop {
        let (mut socket, _) = stage.connect(&token).await;
        if resume(&mut socket, &seen, way).await.is_some()
            && serve(&mut socket, &stage, &mut seen, way).await.is_some()
        {
            return seen;
        }
        stage.note(|tally| tally.resumed += 1);
    }
}

async fn resume(socket: &mut Socket, seen: &Seen, way: Way) -> Option<()> {
    let hello = json!({ "type": "hello", "binary": way == Way::Streams { binary: true } });
    socket.try_send(hello.to_string()).await.ok()?;
    for room in ROOMS {
        let join = json!({
            "type": "join", "room": room, "after": seen.position(room), "epoch": seen.epochs.get(room),
        });
        socket.try_send(join.to_string()).await.ok()?;
    }
    for (stream, (log, closed)) in &seen.streams {
        if !closed {
            read(socket, *stream, log.len()).await?;
        }
    }
    Some(())
}

async fn read(socket: &mut Socket, stream: StreamId, offset: usize) -> Option<()> {
    let read = json!({ "type": "stream.read", "id": "read", "stream": stream, "offset": offset });
    socket.try_send(read.to_string()).await.ok()
}

/// `Some` when everything was seen; `None` when the connection is gone.
async fn serve(socket: &mut Socket, stage: &Stage, seen: &mut Seen, way: Way) -> Option<()> {
    let mut targets = stage.targets();
    let mut handles = HashMap::new();
    loop {
        if seen.is_complete(&targets.borrow_and_update(), way) {
            return Some(());
        }
        let received = tokio::select! {
            received = socket.next() => received,
            _ = targets.changed() => continue,
        };
        match received {
            Received::Frame(ServerFrame::Joined(joined)) => recovered(seen, &joined),
            Received::Frame(ServerFrame::Event(event)) => {
                let opened = (way != Way::Rooms && event.kind == "stream.opened")
                    .then(|| serde_json::from_str(event.body.get()).expect("opened"));
                // Noted before anything is awaited: what is read here is not sent again.
                seen.event(event);
                if let Some(Opened { stream }) = opened {
                    seen.streams.insert(stream, Default::default());
                    read(socket, stream, 0).await?;
                }
            }
            Received::Frame(ServerFrame::Ok(ok)) => {
                let result = ok.result.expect("a result");
                let reading: StreamReading = serde_json::from_value(result).expect("reading");
                handles.extend(reading.handle.map(|handle| (handle, reading.info.stream)));
            }
            Received::Frame(ServerFrame::StreamData(data)) => match (data.text, data.base64) {
                (Some(text), _) => seen.bytes(data.stream, data.offset, text.as_bytes()),
                (_, base64) => {
                    let bytes = BASE64.decode(base64.expect("bytes")).expect("base64");
                    seen.bytes(data.stream, data.offset, &bytes);
                }
            },
            Received::Bytes(handle, offset, bytes) => seen.bytes(handles[&handle], offset, &bytes),
            Received::Frame(ServerFrame::StreamClosed(end)) => {
                let (log, closed) = seen
                    .streams
                    .get_mut(&end.stream)
                    .expect("a stream that is read");
                assert_eq!((log.len() as u64, *closed), (end.offset, false));
                *closed = true;
            }
            Received::Frame(ServerFrame::Welcome(_) | ServerFrame::Presence(_)) => {}
            Received::Closed(..) | Received::Gone => return None,
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[derive(Deserialize)]
struct Opened {
    stream: StreamId,
}

fn recovered(seen: &mut Seen, joined: &Joined) {
    assert!(joined.recovered, "{joined:?}");
    assert_eq!(joined.after, seen.position(&joined.room));
    seen.epoch(&joined.room, &joined.epoch);
}
