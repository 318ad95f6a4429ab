//! What Stripe knows of organizations, as it was last fetched.

use super::audit::{Act, record};
use super::row::{maybe_text, maybe_time, number, text, uuid};
use super::sql::{Row, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Sender, Timestamp};

/// How long events are remembered: Stripe repeats one for three days.
const KEPT_MS: i64 = 30 * 86_400_000;

/// An organization that Stripe knows.
#[derive(Clone, Debug)]
pub struct BillingRow {
    /// Which.
    pub organization: OrganizationId,
    /// Stripe's id of it.
    pub customer: String,
    /// Its subscription, if there was one.
    pub subscription: Option<Subscription>,
    /// What was made of the subscription.
    pub applied: String,
    /// When it is fetched again.
    pub due_at: Timestamp,
    /// Fetches in a row that failed.
    pub failures: i64,
}

/// A subscription, in Stripe's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Id.
    pub id: String,
    /// `active`, `past_due`, `canceled`…
    pub status: String,
    /// What is paid for.
    pub price: String,
    /// When what was paid ends.
    pub period_ends_at: Option<Timestamp>,
    /// Since when a payment is missing.
    pub past_due_since: Option<Timestamp>,
}

fn billing(row: &Row) -> Result<BillingRow, Error> {
    let (id, status) = (
        maybe_text(row, "subscription_id")?,
        maybe_text(row, "status")?,
    );
    let subscription = match id.zip(status) {
        None => None,
        Some((id, status)) => Some(Subscription {
            id,
            status,
            price: maybe_text(row, "price_id")?.unwrap_or_default(),
            period_ends_at: maybe_time(row, "period_ends_at")?,
            past_due_since: maybe_time(row, "past_due_since")?,
        }),
    };
    Ok(BillingRow {
        organization: OrganizationId(uuid(row, "organization_id")?),
        customer: text(row, "customer_id")?,
        subscription,
        applied: text(row, "applied")?,
        due_at: Timestamp(number(row, "due_at")?),
        failures: number(row, "failures")?,
    })
}

impl Store {
    /// What Stripe knows of an organization; `None` when it does not know it.
    pub async fn billing(&self, of: OrganizationId) -> Result<Option<BillingRow>, Error> {
        let row = sql("SELECT * FROM billing WHERE organization_id = $1")
            .bind(of.0)
            .fetch_optional(self.read())
            .await?;
        row.as_ref().map(billing).transpose()
    }

    /// Notes whom Stripe knows an organization as, unless that was noted before; `due` is when its subscription
    /// is looked for.
    pub async fn put_customer(
        &self,
        organization: OrganizationId,
        customer: &str,
        due: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql(
            "INSERT INTO billing (organization_id, customer_id, due_at) VALUES ($1, $2, $3)
             ON CONFLICT (organization_id) DO NOTHING",
        )
        .bind(organization.0)
        .bind(customer)
        .bind(due.0)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await
    }

    /// Takes an event: its customer's subscription is due. `false` when the customer is not one of ours. A repeat
    /// changes nothing.
    pub async fn take_event(&self, id: &str, customer: &str) -> Result<bool, Error> {
        let now = Timestamp::now().0;
        let mut transaction = self.begin().await?;
        sql("DELETE FROM stripe_events WHERE time < $1")
            .bind(now - KEPT_MS)
            .execute(&mut transaction)
            .await?;
        let fresh =
            sql("INSERT INTO stripe_events (id, time) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
                .bind(id)
                .bind(now)
                .execute(&mut transaction)
                .await?;
        let known = match fresh {
            1 => {
                sql("UPDATE billing SET due_at = $1, failures = 0 WHERE customer_id = $2")
                    .bind(now)
                    .bind(customer)
                    .execute(&mut transaction)
                    .await?
            }
            _ => 1,
        };
        transaction.commit().await?;
        Ok(known == 1)
    }

    /// Takes on some whose subscriptions are due: nobody else fetches them before `until`.
    pub async fn claim_billing(&self, until: Timestamp) -> Result<Vec<BillingRow>, Error> {
        let now = Timestamp::now().0;
        let due = sql("SELECT organization_id FROM billing WHERE due_at <= $1 LIMIT 1")
            .bind(now)
            .fetch_optional(self.read())
            .await?;
        if due.is_none() {
            return Ok(Vec::new());
        }
        let mut transaction = self.begin().await?;
        let rows = sql(
            "UPDATE billing SET due_at = $2 WHERE due_at <= $1 AND organization_id IN
                 (SELECT organization_id FROM billing WHERE due_at <= $1 ORDER BY due_at LIMIT 16)
             RETURNING *",
        )
        .bind(now)
        .bind(until.0)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        rows.iter().map(billing).collect()
    }

    /// Writes down a subscription as it was fetched, and gives the organization its plan where that has become
    /// another one. `false`, and nothing is written, when an event came or another node took it on meanwhile: what
    /// is fetched after that counts.
    pub async fn settle_billing(
        &self,
        row: &BillingRow,
        plan: Option<&str>,
        next: Timestamp,
        hub: &Sender,
    ) -> Result<bool, Error> {
        let subscription = row.subscription.as_ref();
        let mut transaction = self.begin().await?;
        let current = sql(
            "UPDATE billing SET subscription_id = $1, status = $2, price_id = $3, period_ends_at = $4,
                 past_due_since = $5, applied = $6, failures = $7, due_at = $9
             WHERE organization_id = $10 AND due_at = $8",
        )
        .bind(subscription.map(|it| it.id.as_str()))
        .bind(subscription.map(|it| it.status.as_str()))
        .bind(subscription.map(|it| it.price.as_str()))
        .bind(subscription.and_then(|it| it.period_ends_at).map(|at| at.0))
        .bind(subscription.and_then(|it| it.past_due_since).map(|at| at.0))
        .bind(row.applied.as_str())
        .bind(row.failures)
        .bind(row.due_at.0)
        .bind(next.0)
        .bind(row.organization.0)
        .execute(&mut transaction)
        .await?;
        if current == 0 {
            return Ok(false);
        }
        if let Some(plan) = plan {
            let changed = sql("UPDATE organizations SET plan = $1 WHERE id = $2 AND plan <> $1")
                .bind(plan)
                .bind(row.organization.0)
                .execute(&mut transaction)
                .await?;
            if changed == 1 {
                let act = Act {
                    organization: Some(row.organization),
                    actor: hub,
                    action: "plan.changed",
                    target: plan,
                    address: None,
                };
                record(&mut transaction, &act).await?;
            }
        }
        transaction.commit().await?;
        Ok(true)
    }
}
