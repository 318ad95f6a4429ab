//! Request bodies: of one type, unpacked, within a size and a time. Read by the handler itself, after
//! it is known who asks.

use super::{ApiError, Options};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use generic_corp_protocol::{ErrorCode, decode_body};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

/// A body that was not read yet.
pub struct Body {
    request: HttpRequest,
    payload: Payload,
}

impl FromRequest for Body {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
        }))
    }
}

impl Body {
    /// The body as JSON of this shape.
    ///
    /// # Errors
    /// `unsupported_media_type`, `too_large`, `timeout`, or what [`decode_body`] says.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let kind = header(&self.request, CONTENT_TYPE)?;
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::new(
                ErrorCode::UnsupportedMediaType,
                "send JSON, with `Content-Type: application/json`",
            ));
        }
        let bytes = self.bytes().await?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| ApiError::new(ErrorCode::InvalidJson, "the body is not UTF-8"))?;
        Ok(decode_body(text)?)
    }

    /// [`Self::json`], or `None` when there is no body.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub async fn json_if_any<T: DeserializeOwned>(self) -> Result<Option<T>, ApiError> {
        let typed = self.request.headers().contains_key(CONTENT_TYPE);
        if typed {
            return self.json().await.map(Some);
        }
        match self.bytes().await?.is_empty() {
            true => Ok(None),
            false => Err(ApiError::new(
                ErrorCode::UnsupportedMediaType,
                "send JSON, with `Content-Type: application/json`",
            )),
        }
    }

    /// The body as it is.
    ///
    /// # Errors
    /// `unsupported_media_type` when it is packed, `too_large`, `timeout`.
    pub async fn bytes(self) -> Result<Bytes, ApiError> {
        let options = options(&self.request)?;
        let (limit, time) = (options.max_body_bytes, options.body_timeout);
        let packing = header(&self.request, CONTENT_ENCODING)?;
        if !packing.is_empty() && !packing.eq_ignore_ascii_case("identity") {
            return Err(ApiError::new(
                ErrorCode::UnsupportedMediaType,
                "packed bodies are not accepted; leave out `Content-Encoding`",
            ));
        }
        let declared = header(&self.request, CONTENT_LENGTH)?.parse::<u64>();
        if declared.is_ok_and(|length| length > limit as u64) {
            return Err(too_large(limit));
        }
        match tokio::time::timeout(time, collect(self.payload, limit)).await {
            Ok(read) => read,
            Err(_) => Err(too_slow(time)),
        }
    }
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|_| ApiError::new(ErrorCode::InvalidFrame, "the body broke off"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        ErrorCode::TooLarge,
        format!("the body has more than {limit} bytes; larger content goes through streams"),
    )
}

fn too_slow(time: Duration) -> ApiError {
    ApiError::new(
        ErrorCode::Timeout,
        format!("the body did not arrive within {} s", time.as_secs()),
    )
}

fn header(request: &HttpRequest, name: HeaderName) -> Result<&str, ApiError> {
    let value = request.headers().get(&name).map(|value| value.to_str());
    value
        .transpose()
        .map(Option::unwrap_or_default)
        .map_err(|_| {
            ApiError::new(
                ErrorCode::UnsupportedMediaType,
                format!("the header `{name}` is not text"),
            )
        })
}

fn options(request: &HttpRequest) -> Result<&Options, ApiError> {
    request
        .app_data::<web::Data<Options>>()
        .map(|options| options.as_ref())
        .ok_or_else(|| ApiError::of(ErrorCode::Internal, &"http::Options is not app data", None))
}
