//! The WebSocket handshake: origin, credential, subprotocol; then the connection takes over.

use super::body::Body;
use crate::auth::Auth;
use crate::connection::{self, Parts};
use crate::fanout::Worker;
use crate::http::extract::bearer;
use crate::http::{ApiError, Origins};
use crate::tenant::Tenants;
use actix_http::ws::{self, HandshakeError};
use actix_web::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::limit::MAX_FRAME_BYTES;
use generic_corp_protocol::{ErrorCode, SUBPROTOCOL};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Registers `/ws/{workspace}`. The application needs as data: an `Rc<Worker>`, an `Rc<Parts>`,
/// [`Origins`], [`Auth`], [`Tenants`] and the draining flag.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/ws/{workspace}").route(web::get().to(upgrade)));
}

async fn upgrade(
    request: HttpRequest,
    payload: web::Payload,
    workspace: web::Path<String>,
    origins: web::Data<Origins>,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    draining: web::Data<AtomicBool>,
) -> Result<HttpResponse, ApiError> {
    if origins.check(&request).is_err() {
        let text = "pages of this origin may not connect; see server.allowed_origins";
        return Err(ApiError::new(ErrorCode::OriginNotAllowed, text));
    }
    if draining.load(Ordering::Relaxed) {
        let text = "the hub is stopping; connect again in a moment";
        return Err(ApiError::new(ErrorCode::ShuttingDown, text));
    }
    if request.query_string().contains("token=") {
        let text =
            "a token in a URL ends up in logs; send it in `hello` or as `Authorization` header";
        return Err(ApiError::new(ErrorCode::Unauthenticated, text));
    }
    let mut response = ws::handshake(request.head()).map_err(|error| handshake_error(&error))?;
    let proven = match bearer(&request)? {
        None => None,
        Some(token) => {
            let principal = auth.authenticate(token).await?;
            let scope = tenants.authorize(&principal, &workspace).await?;
            Some((principal, scope))
        }
    };
    if offers_subprotocol(&request) {
        response.insert_header((
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        ));
    }
    let (Some(worker), Some(parts)) = (
        request.app_data::<Rc<Worker>>(),
        request.app_data::<Rc<Parts>>(),
    ) else {
        return Err(ApiError::of(
            ErrorCode::Internal,
            &"no worker is app data",
            None,
        ));
    };
    let address = request.peer_addr().map(|peer| peer.ip());
    let connection = connection::admit(
        worker,
        parts.clone(),
        workspace.into_inner(),
        address,
        proven,
    );
    let body = Body::new(connection, payload.into_inner(), MAX_FRAME_BYTES);
    let response = response
        .message_body(actix_web::body::MessageBody::boxed(body))
        .map_err(|error| ApiError::of(ErrorCode::Internal, &error, None))?;
    Ok(HttpResponse::from(response))
}

fn offers_subprotocol(request: &HttpRequest) -> bool {
    let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    offers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','))
        .any(|offer| offer.trim() == SUBPROTOCOL)
}

fn handshake_error(error: &HandshakeError) -> ApiError {
    let (code, text) = match error {
        HandshakeError::GetMethodRequired => {
            (ErrorCode::MethodNotAllowed, "a WebSocket begins with GET")
        }
        HandshakeError::UnsupportedVersion => (
            ErrorCode::Unsupported,
            "the hub speaks WebSocket version 13 (RFC 6455)",
        ),
        _ => (
            ErrorCode::Invalid,
            "this path is a WebSocket: send an upgrade (RFC 6455)",
        ),
    };
    ApiError::new(code, text)
}
