//! Organizations, memberships and workspaces.

use super::account::Founding;
use super::audit::{Act, record};
use super::limit::has_room_for_workspace;
use super::row::{slug, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Slug, Timestamp, UserId, WorkspaceId};

/// An organization, and the asker's role in it.
#[derive(Clone, Debug)]
pub struct OrganizationRow {
    /// Id.
    pub id: OrganizationId,
    /// Name in URLs.
    pub slug: Slug,
    /// Name for people.
    pub name: String,
    /// Plan.
    pub plan: String,
    /// `owner`, `admin`, `member` or `viewer`.
    pub role: String,
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceRow {
    /// Id.
    pub id: WorkspaceId,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// Name in URLs.
    pub slug: Slug,
    /// Name for people.
    pub name: String,
    /// Who may come in: `everyone` of the organization, or who is `listed`.
    pub access: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A workspace as somebody may reach it.
#[derive(Clone, Debug)]
pub struct ReachRow {
    /// The workspace.
    pub workspace: WorkspaceRow,
    /// Its organization's plan.
    pub plan: String,
    /// The asker's role; empty where there is no membership to ask for.
    pub role: String,
}

fn organization(row: &Row) -> Result<OrganizationRow, Error> {
    Ok(OrganizationRow {
        id: OrganizationId(uuid(row, "id")?),
        slug: slug(row, "slug")?,
        name: text(row, "name")?,
        plan: text(row, "plan")?,
        role: text(row, "role")?,
    })
}

fn workspace(row: &Row) -> Result<WorkspaceRow, Error> {
    Ok(WorkspaceRow {
        id: WorkspaceId(uuid(row, "id")?),
        organization: OrganizationId(uuid(row, "organization_id")?),
        slug: slug(row, "slug")?,
        name: text(row, "name")?,
        access: text(row, "access")?,
        created_at: time(row, "created_at")?,
    })
}

fn reach(row: &Row) -> Result<ReachRow, Error> {
    Ok(ReachRow {
        workspace: workspace(row)?,
        plan: text(row, "plan")?,
        role: text(row, "role")?,
    })
}

impl Store {
    /// The workspaces that `user` may reach and that have this id or this name.
    pub async fn user_reach(
        &self,
        user: UserId,
        id: Option<WorkspaceId>,
        name: &str,
    ) -> Result<Vec<ReachRow>, Error> {
        let rows = sql("SELECT w.*, o.plan, m.role FROM workspace_roles m
             JOIN workspaces w ON w.id = m.workspace_id
             JOIN organizations o ON o.id = m.organization_id
             WHERE m.user_id = $1 AND (w.id = $2 OR w.slug = $3) LIMIT 2")
        .bind(user.0)
        .bind(id.map(|id| id.0))
        .bind(name)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(reach).collect()
    }

    /// The workspace with this id, for one whose credential names it.
    pub async fn workspace_reach(&self, id: WorkspaceId) -> Result<Option<ReachRow>, Error> {
        let row = sql("SELECT w.*, o.plan, '' AS role FROM workspaces w
             JOIN organizations o ON o.id = w.organization_id
             WHERE w.id = $1 AND w.deleted_at IS NULL")
        .bind(id.0)
        .fetch_optional(self.read())
        .await?;
        row.as_ref().map(reach).transpose()
    }

    /// The workspaces of any organization that have this id or this name: for the operator alone.
    pub async fn operator_reach(
        &self,
        id: Option<WorkspaceId>,
        name: &str,
    ) -> Result<Vec<ReachRow>, Error> {
        let rows = sql("SELECT w.*, o.plan, '' AS role FROM workspaces w
             JOIN organizations o ON o.id = w.organization_id
             WHERE (w.id = $1 OR w.slug = $2) AND w.deleted_at IS NULL LIMIT 2")
        .bind(id.map(|id| id.0))
        .bind(name)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(reach).collect()
    }

    /// The organizations that `user` is a member of.
    pub async fn organizations(&self, user: UserId) -> Result<Vec<OrganizationRow>, Error> {
        let rows = sql(
            "SELECT o.*, m.role FROM memberships m JOIN organizations o ON o.id = m.organization_id
             WHERE m.user_id = $1 ORDER BY o.slug",
        )
        .bind(user.0)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(organization).collect()
    }

    /// The organization with this id or this name, if `user` is a member.
    pub async fn membership(
        &self,
        user: UserId,
        id: Option<OrganizationId>,
        name: &str,
    ) -> Result<Option<OrganizationRow>, Error> {
        let row = sql(
            "SELECT o.*, m.role FROM memberships m JOIN organizations o ON o.id = m.organization_id
             WHERE m.user_id = $1 AND (o.id = $2 OR o.slug = $3)",
        )
        .bind(user.0)
        .bind(id.map(|id| id.0))
        .bind(name)
        .fetch_optional(self.read())
        .await?;
        row.as_ref().map(organization).transpose()
    }

    /// The organization with this id; its `role` is that of an agent.
    pub async fn organization_of_agent(
        &self,
        id: OrganizationId,
    ) -> Result<Option<OrganizationRow>, Error> {
        let row = sql("SELECT *, 'agent' AS role FROM organizations WHERE id = $1")
            .bind(id.0)
            .fetch_optional(self.read())
            .await?;
        row.as_ref().map(organization).transpose()
    }

    /// The workspaces of an organization that `user` may come into.
    pub async fn workspaces(
        &self,
        of: OrganizationId,
        user: UserId,
    ) -> Result<Vec<WorkspaceRow>, Error> {
        let rows = sql(
            "SELECT w.* FROM workspace_roles m JOIN workspaces w ON w.id = m.workspace_id
             WHERE m.organization_id = $1 AND m.user_id = $2 ORDER BY w.slug",
        )
        .bind(of.0)
        .bind(user.0)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(workspace).collect()
    }

    /// Makes a workspace with a first room, unless the organization has `limit` already; then `None`.
    pub async fn create_workspace(
        &self,
        organization: OrganizationId,
        slug: &Slug,
        name: &str,
        room: &Slug,
        limit: u32,
        act: &Act<'_>,
    ) -> Result<Option<WorkspaceRow>, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        if !has_room_for_workspace(&mut transaction, organization, limit).await? {
            return Ok(None);
        }
        let id = insert_workspace(&mut transaction, organization, slug, name, room, now).await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        Ok(Some(WorkspaceRow {
            id,
            organization,
            slug: slug.clone(),
            name: name.to_owned(),
            access: "everyone".to_owned(),
            created_at: now,
        }))
    }
}

pub(super) async fn insert_organization(
    transaction: &mut Work,
    founding: &Founding<'_>,
    now: Timestamp,
) -> Result<OrganizationId, Error> {
    let id = OrganizationId::new();
    sql("INSERT INTO organizations (id, slug, name, plan, created_at) VALUES ($1, $2, $2, $3, $4)")
        .bind(id.0)
        .bind(&**founding.organization)
        .bind(founding.plan)
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
    Ok(id)
}

pub(super) async fn insert_membership(
    transaction: &mut Work,
    organization: OrganizationId,
    user: UserId,
    role: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sql(
        "INSERT INTO memberships (organization_id, user_id, role, created_at)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(organization.0)
    .bind(user.0)
    .bind(role)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

pub(super) async fn insert_workspace(
    transaction: &mut Work,
    organization: OrganizationId,
    slug: &Slug,
    name: &str,
    room: &Slug,
    now: Timestamp,
) -> Result<WorkspaceId, Error> {
    let id = WorkspaceId::new();
    sql(
        "INSERT INTO workspaces (id, organization_id, slug, name, created_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id.0)
    .bind(organization.0)
    .bind(&**slug)
    .bind(name)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    super::room::insert_room(transaction, id, room, "", now).await?;
    Ok(id)
}
