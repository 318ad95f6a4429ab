//! Organizations' workspaces, and their rooms.

use super::ApiError;
use super::body::Body;
use super::extract::{Admin, Caller, InOrganization, Manage, Read, Scoped, address, page, room};
use super::gate::bill;
use super::routes::next_page;
use crate::auth::Principal;
use crate::bus::{Bus, Ended, Hint};
use crate::cluster::Cluster;
use crate::connection::Registry;
use crate::fanout::Hub;
use crate::metering::Actor;
use crate::room::Rooms;
use crate::store::room::RoomRow;
use crate::tenant::Tenants;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::rest::{
    ChangeWorkspace, Connection, NewRoom, NewWorkspace, Room, Workspace,
};
use generic_corp_protocol::{ConnectionId, ErrorCode, RoomId};

/// The workspaces of an organization.
#[utoipa::path(get, path = "/organizations/{organization}/workspaces", tag = "workspace",
    params(("organization" = String, Path, description = "Name or id")),
    responses((status = 200, body = Vec<Workspace>)))]
pub(super) async fn list(
    request: HttpRequest,
    caller: Caller,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<Vec<Workspace>>, ApiError> {
    let organization = request.match_info().get("organization");
    let found = tenants
        .reached(&caller.0, organization.unwrap_or_default())
        .await?;
    let key = match &caller.0 {
        Principal::User { .. } => None,
        Principal::Agent { key, .. } => Some(*key),
    };
    let actor = Actor::of(&caller.0.sender(), key);
    bill(&request, found.id, None, actor);
    Ok(web::Json(found.workspaces))
}

/// Make a workspace; a room `lobby` is made in it.
#[utoipa::path(post, path = "/organizations/{organization}/workspaces", tag = "workspace",
    params(("organization" = String, Path, description = "Name or id")),
    request_body = NewWorkspace, responses((status = 201, body = Workspace)))]
pub(super) async fn create(
    request: HttpRequest,
    member: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewWorkspace = body.json().await?;
    let made = tenants
        .create_workspace(&member.scope, &new, address(&request))
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

/// Give a workspace another name for people, or say who may come in.
#[utoipa::path(patch, path = "/workspaces/{workspace}", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id")),
    request_body = ChangeWorkspace, responses((status = 200, body = Workspace)))]
pub(super) async fn change(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<web::Json<Workspace>, ApiError> {
    let change: ChangeWorkspace = body.json().await?;
    let changed = tenants
        .change_workspace(&scoped.scope, &change, address(&request))
        .await?;
    if change.access.is_some() {
        bus.publish(vec![Hint::Ended(Ended::Right)]);
    }
    Ok(web::Json(changed))
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
    cluster: web::Data<Cluster>,
) -> Result<HttpResponse, ApiError> {
    let page = page(&request)?;
    let rooms = tenants.rooms(&scoped.scope, &page).await?;
    let last = rooms.last().map(|room| room.name.to_string());
    let mut answer = next_page(&request, &page, rooms.len(), last);
    let opened = rooms
        .into_iter()
        .filter(|room| scoped.scope.opens(&room.name));
    Ok(answer.json(shown(opened.collect(), hub.hub(), &cluster).await))
}

/// Make a room.
#[utoipa::path(post, path = "/workspaces/{workspace}/rooms", tag = "room",
    params(("workspace" = String, Path, description = "Name or id")),
    request_body = NewRoom, responses((status = 201, body = Room)))]
pub(super) async fn create_room(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewRoom = body.json().await?;
    let made = tenants
        .create_room(&scoped.scope, &new, Some(address(&request)))
        .await?;
    let (workspace, name) = (scoped.scope.workspace(), &made.name);
    let place = format!("/api/v1/workspaces/{workspace}/rooms/{name}");
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, place))
        .json(room_of(made, 0)))
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
    cluster: web::Data<Cluster>,
) -> Result<web::Json<Room>, ApiError> {
    let found = tenants.find_room(&scoped.scope, &room(&request)?).await?;
    let mut shown = shown(vec![found], hub.hub(), &cluster).await;
    Ok(web::Json(shown.remove(0)))
}

/// The live connections of a workspace, with their counters: of this node as they are now, of others as they
/// were some seconds ago. While Redis is away those of others are missing.
#[utoipa::path(get, path = "/workspaces/{workspace}/connections", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id")),
    responses((status = 200, body = Vec<Connection>)))]
pub(super) async fn connections(
    scoped: Scoped<Admin>,
    registry: web::Data<Registry>,
    cluster: web::Data<Cluster>,
) -> web::Json<Vec<Connection>> {
    let workspace = scoped.scope.workspace();
    let mut found = registry.list(workspace);
    found.extend(cluster.connections(workspace).await);
    found.sort_by_key(|connection| connection.id);
    web::Json(found)
}

/// End a connection of the workspace, on whichever node it is. Its client does not come back by itself; a key or a
/// session stays good.
#[utoipa::path(delete, path = "/workspaces/{workspace}/connections/{connection}", tag = "workspace",
    params(("workspace" = String, Path, description = "Name or id"),
        ("connection" = ConnectionId, Path, description = "Id")),
    responses((status = 204)))]
pub(super) async fn disconnect(
    request: HttpRequest,
    scoped: Scoped<Admin>,
    registry: web::Data<Registry>,
    cluster: web::Data<Cluster>,
    tenants: web::Data<Tenants>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let scope = &scoped.scope;
    let missing = || ApiError::new(ErrorCode::NotFound, "there is no such connection here");
    let id = request.match_info().get("connection").unwrap_or_default();
    let id: ConnectionId = id.parse().map_err(|_| missing())?;
    let workspace = scope.workspace();
    let there = registry.has(workspace, id) || {
        let others = cluster.connections(workspace).await;
        others.iter().any(|connection| connection.id == id)
    };
    if !there {
        return Err(missing());
    }
    tenants
        .note_disconnected(scope, id, address(&request))
        .await?;
    bus.publish(vec![Hint::Ended(Ended::Connection(id))]);
    Ok(HttpResponse::NoContent().finish())
}

/// Rooms with their members on all nodes, as far as is known.
async fn shown(rows: Vec<RoomRow>, hub: &Hub, cluster: &Cluster) -> Vec<Room> {
    let ids: Vec<RoomId> = rows.iter().map(|row| row.id).collect();
    let others = cluster.member_counts(&ids).await;
    let count = |row: &RoomRow| match others.get(&row.id) {
        Some(others) => hub.own_members(row.id, None).len() + others,
        None => hub.members(row.id).1,
    };
    rows.into_iter()
        .map(|row| {
            let members = count(&row);
            room_of(row, members)
        })
        .collect()
}

fn room_of(row: RoomRow, members: usize) -> Room {
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
