//! Search across the rooms of a workspace.

use super::ApiError;
use super::extract::{Read, Scoped, query};
use crate::search::{Request, Search};
use actix_web::{HttpRequest, web};
use generic_corp_protocol::rest::SearchPage;
use generic_corp_protocol::{ErrorCode, Slug};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    q: String,
    room: Option<String>,
    from: Option<String>,
    kind: Option<String>,
    before: Option<u64>,
    limit: Option<u32>,
}

/// Messages and streams' names with all of these words, the newest first.
#[utoipa::path(get, path = "/workspaces/{workspace}/search", tag = "room",
    params(("workspace" = String, Path, description = "Name or id"),
        ("q" = String, Query, description = "At most 16 words; of the last one the beginning is enough, from two letters on"),
        ("room" = Option<String>, Query, description = "Only in this room"),
        ("from" = Option<String>, Query, description = "Only from a sender of this name"),
        ("kind" = Option<String>, Query, description = "Only events of this kind"),
        ("before" = Option<u64>, Query, description = "The hits behind those of a page, by its `next`"),
        ("limit" = Option<u32>, Query, description = "At most 50; 20 when left out")),
    responses((status = 200, body = SearchPage)))]
pub(super) async fn page(
    request: HttpRequest,
    scoped: Scoped<Read>,
    search: web::Data<Search>,
) -> Result<web::Json<SearchPage>, ApiError> {
    let SearchQuery {
        q,
        room,
        from,
        kind,
        before,
        limit,
    } = query(&request)?;
    let room = room.map(|name| Slug::parse(&name)).transpose();
    let request = Request {
        text: q,
        room: room.map_err(|error| ApiError::new(ErrorCode::Invalid, error.to_string()))?,
        from,
        kind,
        before,
        limit,
    };
    Ok(web::Json(search.page(&scoped.scope, request).await?))
}
