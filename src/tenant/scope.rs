//! The tenant as a type: code that touches a workspace's data takes a [`Scope`].

use crate::auth::Scopes;
use crate::config::Plan;
use generic_corp_protocol::frame::WorkspaceRef;
use generic_corp_protocol::{OrganizationId, Sender, Slug, WorkspaceId};
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
}

impl Scope {
    /// For authorization alone.
    pub(super) fn new(
        organization: OrganizationId,
        workspace: WorkspaceRef,
        plan: Arc<Plan>,
        sender: Sender,
        scopes: Scopes,
    ) -> Self {
        Self(Arc::new(Inner {
            organization,
            workspace,
            plan,
            sender,
            scopes,
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

    /// What they may do here.
    pub fn scopes(&self) -> Scopes {
        self.0.scopes
    }
}
