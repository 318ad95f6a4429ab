//! API keys: a public prefix to find them by, and the hash of the secret.

use super::agent::{agent, insert_agent};
use super::audit::{Act, record, record_change};
use super::log::BATCH;
use super::row::{maybe_text, maybe_time, maybe_uuid, slug, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{
    AgentId, ApiKeyId, OrganizationId, Slug, Timestamp, UserId, WorkspaceId,
};

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
    /// Rooms it opens, separated by commas; all, when there is no limit.
    pub rooms: Option<String>,
    /// The person who made it, or the key that made it.
    pub created_by: Option<UserId>,
    /// What that person is in the workspace now.
    pub maker_role: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Whether it was revoked, or its agent, its maker or its workspace may not be here any more.
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
    /// Name for people.
    pub name: &'a str,
    /// How the key begins.
    pub prefix: &'a str,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// Scopes, separated by commas.
    pub scopes: &'a str,
    /// Rooms it opens, separated by commas.
    pub rooms: Option<&'a str>,
    /// The person who made it, or the key that made it.
    pub created_by: Option<UserId>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Keys with their agents, and what their makers are in the workspace now. As a query within the query: joined,
/// SQLite would work out the roles of everybody everywhere first.
const KEYS: &str = "SELECT k.*, a.name AS agent_name, a.disabled_at, w.deleted_at,
         (SELECT m.role FROM workspace_roles m JOIN users u ON u.id = m.user_id
          WHERE m.workspace_id = k.workspace_id AND m.user_id = k.created_by
            AND u.disabled_at IS NULL) AS maker_role
     FROM api_keys k
     JOIN agents a ON a.id = k.agent_id
     JOIN workspaces w ON w.id = k.workspace_id
     WHERE ";

fn key(row: &Row) -> Result<KeyRow, Error> {
    let created_by = maybe_uuid(row, "created_by")?.map(UserId);
    let maker_role = maybe_text(row, "maker_role")?;
    let is_set = |column| Ok::<_, Error>(maybe_time(row, column)?.is_some());
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
        revoked: is_set("revoked_at")?,
        ended: is_set("revoked_at")?
            || is_set("disabled_at")?
            || is_set("deleted_at")?
            || created_by.is_some() && maker_role.is_none(),
        rooms: maybe_text(row, "rooms")?,
        created_by,
        maker_role,
    })
}

impl Store {
    /// The key that begins with `prefix`.
    pub async fn key_by_prefix(&self, prefix: &str) -> Result<Option<KeyRow>, Error> {
        let mut query = sql(KEYS);
        query.push("k.prefix = ").push_bind(prefix);
        let row = query.fetch_optional(self.read()).await?;
        row.as_ref().map(key).transpose()
    }

