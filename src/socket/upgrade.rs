//! The WebSocket handshake: path, origin, credential, subprotocol; then the connection takes over.

use super::drive::{Drive, Peer, pong};
use super::frame::Message;
use super::stream::Stream;
use super::wire::Wire;
use crate::auth::Auth;
use crate::connection::{self, Connection, Parts, Proven};
use crate::fanout::{Outlet, Worker};
use crate::http::extract::bearer_of;
use crate::http::{ApiError, Origins, Proxies, security};
use crate::tenant::Tenants;
use actix_codec::{Encoder, Framed, FramedParts};
use actix_http::Request;
use actix_http::body::{BodySize, to_bytes};
use actix_http::error::PayloadError;
use actix_http::h1::{self, Codec};
use actix_http::ws::{self, HandshakeError};
use actix_web::http::header::{ALLOW, HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use actix_web::http::{Method, StatusCode};
use actix_web::web;
use actix_web::{HttpRequest, ResponseError};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::limit::MAX_FRAME_BYTES;
use generic_corp_protocol::{CloseCode, ErrorCode, SUBPROTOCOL};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

/// Registers what answers at a WebSocket's path when no WebSocket is asked for.
pub fn configure(config: &mut web::ServiceConfig) {
    let refuse = async |request: HttpRequest| {
        let error = match *request.method() {
            Method::GET => HandshakeError::NoWebsocketUpgrade,
            _ => HandshakeError::GetMethodRequired,
        };
        let mut answer = handshake_error(&error).error_response();
        if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
            answer
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET"));
        }
        answer
    };
    config.service(web::resource("/ws/{workspace}").to(refuse));
}

/// What the handshake needs, once a worker.
pub struct Door {
    /// The worker the sockets live on.
    pub worker: Rc<Worker>,
    /// What its connections share.
    pub parts: Rc<Parts>,
    /// Whose word on where others come from is believed.
    pub proxies: Proxies,
    /// Pages that may connect.
    pub origins: Origins,
    /// Whether people come over TLS.
    pub secure: bool,
    /// Checks credentials.
    pub auth: Auth,
    /// Checks rights.
    pub tenants: Tenants,
    /// Whether the hub takes no more sockets.
    pub draining: Arc<AtomicBool>,
}

/// Takes every request that asks for a WebSocket, before actix-web's routing.
///
/// # Errors
/// When the socket broke before it was a WebSocket.
pub async fn upgrade(
    door: Rc<Door>,
    request: Request,
    framed: Framed<Stream, Codec>,
) -> Result<(), actix_http::Error> {
    #[cfg(feature = "conformance")]
    if request.path() == "/echo" {
        let echo = super::echo::Echo::default();
        return open(&request, framed, echo, super::echo::MAX_MESSAGE_BYTES).map(drop);
    }
    match door.admit(&request).await {
        Ok((workspace, proven)) => {
            let headers = request.head().headers();
            let of_peer = |peer: SocketAddr| door.proxies.client(peer.ip(), headers);
            let address = request.peer_addr().map(of_peer);
            let parts = door.parts.clone();
            let connection =
                connection::admit(&door.worker, parts, workspace, address, proven).await;
            let wire = open(&request, framed, Socket(connection), MAX_FRAME_BYTES)?;
            let outlet: Weak<dyn Outlet> = Rc::downgrade(&wire) as Weak<dyn Outlet>;
            wire.peer.0.viewer().set_outlet(outlet);
            Ok(())
        }
        Err(error) => refuse(framed, &error, door.secure).await,
    }
}

