//! Agents of a workspace.

use super::ApiError;
use super::body::Body;
use super::extract::{Admin, Read, Scoped, address, in_path, page};
use super::routes::next_page;
use crate::bus::{Bus, Ended, Hint};
use crate::tenant::Tenants;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::Slug;
use generic_corp_protocol::rest::{Agent, ChangeAgent, NewAgent};

/// The agents of a workspace, by name; further ones as the `Link` header says.
#[utoipa::path(get, path = "/workspaces/{workspace}/agents", tag = "agent",
    params(("workspace" = String, Path, description = "Name or id"),
        ("after" = Option<String>, Query, description = "The last name of the page before"),
        ("limit" = Option<u32>, Query, description = "At most 1000")),
    responses((status = 200, body = Vec<Agent>)))]
pub(super) async fn list(
    request: HttpRequest,
    scoped: Scoped<Read>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let page = page(&request)?;
    let agents = tenants.agents(&scoped.scope, &page).await?;
    let last = agents.last().map(|agent| agent.name.to_string());
    Ok(next_page(&request, &page, agents.len(), last).json(agents))
}

/// Make an agent.
#[utoipa::path(post, path = "/workspaces/{workspace}/agents", tag = "agent",
    params(("workspace" = String, Path, description = "Name or id")),
    request_body = NewAgent, responses((status = 201, body = Agent)))]
pub(super) async fn create(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewAgent = body.json().await?;
    let made = tenants
        .create_agent(&scoped.scope, &new, Some(address(&request)))
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Give an agent another title, or lock it out: its keys are refused and its connections closed.
#[utoipa::path(patch, path = "/workspaces/{workspace}/agents/{agent}", tag = "agent",
    params(("workspace" = String, Path, description = "Name or id"),
        ("agent" = String, Path, description = "Name")),
    request_body = ChangeAgent, responses((status = 200, body = Agent)))]
pub(super) async fn change(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<web::Json<Agent>, ApiError> {
    let name: Slug = in_path(&request, "agent")?;
    let change: ChangeAgent = body.json().await?;
    let changed = tenants
        .change_agent(&scoped.scope, &name, &change, address(&request))
        .await?;
    if change.disabled.is_some() {
        bus.publish(vec![Hint::Ended(Ended::Right)]);
    }
    Ok(web::Json(changed))
}