    /// Those of `ids` that have not ended; some may have expired.
    pub async fn live_keys(&self, ids: &[ApiKeyId]) -> Result<Vec<KeyRow>, Error> {
        let mut live = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let mut query = sql(KEYS);
            query.push("k.id IN ");
            query.push_list(ids.iter().map(|id| id.0));
            for row in query.fetch_all(self.read()).await? {
                live.push(key(&row)?);
            }
        }
        live.retain(|key| !key.ended);
        Ok(live)
    }

    /// At most `limit` keys of a workspace that are not revoked, the oldest first, after `after`.
    pub async fn keys(
        &self,
        workspace: WorkspaceId,
        after: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, Error> {
        let mut query = sql(KEYS);
        query.push("k.workspace_id = ").push_bind(workspace.0);
        query.push(" AND k.revoked_at IS NULL AND k.id > ");
        query.push_bind(after.map_or(uuid::Uuid::nil(), |id| id.0));
        query.push(" ORDER BY k.id LIMIT ").push_bind(limit);
        let rows = query.fetch_all(self.read()).await?;
        rows.iter().map(key).collect()
    }

    /// Makes a key, and its agent where there is none of this name; `None` when the organization has
    /// `agent_limit` agents already.
    pub async fn create_key(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        agent_name: &Slug,
        new: &NewKey<'_>,
        agent_limit: u32,
        act: &Act<'_>,
    ) -> Result<Option<KeyRow>, Error> {
        let mut transaction = self.begin().await?;
        let known = sql("SELECT * FROM agents WHERE workspace_id = $1 AND name = $2")
            .bind(workspace.0)
            .bind(&**agent_name)
            .fetch_optional(&mut transaction)
            .await?;
        let agent = match known.as_ref().map(agent).transpose()? {
            Some(agent) => agent,
            None => {
                let made = insert_agent(
                    &mut transaction,
                    organization,
                    workspace,
                    agent_name,
                    "",
                    agent_limit,
                );
                match made.await? {
                    Some(agent) => agent,
                    None => return Ok(None),
                }
            }
        };
        insert_key(&mut transaction, organization, workspace, agent.id, new).await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        self.key_by_prefix(new.prefix).await
    }

    /// The key of a workspace with this id, revoked or not.
    pub async fn key(&self, workspace: WorkspaceId, id: ApiKeyId) -> Result<Option<KeyRow>, Error> {
        let mut query = sql(KEYS);
        query.push("k.id = ").push_bind(id.0);
        query.push(" AND k.workspace_id = ").push_bind(workspace.0);
        let row = query.fetch_optional(self.read()).await?;
        row.as_ref().map(key).transpose()
    }

    /// Makes a key in place of `old`, which ends at `ends` at the latest, or is revoked where that is now; `None` when `old` was revoked.
    pub async fn rotate_key(
        &self,
        organization: OrganizationId,
        old: &KeyRow,
        ends: Timestamp,
        new: &NewKey<'_>,
        act: &Act<'_>,
    ) -> Result<Option<KeyRow>, Error> {
        let mut transaction = self.begin().await?;
        let done = sql("UPDATE api_keys SET expires_at =
                 CASE WHEN expires_at IS NULL OR expires_at > $1 THEN $1 ELSE expires_at END,
             revoked_at = CASE WHEN $1 <= $3 THEN $1 ELSE NULL END
             WHERE id = $2 AND revoked_at IS NULL")
        .bind(ends.0)
        .bind(old.id.0)
        .bind(Timestamp::now().0)
        .execute(&mut transaction)
        .await?;
        if done == 0 {
            return Ok(None);
        }
        let (workspace, agent) = (old.workspace, old.agent);
        insert_key(&mut transaction, organization, workspace, agent, new).await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        self.key_by_prefix(new.prefix).await
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
        record_change(transaction, done, act).await
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

async fn insert_key(
    transaction: &mut Work,
    organization: OrganizationId,
    workspace: WorkspaceId,
    agent: AgentId,
    new: &NewKey<'_>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO api_keys (id, organization_id, workspace_id, agent_id, name, prefix,
         secret_hash, scopes, rooms, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(new.id.0)
    .bind(organization.0)
    .bind(workspace.0)
    .bind(agent.0)
    .bind(new.name)
    .bind(new.prefix)
    .bind(new.secret_hash.as_slice())
    .bind(new.scopes)
    .bind(new.rooms)
    .bind(new.created_by.map(|user| user.0))
    .bind(Timestamp::now().0)
    .bind(new.expires_at.map(|time| time.0))
    .execute(transaction)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Durability;
    use crate::store::Options;
    use sqlx::Row as _;

    #[tokio::test]
    async fn a_key_is_looked_up_without_a_look_at_everybodys_roles() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Options {
            url: format!("sqlite:{}", folder.path().join("hub.db").display()).into(),
            durability: Durability::Full,
            read_connections: 1,
        });
        let store = store.await.expect("a store");
        let query = format!("EXPLAIN QUERY PLAN {KEYS} k.prefix = 'gck_'");
        let steps = sqlx::query(sqlx::AssertSqlSafe(query))
            .fetch_all(store.sqlite().0)
            .await
            .expect("a plan");
        for step in steps {
            let step: String = step.get("detail");
            let all = ["SCAN", "MATERIALIZE", "AUTOMATIC"];
            assert!(!all.iter().any(|word| step.contains(word)), "{step}");
        }
    }
}
