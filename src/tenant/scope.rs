//! The tenant as a type: code that touches a workspace's data takes a [`Scope`].

use super::{Error, Permission};
use crate::auth::{RoomLimit, Scopes};
use crate::config::Plan;
use crate::metering::{Actor, Budget};
use generic_corp_protocol::frame::WorkspaceRef;
use generic_corp_protocol::{ApiKeyId, OrganizationId, Sender, Slug, WorkspaceId};
use std::sync::Arc;

/// One principal's right to one workspace. Only authorization makes one, so a query without a
/// tenant, or for somebody else's, cannot be written.
#[derive(Clone, Debug)]
pub struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    organization: OrganizationId,
    workspace: WorkspaceRef,
    plan: Arc<Plan>,
    sender: Sender,
    scopes: Scopes,
    key: Option<KeyRight>,
    budget: Arc<Budget>,
}

/// What a key adds to its agent's right.
#[derive(Clone, Debug)]
pub(super) struct KeyRight {
    pub(super) id: ApiKeyId,
    pub(super) rooms: Option<RoomLimit>,
}

impl Scope {
    /// For authorization alone.
    pub(super) fn new(
        (organization, budget): (OrganizationId, Arc<Budget>),
        workspace: WorkspaceRef,
        plan: Arc<Plan>,
        (sender, key): (Sender, Option<KeyRight>),
        scopes: Scopes,
    ) -> Self {
        Self(Arc::new(Inner {
            organization,
            workspace,
            plan,
            sender,
            scopes,
            key,
            budget,
        }))
    }

    /// The same right with the scopes that authorization has found since.
    pub(crate) fn with_scopes(&self, scopes: Scopes) -> Self {
        Self(Arc::new(Inner {
            organization: self.0.organization,
            workspace: self.0.workspace.clone(),
            plan: self.0.plan.clone(),
            sender: self.0.sender.clone(),
            scopes,
            key: self.0.key.clone(),
            budget: self.0.budget.clone(),
        }))
    }

    /// The organization that owns the workspace.
    pub fn organization(&self) -> OrganizationId {
        self.0.organization
    }

    /// The workspace's id.
    pub fn workspace(&self) -> WorkspaceId {
        self.0.workspace.id
    }

    /// The workspace by id and names.
    pub fn workspace_ref(&self) -> &WorkspaceRef {
        &self.0.workspace
    }

    /// The workspace's name in URLs.
    pub fn slug(&self) -> &Slug {
        &self.0.workspace.slug
    }

    /// The organization's plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.0.plan
    }

    /// Who acts.
    pub fn sender(&self) -> &Sender {
        &self.0.sender
    }

    /// Whose use what they do is.
    pub fn actor(&self) -> Actor {
        Actor::of(&self.0.sender, self.key())
    }

    /// The key they came with.
    pub fn key(&self) -> Option<ApiKeyId> {
        self.0.key.as_ref().map(|key| key.id)
    }

    /// The rooms that the key is limited to, if it is.
    pub fn rooms(&self) -> Option<&RoomLimit> {
        self.0.key.as_ref()?.rooms.as_ref()
    }

    /// Whether the room of this name is there for them, if it is there.
    pub fn opens(&self, room: &str) -> bool {
        self.rooms().is_none_or(|rooms| rooms.opens(room))
    }

    /// What the organization may still use.
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// Refuses who has not this permission here.
    ///
    /// # Errors
    /// [`Error::Scope`].
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        match permission.is_in(self.0.scopes) {
            true => Ok(()),
            false => Err(Error::Scope(permission.name())),
        }
    }

    /// What they may do here.
    pub fn scopes(&self) -> Scopes {
        self.0.scopes
    }
}
