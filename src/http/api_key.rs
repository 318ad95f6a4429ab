//! The API keys of a workspace's agents.

use super::ApiError;
use super::body::Body;
use super::extract::{Admin, Scoped, address, in_path, page};
use super::routes::next_page;
use crate::bus::{Bus, Ended, Hint};
use crate::tenant::Tenants;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::ApiKeyId;
use generic_corp_protocol::rest::{ApiKey, NewApiKey, NewApiKeySecret, RotateApiKey};

/// The API keys of a workspace that are not revoked, without their secrets.
#[utoipa::path(get, path = "/workspaces/{workspace}/keys", tag = "key",
    params(("workspace" = String, Path, description = "Name or id"),
        ("after" = Option<String>, Query, description = "The last id of the page before"),
        ("limit" = Option<u32>, Query, description = "At most 1000")),
    responses((status = 200, body = Vec<ApiKey>)))]
pub(super) async fn list(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let page = page(&request)?;
    let keys = tenants.keys(&scoped.scope, &page).await?;
    let last = keys.last().map(|key| key.id.to_string());
    Ok(next_page(&request, &page, keys.len(), last).json(keys))
}

/// Make an API key, and its agent where there is none of that name. The secret is shown this once.
#[utoipa::path(post, path = "/workspaces/{workspace}/keys", tag = "key",
    params(("workspace" = String, Path, description = "Name or id")),
    request_body = NewApiKey, responses((status = 201, body = NewApiKeySecret)))]
pub(super) async fn create(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewApiKey = body.json().await?;
    let made = tenants
        .create_key(&scoped.scope, &new, Some(address(&request)))
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Revoke an API key. Connections that came with it are closed.
#[utoipa::path(delete, path = "/workspaces/{workspace}/keys/{key}", tag = "key",
    params(("workspace" = String, Path, description = "Name or id"),
        ("key" = String, Path, description = "Id")),
    responses((status = 204)))]
pub(super) async fn revoke(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let id: ApiKeyId = in_path(&request, "key")?;
    tenants
        .revoke_key(&scoped.scope, id, Some(address(&request)))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Key(id))]);
    Ok(HttpResponse::NoContent().finish())
}

/// Make an API key in place of another one, for the same agent with the same scopes, rooms and end; the old one
/// goes on for a while. The secret is shown this once.
#[utoipa::path(post, path = "/workspaces/{workspace}/keys/{key}/rotate", tag = "key",
    params(("workspace" = String, Path, description = "Name or id"),
        ("key" = String, Path, description = "Id")),
    request_body = RotateApiKey, responses((status = 201, body = NewApiKeySecret)))]
pub(super) async fn rotate(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let id: ApiKeyId = in_path(&request, "key")?;
    let rotate: RotateApiKey = body.json().await?;
    let made = tenants
        .rotate_key(&scoped.scope, id, &rotate, address(&request))
        .await?;
    if rotate.overlap_seconds == Some(0) {
        bus.publish(vec![Hint::Ended(Ended::Key(id))]);
    }
    Ok(HttpResponse::Created().json(made))
}
