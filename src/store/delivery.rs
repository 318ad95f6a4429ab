//! The outbox: what is to be told to whom, in the database until it was taken.

use super::limit::{AlertRow, alert};
use super::row::{maybe_text, maybe_time, maybe_uuid, number, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Timestamp, WebhookId};
use uuid::Uuid;

/// Deliveries that are on their way to one destination at once, over all nodes.
const TO_ONE: u32 = 2;
/// Tests of one webhook in an hour.
const MAX_TESTS: usize = 20;
/// See [`MAX_TESTS`].
const HOUR_MS: i64 = 3_600_000;
/// How long a node has to say what came of one.
const LEASE_MS: i64 = 60_000;
/// Owners and admins that are written to.
const MAX_LETTERS: u32 = 50;
/// How long deliveries that have ended can be looked at.
const KEPT_MS: i64 = 30 * 86_400_000;

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A webhook of the organization.
    Webhook,
    /// Mail to one of its owners or admins.
    Mail,
    /// The operator's own webhook.
    Operator,
}

impl Channel {
    fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Mail => "mail",
            Self::Operator => "operator",
        }
    }
}

/// One delivery, as stored.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// Id; later ones are greater.
    pub id: Uuid,
    /// Whom it is about.
    pub organization: OrganizationId,
    /// By which way.
    pub channel: Channel,
    /// Where to, of a webhook.
    pub webhook: Option<WebhookId>,
    /// Where to, of mail.
    pub address: Option<String>,
    /// What, as `limit.reached`.
    pub event: String,
    /// The JSON that is sent.
    pub body: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, while it waits.
    pub next_at: Timestamp,
    /// The status of the last answer.
    pub status: Option<i64>,
    /// Why there was none, or none that counts.
    pub error: Option<String>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub ended_at: Option<Timestamp>,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What was wrong with it, if something was.
    pub error: Option<String>,
    /// What is next.
    pub next: Next,
}

/// What is next after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It was taken.
    Done,
    /// It is tried again at this time.
    Again(Timestamp),
    /// It is given up.
    GiveUp,
    /// It is given up, and nothing more is sent to this webhook.
    Disable,
}

fn delivery(row: &Row) -> Result<DeliveryRow, Error> {
    Ok(DeliveryRow {
        id: uuid(row, "id")?,
        organization: OrganizationId(uuid(row, "organization_id")?),
        channel: match text(row, "channel")?.as_str() {
            "mail" => Channel::Mail,
            "operator" => Channel::Operator,
            _ => Channel::Webhook,
        },
        webhook: maybe_uuid(row, "webhook_id")?.map(WebhookId),
        address: maybe_text(row, "address")?,
        event: text(row, "event")?,
        body: text(row, "body")?,
        state: text(row, "state")?,
        attempts: number(row, "attempts")?,
        next_at: time(row, "next_at")?,
        status: row.get("status")?,
        error: maybe_text(row, "error")?,
        created_at: time(row, "created_at")?,
        ended_at: maybe_time(row, "ended_at")?,
    })
}

/// A delivery to be made of an alert, or asked for.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whom it is about.
    pub organization: OrganizationId,
    /// By which way.
    pub channel: Channel,
    /// Where to, of a webhook.
    pub webhook: Option<WebhookId>,
    /// Where to, of mail.
    pub address: Option<String>,
    /// What.
    pub event: &'static str,
    /// The JSON that is sent.
    pub body: String,
}

impl Store {
    /// Alerts that nobody was told of, with the names of their organizations.
    pub async fn untold_alerts(&self) -> Result<Vec<(AlertRow, String)>, Error> {
        let rows = sql("SELECT a.*, o.slug FROM alerts a
             JOIN organizations o ON o.id = a.organization_id
             WHERE a.told_at IS NULL ORDER BY a.id LIMIT 64")
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| Ok((alert(row)?, text(row, "slug")?)))
            .collect()
    }

    /// The addresses of an organization's owners and admins, 50 at most.
    pub async fn managers(&self, of: OrganizationId) -> Result<Vec<String>, Error> {
        let rows = sql(
            "SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id
             WHERE m.organization_id = $1 AND m.role IN ('owner', 'admin') AND u.disabled_at IS NULL
             ORDER BY m.created_at LIMIT $2",
        )
        .bind(of.0)
        .bind(MAX_LETTERS)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(|row| text(row, "email")).collect()
    }

