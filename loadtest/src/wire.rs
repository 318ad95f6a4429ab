//! WebSocket frames at low cost: masked ones out, unmasked ones in, and a look into events without a parser.
//!
//! The look relies on the order of fields in which the hub writes an event. An event it cannot read counts
//! as lost, so a change there shows at once.

use memchr::memmem;

/// Opcode of a text frame.
pub const TEXT: u8 = 1;
/// Opcode of a binary frame.
pub const BINARY: u8 = 2;
/// Opcode of a close frame.
pub const CLOSE: u8 = 8;
/// Opcode of a ping.
pub const PING: u8 = 9;
/// Opcode of a pong.
pub const PONG: u8 = 10;

/// Appends a frame as a client sends it. The mask is zero, which RFC 6455 allows and costs nothing.
pub fn frame(out: &mut Vec<u8>, opcode: u8, payload: &[&[u8]]) {
    let length: usize = payload.iter().map(|part| part.len()).sum();
    out.push(0x80 | opcode);
    match length {
        0..126 => out.push(0x80 | length as u8),
        126..65_536 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    for part in payload {
        out.extend_from_slice(part);
    }
}

/// A frame from the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is, for instance [`TEXT`].
    pub opcode: u8,
    /// Its content.
    pub payload: &'a [u8],
}

/// Splits bytes into frames; what is left of an unfinished one waits for more.
#[derive(Default)]
pub struct Splitter {
    left: Vec<u8>,
}

impl Splitter {
    /// Hands each whole frame to `take`.
    pub fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(Frame<'_>)) {
        if self.left.is_empty() {
            let used = split(bytes, &mut take);
            self.left.extend_from_slice(&bytes[used..]);
            return;
        }
        self.left.extend_from_slice(bytes);
        let used = split(&self.left, &mut take);
        self.left.drain(..used);
        if self.left.is_empty() {
            // Thousands of sockets: none keeps a buffer it does not need.
            self.left = Vec::new();
        }
    }
}

fn split(bytes: &[u8], take: &mut impl FnMut(Frame<'_>)) -> usize {
    let mut at = 0;
    while let Some((opcode, begin, end)) = bounds(&bytes[at..]) {
        let payload = &bytes[at + begin..at + end];
        take(Frame { opcode, payload });
        at += end;
    }
    at
}

fn bounds(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (begin, length) = match bytes.get(1)? & 0x7F {
        126 => (
            4,
            u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize,
        ),
        127 => (
            10,
            u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize,
        ),
        short => (2, short as usize),
    };
    let end = usize::saturating_add(begin, length);
    (bytes.len() >= end).then_some((bytes[0] & 0x0F, begin, end))
}

/// An event as the hub writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The room's name.
    pub room: &'a [u8],
    /// Its position.
    pub seq: u64,
    /// What the load test wrote into its body, where it did.
    pub stamp: Option<Stamp>,
}

/// What a message of the load test carries: see [`body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The intended time of sending, in microseconds since the run began.
    pub sent_at: u64,
    /// The message's number in the run.
    pub number: u64,
}

const BODY: &[u8] = br#""body":{"t":"#;

/// A message's body of about `size` bytes.
pub fn body(stamp: Stamp, size: usize) -> String {
    let Stamp { sent_at, number } = stamp;
    let mut text = format!(r#"{{"t":{sent_at},"n":{number},"text":""#);
    let padding = size.saturating_sub(text.len() + 2);
    text.extend(std::iter::repeat_n('x', padding));
    text.push_str("\"}");
    text
}

/// The event in a text frame, if it is one.
pub fn event(payload: &[u8]) -> Option<Event<'_>> {
    let rest = payload.strip_prefix(br#"{"type":"event","room":""#)?;
    let end = memchr::memchr(b'"', rest)?;
    let (room, rest) = rest.split_at(end);
    let seq = number(rest.strip_prefix(br#"","seq":"#)?)?;
    let stamp = memmem::find(rest, BODY).and_then(|at| stamp(&rest[at + BODY.len()..]));
    Some(Event { room, seq, stamp })
}

fn stamp(body: &[u8]) -> Option<Stamp> {
    let sent_at = number(body)?;
    let comma = memchr::memchr(b',', body)?;
    let number = number(body[comma..].strip_prefix(br#","n":"#)?)?;
    Some(Stamp { sent_at, number })
}

/// The number at the beginning of `bytes`.
fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::{
        Event as Whole, Sender, ServerFrame, Slug, Timestamp, message::SenderKind,
    };
    use proptest::prelude::*;

    fn unmasked(payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x82];
        match payload.len() {
            short @ 0..126 => bytes.push(short as u8),
            long @ 126..65_536 => {
                bytes.push(126);
                bytes.extend((long as u16).to_be_bytes());
            }
            long => {
                bytes.push(127);
                bytes.extend((long as u64).to_be_bytes());
            }
        }
        bytes.extend(payload);
        bytes
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..9),
            cut in 1usize..99,
        ) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| unmasked(payload)).collect();
            let (mut splitter, mut found) = (Splitter::default(), Vec::new());
            for piece in bytes.chunks(cut) {
                splitter.feed(piece, |frame| found.push(frame.payload.to_vec()));
            }
            prop_assert_eq!(found, payloads);
            prop_assert!(splitter.left.is_empty());
        }
    }

    #[test]
    fn long_frames_keep_their_length() {
        for length in [125, 126, 65_535, 65_536] {
            let payload = vec![7; length];
            let mut seen = 0;
            Splitter::default().feed(&unmasked(&payload), |frame| seen = frame.payload.len());
            assert_eq!(seen, length);
            let mut masked = Vec::new();
            frame(&mut masked, BINARY, &[&payload]);
            assert!(masked.ends_with(&payload) && masked[1] & 0x80 != 0);
        }
    }

    #[test]
    fn an_event_is_read_as_the_protocol_writes_it() {
        let stamp = Stamp {
            sent_at: 1234,
            number: 7,
        };
        let text = body(stamp, 200);
        assert_eq!(text.len(), 200);
        let frame = ServerFrame::Event(Whole {
            room: Slug::parse("r-1").expect("a name"),
            seq: 42,
            time: Timestamp::now(),
            sender: Sender {
                kind: SenderKind::Agent,
                id: uuid::Uuid::nil(),
                name: r#""body":{"t":9"#.into(),
            },
            kind: "message".into(),
            body: serde_json::value::RawValue::from_string(text).expect("JSON"),
            key: Some("l7".into()),
            mentions: Vec::new(),
            reply_to: None,
        });
        let text = generic_corp_protocol::encode(&frame);
        let expected = Event {
            room: b"r-1",
            seq: 42,
            stamp: Some(stamp),
        };
        assert_eq!(event(text.as_bytes()), Some(expected), "{text}");
        assert_eq!(event(br#"{"type":"joined"}"#), None);
    }
}
