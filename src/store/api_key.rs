//! API keys: a public prefix to find them by, and the hash of the secret.

use super::agent::{agent, insert_agent};
use super::audit::{Act, record};
use super::log::BATCH;
use super::row::{maybe_time, slug, text, time, uuid};
use super::sql::{Row, sql};
use super::{Error, Store};
use generic_corp_protocol::{
    AgentId, ApiKeyId, OrganizationId, Slug, Timestamp, UserId, WorkspaceId,
};
use std::collections::HashSet;

/// A key together with what its agent's row says about it.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Id.
    pub id: ApiKeyId,
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// The agent it speaks for.
    pub agent: AgentId,
    /// The agent's name.
    pub agent_name: Slug,
    /// Name for people.
    pub name: String,
    /// How the key begins.
    pub prefix: String,
    /// SHA-256 of the secret.
    pub secret_hash: Vec<u8>,
    /// Scopes, separated by commas.
    pub scopes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Whether it was revoked or its agent locked out.
    pub ended: bool,
}

impl KeyRow {
    /// Whether the key counts at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.ended && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A key to be made.
pub struct NewKey<'a> {
    /// Id.
    pub id: ApiKeyId,
    /// The agent's name; the agent is made when there is none.
    pub agent: &'a Slug,
    /// Name for people.
    pub name: &'a str,
    /// How the key begins.
    pub prefix: &'a str,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// Scopes, separated by commas.
    pub scopes: &'a str,
    /// The person who made it.
    pub created_by: Option<UserId>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

fn key(row: &Row) -> Result<KeyRow, Error> {
    Ok(KeyRow {
        id: ApiKeyId(uuid(row, "id")?),
        workspace: WorkspaceId(uuid(row, "workspace_id")?),
        agent: AgentId(uuid(row, "agent_id")?),
        agent_name: slug(row, "agent_name")?,
        name: text(row, "name")?,
        prefix: text(row, "prefix")?,
        secret_hash: row.get("secret_hash")?,
        scopes: text(row, "scopes")?,
        created_at: time(row, "created_at")?,
        expires_at: maybe_time(row, "expires_at")?,
        last_used_at: maybe_time(row, "last_used_at")?,
        ended: maybe_time(row, "revoked_at")?.is_some()
            || maybe_time(row, "disabled_at")?.is_some(),
    })
}

impl Store {
    /// The key that begins with `prefix`.
    pub async fn key_by_prefix(&self, prefix: &str) -> Result<Option<KeyRow>, Error> {
        let row = sql(
            "SELECT k.*, a.name AS agent_name, a.disabled_at FROM api_keys k
             JOIN agents a ON a.id = k.agent_id WHERE k.prefix = $1",
        )
        .bind(prefix)
        .fetch_optional(self.read())
        .await?;
        row.as_ref().map(key).transpose()
    }

    /// Those of `ids` that were revoked or are gone, or whose agent was locked out. Expiry is not asked about: who
    /// holds a key knows when it ends.
    pub async fn ended_keys(&self, ids: &[ApiKeyId]) -> Result<Vec<ApiKeyId>, Error> {
        let mut live = HashSet::new();
        for ids in ids.chunks(BATCH) {
            let mut query = sql(
                "SELECT k.id FROM api_keys k JOIN agents a ON a.id = k.agent_id
                 WHERE k.revoked_at IS NULL AND a.disabled_at IS NULL AND k.id IN ",
            );
            query.push_list(ids.iter().map(|id| id.0));
            for row in query.fetch_all(self.read()).await? {
                live.insert(ApiKeyId(uuid(&row, "id")?));
            }
        }
        Ok(ids
            .iter()
            .filter(|id| !live.contains(*id))
            .copied()
            .collect())
    }

    /// At most `limit` keys of a workspace that are not revoked, the oldest first, after `after`.
    pub async fn keys(
        &self,
        workspace: WorkspaceId,
        after: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, Error> {
        let rows = sql(
            "SELECT k.*, a.name AS agent_name, a.disabled_at FROM api_keys k
             JOIN agents a ON a.id = k.agent_id
             WHERE k.workspace_id = $1 AND k.revoked_at IS NULL AND k.id > $2
             ORDER BY k.id LIMIT $3",
        )
        .bind(workspace.0)
        .bind(after.map_or(uuid::Uuid::nil(), |id| id.0))
        .bind(limit)
        .fetch_all(self.read())
        .await?;
        rows.iter().map(key).collect()
    }

    /// Makes a key, and its agent where there is none of that name; `None` when the organization has
    /// `agent_limit` agents already.
    pub async fn create_key(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        new: &NewKey<'_>,
        agent_limit: u32,
        act: &Act<'_>,
    ) -> Result<Option<KeyRow>, Error> {
        let (id, now) = (new.id, Timestamp::now());
        let mut transaction = self.begin().await?;
        let known = sql("SELECT * FROM agents WHERE workspace_id = $1 AND name = $2")
            .bind(workspace.0)
            .bind(&**new.agent)
            .fetch_optional(&mut transaction)
            .await?;
        let agent = match known.as_ref().map(agent).transpose()? {
            Some(agent) => agent,
            None => {
                let made = insert_agent(
                    &mut transaction,
                    organization,
                    workspace,
                    new.agent,
                    "",
                    agent_limit,
                );
                match made.await? {
                    Some(agent) => agent,
                    None => return Ok(None),
                }
            }
        };
        sql(
            "INSERT INTO api_keys (id, organization_id, workspace_id, agent_id, name, prefix,
             secret_hash, scopes, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(id.0)
        .bind(organization.0)
        .bind(workspace.0)
        .bind(agent.id.0)
        .bind(new.name)
        .bind(new.prefix)
        .bind(new.secret_hash.as_slice())
        .bind(new.scopes)
        .bind(new.created_by.map(|user| user.0))
        .bind(now.0)
        .bind(new.expires_at.map(|time| time.0))
        .execute(&mut transaction)
        .await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        Ok(Some(KeyRow {
            id,
            workspace,
            agent: agent.id,
            agent_name: agent.name,
            name: new.name.to_owned(),
            prefix: new.prefix.to_owned(),
            secret_hash: new.secret_hash.to_vec(),
            scopes: new.scopes.to_owned(),
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
            ended: false,
        }))
    }

    /// Revokes a key of a workspace; `false` when there is none to revoke.
    pub async fn revoke_key(
        &self,
        workspace: WorkspaceId,
        id: ApiKeyId,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let done = sql("UPDATE api_keys SET revoked_at = $1
             WHERE workspace_id = $2 AND id = $3 AND revoked_at IS NULL")
        .bind(Timestamp::now().0)
        .bind(workspace.0)
        .bind(id.0)
        .execute(&mut transaction)
        .await?;
        if done == 1 {
            record(&mut transaction, act).await?;
        }
        transaction.commit().await?;
        Ok(done == 1)
    }

    /// Notes when keys were last used, all in one transaction.
    pub async fn touch_keys(&self, used: &[(ApiKeyId, Timestamp)]) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        // In one order, so that nodes which note the same keys do not wait for each other in a circle.
        let mut used = used.to_vec();
        used.sort_by_key(|(id, _)| *id);
        for (id, at) in used {
            sql("UPDATE api_keys SET last_used_at = $1 WHERE id = $2")
                .bind(at.0)
                .bind(id.0)
                .execute(&mut transaction)
                .await?;
        }
        transaction.commit().await
    }
}
