//! Members of an organization, its name, and its audit log.

use super::ApiError;
use super::body::Body;
use super::extract::{InOrganization, Manage, Member, address, in_path, page, query};
use super::routes::next_page;
use crate::bus::{Bus, Ended, Hint};
use crate::tenant::{MAX_PAGE, Tenants};
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::UserId;
use generic_corp_protocol::rest::{
    AuditEntry, ChangeMember, ChangeOrganization, OrganizationMember, OrganizationName,
};
use serde::Deserialize;
use uuid::Uuid;

/// Entries of the audit log when nothing is said.
const DEFAULT_ENTRIES: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    before: Option<Uuid>,
    limit: Option<u32>,
}

/// The members of an organization, by id; further ones as the `Link` header says.
#[utoipa::path(get, path = "/organizations/{organization}/members", tag = "organization",
    params(("organization" = String, Path, description = "Name or id"),
        ("after" = Option<String>, Query, description = "The last id of the page before"),
        ("limit" = Option<u32>, Query, description = "At most 1000")),
    responses((status = 200, body = Vec<OrganizationMember>)))]
pub(super) async fn list(
    request: HttpRequest,
    member: InOrganization<Member>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let page = page(&request)?;
    let members = tenants.members(&member.scope, &page).await?;
    let last = members.last().map(|member| member.user.to_string());
    Ok(next_page(&request, &page, members.len(), last).json(members))
}

/// Give a member another role. Owners are touched by owners alone, and one always stays.
#[utoipa::path(patch, path = "/organizations/{organization}/members/{user}", tag = "organization",
    params(("organization" = String, Path, description = "Name or id"),
        ("user" = String, Path, description = "Id")),
    request_body = ChangeMember, responses((status = 204)))]
pub(super) async fn change(
    request: HttpRequest,
    member: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let user: UserId = in_path(&request, "user")?;
    let change: ChangeMember = body.json().await?;
    tenants
        .change_member(&member.scope, user, &change, address(&request))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Right)]);
    Ok(HttpResponse::NoContent().finish())
}

/// End a membership: one's own, or, for owners and admins, another's. Its connections are closed.
#[utoipa::path(delete, path = "/organizations/{organization}/members/{user}", tag = "organization",
    params(("organization" = String, Path, description = "Name or id"),
        ("user" = String, Path, description = "Id")),
    responses((status = 204)))]
pub(super) async fn remove(
    request: HttpRequest,
    member: InOrganization<Member>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let user: UserId = in_path(&request, "user")?;
    tenants
        .remove_member(&member.scope, user, address(&request))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Right)]);
    Ok(HttpResponse::NoContent().finish())
}

/// Give an organization another name for people.
#[utoipa::path(patch, path = "/organizations/{organization}", tag = "organization",
    params(("organization" = String, Path, description = "Name or id")),
    request_body = ChangeOrganization, responses((status = 200, body = OrganizationName)))]
pub(super) async fn rename(
    request: HttpRequest,
    member: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<web::Json<OrganizationName>, ApiError> {
    let change: ChangeOrganization = body.json().await?;
    let renamed = tenants
        .rename_organization(&member.scope, &change, address(&request))
        .await?;
    Ok(web::Json(renamed))
}

/// What was done in an organization that bears on security, the newest first.
#[utoipa::path(get, path = "/organizations/{organization}/audit", tag = "organization",
    params(("organization" = String, Path, description = "Name or id"),
        ("before" = Option<String>, Query, description = "Entries before the one with this id"),
        ("limit" = Option<u32>, Query, description = "At most 1000; 100 when left out")),
    responses((status = 200, body = Vec<AuditEntry>)))]
pub(super) async fn audit(
    request: HttpRequest,
    member: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<Vec<AuditEntry>>, ApiError> {
    let AuditQuery { before, limit } = query(&request)?;
    let limit = limit.unwrap_or(DEFAULT_ENTRIES).clamp(1, MAX_PAGE);
    Ok(web::Json(
        tenants.audit(&member.scope, before, limit).await?,
    ))
}
