//! Agents: the programs of a workspace.

use super::audit::{Act, record};
use super::row::{maybe_time, slug, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{AgentId, OrganizationId, Slug, Timestamp, WorkspaceId};

/// An agent.
#[derive(Clone, Debug)]
pub struct AgentRow {
    /// Id.
    pub id: AgentId,
    /// Name.
    pub name: Slug,
    /// What it is for.
    pub title: String,
    /// Whether it is locked out.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

pub(super) fn agent(row: &Row) -> Result<AgentRow, Error> {
    Ok(AgentRow {
        id: AgentId(uuid(row, "id")?),
        name: slug(row, "name")?,
        title: text(row, "title")?,
        disabled: maybe_time(row, "disabled_at")?.is_some(),
        created_at: time(row, "created_at")?,
    })
}

impl Store {
    /// At most `limit` agents whose names come after `after`, by name.
    pub async fn agents(
        &self,
        workspace: WorkspaceId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<AgentRow>, Error> {
        let rows = sql(
            "SELECT * FROM agents WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3",
        )
        .bind(workspace.0)
        .bind(after)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(agent).collect()
    }

    /// Makes an agent, unless the organization has `limit` already; then `None`.
    pub async fn create_agent(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        name: &Slug,
        title: &str,
        limit: u32,
        act: &Act<'_>,
    ) -> Result<Option<AgentRow>, Error> {
        let mut transaction = self.begin().await?;
        let made = insert_agent(
            &mut transaction,
            organization,
            workspace,
            name,
            title,
            limit,
        )
        .await?;
        if made.is_some() {
            record(&mut transaction, act).await?;
        }
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes an agent's title, or whether it is locked out, where they are given; `None` when there is no
    /// such agent.
    pub async fn change_agent(
        &self,
        workspace: WorkspaceId,
        name: &Slug,
        title: Option<&str>,
        disabled: Option<bool>,
        act: &Act<'_>,
    ) -> Result<Option<AgentRow>, Error> {
        let mut transaction = self.begin().await?;
        let now = Timestamp::now().0;
        let row = sql(
            "UPDATE agents SET title = COALESCE($3, title), disabled_at = CASE
                 WHEN $4 = 1 THEN COALESCE(disabled_at, $5) WHEN $4 = 0 THEN NULL ELSE disabled_at END
             WHERE workspace_id = $1 AND name = $2 RETURNING *",
        )
        .bind(workspace.0)
        .bind(&**name)
        .bind(title)
        .bind(disabled.map(i64::from))
        .bind(now)
        .fetch_optional(&mut transaction)
        .await?;
        let changed = row.as_ref().map(agent).transpose()?;
        if changed.is_some() {
            record(&mut transaction, act).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }
}

pub(super) async fn insert_agent(
    transaction: &mut Work,
    organization: OrganizationId,
    workspace: WorkspaceId,
    name: &Slug,
    title: &str,
    limit: u32,
) -> Result<Option<AgentRow>, Error> {
    let now = Timestamp::now();
    transaction.hold_organization(organization).await?;
    let count: i64 = sql(
        "SELECT count(*) AS n FROM agents a JOIN workspaces w ON w.id = a.workspace_id
         WHERE w.organization_id = $1 AND w.deleted_at IS NULL",
    )
    .bind(organization.0)
    .fetch_one(&mut *transaction)
    .await?
    .get("n")?;
    if count >= i64::from(limit) {
        return Ok(None);
    }
    let id = AgentId::new();
    sql(
        "INSERT INTO agents (id, workspace_id, name, title, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id.0)
    .bind(workspace.0)
    .bind(&**name)
    .bind(title)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    Ok(Some(AgentRow {
        id,
        name: name.clone(),
        title: title.to_owned(),
        disabled: false,
        created_at: now,
    }))
}
