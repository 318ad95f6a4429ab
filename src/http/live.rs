//! Following a room or a stream without a socket: `curl -N`, or a browser's `EventSource`.

use super::extract::{self, Read, Scoped, address, query};
use super::sse::{Body, Live, Place, write_event};
use super::{ApiError, Options};
use crate::connection::{Refused, Registry, Watcher};
use crate::fanout::{Cursor, Worker};
use crate::room::{Join, Rooms};
use actix_web::body::MessageBody as _;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::frame::{Joined, StreamReading};
use generic_corp_protocol::{ErrorCode, ServerFrame};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

const LAST_ID: &str = "Last-Event-ID";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoomQuery {
    after: Option<u64>,
    epoch: Option<String>,
    tail: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamQuery {
    offset: Option<u64>,
    tail_bytes: Option<u64>,
}

/// Follow a room: `joined` first, then its events as they are committed, as Server-Sent Events.
///
/// The id of an event is `epoch:seq`; a browser that comes back with it in `Last-Event-ID` goes on behind
/// it. `joined` says in `recovered` whether that could be done.
#[utoipa::path(get, path = "/workspaces/{workspace}/rooms/{room}/live", tag = "room",
    params(("workspace" = String, Path, description = "Name or id"),
        ("room" = String, Path, description = "Name"),
        ("after" = Option<u64>, Query, description = "The last `seq` the client has"),
        ("epoch" = Option<String>, Query, description = "The epoch it belongs to"),
        ("tail" = Option<u64>, Query, description = "Else: begin so many events before the end"),
        ("Last-Event-ID" = Option<String>, Header, description = "`epoch:seq`; counts before the query")),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub(super) async fn room(
    request: HttpRequest,
    scoped: Scoped<Read>,
    rooms: web::Data<Rooms>,
) -> Result<HttpResponse, ApiError> {
    let name = extract::room(&request)?;
    let RoomQuery { after, epoch, tail } = query(&request)?;
    let mut from = Join { after, epoch, tail };
    if let Some(id) = last_id(&request)? {
        let (epoch, seq) = id.rsplit_once(':').ok_or_else(bad_id)?;
        from.after = Some(seq.parse().map_err(|_| bad_id())?);
        from.epoch = Some(epoch.to_owned());
    }
    let joining = rooms.join(&scoped.scope, &name, &from).await?;
    let seat = Seat::take(&request, &scoped).await?;
    let (cursor, members, count) = joining.tail.cursor(joining.after);
    let epoch = joining.epoch.to_string();
    let id = format!("{epoch}:{}", joining.after);
    let first = ServerFrame::Joined(Joined {
        id: None,
        room: name,
        head: joining.head,
        epoch: epoch.clone(),
        after: joining.after,
        recovered: joining.recovered,
        members,
        member_count: u32::try_from(count).unwrap_or(u32::MAX),
        streams: joining.streams,
    });
    let first = event("joined", &id, &first);
    Ok(seat.answer(Cursor::Room(cursor), Place::Room { epoch }, first))
}

/// Follow a stream: `stream.reading` first, then its bytes and its end, as Server-Sent Events.
///
/// The id of an event is the offset behind it. A browser that comes back with it after the end is
/// answered by 204, which tells it to stay away.
#[utoipa::path(get, path = "/workspaces/{workspace}/streams/{stream}/live", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("stream" = String, Path, description = "Id"),
        ("offset" = Option<u64>, Query, description = "The first byte the client needs"),
        ("tail_bytes" = Option<u64>, Query, description = "Else: begin so many bytes before the end"),
        ("Last-Event-ID" = Option<String>, Header, description = "An offset; counts before the query")),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 204)))]
