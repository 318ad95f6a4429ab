//! The history of a run: everything that clients did and saw, and every fault, as lines of a file.

mod record;

pub use record::{FORMAT, Hash, Line, Outcome, Record};

use crate::tally::Clock;
use anyhow::Context as _;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// A history that is longer ends its run.
const MAX_BYTES: u64 = 4 << 30;

/// A history that is being written.
pub struct History {
    /// The clock of the run.
    pub clock: Clock,
    path: PathBuf,
    file: RefCell<BufWriter<File>>,
    bytes: Cell<u64>,
    /// The first fault of writing.
    fault: RefCell<Option<std::io::Error>>,
    /// Publishes that were acked.
    pub acked: Cell<u64>,
    /// Events that viewers got.
    pub delivered: Cell<u64>,
}

impl History {
    /// A history in this file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file =
            File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self {
            clock: Clock::start(),
            path: path.to_owned(),
            file: RefCell::new(BufWriter::new(file)),
            bytes: Cell::new(0),
            fault: RefCell::default(),
            acked: Cell::new(0),
            delivered: Cell::new(0),
        })
    }

    /// Writes a line.
    pub fn record(&self, what: Record) {
        match &what {
            Record::Publish {
                outcome: Outcome::Acked { .. },
                ..
            } => self.acked.set(self.acked.get() + 1),
            Record::Saw { hashes, .. } => {
                self.delivered
                    .set(self.delivered.get() + hashes.len() as u64);
            }
            _ => {}
        }
        let line = Line {
            at: self.clock.us(),
            what,
        };
        let mut text = generic_corp_protocol::encode(&line);
        text.push('\n');
        self.bytes.set(self.bytes.get() + text.len() as u64);
        if let Err(error) = self.file.borrow_mut().write_all(text.as_bytes()) {
            self.fault.borrow_mut().get_or_insert(error);
        }
    }

    /// Whether it has become too long to go on, or cannot be written.
    pub fn is_full(&self) -> bool {
        self.bytes.get() > MAX_BYTES || self.fault.borrow().is_some()
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    /// When any of it could not be written.
    pub fn finish(&self) -> anyhow::Result<()> {
        let flushed = self.file.borrow_mut().flush();
        let fault = self.fault.take();
        fault
            .map_or(flushed, Err)
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// Reads a history line by line.
///
/// # Errors
/// When it cannot be read, or `take` refuses a line.
pub fn read(path: &Path, mut take: impl FnMut(Line) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    for (number, text) in (1..).zip(BufReader::new(file).lines()) {
        let text = text.with_context(|| format!("{shown} cannot be read"))?;
        serde_json::from_str(&text)
            .map_err(anyhow::Error::from)
            .and_then(&mut take)
            .with_context(|| format!("{shown}, line {number}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.jsonl");
        let history = History::create(&path).expect("a file");
        let hash = Hash::of("message", "k", "{}");
        history.record(Record::Calm);
        history.record(Record::Saw {
            who: "v".into(),
            conn: 1,
            room: "r".into(),
            from: 7,
            hashes: vec![hash, hash],
        });
        history.finish().expect("written");
        assert_eq!(history.delivered.get(), 2);
        let mut lines = Vec::new();
        let take = |line: Line| {
            lines.push(line.what);
            Ok(())
        };
        read(&path, take).expect("read");
        let [Record::Calm, Record::Saw { from, hashes, .. }] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert_eq!((*from, &hashes[..]), (7, &[hash, hash][..]));
    }
}
