//! From a subscription to a plan.

use super::stripe::Stripe;
use super::{Error, Inner};
use crate::store::billing::{BillingRow, Subscription};
use futures_util::{StreamExt, stream};
use generic_corp_protocol::{Sender, Timestamp};

const DAY_MS: i64 = 86_400_000;
/// How long whoever took one on has to fetch it.
const LEASE_MS: i64 = 60_000;
/// Fetches at once: a claim is done within its lease, however slow Stripe is.
const AT_ONCE: usize = 8;
/// Whose payment is missing keeps the plan for this long.
const GRACE_MS: i64 = 7 * DAY_MS;
/// Seconds to wait after a fetch that failed; then always the last.
const PAUSES: [i64; 5] = [5, 30, 120, 600, 3600];

/// Fetches what is due.
pub(super) async fn turn(inner: &Inner, stripe: &Stripe) -> Result<(), Error> {
    let lease = Timestamp::now().plus_ms(LEASE_MS);
    let due = inner.store.claim_billing(lease).await?;
    let fetched = stream::iter(due).for_each_concurrent(AT_ONCE, async |row| {
        if let Err(error) = fetch(inner, stripe, row).await {
            tracing::warn!(%error, "a subscription was not fetched; it is tried again");
        }
    });
    fetched.await;
    Ok(())
}

async fn fetch(inner: &Inner, stripe: &Stripe, mut row: BillingRow) -> Result<(), Error> {
    let (hub, now) = (Sender::system("stripe"), Timestamp::now());
    let found = match stripe.subscription(&row.customer).await {
        Ok(found) => found,
        Err(error) => {
            let at = usize::try_from(row.failures).unwrap_or(usize::MAX);
            let pause = PAUSES[at.min(PAUSES.len() - 1)];
            row.failures += 1;
            let next = now.plus_ms(pause * 1000);
            inner.store.settle_billing(&row, None, next, &hub).await?;
            return Err(error);
        }
    };
    let since = row.subscription.as_ref().and_then(|it| it.past_due_since);
    let found = found.map(|it| Subscription {
        past_due_since: (it.status == "past_due").then(|| since.unwrap_or(now)),
        ..it
    });
    let wanted = found.as_ref().and_then(|it| plan(inner, it, now));
    // Only what has become another is applied: between two changes the operator's word counts.
    let fresh = wanted
        .as_ref()
        .filter(|wanted| **wanted != row.applied)
        .cloned();
    (row.subscription, row.failures) = (found, 0);
    if let Some(wanted) = wanted {
        row.applied = wanted;
    }
    let next = now.plus_ms(DAY_MS);
    let settled = inner
        .store
        .settle_billing(&row, fresh.as_deref(), next, &hub);
    if !settled.await? {
        tracing::info!(
            "a subscription was fetched again meanwhile; what this fetch said is left out"
        );
    }
    Ok(())
}

/// The plan that a subscription gives; `None` leaves what there is.
fn plan(inner: &Inner, subscription: &Subscription, now: Timestamp) -> Option<String> {
    let lapsed = || Some(inner.options.lapsed_plan.clone());
    let paid = || {
        let plan = inner.options.prices.get(&subscription.price);
        if plan.is_none() {
            let price = &subscription.price;
            tracing::warn!(
                price,
                "somebody pays a price that stripe.prices does not have"
            );
        }
        plan.filter(|plan| inner.plans.get(plan).is_some()).cloned()
    };
    match subscription.status.as_str() {
        "active" | "trialing" => paid(),
        "past_due" => match subscription.past_due_since {
            Some(since) if now.0 - since.0 > GRACE_MS => lapsed(),
            _ => paid(),
        },
        "unpaid" | "canceled" | "incomplete_expired" | "paused" => lapsed(),
        _ => None,
    }
}