pub(super) async fn stream(
    request: HttpRequest,
    scoped: Scoped<Read>,
    rooms: web::Data<Rooms>,
) -> Result<HttpResponse, ApiError> {
    let id = extract::stream(&request)?;
    let StreamQuery {
        mut offset,
        mut tail_bytes,
    } = query(&request)?;
    let last: Option<u64> = match last_id(&request)? {
        Some(id) => Some(id.parse().map_err(|_| bad_id())?),
        None => None,
    };
    if last.is_some() {
        (offset, tail_bytes) = (last, None);
    }
    let reading = rooms
        .read_stream(&scoped.scope, id, offset, tail_bytes, true)
        .await?;
    let over = reading.info.state.outcome().is_some() && reading.offset == reading.info.length;
    if last.is_some() && over {
        return Ok(HttpResponse::NoContent().finish());
    }
    let seat = Seat::take(&request, &scoped).await?;
    let cursor = reading.cursor(None);
    let place = reading.offset.to_string();
    let first = StreamReading {
        info: reading.info,
        offset: reading.offset,
        handle: None,
    };
    let first = event("stream.reading", &place, &first);
    Ok(seat.answer(Cursor::Stream(cursor), Place::Stream, first))
}

/// A viewer that is let in and has nothing to watch yet.
struct Seat {
    live: Rc<Live>,
    head_only: bool,
}

impl Seat {
    async fn take(request: &HttpRequest, scoped: &Scoped<Read>) -> Result<Self, ApiError> {
        let missing = |what: &str| {
            ApiError::of(
                ErrorCode::Internal,
                &format!("{what} is not app data"),
                None,
            )
        };
        let data = |name| move || missing(name);
        let worker = request.app_data::<Rc<Worker>>();
        let worker = worker.ok_or_else(data("Rc<Worker>"))?;
        let registry = request.app_data::<web::Data<Registry>>();
        let registry = registry.ok_or_else(data("Registry"))?;
        let options = request.app_data::<web::Data<Options>>();
        let options = options.ok_or_else(data("http::Options"))?;
        let (principal, scope) = (&scoped.principal, &scoped.scope);
        let expires_at = principal.expires_at();
        let live = worker.admit(|viewer| Live::new(viewer, expires_at, options.heartbeat));
        let seat = Self {
            live,
            head_only: request.method() == Method::HEAD,
        };
        let address = Some(address(request));
        let viewer = seat.live.viewer();
        match Watcher::register(registry, principal, scope, address, viewer).await {
            Ok(watcher) => seat.live.register(watcher),
            Err(refused) => {
                worker.dismiss(viewer);
                return Err(match refused {
                    Refused::Full => {
                        let most = scope.plan().connections;
                        let text = format!("the plan allows {most} connections at a time");
                        ApiError::new(ErrorCode::LimitReached, text)
                    }
                    Refused::Draining => {
                        let text = "the hub is stopping; connect again in a moment";
                        ApiError::new(ErrorCode::ShuttingDown, text)
                    }
                });
            }
        }
        Ok(seat)
    }

    fn answer(self, cursor: Cursor, place: Place, first: Bytes) -> HttpResponse {
        let viewer = self.live.viewer().clone();
        if !self.head_only {
            viewer.watch(cursor);
        }
        let body = Body::new(self.live, place, first);
        HttpResponse::Ok()
            .content_type("text/event-stream")
            // Proxies that gather answers would hold the events back.
            .insert_header(("X-Accel-Buffering", "no"))
            .body(body.boxed())
    }
}

fn event<T: Serialize>(kind: &str, id: &str, data: &T) -> Bytes {
    let mut out = BytesMut::new();
    let json = generic_corp_protocol::encode(data);
    write_event(&mut out, kind, Some(id), json.as_bytes());
    out.freeze()
}

/// Empty is what a browser sends that has seen no id.
fn last_id(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    let id = request.headers().get(LAST_ID).map(|id| id.to_str());
    let id = id.transpose().map_err(|_| bad_id())?;
    Ok(id.filter(|id| !id.is_empty()))
}

fn bad_id() -> ApiError {
    ApiError::new(
        ErrorCode::Invalid,
        "`Last-Event-ID` is no id of an event of this kind",
    )
}
