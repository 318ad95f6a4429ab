//! Whether those who came in may still be here.

use super::service::scopes_of;
use super::{Auth, Error, Principal, Scopes};
use generic_corp_protocol::{ApiKeyId, SessionId, Timestamp};
use std::collections::HashMap;

impl Auth {
    /// Which of these were ended since: signed out, their owner locked out. For all open sockets at once,
    /// from time to time; asks the store, not what is remembered.
    ///
    /// # Errors
    /// The store's; then nothing is known.
    pub async fn ended_sessions(&self, sessions: &[SessionId]) -> Result<Vec<SessionId>, Error> {
        let now = Timestamp::now();
        Ok(self.0.store.ended_sessions(sessions, now).await?)
    }

    /// What these keys may do now, `None` when they have expired; which is missing was revoked, or stands for an
    /// agent, a maker or a workspace that may not be here any more. As [`Auth::ended_sessions`].
    ///
    /// # Errors
    /// The store's; then nothing is known.
    pub async fn live_keys(
        &self,
        keys: &[ApiKeyId],
    ) -> Result<HashMap<ApiKeyId, Option<Scopes>>, Error> {
        let now = Timestamp::now();
        let live = self.0.store.live_keys(keys).await?;
        live.into_iter()
            .map(|key| {
                let scopes = scopes_of(key.id, &key.scopes, key.maker_role.as_deref())?;
                let expired = !key.is_live(now);
                Ok((key.id, (!expired).then_some(scopes)))
            })
            .collect()
    }

    /// Whether one principal may still be here.
    ///
    /// # Errors
    /// The store's; then nothing is known.
    pub async fn is_live(&self, principal: &Principal) -> Result<bool, Error> {
        let now = Timestamp::now();
        if principal.expires_at().is_some_and(|end| end <= now) {
            return Ok(false);
        }
        Ok(match principal {
            Principal::User { session, .. } => self.ended_sessions(&[*session]).await?.is_empty(),
            Principal::Agent { key, .. } => {
                let live = self.live_keys(&[*key]).await?;
                live.get(key).is_some_and(Option::is_some)
            }
        })
    }
}
