//! When the bytes of a stream were stored: where each chunk begins, and at the marks inside of joined ones.

use super::sql::sql;
use super::{Error, Store, compact};
use generic_corp_protocol::rest::{StreamTime, StreamTimes};
use generic_corp_protocol::{StreamId, Timestamp, WorkspaceId};
use std::collections::HashMap;

/// Chunks that are looked at for one answer.
const CHUNKS: usize = 2_048;
/// Chunks whose marks are read at once: SQLite keeps them behind the chunk's data.
const MARKED: usize = 64;

/// Where the times begin.
#[derive(Clone, Copy, Debug)]
pub enum TimesFrom {
    /// With what holds for this byte.
    Offset(u64),
    /// With what was stored last at this time.
    Time(Timestamp),
}

/// Which times of a stream.
#[derive(Clone, Copy, Debug)]
pub struct TimesWanted {
    /// Where they begin.
    pub from: TimesFrom,
    /// Milliseconds that lie between two of them at least.
    pub every: i64,
    /// At most so many, at least one.
    pub limit: usize,
}

impl Store {
    /// Times of a stream, in order; empty for one without bytes.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn times(
        &self,
        workspace: WorkspaceId,
        id: StreamId,
        wanted: TimesWanted,
    ) -> Result<StreamTimes, Error> {
        let chunks = self.chunks(workspace, id, wanted.from).await?;
        let mut picked = Picked::new(wanted);
        let known = chunks.len().min(CHUNKS);
        for first in (0..known).step_by(MARKED) {
            let last = known.min(first + MARKED);
            // Between chunks that follow each other closely no mark is needed.
            let wide = (first..last).filter(|&at| {
                chunks
                    .get(at + 1)
                    .is_none_or(|next| next.1 - chunks[at].1 > wanted.every)
            });
            let marks = self.marks(id, wide.map(|at| chunks[at].0)).await?;
            for &(start, time) in &chunks[first..last] {
                let inside = marks.get(&start).map_or(&[][..], Vec::as_slice);
                let all = std::iter::once((start, time));
                for (offset, time) in all.chain(compact::times(start, time, inside)) {
                    if !picked.push(offset, time) {
                        return Ok(picked.page(Some(offset)));
                    }
                }
            }
        }
        Ok(picked.page(chunks.get(CHUNKS).map(|next| next.0)))
    }

    /// Where chunks begin and when, from the one that holds the place on; one more than is looked at.
    async fn chunks(
        &self,
        workspace: WorkspaceId,
        id: StreamId,
        from: TimesFrom,
    ) -> Result<Vec<(i64, i64)>, Error> {
        let (first, place) = match from {
            TimesFrom::Offset(offset) => ("start", offset.min(i64::MAX as u64) as i64),
            TimesFrom::Time(time) => ("time", time.0),
        };
        let mut query = sql(
            "SELECT c.start, c.time FROM stream_chunks c JOIN streams s ON s.id = c.stream_id
             WHERE s.state <> 'removed' AND c.stream_id = ",
        );
        query.push_bind(id.0);
        query.push(" AND s.workspace_id = ").push_bind(workspace.0);
        query.push(
            " AND c.start >= COALESCE((SELECT MAX(start) FROM stream_chunks WHERE stream_id = $1 AND ",
        );
        query.push(first).push(" <= ").push_bind(place);
        query
            .push("), 0) ORDER BY c.start LIMIT ")
            .push_bind(CHUNKS as i64 + 1);
        let rows = query.fetch_all(self.read()).await?;
        rows.iter()
            .map(|row| Ok((row.get("start")?, row.get("time")?)))
            .collect()
    }

    /// The marks of those of these chunks that have some.
    async fn marks(
        &self,
        id: StreamId,
        starts: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, Vec<u8>>, Error> {
        let mut starts = starts.peekable();
        if starts.peek().is_none() {
            return Ok(HashMap::new());
        }
        let mut query = sql("SELECT start, marks FROM stream_chunks WHERE stream_id = ");
        query.push_bind(id.0).push(" AND start IN ");
        query.push_list(starts);
        query.push(" AND marks IS NOT NULL");
        let rows = query.fetch_all(self.read()).await?;
        rows.iter()
            .map(|row| Ok((row.get("start")?, row.get("marks")?)))
            .collect()
    }
}

/// Those of the times that are wanted.
struct Picked {
    wanted: TimesWanted,
    times: Vec<StreamTime>,
}

impl Picked {
    fn new(wanted: TimesWanted) -> Self {
        Self {
            wanted,
            times: Vec::new(),
        }
    }

    /// Takes the next time, or leaves it out; `false` when there are enough.
    fn push(&mut self, offset: i64, time: i64) -> bool {
        let next = StreamTime {
            offset: offset as u64,
            time: Timestamp(time),
        };
        match &mut self.times[..] {
            // What lies before the place that was asked for tells only what holds there.
            [first] if self.wanted.from.is_at_or_after(&next) => {
                let time = first.time.max(next.time);
                *first = StreamTime { time, ..next };
            }
            // The clocks of two nodes may differ: a later byte is never said to be older.
            [.., last] if time <= last.time.0 || time - last.time.0 < self.wanted.every => {}
            times if times.len() == self.wanted.limit => return false,
            _ => self.times.push(next),
        }
        true
    }

    fn page(self, next: Option<i64>) -> StreamTimes {
        StreamTimes {
            times: self.times,
            next: next.map(|offset| offset as u64),
        }
    }
}

impl TimesFrom {
    fn is_at_or_after(self, other: &StreamTime) -> bool {
        match self {
            Self::Offset(offset) => other.offset <= offset,
            Self::Time(time) => other.time <= time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(from: TimesFrom, every: i64, limit: usize) -> (Vec<(u64, i64)>, Option<i64>) {
        let wanted = TimesWanted { from, every, limit };
        let mut picked = Picked::new(wanted);
        let all = [
            (0, 100),
            (5, 110),
            (9, 105),
            (12, 160),
            (20, 300),
            (30, 300),
        ];
        let next = all
            .iter()
            .find(|(offset, time)| !picked.push(*offset, *time));
        let times = picked.times.iter().map(|one| (one.offset, one.time.0));
        (times.collect(), next.map(|(offset, _)| *offset))
    }

    #[test]
    fn times_begin_where_they_are_wanted_and_keep_their_distance() {
        let whole = vec![(0, 100), (5, 110), (12, 160), (20, 300)];
        assert_eq!(pick(TimesFrom::Offset(0), 0, 9), (whole, None));
        assert_eq!(
            pick(TimesFrom::Offset(0), 50, 9).0,
            [(0, 100), (12, 160), (20, 300)]
        );
        assert_eq!(
            pick(TimesFrom::Offset(0), 0, 2),
            (vec![(0, 100), (5, 110)], Some(12))
        );
        assert_eq!(pick(TimesFrom::Offset(13), 0, 9).0, [(12, 160), (20, 300)]);
        assert_eq!(pick(TimesFrom::Offset(99), 0, 9).0, [(30, 300)]);
        let at = |time| TimesFrom::Time(Timestamp(time));
        assert_eq!(pick(at(0), 0, 9).0.len(), 4, "before the first byte");
        assert_eq!(pick(at(159), 0, 9).0, [(9, 110), (12, 160), (20, 300)]);
        assert_eq!(pick(at(999), 0, 9).0, [(30, 300)]);
    }
}
