//! The words of the logs, for who looks for something. They are written behind the log, from a cursor for each room,
//! so nobody who publishes waits for them. SQLite keeps them in FTS5, PostgreSQL in a `tsvector`.

use super::log::{event, unsigned};
use super::row::{number, uuid};
use super::sql::{Database, Row, Statement, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{Event, RoomId, WorkspaceId};

/// Begins the word of a room in PostgreSQL, where it stands among the others; SQLite has a column for it.
const APART: char = '/';
/// From so many letters on, the beginning of the last word is enough: shorter ones begin too many.
const BEGINNING: usize = 2;

/// A room whose log goes on behind its cursor.
#[derive(Clone, Debug)]
pub struct Unindexed {
    /// The room.
    pub room: RoomId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The words of events up to this `seq` are there.
    pub seq: u64,
    /// The newest `seq` of the log.
    pub head: u64,
}

/// The words of an event.
#[derive(Clone, Debug)]
pub struct Words {
    /// Which event.
    pub seq: u64,
    /// Its words, in lower case, each once; letters and digits only.
    pub words: Vec<String>,
}

/// What is looked for in a workspace; all of it must be so.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Words that an event has; of the last one, the beginning is enough if it has two letters. At least one; letters and digits only.
    pub words: Vec<String>,
    /// Only in this room.
    pub room: Option<RoomId>,
    /// Only in rooms of these names; one that ends in `*` stands for all that begin so. `None`: in all.
    pub names: Option<Vec<String>>,
    /// Only what a sender of this name wrote.
    pub sender: Option<String>,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// Only hits whose position is less than this one.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Some rooms whose log goes on behind their cursor, by their ids, behind this one.
    pub async fn unindexed_rooms(
        &self,
        after: RoomId,
        limit: u32,
    ) -> Result<Vec<Unindexed>, Error> {
        let rows = sql(
            "SELECT r.id, r.workspace_id, r.head, COALESCE(c.seq, 0) AS seq
             FROM rooms r LEFT JOIN search_cursors c ON c.room_id = r.id
             WHERE r.head > COALESCE(c.seq, 0) AND r.id > $1 ORDER BY r.id LIMIT $2",
        )
        .bind(after.0)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        let unindexed = |row: &Row| {
            Ok(Unindexed {
                room: RoomId(uuid(row, "id")?),
                workspace: WorkspaceId(uuid(row, "workspace_id")?),
                seq: unsigned(row, "seq")?,
                head: unsigned(row, "head")?,
            })
        };
        rows.iter().map(unindexed).collect()
    }

    /// How many events of the rooms that are searched are not found yet.
    pub async fn unindexed_events(
        &self,
        workspace: WorkspaceId,
        search: &Search,
    ) -> Result<u64, Error> {
        let mut query = sql(
            "SELECT CAST(COALESCE(SUM(r.head - COALESCE(c.seq, 0)), 0) AS BIGINT) AS n
             FROM rooms r LEFT JOIN search_cursors c ON c.room_id = r.id
             WHERE r.workspace_id = ",
        );
        query.push_bind(workspace.0);
        in_rooms(&mut query, search);
        let row = query.fetch_one(self.read()).await?;
        unsigned(&row, "n")
    }

    /// Writes the words of a room's next events and moves its cursor to `until`; `false` when another node was
    /// there before, or the room is gone.
    pub async fn index(
        &self,
        room: &Unindexed,
        events: &[Words],
        until: u64,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let kept = sql("INSERT INTO search_cursors (room_id, seq)
             SELECT id, 0 FROM rooms WHERE id = $1
             ON CONFLICT (room_id) DO UPDATE SET seq = search_cursors.seq RETURNING seq")
        .bind(room.room.0)
        .fetch_optional(&mut transaction)
        .await?;
        let Some(kept) = kept else {
            return Ok(false);
        };
        if unsigned(&kept, "seq")? != room.seq {
            return Ok(false);
        }
        if !events.is_empty() {
            insert(&mut transaction, room, events).await?;
        }
        sql("UPDATE search_cursors SET seq = $1 WHERE room_id = $2")
            .bind(until as i64)
            .bind(room.room.0)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Events with all of these words, each with its position among all hits; the newest that were indexed first.
    pub async fn search(
        &self,
        workspace: WorkspaceId,
        search: &Search,
    ) -> Result<Vec<(u64, Event)>, Error> {
        let query = select(&self.database, workspace, search);
        let rows = query.fetch_all(self.read()).await?;
        let hit = |row: &Row| Ok((unsigned(row, "position")?, event(row)?));
        rows.iter().map(hit).collect()
    }
}

/// Removes the words of a room's events up to this `seq`.
pub(super) async fn forget(transaction: &mut Work, room: RoomId, until: i64) -> Result<(), Error> {
    sql("DELETE FROM search_entries WHERE room_id = $1 AND seq <= $2")
        .bind(room.0)
        .bind(until)
        .execute(transaction)
        .await?;
    Ok(())
}

async fn insert(transaction: &mut Work, room: &Unindexed, events: &[Words]) -> Result<(), Error> {
    if let Work::Postgres(_) = transaction {
        let mut query = sql("INSERT INTO search_entries (workspace_id, room_id, seq, words)
             SELECT v.workspace_id, v.room_id, v.seq, array_to_tsvector(string_to_array(v.words, ' '))
             FROM (VALUES ");
        for (at, event) in events.iter().enumerate() {
            query.push(if at == 0 { "(" } else { ", (" });
            query.push_bind(room.workspace.0).push(", ");
            query.push_bind(room.room.0).push(", ");
            query.push_bind(event.seq as i64).push(", ");
            let (room, words) = (room_word(room.room), own(room.workspace, &event.words));
            let words = format!("{APART}{room} {words}");
            query.push_bind(words).push(")");
        }
        query.push(") AS v (workspace_id, room_id, seq, words)");
        query.execute(transaction).await?;
        return Ok(());
    }
    // Nobody else writes meanwhile.
    let row = sql("SELECT COALESCE(MAX(id), 0) AS id FROM search_entries")
        .fetch_one(&mut *transaction)
        .await?;
    let first = number(&row, "id")? + 1;
    let place = room_word(room.room);
    let mut entries = sql("INSERT INTO search_entries (id, workspace_id, room_id, seq) VALUES ");
    let mut words = sql("INSERT INTO search_words (rowid, place, words) VALUES ");
    for (id, event) in (first..).zip(events) {
        let begin = if id == first { "(" } else { ", (" };
        entries.push(begin).push_bind(id).push(", ");
        entries.push_bind(room.workspace.0).push(", ");
        entries.push_bind(room.room.0).push(", ");
        entries.push_bind(event.seq as i64).push(")");
        words.push(begin).push_bind(id).push(", ");
        words.push_bind(place.as_str()).push(", ");
        words.push_bind(own(room.workspace, &event.words)).push(")");
    }
    entries.execute(&mut *transaction).await?;
    words.execute(transaction).await?;
    Ok(())
}

/// A search of one tenant, which reads no other's words; the columns say once more whose the hits are.
fn select(database: &Database, workspace: WorkspaceId, search: &Search) -> Statement {
    let mut query = sql("SELECT s.id AS position, e.*, r.name AS room FROM ");
    match database {
        Database::Sqlite { .. } => {
            query
                .push(
                    "search_words f JOIN search_entries s ON s.id = f.rowid
                     JOIN rooms r ON r.id = s.room_id
                     JOIN events e ON e.room_id = s.room_id AND e.seq = s.seq
                     WHERE search_words MATCH ",
                )
                .push_bind(fts5(workspace, search));
        }
        Database::Postgres(_) => {
            query
                .push(
                    "search_entries s JOIN rooms r ON r.id = s.room_id
                     JOIN events e ON e.room_id = s.room_id AND e.seq = s.seq
                     WHERE s.words @@ CAST(",
                )
                .push_bind(tsquery(workspace, search))
                .push(" AS tsquery)");
        }
    }
    query.push(" AND s.workspace_id = ").push_bind(workspace.0);
    query.push(" AND r.workspace_id = ").push_bind(workspace.0);
    in_rooms(&mut query, search);
    if let Some(sender) = &search.sender {
        query.push(" AND e.sender_name = ").push_bind(sender);
    }
    if let Some(kind) = &search.kind {
        query.push(" AND e.kind = ").push_bind(kind);
    }
    let position = match database {
        Database::Sqlite { .. } => "f.rowid",
        Database::Postgres(_) => "s.id",
    };
    if let Some(before) = search.before {
        query.push(" AND ").push(position).push(" < ");
        query.push_bind(i64::try_from(before).unwrap_or(i64::MAX));
    }
    query.push(" ORDER BY ").push(position);
    query.push(" DESC LIMIT ").push_bind(search.limit);
    query
}

/// Only the rooms that are asked for, and of these the ones that the asker may read.
fn in_rooms(query: &mut Statement, search: &Search) {
    if let Some(room) = search.room {
        query.push(" AND r.id = ").push_bind(room.0);
    }
    if let Some(names) = &search.names {
        named(query, names);
    }
}

fn named(query: &mut Statement, names: &[String]) {
    query.push(" AND (");
    for (at, name) in names.iter().enumerate() {
        query.push(if at == 0 { "" } else { " OR " });
        match name.strip_suffix('*') {
            Some(beginning) => {
                query.push("substr(r.name, 1, CAST(");
                query.push_bind(beginning.chars().count() as i64);
                query.push(" AS INTEGER)) = ").push_bind(beginning);
            }
            None => {
                query.push("r.name = ").push_bind(name);
            }
        }
    }
    query.push(")");
}

/// The words as they are indexed: each begins with a mark of its workspace, so that a beginning is looked up among
/// those of one tenant alone. Two workspaces may have one mark; the columns tell them apart.
fn own(workspace: WorkspaceId, words: &[String]) -> String {
    let mark = mark(workspace);
    let marked: Vec<String> = words.iter().map(|word| format!("{mark}{word}")).collect();
    marked.join(" ")
}

/// Eight digits from the end of the id, where it is random.
fn mark(workspace: WorkspaceId) -> String {
    format!("{:08x}", workspace.0.as_u128() as u32)
}

fn room_word(room: RoomId) -> String {
    format!("r{}", room.0.simple())
}

/// Whether the beginning of the last word is enough.
fn is_beginning(search: &Search) -> bool {
    let last = search.words.last();
    last.is_some_and(|word| word.chars().count() >= BEGINNING)
}

/// <https://www.sqlite.org/fts5.html#full_text_query_syntax>
fn fts5(workspace: WorkspaceId, search: &Search) -> String {
    let mut terms = Vec::new();
    if let Some(room) = search.room {
        terms.push(format!("place : \"{}\"", room_word(room)));
    }
    let mark = mark(workspace);
    let words = search.words.iter();
    terms.extend(words.map(|word| format!("words : \"{mark}{word}\"")));
    let mut query = terms.join(" AND ");
    if is_beginning(search) {
        query.push_str(" *");
    }
    query
}

/// <https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY>
fn tsquery(workspace: WorkspaceId, search: &Search) -> String {
    let mut terms = Vec::new();
    if let Some(room) = search.room {
        terms.push(format!("'{APART}{}'", room_word(room)));
    }
    let mark = mark(workspace);
    terms.extend(search.words.iter().map(|word| format!("'{mark}{word}'")));
    let mut query = terms.join(" & ");
    if is_beginning(search) {
        query.push_str(":*");
    }
    query
}
