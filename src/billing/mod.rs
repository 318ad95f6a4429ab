//! Plans that are paid for, by Stripe: where to pay, and what became of it. What Stripe's events say is taken as a
//! hint that something has changed; what counts is the subscription as it stands when it is fetched. So events may
//! come late, twice or in any order, or not at all: every subscription is fetched once a day as well.

mod signature;
mod stripe;
mod sync;

use crate::config::Plans;
use crate::store::billing::BillingRow;
use crate::store::{self, Store};
use generic_corp_protocol::{ErrorCode, OrganizationId, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stripe::Stripe;
use tokio::time::{MissedTickBehavior, interval};

/// How often is looked for what is due.
const TURN: Duration = Duration::from_secs(1);
/// After somebody went to pay, their subscription is looked for even if no event comes.
const LOOK_AGAIN_MS: i64 = 10 * 60_000;

/// The settings.
pub struct Options {
    /// Stripe's secret key; empty where nothing is sold.
    pub secret_key: SecretString,
    /// What events are signed with: several while one takes the other's place.
    pub webhook_secrets: Vec<SecretString>,
    /// Plans by the ids of their prices.
    pub prices: BTreeMap<String, String>,
    /// The plan of whose subscription has ended.
    pub lapsed_plan: String,
    /// Stripe's API.
    pub api_url: String,
    /// The hub's own address, to come back to.
    pub public_url: String,
}

/// Why something was not sold.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No key is set.
    #[error("this hub sells no plans (stripe.secret_key); its operator gives them")]
    Off,
    /// The plan has no price.
    #[error("this plan is not for sale here")]
    Price,
    /// There is a subscription already.
    #[error("the organization has a subscription; change it in the customer portal")]
    Subscribed,
    /// Stripe has not met the organization.
    #[error("there is nothing to manage: the organization has bought no plan")]
    Unknown,
    /// The event is not signed by Stripe, or long ago.
    #[error("the signature is not Stripe's, or is older than five minutes")]
    Signature,
    /// The event is not what Stripe sends.
    #[error("the event is not one of Stripe's")]
    Event,
    /// Stripe does not answer, or not well.
    #[error("Stripe {0}; try again in a moment")]
    Away(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// The code on the wire.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Off => ErrorCode::Unsupported,
            Self::Price | Self::Event => ErrorCode::Invalid,
            Self::Subscribed | Self::Unknown => ErrorCode::Conflict,
            Self::Signature => ErrorCode::InvalidToken,
            Self::Away(_) => ErrorCode::Unavailable,
            Self::Store(error) => error.code(),
        }
    }
}

/// See the module. A cheap handle.
#[derive(Clone)]
pub struct Billing(Arc<Inner>);

struct Inner {
    store: Store,
    plans: Arc<Plans>,
    stripe: Option<Stripe>,
    options: Options,
}

/// Of an event, what counts here.
#[derive(Deserialize)]
struct Event {
    id: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: EventObject,
}

#[derive(Deserialize)]
struct EventObject {
    customer: Option<String>,
}

impl Billing {
    /// Over this store; sells nothing where no key is set.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(store: Store, plans: Plans, options: Options) -> Result<Self, reqwest::Error> {
        Ok(Self(Arc::new(Inner {
            stripe: Stripe::new(&options)?,
            plans: Arc::new(plans),
            store,
            options,
        })))
    }

    /// Plans that can be bought, by their keys.
    pub fn for_sale(&self) -> Vec<String> {
        match self.0.stripe {
            Some(_) => self.0.options.prices.values().cloned().collect(),
            None => Vec::new(),
        }
    }

    /// What is known of an organization's subscription.
    ///
    /// # Errors
    /// The store's.
    pub async fn of(&self, organization: OrganizationId) -> Result<Option<BillingRow>, Error> {
        Ok(self.0.store.billing(organization).await?)
    }

    /// Where to pay for a plan.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn checkout(
        &self,
        organization: OrganizationId,
        name: &str,
        plan: &str,
    ) -> Result<String, Error> {
        let stripe = self.0.stripe.as_ref().ok_or(Error::Off)?;
        let mut prices = self.0.options.prices.iter();
        let price = prices.find(|(_, key)| *key == plan).ok_or(Error::Price)?.0;
        let known = self.of(organization).await?;
        let over = |status: &str| matches!(status, "canceled" | "incomplete_expired");
        let subscription = known.as_ref().and_then(|row| row.subscription.as_ref());
        if subscription.is_some_and(|it| !over(&it.status)) {
            return Err(Error::Subscribed);
        }
        let customer = match known {
            Some(row) => row.customer,
            None => {
                let customer = stripe.make_customer(organization, name).await?;
                let later = Timestamp::now().plus_ms(LOOK_AGAIN_MS);
                self.0
                    .store
                    .put_customer(organization, &customer, later)
                    .await?;
                customer
            }
        };
        let back = self.back(organization);
        stripe.checkout(organization, &customer, price, &back).await
    }

    /// Where to change a card or a plan, or to end the subscription.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn portal(&self, organization: OrganizationId) -> Result<String, Error> {
        let stripe = self.0.stripe.as_ref().ok_or(Error::Off)?;
        let row = self.of(organization).await?.ok_or(Error::Unknown)?;
        let back = self.back(organization);
        stripe.portal(&row.customer, &back).await
    }

    /// The page of the organization, where its plan is shown.
    fn back(&self, organization: OrganizationId) -> String {
        let hub = &self.0.options.public_url;
        format!("{hub}/o/{organization}/organization")
    }

    /// Takes an event, as it came, with its header `Stripe-Signature`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn take(&self, signature: &str, body: &[u8]) -> Result<(), Error> {
        if self.0.stripe.is_none() {
            return Err(Error::Off);
        }
        let now = Timestamp::now().0 / 1000;
        if !signature::is_good(&self.0.options.webhook_secrets, signature, body, now) {
            return Err(Error::Signature);
        }
        let event: Event = serde_json::from_slice(body).map_err(|_| Error::Event)?;
        let customer = event.data.object.customer.unwrap_or_default();
        let known = self.0.store.take_event(&event.id, &customer).await?;
        let outcome = if known { "taken" } else { "unknown" };
        metrics::counter!("generic_corp_stripe_events_total", "outcome" => outcome).increment(1);
        Ok(())
    }

    /// Fetches subscriptions that are due, again and again, until it is aborted.
    pub async fn run(self) {
        let Some(stripe) = &self.0.stripe else {
            return;
        };
        let mut turn = interval(TURN);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turn.tick().await;
            if let Err(error) = sync::turn(&self.0, stripe).await {
                tracing::warn!(%error, "subscriptions were not looked at");
            }
        }
    }
}
