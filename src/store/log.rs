//! Reads the logs: events of a room, in pages or for a cursor.

use super::sql::{Row, Statement, sql};
use super::{Error, Store};
use generic_corp_protocol::message::StreamRole;
use generic_corp_protocol::{Event, RoomId, Sender, SenderKind, Slug, Timestamp, WorkspaceId};
use serde_json::value::RawValue;

/// Ids in one `IN (…)`.
pub(super) const BATCH: usize = 500;

/// Where a room's log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest `seq`, 0 when there is none.
    pub seq: u64,
    /// The log's epoch.
    pub epoch: String,
    /// Events up to this `seq` were removed; 0 when all are there.
    pub trimmed: u64,
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
        let id = sql("SELECT id FROM rooms WHERE workspace_id = $1 AND name = $2")
            .bind(workspace.0)
            .bind(&**name)
            .fetch_optional(self.read())
            .await?;
        id.map(|row| Ok(RoomId(row.get("id")?))).transpose()
    }

    /// Where the log of a room stands; `None` when the workspace has no such room.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn head(&self, workspace: WorkspaceId, room: RoomId) -> Result<Option<Head>, Error> {
        let row = sql("SELECT head, epoch, trimmed FROM rooms WHERE id = $1 AND workspace_id = $2")
            .bind(room.0)
            .bind(workspace.0)
            .fetch_optional(self.read())
            .await?;
        row.map(|row| {
            Ok(Head {
                seq: unsigned(&row, "head")?,
                epoch: row.get("epoch")?,
                trimmed: unsigned(&row, "trimmed")?,
            })
        })
        .transpose()
    }

    /// Where the logs of these rooms stand, whoever they belong to: for a node that has them in memory.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Head)>, Error> {
        let mut heads = Vec::with_capacity(rooms.len());
        for rooms in rooms.chunks(BATCH) {
            let mut query = sql("SELECT id, head, epoch, trimmed FROM rooms WHERE id IN ");
            query.push_list(rooms.iter().map(|id| id.0));
            for row in query.fetch_all(self.read()).await? {
                let head = Head {
                    seq: unsigned(&row, "head")?,
                    epoch: row.get("epoch")?,
                    trimmed: unsigned(&row, "trimmed")?,
                };
                heads.push((RoomId(row.get("id")?), head));
            }
        }
        Ok(heads)
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
        let rows = select(workspace, room, page).fetch_all(self.read()).await?;
        let read: i64 = match rows.first() {
            Some(row) => row.get("read")?,
            None => 0,
        };
        let mut events = rows
            .iter()
            .take(page.limit as usize)
            .map(event)
            .collect::<Result<Vec<_>, _>>()?;
        let more = read as usize > events.len();
        if page.is_backward() {
            events.reverse();
        }
        Ok((events, more))
    }
}

impl Page {
    fn is_backward(&self) -> bool {
        self.before.is_some() && self.after.is_none()
    }
}

/// The page and one event more, if there is one, to know that there is; `read` is how many there were before
/// the bytes were counted.
fn select(workspace: WorkspaceId, room: RoomId, page: &Page) -> Statement {
    let order = if page.is_backward() {
        "ORDER BY e.seq DESC"
    } else {
        "ORDER BY e.seq"
    };
    let mut query = sql(
        "SELECT * FROM (SELECT found.*, COUNT(*) OVER () AS read FROM (SELECT e.*, r.name AS room,
             SUM(octet_length(e.body)) OVER (",
    );
    query.push(order).push(
        ") AS bytes
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
        query.push(" AND e.kind IN ");
        query.push_list(&page.kinds);
    }
    query
        .push(" ")
        .push(order)
        .push(" LIMIT ")
        .push_bind(i64::from(page.limit) + 1)
        .push(") AS found) AS e WHERE bytes - octet_length(body) <= ")
        .push_bind(page.max_bytes as i64)
        .push(" ")
        .push(order);
    query
}

pub(super) fn event(row: &Row) -> Result<Event, Error> {
    let body: String = row.get("body")?;
    let mentions: Option<String> = row.get("mentions")?;
    Ok(Event {
        room: slug(row, "room")?,
        seq: unsigned(row, "seq")?,
        time: Timestamp(row.get("time")?),
        sender: sender(row)?,
        kind: row.get("kind")?,
        body: RawValue::from_string(body).map_err(|error| Error::Fault(error.to_string()))?,
        key: row.get("key")?,
        mentions: mentions
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
        reply_to: row.get::<Option<i64>>("reply_to")?.map(|seq| seq as u64),
    })
}

pub(super) fn sender(row: &Row) -> Result<Sender, Error> {
    Ok(Sender {
        kind: parse_sender_kind(row.get("sender_kind")?),
        id: row.get("sender_id")?,
        name: row.get("sender_name")?,
    })
}

pub(super) fn slug(row: &Row, column: &str) -> Result<Slug, Error> {
    let text: String = row.get(column)?;
    Slug::parse(&text).map_err(|error| Error::Fault(error.to_string()))
}

pub(super) fn unsigned(row: &Row, column: &str) -> Result<u64, Error> {
    Ok(row.get::<i64>(column)?.max(0) as u64)
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
