//! Rooms. The log's columns (`head`, `epoch`, `last_at`) are read here and written by the log.

use super::audit::{Act, record};
use super::row::{maybe_time, number, slug, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, RoomId, Slug, Timestamp, WorkspaceId};

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRow {
    /// Id.
    pub id: RoomId,
    /// Name.
    pub name: Slug,
    /// What it is about.
    pub topic: String,
    /// The newest `seq` of its log.
    pub head: u64,
    /// The log's epoch.
    pub epoch: String,
    /// When the newest event came.
    pub last_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Streams being written.
    pub open_streams: u32,
}

fn room(row: &Row) -> Result<RoomRow, Error> {
    Ok(RoomRow {
        id: RoomId(uuid(row, "id")?),
        name: slug(row, "name")?,
        topic: text(row, "topic")?,
        head: number(row, "head")?.cast_unsigned(),
        epoch: text(row, "epoch")?,
        last_at: maybe_time(row, "last_at")?,
        created_at: time(row, "created_at")?,
        open_streams: number(row, "open_streams")?.max(0) as u32,
    })
}

impl Store {
    /// The room of this name.
    pub async fn room(
        &self,
        workspace: WorkspaceId,
        name: &Slug,
    ) -> Result<Option<RoomRow>, Error> {
        let row = sql("SELECT r.*, (SELECT count(*) FROM streams s
                          WHERE s.room_id = r.id AND s.state = 'open') AS open_streams
             FROM rooms r WHERE r.workspace_id = $1 AND r.name = $2")
        .bind(workspace.0)
        .bind(&**name)
        .fetch_optional(self.read())
        .await?;
        row.as_ref().map(room).transpose()
    }

    /// At most `limit` rooms whose names come after `after`, by name.
    pub async fn rooms(
        &self,
        workspace: WorkspaceId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<RoomRow>, Error> {
        let rows = sql("SELECT r.*, (SELECT count(*) FROM streams s
                          WHERE s.room_id = r.id AND s.state = 'open') AS open_streams
             FROM rooms r WHERE r.workspace_id = $1 AND r.name > $2 ORDER BY r.name LIMIT $3")
        .bind(workspace.0)
        .bind(after)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(room).collect()
    }

    /// Makes a room, unless the organization has `limit` already; then `None`.
    pub async fn create_room(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        name: &Slug,
        topic: &str,
        limit: u32,
        act: &Act<'_>,
    ) -> Result<Option<RoomRow>, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        transaction.hold_organization(organization).await?;
        let count: i64 = sql(
            "SELECT count(*) AS n FROM rooms r JOIN workspaces w ON w.id = r.workspace_id
             WHERE w.organization_id = $1 AND w.deleted_at IS NULL",
        )
        .bind(organization.0)
        .fetch_one(&mut transaction)
        .await?
        .get("n")?;
        if count >= i64::from(limit) {
            return Ok(None);
        }
        let (id, epoch) = insert_room(&mut transaction, workspace, name, topic, now).await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        Ok(Some(RoomRow {
            id,
            name: name.clone(),
            topic: topic.to_owned(),
            head: 0,
            epoch,
            last_at: None,
            created_at: now,
            open_streams: 0,
        }))
    }
}

pub(super) async fn insert_room(
    transaction: &mut Work,
    workspace: WorkspaceId,
    name: &Slug,
    topic: &str,
    now: Timestamp,
) -> Result<(RoomId, String), Error> {
    let id = RoomId::new();
    // The random half of a fresh UUID: two logs of one name never share an epoch.
    let epoch = format!("{:08x}", uuid::Uuid::now_v7().as_u128() as u32);
    sql(
        "INSERT INTO rooms (id, workspace_id, name, topic, epoch, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.0)
    .bind(workspace.0)
    .bind(&**name)
    .bind(topic)
    .bind(epoch.as_str())
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    Ok((id, epoch))
}
