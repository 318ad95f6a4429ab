//! Joins a stream's small chunks into large ones, in the background and a little at a time.

use super::Error;
use super::append::Appender;
use bytes::{BufMut, BytesMut};
use generic_corp_protocol::StreamId;
use rusqlite::params;

/// A joined chunk grows to about this size.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that begin this much later than the last mark keep their time.
const MARK_MS: i64 = 50;

impl Appender {
    /// Joins the chunks of a stream that begin at `from` or later into one of at most 64 KiB.
    ///
    /// Returns where to go on; `None` when the end is reached. The last chunk of a stream that still
    /// grows may be joined again later.
    ///
    /// # Errors
    /// When the store refuses; nothing was changed.
    pub fn compact(&mut self, stream: StreamId, from: u64) -> Result<Option<u64>, Error> {
        let tx = self
            .connection()
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut joined = Joined::default();
        {
            let mut select = tx.prepare_cached(
                "SELECT start, time, data, marks FROM stream_chunks
                 WHERE stream_id = $1 AND start >= $2 ORDER BY start",
            )?;
            let mut rows = select.query(params![stream.0, from as i64])?;
            while let Some(row) = rows.next()? {
                let data = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                if joined.rows > 0 && joined.data.len() + data.len() > CHUNK_BYTES {
                    joined.more = true;
                    break;
                }
                let marks: Option<Vec<u8>> = row.get(3)?;
                joined.push(row.get(0)?, row.get(1)?, data, &marks.unwrap_or_default());
            }
        }
        let next = joined.start + joined.data.len() as i64;
        if joined.rows > 1 {
            tx.prepare_cached(
                "DELETE FROM stream_chunks WHERE stream_id = $1 AND start >= $2 AND start < $3",
            )?
            .execute(params![stream.0, joined.start, next])?;
            tx.prepare_cached(
                "INSERT INTO stream_chunks (stream_id, start, time, data, marks) VALUES ($1, $2, $3, $4, $5)",
            )?
            .execute(params![stream.0, joined.start, joined.time, &joined.data[..], &joined.marks[..]])?;
        }
        tx.commit()?;
        Ok(joined.more.then_some(next as u64))
    }
}

#[derive(Default)]
struct Joined {
    start: i64,
    time: i64,
    last_mark: i64,
    data: BytesMut,
    marks: BytesMut,
    rows: usize,
    more: bool,
}

impl Joined {
    fn push(&mut self, start: i64, time: i64, data: &[u8], marks: &[u8]) {
        if self.rows == 0 {
            (self.start, self.time, self.last_mark) = (start, time, time);
        } else {
            self.mark(start, time);
        }
        for pair in marks.chunks_exact(8) {
            let number = |at: usize| {
                u32::from_be_bytes([pair[at], pair[at + 1], pair[at + 2], pair[at + 3]])
            };
            self.mark(start + i64::from(number(0)), time + i64::from(number(4)));
        }
        self.data.extend_from_slice(data);
        self.rows += 1;
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
