//! Where an organization wants to be told of its limits.

use super::body::Body;
use super::extract::{InOrganization, Manage, address, in_path, page};
use super::routes::next_page;
use super::{ApiError, Options};
use crate::auth::Auth;
use crate::tenant::Tenants;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::rest::{ChangeWebhook, Delivery, NewWebhook, NewWebhookSecret, Webhook};
use generic_corp_protocol::{ErrorCode, WebhookId};
use reqwest::Url;

/// Bytes of an address.
const MAX_URL: usize = 2048;

/// The webhooks of an organization, without their secrets.
#[utoipa::path(get, path = "/organizations/{organization}/webhooks", tag = "webhook",
    params(("organization" = String, Path, description = "Name or id")),
    responses((status = 200, body = Vec<Webhook>)))]
pub(super) async fn list(
    manager: InOrganization<Manage>,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<Vec<Webhook>>, ApiError> {
    Ok(web::Json(tenants.webhooks(&auth, &manager.scope).await?))
}

/// Make a webhook: alerts of the organization are sent to it. The secret is shown this once.
#[utoipa::path(post, path = "/organizations/{organization}/webhooks", tag = "webhook",
    params(("organization" = String, Path, description = "Name or id")),
    request_body = NewWebhook, responses((status = 201, body = NewWebhookSecret)))]
pub(super) async fn create(
    request: HttpRequest,
    manager: InOrganization<Manage>,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewWebhook = body.json().await?;
    sound(&new.url, options.plain_webhooks)?;
    let made = tenants
        .create_webhook(&auth, &manager.scope, &new, address(&request))
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Disable a webhook, or enable it again. What waits for one that is disabled is given up.
#[utoipa::path(patch, path = "/organizations/{organization}/webhooks/{webhook}", tag = "webhook",
    params(("organization" = String, Path, description = "Name or id"),
        ("webhook" = String, Path, description = "Id")),
    request_body = ChangeWebhook, responses((status = 200, body = Webhook)))]
pub(super) async fn change(
    request: HttpRequest,
    manager: InOrganization<Manage>,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<web::Json<Webhook>, ApiError> {
    let id: WebhookId = in_path(&request, "webhook")?;
    let change: ChangeWebhook = body.json().await?;
    let from = address(&request);
    let changed = tenants.change_webhook(&auth, &manager.scope, id, change.disabled, from);
    Ok(web::Json(changed.await?))
}

/// Delete a webhook, with what waits for it.
#[utoipa::path(delete, path = "/organizations/{organization}/webhooks/{webhook}", tag = "webhook",
    params(("organization" = String, Path, description = "Name or id"),
        ("webhook" = String, Path, description = "Id")),
    responses((status = 204)))]
pub(super) async fn remove(
    request: HttpRequest,
    manager: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let id: WebhookId = in_path(&request, "webhook")?;
    tenants
        .delete_webhook(&manager.scope, id, address(&request))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give a webhook another secret, which is shown this once. For a day messages are signed with both.
#[utoipa::path(post, path = "/organizations/{organization}/webhooks/{webhook}/rotate", tag = "webhook",
    params(("organization" = String, Path, description = "Name or id"),
        ("webhook" = String, Path, description = "Id")),
    responses((status = 200, body = NewWebhookSecret)))]
pub(super) async fn rotate(
    request: HttpRequest,
    manager: InOrganization<Manage>,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<NewWebhookSecret>, ApiError> {
    let id: WebhookId = in_path(&request, "webhook")?;
    let rotated = tenants
        .rotate_webhook(&auth, &manager.scope, id, address(&request))
        .await?;
    Ok(web::Json(rotated))
}

/// Send a message that says that it is a test; what came of it is among the deliveries.
#[utoipa::path(post, path = "/organizations/{organization}/webhooks/{webhook}/test", tag = "webhook",
    params(("organization" = String, Path, description = "Name or id"),
        ("webhook" = String, Path, description = "Id")),
    responses((status = 202)))]
pub(super) async fn test(
    request: HttpRequest,
    manager: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let id: WebhookId = in_path(&request, "webhook")?;
    tenants.test_webhook(&manager.scope, id).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// What was sent to a webhook in the last 30 days, or is to be, the newest first; older ones as the `Link`
/// header says.
#[utoipa::path(get, path = "/organizations/{organization}/webhooks/{webhook}/deliveries", tag = "webhook",
    params(("organization" = String, Path, description = "Name or id"),
        ("webhook" = String, Path, description = "Id"),
        ("after" = Option<String>, Query, description = "The last id of the page before"),
        ("limit" = Option<u32>, Query, description = "At most 1000")),
    responses((status = 200, body = Vec<Delivery>)))]
pub(super) async fn deliveries(
    request: HttpRequest,
    manager: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let id: WebhookId = in_path(&request, "webhook")?;
    let page = page(&request)?;
    let found = tenants.deliveries(&manager.scope, id, &page).await?;
    let last = found.last().map(|delivery| delivery.id.clone());
    Ok(next_page(&request, &page, found.len(), last).json(found))
}

/// Refuses what is no address of a webhook. Where it leads is looked at when something is sent.
fn sound(text: &str, plain: bool) -> Result<(), ApiError> {
    let refuse = |text: &str| Err(ApiError::new(ErrorCode::Invalid, text));
    let Some(url) = Url::parse(text).ok().filter(|_| text.len() <= MAX_URL) else {
        return refuse("`url` is an address of at most 2048 bytes, as https://example.com/hook");
    };
    if !url.username().is_empty() || url.password().is_some() || !url.has_host() {
        return refuse("`url` has a host, and no user and no password");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if plain => Ok(()),
        _ => refuse("`url` begins with https://"),
    }
}
