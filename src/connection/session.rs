//! What an authenticated connection holds.

use crate::auth::Principal;
use crate::fanout::RoomTail;
use crate::quota::Meter;
use crate::tenant::Scope;
use generic_corp_protocol::frame::UsageLevel;
use generic_corp_protocol::message::ClientInfo;
use generic_corp_protocol::{ConnectionId, Member, StreamId, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Handles that one connection may be given.
const MAX_HANDLES: usize = 65_536;

/// See the module.
pub(super) struct Session {
    pub(super) principal: Principal,
    pub(super) scope: Scope,
    pub(super) meter: Meter,
    pub(super) client: Option<ClientInfo>,
    pub(super) binary: bool,
    pub(super) state: String,
    pub(super) text: Option<String>,
    pub(super) rooms: Vec<Arc<RoomTail>>,
    /// Streams this connection writes.
    pub(super) producing: HashSet<StreamId>,
    /// What was last told of each monthly limit.
    pub(super) usage_told: HashMap<String, UsageLevel>,
    /// Streams whose producer has been told of the wish to stop.
    pub(super) told: HashSet<StreamId>,
    /// Streams by handle.
    handles: Vec<StreamId>,
}

impl Session {
    pub(super) fn new(
        principal: Principal,
        scope: Scope,
        client: Option<ClientInfo>,
        binary: bool,
    ) -> Self {
        let meter = Meter::new(scope.plan().clone(), std::time::Instant::now());
        Self {
            principal,
            scope,
            meter,
            client,
            binary,
            state: "online".into(),
            text: None,
            rooms: Vec::new(),
            producing: HashSet::new(),
            usage_told: HashMap::new(),
            told: HashSet::new(),
            handles: Vec::new(),
        }
    }

    /// This connection as others in a room see it.
    pub(super) fn member(&self, connection: ConnectionId, since: Timestamp) -> Member {
        Member {
            connection,
            sender: self.scope.sender().clone(),
            state: self.state.clone(),
            text: self.text.clone(),
            client: self.client.clone(),
            since,
        }
    }

    /// A handle for binary frames of this stream, when the client takes them.
    pub(super) fn handle(&mut self, stream: StreamId) -> Option<u32> {
        if !self.binary {
            return None;
        }
        if let Some(known) = self.handles.iter().rposition(|known| *known == stream) {
            return Some(known as u32);
        }
        if self.handles.len() == MAX_HANDLES {
            return None;
        }
        self.handles.push(stream);
        Some((self.handles.len() - 1) as u32)
    }

    /// The stream of a handle.
    pub(super) fn stream_of(&self, handle: u32) -> Option<StreamId> {
        self.handles.get(handle as usize).copied()
    }
}
