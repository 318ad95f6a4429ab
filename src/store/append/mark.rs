//! How far the log had come, noted outside of the database: a database that was put back to an earlier
//! state cannot know it by itself.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// The number of commits, in the lock file beside the database.
pub(super) struct Mark(File);

impl Mark {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).read(true).write(true);
        file.open(path).map(Self)
    }

    /// `None` where nothing was noted, for instance beside a copy of the database.
    pub(super) fn read(&mut self) -> std::io::Result<Option<u64>> {
        let mut text = String::new();
        self.0.rewind()?;
        (&self.0).take(64).read_to_string(&mut text)?;
        Ok(text.trim().parse().ok())
    }

    /// Not synced: a mark that lags is as good as a database that is ahead of it.
    pub(super) fn write(&mut self, commits: u64) -> std::io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(format!("{commits:020}\n").as_bytes())
    }
}
