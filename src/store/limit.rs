//! Plans, ceilings and alerts of organizations, and the counts that a plan limits.

use super::audit::{Act, record};
use super::row::{number, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Sender, Slug, Timestamp, UserId};
use uuid::Uuid;

/// At this many per cent of a limit the act is written to the audit log.
const AUDITED_LEVEL: i64 = 200;

/// A limit that was come near to, reached or passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Id; later ones are greater.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// Of what.
    pub meter: String,
    /// Per cent.
    pub level: i64,
    /// The month.
    pub period: String,
    /// How much was used then.
    pub used: i64,
    /// How much the plan allows.
    pub allowed: i64,
    /// When.
    pub time: Timestamp,
}

/// What there is of what a plan limits by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Members.
    pub members: i64,
    /// Workspaces.
    pub workspaces: i64,
    /// Rooms.
    pub rooms: i64,
    /// Agents.
    pub agents: i64,
}

pub(super) fn alert(row: &Row) -> Result<AlertRow, Error> {
    Ok(AlertRow {
        id: uuid(row, "id")?,
        organization: OrganizationId(uuid(row, "organization_id")?),
        meter: text(row, "meter")?,
        level: number(row, "level")?,
        period: text(row, "period")?,
        used: number(row, "used")?,
        allowed: number(row, "allowed")?,
        time: time(row, "time")?,
    })
}

