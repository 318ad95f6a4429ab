//! Where organizations want to be told: addresses and secrets, both sealed.

use super::audit::{Act, record, record_change};
use super::delivery::give_up;
use super::row::{maybe_time, text, time, uuid};
use super::sql::{Row, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Timestamp, WebhookId};

/// Webhooks of an organization.
const MAX: usize = 10;

/// A webhook, as stored.
#[derive(Clone, Debug)]
pub struct WebhookRow {
    /// Id.
    pub id: WebhookId,
    /// Whose.
    pub organization: OrganizationId,
    /// `webhook` or `slack`.
    pub kind: String,
    /// The address, sealed.
    pub url: Vec<u8>,
    /// The secret, sealed.
    pub secret: Vec<u8>,
    /// The secret before it, sealed, and until when it signs as well.
    pub former: Option<(Vec<u8>, Timestamp)>,
    /// Since when nothing is sent to it.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

fn webhook(row: &Row) -> Result<WebhookRow, Error> {
    let former: Option<Vec<u8>> = row.get("former_secret")?;
    Ok(WebhookRow {
        id: WebhookId(uuid(row, "id")?),
        organization: OrganizationId(uuid(row, "organization_id")?),
        kind: text(row, "kind")?,
        url: row.get("url")?,
        secret: row.get("secret")?,
        former: former.zip(maybe_time(row, "former_until")?),
        disabled_at: maybe_time(row, "disabled_at")?,
        created_at: time(row, "created_at")?,
    })
}

impl Store {
    /// The webhooks of an organization, the oldest first.
    pub async fn webhooks(&self, of: OrganizationId) -> Result<Vec<WebhookRow>, Error> {
        let rows = sql("SELECT * FROM webhooks WHERE organization_id = $1 ORDER BY id")
            .bind(of.0)
            .fetch_all(self.read())
            .await?;
        rows.iter().map(webhook).collect()
    }

    /// One of them.
    pub async fn webhook(
        &self,
        of: OrganizationId,
        id: WebhookId,
    ) -> Result<Option<WebhookRow>, Error> {
        let row = sql("SELECT * FROM webhooks WHERE organization_id = $1 AND id = $2")
            .bind(of.0)
            .bind(id.0)
            .fetch_optional(self.read())
            .await?;
        row.as_ref().map(webhook).transpose()
    }

    /// Makes a webhook; `false` when the organization has 10 already.
    pub async fn create_webhook(&self, new: &WebhookRow, act: &Act<'_>) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        transaction.hold_organization(new.organization).await?;
        let known = sql("SELECT id FROM webhooks WHERE organization_id = $1")
            .bind(new.organization.0)
            .fetch_all(&mut transaction)
            .await?;
        if known.len() >= MAX {
            return Ok(false);
        }
        sql(
            "INSERT INTO webhooks (id, organization_id, kind, url, secret, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(new.id.0)
        .bind(new.organization.0)
        .bind(new.kind.as_str())
        .bind(new.url.as_slice())
        .bind(new.secret.as_slice())
        .bind(new.created_at.0)
        .execute(&mut transaction)
        .await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Gives a webhook another secret; the one that it has signs as well until `until`. `None` when there is no
    /// such webhook.
    pub async fn rotate_webhook(
        &self,
        of: OrganizationId,
        id: WebhookId,
        (secret, until): (&[u8], Timestamp),
        act: &Act<'_>,
    ) -> Result<Option<WebhookRow>, Error> {
        let mut transaction = self.begin().await?;
        let row = sql(
            "UPDATE webhooks SET former_secret = secret, former_until = $1, secret = $2
             WHERE organization_id = $3 AND id = $4 RETURNING *",
        )
        .bind(until.0)
        .bind(secret)
        .bind(of.0)
        .bind(id.0)
        .fetch_optional(&mut transaction)
        .await?;
        if row.is_some() {
            record(&mut transaction, act).await?;
        }
        transaction.commit().await?;
        row.as_ref().map(webhook).transpose()
    }

    /// Disables a webhook at this time, or enables it. `None` when there is no such webhook.
    pub async fn disable_webhook(
        &self,
        of: OrganizationId,
        id: WebhookId,
        at: Option<Timestamp>,
        act: &Act<'_>,
    ) -> Result<Option<WebhookRow>, Error> {
        let mut transaction = self.begin().await?;
        let row = sql("UPDATE webhooks SET disabled_at = $1
             WHERE organization_id = $2 AND id = $3 RETURNING *")
        .bind(at.map(|at| at.0))
        .bind(of.0)
        .bind(id.0)
        .fetch_optional(&mut transaction)
        .await?;
        if row.is_some() {
            record(&mut transaction, act).await?;
            if let Some(at) = at {
                give_up(&mut transaction, id, at).await?;
            }
        }
        transaction.commit().await?;
        row.as_ref().map(webhook).transpose()
    }

    /// Deletes a webhook with what was to be sent to it; `false` when there is none.
    pub async fn delete_webhook(
        &self,
        of: OrganizationId,
        id: WebhookId,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let gone = sql("DELETE FROM webhooks WHERE organization_id = $1 AND id = $2")
            .bind(of.0)
            .bind(id.0)
            .execute(&mut transaction)
            .await?;
        record_change(transaction, gone, act).await
    }
}
