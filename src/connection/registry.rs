//! Every connection of this node: for lists, limits, and to end those whose right is gone.

use crate::auth::{Principal, Scopes};
use crate::fanout::{Address, Mail};
use crate::metering::{Actor, AgentTime};
use crate::quota::Seats;
use dashmap::DashMap;
use generic_corp_protocol::frame::Quota;
use generic_corp_protocol::message::ClientInfo;
use generic_corp_protocol::{
    ApiKeyId, CloseCode, ConnectionId, OrganizationId, Sender, SenderKind, SessionId, Timestamp,
    WorkspaceId, rest,
};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// What a connection proved itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A signed-in session.
    Session(SessionId),
    /// An API key.
    Key(ApiKeyId),
}

impl From<&Principal> for Credential {
    fn from(principal: &Principal) -> Self {
        match principal {
            Principal::User { session, .. } => Self::Session(*session),
            Principal::Agent { key, .. } => Self::Key(*key),
        }
    }
}

/// A cheap handle; see the module.
#[derive(Clone, Default)]
pub struct Registry {
    pub(super) entries: Arc<DashMap<ConnectionId, Entry>>,
    seats: Seats,
    agent_time: AgentTime,
    draining: Arc<AtomicBool>,
    pub(super) doubt: Arc<Notify>,
}

/// Why a connection is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its organization has as many as it may.
    Full,
    /// The hub is about to stop.
    Draining,
}

/// One connection as the registry knows it.
pub(super) struct Entry {
    pub(super) organization: OrganizationId,
    pub(super) workspace: WorkspaceId,
    pub(super) sender: Sender,
    pub(super) client: Option<ClientInfo>,
    pub(super) address: Option<IpAddr>,
    pub(super) connected_at: Timestamp,
    pub(super) credential: Credential,
    pub(super) scopes: Scopes,
    pub(super) mailbox: Address,
    pub(super) snapshot: Snapshot,
}

/// Its counters, a second old at most.
pub(super) struct Snapshot {
    pub(super) rooms: u32,
    pub(super) streams: u32,
    pub(super) messages_received: u64,
    pub(super) bytes_received: u64,
    pub(super) frames_sent: u64,
    pub(super) rejected: u64,
    pub(super) quota: Quota,
}

impl Registry {
    /// A registry without connections, whose organizations have these seats.
    pub fn new(seats: Seats) -> Self {
        Self {
            seats,
            ..Self::default()
        }
    }

    /// The seats of all organizations.
    pub fn seats(&self) -> &Seats {
        &self.seats
    }

    /// How long agents are connected.
    pub fn agent_time(&self) -> &AgentTime {
        &self.agent_time
    }

    /// Takes in a connection unless its organization has `most` already, or the hub drains.
    pub(super) async fn insert(
        &self,
        id: ConnectionId,
        entry: Entry,
        most: u32,
    ) -> Result<(), Refused> {
        let organization = entry.organization;
        if !self.seats.take(organization, most as usize).await {
            return Err(Refused::Full);
        }
        if entry.sender.kind == SenderKind::Agent {
            self.agent_time
                .enter(organization, entry.workspace, entry.actor());
        }
        self.entries.insert(id, entry);
        metrics::gauge!("generic_corp_connections").increment(1.0);
        // Looked at last: who is not turned away here is told to go with everybody.
        if self.draining.load(Ordering::SeqCst) {
            self.remove(id);
            return Err(Refused::Draining);
        }
        Ok(())
    }

    pub(super) fn remove(&self, id: ConnectionId) {
        let Some((_, entry)) = self.entries.remove(&id) else {
            return;
        };
        metrics::gauge!("generic_corp_connections").decrement(1.0);
        self.seats.give_back(entry.organization);
        if entry.sender.kind == SenderKind::Agent {
            self.agent_time.leave(entry.sender.id);
        }
    }

    pub(super) fn report(&self, id: ConnectionId, snapshot: Snapshot) {
        if let Some(mut entry) = self.entries.get_mut(&id) {
            entry.snapshot = snapshot;
        }
    }

    /// The connection goes on with another credential, and what it may do.
    pub(super) fn renew(&self, id: ConnectionId, credential: Credential, scopes: Scopes) {
        if let Some(mut entry) = self.entries.get_mut(&id) {
            (entry.credential, entry.scopes) = (credential, scopes);
        }
    }

    /// What a connection may do, as far as is known.
    pub(super) fn scopes(&self, id: ConnectionId) -> Option<Scopes> {
        self.entries.get(&id).map(|entry| entry.scopes)
    }

    pub(super) fn describe(&self, id: ConnectionId, client: Option<ClientInfo>) {
        if let Some(mut entry) = self.entries.get_mut(&id) {
            entry.client = client;
        }
    }

    /// Connections of a workspace, the oldest first.
    pub fn list(&self, workspace: WorkspaceId) -> Vec<rest::Connection> {
        let own = self
            .entries
            .iter()
            .filter(|entry| entry.workspace == workspace);
        let mut found: Vec<_> = own.map(|entry| entry.show(*entry.key())).collect();
        found.sort_by_key(|connection| connection.id);
        found
    }

    /// All connections, each with its workspace.
    pub fn all(&self) -> Vec<(WorkspaceId, rest::Connection)> {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.workspace, entry.show(*entry.key())))
            .collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Ends the connections that came with this credential.
    pub fn close(&self, credential: Credential, code: CloseCode) {
        for entry in self
            .entries
            .iter()
            .filter(|entry| entry.credential == credential)
        {
            entry.mailbox.send(Mail::Close(code));
        }
    }

    /// Whether this node has a connection of this workspace with this id.
    pub fn has(&self, workspace: WorkspaceId, id: ConnectionId) -> bool {
        let entry = self.entries.get(&id);
        entry.is_some_and(|entry| entry.workspace == workspace)
    }

    /// Ends a connection, if it is here.
    pub fn disconnect(&self, id: ConnectionId) {
        if let Some(entry) = self.entries.get(&id) {
            entry.mailbox.send(Mail::Close(CloseCode::Disconnected));
        }
    }

    /// Tells every connection to go, each in its own slot of `spread_ms`, and takes in no other.
    pub fn drain(&self, spread_ms: u64) {
        self.draining.store(true, Ordering::SeqCst);
        let count = self.entries.len().max(1) as u64;
        for (at, entry) in self.entries.iter().enumerate() {
            let reconnect_after_ms = spread_ms * at as u64 / count;
            entry.mailbox.send(Mail::Goaway { reconnect_after_ms });
        }
    }
}

impl Entry {
    fn actor(&self) -> Actor {
        let key = match self.credential {
            Credential::Key(key) => Some(key),
            Credential::Session(_) => None,
        };
        Actor::of(&self.sender, key)
    }

    fn show(&self, id: ConnectionId) -> rest::Connection {
        rest::Connection {
            id,
            sender: self.sender.clone(),
            client: self.client.clone(),
            address: self
                .address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            connected_at: self.connected_at,
            rooms: self.snapshot.rooms,
            streams: self.snapshot.streams,
            messages_received: self.snapshot.messages_received,
            bytes_received: self.snapshot.bytes_received,
            frames_sent: self.snapshot.frames_sent,
            rejected: self.snapshot.rejected,
            quota: self.snapshot.quota.clone(),
        }
    }
}
