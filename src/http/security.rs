//! What every answer tells the browser, and which pages' scripts may read the API's answers.

use super::Origins;
use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, HeaderValue, IF_NONE_MATCH, LINK, LOCATION, PERMISSIONS_POLICY, RANGE,
    REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;

/// Where nothing stricter or wider is said: an answer loads nothing, and no page shows it in a frame.
const HEADERS: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        PERMISSIONS_POLICY,
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
/// A browser that came over TLS once comes over TLS for a year.
const TRANSPORT: (HeaderName, &str) = (STRICT_TRANSPORT_SECURITY, "max-age=31536000");
/// How long a browser remembers what it may send, in seconds.
const PREFLIGHT_SECONDS: usize = 600;

fn all(secure: bool) -> impl Iterator<Item = (HeaderName, &'static str)> {
    HEADERS.into_iter().chain(secure.then_some(TRANSPORT))
}

/// For an application: its answers have these unless they say otherwise. `secure`: people come over TLS.
pub fn headers(secure: bool) -> DefaultHeaders {
    all(secure).fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// The same for an answer that is not actix-web's.
pub fn add(headers: &mut HeaderMap, secure: bool) {
    for (name, value) in all(secure) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Cross-origin requests by the Fetch standard: pages that may open a WebSocket may call the API. They
/// bring their token; a cookie is never asked for.
pub(super) fn cors(origins: &Origins) -> Cors {
    let origins = origins.clone();
    Cors::default()
        .allowed_origin_fn(move |_, head| origins.check_headers(head.headers()).is_ok())
        .allowed_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allowed_headers([
            ACCEPT,
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_NONE_MATCH,
            RANGE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([
            CONTENT_RANGE,
            ETAG,
            LINK,
            LOCATION,
            RETRY_AFTER,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
        .max_age(PREFLIGHT_SECONDS)
}
