//! Ends the connections whose credential is gone, whoever took it away.

use super::registry::{Credential, Registry};
use crate::auth::Auth;
use generic_corp_protocol::CloseCode;
use std::collections::HashSet;

impl Registry {
    /// Asks about every credential that is in use, and closes the connections of those that ended.
    pub async fn close_ended(&self, auth: &Auth) {
        let (mut sessions, mut keys) = (Vec::new(), Vec::new());
        for credential in self.credentials() {
            match credential {
                Credential::Session(id) => sessions.push(id),
                Credential::Key(id) => keys.push(id),
            }
        }
        match auth.ended(&sessions, &keys).await {
            Ok((sessions, keys)) => {
                for session in sessions {
                    self.close(Credential::Session(session), CloseCode::Unauthenticated);
                }
                for key in keys {
                    self.close(Credential::Key(key), CloseCode::Forbidden);
                }
            }
            // Asked again in a moment; nobody is sent away because the store is slow.
            Err(error) => tracing::warn!(%error, "credentials in use were not checked"),
        }
    }

    fn credentials(&self) -> HashSet<Credential> {
        self.entries.iter().map(|entry| entry.credential).collect()
    }
}
