//! Tells people outside of the hub: by webhook, Slack and mail. What is to be told stands in the database; nodes
//! take it on for a minute each, so that a crash loses nothing and, but for a crash in the wrong moment, nothing is
//! told twice. Whoever is told knows a repeat by its id.

mod guard;
mod send;
mod sign;
mod words;

use crate::auth::{self, Auth};
use crate::mail::Mail;
use crate::store::delivery::{Attempt, Channel, DeliveryRow, Draft, Next};
use crate::store::limit::AlertRow;
use crate::store::{self, Store};
use generic_corp_protocol::Timestamp;
use guard::Guard;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use send::Sender;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often is looked for what is due.
const TURN: Duration = Duration::from_secs(1);
/// Messages on their way at once.
const AT_ONCE: usize = 64;
/// Of these, how many are taken on in one turn.
const IN_A_TURN: usize = 16;
/// How long a mail server may take for one letter, less than the minute that a node has for it.
const LETTER_TIMEOUT: Duration = Duration::from_secs(40);
/// Minutes to wait after each attempt, as Standard Webhooks proposes: three days and three hours in all.
const PAUSES_MINUTES: [f64; 9] = [0.1, 5.0, 30.0, 120.0, 300.0, 600.0, 840.0, 1200.0, 1440.0];
/// Why a webhook is not told when its address or secret was sealed by a secret of the hub that it no longer knows.
const SEALED: &str = "its address and secret do not open, for the hub's auth.secret was changed; delete the webhook and \
                      make it anew";
/// At this many per cent of a limit the operator is told as well.
const OPERATOR_LEVEL: i64 = 200;

/// Where messages may go, and where the operator is told.
pub struct Options {
    /// Networks of one's own that webhooks may go to, also without TLS.
    pub allowed_networks: Vec<IpNet>,
    /// The operator's webhook; empty for none.
    pub operator_url: SecretString,
    /// What its messages are signed with, as `whsec_…`.
    pub operator_secret: SecretString,
}

/// Why something was not told.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A secret does not open.
    #[error(transparent)]
    Auth(#[from] auth::Error),
}

/// See the module. A cheap handle.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    store: Store,
    auth: Auth,
    mail: Mail,
    sender: Sender,
    operator: Option<(SecretString, SecretString)>,
    places: Arc<Semaphore>,
}

