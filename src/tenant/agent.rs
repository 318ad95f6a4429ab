//! Agents of a workspace and the keys they come with.

use super::service::{MAX_PAGE, Page, Tenants, maybe_label};
use super::{Error, Scope};
use crate::auth::{Scopes, api_key};
use crate::store;
use crate::store::agent::AgentRow;
use crate::store::api_key::{KeyRow, NewKey};
use generic_corp_protocol::rest::{Agent, ApiKey, NewAgent, NewApiKey, NewApiKeySecret};
use generic_corp_protocol::{ApiKeyId, SenderKind, Timestamp, UserId};
use std::net::IpAddr;

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
    pub async fn create_agent(&self, scope: &Scope, new: &NewAgent) -> Result<Agent, Error> {
        let title = maybe_label(
            &new.title,
            "`title` has at most 256 bytes and no control characters",
        )?;
        let limit = scope.plan().agents;
        let (organization, workspace) = (scope.organization(), scope.workspace());
        let made = self
            .store
            .create_agent(organization, workspace, &new.name, title, limit)
            .await;
        match made {
            Ok(Some(row)) => Ok(agent(row)),
            Ok(None) => Err(too_many_agents(limit)),
            Err(store::Error::Conflict) => Err(Error::Taken("an agent")),
            Err(error) => Err(error.into()),
        }
    }

    /// A part of the workspace's keys that are not revoked, the oldest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the page begins after no id, or the store's.
    pub async fn keys(&self, scope: &Scope, page: &Page) -> Result<Vec<ApiKey>, Error> {
        let after = match page.after.as_str() {
            "" => None,
            id => Some(
                id.parse::<ApiKeyId>()
                    .map_err(|_| Error::Invalid("`after` is no id of a key"))?,
            ),
        };
        let limit = page.limit.min(MAX_PAGE);
        let rows = self.store.keys(scope.workspace(), after, limit).await?;
        Ok(rows.into_iter().map(key).collect())
    }

    /// Makes a key for an agent. It can do no more than whoever makes it.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::LimitReached`], [`Error::Invalid`], or the store's.
    pub async fn create_key(
        &self,
        scope: &Scope,
        new: &NewApiKey,
        address: Option<IpAddr>,
    ) -> Result<NewApiKeySecret, Error> {
        let name = maybe_label(
            &new.name,
            "`name` has at most 256 bytes and no control characters",
        )?;
        let scopes = match new.scopes.is_empty() {
            true => Scopes::BOT,
            false => Scopes::parse(new.scopes.iter().map(String::as_str)).ok_or(Error::Invalid(
                "`scopes` are `read`, `publish`, `stream`, `task` and `admin`",
            ))?,
        };
        if !scope.scopes().contain(scopes) {
            return Err(Error::Forbidden("a key can do no more than its maker"));
        }
        if new.expires_at.is_some_and(|end| end <= Timestamp::now()) {
            return Err(Error::Invalid("`expires_at` lies in the past"));
        }
        let made = api_key::make()?;
        let sender = scope.sender();
        let id = ApiKeyId::new();
        let new = NewKey {
            id,
            agent: &new.agent,
            name,
            prefix: &made.prefix,
            secret_hash: made.secret_hash,
            scopes: &scopes.names().join(","),
            created_by: (sender.kind == SenderKind::User).then_some(UserId(sender.id)),
            expires_at: new.expires_at,
        };
        let target = format!("{id} for {}", new.agent);
        let act = scope.act("key.made", &target, address);
        let limit = scope.plan().agents;
        let (organization, workspace) = (scope.organization(), scope.workspace());
        let row = self
            .store
            .create_key(organization, workspace, &new, limit, &act)
            .await?;
        Ok(NewApiKeySecret {
            key: key(row.ok_or_else(|| too_many_agents(limit))?),
            secret: made.text,
        })
    }

    /// Revokes a key; connections that came with it are closed within a second.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn revoke_key(
        &self,
        scope: &Scope,
        id: ApiKeyId,
        address: Option<IpAddr>,
    ) -> Result<(), Error> {
        let target = id.to_string();
        let act = scope.act("key.revoked", &target, address);
        match self.store.revoke_key(scope.workspace(), id, &act).await? {
            true => Ok(()),
            false => Err(Error::NotFound("key")),
        }
    }
}

fn too_many_agents(limit: u32) -> Error {
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
        created_at: row.created_at,
    }
}

fn key(row: KeyRow) -> ApiKey {
    ApiKey {
        id: row.id,
        agent: row.agent_name,
        name: row.name,
        prefix: row.prefix,
        scopes: row.scopes.split(',').map(str::to_owned).collect(),
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}
