//! Who is listed in a workspace that not everyone of the organization may come into.

use super::ApiError;
use super::body::Body;
use super::extract::{Admin, Scoped, address, in_path, page};
use super::routes::next_page;
use crate::bus::{Bus, Ended, Hint};
use crate::tenant::Tenants;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::UserId;
use generic_corp_protocol::rest::{ListWorkspaceMember, WorkspaceMember};

/// Those who are listed in a workspace, by id; further ones as the `Link` header says. It counts where the
/// workspace's `access` is `listed`.
#[utoipa::path(get, path = "/workspaces/{workspace}/members", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id"),
        ("after" = Option<String>, Query, description = "The last id of the page before"),
        ("limit" = Option<u32>, Query, description = "At most 1000")),
    responses((status = 200, body = Vec<WorkspaceMember>)))]
pub(super) async fn list(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let page = page(&request)?;
    let listed = tenants.listed(&scoped.scope, &page).await?;
    let last = listed.last().map(|member| member.user.to_string());
    Ok(next_page(&request, &page, listed.len(), last).json(listed))
}

/// List a member of the organization in a workspace, or give who is listed another role there.
#[utoipa::path(put, path = "/workspaces/{workspace}/members/{user}", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id"),
        ("user" = String, Path, description = "Id")),
    request_body = ListWorkspaceMember, responses((status = 204)))]
pub(super) async fn put(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let user: UserId = in_path(&request, "user")?;
    let list: ListWorkspaceMember = body.json().await?;
    tenants
        .list_member(&scoped.scope, user, &list, address(&request))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Right)]);
    Ok(HttpResponse::NoContent().finish())
}

/// Take a person off the list of a workspace. Their connections are closed where its `access` is `listed`.
#[utoipa::path(delete, path = "/workspaces/{workspace}/members/{user}", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id"),
        ("user" = String, Path, description = "Id")),
    responses((status = 204)))]
pub(super) async fn remove(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let user: UserId = in_path(&request, "user")?;
    tenants
        .unlist_member(&scoped.scope, user, address(&request))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Right)]);
    Ok(HttpResponse::NoContent().finish())
}
