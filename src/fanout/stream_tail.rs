//! The hot tail of a stream: its newest bytes, framed once for all viewers that read the same stretch.

use super::cursor::{Chunk, Read, StreamCursor};
use super::encode::{MAX_DATA_BYTES, binary_frames, data_frames, text_frame};
use super::wake::Wakes;
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::frame::StreamClosed;
use generic_corp_protocol::{ServerFrame, StreamId, WorkspaceId};
use parking_lot::Mutex;
use std::collections::VecDeque;

/// See the module.
#[derive(Debug)]
pub struct StreamTail {
    id: StreamId,
    workspace: WorkspaceId,
    max_bytes: usize,
    pub(super) wakes: Wakes,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    loaded: bool,
    length: u64,
    /// The newest bytes, up to `length`: each piece as it was committed.
    ring: VecDeque<Bytes>,
    ring_bytes: usize,
    framed: Option<(u64, u64, Chunk)>,
    end: Option<StreamClosed>,
}

impl StreamTail {
    pub(super) fn new(id: StreamId, workspace: WorkspaceId, max_bytes: usize) -> Self {
        Self {
            id,
            workspace,
            max_bytes,
            wakes: Wakes::default(),
            state: Mutex::default(),
        }
    }

    /// The stream.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// The workspace it belongs to.
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    pub(super) fn loaded(&self) -> bool {
        self.state.lock().loaded
    }

    /// Sets where the stream stands in the store; what came meanwhile counts if it is newer. Returns whether
    /// that is new.
    pub(super) fn load(&self, length: u64, end: Option<StreamClosed>) -> bool {
        let state = &mut *self.state.lock();
        state.loaded = true;
        let (grew, ended) = (length > state.length, state.end.is_none() && end.is_some());
        if grew {
            state.restart(length);
        }
        if ended {
            state.end = end;
        }
        grew || ended
    }

    /// Takes bytes from the bus. Repeats are dropped; after a gap viewers read from the store.
    pub(super) fn deliver(&self, offset: u64, data: Bytes) -> bool {
        let state = &mut *self.state.lock();
        let end = offset + data.len() as u64;
        if end <= state.length {
            return false;
        }
        let fresh = if offset > state.length {
            state.restart(offset);
            data
        } else {
            data.slice((state.length - offset) as usize..)
        };
        state.length = end;
        state.ring_bytes += fresh.len();
        state.ring.push_back(fresh);
        while state.ring_bytes > self.max_bytes
            && state.ring.len() > 1
            && let Some(oldest) = state.ring.pop_front()
        {
            state.ring_bytes -= oldest.len();
        }
        true
    }

    /// Takes the end from the bus.
    pub(super) fn finish(&self, end: StreamClosed) {
        let state = &mut *self.state.lock();
        if end.offset > state.length {
            state.restart(end.offset);
        }
        state.end = Some(end);
    }

    /// How long the stream is now.
    pub fn length(&self) -> u64 {
        self.state.lock().length
    }

    pub(super) fn read(&self, cursor: &mut StreamCursor) -> Read {
        let state = &mut *self.state.lock();
        let until = cursor.until.unwrap_or(u64::MAX).min(state.length);
        if cursor.offset >= until {
            return match (&state.end, cursor.until) {
                (Some(end), _) if cursor.offset >= end.offset => {
                    let bytes = text_frame(&ServerFrame::StreamClosed(end.clone()));
                    Read::Last(Some(Chunk { bytes, frames: 1 }))
                }
                (_, Some(until)) if cursor.offset >= until => Read::Last(None),
                _ => Read::Nothing,
            };
        }
        if cursor.offset < state.length - state.ring_bytes as u64 {
            return Read::Cold;
        }
        Read::Chunk(state.data(self.id, cursor, until))
    }
}

impl State {
    fn restart(&mut self, length: u64) {
        self.ring.clear();
        self.ring_bytes = 0;
        self.framed = None;
        self.length = length;
    }

    /// The next bytes as frames; moves the cursor.
    fn data(&mut self, id: StreamId, cursor: &mut StreamCursor, until: u64) -> Chunk {
        let from = cursor.offset;
        if cursor.handle.is_none()
            && let Some((begin, end, chunk)) = &self.framed
            && *begin == from
            && *end <= until
        {
            cursor.offset = *end;
            return chunk.clone();
        }
        let data = self.slice(from, until);
        cursor.offset = from + data.len() as u64;
        let mut bytes = BytesMut::with_capacity(data.len() + data.len() / 8 + 160);
        let frames = match cursor.handle {
            Some(handle) => binary_frames(&mut bytes, handle, from, &data),
            None => data_frames(&mut bytes, id, from, &data),
        };
        let chunk = Chunk {
            bytes: bytes.freeze(),
            frames,
        };
        if cursor.handle.is_none() {
            self.framed = Some((from, cursor.offset, chunk.clone()));
        }
        chunk
    }

