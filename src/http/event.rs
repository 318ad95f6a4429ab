//! A room's log over plain HTTP: publish, and page through history.

use super::ApiError;
use super::body::Body;
use super::extract::{Publish as MayPublish, Read, Scoped, query, room};
use crate::room::{PageRequest, Rooms};
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::frame::{HistoryPage, Publish, Published};
use generic_corp_protocol::rest::NewEvent;
use serde::Deserialize;

const KEY: &str = "Idempotency-Key";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    before: Option<u64>,
    after: Option<u64>,
    limit: Option<u32>,
    kinds: Option<String>,
}

/// A page of a room's log, ascending; the newest events when neither `before` nor `after` is given.
#[utoipa::path(get, path = "/workspaces/{workspace}/rooms/{room}/events", tag = "room",
    params(("workspace" = String, Path, description = "Name or id"),
        ("room" = String, Path, description = "Name"),
        ("before" = Option<u64>, Query, description = "Events before this `seq`"),
        ("after" = Option<u64>, Query, description = "Events after this `seq`"),
        ("limit" = Option<u32>, Query, description = "At most 500; 100 when left out"),
        ("kinds" = Option<String>, Query, description = "Only these kinds, separated by commas")),
    responses((status = 200, body = HistoryPage)))]
pub(super) async fn history(
    request: HttpRequest,
    scoped: Scoped<Read>,
    rooms: web::Data<Rooms>,
) -> Result<web::Json<HistoryPage>, ApiError> {
    let HistoryQuery {
        before,
        after,
        limit,
        kinds,
    } = query(&request)?;
    let kinds = kinds.unwrap_or_default();
    let kinds = kinds.split(',').filter(|kind| !kind.is_empty());
    let page = PageRequest {
        before,
        after,
        limit,
        kinds: kinds.map(str::to_owned).collect(),
    };
    let room = room(&request)?;
    Ok(web::Json(
        rooms.history_page(&scoped.scope, &room, page).await?,
    ))
}

/// Publish an event. The answer means committed; a repeated key gets the first answer, with status 200.
#[utoipa::path(post, path = "/workspaces/{workspace}/rooms/{room}/events", tag = "room",
    params(("workspace" = String, Path, description = "Name or id"),
        ("room" = String, Path, description = "Name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Instead of `key` in the body")),
    request_body = NewEvent,
    responses((status = 201, body = Published), (status = 200, body = Published)))]
pub(super) async fn publish(
    request: HttpRequest,
    scoped: Scoped<MayPublish>,
    rooms: web::Data<Rooms>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let room = room(&request)?;
    let new: NewEvent = body.json().await?;
    let frame = Publish {
        id: None,
        room,
        key: key(&request, new.key)?,
        kind: new.kind,
        body: new.body,
        mentions: new.mentions,
        reply_to: new.reply_to,
        ephemeral: false,
    };
    let published = rooms.publish(&scoped.scope, frame).await?;
    let mut answer = match published.duplicate {
        true => HttpResponse::Ok(),
        false => HttpResponse::Created(),
    };
    Ok(answer.json(published))
}

/// The idempotency key: of the body, or of the header.
pub(super) fn key(
    request: &HttpRequest,
    in_body: Option<String>,
) -> Result<Option<String>, ApiError> {
    let Some(header) = request.headers().get(KEY) else {
        return Ok(in_body);
    };
    let key = header
        .to_str()
        .map_err(|_| ApiError::new(ErrorCode::Invalid, "`Idempotency-Key` is plain ASCII"))?;
    match in_body {
        Some(other) if other != key => Err(ApiError::new(
            ErrorCode::Invalid,
            "`Idempotency-Key` and `key` differ; give one of them",
        )),
        _ => Ok(Some(key.to_owned())),
    }
}
