//! Organizations and workspaces, as their members see them.

use super::member::NAME;
use super::service::{Tenants, label};
use super::{Error, OrganizationScope, Scope};
use crate::auth::Principal;
use crate::store;
use crate::store::workspace::{OrganizationRow, WorkspaceRow};
use generic_corp_protocol::rest::{
    ChangeWorkspace, Me, NewWorkspace, Organization, Workspace, WorkspaceAccess,
};
use generic_corp_protocol::{ConnectionId, OrganizationId, Slug};
use std::net::IpAddr;

/// The room every workspace begins with.
const FIRST_ROOM: &str = "lobby";

impl Tenants {
    /// Who `principal` is and what they can reach.
    ///
    /// # Errors
    /// The store's.
    pub async fn me(&self, principal: &Principal) -> Result<Me, Error> {
        let operator = self.is_operator(principal).await?;
        let (email, organizations) = match principal {
            Principal::User { id, .. } => {
                let user = self.store.user(*id).await?.ok_or(Error::NotFound("user"))?;
                let mut organizations = Vec::new();
                for row in self.store.organizations(*id).await? {
                    let workspaces = self.store.workspaces(row.id, *id).await?;
                    organizations.push(organization(row, workspaces));
                }
                (Some(user.email), organizations)
            }
            Principal::Agent { workspace, .. } => {
                let home = self.store.workspace_reach(*workspace).await?;
                let home = home.ok_or(Error::NotFound("workspace"))?.workspace;
                let owner = self.store.organization_of_agent(home.organization).await?;
                let owner = owner.ok_or(Error::NotFound("organization"))?;
                (None, vec![organization(owner, vec![home])])
            }
        };
        Ok(Me {
            you: principal.sender(),
            email,
            operator,
            organizations,
        })
    }

    /// Whether `principal` is a person who runs the hub.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_operator(&self, principal: &Principal) -> Result<bool, Error> {
        match principal {
            Principal::User { id, .. } => Ok(self.store.is_operator(*id).await?),
            Principal::Agent { .. } => Ok(false),
        }
    }

    /// Writes down that somebody ended this connection.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_disconnected(
        &self,
        scope: &Scope,
        connection: ConnectionId,
        address: IpAddr,
    ) -> Result<(), Error> {
        let target = connection.to_string();
        let act = scope.act("connection.ended", &target, address);
        Ok(self.store.record(&act).await?)
    }

    /// An organization by name or id, with its workspaces that `principal` can reach.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn reached(
        &self,
        principal: &Principal,
        organization: &str,
    ) -> Result<Organization, Error> {
        let me = self.me(principal).await?;
        let found = me
            .organizations
            .into_iter()
            .find(|known| is(known, organization));
        found.ok_or(Error::NotFound("organization"))
    }

    /// Makes a workspace, with a room in it.
    ///
    /// # Errors
    /// [`Error::LimitReached`], [`Error::Taken`], [`Error::Invalid`], or the store's.
    pub async fn create_workspace(
        &self,
        scope: &OrganizationScope,
        new: &NewWorkspace,
        address: IpAddr,
    ) -> Result<Workspace, Error> {
        let name = new.name.as_deref().unwrap_or(&new.slug);
        let name = label(name, NAME)?;
        let limit = scope.plan.workspaces;
        let act = scope.act("workspace.made", &new.slug, address);
        let made = self
            .store
            .create_workspace(scope.id, &new.slug, name, &first_room(), limit, &act)
            .await;
        match made {
            Ok(Some(row)) => Ok(workspace(row)),
            Ok(None) => Err(Error::LimitReached {
                what: "workspaces",
                limit,
            }),
            Err(store::Error::Conflict) => Err(Error::Taken("a workspace")),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the workspace another name for people, or says who may come in.
    ///
    /// # Errors
    /// [`Error::Invalid`], or the store's.
    pub async fn change_workspace(
        &self,
        scope: &Scope,
        change: &ChangeWorkspace,
        address: IpAddr,
    ) -> Result<Workspace, Error> {
        let name = change.name.as_deref();
        let name = name.map(|name| label(name, NAME)).transpose()?;
        let access = change.access.map(access_name);
        let target = access.map(|access| format!("{} {access}", scope.slug()));
        let mut acts = Vec::new();
        acts.extend(name.map(|name| scope.act("workspace.renamed", name, address)));
        if let Some(target) = &target {
            acts.push(scope.act("workspace.access_changed", target, address));
        }
        self.store
            .change_workspace(scope.workspace(), name, access, &acts)
            .await?;
        self.workspace(scope).await
    }

    /// The scope's workspace.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it went away, or the store's.
    pub async fn workspace(&self, scope: &Scope) -> Result<Workspace, Error> {
        let row = self.store.workspace_reach(scope.workspace()).await?;
        Ok(workspace(
            row.ok_or(Error::NotFound("workspace"))?.workspace,
        ))
    }
}

pub(super) fn first_room() -> Slug {
    Slug::parse(FIRST_ROOM).expect("a constant name is one")
}

fn is(known: &Organization, asked: &str) -> bool {
    *known.slug == *asked || asked.parse::<OrganizationId>() == Ok(known.id)
}

fn organization(row: OrganizationRow, workspaces: Vec<WorkspaceRow>) -> Organization {
    Organization {
        id: row.id,
        slug: row.slug,
        name: row.name,
        plan: row.plan,
        role: row.role,
        workspaces: workspaces.into_iter().map(workspace).collect(),
    }
}

fn workspace(row: WorkspaceRow) -> Workspace {
    Workspace {
        id: row.id,
        slug: row.slug,
        name: row.name,
        access: match row.access.as_str() {
            "everyone" => WorkspaceAccess::Everyone,
            // What is not understood opens no door.
            _ => WorkspaceAccess::Listed,
        },
        created_at: row.created_at,
    }
}

fn access_name(access: WorkspaceAccess) -> &'static str {
    match access {
        WorkspaceAccess::Everyone => "everyone",
        WorkspaceAccess::Listed => "listed",
    }
}
