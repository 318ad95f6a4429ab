//! Reads streams as a viewer hears of them, each from its first byte to its end, over all its connections.

use super::Stage;
use super::content::hex;
use crate::torture::history::Record;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use generic_corp_protocol::frame::{StreamClosed, StreamData};
use generic_corp_protocol::{Event, ServerFrame, StreamId};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// See the module.
pub struct Follower {
    stage: Rc<Stage>,
    who: String,
    /// Those that have not ended.
    streams: RefCell<BTreeMap<StreamId, Place>>,
}

/// How far a stream was read.
#[derive(Default)]
struct Place {
    /// The next byte.
    position: u64,
    /// Where the stretch begins that was not written to the history.
    from: u64,
    hash: Sha256,
    /// Whether it is read on this connection.
    reading: bool,
}

/// What is needed of a `stream.opened` event.
#[derive(Deserialize)]
struct Opened {
    stream: StreamId,
}

impl Follower {
    /// A follower that has heard of nothing.
    pub fn new(stage: &Rc<Stage>, who: &str) -> Self {
        Self {
            stage: stage.clone(),
            who: who.to_owned(),
            streams: RefCell::default(),
        }
    }

    /// An event came, which may tell of a stream.
    pub fn hear(&self, event: &Event) {
        if event.kind != "stream.opened" {
            return;
        }
        let Ok(Opened { stream }) = serde_json::from_str(event.body.get()) else {
            return;
        };
        self.streams.borrow_mut().insert(stream, Place::default());
        self.stage.history.record(Record::Follows {
            who: self.who.clone(),
            stream: stream.to_string(),
        });
    }

    /// A stream that is not read yet on this connection, with its next byte. It counts as read from now on.
    pub fn next_unread(&self) -> Option<(StreamId, u64)> {
        let mut streams = self.streams.borrow_mut();
        let (stream, place) = streams.iter_mut().find(|(_, place)| !place.reading)?;
        place.reading = true;
        Some((*stream, place.position))
    }

    /// Whether every stream that it heard of has ended.
    pub fn is_done(&self) -> bool {
        self.streams.borrow().is_empty()
    }

    /// A frame came over this connection.
    pub fn see(&self, conn: u64, frame: &ServerFrame) {
        match frame {
            ServerFrame::StreamData(data) => self.see_data(conn, data),
            ServerFrame::StreamClosed(closed) => self.see_end(conn, closed),
            _ => {}
        }
    }

    fn see_data(&self, conn: u64, data: &StreamData) {
        let mut streams = self.streams.borrow_mut();
        let Some(place) = streams.get_mut(&data.stream) else {
            return;
        };
        let bytes = match (&data.text, &data.base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, text) => STANDARD
                .decode(text.as_deref().unwrap_or_default())
                .unwrap_or_default(),
        };
        if data.offset != place.position {
            // Written as it came, for the checks to find.
            self.write(conn, data.stream, place);
            (place.from, place.position) = (data.offset, data.offset);
        }
        place.hash.update(&bytes);
        place.position += bytes.len() as u64;
    }

    fn see_end(&self, conn: u64, closed: &StreamClosed) {
        let Some(mut place) = self.streams.borrow_mut().remove(&closed.stream) else {
            return;
        };
        self.write(conn, closed.stream, &mut place);
        let state = serde_json::to_value(closed.outcome).ok();
        let state = state.as_ref().and_then(|state| state.as_str());
        self.stage.history.record(Record::StreamEnd {
            who: self.who.clone(),
            stream: closed.stream.to_string(),
            offset: closed.offset,
            state: state.unwrap_or_default().to_owned(),
        });
    }

    /// The connection has ended.
    pub fn close(&self, conn: u64) {
        for (stream, place) in self.streams.borrow_mut().iter_mut() {
            self.write(conn, *stream, place);
            place.reading = false;
        }
    }

    /// Writes the bytes of a stream that were not written.
    fn write(&self, conn: u64, stream: StreamId, place: &mut Place) {
        if place.position == place.from {
            return;
        }
        let hash = std::mem::take(&mut place.hash);
        self.stage.history.record(Record::Stretch {
            who: self.who.clone(),
            conn,
            stream: stream.to_string(),
            from: place.from,
            to: place.position,
            sha: hex(&hash.finalize()),
        });
        place.from = place.position;
    }
}
