//! Writes streams one after the other, two at a time, as text, base64 or binary frames, ahead of their
//! acks; after a kill it sends again from the last acknowledged byte on.

use super::ROOMS;
use super::stage::Stage;
use crate::support::{Received, Socket};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use generic_corp_protocol::binary::BinaryKind;
use generic_corp_protocol::frame::{Okay, StreamOpened};
use generic_corp_protocol::{BinaryFrame, ServerFrame, StreamId, StreamState};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes ahead of the acks.
const WINDOW: usize = 24 * 1024;
/// Longest append.
const APPEND: usize = 3_000;
/// Shortest and longest stream.
const LENGTH: std::ops::Range<usize> = 4_000..60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Base64,
    Binary,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Writing,
    Closing,
    Done,
}

/// One stream being written.
struct Lane {
    form: Form,
    key: String,
    content: Vec<u8>,
    stream: Option<StreamId>,
    handle: Option<u32>,
    sent: usize,
    acked: usize,
    phase: Phase,
}

impl Lane {
    /// Whether something was sent and not acknowledged.
    fn waits(&self) -> bool {
        match self.phase {
            Phase::Opening | Phase::Closing => true,
            Phase::Writing => self.sent > self.acked,
            Phase::Done => false,
        }
    }
}

struct Producer {
    stage: Arc<Stage>,
    random: StdRng,
    name: u64,
    opened: usize,
    lanes: Vec<Lane>,
    /// What was closed, with all its bytes.
    closed: BTreeMap<StreamId, Vec<u8>>,
}

/// Runs until every stream is closed after the end was called; gives what it wrote.
pub async fn run(
    stage: Arc<Stage>,
    token: String,
    mut random: StdRng,
    binary: bool,
) -> BTreeMap<StreamId, Vec<u8>> {
    let name = random.random();
    let (lanes, closed) = Default::default();
    let mut producer = Producer {
        stage,
        random,
        name,
        opened: 0,
        lanes,
        closed,
    };
    let forms = if binary {
        [Form::Binary; 2]
    } else {
        [Form::Text, Form::Base64]
    };
    for form in forms {
        let lane = producer.lane(form);
        producer.lanes.push(lane);
    }
    loop {
        let (mut socket, round) = producer.stage.connect(&token).await;
        let hello = json!({ "type": "hello", "binary": binary });
        let said = socket.try_send(hello.to_string()).await;
        if said.is_ok() && producer.serve(&mut socket).await.is_some() {
            return producer.closed;
        }
        let lost = producer.lanes.iter().filter(|lane| lane.waits()).count();
        producer.stage.lost_lanes(round, lost);
    }
}

impl Producer {
    fn lane(&mut self, form: Form) -> Lane {
        self.opened += 1;
        let length = self.random.random_range(LENGTH);
        let content = match form {
            Form::Text => {
                let letters = (0..length / 2).map(|_| self.random.random_range(0..4));
                letters
                    .map(|n| ["a", "é", "😀", "\n"][n])
                    .collect::<String>()
                    .into_bytes()
            }
            _ => (0..length).map(|_| self.random.random()).collect(),
        };
        Lane {
            form,
            key: format!("{}-{}", self.name, self.opened),
            content,
            stream: None,
            handle: None,
            sent: 0,
            acked: 0,
            phase: Phase::Opening,
        }
    }

