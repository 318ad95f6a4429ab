//! Where an organization wants to be told of its limits, and what it was told.

use crate::{Timestamp, WebhookId};
use serde::{Deserialize, Serialize};

bodies! {
    /// A webhook, without its secret.
    answer Webhook {
        /// Id.
        id: WebhookId,
        /// `webhook` (signed by Standard Webhooks) or `slack`.
        kind: String,
        /// The address; of Slack's only the beginning, for the rest is a secret. Empty when it does not open,
        /// because the hub's secret was changed.
        url: String,
        /// Since when nothing is sent to it: it was disabled, or answered 410.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        disabled_at: Option<Timestamp>,
        /// When it was made.
        created_at: Timestamp,
    }
    /// `POST /organizations/{organization}/webhooks`.
    request NewWebhook {
        /// `webhook` or `slack`.
        kind: String,
        /// Where to.
        url: String,
    }
    /// A webhook whose secret is new: the only time it is shown.
    answer NewWebhookSecret {
        /// The webhook as listed.
        webhook: Webhook,
        /// What its messages are signed with, as `whsec_…`; Slack's are not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<String>,
    }
    /// `PATCH /organizations/{organization}/webhooks/{webhook}`.
    request ChangeWebhook {
        /// Whether nothing is sent to it.
        disabled: bool,
    }
    /// What was sent, or is to be.
    answer Delivery {
        /// Id: the message's `webhook-id` is `msg_` and this. Later ones are greater.
        id: String,
        /// What, as `limit.reached`.
        event: String,
        /// `waiting`, `delivered` or `failed`.
        state: String,
        /// How often it was tried.
        attempts: u32,
        /// When it is tried next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        next_at: Option<Timestamp>,
        /// The status of the last answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        status: Option<u16>,
        /// Why the last attempt failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        error: Option<String>,
        /// When it was written down.
        created_at: Timestamp,
        /// When it was taken or given up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        ended_at: Option<Timestamp>,
    }
}
