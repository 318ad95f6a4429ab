//! Agents of a workspace.

use super::service::{MAX_PAGE, Page, Tenants, maybe_label};
use super::{Error, Scope};
use crate::store;
use crate::store::agent::AgentRow;
use generic_corp_protocol::Slug;
use generic_corp_protocol::rest::{Agent, ChangeAgent, NewAgent};
use std::net::IpAddr;

const TITLE: &str = "`title` has at most 256 bytes and no control characters";

impl Tenants {
    /// A part of the workspace's agents, by name.
    ///
    /// # Errors
    /// The store's.
    pub async fn agents(&self, scope: &Scope, page: &Page) -> Result<Vec<Agent>, Error> {
        let limit = page.limit.min(MAX_PAGE);
        let rows = self.store.agents(scope.workspace(), &page.after, limit);
        Ok(rows.await?.into_iter().map(agent).collect())
    }

    /// Makes an agent.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::LimitReached`], [`Error::Invalid`], or the store's.
    pub async fn create_agent(
        &self,
        scope: &Scope,
        new: &NewAgent,
        address: Option<IpAddr>,
    ) -> Result<Agent, Error> {
        let title = maybe_label(&new.title, TITLE)?;
        let limit = scope.plan().agents;
        let act = scope.act("agent.made", &new.name, address);
        let (organization, workspace) = (scope.organization(), scope.workspace());
        let made = self
            .store
            .create_agent(organization, workspace, &new.name, title, limit, &act)
            .await;
        match made {
            Ok(Some(row)) => Ok(agent(row)),
            Ok(None) => Err(too_many_agents(limit)),
            Err(store::Error::Conflict) => Err(Error::Taken("an agent")),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives an agent another title, or locks it out or lets it in again; its connections are closed within a
    /// second.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], or the store's.
    pub async fn change_agent(
        &self,
        scope: &Scope,
        name: &Slug,
        change: &ChangeAgent,
        address: IpAddr,
    ) -> Result<Agent, Error> {
        let title = change.title.as_deref();
        let title = title.map(|title| maybe_label(title, TITLE)).transpose()?;
        let action = match change.disabled {
            Some(true) => "agent.disabled",
            Some(false) => "agent.enabled",
            None => "agent.changed",
        };
        let act = scope.act(action, name, address);
        let changed = self
            .store
            .change_agent(scope.workspace(), name, title, change.disabled, &act)
            .await?;
        Ok(agent(changed.ok_or(Error::NotFound("agent"))?))
    }
}

pub(super) fn too_many_agents(limit: u32) -> Error {
    Error::LimitReached {
        what: "agents",
        limit,
    }
}

fn agent(row: AgentRow) -> Agent {
    Agent {
        id: row.id,
        name: row.name,
        title: row.title,
        disabled: row.disabled,
        created_at: row.created_at,
    }
}
