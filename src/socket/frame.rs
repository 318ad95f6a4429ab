//! Bytes to WebSocket messages (RFC 6455), with every limit checked before anything is buffered for it.

use actix_http::ws::{OpCode, Parser, ProtocolError};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::CloseCode;
use std::time::{Duration, Instant};

/// Control frames and empty fragments within [`NOISE_WINDOW`] that are no flood yet.
const MAX_NOISE: u32 = 200;
/// See [`MAX_NOISE`].
const NOISE_WINDOW: Duration = Duration::from_secs(1);

/// Bits of a header's first byte that no extension of ours gives a meaning.
const RESERVED: u8 = 0x70;
/// The bit of its second byte that every client sets.
const MASKED: u8 = 0x80;

/// What a peer sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// A whole text message; its bytes are UTF-8.
    Text(String),
    /// A whole binary message.
    Binary(Bytes),
    /// To be answered with the same payload.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// The peer ends, with this code.
    Close(Option<u16>),
}

/// Reads messages from a socket's bytes.
pub(super) struct Reader {
    buffer: BytesMut,
    /// The message whose fragments are being collected.
    partial: Option<(OpCode, BytesMut)>,
    max_bytes: usize,
    noise: (u32, Instant),
}

impl Reader {
    pub(super) fn new(max_bytes: usize) -> Self {
        let noise = (0, Instant::now());
        Self {
            buffer: BytesMut::new(),
            partial: None,
            max_bytes,
            noise,
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message, or `None` until more bytes come.
    ///
    /// # Errors
    /// The code to close with; the reader must not be used again.
    pub(super) fn next(&mut self) -> Result<Option<Message>, CloseCode> {
        loop {
            self.guard()?;
            let parsed = Parser::parse(&mut self.buffer, true, self.max_bytes);
            let Some((last, opcode, payload)) = parsed.map_err(|error| close_code(&error))? else {
                if self.buffer.is_empty() {
                    // An idle socket holds no buffer.
                    self.buffer = BytesMut::new();
                }
                return Ok(None);
            };
            let payload = payload.unwrap_or_default();
            if let Some(message) = self.frame(last, opcode, payload)? {
                return Ok(Some(message));
            }
        }
    }

    /// Refuses a frame by its header alone: the parser would collect it whole before it looks at the size.
    fn guard(&self) -> Result<(), CloseCode> {
        // First what two bytes tell: the answer must not hang on how many more are here.
        if let [first, second, ..] = self.buffer[..]
            && (first & RESERVED != 0
                || OpCode::from(first & 0x0F) == OpCode::Bad
                || second & MASKED == 0)
        {
            return Err(CloseCode::ProtocolError);
        }
        let collected = self
            .partial
            .as_ref()
            .map_or(0, |(_, partial)| partial.len());
        match declared_length(&self.buffer) {
            Some(length) if length > (self.max_bytes - collected) as u64 => {
                Err(CloseCode::TooLarge)
            }
            _ => Ok(()),
        }
    }

    fn frame(
        &mut self,
        last: bool,
        opcode: OpCode,
        payload: BytesMut,
    ) -> Result<Option<Message>, CloseCode> {
        match opcode {
            OpCode::Ping | OpCode::Pong | OpCode::Close if !last => Err(CloseCode::ProtocolError),
            OpCode::Ping => self.noise().map(|()| Some(Message::Ping(payload.freeze()))),
            OpCode::Pong => self.noise().map(|()| Some(Message::Pong)),
            OpCode::Close => close_payload(&payload).map(|code| Some(Message::Close(code))),
            OpCode::Text | OpCode::Binary => match (self.partial.is_some(), last) {
                (true, _) => Err(CloseCode::ProtocolError),
                (false, true) => whole(opcode, payload).map(Some),
                (false, false) => {
                    self.partial = Some((opcode, payload));
                    Ok(None)
                }
            },
            OpCode::Continue => self.fragment(last, payload),
            OpCode::Bad => Err(CloseCode::ProtocolError),
        }
    }

    fn fragment(&mut self, last: bool, payload: BytesMut) -> Result<Option<Message>, CloseCode> {
        let Some((opcode, mut partial)) = self.partial.take() else {
            return Err(CloseCode::ProtocolError);
        };
        if payload.is_empty() {
            self.noise()?;
        }
        partial.extend_from_slice(&payload);
        if last {
            return whole(opcode, partial).map(Some);
        }
        self.partial = Some((opcode, partial));
        Ok(None)
    }

    /// Frames that carry nothing are counted: a million of them are an attack.
    fn noise(&mut self) -> Result<(), CloseCode> {
        let now = Instant::now();
        if now.saturating_duration_since(self.noise.1) > NOISE_WINDOW {
            self.noise = (0, now);
        }
        self.noise.0 += 1;
        if self.noise.0 > MAX_NOISE {
            Err(CloseCode::RateAbuse)
        } else {
            Ok(())
        }
    }
}

fn whole(opcode: OpCode, payload: BytesMut) -> Result<Message, CloseCode> {
    match opcode {
        OpCode::Text => {
            let text = String::from_utf8(payload.into()).map_err(|_| CloseCode::InvalidUtf8)?;
            Ok(Message::Text(text))
        }
        _ => Ok(Message::Binary(payload.freeze())),
    }
}

/// The payload length in a frame's header, once enough of the header is there.
fn declared_length(header: &[u8]) -> Option<u64> {
    match header.get(1)? & 0x7F {
        126 => header
            .get(2..4)?
            .try_into()
            .ok()
            .map(|bytes| u64::from(u16::from_be_bytes(bytes))),
        127 => header.get(2..10)?.try_into().ok().map(u64::from_be_bytes),
        short => Some(u64::from(short)),
    }
}

fn close_payload(payload: &[u8]) -> Result<Option<u16>, CloseCode> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(CloseCode::ProtocolError)
        };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(CloseCode::ProtocolError);
    }
    std::str::from_utf8(reason).map_err(|_| CloseCode::InvalidUtf8)?;
    Ok(Some(code))
}

