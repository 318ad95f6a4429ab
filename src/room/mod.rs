//! Rooms and their streams: what is done in them, turned into operations on the log.
//!
//! Everything here takes a [`Scope`], which only authorization can make. Whether its scopes allow the act was
//! asked before, where the request came in: by the rows of `http/routes.rs` and `connection/right.rs`.

mod check;
mod error;
mod publish;
mod read;
mod stream;
mod watch;

pub use error::Error;
pub(crate) use publish::published;
pub use read::{PageRequest, TimesRequest};
pub use stream::Append;
pub(crate) use stream::opened;
pub use watch::{Join, Joining, Reading};

use crate::bus::Bus;
use crate::fanout::Hub;
use crate::history::History;
use crate::store::Store;
use crate::store::op::Tenant;
use crate::tenant::Scope;
use dashmap::DashMap;
use generic_corp_protocol::{RoomId, Slug, StreamId, WorkspaceId};
use std::sync::Arc;

/// Names that are remembered with their rooms; beyond it the store is asked each time.
const MAX_NAMES: usize = 100_000;

/// A cheap handle to the rooms of all workspaces.
#[derive(Clone)]
pub struct Rooms {
    history: History,
    hub: Hub,
    bus: Bus,
    names: Arc<DashMap<(WorkspaceId, Slug), RoomId>>,
}

impl Rooms {
    /// Rooms on this log, told to these viewers.
    pub fn new(history: History, hub: Hub, bus: Bus) -> Self {
        Self {
            history,
            hub,
            bus,
            names: Arc::default(),
        }
    }

    /// The log they append to.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The viewers of this node.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Whether other nodes tell at once what they have written.
    pub fn is_live(&self) -> bool {
        self.bus.is_live()
    }

    fn store(&self) -> &Store {
        self.history.store()
    }

    /// The room of this name if it was met before; costs no wait.
    pub fn known(&self, scope: &Scope, name: &Slug) -> Option<RoomId> {
        if !scope.opens(name) {
            return None;
        }
        self.names
            .get(&(scope.workspace(), name.clone()))
            .map(|id| *id)
    }

    /// The room of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the workspace has no such room.
    pub async fn find(&self, scope: &Scope, name: &Slug) -> Result<RoomId, Error> {
        if let Some(id) = self.known(scope, name) {
            return Ok(id);
        }
        if !scope.opens(name) {
            return Err(Error::NotFound("room"));
        }
        let id = self
            .store()
            .room_id(scope.workspace(), name)
            .await?
            .ok_or(Error::NotFound("room"))?;
        if self.names.len() < MAX_NAMES {
            self.names.insert((scope.workspace(), name.clone()), id);
        }
        Ok(id)
    }

    /// Refuses a stream in a room that the key does not open.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn reach(&self, scope: &Scope, stream: StreamId) -> Result<(), Error> {
        match scope.rooms() {
            None => Ok(()),
            Some(_) => self.stream(scope, stream).await.map(|_| ()),
        }
    }
}

fn tenant(scope: &Scope) -> Tenant {
    Tenant {
        organization: scope.organization(),
        workspace: scope.workspace(),
        actor: scope.actor(),
    }
}
