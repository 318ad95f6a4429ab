//! Whether those who came in may still be here.

use super::{Auth, Error, Principal};
use generic_corp_protocol::{ApiKeyId, SessionId, Timestamp};
use std::collections::HashMap;
use std::time::Instant;

impl Auth {
    /// Whether a principal may still be here: for open sockets, from time to time.
    ///
    /// # Errors
    /// The store's; then nothing is known.
    pub async fn is_live(&self, principal: &Principal) -> Result<bool, Error> {
        let lives = self.are_live(std::slice::from_ref(principal)).await?;
        Ok(lives.first().copied().unwrap_or(false))
    }

    /// [`Self::is_live`] for many at once, in their order, in a query or two.
    ///
    /// # Errors
    /// The store's; then nothing is known.
    pub async fn are_live(&self, principals: &[Principal]) -> Result<Vec<bool>, Error> {
        let now = Timestamp::now();
        let sessions = self.live_sessions(principals, now).await?;
        let keys = self.live_keys(principals, now).await?;
        let live = |principal: &Principal| match principal {
            Principal::User {
                session,
                expires_at,
                ..
            } => now < *expires_at && sessions.get(session) == Some(&true),
            Principal::Agent { key, .. } => keys.get(key) == Some(&true),
        };
        Ok(principals.iter().map(live).collect())
    }

    async fn live_sessions(
        &self,
        principals: &[Principal],
        now: Timestamp,
    ) -> Result<HashMap<SessionId, bool>, Error> {
        let (mut live, mut unknown) = (HashMap::new(), Vec::new());
        for principal in principals {
            if let Principal::User { session, .. } = principal
                && !live.contains_key(session)
            {
                let cached = self.0.sessions.get(session);
                if cached.is_none() {
                    unknown.push(*session);
                }
                live.insert(*session, cached.is_some_and(|row| row.is_live(now)));
            }
        }
        let asked = Instant::now();
        for row in self.0.store.sessions(&unknown).await? {
            live.insert(row.id, row.is_live(now));
            self.0.sessions.put(row.id, asked, row);
        }
        Ok(live)
    }

    async fn live_keys(
        &self,
        principals: &[Principal],
        now: Timestamp,
    ) -> Result<HashMap<ApiKeyId, bool>, Error> {
        let (mut live, mut unknown) = (HashMap::new(), Vec::new());
        for principal in principals {
            if let Principal::Agent { key, .. } = principal
                && !live.contains_key(key)
            {
                let cached = self.0.key_lives.get(key);
                if cached.is_none() {
                    unknown.push(*key);
                }
                live.insert(*key, cached.is_some_and(|row| row.is_live(now)));
            }
        }
        let asked = Instant::now();
        for row in self.0.store.keys_by_id(&unknown).await? {
            live.insert(row.id, row.is_live(now));
            self.0.key_lives.put(row.id, asked, row);
        }
        Ok(live)
    }
}
