//! A long stream: bytes stored per byte once it is compacted, and its last appends beside its first.

use super::{median, tell};
use crate::args::{Durability, Streaming};
use crate::client::{Client, Habits, Shared};
use crate::commits::Bare;
use crate::hub::{Hub, database};
use crate::report::{number, table};
use crate::tally::{Clock, Latency, Tally};
use crate::tenant::Tenant;
use anyhow::{Context as _, bail};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Appends at either end whose median counts.
const ENDS: usize = 1000;
/// Parts whose medians show how an append goes with the length.
const PARTS: usize = 10;
/// How long compaction may take after the end of the stream.
const PATIENCE: Duration = Duration::from_secs(120);
/// When the number of chunks stays the same for this long, compaction is done.
const QUIET: Duration = Duration::from_secs(2);

/// One stream.
struct Round {
    first_us: f64,
    last_us: f64,
    parts_us: Vec<f64>,
    seconds: f64,
    chunks: u64,
    /// Bytes by which the database grew, per byte of the stream: with free pages, and without.
    grown: f64,
    used: f64,
    bare_us: f64,
}

pub(super) async fn run(options: &Streaming) -> anyhow::Result<()> {
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let round = one(options).await?;
        eprintln!(
            "stream {number}: {:.3} bytes a byte, first {:.0} µs, last {:.0} µs",
            round.grown, round.first_us, round.last_us
        );
        rounds.push(round);
    }
    let middle = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let figures = [
        ("bytes stored per byte", middle(|round| round.grown)),
        ("of it in use", middle(|round| round.used)),
        ("chunks", middle(|round| round.chunks as f64)),
        ("first appends, median µs", middle(|round| round.first_us)),
        ("last appends, median µs", middle(|round| round.last_us)),
        (
            "last / first",
            middle(|round| round.last_us / round.first_us),
        ),
        (
            "bare commit of an append, median µs",
            middle(|round| round.bare_us),
        ),
        ("seconds", middle(|round| round.seconds)),
    ];
    let rows = figures
        .iter()
        .map(|(name, value)| vec![(*name).to_owned(), number(*value)]);
    let part = |part: usize| {
        median(
            rounds
                .iter()
                .filter_map(|round| round.parts_us.get(part).copied())
                .collect(),
        )
    };
    let parts: Vec<_> = (0..PARTS).map(part).collect();
    let durability = options.private.durability.name();
    let title = format!(
        "{} B in appends of {} B, durability {durability}",
        options.size, options.append
    );
    println!("{}", table(&[&title, ""], rows));
    let shown: Vec<_> = parts.iter().map(|us| format!("{us:.0}")).collect();
    println!("medians of each tenth of it, µs: {}", shown.join(" "));
    let mut all: Value = figures
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    all["tenths_us"] = json!(parts);
    tell("stream", options.rounds, vec![all], options.json.as_deref())
}

async fn one(options: &Streaming) -> anyhow::Result<Round> {
    let hub = Hub::of(&options.private).await?;
    let tenant = Rc::new(Tenant::on(&hub).await?);
    let room = tenant.rooms(1).await?.remove(0);
    let shared = Shared::new(Tally::new(Clock::start(), Latency::Append));
    let client = Client::new(
        &tenant,
        &shared,
        Habits {
            binary: true,
            ..Habits::default()
        },
    );
    client.connect().await?;
    let before = Size::of(&hub.database())?;
    let begun = Instant::now();
    let times = write(&client, &room, options).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let chunks = compacted(&hub.database()).await?;
    let errors = shared.tally.errors();
    if !errors.is_empty() {
        bail!("errors: {errors:?}");
    }
    // The hub is gone and its log is checkpointed: what the file holds now, stays.
    let folder = hub.stop().await?;
    let after = Size::of(&database(folder.path()))?;
    let ends = ENDS.min(times.len() / 2).max(1);
    let growth = |then: u64, now: u64| now.saturating_sub(then) as f64 / options.size as f64;
    Ok(Round {
        first_us: median(times[..ends].to_vec()),
        last_us: median(times[times.len() - ends..].to_vec()),
        parts_us: times
            .chunks(times.len().div_ceil(PARTS))
            .map(|part| median(part.to_vec()))
            .collect(),
        seconds,
        chunks,
        grown: growth(before.all, after.all),
        used: growth(before.used, after.used),
        bare_us: bare(options.private.durability, options)?,
    })
}

/// Writes the stream, each append after the ack of the one before; how long each took in microseconds.
async fn write(client: &Rc<Client>, room: &str, options: &Streaming) -> anyhow::Result<Vec<f64>> {
    let writer = client.open_stream(room, "a long stream").await?;
    let mut times = Vec::new();
    // What cannot be compressed, so that nothing but bytes is stored.
    let mut bytes = vec![0; options.append as usize];
    while writer.length() < options.size {
        let left = (options.size - writer.length()).min(options.append) as usize;
        rand::fill(&mut bytes[..left]);
        let begun = Instant::now();
        writer.append(&bytes[..left], 0);
        while writer.waiting() > 0 {
            tokio::time::timeout(PATIENCE, writer.acked())
                .await
                .context("an append is not acked")?;
        }
        times.push(begun.elapsed().as_nanos() as f64 / 1e3);
    }
    writer.close().await?;
    Ok(times)
}

/// Waits until the stream's chunks are joined; how many are left.
async fn compacted(path: &Path) -> anyhow::Result<u64> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count = || -> rusqlite::Result<i64> {
        database.query_row("SELECT count(*) FROM stream_chunks", [], |row| row.get(0))
    };
    let (begun, mut last, mut since) = (Instant::now(), count()?, Instant::now());
    while since.elapsed() < QUIET {
        if begun.elapsed() > PATIENCE {
            bail!("compaction does not end");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = count()?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(last as u64)
}

/// Bytes of a database.
struct Size {
    all: u64,
    used: u64,
}

impl Size {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let pragma =
            |name: &str| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (pages, free, size) = (
            pragma("page_count")?,
            pragma("freelist_count")?,
            pragma("page_size")?,
        );
        Ok(Self {
            all: (pages * size) as u64,
            used: ((pages - free) * size) as u64,
        })
    }
}

/// A bare loop that commits the same appends.
fn bare(durability: Durability, options: &Streaming) -> anyhow::Result<f64> {
    let folder = tempfile::Builder::new().prefix("loadtest-").tempdir()?;
    let round =
        Bare::open(folder.path(), durability)?.chunks(options.size, options.append as usize)?;
    Ok(round.commit.value_at_quantile(0.5) as f64)
}
