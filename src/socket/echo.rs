//! An unauthenticated echo at `/echo`, through the same frame reader as every connection: for RFC 6455
//! conformance runs, and only in builds with the feature `conformance`.

use super::frame::{Message, Reader};
use actix_http::ws::{self, OpCode, Parser};
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use generic_corp_protocol::CloseCode;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The conformance cases send messages of up to 16 MiB.
const MAX_MESSAGE_BYTES: usize = 17 << 20;

/// Registers `/echo`.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/echo").route(web::get().to(upgrade)));
}

async fn upgrade(request: HttpRequest, payload: web::Payload) -> actix_web::Result<HttpResponse> {
    let mut response = ws::handshake(request.head()).map_err(actix_web::error::ErrorBadRequest)?;
    let reader = Some(Reader::new(MAX_MESSAGE_BYTES));
    let body = Echo {
        payload: payload.into_inner(),
        reader,
    };
    let response = response
        .message_body(body.boxed())
        .map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(HttpResponse::from(response))
}

struct Echo {
    payload: Payload,
    /// `None` once a close frame was sent.
    reader: Option<Reader>,
}

impl Echo {
    /// What to answer; ends the conversation on a close or a fault.
    fn answer(&mut self, read: Result<Message, CloseCode>) -> Option<Bytes> {
        let mut out = BytesMut::new();
        let close = match read {
            Ok(Message::Text(text)) => {
                Parser::write_message(&mut out, text, OpCode::Text, true, false);
                return Some(out.freeze());
            }
            Ok(Message::Binary(bytes)) => {
                Parser::write_message(&mut out, bytes, OpCode::Binary, true, false);
                return Some(out.freeze());
            }
            Ok(Message::Ping(payload)) => {
                Parser::write_message(&mut out, payload, OpCode::Pong, true, false);
                return Some(out.freeze());
            }
            Ok(Message::Pong) => return None,
            Ok(Message::Close(code)) => code,
            Err(code) => Some(code.code()),
        };
        self.reader = None;
        let reason = close.map(|code| ws::CloseReason {
            code: ws::CloseCode::from(code),
            description: None,
        });
        Parser::write_close(&mut out, reason, false);
        Some(out.freeze())
    }
}

impl MessageBody for Echo {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        loop {
            let Some(reader) = &mut this.reader else {
                return Poll::Ready(None);
            };
            let read = match reader.next() {
                Ok(None) => match Pin::new(&mut this.payload).poll_next(cx) {
                    Poll::Ready(Some(Ok(bytes))) => {
                        reader.feed(bytes);
                        continue;
                    }
                    Poll::Ready(_) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                },
                Ok(Some(message)) => Ok(message),
                Err(code) => Err(code),
            };
            if let Some(bytes) = this.answer(read) {
                return Poll::Ready(Some(Ok(bytes)));
            }
        }
    }
}
