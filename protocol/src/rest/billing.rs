//! Plans that are paid for.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

bodies! {
    /// `POST /organizations/{organization}/billing/checkout`.
    request Checkout {
        /// The plan to buy.
        plan: String,
    }
    /// Where to go.
    answer BillingPage {
        /// A page of Stripe's, good for a while.
        url: String,
    }
    /// `GET /organizations/{organization}/billing`.
    answer BillingStatus {
        /// Plans that can be bought here; none where the operator gives them.
        for_sale: Vec<String>,
        /// The plan as it is.
        plan: String,
        /// How the subscription stands, in Stripe's words: `active`, `past_due`, `canceled`…
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        status: Option<String>,
        /// When what was paid for ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        period_ends_at: Option<Timestamp>,
        /// Since when a payment is missing; the plan is kept for seven days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        past_due_since: Option<Timestamp>,
    }
}
