//! Who may come into a workspace: its access, and those who are listed where it is narrower.

use super::audit::{Act, record, record_change};
use super::row::{text, time, uuid};
use super::sql::{Row, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Timestamp, UserId, WorkspaceId};

/// A person who is listed.
#[derive(Clone, Debug)]
pub struct ListedRow {
    /// Who.
    pub user: UserId,
    /// E-mail address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// `admin`, `member` or `viewer`, in this workspace.
    pub role: String,
    /// Since when they are listed.
    pub added_at: Timestamp,
}

fn listed(row: &Row) -> Result<ListedRow, Error> {
    Ok(ListedRow {
        user: UserId(uuid(row, "user_id")?),
        email: text(row, "email")?,
        name: text(row, "name")?,
        role: text(row, "role")?,
        added_at: time(row, "created_at")?,
    })
}

impl Store {
    /// Changes a workspace's name for people, or who may come in, where they are given.
    pub async fn change_workspace(
        &self,
        workspace: WorkspaceId,
        name: Option<&str>,
        access: Option<&str>,
        acts: &[Act<'_>],
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql(
            "UPDATE workspaces SET name = COALESCE($1, name), access = COALESCE($2, access)
             WHERE id = $3",
        )
        .bind(name)
        .bind(access)
        .bind(workspace.0)
        .execute(&mut transaction)
        .await?;
        for act in acts {
            record(&mut transaction, act).await?;
        }
        transaction.commit().await
    }

    /// At most `limit` people who are listed, with ids after `after`, in their order.
    pub async fn listed(
        &self,
        workspace: WorkspaceId,
        after: UserId,
        limit: u32,
    ) -> Result<Vec<ListedRow>, Error> {
        let rows = sql("SELECT l.user_id, l.role, l.created_at, u.email, u.name
             FROM workspace_members l JOIN users u ON u.id = l.user_id
             WHERE l.workspace_id = $1 AND l.user_id > $2 ORDER BY l.user_id LIMIT $3")
        .bind(workspace.0)
        .bind(after.0)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(listed).collect()
    }

    /// Lists a member of the organization, or gives who is listed another role; `false` when they are no
    /// member.
    pub async fn list_member(
        &self,
        (organization, workspace): (OrganizationId, WorkspaceId),
        user: UserId,
        role: &str,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        // A membership that ends meanwhile takes the row along.
        transaction.hold_organization(organization).await?;
        let done = sql(
            "INSERT INTO workspace_members (workspace_id, organization_id, user_id, role, created_at)
             SELECT $1, organization_id, user_id, $4, $5 FROM memberships
             WHERE organization_id = $2 AND user_id = $3
             ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role",
        )
        .bind(workspace.0)
        .bind(organization.0)
        .bind(user.0)
        .bind(role)
        .bind(Timestamp::now().0)
        .execute(&mut transaction)
        .await?;
        record_change(transaction, done, act).await
    }

    /// Takes a person off the list; `false` when they were not on it.
    pub async fn unlist_member(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let gone = sql("DELETE FROM workspace_members WHERE workspace_id = $1 AND user_id = $2")
            .bind(workspace.0)
            .bind(user.0)
            .execute(&mut transaction)
            .await?;
        record_change(transaction, gone, act).await
    }
}
