//! Where an organization wants to be told of its limits.

use super::service::{MAX_PAGE, Page, Tenants};
use super::{Error, OrganizationScope};
use crate::auth::{Auth, secret};
use crate::store::delivery::{Channel, DeliveryRow, Draft};
use crate::store::webhook::WebhookRow;
use base64::prelude::{BASE64_STANDARD, Engine};
use generic_corp_protocol::rest::{Delivery, NewWebhook, NewWebhookSecret, Webhook};
use generic_corp_protocol::{Timestamp, WebhookId};
use secrecy::ExposeSecret;
use std::net::IpAddr;

/// How long a former secret signs beside the new one.
const OVERLAP_MS: i64 = 86_400_000;
/// What is shown of an address that is a secret.
const SHOWN_BYTES: usize = 24;

impl Tenants {
    /// The webhooks of the organization, the oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn webhooks(
        &self,
        auth: &Auth,
        scope: &OrganizationScope,
    ) -> Result<Vec<Webhook>, Error> {
        let rows = self.store.webhooks(scope.id).await?;
        Ok(rows.into_iter().map(|row| shown(auth, row)).collect())
    }

    /// Makes a webhook. Whether its address may be sent to is found out when it is.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::TooMany`], or the store's.
    pub async fn create_webhook(
        &self,
        auth: &Auth,
        scope: &OrganizationScope,
        new: &NewWebhook,
        address: IpAddr,
    ) -> Result<NewWebhookSecret, Error> {
        if !matches!(new.kind.as_str(), "webhook" | "slack") {
            return Err(Error::Invalid("`kind` is `webhook` or `slack`"));
        }
        let id = WebhookId::new();
        let secret = new_secret()?;
        let row = WebhookRow {
            id,
            organization: scope.id,
            kind: new.kind.clone(),
            url: auth.seal(&new.url, id.0.as_bytes())?,
            secret: auth.seal(&secret, id.0.as_bytes())?,
            former: None,
            disabled_at: None,
            created_at: Timestamp::now(),
        };
        let target = id.to_string();
        let act = scope.act("webhook.made", &target, address);
        if !self.store.create_webhook(&row, &act).await? {
            return Err(Error::TooMany("an organization has at most 10 webhooks"));
        }
        Ok(with_secret(auth, row, secret))
    }

    /// Disables or enables a webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn change_webhook(
        &self,
        auth: &Auth,
        scope: &OrganizationScope,
        id: WebhookId,
        disabled: bool,
        address: IpAddr,
    ) -> Result<Webhook, Error> {
        let action = match disabled {
            true => "webhook.disabled",
            false => "webhook.enabled",
        };
        let target = id.to_string();
        let act = scope.act(action, &target, address);
        let at = disabled.then(Timestamp::now);
        let row = self.store.disable_webhook(scope.id, id, at, &act).await?;
        Ok(shown(auth, row.ok_or(Error::NotFound("webhook"))?))
    }

    /// Gives a webhook another secret; for a day both sign.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for Slack's, or the store's.
    pub async fn rotate_webhook(
        &self,
        auth: &Auth,
        scope: &OrganizationScope,
        id: WebhookId,
        address: IpAddr,
    ) -> Result<NewWebhookSecret, Error> {
        if self.own_webhook(scope, id).await?.kind == "slack" {
            return Err(Error::Invalid(
                "messages to Slack are not signed; nothing to rotate",
            ));
        }
        let secret = new_secret()?;
        let sealed = auth.seal(&secret, id.0.as_bytes())?;
        let until = Timestamp::now().plus_ms(OVERLAP_MS);
        let target = id.to_string();
        let act = scope.act("webhook.rotated", &target, address);
        let new = (sealed.as_slice(), until);
        let row = self.store.rotate_webhook(scope.id, id, new, &act).await?;
        Ok(with_secret(
            auth,
            row.ok_or(Error::NotFound("webhook"))?,
            secret,
        ))
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn delete_webhook(
        &self,
        scope: &OrganizationScope,
        id: WebhookId,
        address: IpAddr,
    ) -> Result<(), Error> {
        let target = id.to_string();
        let act = scope.act("webhook.deleted", &target, address);
        match self.store.delete_webhook(scope.id, id, &act).await? {
            true => Ok(()),
            false => Err(Error::NotFound("webhook")),
        }
    }

    /// Sends a message that says that it is a test.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] while it is disabled, [`Error::TooMany`], or the store's.
    pub async fn test_webhook(
        &self,
        scope: &OrganizationScope,
        id: WebhookId,
    ) -> Result<(), Error> {
        let row = self.own_webhook(scope, id).await?;
        if row.disabled_at.is_some() {
            return Err(Error::Invalid("the webhook is disabled; enable it first"));
        }
        let body = serde_json::json!({
            "type": "webhook.test",
            "timestamp": Timestamp::now(),
            "data": { "organization": { "id": scope.id, "slug": scope.slug } },
        });
        let draft = Draft {
            organization: scope.id,
            channel: Channel::Webhook,
            webhook: Some(id),
            address: None,
            event: "webhook.test",
            body: body.to_string(),
        };
        match self.store.add_test(&draft).await? {
            true => Ok(()),
            false => Err(Error::TooMany(
                "a webhook is tested at most 20 times in an hour; look at its deliveries",
            )),
        }
    }

    /// What was sent to a webhook in the last 30 days, the newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn deliveries(
        &self,
        scope: &OrganizationScope,
        id: WebhookId,
        page: &Page,
    ) -> Result<Vec<Delivery>, Error> {
        self.own_webhook(scope, id).await?;
        let (after, limit) = (page.after_id()?, page.limit.min(MAX_PAGE));
        let rows = self.store.deliveries(id, after, limit).await?;
        Ok(rows.into_iter().map(delivery).collect())
    }

    async fn own_webhook(
        &self,
        scope: &OrganizationScope,
        id: WebhookId,
    ) -> Result<WebhookRow, Error> {
        let row = self.store.webhook(scope.id, id).await?;
        row.ok_or(Error::NotFound("webhook"))
    }
}

/// By Standard Webhooks: 24 to 64 random bytes in base64.
fn new_secret() -> Result<String, Error> {
    let bytes: [u8; 32] = secret::random()?;
    Ok(format!("whsec_{}", BASE64_STANDARD.encode(bytes)))
}

fn with_secret(auth: &Auth, row: WebhookRow, secret: String) -> NewWebhookSecret {
    let secret = (row.kind == "webhook").then_some(secret);
    let webhook = shown(auth, row);
    NewWebhookSecret { webhook, secret }
}

/// Without an address where that does not open any more: so the webhook can be seen and deleted still.
fn shown(auth: &Auth, row: WebhookRow) -> Webhook {
    let url = auth.unseal(&row.url, row.id.0.as_bytes());
    let url = url.as_ref().map_or("", |url| url.expose_secret());
    let url = match row.kind.as_str() {
        "slack" if !url.is_empty() => {
            format!("{}…", &url[..url.floor_char_boundary(SHOWN_BYTES)])
        }
        _ => url.to_owned(),
    };
    Webhook {
        id: row.id,
        kind: row.kind,
        url,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
    }
}

fn delivery(row: DeliveryRow) -> Delivery {
    Delivery {
        id: row.id.to_string(),
        event: row.event,
        next_at: (row.state == "waiting").then_some(row.next_at),
        state: row.state,
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        status: row.status.and_then(|status| u16::try_from(status).ok()),
        error: row.error,
        created_at: row.created_at,
        ended_at: row.ended_at,
    }
}
