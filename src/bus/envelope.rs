//! What travels between nodes: a version, the sending node, then hints, each with a tag and a length.
//!
//! Bytes of streams go as they are, everything else as JSON. What cannot be read is dropped: the log has it.

use super::hint::Hint;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use generic_corp_protocol::frame::{CancelNotice, Ephemeral, StreamClosed};
use generic_corp_protocol::{Event, RoomId, StreamId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Nodes of another version drop what they do not know.
const VERSION: u8 = 1;
/// Version and node.
const HEAD_BYTES: usize = 17;

const EVENT: u8 = 1;
const BYTES: u8 = 2;
const CLOSED: u8 = 3;
const CANCEL: u8 = 4;
const EPHEMERAL: u8 = 5;
const PRESENCE: u8 = 6;
const ENDED: u8 = 7;

#[derive(Serialize, Deserialize)]
struct InRoom<T> {
    room: RoomId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<Arc<str>>,
    content: T,
}

/// The beginning of an envelope from `node`.
pub(super) fn begin(node: Uuid) -> BytesMut {
    let mut envelope = BytesMut::with_capacity(512);
    envelope.put_u8(VERSION);
    envelope.put_slice(node.as_bytes());
    envelope
}

/// Adds a hint.
pub(super) fn put(envelope: &mut BytesMut, hint: &Hint) {
    match hint {
        Hint::Event { room, epoch, event } => {
            let epoch = Some(epoch.clone());
            put_json(
                envelope,
                EVENT,
                &InRoom {
                    room: *room,
                    epoch,
                    content: &**event,
                },
            );
        }
        Hint::Ephemeral { room, message } => {
            let content = &**message;
            put_json(
                envelope,
                EPHEMERAL,
                &InRoom {
                    room: *room,
                    epoch: None,
                    content,
                },
            );
        }
        Hint::Closed { end } => put_json(envelope, CLOSED, end),
        Hint::Cancel { notice } => put_json(envelope, CANCEL, notice),
        Hint::Ended(ended) => put_json(envelope, ENDED, ended),
        Hint::Presence { room } => {
            envelope.put_u8(PRESENCE);
            envelope.put_u32(16);
            envelope.put_slice(room.0.as_bytes());
        }
        Hint::Bytes {
            stream,
            offset,
            data,
        } => {
            envelope.put_u8(BYTES);
            envelope.put_u32((16 + 8 + data.len()) as u32);
            envelope.put_slice(stream.0.as_bytes());
            envelope.put_u64(*offset);
            envelope.put_slice(data);
        }
    }
}

fn put_json(envelope: &mut BytesMut, tag: u8, content: &impl Serialize) {
    envelope.put_u8(tag);
    let at = envelope.len();
    envelope.put_u32(0);
    let written = serde_json::to_writer(envelope.writer(), content);
    let length = envelope.len() - at - 4;
    // A value that is no JSON leaves an entry without content, which the receiver drops.
    let length = if written.is_ok() { length } else { 0 };
    envelope.truncate(at + 4 + length);
    envelope[at..at + 4].copy_from_slice(&(length as u32).to_be_bytes());
}

/// The node that sent it and its hints; `None` when it is no envelope. Also how many hints made no sense.
pub(super) fn open(mut envelope: Bytes) -> Option<(Uuid, Vec<Hint>, usize)> {
    if envelope.len() < HEAD_BYTES || envelope.get_u8() != VERSION {
        return None;
    }
    let node = Uuid::from_slice(&envelope.split_to(16)).ok()?;
    let (mut hints, mut unknown) = (Vec::new(), 0);
    while !envelope.is_empty() {
        let head = (envelope.len() >= 5).then(|| (envelope.get_u8(), envelope.get_u32() as usize));
        let Some((tag, length)) = head.filter(|(_, length)| *length <= envelope.len()) else {
            // Where the next one begins is not known.
            unknown += 1;
            break;
        };
        match take(tag, envelope.split_to(length)) {
            Some(hint) => hints.push(hint),
            None => unknown += 1,
        }
    }
    Some((node, hints, unknown))
}

fn take(tag: u8, mut content: Bytes) -> Option<Hint> {
    match tag {
        EVENT => {
            let InRoom {
                room,
                epoch,
                content,
            } = json::<InRoom<Event>>(&content)?;
            let (epoch, event) = (epoch?, Arc::new(content));
            Some(Hint::Event { room, epoch, event })
        }
        EPHEMERAL => {
            let InRoom { room, content, .. } = json::<InRoom<Ephemeral>>(&content)?;
            let message = Arc::new(content);
            Some(Hint::Ephemeral { room, message })
        }
        CLOSED => json::<StreamClosed>(&content).map(|end| Hint::Closed { end }),
        CANCEL => json::<CancelNotice>(&content).map(|notice| Hint::Cancel { notice }),
        ENDED => json(&content).map(Hint::Ended),
        PRESENCE => {
            let room = RoomId(Uuid::from_slice(&content).ok()?);
            Some(Hint::Presence { room })
        }
        BYTES if content.len() > 24 => {
            let stream = StreamId(Uuid::from_slice(&content.split_to(16)).ok()?);
            let offset = content.get_u64();
            Some(Hint::Bytes {
                stream,
                offset,
                data: content,
            })
        }
        _ => None,
    }
}

fn json<T: DeserializeOwned>(content: &[u8]) -> Option<T> {
    serde_json::from_slice(content).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hint() -> Hint {
        Hint::Bytes {
            stream: StreamId(Uuid::from_u128(7)),
            offset: 3,
            data: Bytes::from_static(b"hello"),
        }
    }

    #[test]
    fn what_is_sent_is_what_comes() {
        let event = r#"{"room":"lobby","seq":4,"time":"2026-01-01T00:00:00Z","sender":{"kind":"agent",
            "id":"00000000-0000-0000-0000-000000000001","name":"bot"},"kind":"message","body":{"text":"hi"}}"#;
        let event: Event = serde_json::from_str(event).expect("an event");
        let room = RoomId(Uuid::from_u128(1));
        let mut envelope = begin(Uuid::from_u128(9));
        put(&mut envelope, &hint());
        put(
            &mut envelope,
            &Hint::Event {
                room,
                epoch: "e".into(),
                event: Arc::new(event),
            },
        );
        let (node, hints, unknown) = open(envelope.freeze()).expect("an envelope");
        assert_eq!((node, hints.len(), unknown), (Uuid::from_u128(9), 2, 0));
        let Hint::Bytes {
            offset: 3, data, ..
        } = &hints[0]
        else {
            panic!("{hints:?}");
        };
        assert_eq!(data, "hello");
        let Hint::Event {
            room: known,
            epoch,
            event,
        } = &hints[1]
        else {
            panic!("{hints:?}");
        };
        assert_eq!((*known, &**epoch, event.seq), (room, "e", 4));
        assert_eq!(event.body.get(), r#"{"text":"hi"}"#);
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_counted() {
        let mut envelope = begin(Uuid::nil());
        envelope.put_slice(&[99, 0, 0, 0, 1, 1]);
        put(&mut envelope, &hint());
        envelope.put_slice(&[EVENT, 0, 0, 0, 2, b'{', b'}', BYTES, 255, 255, 255, 255]);
        let (_, hints, unknown) = open(envelope.freeze()).expect("an envelope");
        assert_eq!((hints.len(), unknown), (1, 3));
        assert!(open(Bytes::from_static(b"\x02 another version of it")).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut envelope = begin(Uuid::nil());
            envelope.put_slice(&bytes);
            let _ = (open(Bytes::from(bytes)), open(envelope.freeze()));
        }
    }
}
