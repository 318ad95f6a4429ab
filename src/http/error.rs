//! Failures as `application/problem+json` (RFC 9457).

use crate::metering::UsedUp;
use crate::telemetry::fault;
use crate::{auth, billing, mail, oidc, room, search, store, tenant};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use generic_corp_protocol::rest::Problem;
use generic_corp_protocol::{DecodeError, ErrorCode};
use std::fmt;
use std::time::Duration;

/// A failed request, in words that may be shown.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    detail: String,
    retry_after: Option<Duration>,
    details: Option<serde_json::Value>,
}

impl ApiError {
    /// A refusal.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after: None,
            details: None,
        }
    }

    /// A failure of a part; what is a fault of the hub is logged and hidden.
    pub fn of(code: ErrorCode, error: &dyn fmt::Display, retry_after: Option<Duration>) -> Self {
        Self {
            code,
            detail: fault::visible(code, error),
            retry_after,
            details: None,
        }
    }

    /// The same, not to be tried again before so long.
    pub fn after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// The same, with facts that belong to the code.
    pub fn with_details(self, details: serde_json::Value) -> Self {
        Self {
            details: Some(details),
            ..self
        }
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    fn problem(&self) -> Problem {
        Problem {
            kind: format!("docs/errors.md#{}", self.code),
            title: self.code.as_str().replace('_', " "),
            status: self.code.http_status(),
            detail: self.detail.clone(),
            code: self.code,
            retryable: self.code.retryable(),
            retry_after_ms: self
                .retry_after
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            details: self.details.clone(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, rounded up: asking too early would be refused again.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        match self.code {
            ErrorCode::Unauthenticated => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            ErrorCode::InvalidToken | ErrorCode::TokenExpired => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
            }
            _ => {}
        }
        response.body(generic_corp_protocol::encode(&self.problem()))
    }
}

impl From<auth::Error> for ApiError {
    fn from(error: auth::Error) -> Self {
        Self::of(error.code(), &error, error.retry_after())
    }
}

impl From<mail::Error> for ApiError {
    fn from(error: mail::Error) -> Self {
        let (code, wait) = match error {
            mail::Error::Off => (ErrorCode::Unsupported, None),
            mail::Error::Full | mail::Error::Server(_) => {
                (ErrorCode::Overloaded, Some(Duration::from_secs(10)))
            }
            mail::Error::Invalid(_) => (ErrorCode::Invalid, None),
        };
        Self::of(code, &error, wait)
    }
}

impl From<billing::Error> for ApiError {
    fn from(error: billing::Error) -> Self {
        match error {
            // Not the hub's own store is away, and nothing was lost: its words are for the asker.
            billing::Error::Away(_) => {
                Self::new(error.code(), error.to_string()).after(Duration::from_secs(5))
            }
            _ => Self::of(error.code(), &error, None),
        }
    }
}

impl From<oidc::Error> for ApiError {
    fn from(error: oidc::Error) -> Self {
        // Each of its texts is for the asker; what is behind it was logged where it was seen.
        let refused = Self::new(error.code(), error.to_string());
        match error.retry_after() {
            Some(wait) => refused.after(wait),
            None => refused,
        }
    }
}

impl From<tenant::Error> for ApiError {
    fn from(error: tenant::Error) -> Self {
        Self::of(error.code(), &error, error.retry_after())
    }
}

impl From<UsedUp> for ApiError {
    fn from(error: UsedUp) -> Self {
        let refused = Self::of(error.code(), &error, None).with_details(error.details());
        match error.retry_after_ms() {
            Some(wait) => refused.after(Duration::from_millis(wait)),
            None => refused,
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        Self::of(error.code(), &error, None)
    }
}

impl From<room::Error> for ApiError {
    fn from(error: room::Error) -> Self {
        let retry_after = error.retry_after_ms().map(Duration::from_millis);
        Self {
            details: error.details(),
            ..Self::of(error.code(), &error, retry_after)
        }
    }
}

impl From<search::Error> for ApiError {
    fn from(error: search::Error) -> Self {
        Self::of(error.code(), &error, None)
    }
}

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        Self::new(error.code, error.message)
    }
}

/// The answer where there is no such path.
pub async fn no_such_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(
        ErrorCode::NotFound,
        "there is no such path; GET /api/v1/openapi.json lists them",
    ))
}
