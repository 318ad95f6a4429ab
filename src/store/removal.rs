//! The end of workspaces and organizations: out of reach in one transaction. Their rows are removed later, a
//! few at a time, by [`super::sweep`].

use super::audit::{Act, record};
use super::row::{slug, uuid};
use super::sql::{Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Slug, Timestamp, WorkspaceId};

impl Store {
    /// The workspace of an organization with this id or this name, and its name.
    pub async fn workspace_of(
        &self,
        organization: OrganizationId,
        id: Option<WorkspaceId>,
        name: &str,
    ) -> Result<Option<(WorkspaceId, Slug)>, Error> {
        let row = sql("SELECT id, slug FROM workspaces
             WHERE organization_id = $1 AND (id = $2 OR slug = $3) AND deleted_at IS NULL")
        .bind(organization.0)
        .bind(id.map(|id| id.0))
        .bind(name)
        .fetch_optional(self.read())
        .await?;
        row.map(|row| Ok((WorkspaceId(uuid(&row, "id")?), slug(&row, "slug")?)))
            .transpose()
    }

    /// Deletes a workspace; its name is free at once. `false` when it was deleted before.
    pub async fn delete_workspace(
        &self,
        workspace: WorkspaceId,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let deleted = hide(&mut transaction, workspace).await?;
        if deleted {
            record(&mut transaction, act).await?;
        }
        transaction.commit().await?;
        Ok(deleted)
    }

    /// Deletes an organization with its workspaces, members and invites; its name is free at once. What it used
    /// stays, for the bill.
    pub async fn delete_organization(
        &self,
        organization: OrganizationId,
        act: &Act<'_>,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        transaction.hold_organization(organization).await?;
        let workspaces =
            sql("SELECT id FROM workspaces WHERE organization_id = $1 AND deleted_at IS NULL")
                .bind(organization.0)
                .fetch_all(&mut transaction)
                .await?;
        for row in workspaces {
            hide(&mut transaction, WorkspaceId(uuid(&row, "id")?)).await?;
        }
        sql("UPDATE organizations SET deleted_at = $1, slug = $2 WHERE id = $3")
            .bind(Timestamp::now().0)
            .bind(hidden(organization.0))
            .bind(organization.0)
            .execute(&mut transaction)
            .await?;
        for statement in [
            "DELETE FROM invites WHERE organization_id = $1",
            "DELETE FROM memberships WHERE organization_id = $1",
        ] {
            sql(statement)
                .bind(organization.0)
                .execute(&mut transaction)
                .await?;
        }
        record(&mut transaction, act).await?;
        transaction.commit().await
    }
}

/// From its commit on, whatever the log is to write into the workspace is refused.
async fn hide(transaction: &mut Work, workspace: WorkspaceId) -> Result<bool, Error> {
    let hidden = sql(
        "UPDATE workspaces SET deleted_at = $1, slug = $2 WHERE id = $3 AND deleted_at IS NULL",
    )
    .bind(Timestamp::now().0)
    .bind(hidden(workspace.0))
    .bind(workspace.0)
    .execute(transaction)
    .await?;
    Ok(hidden == 1)
}

/// A name that nobody else has and nobody asks for.
fn hidden(id: uuid::Uuid) -> String {
    format!("deleted-{}", id.simple())
}