impl Outbox {
    /// Over this store.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(
        store: Store,
        auth: Auth,
        mail: Mail,
        options: Options,
    ) -> Result<Self, reqwest::Error> {
        let on = !options.operator_url.expose_secret().is_empty();
        Ok(Self(Arc::new(Inner {
            store,
            auth,
            mail,
            sender: Sender::new(Guard::new(options.allowed_networks))?,
            operator: on.then_some((options.operator_url, options.operator_secret)),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        })))
    }

    /// Tells what is due, again and again, until it is aborted.
    pub async fn run(self) {
        let mut turn = interval(TURN);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turn.tick().await;
            if let Err(error) = self.turn().await {
                tracing::warn!(%error, "what is to be told outside was not looked at");
            }
        }
    }

    async fn turn(&self) -> Result<(), Error> {
        for (alert, organization) in self.0.store.untold_alerts().await? {
            let drafts = self.drafts(&alert, &organization).await?;
            self.0.store.tell_alert(alert.id, &drafts).await?;
        }
        // What waits for a place waits in the database.
        let most = self.0.places.available_permits().min(IN_A_TURN);
        if most == 0 {
            return Ok(());
        }
        for delivery in self.0.store.claim_deliveries(most as u32).await? {
            let Ok(place) = Arc::clone(&self.0.places).acquire_owned().await else {
                return Ok(());
            };
            let outbox = self.clone();
            tokio::spawn(async move {
                outbox.deliver(delivery).await;
                drop(place);
            });
        }
        Ok(())
    }

    /// Whom to tell of an alert.
    async fn drafts(&self, alert: &AlertRow, organization: &str) -> Result<Vec<Draft>, Error> {
        let draft = Draft {
            organization: alert.organization,
            channel: Channel::Webhook,
            webhook: None,
            address: None,
            event: words::LIMIT_REACHED,
            body: words::body(alert, organization),
        };
        let webhooks = self.0.store.webhooks(alert.organization).await?;
        let live = webhooks.iter().filter(|row| row.disabled_at.is_none());
        let mut drafts: Vec<Draft> = live
            .map(|row| Draft {
                webhook: Some(row.id),
                ..draft.clone()
            })
            .collect();
        if self.0.mail.is_on() {
            let to = self.0.store.managers(alert.organization).await?;
            drafts.extend(to.into_iter().map(|address| Draft {
                channel: Channel::Mail,
                address: Some(address),
                ..draft.clone()
            }));
        }
        if alert.level >= OPERATOR_LEVEL && self.0.operator.is_some() {
            drafts.push(Draft {
                channel: Channel::Operator,
                ..draft
            });
        }
        Ok(drafts)
    }

    async fn deliver(&self, delivery: DeliveryRow) {
        let outcome = match self.attempt(&delivery).await {
            Ok(outcome) => outcome,
            Err(Error::Auth(_)) => Outcome::Failed(SEALED.into()),
            Err(error) => {
                // The lease ends by itself, and it is tried again.
                return tracing::warn!(%error, id = %delivery.id, "a message was not sent");
            }
        };
        let attempt = settle(&delivery, outcome);
        let what = match attempt.next {
            Next::Done => "delivered",
            Next::Again(_) => "again",
            Next::GiveUp | Next::Disable => "failed",
        };
        metrics::counter!("generic_corp_deliveries_total", "outcome" => what).increment(1);
        if let Err(error) = self.0.store.settle_delivery(&delivery, &attempt).await {
            tracing::warn!(%error, id = %delivery.id, "what came of a message was not written down");
        }
    }

    async fn attempt(&self, delivery: &DeliveryRow) -> Result<Outcome, Error> {
        match (delivery.channel, delivery.webhook, &delivery.address) {
            (Channel::Mail, _, Some(address)) => {
                let letter = words::letter(address, &delivery.body);
                Ok(
                    match timeout(LETTER_TIMEOUT, self.0.mail.deliver(letter)).await {
                        Ok(Ok(())) => Outcome::Status(200),
                        Ok(Err(error)) => Outcome::Failed(error.to_string()),
                        Err(_) => Outcome::Failed("the mail server does not answer".into()),
                    },
                )
            }
            (Channel::Operator, _, _) => {
                let Some((url, secret)) = &self.0.operator else {
                    return Ok(Outcome::Gone);
                };
                let secrets = [secret.clone()];
                Ok(self.0.sender.signed(url, &secrets, delivery).await)
            }
            (_, Some(id), _) => {
                let row = self.0.store.webhook(delivery.organization, id).await?;
                let Some(row) = row else {
                    return Ok(Outcome::Gone);
                };
                let open = |sealed: &[u8]| self.0.auth.unseal(sealed, id.0.as_bytes());
                let url = open(&row.url)?;
                if row.kind == "slack" {
                    let body = words::slack(&delivery.body);
                    return Ok(self.0.sender.plain(&url, body).await);
                }
                let mut secrets = vec![open(&row.secret)?];
                if let Some((former, until)) = &row.former
                    && *until > Timestamp::now()
                {
                    secrets.push(open(former)?);
                }
                Ok(self.0.sender.signed(&url, &secrets, delivery).await)
            }
            _ => Ok(Outcome::Gone),
        }
    }
}

/// How one attempt ended.
#[derive(Debug)]
enum Outcome {
    /// An answer.
    Status(u16),
    /// None, and why.
    Failed(String),
    /// There is nowhere to send it any more.
    Gone,
}

fn settle(delivery: &DeliveryRow, outcome: Outcome) -> Attempt {
    let pause = usize::try_from(delivery.attempts - 1).unwrap_or(0);
    let again = match PAUSES_MINUTES.get(pause) {
        // A fifth more or less, so that what failed together does not come back together.
        Some(minutes) => {
            let ms = minutes * 60_000.0 * rand::random_range(0.8..1.2);
            Next::Again(Timestamp::now().plus_ms(ms as i64))
        }
        None => Next::GiveUp,
    };
    let (status, error, next) = match outcome {
        Outcome::Status(status @ 200..=299) => (Some(status), None, Next::Done),
        Outcome::Status(410) => {
            let text = "answered 410: nothing more is sent to it";
            (Some(410), Some(text.to_owned()), Next::Disable)
        }
        Outcome::Status(status) => (Some(status), Some(format!("answered {status}")), again),
        Outcome::Failed(why) => (None, Some(why), again),
        Outcome::Gone => (
            None,
            Some("there is nowhere to send it".into()),
            Next::GiveUp,
        ),
    };
    Attempt {
        status,
        error,
        next,
    }
}
