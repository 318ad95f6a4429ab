//! Binary frames: stream bytes without JSON around them.
//!
//! Layout, all numbers big-endian: `kind: u8 | handle: u32 | offset: u64 | payload`.
//! The handle is the connection's own, from `stream.open` (to append) or `stream.read` (to receive).

/// The first byte of a binary frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BinaryKind {
    /// Client to hub: append the payload.
    Append = 1,
    /// Hub to client: the stream's bytes.
    Data = 2,
}

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 13;

/// A binary frame, borrowed from the message it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinaryFrame<'a> {
    /// Which way it goes.
    pub kind: BinaryKind,
    /// The connection's handle of the stream.
    pub handle: u32,
    /// Where the payload begins in the stream.
    pub offset: u64,
    /// The bytes.
    pub payload: &'a [u8],
}

impl<'a> BinaryFrame<'a> {
    /// Reads a frame; `None` when it is too short or of no known kind.
    pub fn decode(message: &'a [u8]) -> Option<Self> {
        let (kind, rest) = message.split_first()?;
        let (handle, rest) = rest.split_first_chunk::<4>()?;
        let (offset, payload) = rest.split_first_chunk::<8>()?;
        Some(Self {
            kind: match kind {
                1 => BinaryKind::Append,
                2 => BinaryKind::Data,
                _ => return None,
            },
            handle: u32::from_be_bytes(*handle),
            offset: u64::from_be_bytes(*offset),
            payload,
        })
    }

    /// The 13 bytes that stand before the payload.
    pub fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[0] = self.kind as u8;
        header[1..5].copy_from_slice(&self.handle.to_be_bytes());
        header[5..].copy_from_slice(&self.offset.to_be_bytes());
        header
    }

    /// The whole frame.
    pub fn encode(&self) -> Vec<u8> {
        [&self.header()[..], self.payload].concat()
    }
}
