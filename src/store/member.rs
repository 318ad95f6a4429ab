//! Members of organizations: who has which role, and what follows for those who are connected.

use super::audit::{Act, record, record_of};
use super::log::BATCH;
use super::row::{maybe_time, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Timestamp, UserId, WorkspaceId};

/// A member.
#[derive(Clone, Debug)]
pub struct MemberRow {
    /// Who.
    pub user: UserId,
    /// E-mail address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: String,
    /// Whether the operator has locked them out.
    pub disabled: bool,
    /// Since when.
    pub joined_at: Timestamp,
}

/// How a change of a membership went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Done.
    Done,
    /// There is no such member.
    Missing,
    /// It would leave the organization without an owner.
    LastOwner,
    /// Only an owner may do that.
    OwnersOnly,
}

/// A membership that is to change, and who changes it.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// Where.
    pub organization: OrganizationId,
    /// Who changes it.
    pub by: UserId,
    /// Whose it is.
    pub user: UserId,
    /// The new role; `None` ends the membership.
    pub role: Option<&'a str>,
}

fn member(row: &Row) -> Result<MemberRow, Error> {
    Ok(MemberRow {
        user: UserId(uuid(row, "user_id")?),
        email: text(row, "email")?,
        name: text(row, "name")?,
        role: text(row, "role")?,
        disabled: maybe_time(row, "disabled_at")?.is_some(),
        joined_at: time(row, "created_at")?,
    })
}

impl Store {
    /// At most `limit` members of an organization with ids after `after`, in their order.
    pub async fn members(
        &self,
        organization: OrganizationId,
        after: UserId,
        limit: u32,
    ) -> Result<Vec<MemberRow>, Error> {
        let rows = sql(
            "SELECT m.user_id, m.role, m.created_at, u.email, u.name, u.disabled_at
             FROM memberships m JOIN users u ON u.id = m.user_id
             WHERE m.organization_id = $1 AND m.user_id > $2 ORDER BY m.user_id LIMIT $3",
        )
        .bind(organization.0)
        .bind(after.0)
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(member).collect()
    }

    /// Gives a member another role, or ends the membership. What the roles allow is looked at in the same
    /// transaction: two owners who demote each other at once leave one.
    pub async fn change_member(&self, change: Change<'_>, act: &Act<'_>) -> Result<Changed, Error> {
        let mut transaction = self.begin().await?;
        transaction.hold_organization(change.organization).await?;
        let by = role(&mut transaction, change.organization, change.by).await?;
        let Some(now) = role(&mut transaction, change.organization, change.user).await? else {
            return Ok(Changed::Missing);
        };
        let of_owners = now == "owner" || change.role == Some("owner");
        if of_owners && by.as_deref() != Some("owner") {
            return Ok(Changed::OwnersOnly);
        }
        if now == "owner" && change.role != Some("owner") {
            let owners: i64 = sql(
                "SELECT count(*) AS n FROM memberships WHERE organization_id = $1 AND role = 'owner'",
            )
            .bind(change.organization.0)
            .fetch_one(&mut transaction)
            .await?
            .get("n")?;
            if owners <= 1 {
                return Ok(Changed::LastOwner);
            }
        }
        let statement = match change.role {
            Some(role) => {
                sql("UPDATE memberships SET role = $3 WHERE organization_id = $1 AND user_id = $2")
                    .bind(change.organization.0)
                    .bind(change.user.0)
                    .bind(role)
            }
            None => sql("DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2")
                .bind(change.organization.0)
                .bind(change.user.0),
        };
        statement.execute(&mut transaction).await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        Ok(Changed::Done)
    }

    /// Gives an organization another name for people.
    pub async fn rename_organization(
        &self,
        organization: OrganizationId,
        name: &str,
        act: &Act<'_>,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql("UPDATE organizations SET name = $1 WHERE id = $2")
            .bind(name)
            .bind(organization.0)
            .execute(&mut transaction)
            .await?;
        record(&mut transaction, act).await?;
        transaction.commit().await
    }

    /// The roles that these people have in these workspaces now; who is missing has none.
    pub async fn roles(
        &self,
        asked: &[(WorkspaceId, UserId)],
    ) -> Result<Vec<(WorkspaceId, UserId, String)>, Error> {
        let mut roles = Vec::new();
        for asked in asked.chunks(BATCH) {
            let mut query = sql(
                "SELECT workspace_id, user_id, role FROM workspace_roles WHERE workspace_id IN ",
            );
            query.push_list(asked.iter().map(|(workspace, _)| workspace.0));
            query.push(" AND user_id IN ");
            query.push_list(asked.iter().map(|(_, user)| user.0));
            for row in query.fetch_all(self.read()).await? {
                let workspace = WorkspaceId(uuid(&row, "workspace_id")?);
                roles.push((
                    workspace,
                    UserId(uuid(&row, "user_id")?),
                    text(&row, "role")?,
                ));
            }
        }
        Ok(roles)
    }

    /// Locks the person with this address out of the hub, or lets them in again; every session they had has
    /// ended either way. `false` when there is no such person.
    pub async fn set_disabled(
        &self,
        email: &str,
        disabled: bool,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let at = disabled.then(|| Timestamp::now().0);
        let mut transaction = self.begin().await?;
        let changed = sql(
            "UPDATE users SET disabled_at = $1, generation = generation + 1
             WHERE email = $2 RETURNING id",
        )
        .bind(at)
        .bind(email)
        .fetch_optional(&mut transaction)
        .await?;
        let Some(row) = changed else {
            return Ok(false);
        };
        record_of(&mut transaction, act, UserId(uuid(&row, "id")?)).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn role(
    transaction: &mut Work,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<String>, Error> {
    let row = sql("SELECT role FROM memberships WHERE organization_id = $1 AND user_id = $2")
        .bind(organization.0)
        .bind(user.0)
        .fetch_optional(transaction)
        .await?;
    row.as_ref().map(|row| text(row, "role")).transpose()
}