fn close_code(error: &ProtocolError) -> CloseCode {
    match error {
        ProtocolError::Overflow => CloseCode::TooLarge,
        _ => CloseCode::ProtocolError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(opcode: OpCode, last: bool, payload: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::new();
        Parser::write_message(&mut bytes, payload, opcode, last, true);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Message>, CloseCode> {
        let mut reader = Reader::new(1024);
        reader.feed(bytes);
        let mut messages = Vec::new();
        while let Some(message) = reader.next()? {
            messages.push(message);
        }
        Ok(messages)
    }

    #[test]
    fn a_header_that_declares_a_terabyte_is_refused_by_itself() {
        let header = [0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0];
        assert_eq!(read(&header), Err(CloseCode::TooLarge));
        assert_eq!(
            read(&[0x82, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0]),
            Err(CloseCode::TooLarge)
        );
    }

    #[test]
    fn fragments_together_are_limited() {
        let first = frame(OpCode::Text, false, &[b'a'; 1000]);
        let second = frame(OpCode::Continue, true, &[b'a'; 25]);
        assert_eq!(read(&[first, second].concat()), Err(CloseCode::TooLarge));
    }

    #[test]
    fn faults_have_their_codes() {
        let cases = [
            (
                frame(OpCode::Text, true, &[0xFF, 0xFE]),
                CloseCode::InvalidUtf8,
            ),
            (
                frame(OpCode::Continue, true, b"x"),
                CloseCode::ProtocolError,
            ),
            (frame(OpCode::Ping, false, b"x"), CloseCode::ProtocolError),
            (frame(OpCode::Close, true, &[3]), CloseCode::ProtocolError),
            (
                frame(OpCode::Close, true, &[3, 0xED]),
                CloseCode::ProtocolError,
            ),
            (
                frame(OpCode::Close, true, &[3, 0xE8, 0xFF]),
                CloseCode::InvalidUtf8,
            ),
            (
                BytesMut::from(&[0x81, 0x01, b'x'][..]),
                CloseCode::ProtocolError,
            ),
            (
                BytesMut::from(&[0xC1, 0x80, 0, 0, 0, 0][..]),
                CloseCode::ProtocolError,
            ),
        ];
        for (bytes, code) in cases {
            assert_eq!(read(&bytes), Err(code), "{bytes:?}");
        }
    }

    #[test]
    fn a_flood_of_pings_is_refused() {
        let pings = frame(OpCode::Ping, true, b"").repeat(300);
        assert_eq!(read(&pings), Err(CloseCode::RateAbuse));
    }

    /// What was read, and the fault that ended it.
    fn read_pieces(pieces: &[&[u8]]) -> (Vec<Message>, Option<CloseCode>) {
        let mut reader = Reader::new(1024);
        let mut messages = Vec::new();
        for piece in pieces {
            reader.feed(piece);
            loop {
                match reader.next() {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(code) => return (messages, Some(code)),
                }
            }
        }
        (messages, None)
    }

    /// A frame or a fragment of any kind, also where it must not stand, rarely no frame at all.
    fn stretch() -> impl Strategy<Value = Vec<u8>> {
        use OpCode::{Binary, Close, Continue, Ping, Pong, Text};
        let opcode = prop::sample::select(vec![
            Text, Text, Text, Binary, Continue, Continue, Ping, Pong, Close,
        ]);
        let payload = prop_oneof![
            "\\PC{0,40}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..300),
        ];
        let sound = (opcode, proptest::bool::weighted(0.7), payload)
            .prop_map(|(opcode, last, payload)| frame(opcode, last, &payload).to_vec());
        prop_oneof![9 => sound, 1 => proptest::collection::vec(any::<u8>(), 0..30)]
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn messages_are_the_same_however_the_bytes_are_cut(
            stretches in proptest::collection::vec(stretch(), 0..12),
            cuts in proptest::collection::vec(1usize..90, 1..40),
        ) {
            let bytes = stretches.concat();
            let mut pieces = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (piece, later) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            let (messages, fault) = read_pieces(&pieces);
            let (whole, whole_fault) = read_pieces(&[&bytes]);
            prop_assert_eq!(messages, whole);
            // A frame with two faults is refused for the one that is seen first.
            prop_assert_eq!(fault.is_some(), whole_fault.is_some());
        }
    }
}
