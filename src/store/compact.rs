//! Joins a stream's small chunks into large ones, in the background and a little at a time.

use bytes::{BufMut, BytesMut};

/// A joined chunk grows to about this size.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that begin this much later than the last mark keep their time.
const MARK_MS: i64 = 50;

pub(super) const SELECT_CHUNKS: &str = "SELECT start, time, data, marks FROM stream_chunks
     WHERE stream_id = $1 AND start >= $2 ORDER BY start LIMIT 1024";
pub(super) const DELETE_CHUNKS: &str =
    "DELETE FROM stream_chunks WHERE stream_id = $1 AND start >= $2 AND start < $3";
pub(super) const INSERT_CHUNK: &str =
    "INSERT INTO stream_chunks (stream_id, start, time, data, marks) VALUES ($1, $2, $3, $4, $5)";

/// Chunks that follow each other, joined into one of at most 64 KiB, unless one alone is larger.
#[derive(Default)]
pub(super) struct Joined {
    pub(super) start: i64,
    pub(super) time: i64,
    last_mark: i64,
    pub(super) data: BytesMut,
    pub(super) marks: BytesMut,
    rows: usize,
    more: bool,
}

impl Joined {
    /// Adds the next chunk; `false` when it belongs to the next joined one.
    pub(super) fn push(&mut self, start: i64, time: i64, data: &[u8], marks: &[u8]) -> bool {
        if self.rows > 0 && self.data.len() + data.len() > CHUNK_BYTES {
            self.more = true;
            return false;
        }
        if self.rows == 0 {
            (self.start, self.time, self.last_mark) = (start, time, time);
        } else {
            self.mark(start, time);
        }
        for (start, time) in times(start, time, marks) {
            self.mark(start, time);
        }
        self.data.extend_from_slice(data);
        self.rows += 1;
        true
    }

    pub(super) fn is_worth_writing(&self) -> bool {
        self.rows > 1
    }

    /// Where the joined chunk ends.
    pub(super) fn end(&self) -> i64 {
        self.start + self.data.len() as i64
    }

    /// Where to go on, if there is more.
    pub(super) fn next(&self) -> Option<u64> {
        self.more.then(|| self.end() as u64)
    }

    fn mark(&mut self, start: i64, time: i64) {
        if time - self.last_mark < MARK_MS {
            return;
        }
        self.last_mark = time;
        self.marks.put_u32((start - self.start) as u32);
        self.marks
            .put_u32((time - self.time).min(i64::from(u32::MAX)) as u32);
    }
}

/// The marks of a chunk that begins there and then: where bytes begin, and when they were stored.
pub(super) fn times(start: i64, time: i64, marks: &[u8]) -> impl Iterator<Item = (i64, i64)> {
    marks.chunks_exact(8).map(move |pair| {
        let number =
            |at: usize| u32::from_be_bytes([pair[at], pair[at + 1], pair[at + 2], pair[at + 3]]);
        (start + i64::from(number(0)), time + i64::from(number(4)))
    })
}
