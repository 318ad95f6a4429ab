//! Ends the connections whose right is gone, whoever took it away, and tells those whose right has changed.

use super::registry::{Credential, Registry};
use crate::auth::{Auth, Scopes};
use crate::fanout::Mail;
use crate::tenant::Tenants;
use generic_corp_protocol::{ApiKeyId, CloseCode, SenderKind, UserId, WorkspaceId};
use std::collections::{HashMap, HashSet};

/// A person in a workspace.
type Seat = (WorkspaceId, UserId);

impl Registry {
    /// Somebody's right has changed: all are looked at now, not at the next turn of the timer.
    pub fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits until there is a doubt.
    pub async fn doubted(&self) {
        self.doubt.notified().await;
    }

    /// Asks about every credential and every right that is in use. Connections whose credential ended or whose
    /// person is out of the workspace are closed; those with another role go on with it.
    pub async fn close_ended(&self, auth: &Auth, tenants: &Tenants) {
        let (mut sessions, mut keys) = (Vec::new(), Vec::new());
        for credential in self.credentials() {
            match credential {
                Credential::Session(id) => sessions.push(id),
                Credential::Key(id) => keys.push(id),
            }
        }
        // Where the store does not answer it is asked again in a moment; nobody is sent away because it is slow.
        match auth.ended_sessions(&sessions).await {
            Ok(ended) => {
                for session in ended {
                    self.close(Credential::Session(session), CloseCode::Unauthenticated);
                }
            }
            Err(error) => tracing::warn!(%error, "sessions in use were not checked"),
        }
        match auth.live_keys(&keys).await {
            Ok(live) => self.settle_keys(&keys, &live),
            Err(error) => tracing::warn!(%error, "keys in use were not checked"),
        }
        let seats: Vec<Seat> = self.seats_of_people().into_iter().collect();
        if seats.is_empty() {
            return;
        }
        match tenants.rights(&seats).await {
            Ok(rights) => self.settle_rights(&seats, &rights),
            Err(error) => tracing::warn!(%error, "rights in use were not checked"),
        }
    }

    /// `asked` are the keys that were asked about: others have come since.
    fn settle_keys(&self, asked: &[ApiKeyId], live: &HashMap<ApiKeyId, Option<Scopes>>) {
        let asked: HashSet<&ApiKeyId> = asked.iter().collect();
        for mut entry in self.entries.iter_mut() {
            let Credential::Key(key) = entry.credential else {
                continue;
            };
            if !asked.contains(&key) {
                continue;
            }
            match live.get(&key) {
                Some(None) => entry.mailbox.send(Mail::Expired),
                Some(Some(scopes)) if *scopes == entry.scopes => {}
                // Who read until now may follow rooms, and would go on to see them.
                Some(Some(scopes)) if scopes.read || !entry.scopes.read => {
                    entry.scopes = *scopes;
                    entry.mailbox.send(Mail::Rights);
                }
                _ => entry.mailbox.send(Mail::Close(CloseCode::Forbidden)),
            }
        }
    }

    /// `asked` is who was asked about: others have come since.
    fn settle_rights(&self, asked: &[Seat], rights: &HashMap<Seat, Scopes>) {
        let asked: HashSet<&Seat> = asked.iter().collect();
        for mut entry in self.entries.iter_mut() {
            let seat = (entry.workspace, UserId(entry.sender.id));
            if entry.sender.kind != SenderKind::User || !asked.contains(&seat) {
                continue;
            }
            match rights.get(&seat) {
                Some(scopes) if *scopes == entry.scopes => {}
                Some(scopes) if scopes.read => {
                    entry.scopes = *scopes;
                    entry.mailbox.send(Mail::Rights);
                }
                _ => entry.mailbox.send(Mail::Close(CloseCode::Forbidden)),
            }
        }
    }

    fn credentials(&self) -> HashSet<Credential> {
        self.entries.iter().map(|entry| entry.credential).collect()
    }

    fn seats_of_people(&self) -> HashSet<Seat> {
        let people = self
            .entries
            .iter()
            .filter(|entry| entry.sender.kind == SenderKind::User);
        people
            .map(|entry| (entry.workspace, UserId(entry.sender.id)))
            .collect()
    }
}
