//! Reads the logs: events of a room, in pages or for a cursor.

use super::{Error, Store};
use futures_util::TryStreamExt;
use generic_corp_protocol::message::StreamRole;
use generic_corp_protocol::{Event, RoomId, Sender, SenderKind, Slug, Timestamp, WorkspaceId};
use serde_json::value::RawValue;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

/// Where a room's log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest `seq`, 0 when there is none.
    pub seq: u64,
    /// The log's epoch.
    pub epoch: String,
}

/// Which events to read.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only events after this `seq`.
    pub after: Option<u64>,
    /// Only events before this `seq`.
    pub before: Option<u64>,
    /// Only these kinds, when there are any.
    pub kinds: Vec<String>,
    /// At most this many events.
    pub limit: u32,
    /// Stop after about this many bytes of bodies; one event is always read.
    pub max_bytes: usize,
}

impl Store {
    /// The room of this name; `None` when the workspace has none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn room_id(
        &self,
        workspace: WorkspaceId,
        name: &Slug,
    ) -> Result<Option<RoomId>, Error> {
        let id = sqlx::query_scalar("SELECT id FROM rooms WHERE workspace_id = $1 AND name = $2")
            .bind(workspace.0)
            .bind(&**name)
            .fetch_optional(&self.read)
            .await?;
        Ok(id.map(RoomId))
    }

    /// Where the log of a room stands; `None` when the workspace has no such room.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn head(&self, workspace: WorkspaceId, room: RoomId) -> Result<Option<Head>, Error> {
        let row = sqlx::query("SELECT head, epoch FROM rooms WHERE id = $1 AND workspace_id = $2")
            .bind(room.0)
            .bind(workspace.0)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| {
            Ok(Head {
                seq: unsigned(&row, "head")?,
                epoch: row.try_get("epoch")?,
            })
        })
        .transpose()
    }

    /// Events of a room, ascending. With `after` (or neither) the oldest that match, with `before` the
    /// newest. The flag says whether more match in that direction.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn events(
        &self,
        workspace: WorkspaceId,
        room: RoomId,
        page: &Page,
    ) -> Result<(Vec<Event>, bool), Error> {
        let backward = page.before.is_some() && page.after.is_none();
        let mut query = select(workspace, room, page);
        query.push(if backward {
            " ORDER BY e.seq DESC"
        } else {
            " ORDER BY e.seq"
        });
        query.push(" LIMIT ").push_bind(i64::from(page.limit) + 1);
        let mut rows = query.build().fetch(&self.read);
        let (mut events, mut bytes, mut more) = (Vec::new(), 0, false);
        while let Some(row) = rows.try_next().await? {
            if events.len() == page.limit as usize || bytes > page.max_bytes {
                more = true;
                break;
            }
            let event = event(&row)?;
            bytes += event.body.get().len();
            events.push(event);
        }
        if backward {
            events.reverse();
        }
        Ok((events, more))
    }
}

fn select(workspace: WorkspaceId, room: RoomId, page: &Page) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(
        "SELECT r.name AS room, e.seq, e.time, e.sender_kind, e.sender_id, e.sender_name, e.kind, e.body,
                e.key, e.mentions, e.reply_to
         FROM rooms r JOIN events e ON e.room_id = r.id WHERE r.id = ",
    );
    query
        .push_bind(room.0)
        .push(" AND r.workspace_id = ")
        .push_bind(workspace.0);
    if let Some(after) = page.after {
        query.push(" AND e.seq > ").push_bind(after as i64);
    }
    if let Some(before) = page.before {
        query.push(" AND e.seq < ").push_bind(before as i64);
    }
    if !page.kinds.is_empty() {
        query.push(" AND e.kind IN (");
        let mut kinds = query.separated(", ");
        for kind in &page.kinds {
            kinds.push_bind(kind.clone());
        }
        query.push(")");
    }
    query
}

fn event(row: &SqliteRow) -> Result<Event, Error> {
    let body: String = row.try_get("body")?;
    let mentions: Option<String> = row.try_get("mentions")?;
    Ok(Event {
        room: slug(row, "room")?,
        seq: unsigned(row, "seq")?,
        time: Timestamp(row.try_get("time")?),
        sender: sender(row)?,
        kind: row.try_get("kind")?,
        body: RawValue::from_string(body).map_err(|error| Error::Fault(error.to_string()))?,
        key: row.try_get("key")?,
        mentions: mentions
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
        reply_to: row
            .try_get::<Option<i64>, _>("reply_to")?
            .map(|seq| seq as u64),
    })
}

pub(super) fn sender(row: &SqliteRow) -> Result<Sender, Error> {
    Ok(Sender {
        kind: parse_sender_kind(row.try_get("sender_kind")?),
        id: row.try_get("sender_id")?,
        name: row.try_get("sender_name")?,
    })
}

pub(super) fn slug(row: &SqliteRow, column: &str) -> Result<Slug, Error> {
    let text: String = row.try_get(column)?;
    Slug::parse(&text).map_err(|error| Error::Fault(error.to_string()))
}

pub(super) fn unsigned(row: &SqliteRow, column: &str) -> Result<u64, Error> {
    Ok(row.try_get::<i64, _>(column)?.max(0) as u64)
}

pub(super) fn sender_kind(kind: SenderKind) -> &'static str {
    match kind {
        SenderKind::User => "user",
        SenderKind::Agent => "agent",
        SenderKind::System => "system",
    }
}

pub(super) fn parse_sender_kind(text: &str) -> SenderKind {
    match text {
        "user" => SenderKind::User,
        "agent" => SenderKind::Agent,
        _ => SenderKind::System,
    }
}

pub(super) fn role_name(role: StreamRole) -> &'static str {
    match role {
        StreamRole::Text => "text",
        StreamRole::Reasoning => "reasoning",
        StreamRole::Args => "args",
        StreamRole::Stdout => "stdout",
        StreamRole::Stderr => "stderr",
        StreamRole::File => "file",
        StreamRole::Data => "data",
    }
}

pub(super) fn parse_role(text: &str) -> StreamRole {
    match text {
        "text" => StreamRole::Text,
        "reasoning" => StreamRole::Reasoning,
        "args" => StreamRole::Args,
        "stdout" => StreamRole::Stdout,
        "stderr" => StreamRole::Stderr,
        "file" => StreamRole::File,
        _ => StreamRole::Data,
    }
}