    /// `Some` when everything is done; `None` when the connection is gone.
    async fn serve(&mut self, socket: &mut Socket) -> Option<()> {
        for at in 0..self.lanes.len() {
            if self.lanes[at].phase != Phase::Done {
                self.open(socket, at).await?;
            }
        }
        loop {
            for at in 0..self.lanes.len() {
                self.write(socket, at).await?;
            }
            if self.lanes.iter().all(|lane| lane.phase == Phase::Done) {
                return Some(());
            }
            match socket.next().await {
                Received::Frame(ServerFrame::Ok(ok)) => self.answered(socket, ok).await?,
                Received::Frame(ServerFrame::StreamAck(ack)) => self.acked(ack.stream, ack.offset),
                Received::Frame(ServerFrame::Welcome(_)) => {}
                Received::Closed(..) | Received::Gone => return None,
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    async fn open(&mut self, socket: &mut Socket, at: usize) -> Option<()> {
        let lane = &mut self.lanes[at];
        (lane.phase, lane.handle, lane.sent) = (Phase::Opening, None, lane.acked);
        let open = json!({
            "type": "stream.open", "id": format!("open {at}"), "key": lane.key, "name": lane.key,
            "room": ROOMS[at % ROOMS.len()],
        });
        socket.try_send(open.to_string()).await.ok()
    }

    async fn write(&mut self, socket: &mut Socket, at: usize) -> Option<()> {
        let lane = &mut self.lanes[at];
        let Some(stream) = lane.stream.filter(|_| lane.phase == Phase::Writing) else {
            return Some(());
        };
        while lane.sent < lane.content.len() && lane.sent - lane.acked < WINDOW {
            let longest = lane.content.len() - lane.sent;
            let mut size = self.random.random_range(1..=longest.min(APPEND));
            let rest = &lane.content[lane.sent..];
            if lane.form == Form::Text {
                while size < rest.len() && rest[size] & 0xC0 == 0x80 {
                    size += 1;
                }
            }
            let (offset, piece) = (lane.sent as u64, &rest[..size]);
            let mut append = json!({ "type": "stream.append", "stream": stream, "offset": offset });
            match lane.form {
                Form::Text => append["text"] = std::str::from_utf8(piece).expect("text").into(),
                Form::Base64 => append["base64"] = BASE64.encode(piece).into(),
                Form::Binary => {
                    let handle = lane.handle.expect("a handle");
                    let kind = BinaryKind::Append;
                    let frame = BinaryFrame {
                        kind,
                        handle,
                        offset,
                        payload: piece,
                    };
                    socket.try_send_binary(frame.encode()).await.ok()?;
                }
            }
            if lane.form != Form::Binary {
                socket.try_send(append.to_string()).await.ok()?;
            }
            lane.sent += size;
        }
        if lane.acked == lane.content.len() {
            lane.phase = Phase::Closing;
            let close = json!({
                "type": "stream.close", "id": format!("close {at}"), "stream": stream,
                "offset": lane.acked, "outcome": "completed", "exit_code": 0,
            });
            socket.try_send(close.to_string()).await.ok()?;
        }
        Some(())
    }

    fn acked(&mut self, stream: StreamId, offset: u64) {
        let offset = offset as usize;
        if let Some(content) = self.closed.get(&stream) {
            // Of bytes that were sent again; the answer to the close went before it.
            return assert_eq!(offset, content.len());
        }
        let mut lanes = self.lanes.iter_mut();
        let lane = lanes.find(|lane| lane.stream == Some(stream));
        let lane = lane.expect("an ack for a stream of mine");
        assert!(
            (lane.acked..=lane.content.len()).contains(&offset),
            "acks do not go back"
        );
        // What an earlier connection sent may be stored, too.
        (lane.acked, lane.sent) = (offset, lane.sent.max(offset));
        self.stage.acked();
    }

    async fn answered(&mut self, socket: &mut Socket, ok: Okay) -> Option<()> {
        let (what, at) = ok.id.split_once(' ').expect("an id of mine");
        let at: usize = at.parse().expect("an id of mine");
        if what == "close" {
            return self.close(socket, at).await;
        }
        let result = ok.result.unwrap_or(Value::Null);
        let opened: StreamOpened = serde_json::from_value(result).expect("opened");
        let lane = &mut self.lanes[at];
        assert!(
            opened.offset as usize >= lane.acked,
            "acknowledged bytes are stored"
        );
        assert!(
            lane.stream.is_none_or(|known| known == opened.stream),
            "the same stream again"
        );
        (lane.stream, lane.handle, lane.phase) =
            (Some(opened.stream), opened.handle, Phase::Writing);
        if opened.state != StreamState::Open {
            // The close was stored, its answer was lost. Asking again changes nothing.
            assert_eq!(
                (opened.state, opened.offset),
                (StreamState::Completed, lane.acked as u64)
            );
            assert_eq!(lane.acked, lane.content.len());
        }
        Some(())
    }

    async fn close(&mut self, socket: &mut Socket, at: usize) -> Option<()> {
        let lane = &mut self.lanes[at];
        let (form, stream) = (lane.form, lane.stream.expect("it was open"));
        self.closed.insert(stream, lane.content.clone());
        if self.stage.is_over() {
            lane.phase = Phase::Done;
            return Some(());
        }
        self.lanes[at] = self.lane(form);
        self.open(socket, at).await
    }
}
