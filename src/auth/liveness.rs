//! Whether those who came in may still be here.

use super::{Auth, Error, Principal};
use generic_corp_protocol::{ApiKeyId, SessionId, Timestamp};

impl Auth {
    /// Which of these were ended since: signed out, revoked, their owner locked out. For all open
    /// sockets at once, from time to time; asks the store, not what is remembered.
    ///
    /// # Errors
    /// The store's; then nothing is known.
    pub async fn ended(
        &self,
        sessions: &[SessionId],
        keys: &[ApiKeyId],
    ) -> Result<(Vec<SessionId>, Vec<ApiKeyId>), Error> {
        let now = Timestamp::now();
        let sessions = self.0.store.ended_sessions(sessions, now).await?;
        let keys = self.0.store.ended_keys(keys).await?;
        Ok((sessions, keys))
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
        let (sessions, keys) = match principal {
            Principal::User { session, .. } => self.ended(&[*session], &[]).await?,
            Principal::Agent { key, .. } => self.ended(&[], &[*key]).await?,
        };
        Ok(sessions.is_empty() && keys.is_empty())
    }
}
