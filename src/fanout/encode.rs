//! Encodes once: what many viewers get is made into the bytes of a WebSocket frame a single time.

use actix_http::ws::{OpCode, Parser};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::binary::{BinaryKind, HEADER_BYTES};
use generic_corp_protocol::frame::StreamData;
use generic_corp_protocol::{BinaryFrame, Event, ServerFrame, StreamId};
use serde::Serialize;

/// Most payload bytes of a stream in one frame; what is longer is cut, so that no client needs large buffers.
pub(super) const MAX_DATA_BYTES: usize = 32 * 1024;

/// A frame as a WebSocket text message.
pub fn text_frame<T: Serialize>(frame: &T) -> Bytes {
    let json = serde_json::to_vec(frame).unwrap_or_default();
    let mut bytes = BytesMut::with_capacity(json.len() + 10);
    Parser::write_message(&mut bytes, &json, OpCode::Text, true, false);
    bytes.freeze()
}

/// The payloads of whole frames as the hub writes them, for transports that are no WebSocket.
pub fn payloads(mut frames: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (header, length) = match *frames.get(1)? {
            126 => (
                4,
                usize::from(u16::from_be_bytes(frames.get(2..4)?.try_into().ok()?)),
            ),
            127 => {
                let length = u64::from_be_bytes(frames.get(2..10)?.try_into().ok()?);
                (10, usize::try_from(length).ok()?)
            }
            short => (2, usize::from(short)),
        };
        let payload = frames.get(header..header + length)?;
        frames = &frames[header + length..];
        Some(payload)
    })
}

/// An entry of a room's log as a WebSocket text message.
pub(super) fn event_frame(event: &Event) -> Bytes {
    #[derive(Serialize)]
    #[serde(tag = "type")]
    enum Frame<'a> {
        #[serde(rename = "event")]
        Event(&'a Event),
    }
    text_frame(&Frame::Event(event))
}

/// Appends the frames of `data`, which begins at `offset` of the stream: text where it is UTF-8, else base64.
pub(super) fn data_frames(
    out: &mut BytesMut,
    stream: StreamId,
    mut offset: u64,
    data: &[u8],
) -> u64 {
    let mut frames = 0;
    for piece in pieces(data) {
        let (text, base64) = match std::str::from_utf8(piece) {
            Ok(text) => (Some(text.to_owned()), None),
            Err(_) => (None, Some(BASE64.encode(piece))),
        };
        let frame = ServerFrame::StreamData(StreamData {
            stream,
            offset,
            text,
            base64,
        });
        let json = serde_json::to_vec(&frame).unwrap_or_default();
        Parser::write_message(out, &json, OpCode::Text, true, false);
        offset += piece.len() as u64;
        frames += 1;
    }
    frames
}

/// The same as binary frames, for a connection that knows the stream by `handle`.
pub(super) fn binary_frames(out: &mut BytesMut, handle: u32, mut offset: u64, data: &[u8]) -> u64 {
    let mut frames = 0;
    for piece in data.chunks(MAX_DATA_BYTES) {
        let frame = BinaryFrame {
            kind: BinaryKind::Data,
            handle,
            offset,
            payload: piece,
        };
        let mut message = Vec::with_capacity(HEADER_BYTES + piece.len());
        message.extend_from_slice(&frame.header());
        message.extend_from_slice(piece);
        Parser::write_message(out, &message, OpCode::Binary, true, false);
        offset += piece.len() as u64;
        frames += 1;
    }
    frames
}

/// Cuts at most [`MAX_DATA_BYTES`] long, and not through a UTF-8 character where there is a choice.
fn pieces(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if data.is_empty() {
            return None;
        }
        let mut cut = data.len().min(MAX_DATA_BYTES);
        if cut < data.len() {
            // A character has at most 3 continuation bytes.
            let back = (0..4)
                .find(|back| data[cut - back] & 0xC0 != 0x80)
                .unwrap_or(0);
            cut -= back;
        }
        let (piece, rest) = data.split_at(cut);
        data = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn payloads_are_what_was_framed() {
        let mut frames = BytesMut::new();
        let texts = ["", "x", &"y".repeat(126), &"z".repeat(70_000), "end"];
        for text in texts {
            Parser::write_message(&mut frames, text, OpCode::Text, true, false);
        }
        let found: Vec<_> = payloads(&frames).collect();
        assert_eq!(found, texts.map(str::as_bytes));
        assert_eq!(
            payloads(&frames[..frames.len() - 1]).count(),
            texts.len() - 1
        );
    }

    proptest! {
        #[test]
        fn pieces_are_bounded_and_whole(data in proptest::collection::vec(any::<u8>(), 0..200_000)) {
            let cut: Vec<&[u8]> = pieces(&data).collect();
            prop_assert!(cut.iter().all(|piece| !piece.is_empty() && piece.len() <= MAX_DATA_BYTES));
            prop_assert_eq!(cut.concat(), data);
        }

        #[test]
        fn pieces_of_text_are_text(text in "\\PC{0,30000}") {
            prop_assert!(pieces(text.as_bytes()).all(|piece| std::str::from_utf8(piece).is_ok()));
        }
    }
}