impl Door {
    /// The workspace in the path, and who comes in when the header says it.
    async fn admit(&self, request: &Request) -> Result<(String, Option<Proven>), ApiError> {
        let workspace = request
            .path()
            .strip_prefix("/ws/")
            .filter(|name| !name.contains('/'));
        let Some(workspace) = workspace.filter(|name| !name.is_empty()) else {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                "WebSockets are at /ws/{workspace}",
            ));
        };
        if self
            .origins
            .check_headers(request.head().headers())
            .is_err()
        {
            let text = "pages of this origin may not connect; see server.allowed_origins";
            return Err(ApiError::new(ErrorCode::OriginNotAllowed, text));
        }
        if self.draining.load(Ordering::Relaxed) {
            let text = "the hub is stopping; connect again in a moment";
            return Err(ApiError::new(ErrorCode::ShuttingDown, text));
        }
        if request
            .uri()
            .query()
            .is_some_and(|query| query.contains("token="))
        {
            let text =
                "a token in a URL ends up in logs; send it in `hello` or as `Authorization` header";
            return Err(ApiError::new(ErrorCode::Unauthenticated, text));
        }
        ws::verify_handshake(request.head()).map_err(|error| handshake_error(&error))?;
        let Some(token) = bearer_of(request.head().headers())? else {
            return Ok((workspace.to_owned(), None));
        };
        let principal = self.auth.authenticate(token).await?;
        let scope = self.tenants.authorize(&principal, workspace).await?;
        Ok((workspace.to_owned(), Some((principal, scope))))
    }
}

/// Answers 101 and lets a task of its own drive the socket from here on.
fn open<P: Peer + 'static>(
    request: &Request,
    framed: Framed<Stream, Codec>,
    peer: P,
    max_bytes: usize,
) -> Result<Rc<Wire<P>>, actix_http::Error> {
    let mut response = ws::handshake_response(request.head());
    if offers_subprotocol(request.head().headers()) {
        response.insert_header((
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        ));
    }
    let FramedParts {
        io,
        mut codec,
        read_buf,
        ..
    } = framed.into_parts();
    let mut greeting = BytesMut::new();
    let head = h1::Message::Item((response.finish().drop_body(), BodySize::None));
    codec
        .encode(head, &mut greeting)
        .map_err(PayloadError::Io)?;
    // Copied, so that the dispatcher's buffer is let go.
    let greeting = Bytes::copy_from_slice(&greeting);
    // What the connection was given when it was accepted lives as long as the socket.
    let (transport, seat) = io.into_parts();
    let wire = Rc::new(Wire::new(transport, peer, greeting));
    let drive = Drive::new(wire.clone(), max_bytes, &read_buf);
    actix_web::rt::spawn(async move {
        drive.await;
        drop(seat);
    });
    Ok(wire)
}

async fn refuse(
    framed: Framed<Stream, Codec>,
    error: &ApiError,
    secure: bool,
) -> Result<(), actix_http::Error> {
    let mut response = actix_http::Response::from(error.error_response());
    security::add(response.headers_mut(), secure);
    response
        .head_mut()
        .set_connection_type(actix_http::ConnectionType::Close);
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.unwrap_or_default();
    h1::SendResponse::new(framed, head.set_body(body)).await?;
    Ok(())
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL);
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

impl Outlet for Wire<Socket> {
    fn flush(&self) {
        if !Self::flush(self) {
            self.peer.0.viewer().wake();
        }
    }
}

/// A connection, as its socket sees it.
struct Socket(Rc<Connection>);

impl Peer for Socket {
    fn set_waker(&self, waker: &Waker) {
        self.0.viewer().set_waker(waker);
    }

    fn wants_input(&self) -> bool {
        self.0.wants_input()
    }

    fn seen(&self) {
        self.0.seen();
    }

    fn receive(&self, message: Message) {
        match message {
            Message::Text(text) => self.0.receive_text(&text),
            Message::Binary(bytes) => self.0.receive_binary(bytes),
            Message::Ping(payload) => self.0.viewer().send_encoded(&pong(&payload)),
            Message::Pong => {}
            Message::Close(code) => self.0.peer_closed(code),
        }
    }

    fn fault(&self, code: CloseCode) {
        self.0.close(code);
    }

    fn run(&self) -> bool {
        self.0.run();
        self.0.has_work()
    }

    fn next_chunk(&self) -> Option<Bytes> {
        self.0.next_chunk()
    }

    fn wrote(&self) {
        self.0.viewer().worker().count_write();
    }

    fn finished(&self) -> bool {
        self.0.finished()
    }

    fn gone(&self) {
        self.0.disconnect();
    }
}
