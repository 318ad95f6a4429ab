//! Organizations' workspaces, and their rooms.

use super::ApiError;
use super::body::Body;
use super::extract::{Admin, Caller, Read, Scoped, page, room};
use super::routes::next_page;
use crate::connection::Registry;
use crate::fanout::Hub;
use crate::room::Rooms;
use crate::store::room::RoomRow;
use crate::tenant::Tenants;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::rest::{Connection, NewRoom, NewWorkspace, Room, Workspace};

/// The workspaces of an organization.
#[utoipa::path(get, path = "/organizations/{organization}/workspaces", tag = "workspace",
    params(("organization" = String, Path, description = "Name or id")),
    responses((status = 200, body = Vec<Workspace>)))]
pub(super) async fn list(
    request: HttpRequest,
    caller: Caller,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<Vec<Workspace>>, ApiError> {
    let organization = organization(&request);
    Ok(web::Json(
        tenants.workspaces(&caller.0, organization).await?,
    ))
}

/// Make a workspace; a room `lobby` is made in it.
#[utoipa::path(post, path = "/organizations/{organization}/workspaces", tag = "workspace",
    params(("organization" = String, Path, description = "Name or id")),
    request_body = NewWorkspace, responses((status = 201, body = Workspace)))]
pub(super) async fn create(
    request: HttpRequest,
    caller: Caller,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewWorkspace = body.json().await?;
    let made = tenants
        .create_workspace(&caller.0, organization(&request), &new)
        .await?;
    let place = format!("/api/v1/workspaces/{}", made.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, place))
        .json(made))
}

/// A workspace.
#[utoipa::path(get, path = "/workspaces/{workspace}", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id")),
    responses((status = 200, body = Workspace)))]
pub(super) async fn show(
    scoped: Scoped<Read>,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<Workspace>, ApiError> {
    Ok(web::Json(tenants.workspace(&scoped.scope).await?))
}

/// The rooms of a workspace, by name; further ones as the `Link` header says.
#[utoipa::path(get, path = "/workspaces/{workspace}/rooms", tag = "room",
    params(("workspace" = String, Path, description = "Name or id"),
        ("after" = Option<String>, Query, description = "The last name of the page before"),
        ("limit" = Option<u32>, Query, description = "At most 1000")),
    responses((status = 200, body = Vec<Room>)))]
pub(super) async fn rooms(
    request: HttpRequest,
    scoped: Scoped<Read>,
    tenants: web::Data<Tenants>,
    hub: web::Data<Rooms>,
) -> Result<HttpResponse, ApiError> {
    let page = page(&request)?;
    let rooms = tenants.rooms(&scoped.scope, &page).await?;
    let last = rooms.last().map(|room| room.name.to_string());
    let rooms: Vec<_> = rooms.into_iter().map(|row| shown(row, hub.hub())).collect();
    Ok(next_page(&request, &page, rooms.len(), last).json(rooms))
}

/// Make a room.
#[utoipa::path(post, path = "/workspaces/{workspace}/rooms", tag = "room",
    params(("workspace" = String, Path, description = "Name or id")),
    request_body = NewRoom, responses((status = 201, body = Room)))]
pub(super) async fn create_room(
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    hub: web::Data<Rooms>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewRoom = body.json().await?;
    let made = tenants.create_room(&scoped.scope, &new).await?;
    let (workspace, name) = (scoped.scope.workspace(), &made.name);
    let place = format!("/api/v1/workspaces/{workspace}/rooms/{name}");
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, place))
        .json(shown(made, hub.hub())))
}

/// A room.
#[utoipa::path(get, path = "/workspaces/{workspace}/rooms/{room}", tag = "room",
    params(("workspace" = String, Path, description = "Name or id"),
        ("room" = String, Path, description = "Name")),
    responses((status = 200, body = Room)))]
pub(super) async fn show_room(
    request: HttpRequest,
    scoped: Scoped<Read>,
    tenants: web::Data<Tenants>,
    hub: web::Data<Rooms>,
) -> Result<web::Json<Room>, ApiError> {
    let found = tenants.find_room(&scoped.scope, &room(&request)?).await?;
    Ok(web::Json(shown(found, hub.hub())))
}

/// The live connections of a workspace on this node, with their counters.
#[utoipa::path(get, path = "/workspaces/{workspace}/connections", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id")),
    responses((status = 200, body = Vec<Connection>)))]
pub(super) async fn connections(
    scoped: Scoped<Admin>,
    registry: web::Data<Registry>,
) -> web::Json<Vec<Connection>> {
    web::Json(registry.list(scoped.scope.workspace()))
}

fn organization(request: &HttpRequest) -> &str {
    request.match_info().get("organization").unwrap_or_default()
}

fn shown(row: RoomRow, hub: &Hub) -> Room {
    let members = hub.members(row.id).1;
    Room {
        id: row.id,
        name: row.name,
        topic: row.topic,
        head: row.head,
        epoch: row.epoch,
        last_at: row.last_at,
        members: u32::try_from(members).unwrap_or(u32::MAX),
        open_streams: row.open_streams,
        created_at: row.created_at,
    }
}
