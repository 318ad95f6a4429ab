//! Streams: written by some clients, followed by others.

use super::Client;
use crate::check::{Produced, Verdict};
use crate::tally::{Latency, add};
use crate::wire;
use anyhow::Context as _;
use base64::Engine as _;
use generic_corp_protocol::binary::BinaryKind;
use generic_corp_protocol::frame::{Okay, StreamAck, StreamClosed, StreamData, StreamOpened};
use generic_corp_protocol::{BinaryFrame, StreamId};
use serde_json::json;
use std::rc::Rc;

/// The producer's end of a stream.
pub struct Writer {
    client: Rc<Client>,
    stream: StreamId,
    handle: u32,
}

impl Client {
    /// Opens a stream; the client must take binary frames.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn open_stream(self: &Rc<Self>, room: &str, name: &str) -> anyhow::Result<Writer> {
        let open = json!({ "type": "stream.open", "room": room, "name": name });
        let reply = self.call(open).await.context("opening a stream")?;
        let result = serde_json::from_str::<Okay>(&reply)?
            .result
            .unwrap_or_default();
        let opened: StreamOpened = serde_json::from_value(result)?;
        let handle = opened
            .handle
            .context("the hub gave no handle for binary frames")?;
        self.shared
            .streams
            .borrow_mut()
            .entry(opened.stream)
            .or_default();
        Ok(Writer {
            client: self.clone(),
            stream: opened.stream,
            handle,
        })
    }

    pub(super) fn on_ack(&self, text: &str) {
        let Ok(StreamAck { stream, offset }) = serde_json::from_str(text) else {
            return self.shared.tally.error("unreadable: stream.ack");
        };
        if let Some(produced) = self.shared.streams.borrow_mut().get_mut(&stream) {
            for intended in produced.acked(offset) {
                self.shared.tally.took(Latency::Append, intended);
                add(&self.shared.tally.acked, 1);
            }
        }
        self.acked.notify_one();
    }

    pub(super) fn on_bytes(&self, message: &[u8]) {
        let frame = BinaryFrame::decode(message).filter(|frame| frame.kind == BinaryKind::Data);
        let stream = frame.and_then(|frame| self.handles.borrow().get(&frame.handle).copied());
        match (stream, frame) {
            (Some(stream), Some(frame)) => self.on_piece(stream, frame.offset, frame.payload),
            _ => self.shared.tally.error("unreadable: binary frame"),
        }
    }

    pub(super) fn on_data(&self, text: &str) {
        let Ok(StreamData {
            stream,
            offset,
            text,
            base64,
        }) = serde_json::from_str(text)
        else {
            return self.shared.tally.error("unreadable: stream.data");
        };
        let bytes = match (text, base64) {
            (Some(text), None) => Some(text.into_bytes()),
            (None, Some(text)) => base64::engine::general_purpose::STANDARD.decode(text).ok(),
            _ => None,
        };
        match bytes {
            Some(bytes) => self.on_piece(stream, offset, &bytes),
            None => self.shared.tally.error("unreadable: stream.data"),
        }
    }

    fn on_piece(&self, stream: StreamId, offset: u64, bytes: &[u8]) {
        let mut followers = self.followers.borrow_mut();
        let Some(follower) = followers.get_mut(&stream) else {
            return self.shared.tally.error("unexpected: bytes of a stream");
        };
        let from = follower.position;
        follower.data(offset, bytes);
        add(&self.shared.tally.delivered, 1);
        if let Some(produced) = self.shared.streams.borrow().get(&stream) {
            for intended in produced.arrived(from, follower.position) {
                self.shared.tally.took(Latency::Stream, intended);
            }
        }
    }

    pub(super) fn on_closed(&self, text: &str) {
        let Ok(StreamClosed { stream, offset, .. }) = serde_json::from_str(text) else {
            return self.shared.tally.error("unreadable: stream.closed");
        };
        let Some(follower) = self.followers.borrow_mut().remove(&stream) else {
            return;
        };
        let streams = self.shared.streams.borrow();
        let verdict = streams
            .get(&stream)
            .map(|produced| follower.closed(offset, produced));
        match verdict {
            Some(Verdict::Verified) => add(&self.shared.verified, 1),
            _ => add(&self.shared.mismatched, 1),
        }
    }
}

impl Writer {
    /// Appends bytes that were due at `intended`; their ack is taken when it comes.
    pub fn append(&self, bytes: &[u8], intended: u64) {
        let mut streams = self.client.shared.streams.borrow_mut();
        let produced: &mut Produced = streams.entry(self.stream).or_default();
        let (kind, handle, offset) = (BinaryKind::Append, self.handle, produced.length);
        let header = BinaryFrame {
            kind,
            handle,
            offset,
            payload: &[],
        }
        .header();
        produced.append(bytes, intended);
        drop(streams);
        add(&self.client.shared.tally.sent, 1);
        let socket = self
            .client
            .link
            .borrow()
            .as_ref()
            .map(|link| link.socket.clone());
        if let Some(socket) = socket {
            socket.send(|out| wire::frame(out, wire::BINARY, &[&header, bytes]));
        }
    }

    /// Appends that wait for their ack.
    pub fn waiting(&self) -> usize {
        let streams = self.client.shared.streams.borrow();
        streams.get(&self.stream).map_or(0, Produced::unacked)
    }

    /// Waits for an ack.
    pub async fn acked(&self) {
        self.client.acked().await;
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        let streams = self.client.shared.streams.borrow();
        streams
            .get(&self.stream)
            .map_or(0, |produced| produced.length)
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn close(self) -> anyhow::Result<()> {
        let offset = self.length();
        let close = json!({
            "type": "stream.close", "stream": self.stream, "offset": offset, "outcome": "completed", "exit_code": 0,
        });
        self.client.call(close).await.context("closing a stream")?;
        Ok(())
    }
}
