//! Plans that are paid for: where to pay, what is known, and Stripe's events.

use super::ApiError;
use super::body::Body;
use super::extract::{InOrganization, Manage, Own};
use crate::billing::Billing;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::rest::{BillingPage, BillingStatus, Checkout};

/// Headers of more bytes are none of Stripe's.
const MAX_SIGNATURE: usize = 4096;

/// Whether plans are for sale here, and how the organization's subscription stands.
#[utoipa::path(get, path = "/organizations/{organization}/billing", tag = "billing",
    params(("organization" = String, Path, description = "Name or id")),
    responses((status = 200, body = BillingStatus)))]
pub(super) async fn show(
    manager: InOrganization<Manage>,
    billing: web::Data<Billing>,
) -> Result<web::Json<BillingStatus>, ApiError> {
    let row = billing.of(manager.scope.id).await?;
    let subscription = row.and_then(|row| row.subscription);
    Ok(web::Json(BillingStatus {
        for_sale: billing.for_sale(),
        plan: manager.scope.plan.key.clone(),
        status: subscription.as_ref().map(|it| it.status.clone()),
        period_ends_at: subscription.as_ref().and_then(|it| it.period_ends_at),
        past_due_since: subscription.and_then(|it| it.past_due_since),
    }))
}

/// A page of Stripe's to pay for a plan on.
#[utoipa::path(post, path = "/organizations/{organization}/billing/checkout", tag = "billing",
    params(("organization" = String, Path, description = "Name or id")),
    request_body = Checkout, responses((status = 200, body = BillingPage)))]
pub(super) async fn checkout(
    owner: InOrganization<Own>,
    billing: web::Data<Billing>,
    body: Body,
) -> Result<web::Json<BillingPage>, ApiError> {
    let asked: Checkout = body.json().await?;
    let scope = &owner.scope;
    let url = billing.checkout(scope.id, &scope.name, &asked.plan).await?;
    Ok(web::Json(BillingPage { url }))
}

/// A page of Stripe's to change the card or the plan on, or to end the subscription.
#[utoipa::path(post, path = "/organizations/{organization}/billing/portal", tag = "billing",
    params(("organization" = String, Path, description = "Name or id")),
    responses((status = 200, body = BillingPage)))]
pub(super) async fn portal(
    owner: InOrganization<Own>,
    billing: web::Data<Billing>,
) -> Result<web::Json<BillingPage>, ApiError> {
    let url = billing.portal(owner.scope.id).await?;
    Ok(web::Json(BillingPage { url }))
}

/// Stripe's events, by its signature.
#[utoipa::path(post, path = "/billing/stripe", tag = "billing", security(()),
    responses((status = 204)))]
pub(super) async fn event(
    request: HttpRequest,
    billing: web::Data<Billing>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let header = request.headers().get("stripe-signature");
    let header = header.and_then(|header| header.to_str().ok());
    let header = header.filter(|header| header.len() <= MAX_SIGNATURE);
    let body = body.bytes().await?;
    billing.take(header.unwrap_or_default(), &body).await?;
    Ok(HttpResponse::NoContent().finish())
}
