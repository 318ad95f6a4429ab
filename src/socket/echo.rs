//! An unauthenticated echo at `/echo`, through the same frame reader and driver as every connection: for
//! RFC 6455 conformance runs, and only in builds with the feature `conformance`.

use super::drive::{Peer, pong};
use super::frame::Message;
use actix_http::ws::{self, OpCode, Parser};
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::CloseCode;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::Waker;

/// The conformance cases send messages of up to 16 MiB.
pub(super) const MAX_MESSAGE_BYTES: usize = 17 << 20;
/// Answers that may wait before the socket is no longer read.
const MAX_WAITING: usize = 64;

/// See the module.
#[derive(Default)]
pub(super) struct Echo {
    out: RefCell<VecDeque<Bytes>>,
    closed: Cell<bool>,
}

impl Echo {
    fn send(&self, opcode: OpCode, payload: &[u8]) {
        let mut frame = BytesMut::new();
        Parser::write_message(&mut frame, payload, opcode, true, false);
        self.out.borrow_mut().push_back(frame.freeze());
    }

    fn close(&self, code: Option<u16>) {
        let mut frame = BytesMut::new();
        let reason = code.map(|code| ws::CloseReason {
            code: code.into(),
            description: None,
        });
        Parser::write_close(&mut frame, reason, false);
        self.out.borrow_mut().push_back(frame.freeze());
        self.closed.set(true);
    }
}

impl Peer for Echo {
    fn set_waker(&self, _: &Waker) {}

    fn wants_input(&self) -> bool {
        !self.closed.get() && self.out.borrow().len() < MAX_WAITING
    }

    fn seen(&self) {}

    fn receive(&self, message: Message) {
        match message {
            Message::Text(text) => self.send(OpCode::Text, text.as_bytes()),
            Message::Binary(bytes) => self.send(OpCode::Binary, &bytes),
            Message::Ping(payload) => self.out.borrow_mut().push_back(pong(&payload)),
            Message::Pong => {}
            Message::Close(code) => self.close(code),
        }
    }

    fn fault(&self, code: CloseCode) {
        self.close(Some(code.code()));
    }

    fn run(&self) -> bool {
        false
    }

    fn next_chunk(&self) -> Option<Bytes> {
        self.out.borrow_mut().pop_front()
    }

    fn wrote(&self) {}

    fn finished(&self) -> bool {
        self.closed.get()
    }

    fn gone(&self) {}
}
