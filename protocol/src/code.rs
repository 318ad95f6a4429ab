//! The two closed lists a client acts on: why a request failed, why a connection ended.
//!
//! `docs/errors.md` explains each; a test compares that page with these enums.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $retryable:literal;)*) => {
        /// Why a request failed; the connection lives on. The same codes are used over HTTP.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename_all = "snake_case"))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "snake_case"))]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The status of an HTTP answer that carries this code.
            pub fn http_status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// Whether the same request may succeed later without being changed.
            pub fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)* }
            }

            /// The code that `text` names.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

error_codes! {
    /// The text is not JSON, is nested too deeply, or holds a lone surrogate.
    InvalidJson = "invalid_json", 400, false;
    /// The JSON is no frame or body of this kind: a field is missing or has the wrong type.
    InvalidFrame = "invalid_frame", 400, false;
    /// The frame's `type` is not known.
    UnknownType = "unknown_type", 400, false;
    /// A field is not known; its name is in the message.
    UnknownField = "unknown_field", 400, false;
    /// A value is out of its range or form.
    Invalid = "invalid", 422, false;
    /// A name, e-mail address or number is taken, or the thing is in a state that forbids this.
    Conflict = "conflict", 409, false;
    /// The idempotency key was used before with another content.
    IdempotencyConflict = "idempotency_conflict", 409, false;
    /// No credentials, or the first frame was not `hello`.
    Unauthenticated = "unauthenticated", 401, false;
    /// The token or key is malformed, forged, revoked or unknown.
    InvalidToken = "invalid_token", 401, false;
    /// The token was good and has expired.
    TokenExpired = "token_expired", 401, false;
    /// E-mail address or password is wrong.
    InvalidCredentials = "invalid_credentials", 401, false;
    /// The principal may see the thing but not do this.
    Forbidden = "forbidden", 403, false;
    /// The request's `Origin` is not on the list.
    OriginNotAllowed = "origin_not_allowed", 403, false;
    /// There is no such thing for this principal.
    NotFound = "not_found", 404, false;
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, false;
    /// The body did not arrive in time.
    Timeout = "timeout", 408, true;
    /// The message or body is larger than allowed.
    TooLarge = "too_large", 413, false;
    /// The body's media type or encoding is not accepted.
    UnsupportedMediaType = "unsupported_media_type", 415, false;
    /// The requested range lies outside the stream.
    RangeNotSatisfiable = "range_not_satisfiable", 416, false;
    /// An append begins beyond the end of the stream; `details.length` says where it ends.
    StreamOffset = "stream_offset", 409, false;
    /// The stream is closed.
    StreamClosed = "stream_closed", 409, false;
    /// A count of this connection or workspace is at its limit.
    LimitReached = "limit_reached", 409, false;
    /// Too fast; wait `retry_after_ms`.
    RateLimited = "rate_limited", 429, true;
    /// The quota of the window is used up; `details.resets_at` says when it begins anew.
    QuotaExceeded = "quota_exceeded", 429, true;
    /// What was asked is known but not offered here.
    Unsupported = "unsupported", 501, false;
    /// The hub has more to do than it takes on.
    Overloaded = "overloaded", 503, true;
    /// The store cannot be reached or did not answer; whether it happened is not known, retry with the same key.
    Unavailable = "unavailable", 503, true;
    /// The hub is draining; reconnect.
    ShuttingDown = "shutting_down", 503, true;
    /// The disk is full; nothing was accepted.
    StorageFull = "storage_full", 507, true;
    /// A fault of the hub; the message has a reference for the operator.
    Internal = "internal", 500, true;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    /// A code this build does not know reads as [`ErrorCode::Internal`]: clients outlive hubs.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Ok(Self::parse(&text).unwrap_or(Self::Internal))
    }
}

macro_rules! close_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal, $reconnect:literal;)*) => {
        /// Why the hub ended a connection (RFC 6455 section 7.4; 4000–4999 are ours).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum CloseCode { $($(#[$doc])* $name,)* }

        impl CloseCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number in the close frame.
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason in the close frame: one short sentence.
            pub fn reason(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether a client should connect again by itself.
            pub fn reconnect(self) -> bool {
                match self { $(Self::$name => $reconnect,)* }
            }

            /// The code with this number.
            pub fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

close_codes! {
    /// The client closed, and the hub answers in kind.
    Normal = 1000, "closed by the client", false;
    /// Bytes that are no WebSocket frame, or frames in a forbidden order.
    ProtocolError = 1002, "WebSocket protocol error", false;
    /// Text that is not UTF-8.
    InvalidUtf8 = 1007, "text is not UTF-8", false;
    /// A message larger than the limit in `welcome`.
    TooLarge = 1009, "message too large; use a stream", false;
    /// A fault of the hub.
    Internal = 1011, "internal error", true;
    /// The hub restarts or drains; resume needs nothing else.
    ServiceRestart = 1012, "the hub restarts; reconnect and resume", true;
    /// The hub takes no more connections now.
    TryAgainLater = 1013, "the hub is overloaded; try again later", true;
    /// Malformed frames, again and again.
    BadFrames = 4400, "too many malformed frames", false;
    /// No valid token: missing, invalid, expired, or its session ended.
    Unauthenticated = 4401, "no valid token; sign in again", false;
    /// The principal may not be here: its key was revoked, or the workspace is not there for it.
    Forbidden = 4403, "access was withdrawn", false;
    /// No `hello` in time, or no sign of life.
    Timeout = 4408, "no sign of life in time", true;
    /// More connections than the plan allows.
    ConnectionLimit = 4409, "too many connections", false;
    /// An administrator of the workspace has ended this connection.
    Disconnected = 4410, "ended by an administrator", false;
    /// Sending on after being told to slow down, again and again.
    RateAbuse = 4429, "rate limit ignored", true;
    /// The peer read nothing for the set time.
    TooSlow = 4430, "no progress in reading; reconnect and resume", true;
}