    /// Bytes `from..`, at most [`MAX_DATA_BYTES`] and not beyond `until`; `from` must be in the ring.
    fn slice(&self, from: u64, until: u64) -> BytesMut {
        let wanted = ((until - from) as usize).min(MAX_DATA_BYTES);
        let mut skip = (from - (self.length - self.ring_bytes as u64)) as usize;
        let mut data = BytesMut::with_capacity(wanted);
        for piece in &self.ring {
            if skip >= piece.len() {
                skip -= piece.len();
                continue;
            }
            let room = wanted - data.len();
            let rest = &piece[skip..];
            data.extend_from_slice(&rest[..rest.len().min(room)]);
            skip = 0;
            if data.len() == wanted {
                break;
            }
        }
        // A character cut by the size limit goes with the next frame, so that text stays text.
        if from + (wanted as u64) < until
            && let Err(error) = std::str::from_utf8(&data)
            && error.error_len().is_none()
            && error.valid_up_to() > 0
        {
            data.truncate(error.valid_up_to());
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use generic_corp_protocol::frame::StreamData;
    use generic_corp_protocol::{BinaryFrame, StreamOutcome, codec};
    use proptest::prelude::*;
    use std::sync::Arc;

    /// The payloads of server frames (never masked).
    fn messages(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let (header, length) = match bytes[1] {
                126 => (4, u16::from_be_bytes([bytes[2], bytes[3]]) as usize),
                127 => panic!("no frame is that long"),
                short => (2, short as usize),
            };
            found.push(bytes[header..header + length].to_vec());
            bytes = &bytes[header + length..];
        }
        found
    }

    fn text_payload(message: &[u8]) -> (u64, Vec<u8>) {
        let text = std::str::from_utf8(message).expect("text");
        match codec::decode_server(text).expect("a frame").remove(0) {
            ServerFrame::StreamData(StreamData {
                offset,
                text: Some(text),
                ..
            }) => (offset, text.into()),
            ServerFrame::StreamData(StreamData {
                offset,
                base64: Some(data),
                ..
            }) => (offset, BASE64.decode(data).expect("base64")),
            other => panic!("unexpected {other:?}"),
        }
    }

    fn drain(cursor: &mut StreamCursor, log: &[u8], seen: &mut Vec<u8>) -> bool {
        let tail = cursor.tail.clone();
        loop {
            let chunk = match tail.read(cursor) {
                Read::Nothing => return false,
                Read::Last(_) => return true,
                Read::Chunk(chunk) | Read::All(chunk) => chunk,
                Read::Cold => {
                    let until = cursor.until.map_or(log.len(), |until| until as usize);
                    let end = log.len().min(until).min(cursor.offset as usize + 5);
                    seen.extend_from_slice(&log[cursor.offset as usize..end]);
                    cursor.offset = end as u64;
                    continue;
                }
            };
            for message in messages(&chunk.bytes) {
                let (offset, data) = match cursor.handle {
                    Some(handle) => {
                        let frame = BinaryFrame::decode(&message).expect("a binary frame");
                        assert_eq!(frame.handle, handle);
                        (frame.offset, frame.payload.to_vec())
                    }
                    None => text_payload(&message),
                };
                assert_eq!(offset, seen.len() as u64, "bytes follow each other");
                seen.extend(data);
            }
        }
    }

    proptest! {
        #[test]
        fn every_viewer_gets_the_same_bytes(
            pieces in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 1..60), 0u8..5), 1..60),
            max_bytes in 1usize..300,
            until in 0u64..2000,
        ) {
            let tail = Arc::new(StreamTail::new(StreamId::new(), WorkspaceId::new(), max_bytes));
            tail.load(0, None);
            let cursor = |handle, until| StreamCursor { tail: tail.clone(), offset: 0, until, handle };
            let mut viewers = [
                (cursor(None, None), Vec::new(), false),
                (cursor(Some(7), None), Vec::new(), false),
                (cursor(None, Some(until)), Vec::new(), false),
            ];
            let mut log = Vec::new();
            for (piece, what) in pieces {
                let offset = log.len() as u64;
                log.extend_from_slice(&piece);
                match what {
                    0 => {}
                    1 => {
                        // A repeat that overlaps what is known.
                        tail.deliver(0, Bytes::from(log.clone()));
                    }
                    _ => {
                        tail.deliver(offset, Bytes::from(piece));
                    }
                }
                if what == 4 {
                    for (viewer, seen, last) in &mut viewers {
                        *last = *last || drain(viewer, &log, seen);
                    }
                }
            }
            let end = StreamClosed {
                stream: tail.id(),
                offset: log.len() as u64,
                outcome: StreamOutcome::Completed,
                exit_code: Some(0),
            };
            tail.finish(end);
            for (mut viewer, mut seen, last) in viewers {
                let part = viewer.until.map_or(log.len(), |until| log.len().min(until as usize));
                prop_assert!(last || drain(&mut viewer, &log, &mut seen));
                prop_assert_eq!(&seen[..], &log[..part]);
            }
        }
    }
}