impl Store {
    /// Gives an organization, by name, another plan; `None` when there is no such organization.
    pub async fn set_plan(
        &self,
        organization: &Slug,
        plan: &str,
        actor: &Sender,
    ) -> Result<Option<OrganizationId>, Error> {
        let mut transaction = self.begin().await?;
        let row = sql("SELECT id FROM organizations WHERE slug = $1")
            .bind(&**organization)
            .fetch_optional(&mut transaction)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let id = OrganizationId(uuid(&row, "id")?);
        sql("UPDATE organizations SET plan = $1 WHERE id = $2")
            .bind(plan)
            .bind(id.0)
            .execute(&mut transaction)
            .await?;
        let act = Act {
            organization: Some(id),
            actor,
            action: "plan.changed",
            target: plan,
            address: None,
        };
        record(&mut transaction, &act).await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// The plan of an organization; `None` when it is gone.
    pub async fn plan_of(&self, organization: OrganizationId) -> Result<Option<String>, Error> {
        let row = sql("SELECT plan FROM organizations WHERE id = $1")
            .bind(organization.0)
            .fetch_optional(self.read())
            .await?;
        row.map(|row| text(&row, "plan")).transpose()
    }

    /// The plans of the organizations that a person is a member of.
    pub async fn plans_of(&self, user: UserId) -> Result<Vec<String>, Error> {
        let rows = sql("SELECT DISTINCT o.plan FROM memberships m
             JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = $1")
        .bind(user.0)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(|row| text(row, "plan")).collect()
    }

    /// The most cents that may be charged beyond the plan's price in a month, where there is a ceiling.
    pub async fn overage_ceiling(
        &self,
        organization: OrganizationId,
    ) -> Result<Option<i64>, Error> {
        let row =
            sql("SELECT overage_ceiling_cents FROM organization_limits WHERE organization_id = $1")
                .bind(organization.0)
                .fetch_optional(self.read())
                .await?;
        match row {
            Some(row) => row.get("overage_ceiling_cents"),
            None => Ok(None),
        }
    }

    /// Sets or lifts the ceiling.
    pub async fn set_overage_ceiling(
        &self,
        organization: OrganizationId,
        cents: Option<i64>,
        actor: &Sender,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql("INSERT INTO organization_limits (organization_id, overage_ceiling_cents) VALUES ($1, $2)
             ON CONFLICT (organization_id)
             DO UPDATE SET overage_ceiling_cents = excluded.overage_ceiling_cents")
        .bind(organization.0)
        .bind(cents)
        .execute(&mut transaction)
        .await?;
        let target = cents.map_or("none".to_owned(), |cents| format!("{cents} cents"));
        let act = Act {
            organization: Some(organization),
            actor,
            action: "ceiling.changed",
            target: &target,
            address: None,
        };
        record(&mut transaction, &act).await?;
        transaction.commit().await
    }

    /// Raises an alert, once for its meter, level and month over all nodes. Whether this was the once.
    pub async fn raise_alert(&self, alert: &AlertRow, hub: &Sender) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let fresh = sql(
            "INSERT INTO alerts (id, organization_id, meter, level, period, used, allowed, time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (organization_id, meter, level, period) DO NOTHING",
        )
        .bind(alert.id)
        .bind(alert.organization.0)
        .bind(&alert.meter)
        .bind(alert.level)
        .bind(&alert.period)
        .bind(alert.used)
        .bind(alert.allowed)
        .bind(alert.time.0)
        .execute(&mut transaction)
        .await?;
        if fresh == 1 && alert.level >= AUDITED_LEVEL {
            let act = Act {
                organization: Some(alert.organization),
                actor: hub,
                action: "limit.exceeded",
                target: &format!("{} at {} %", alert.meter, alert.level),
                address: None,
            };
            record(&mut transaction, &act).await?;
        }
        transaction.commit().await?;
        Ok(fresh == 1)
    }

    /// Alerts of an organization, the newest first.
    pub async fn alerts(
        &self,
        organization: OrganizationId,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AlertRow>, Error> {
        let rows = sql("SELECT * FROM alerts WHERE organization_id = $1 AND id < $2
             ORDER BY id DESC LIMIT $3")
        .bind(organization.0)
        .bind(before.unwrap_or(Uuid::max()))
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(alert).collect()
    }

    /// What an organization has of what its plan limits by number.
    pub async fn counts(&self, organization: OrganizationId) -> Result<Counts, Error> {
        let row = sql("SELECT
             (SELECT count(*) FROM memberships WHERE organization_id = $1) AS members,
             (SELECT count(*) FROM workspaces
              WHERE organization_id = $1 AND deleted_at IS NULL) AS workspaces,
             (SELECT count(*) FROM rooms r JOIN workspaces w ON w.id = r.workspace_id
              WHERE w.organization_id = $1 AND w.deleted_at IS NULL) AS rooms,
             (SELECT count(*) FROM agents a JOIN workspaces w ON w.id = a.workspace_id
              WHERE w.organization_id = $1 AND w.deleted_at IS NULL) AS agents")
        .bind(organization.0)
        .fetch_one(self.read())
        .await?;
        Ok(Counts {
            members: number(&row, "members")?,
            workspaces: number(&row, "workspaces")?,
            rooms: number(&row, "rooms")?,
            agents: number(&row, "agents")?,
        })
    }
}

/// Whether an organization has room for one workspace more; held until the transaction ends.
pub(super) async fn has_room_for_workspace(
    transaction: &mut Work,
    organization: OrganizationId,
    limit: u32,
) -> Result<bool, Error> {
    transaction.hold_organization(organization).await?;
    let row = sql(
        "SELECT count(*) AS n FROM workspaces WHERE organization_id = $1 AND deleted_at IS NULL",
    )
    .bind(organization.0)
    .fetch_one(&mut *transaction)
    .await?;
    Ok(number(&row, "n")? < i64::from(limit))
}

/// Whether an organization has room for one member more; held until the transaction ends.
pub(super) async fn has_room_for_member(
    transaction: &mut Work,
    organization: OrganizationId,
    limit: u32,
) -> Result<bool, Error> {
    transaction.hold_organization(organization).await?;
    let row = sql("SELECT count(*) AS n FROM memberships WHERE organization_id = $1")
        .bind(organization.0)
        .fetch_one(&mut *transaction)
        .await?;
    Ok(number(&row, "n")? < i64::from(limit))
}
