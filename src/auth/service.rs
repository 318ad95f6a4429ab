//! The door: credentials in, principals out.

use super::access_token::AccessTokens;
use super::cache::Cache;
use super::password::Passwords;
use super::pending::PendingKeys;
use super::refresh_token::RefreshTokens;
use super::refusals::Refusals;
use super::seal::Seal;
use super::secret::Secrets;
use super::throttle::Throttle;
use super::usage::KeyUse;
use super::{Error, Principal, Role, RoomLimit, Scopes, api_key};
use crate::store::Store;
use crate::store::api_key::KeyRow;
use crate::store::session::SessionRow;
use generic_corp_protocol::{ApiKeyId, SessionId, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest credential that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 2048;

/// How tokens and passwords are made.
pub struct Options {
    /// What the keys of tokens are derived from; see [`super::secret::load_or_make`].
    pub secret: Secrets,
    /// Life of an access token.
    pub access_lifetime: Duration,
    /// Life of a session that is not refreshed.
    pub refresh_lifetime: Duration,
    /// Cost of bcrypt, 4 to 31.
    pub bcrypt_cost: u32,
}

/// Checks who asks. A cheap handle.
#[derive(Clone)]
pub struct Auth(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) access: AccessTokens,
    pub(super) refresh: RefreshTokens,
    pub(super) passwords: Passwords,
    pub(super) seal: Seal,
    pub(super) pending: PendingKeys,
    pub(super) throttle: Throttle,
    pub(super) refusals: Refusals,
    pub(super) refresh_ms: i64,
    pub(super) sessions: Cache<SessionId, SessionRow>,
    pub(super) keys: Cache<String, KeyRow>,
    pub(super) key_use: KeyUse,
}

impl Auth {
    /// Over this store.
    pub fn new(store: Store, options: Options) -> Self {
        let secrets = &options.secret;
        Self(Arc::new(Inner {
            access: AccessTokens::new(secrets, options.access_lifetime),
            refresh: RefreshTokens::new(secrets),
            passwords: Passwords::new(options.bcrypt_cost),
            seal: Seal::new(secrets),
            pending: PendingKeys::new(secrets),
            throttle: Throttle::new(),
            refusals: Refusals::default(),
            refresh_ms: i64::try_from(options.refresh_lifetime.as_millis()).unwrap_or(i64::MAX),
            sessions: Cache::new(),
            keys: Cache::new(),
            key_use: KeyUse::new(store.clone()),
            store,
        }))
    }

    /// Whose access token or API key this is. What the store said up to a second ago counts.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], [`Error::TokenExpired`], or the store's.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Error::InvalidToken);
        }
        if token.starts_with(api_key::PREFIX) {
            self.authenticate_key(token).await
        } else {
            self.authenticate_user(token).await
        }
    }

    /// A session has ended: what is remembered of it no longer counts.
    pub fn forget_session(&self, id: SessionId) {
        self.0.sessions.forget(&id);
    }

    /// A key was revoked: what is remembered of it no longer counts.
    pub fn forget_key(&self, id: ApiKeyId) {
        self.0.keys.forget_where(|key| key.id == id);
    }

    async fn authenticate_user(&self, token: &str) -> Result<Principal, Error> {
        let claims = self.0.access.read(token)?;
        // A token may be newer than what is remembered: a new password has just made it.
        let known = self.0.sessions.get(&claims.sid);
        let session = match known.filter(|known| known.generation >= claims.generation) {
            Some(session) => session,
            None => {
                let asked = Instant::now();
                let session = self.0.store.session(claims.sid).await?;
                let session = session.ok_or(Error::InvalidToken)?;
                self.0.sessions.put(session.id, asked, session.clone());
                session
            }
        };
        let good = session.is_live(Timestamp::now())
            && session.user == claims.sub
            && session.generation == claims.generation;
        if !good {
            return Err(Error::InvalidToken);
        }
        Ok(Principal::User {
            id: session.user,
            name: session.name,
            session: session.id,
            expires_at: Timestamp(claims.exp.saturating_mul(1000)),
        })
    }

    async fn authenticate_key(&self, token: &str) -> Result<Principal, Error> {
        let read = api_key::read(token)?;
        let key = match self.0.keys.get(&read.prefix.to_owned()) {
            Some(key) => key,
            None => {
                let asked = Instant::now();
                let key = self.0.store.key_by_prefix(read.prefix).await?;
                let key = key.ok_or(Error::InvalidToken)?;
                self.0.keys.put(key.prefix.clone(), asked, key.clone());
                key
            }
        };
        // An ended key is told apart from an expired one only to whoever has the secret.
        if !read.matches(&key.secret_hash) || key.ended {
            return Err(Error::InvalidToken);
        }
        if !key.is_live(Timestamp::now()) {
            return Err(Error::TokenExpired);
        }
        let scopes = scopes_of(key.id, &key.scopes, key.maker_role.as_deref())?;
        let rooms = key.rooms.as_deref().map(|names| {
            RoomLimit::parse(names.split(','))
                .ok_or_else(|| Error::Fault(format!("key {} holds no limit of rooms", key.id)))
        });
        self.0.key_use.note(key.id, key.last_used_at);
        Ok(Principal::Agent {
            id: key.agent,
            name: key.agent_name.to_string(),
            key: key.id,
            workspace: key.workspace,
            scopes,
            rooms: rooms.transpose()?,
            expires_at: key.expires_at,
        })
    }
}

/// What a key may do: never more than its maker may at the moment.
pub(super) fn scopes_of(
    id: ApiKeyId,
    names: &str,
    maker_role: Option<&str>,
) -> Result<Scopes, Error> {
    let scopes = Scopes::parse(names.split(',').filter(|name| !name.is_empty()))
        .ok_or_else(|| Error::Fault(format!("key {id} holds no scopes")))?;
    Ok(match maker_role {
        Some(role) => scopes.and(Role::parse(role).map_or(Scopes::NONE, Role::scopes)),
        None => scopes,
    })
}
