//! Making a connection: the handshake with credentials, `hello`, and the hub's `welcome`.

use super::incoming::{Incoming, decode};
use super::serve::End;
use crate::Error;
use crate::builder::Config;
use futures_util::{SinkExt as _, StreamExt as _};
use generic_corp_protocol::code::ErrorCode;
use generic_corp_protocol::frame::{Hello, Welcome};
use generic_corp_protocol::rest::Problem;
use generic_corp_protocol::{ClientFrame, SUBPROTOCOL, ServerFrame, codec};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// From the first packet to `welcome`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest message taken from the hub: a page of history with the largest events.
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;
/// Buffers of a socket; small, since a program may have many clients.
const BUFFER_BYTES: usize = 32 * 1024;

/// Connects and waits for `welcome`.
pub(super) async fn connect(config: &Config) -> Result<(Socket, Welcome), End> {
    match tokio::time::timeout(CONNECT_TIMEOUT, try_connect(config)).await {
        Ok(connected) => connected,
        Err(_) => Err(End::Lost(Error::Timeout("connect"))),
    }
}

async fn try_connect(config: &Config) -> Result<(Socket, Welcome), End> {
    let token = config.credentials.token().await.map_err(End::from_source)?;
    let request = request(config, token).map_err(End::Refused)?;
    if config.endpoint.secure && rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster; either provider will do.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let limits = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let (mut socket, _) = connect_async_with_config(request, Some(limits), true)
        .await
        .map_err(End::from_socket)?;
    let hello = Hello {
        id: None,
        token: None,
        client: Some(config.info.clone()),
        binary: config.binary,
    };
    let hello = codec::encode(&ClientFrame::from(hello));
    socket
        .send(Message::text(hello))
        .await
        .map_err(End::from_socket)?;
    let welcome = welcome(&mut socket).await?;
    Ok((socket, welcome))
}

fn request(config: &Config, token: Option<String>) -> Result<Request, Error> {
    let address = config.endpoint.address.as_str();
    let mut request = address
        .into_client_request()
        .map_err(|error| Error::Invalid(format!("the hub's address is wrong: {error}")))?;
    let headers = request.headers_mut();
    headers.insert(
        SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(SUBPROTOCOL),
    );
    if let Some(token) = token {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| Error::Invalid("the token holds characters that no token has".into()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(request)
}

async fn welcome(socket: &mut Socket) -> Result<Welcome, End> {
    while let Some(message) = socket.next().await {
        let text = match message.map_err(End::from_socket)? {
            Message::Text(text) => text,
            Message::Close(frame) => return Err(End::from_close(frame)),
            _ => continue,
        };
        for incoming in decode(&text).map_err(End::Refused)? {
            let Incoming::Frame(frame) = incoming else {
                continue;
            };
            match *frame {
                ServerFrame::Welcome(welcome) => return Ok(welcome),
                ServerFrame::Error(failure) => return Err(End::Refused(failure.into())),
                _ => {}
            }
        }
    }
    Err(End::Lost(Error::Transport(
        "the connection broke before the hub's welcome".into(),
    )))
}

/// What an HTTP answer other than "switching protocols" means.
pub(super) fn refusal(response: &Response) -> End {
    let status = response.status();
    let body = response.body().as_deref().unwrap_or_default();
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        return End::Refused(problem.into());
    }
    let (code, message) = match status.as_u16() {
        401 => (
            ErrorCode::Unauthenticated,
            "the hub wants a valid token or API key",
        ),
        403 => (ErrorCode::Forbidden, "the hub refuses access"),
        404 => (
            ErrorCode::NotFound,
            "there is no such workspace, or no hub at this address",
        ),
        429 => (ErrorCode::RateLimited, "the hub asks to come back later"),
        _ => {
            let text = format!("it answered with HTTP status {status}");
            let error = Error::Transport(text);
            return if status.is_server_error() {
                End::Lost(error)
            } else {
                End::Refused(error)
            };
        }
    };
    End::Refused(Error::Api {
        code,
        message: message.into(),
        retryable: code.retryable(),
        retry_after: None,
        details: None,
    })
}

/// A socket's error in words, without what tungstenite says about itself.
pub(super) fn in_words(error: &WsError) -> String {
    match error {
        WsError::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
