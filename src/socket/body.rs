//! The response body that is a WebSocket: polled when the socket can take bytes, it reads what came and
//! hands out what the connection has.

use super::frame::{Message, Reader};
use crate::connection::Connection;
use actix_http::ws;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use generic_corp_protocol::CloseCode;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// See the module.
pub(super) struct Body {
    connection: Rc<Connection>,
    payload: Payload,
    /// `None` once the peer's bytes make no sense any more.
    reader: Option<Reader>,
    ended: bool,
    wrote: bool,
}

impl Body {
    pub(super) fn new(connection: Rc<Connection>, payload: Payload, max_bytes: usize) -> Self {
        let reader = Some(Reader::new(max_bytes));
        Self {
            connection,
            payload,
            reader,
            ended: false,
            wrote: false,
        }
    }

    /// Reads until there is nothing more, or the connection has enough to do. Returns whether the payload
    /// will wake us when more comes.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.ended && self.connection.wants_input() {
            match self.reader.as_mut().map_or(Ok(None), Reader::next) {
                Ok(Some(message)) => {
                    self.receive(message);
                    continue;
                }
                Ok(None) => {}
                Err(code) => {
                    self.reader = None;
                    self.connection.close(code);
                }
            }
            match Pin::new(&mut self.payload).poll_next(cx) {
                Poll::Ready(Some(Ok(bytes))) => {
                    self.connection.seen();
                    if let Some(reader) = &mut self.reader {
                        reader.feed(bytes);
                    }
                }
                Poll::Ready(_) => self.ended = true,
                Poll::Pending => return true,
            }
        }
        false
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Text(text) => self.connection.receive_text(&text),
            Message::Binary(bytes) => self.connection.receive_binary(bytes),
            Message::Ping(payload) => {
                let mut frame = BytesMut::new();
                ws::Parser::write_message(&mut frame, payload, ws::OpCode::Pong, true, false);
                self.connection.viewer().send_encoded(&frame);
            }
            Message::Pong => {}
            Message::Close(code) => self.connection.peer_closed(code),
        }
    }
}

impl MessageBody for Body {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        this.connection.viewer().set_waker(cx.waker());
        loop {
            let waiting = this.read(cx);
            if this.ended {
                return Poll::Ready(None);
            }
            this.connection.run();
            if let Some(bytes) = this.connection.next_chunk() {
                this.wrote = true;
                return Poll::Ready(Some(Ok(bytes)));
            }
            if this.connection.finished() {
                return Poll::Ready(None);
            }
            // What was handled may have made room to read on; nobody else would wake us for it.
            let readable = this.connection.wants_input() && !waiting;
            if !readable && !this.connection.has_work() {
                break;
            }
        }
        if std::mem::take(&mut this.wrote) {
            this.connection.viewer().worker().count_write();
        }
        Poll::Pending
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.ended {
            self.connection.peer_closed(Some(CloseCode::Normal.code()));
        }
        self.connection.disconnect();
    }
}
