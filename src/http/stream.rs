//! Output streams over plain HTTP: list, open, close, ask to cancel. Their bytes are in `stream_bytes`.

use super::ApiError;
use super::body::Body;
use super::event::key;
use super::extract::{self, Publish, Read, Scoped, Stream, query, room};
use crate::room::{Rooms, TimesRequest};
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::frame::{StreamClose, StreamOpen, StreamOpened};
use generic_corp_protocol::rest::{CancelStream, CloseStream, NewStream, StreamPage, StreamTimes};
use generic_corp_protocol::{ErrorCode, StreamInfo, StreamState, Timestamp};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    before: Option<u64>,
    limit: Option<u32>,
    state: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimesQuery {
    offset: Option<u64>,
    time: Option<Timestamp>,
    every: Option<u32>,
    limit: Option<u32>,
}

/// The streams of a room, the newest first.
#[utoipa::path(get, path = "/workspaces/{workspace}/rooms/{room}/streams", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("room" = String, Path, description = "Name"),
        ("before" = Option<u64>, Query, description = "Opened before this `seq`"),
        ("limit" = Option<u32>, Query, description = "At most 500; 100 when left out"),
        ("state" = Option<String>, Query, description = "Only those in this state, for instance `open`")),
    responses((status = 200, body = StreamPage)))]
pub(super) async fn list(
    request: HttpRequest,
    scoped: Scoped<Read>,
    rooms: web::Data<Rooms>,
) -> Result<web::Json<StreamPage>, ApiError> {
    let ListQuery {
        before,
        limit,
        state,
    } = query(&request)?;
    let state = state.map(|text| {
        StreamState::parse(&text).ok_or_else(|| {
            ApiError::new(
                ErrorCode::Invalid,
                "query: `state` is `open`, `completed`, `failed`, `cancelled` or `interrupted`",
            )
        })
    });
    let (room, state) = (room(&request)?, state.transpose()?);
    let page = rooms.streams(&scoped.scope, &room, state, before, limit);
    Ok(web::Json(page.await?))
}

/// Open a stream. A repeated key gets the first stream, with status 200.
///
/// It is closed as `interrupted` when nothing is appended for the time of a lease (30 s by default); an
/// append of nothing keeps it open.
#[utoipa::path(post, path = "/workspaces/{workspace}/rooms/{room}/streams", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("room" = String, Path, description = "Name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Instead of `key` in the body")),
    request_body = NewStream,
    responses((status = 201, body = StreamOpened), (status = 200, body = StreamOpened)))]
pub(super) async fn open(
    request: HttpRequest,
    scoped: Scoped<Stream>,
    rooms: web::Data<Rooms>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let room = room(&request)?;
    let new: NewStream = body.json().await?;
    let frame = StreamOpen {
        id: None,
        room,
        key: key(&request, new.key)?,
        name: new.name,
        role: new.role,
        media_type: new.media_type,
        tool_call: new.tool_call,
        parent: new.parent,
    };
    let opened = rooms.open_stream(&scoped.scope, frame).await?;
    let mut answer = match opened.duplicate {
        true => HttpResponse::Ok(),
        false => HttpResponse::Created(),
    };
    Ok(answer.json(opened))
}

/// A stream and where it stands.
#[utoipa::path(get, path = "/workspaces/{workspace}/streams/{stream}", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("stream" = String, Path, description = "Id")),
    responses((status = 200, body = StreamInfo)))]
pub(super) async fn show(
    request: HttpRequest,
    scoped: Scoped<Read>,
    rooms: web::Data<Rooms>,
) -> Result<web::Json<StreamInfo>, ApiError> {
    let id = extract::stream(&request)?;
    Ok(web::Json(rooms.stream(&scoped.scope, id).await?))
}

/// When the bytes of a stream were stored.
///
/// Exact for bytes that came lately; of older ones those that came within 50 ms have one time.
#[utoipa::path(get, path = "/workspaces/{workspace}/streams/{stream}/times", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("stream" = String, Path, description = "Id"),
        ("offset" = Option<u64>, Query, description = "From the time of this byte on"),
        ("time" = Option<String>, Query, description = "From what was stored last at this time on; not with `offset`"),
        ("every" = Option<u32>, Query, description = "Milliseconds between two times, at least"),
        ("limit" = Option<u32>, Query, description = "At most 500; 100 when left out")),
    responses((status = 200, body = StreamTimes)))]
pub(super) async fn times(
    request: HttpRequest,
    scoped: Scoped<Read>,
    rooms: web::Data<Rooms>,
) -> Result<web::Json<StreamTimes>, ApiError> {
    let id = extract::stream(&request)?;
    let TimesQuery {
        offset,
        time,
        every,
        limit,
    } = query(&request)?;
    let wanted = TimesRequest {
        offset,
        time,
        every,
        limit,
    };
    Ok(web::Json(rooms.times(&scoped.scope, id, wanted).await?))
}

/// Close a stream one writes.
#[utoipa::path(post, path = "/workspaces/{workspace}/streams/{stream}/close", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("stream" = String, Path, description = "Id")),
    request_body = CloseStream, responses((status = 200, body = StreamInfo)))]
pub(super) async fn close(
    request: HttpRequest,
    scoped: Scoped<Stream>,
    rooms: web::Data<Rooms>,
    body: Body,
) -> Result<web::Json<StreamInfo>, ApiError> {
    let stream = extract::stream(&request)?;
    let close: CloseStream = body.json().await?;
    let frame = StreamClose {
        id: None,
        stream,
        offset: close.offset,
        outcome: close.outcome,
        exit_code: close.exit_code,
        metadata: None,
    };
    Ok(web::Json(rooms.close_stream(&scoped.scope, frame).await?))
}

/// Ask the producer of a stream to stop. It is told now or when it returns; whether it stops is its affair.
#[utoipa::path(post, path = "/workspaces/{workspace}/streams/{stream}/cancel", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("stream" = String, Path, description = "Id")),
    request_body = Option<CancelStream>, responses((status = 202)))]
pub(super) async fn cancel(
    request: HttpRequest,
    scoped: Scoped<Publish>,
    rooms: web::Data<Rooms>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let stream = extract::stream(&request)?;
    let cancel: Option<CancelStream> = body.json_if_any().await?;
    let reason = cancel.and_then(|cancel| cancel.reason);
    rooms.cancel_stream(&scoped.scope, stream, reason).await?;
    Ok(HttpResponse::Accepted().finish())
}
