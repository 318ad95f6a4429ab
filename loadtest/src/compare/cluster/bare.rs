//! The physical limit of durable writes on PostgreSQL: one connection that commits what a hub commits, with
//! the statements that it uses, and does nothing else.

use crate::tally::histogram;
use crate::wire::{self, Stamp};
use anyhow::Context as _;
use hdrhistogram::Histogram;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _};
use std::str::FromStr as _;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// As the hub has them.
const SETTINGS: [(&str, &str); 2] = [
    ("synchronous_commit", "on"),
    ("plan_cache_mode", "force_custom_plan"),
];

/// See the module. It writes the hub's own tables, into rooms that nobody else writes.
pub struct Bare {
    connection: PgConnection,
    rooms: Vec<Uuid>,
    heads: Vec<i64>,
    organization: Uuid,
    workspace: Uuid,
    rows: u64,
}

/// What the loop did.
pub struct Round {
    /// Rows a second.
    pub rows_per_second: f64,
    /// The time of a commit, from its first statement to its end.
    pub commit: Histogram<u64>,
}

impl Bare {
    /// For rooms of these names, which are new.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub async fn open(url: &str, rooms: &[String]) -> anyhow::Result<Self> {
        let options = PgConnectOptions::from_str(url)?.options(SETTINGS);
        let mut connection = PgConnection::connect_with(&options).await?;
        let found = sqlx::query(
            "SELECT r.id, r.workspace_id, w.organization_id
             FROM rooms r JOIN workspaces w ON w.id = r.workspace_id WHERE r.name = ANY($1) ORDER BY r.id",
        )
        .bind(rooms)
        .fetch_all(&mut connection)
        .await?;
        let first = found.first().context("the rooms are not there")?;
        let (organization, workspace) = (first.try_get(2)?, first.try_get(1)?);
        let rooms: Vec<Uuid> = found
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            connection,
            heads: vec![0; rooms.len()],
            rooms,
            organization,
            workspace,
            rows: 0,
        })
    }

    /// Commits events with bodies of `size` bytes, on average `per_commit` in a transaction.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub async fn events(
        &mut self,
        per_commit: f64,
        size: usize,
        duration: Duration,
    ) -> anyhow::Result<Round> {
        let (begun, first) = (Instant::now(), self.rows);
        let (mut commit, mut commits) = (histogram(3), 0u64);
        while begun.elapsed() < duration {
            commits += 1;
            // Whole rows, whose number comes out at the average.
            let until = first + (commits as f64 * per_commit.max(1.0)).round() as u64;
            let started = Instant::now();
            self.commit(until, size).await?;
            commit.saturating_record(started.elapsed().as_micros() as u64);
        }
        let rows_per_second = (self.rows - first) as f64 / begun.elapsed().as_secs_f64();
        Ok(Round {
            rows_per_second,
            commit,
        })
    }

    async fn commit(&mut self, until: u64, size: usize) -> anyhow::Result<()> {
        let mut columns = Columns::default();
        while self.rows < until {
            let number = self.rows;
            let room = number as usize % self.rooms.len();
            self.rows += 1;
            self.heads[room] += 1;
            let stamp = Stamp {
                sent_at: number,
                number,
            };
            columns.rooms.push(self.rooms[room]);
            columns.seqs.push(self.heads[room]);
            columns.senders.push(self.workspace);
            columns.keys.push(format!("bare-{number}"));
            columns.bodies.push(wire::body(stamp, size));
        }
        let mut grown: Vec<(Uuid, i64)> =
            self.rooms.iter().copied().zip(self.heads.clone()).collect();
        grown.retain(|(room, _)| columns.rooms.contains(room));
        let (rooms, heads): (Vec<Uuid>, Vec<i64>) = grown.into_iter().unzip();
        let mut work = self.connection.begin().await?;
        lock(&mut work, &rooms).await?;
        look_for_keys(&mut work, &columns).await?;
        insert(&mut work, &columns).await?;
        grow(&mut work, &rooms, &heads).await?;
        let count = columns.rooms.len() as i64;
        meter(&mut work, (self.organization, self.workspace), count).await?;
        work.commit().await?;
        Ok(())
    }
}

/// The rows of a commit.
#[derive(Default)]
struct Columns {
    rooms: Vec<Uuid>,
    seqs: Vec<i64>,
    senders: Vec<Uuid>,
    keys: Vec<String>,
    bodies: Vec<String>,
}

async fn lock(work: &mut PgConnection, rooms: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT r.id, r.name, r.head, r.epoch, r.workspace_id, w.organization_id
         FROM rooms r JOIN workspaces w ON w.id = r.workspace_id
         WHERE r.id = ANY($1) ORDER BY r.id FOR UPDATE OF r",
    )
    .bind(rooms)
    .fetch_all(work)
    .await?;
    Ok(())
}

async fn look_for_keys(work: &mut PgConnection, columns: &Columns) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT room_id, sender_id, key, seq, time, kind, body FROM events
         WHERE (room_id, sender_id, key) IN (SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[]))",
    )
    .bind(&columns.rooms)
    .bind(&columns.senders)
    .bind(&columns.keys)
    .fetch_all(work)
    .await?;
    Ok(())
}

async fn insert(work: &mut PgConnection, columns: &Columns) -> sqlx::Result<()> {
    let count = columns.rooms.len();
    sqlx::query(
        "INSERT INTO events (room_id, seq, time, sender_kind, sender_id, sender_name, kind, body, key,
                             mentions, reply_to)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::text[],
                              $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[])",
    )
    .bind(&columns.rooms)
    .bind(&columns.seqs)
    .bind(&columns.seqs)
    .bind(vec!["agent"; count])
    .bind(&columns.senders)
    .bind(vec!["loadtest"; count])
    .bind(vec!["message"; count])
    .bind(&columns.bodies)
    .bind(&columns.keys)
    .bind(vec![None::<&str>; count])
    .bind(vec![None::<i64>; count])
    .execute(work)
    .await?;
    Ok(())
}

async fn grow(work: &mut PgConnection, rooms: &[Uuid], heads: &[i64]) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE rooms SET head = grown.head, last_at = $3
         FROM UNNEST($1::uuid[], $2::bigint[]) AS grown (id, head) WHERE rooms.id = grown.id",
    )
    .bind(rooms)
    .bind(heads)
    .bind(heads.iter().sum::<i64>())
    .execute(work)
    .await?;
    Ok(())
}

async fn meter(work: &mut PgConnection, tenant: (Uuid, Uuid), count: i64) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO usage (organization_id, workspace_id, day, meter, amount)
         SELECT organization_id, workspace_id, $5, meter, amount
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
              AS new (organization_id, workspace_id, meter, amount)
         ON CONFLICT (organization_id, workspace_id, day, meter, sender_id, key_id, shard)
         DO UPDATE SET amount = usage.amount + excluded.amount",
    )
    .bind(vec![tenant.0])
    .bind(vec![tenant.1])
    .bind(vec!["bare"])
    .bind(vec![count])
    .bind("2026-01-01")
    .execute(work)
    .await?;
    Ok(())
}
