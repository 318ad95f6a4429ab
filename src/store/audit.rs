//! The audit log: what was done that bears on security. Rows are written and read, never changed.

use super::log::{parse_sender_kind, sender_kind};
use super::row::{maybe_text, maybe_uuid, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Sender, SenderKind, Timestamp, UserId};
use std::net::IpAddr;
use uuid::Uuid;

/// Organizations of one person that are told of what concerns the account.
const MAX_ORGANIZATIONS: u32 = 100;

/// One act, as whoever did it tells it.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    /// Whose log it stands in; `None` for what concerns an account or the hub.
    pub organization: Option<OrganizationId>,
    /// Who did it.
    pub actor: &'a Sender,
    /// What, as `thing.done`: `key.revoked`.
    pub action: &'static str,
    /// To what or whom: an id, a name, an address. Never a secret.
    pub target: &'a str,
    /// Where they came from.
    pub address: Option<IpAddr>,
}

/// One act, as stored.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Id; later acts have greater ones.
    pub id: Uuid,
    /// When.
    pub time: Timestamp,
    /// What kind of actor.
    pub actor_kind: SenderKind,
    /// Who.
    pub actor_id: Uuid,
    /// Their name at the time.
    pub actor_name: String,
    /// What.
    pub action: String,
    /// To what or whom.
    pub target: String,
    /// Where they came from.
    pub address: Option<String>,
    /// Whose log it stands in.
    pub organization: Option<Uuid>,
}

fn audit(row: &Row) -> Result<AuditRow, Error> {
    Ok(AuditRow {
        id: uuid(row, "id")?,
        time: time(row, "time")?,
        actor_kind: parse_sender_kind(&text(row, "actor_kind")?),
        actor_id: uuid(row, "actor_id")?,
        actor_name: text(row, "actor_name")?,
        action: text(row, "action")?,
        target: text(row, "target")?,
        address: maybe_text(row, "address")?,
        organization: maybe_uuid(row, "organization_id")?,
    })
}

impl Store {
    /// Writes an act down by itself. What changes rows does it in their transaction, by [`record`].
    pub async fn record(&self, act: &Act<'_>) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        record(&mut transaction, act).await?;
        transaction.commit().await
    }

    /// Writes down by itself what concerns an account; see [`record_of`].
    pub async fn record_of(&self, act: &Act<'_>, user: UserId) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        record_of(&mut transaction, act, user).await?;
        transaction.commit().await
    }

    /// Acts of an organization before this one, the newest first.
    pub async fn acts(
        &self,
        organization: OrganizationId,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        let rows = sql(
            "SELECT * FROM audit_log WHERE organization_id = $1 AND id < $2
             ORDER BY id DESC LIMIT $3",
        )
        .bind(organization.0)
        .bind(before.unwrap_or(Uuid::max()))
        .bind(i64::from(limit))
        .fetch_all(self.read())
        .await?;
        rows.iter().map(audit).collect()
    }
}

/// Ends the transaction of one row that was to change: where it did, with the act. Whether it did.
pub(super) async fn record_change(
    mut transaction: Work,
    changed: u64,
    act: &Act<'_>,
) -> Result<bool, Error> {
    if changed == 1 {
        record(&mut transaction, act).await?;
    }
    transaction.commit().await?;
    Ok(changed == 1)
}

/// Writes down what concerns an account: in the log of each organization that the person is in, else in none.
pub(super) async fn record_of(
    transaction: &mut Work,
    act: &Act<'_>,
    user: UserId,
) -> Result<(), Error> {
    let rows = sql("SELECT organization_id FROM memberships WHERE user_id = $1
         ORDER BY created_at LIMIT $2")
    .bind(user.0)
    .bind(MAX_ORGANIZATIONS)
    .fetch_all(&mut *transaction)
    .await?;
    if rows.is_empty() {
        return record(transaction, act).await;
    }
    for row in &rows {
        let organization = Some(OrganizationId(uuid(row, "organization_id")?));
        let act = Act {
            organization,
            ..act.clone()
        };
        record(transaction, &act).await?;
    }
    Ok(())
}

/// Writes an act down in the transaction of what was done.
pub(super) async fn record(transaction: &mut Work, act: &Act<'_>) -> Result<(), Error> {
    sql(
        "INSERT INTO audit_log (id, organization_id, time, actor_kind, actor_id, actor_name, action, target,
         address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(Uuid::now_v7())
    .bind(act.organization.map(|id| id.0))
    .bind(Timestamp::now().0)
    .bind(sender_kind(act.actor.kind))
    .bind(act.actor.id)
    .bind(act.actor.name.as_str())
    .bind(act.action)
    .bind(act.target)
    .bind(act.address.map(|address| address.to_canonical().to_string()))
    .execute(&mut *transaction)
    .await?;
    Ok(())
}