    /// Writes down what is to be sent because of an alert, once over all nodes.
    pub async fn tell_alert(&self, alert: Uuid, drafts: &[Draft]) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let now = Timestamp::now();
        let first = sql("UPDATE alerts SET told_at = $1 WHERE id = $2 AND told_at IS NULL")
            .bind(now.0)
            .bind(alert)
            .execute(&mut transaction)
            .await?;
        if first == 1 {
            for draft in drafts {
                insert(draft, now).execute(&mut transaction).await?;
            }
        }
        transaction.commit().await
    }

    /// Writes down a test; `false` when its webhook had 20 in the last hour.
    pub async fn add_test(&self, draft: &Draft) -> Result<bool, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        transaction.hold_organization(draft.organization).await?;
        let known = sql("SELECT id FROM deliveries
             WHERE webhook_id = $1 AND event = $2 AND created_at > $3 LIMIT $4")
        .bind(draft.webhook.map(|id| id.0))
        .bind(draft.event)
        .bind(now.0 - HOUR_MS)
        .bind(MAX_TESTS as u32)
        .fetch_all(&mut transaction)
        .await?;
        if known.len() >= MAX_TESTS {
            return Ok(false);
        }
        insert(draft, now).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes on what is due, `most` at once, for a minute: no other node does meanwhile. A destination has two on
    /// their way at most, and of all that waits the organization is first that has the fewest: who does not
    /// answer, or has much to be told, holds up nobody else.
    pub async fn claim_deliveries(&self, most: u32) -> Result<Vec<DeliveryRow>, Error> {
        let now = Timestamp::now().0;
        let due = sql(
            "SELECT id FROM deliveries WHERE state = 'waiting' AND next_at <= $1
             AND leased_until <= $1 LIMIT 1",
        )
        .bind(now)
        .fetch_optional(self.read())
        .await?;
        if due.is_none() {
            return Ok(Vec::new());
        }
        let mut transaction = self.begin().await?;
        // What is on its way is counted, so nodes count one after the other.
        transaction.hold("deliveries").await?;
        let rows = sql(
            "UPDATE deliveries SET leased_until = $2, attempts = attempts + 1 WHERE id IN (
                 SELECT id FROM (
                     SELECT id, next_at, leased_until, ROW_NUMBER() OVER (
                         PARTITION BY organization_id ORDER BY away DESC, next_at) AS turn
                     FROM (
                         SELECT d.id, d.organization_id, d.next_at, d.leased_until,
                             CASE WHEN d.leased_until > $1 THEN 1 ELSE 0 END AS away,
                             ROW_NUMBER() OVER (
                                 PARTITION BY d.channel, d.webhook_id, d.address
                                 ORDER BY CASE WHEN d.leased_until > $1 THEN 0 ELSE 1 END, d.next_at
                             ) AS place
                         FROM deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id
                         WHERE d.state = 'waiting' AND d.next_at <= $1
                           AND w.disabled_at IS NULL) AS placed
                     WHERE place <= $3) AS due
                 WHERE leased_until <= $1 ORDER BY turn, next_at LIMIT $4)
             RETURNING *",
        )
        .bind(now)
        .bind(now + LEASE_MS)
        .bind(TO_ONE)
        .bind(most)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        rows.iter().map(delivery).collect()
    }

    /// Writes down what came of an attempt, unless its minute was over and somebody else has taken it on.
    pub async fn settle_delivery(
        &self,
        delivery: &DeliveryRow,
        attempt: &Attempt,
    ) -> Result<(), Error> {
        let now = Timestamp::now();
        let (state, next_at) = match attempt.next {
            Next::Done => ("delivered", now),
            Next::Again(at) => ("waiting", at),
            Next::GiveUp | Next::Disable => ("failed", now),
        };
        let mut transaction = self.begin().await?;
        sql(
            "UPDATE deliveries SET state = $1, next_at = $2, leased_until = 0, status = $3, error = $4,
                 ended_at = $5 WHERE id = $6 AND state = 'waiting' AND attempts = $7",
        )
        .bind(state)
        .bind(next_at.0)
        .bind(attempt.status.map(i64::from))
        .bind(attempt.error.clone())
        .bind((state != "waiting").then_some(now.0))
        .bind(delivery.id)
        .bind(delivery.attempts)
        .execute(&mut transaction)
        .await?;
        if attempt.next == Next::Disable
            && let Some(webhook) = delivery.webhook
        {
            sql("UPDATE webhooks SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL")
                .bind(now.0)
                .bind(webhook.0)
                .execute(&mut transaction)
                .await?;
            give_up(&mut transaction, webhook, now).await?;
        }
        transaction.commit().await
    }

    /// Deliveries to a webhook, the newest first, after `before`.
    pub async fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, Error> {
        let rows = sql("SELECT * FROM deliveries WHERE webhook_id = $1 AND id < $2
             ORDER BY id DESC LIMIT $3")
        .bind(webhook.0)
        .bind(before.unwrap_or(Uuid::max()))
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(delivery).collect()
    }

    /// Forgets deliveries that ended 30 days ago.
    pub async fn forget_deliveries(&self) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM deliveries WHERE ended_at < $1")
            .bind(Timestamp::now().0 - KEPT_MS)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }
}

/// What waits for a webhook that is disabled is given up: nobody wants old news when it is enabled again.
pub(super) async fn give_up(
    transaction: &mut Work,
    webhook: WebhookId,
    now: Timestamp,
) -> Result<(), Error> {
    sql(
        "UPDATE deliveries SET state = 'failed', error = 'the webhook was disabled', ended_at = $1
         WHERE webhook_id = $2 AND state = 'waiting'",
    )
    .bind(now.0)
    .bind(webhook.0)
    .execute(transaction)
    .await?;
    Ok(())
}

fn insert(draft: &Draft, now: Timestamp) -> super::sql::Statement {
    sql(
        "INSERT INTO deliveries (id, organization_id, channel, webhook_id, address, event, body,
             next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
    )
    .bind(Uuid::now_v7())
    .bind(draft.organization.0)
    .bind(draft.channel.name())
    .bind(draft.webhook.map(|id| id.0))
    .bind(draft.address.clone())
    .bind(draft.event)
    .bind(draft.body.as_str())
    .bind(now.0)
}
