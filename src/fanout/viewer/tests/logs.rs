//! The logs of one case: committed to a store, announced on a bus that fails as told, and how long they are.

use crate::bus::{Bus, Hint};
use crate::fanout::{Hub, LogId, Options};
use crate::store::audit::Act;
use crate::store::op::{Actor, Done, Draft, Ending, Op, StreamDraft, Tenant};
use crate::store::{Appender, Store};
use bytes::Bytes;
use generic_corp_protocol::frame::{Ephemeral, StreamClosed};
use generic_corp_protocol::{
    RoomId, Sender, SenderKind, Slug, StreamId, StreamOutcome, Timestamp, WorkspaceId,
};
use std::sync::Arc;

/// Two rooms, then two streams.
pub(super) const LOGS: usize = 4;
pub(super) const ROOMS: usize = 2;
/// Bytes of a stream for each unit of growth.
const UNIT: u64 = 7;

/// What becomes of a hint.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Arrives,
    Lost,
    Late,
}

pub(super) struct Logs {
    pub(super) hub: Hub,
    pub(super) rooms: Vec<(RoomId, Slug)>,
    pub(super) streams: Vec<StreamId>,
    /// The newest `seq` of a room, the length of a stream.
    pub(super) heads: [u64; LOGS],
    /// How many messages have skipped the log.
    pub(super) ephemeral: [u64; ROOMS],
    appender: Appender,
    tenant: Tenant,
    sender: Sender,
    late: Vec<Hint>,
}

/// The byte of a stream: text here, none there.
pub(super) fn byte(at: u64) -> u8 {
    match at % 29 {
        0 => 0xFF,
        letter => b'a' + letter as u8 % 26,
    }
}

impl Logs {
    /// New rooms and streams, with hot tails of these sizes.
    pub(super) async fn begin(store: &Store, (room_bytes, stream_bytes): (usize, usize)) -> Self {
        let homes = store.operator_reach(None, "main").await.expect("asked");
        let options = Options {
            room_bytes,
            stream_bytes,
        };
        let mut logs = Self {
            hub: Hub::new(store.clone(), Bus::local(), options),
            rooms: Vec::new(),
            streams: Vec::new(),
            heads: [0; LOGS],
            ephemeral: [0; ROOMS],
            appender: Appender::open(store, 30).expect("opens"),
            tenant: Tenant {
                organization: homes[0].workspace.organization,
                workspace: homes[0].workspace.id,
                actor: Actor::default(),
            },
            sender: Sender {
                kind: SenderKind::Agent,
                id: uuid::Uuid::nil(),
                name: "bot".into(),
            },
            late: Vec::new(),
        };
        for _ in 0..ROOMS {
            let room = logs.make_room(store).await;
            logs.rooms.push(room);
        }
        // The events of the streams go elsewhere.
        let (room, _) = logs.make_room(store).await;
        for _ in ROOMS..LOGS {
            logs.open_stream(room);
        }
        logs
    }

    async fn make_room(&self, store: &Store) -> (RoomId, Slug) {
        let Tenant {
            organization,
            workspace,
            ..
        } = self.tenant;
        let name = Slug::parse(&RoomId::new().to_string()).expect("a name");
        let act = Act {
            organization: Some(organization),
            actor: &self.sender,
            action: "room.made",
            target: &name,
            address: None,
        };
        let made = store.create_room(organization, workspace, &name, "", u32::MAX, &act);
        (made.await.expect("asked").expect("made").id, name)
    }

    fn open_stream(&mut self, room: RoomId) {
        let id = StreamId::new();
        let draft = StreamDraft {
            id,
            sender: self.sender.clone(),
            key: id.to_string(),
            name: "out".into(),
            role: Default::default(),
            media_type: "text/plain".into(),
            tool_call: None,
            parent: None,
        };
        let tenant = self.tenant;
        self.commit(Op::Open {
            tenant,
            room,
            draft,
        });
        self.streams.push(id);
    }

    fn commit(&mut self, op: Op) -> Done {
        let results = self.appender.commit(&[op]).expect("committed");
        results.into_iter().next().expect("one").expect("accepted")
    }

    pub(super) fn workspace(&self) -> WorkspaceId {
        self.tenant.workspace
    }

    pub(super) fn id(&self, log: usize) -> LogId {
        match self.rooms.get(log) {
            Some((room, _)) => LogId::Room(*room),
            None => LogId::Stream(self.streams[log - ROOMS]),
        }
    }

    pub(super) fn grow(&mut self, log: usize, size: u64, fate: Fate) {
        match log.checked_sub(ROOMS) {
            Some(at) => self.append(self.streams[at], log, size, fate),
            None => (0..size).for_each(|_| self.publish(log, fate)),
        }
    }

    fn publish(&mut self, log: usize, fate: Fate) {
        self.heads[log] += 1;
        let seq = self.heads[log];
        let draft = Draft {
            sender: self.sender.clone(),
            key: seq.to_string(),
            kind: "message".into(),
            body: serde_json::value::to_raw_value(&seq).expect("a number"),
            mentions: Vec::new(),
            reply_to: None,
        };
        let (tenant, room) = (self.tenant, self.rooms[log].0);
        let done = self.commit(Op::Publish {
            tenant,
            room,
            draft,
        });
        let Done::Published {
            entry: Some(entry), ..
        } = done
        else {
            panic!("{done:?}")
        };
        let (epoch, event) = (entry.epoch, entry.event);
        self.announce(Hint::Event { room, epoch, event }, fate);
    }

    fn append(&mut self, stream: StreamId, log: usize, size: u64, fate: Fate) {
        let offset = self.heads[log];
        self.heads[log] += size * UNIT;
        let data: Bytes = (offset..self.heads[log]).map(byte).collect();
        self.commit(Op::Append {
            tenant: self.tenant,
            stream,
            sender: self.sender.id,
            offset,
            data: data.clone(),
        });
        let hint = Hint::Bytes {
            stream,
            offset,
            data,
        };
        self.announce(hint, fate);
    }

    fn announce(&mut self, hint: Hint, fate: Fate) {
        match fate {
            Fate::Arrives => self.hub.deliver(vec![hint]),
            Fate::Lost => {}
            Fate::Late => self.late.push(hint),
        }
    }

    pub(super) fn deliver_late(&mut self) {
        for hint in self.late.drain(..).rev() {
            self.hub.deliver(vec![hint]);
        }
    }

    pub(super) fn skip(&mut self, log: usize) {
        self.ephemeral[log] += 1;
        let (room, name) = self.rooms[log].clone();
        let message = Arc::new(Ephemeral {
            room: name,
            time: Timestamp(0),
            sender: self.sender.clone(),
            kind: "typing".into(),
            body: self.ephemeral[log].into(),
        });
        self.hub.deliver(vec![Hint::Ephemeral { room, message }]);
    }

    pub(super) fn close_streams(&mut self) {
        for (at, stream) in self.streams.clone().into_iter().enumerate() {
            let (offset, outcome) = (self.heads[ROOMS + at], StreamOutcome::Completed);
            let ending = Ending {
                sender: None,
                offset: Some(offset),
                outcome,
                exit_code: None,
                metadata: None,
            };
            let tenant = self.tenant;
            self.commit(Op::Close {
                tenant,
                stream,
                ending,
            });
            let end = StreamClosed {
                stream,
                offset,
                outcome,
                exit_code: None,
            };
            self.hub.deliver(vec![Hint::Closed { end }]);
        }
    }
}
