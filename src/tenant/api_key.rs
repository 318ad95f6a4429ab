//! The keys that agents come with.

use super::agent::too_many_agents;
use super::service::{MAX_PAGE, Page, Tenants, maybe_label};
use super::{Error, Scope};
use crate::auth::{MadeKey, RoomLimit, Scopes, api_key};
use crate::store::api_key::{KeyRow, NewKey};
use generic_corp_protocol::rest::{ApiKey, NewApiKey, NewApiKeySecret, RotateApiKey};
use generic_corp_protocol::{ApiKeyId, SenderKind, Timestamp, UserId};
use std::net::IpAddr;

/// How long a key goes on beside the one that takes its place, when nothing is said.
const OVERLAP_SECONDS: u32 = 86_400;
/// At most.
const MAX_OVERLAP_SECONDS: u32 = 30 * 86_400;

impl Tenants {
    /// A part of the workspace's keys that are not revoked, the oldest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the page begins after no id, or the store's.
    pub async fn keys(&self, scope: &Scope, page: &Page) -> Result<Vec<ApiKey>, Error> {
        let (after, limit) = (page.after_id()?, page.limit.min(MAX_PAGE));
        let rows = self.store.keys(scope.workspace(), after, limit).await?;
        Ok(rows.into_iter().map(shown).collect())
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
        let rooms = match new.rooms.is_empty() {
            true => None,
            false => Some(
                RoomLimit::parse(new.rooms.iter().map(String::as_str)).ok_or(Error::Invalid(
                    "`rooms` has at most 100 names of rooms; one may end in `*`",
                ))?,
            ),
        };
        if rooms.is_some() && scopes.admin {
            return Err(Error::Invalid(
                "a key with the scope `admin` is not limited to rooms; leave out one of them",
            ));
        }
        within_maker(scope, scopes, rooms.as_ref())?;
        if new.expires_at.is_some_and(|end| end <= Timestamp::now()) {
            return Err(Error::Invalid("`expires_at` lies in the past"));
        }
        let (id, made) = (ApiKeyId::new(), api_key::make()?);
        let rooms = rooms.map(|rooms| rooms.names().join(","));
        let row = NewKey {
            id,
            name,
            prefix: &made.prefix,
            secret_hash: made.secret_hash,
            scopes: &scopes.names().join(","),
            rooms: rooms.as_deref(),
            created_by: self.maker(scope).await?,
            expires_at: new.expires_at,
        };
        let target = format!("{id} for {}", new.agent);
        let act = scope.act("key.made", &target, address);
        let limit = scope.plan().agents;
        let (organization, workspace) = (scope.organization(), scope.workspace());
        let row = self
            .store
            .create_key(organization, workspace, &new.agent, &row, limit, &act)
            .await?;
        Ok(secret(row.ok_or_else(|| too_many_agents(limit))?, made))
    }

    /// Makes a key in place of another one, which goes on for a while: the same agent, scopes, rooms and end.
    /// From then on it is the key of whoever did this.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Invalid`], or the store's.
    pub async fn rotate_key(
        &self,
        scope: &Scope,
        id: ApiKeyId,
        request: &RotateApiKey,
        address: IpAddr,
    ) -> Result<NewApiKeySecret, Error> {
        let missing = || Error::NotFound("key");
        let overlap = request.overlap_seconds.unwrap_or(OVERLAP_SECONDS);
        if overlap > MAX_OVERLAP_SECONDS {
            return Err(Error::Invalid(
                "`overlap_seconds` is at most 2592000: 30 days",
            ));
        }
        let now = Timestamp::now();
        let old = self.store.key(scope.workspace(), id).await?;
        let old = old
            .filter(|old| !old.revoked && old.expires_at.is_none_or(|end| end > now))
            .ok_or_else(missing)?;
        let scopes = Scopes::parse(old.scopes.split(',')).unwrap_or(Scopes::ALL);
        let rooms = old.rooms.as_deref();
        let rooms = rooms.and_then(|names| RoomLimit::parse(names.split(',')));
        within_maker(scope, scopes, rooms.as_ref())?;
        let (new, made) = (ApiKeyId::new(), api_key::make()?);
        let row = NewKey {
            id: new,
            name: &old.name,
            prefix: &made.prefix,
            secret_hash: made.secret_hash,
            scopes: &old.scopes,
            rooms: old.rooms.as_deref(),
            created_by: self.maker(scope).await?,
            expires_at: old.expires_at,
        };
        let target = format!("{id} by {new}, in {overlap} s");
        let act = scope.act("key.rotated", &target, address);
        let ends = now.plus_ms(i64::from(overlap) * 1000);
        let row = self
            .store
            .rotate_key(scope.organization(), &old, ends, &row, &act)
            .await?;
        Ok(secret(row.ok_or_else(missing)?, made))
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

    /// The person whose rights a new key may not exceed: who makes it, or who made the key that makes it.
    async fn maker(&self, scope: &Scope) -> Result<Option<UserId>, Error> {
        let sender = scope.sender();
        match (sender.kind, scope.key()) {
            (SenderKind::User, _) => Ok(Some(UserId(sender.id))),
            (_, Some(key)) => {
                let key = self.store.key(scope.workspace(), key).await?;
                Ok(key.ok_or(Error::NotFound("key"))?.created_by)
            }
            // The operator, who may do everything.
            _ => Ok(None),
        }
    }
}

/// Refuses a key that can do more than whoever makes it.
fn within_maker(scope: &Scope, scopes: Scopes, rooms: Option<&RoomLimit>) -> Result<(), Error> {
    let rooms_fit = match (scope.rooms(), rooms) {
        (None, _) => true,
        (Some(own), Some(rooms)) => own.contains(rooms),
        (Some(_), None) => false,
    };
    match scope.scopes().contain(scopes) && rooms_fit {
        true => Ok(()),
        false => Err(Error::Forbidden("a key can do no more than its maker")),
    }
}

fn secret(row: KeyRow, made: MadeKey) -> NewApiKeySecret {
    NewApiKeySecret {
        key: shown(row),
        secret: made.text,
    }
}

fn shown(row: KeyRow) -> ApiKey {
    let list = |names: String| names.split(',').map(str::to_owned).collect();
    ApiKey {
        id: row.id,
        agent: row.agent_name,
        name: row.name,
        prefix: row.prefix,
        scopes: list(row.scopes),
        rooms: row.rooms.map(list).unwrap_or_default(),
        created_at: row.created_at,
        created_by: row.created_by,
        suspended: row.ended,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}
