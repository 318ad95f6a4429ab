//! A stream's bytes over plain HTTP: append them, read them whole or in part.

use super::ApiError;
use super::body::Body;
use super::extract::{self, Read, Scoped, Stream as MayStream, query};
use crate::room::{Append, Rooms};
use crate::store::op::Done;
use crate::tenant::Scope;
use actix_web::body::SizedStream;
use actix_web::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderValue, RANGE,
};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use bytes::Bytes;
use futures_util::{Stream, stream};
use generic_corp_protocol::frame::CancelNotice;
use generic_corp_protocol::rest::Appended;
use generic_corp_protocol::{ErrorCode, StreamId, StreamInfo, StreamState};
use serde::Deserialize;

/// Bytes of one read from the store.
const PIECE: u64 = 128 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppendQuery {
    offset: u64,
}

/// Append the body's bytes at an offset of a stream one writes. Bytes that are stored already are
/// acknowledged, not repeated. The answer means committed, and tells when somebody asks to stop.
#[utoipa::path(post, path = "/workspaces/{workspace}/streams/{stream}/bytes", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("stream" = String, Path, description = "Id"),
        ("offset" = u64, Query, description = "Where the bytes begin")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Appended)))]
pub(super) async fn append(
    request: HttpRequest,
    scoped: Scoped<MayStream>,
    rooms: web::Data<Rooms>,
    body: Body,
) -> Result<web::Json<Appended>, ApiError> {
    let stream = extract::stream(&request)?;
    let AppendQuery { offset } = query(&request)?;
    let data = body.bytes().await?;
    let append = Append {
        stream,
        offset,
        data,
    };
    rooms.reach(&scoped.scope, append.stream).await?;
    let op = rooms.append_op(&scoped.scope, append)?;
    let done = rooms.history().submit(op).await;
    match done.map_err(crate::room::Error::from)? {
        Done::Appended { length, cancel, .. } => Ok(web::Json(Appended {
            offset: length,
            cancel: cancel.map(|wish| CancelNotice {
                stream,
                by: wish.by,
                reason: wish.reason,
            }),
        })),
        _ => Err(crate::room::Error::NotFound("stream").into()),
    }
}

/// The bytes of a stream that are stored now, or a range of them.
#[utoipa::path(get, path = "/workspaces/{workspace}/streams/{stream}/bytes", tag = "stream",
    params(("workspace" = String, Path, description = "Name or id"),
        ("stream" = String, Path, description = "Id"),
        ("Range" = Option<String>, Header, description = "One range, for instance `bytes=-65536`")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream")))]
pub(super) async fn read(
    request: HttpRequest,
    scoped: Scoped<Read>,
    rooms: web::Data<Rooms>,
) -> Result<HttpResponse, ApiError> {
    let info = rooms
        .stream(&scoped.scope, extract::stream(&request)?)
        .await?;
    let range = request.headers().get(RANGE);
    let range = range
        .and_then(|range| range.to_str().ok())
        .and_then(Range::parse);
    let (mut answer, from, to) = match range.map(|range| range.of(info.length)) {
        None => (HttpResponse::Ok(), 0, info.length),
        Some(Some((from, to))) => {
            let mut answer = HttpResponse::PartialContent();
            // The length of a stream that is still being written is not known.
            let whole = match info.state {
                StreamState::Open => "*".to_owned(),
                _ => info.length.to_string(),
            };
            let range = format!("bytes {from}-{}/{whole}", to - 1);
            answer.insert_header((CONTENT_RANGE, range));
            (answer, from, to)
        }
        Some(None) => return Ok(outside(&info)),
    };
    answer
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CONTENT_TYPE, media_type(&info)))
        // What a producer wrote is never a page of this hub.
        .insert_header((CONTENT_DISPOSITION, "attachment"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"));
    let rooms = rooms.get_ref().clone();
    let pieces = pieces(rooms, scoped.scope, info.stream, from, to);
    Ok(answer.body(SizedStream::new(to - from, pieces)))
}

/// Reads piece by piece, as the client takes them.
fn pieces(
    rooms: Rooms,
    scope: Scope,
    id: StreamId,
    from: u64,
    to: u64,
) -> impl Stream<Item = Result<Bytes, ApiError>> {
    stream::try_unfold((rooms, scope, from), move |(rooms, scope, at)| async move {
        if at >= to {
            return Ok(None);
        }
        let most = (to - at).min(PIECE) as usize;
        let piece = rooms.bytes(&scope, id, at, most).await?;
        if piece.is_empty() {
            let error = format!("stream {id} ends at {at}, not at {to}");
            return Err(ApiError::of(ErrorCode::Internal, &error, None));
        }
        let at = at + piece.len() as u64;
        Ok(Some((piece, (rooms, scope, at))))
    })
}

fn media_type(info: &StreamInfo) -> HeaderValue {
    HeaderValue::from_str(&info.media_type)
        .ok()
        .filter(|value| value.to_str().is_ok())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

fn outside(info: &StreamInfo) -> HttpResponse {
    let text = format!("the stream has {} bytes", info.length);
    let error = ApiError::new(ErrorCode::RangeNotSatisfiable, text);
    let mut answer = error.error_response();
    if let Ok(range) = format!("bytes */{}", info.length).parse() {
        answer.headers_mut().insert(CONTENT_RANGE, range);
    }
    answer
}

/// A `Range` header (RFC 9110, section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// From the first to the last byte, or to the end.
    Bytes(u64, Option<u64>),
    /// So many bytes before the end.
    Last(u64),
}

impl Range {
    /// One range of bytes. Anything else is ignored, as the RFC allows: the answer is then the whole.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
        // `u64::from_str` takes a plus sign.
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u64>().ok(),
            false => None,
        };
        match (first, last) {
            ("", last) => Some(Range::Last(number(last)?)),
            (first, "") => Some(Range::Bytes(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Range::Bytes(first, Some(last)))
            }
        }
    }

    /// The part of `length` bytes, end exclusive; `None` when it lies outside.
    pub(super) fn of(self, length: u64) -> Option<(u64, u64)> {
        let (from, to) = match self {
            Self::Bytes(first, last) => {
                let end = last.map_or(length, |last| last.saturating_add(1));
                (first, end.min(length))
            }
            Self::Last(count) => (length.saturating_sub(count), length),
        };
        (from < to).then_some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_what_there_is() {
        let of = |header: &str, length| Range::parse(header).map(|range| range.of(length));
        for (header, length, expected) in [
            ("bytes=0-0", 10, Some(Some((0, 1)))),
            ("bytes=2-5", 10, Some(Some((2, 6)))),
            ("bytes=2-", 10, Some(Some((2, 10)))),
            ("bytes=2-99", 10, Some(Some((2, 10)))),
            ("bytes=-3", 10, Some(Some((7, 10)))),
            ("bytes=-99", 10, Some(Some((0, 10)))),
            ("bytes=0-18446744073709551615", 10, Some(Some((0, 10)))),
            ("bytes=10-", 10, Some(None)),
            ("bytes=-0", 10, Some(None)),
            ("bytes=0-", 0, Some(None)),
            ("bytes=-5", 0, Some(None)),
            ("bytes=5-2", 10, None),
            ("bytes=0-1,3-4", 10, None),
            ("bytes=+1-2", 10, None),
            ("bytes=99999999999999999999-", 10, None),
            ("bytes=-", 10, None),
            ("bytes=a-b", 10, None),
            ("lines=1-2", 10, None),
            ("", 10, None),
        ] {
            assert_eq!(of(header, length), expected, "{header} of {length}");
        }
    }
}
