//! Stripe's API: the five calls that are needed. Forms in, JSON out, one pinned version.

use super::{Error, Options};
use crate::store::billing::Subscription;
use generic_corp_protocol::{OrganizationId, Timestamp};
use reqwest::{Client, RequestBuilder, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use uuid::Uuid;

/// The version whose shapes are read here.
const VERSION: &str = "2026-10-28.endive";
const TIMEOUT: Duration = Duration::from_secs(20);

/// See the module.
pub(super) struct Stripe {
    client: Client,
    key: SecretString,
    base: String,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Page {
    url: String,
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    status: String,
    /// Where versions before 2025-03-31 have it.
    current_period_end: Option<i64>,
    items: List<Item>,
}

#[derive(Deserialize)]
struct Item {
    price: Made,
    current_period_end: Option<i64>,
}

impl Stripe {
    /// `None` where no key is set.
    pub(super) fn new(options: &Options) -> Result<Option<Self>, reqwest::Error> {
        if options.secret_key.expose_secret().is_empty() {
            return Ok(None);
        }
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()?;
        Ok(Some(Self {
            client,
            key: options.secret_key.clone(),
            base: options.api_url.trim_end_matches('/').to_owned(),
        }))
    }

    /// Makes a customer of an organization: the same one however often it is asked within a day.
    pub(super) async fn make_customer(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<String, Error> {
        let id = organization.to_string();
        let form = [("name", name), ("metadata[organization_id]", &id)];
        let made: Made = self
            .post("/v1/customers", &form, &format!("customer-{id}"))
            .await?;
        Ok(made.id)
    }

    /// A page to subscribe on.
    pub(super) async fn checkout(
        &self,
        organization: OrganizationId,
        customer: &str,
        price: &str,
        back: &str,
    ) -> Result<String, Error> {
        let id = organization.to_string();
        let form = [
            ("mode", "subscription"),
            ("customer", customer),
            ("client_reference_id", &id),
            ("line_items[0][price]", price),
            ("line_items[0][quantity]", "1"),
            ("subscription_data[metadata][organization_id]", &id),
            ("success_url", back),
            ("cancel_url", back),
        ];
        let key = Uuid::now_v7().to_string();
        let page: Page = self.post("/v1/checkout/sessions", &form, &key).await?;
        Ok(page.url)
    }

    /// A page to manage the subscription on.
    pub(super) async fn portal(&self, customer: &str, back: &str) -> Result<String, Error> {
        let form = [("customer", customer), ("return_url", back)];
        let key = Uuid::now_v7().to_string();
        let page: Page = self
            .post("/v1/billing_portal/sessions", &form, &key)
            .await?;
        Ok(page.url)
    }

    /// The subscription of a customer that counts: one that is paid for before one that is not, before one that
    /// is over, and of equals the newest.
    pub(super) async fn subscription(&self, customer: &str) -> Result<Option<Subscription>, Error> {
        let request = self.client.get(format!("{}/v1/subscriptions", self.base));
        let query = [("customer", customer), ("status", "all"), ("limit", "20")];
        let found: List<Found> = self.send(request.query(&query)).await?;
        let best = found
            .data
            .into_iter()
            .min_by_key(|found| match found.status.as_str() {
                "active" | "trialing" => 0,
                "past_due" => 1,
                "unpaid" | "paused" => 2,
                "incomplete" => 3,
                _ => 4,
            });
        Ok(best.map(|found| {
            let item = found.items.data.first();
            let ends = item.and_then(|item| item.current_period_end);
            let ends = ends.or(found.current_period_end);
            Subscription {
                price: item.map(|item| item.price.id.clone()).unwrap_or_default(),
                period_ends_at: ends.map(|seconds| Timestamp(seconds.saturating_mul(1000))),
                past_due_since: None,
                id: found.id,
                status: found.status,
            }
        }))
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
        key: &str,
    ) -> Result<T, Error> {
        let request = self.client.post(format!("{}{path}", self.base));
        self.send(request.form(form).header("Idempotency-Key", key))
            .await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let request = request
            .bearer_auth(self.key.expose_secret())
            .header("Stripe-Version", VERSION);
        let away = |what: &str| Error::Away(what.to_owned());
        let answer = request.send().await.map_err(|_| away("does not answer"))?;
        let status = answer.status();
        if !status.is_success() {
            // What it says is for the operator, and may name the customer.
            return Err(Error::Away(format!("answered {}", status.as_u16())));
        }
        answer
            .json()
            .await
            .map_err(|_| away("answered what is not understood"))
    }
}
