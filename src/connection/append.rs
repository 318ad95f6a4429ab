//! Appends to streams: as text, as base64, or as a binary frame.

use super::Connection;
use super::settle::Pending;
use crate::room::{Append, Error};
use crate::tenant::{Permission, Scope};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use generic_corp_protocol::binary::{BinaryKind, HEADER_BYTES};
use generic_corp_protocol::frame::StreamAppend;
use generic_corp_protocol::limit::MAX_APPEND_BYTES;
use generic_corp_protocol::{BinaryFrame, DecodeError, ErrorCode};
use std::rc::Rc;

impl Connection {
    pub(super) fn append(self: &Rc<Self>, scope: &Scope, frame: StreamAppend) {
        let StreamAppend {
            id,
            stream,
            offset,
            text,
            base64,
        } = frame;
        let data = match (text, base64) {
            (Some(text), None) => Ok(Bytes::from(text)),
            (None, Some(text)) => BASE64.decode(text).map(Bytes::from).map_err(|_| {
                Error::Invalid("`base64` is not base64 with padding (RFC 4648)".into())
            }),
            _ => Err(Error::Invalid("give either `text` or `base64`".into())),
        };
        let op = data.and_then(bounded).and_then(|data| {
            self.parts.rooms.append_op(
                scope,
                Append {
                    stream,
                    offset,
                    data,
                },
            )
        });
        self.submit_to(scope, stream, op, Pending::Append { id, stream });
    }

    pub(super) fn append_binary(self: &Rc<Self>, message: &Bytes) {
        let Some(scope) = self.scope() else {
            let text = "a binary frame came before `hello`".to_owned();
            return self.malformed(DecodeError {
                id: None,
                code: ErrorCode::Unauthenticated,
                message: text,
            });
        };
        let refuse = |text: &str| {
            self.malformed(DecodeError {
                id: None,
                code: ErrorCode::InvalidFrame,
                message: text.to_owned(),
            });
        };
        let frame = BinaryFrame::decode(message).filter(|frame| frame.kind == BinaryKind::Append);
        let Some(BinaryFrame {
            handle,
            offset,
            payload,
            ..
        }) = frame
        else {
            return refuse("a binary frame is 1, a handle, an offset and bytes; see the protocol");
        };
        let stream = self
            .session
            .borrow()
            .as_deref()
            .and_then(|session| session.stream_of(handle));
        let Some(stream) = stream else {
            return refuse("no stream has this handle on this connection");
        };
        if !self.charge_append(payload.len(), None, &stream.to_string()) {
            return;
        }
        if !self.allows(&scope, Permission::Stream, None) {
            return;
        }
        let op = bounded(message.slice(HEADER_BYTES..)).and_then(|data| {
            self.parts.rooms.append_op(
                &scope,
                Append {
                    stream,
                    offset,
                    data,
                },
            )
        });
        self.submit_to(&scope, stream, op, Pending::Append { id: None, stream });
    }
}

fn bounded(data: Bytes) -> Result<Bytes, Error> {
    if data.len() > MAX_APPEND_BYTES {
        return Err(Error::TooLarge(format!(
            "an append has at most {MAX_APPEND_BYTES} bytes"
        )));
    }
    Ok(data)
}
