//! Somebody who only looks on, over plain HTTP: listed, counted and ended like any connection.

use super::registry::{Credential, Entry, Refused, Registry, Snapshot};
use crate::auth::Principal;
use crate::fanout::Viewer;
use crate::quota::Meter;
use crate::tenant::Scope;
use generic_corp_protocol::frame::Quota;
use generic_corp_protocol::{ConnectionId, Timestamp};
use std::net::IpAddr;
use std::time::Instant;

/// A place in the registry, given back when this is dropped.
pub struct Watcher {
    registry: Registry,
    id: ConnectionId,
    quota: Quota,
}

impl Watcher {
    /// Takes a place.
    ///
    /// # Errors
    /// When the organization has as many connections as its plan allows, or the hub drains.
    pub async fn register(
        registry: &Registry,
        principal: &Principal,
        scope: &Scope,
        address: Option<IpAddr>,
        viewer: &Viewer,
    ) -> Result<Self, Refused> {
        let now = Instant::now();
        let watcher = Self {
            registry: registry.clone(),
            id: ConnectionId::new(),
            quota: Meter::new(scope.plan().clone(), now).quota(now),
        };
        let entry = Entry {
            organization: scope.organization(),
            workspace: scope.workspace(),
            sender: scope.sender().clone(),
            client: None,
            address,
            connected_at: Timestamp::now(),
            credential: Credential::from(principal),
            scopes: scope.scopes(),
            mailbox: viewer.address(),
            snapshot: watcher.snapshot(viewer),
        };
        registry
            .insert(watcher.id, entry, scope.plan().connections)
            .await?;
        Ok(watcher)
    }

    /// Tells the registry where the viewer stands.
    pub fn report(&self, viewer: &Viewer) {
        self.registry.report(self.id, self.snapshot(viewer));
    }

    fn snapshot(&self, viewer: &Viewer) -> Snapshot {
        let (rooms, streams) = viewer.watched();
        Snapshot {
            rooms: rooms as u32,
            streams: streams as u32,
            messages_received: 0,
            bytes_received: 0,
            frames_sent: viewer.frames_sent(),
            rejected: 0,
            quota: self.quota.clone(),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.registry.remove(self.id);
    }
}
