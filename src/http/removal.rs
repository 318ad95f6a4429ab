//! The end of a workspace or an organization.

use super::ApiError;
use super::extract::{InOrganization, Manage, Own, address, query};
use crate::bus::{Bus, Ended, Hint};
use crate::tenant::Tenants;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sure {
    #[serde(default)]
    confirm: String,
}

/// Delete a workspace with all that is in it. Its connections are closed.
#[utoipa::path(delete, path = "/organizations/{organization}/workspaces/{workspace}", tag = "workspace",
    params(("organization" = String, Path, description = "Name or id"),
        ("workspace" = String, Path, description = "Name or id"),
        ("confirm" = String, Query, description = "The workspace's name, to be sure")),
    responses((status = 204)))]
pub(super) async fn workspace(
    request: HttpRequest,
    member: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let sure: Sure = query(&request)?;
    let name = request.match_info().get("workspace").unwrap_or_default();
    tenants
        .delete_workspace(&member.scope, name, &sure.confirm, address(&request))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Right)]);
    Ok(HttpResponse::NoContent().finish())
}

/// Delete an organization with its workspaces. All connections are closed; the members' accounts stay.
#[utoipa::path(delete, path = "/organizations/{organization}", tag = "organization",
    params(("organization" = String, Path, description = "Name or id"),
        ("confirm" = String, Query, description = "The organization's name, to be sure")),
    responses((status = 204)))]
pub(super) async fn organization(
    request: HttpRequest,
    member: InOrganization<Own>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let sure: Sure = query(&request)?;
    tenants
        .delete_organization(&member.scope, &sure.confirm, address(&request))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Right)]);
    Ok(HttpResponse::NoContent().finish())
}
