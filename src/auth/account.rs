//! Accounts of people: registering, signing in, staying signed in, signing out.

use super::password::Passwords;
use super::{Auth, Error, Visitor};
use crate::store::account::{NewUser, UserRow};
use crate::store::audit::Act;
use crate::store::session::Rotation;
use generic_corp_protocol::rest::{Session, User};
use generic_corp_protocol::{Sender, SessionId, Timestamp, UserId, is_label};
use std::net::IpAddr;

/// For this long a used refresh token gets the same successor again: the first answer may be lost.
const GRACE_MS: i64 = 10_000;
const MAX_EMAIL_BYTES: usize = 254;

impl Auth {
    /// Counts an attempt to make an account from an address.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub fn admit(&self, address: IpAddr) -> Result<(), Error> {
        self.0.throttle.address(address)
    }

    /// Checks what somebody says of themselves and hashes their password. Stores nothing: a user is
    /// stored together with the organization they found or join.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field, or [`Error::Overloaded`].
    pub async fn prepare_user(
        &self,
        email: &str,
        name: &str,
        password: &str,
    ) -> Result<NewUser, Error> {
        let email = address_of(email)?;
        if !is_label(name) {
            return Err(Error::Invalid(
                "`name` has 1 to 256 bytes and no control characters",
            ));
        }
        Passwords::check(password)?;
        let name = name.trim().to_owned();
        let password_hash = self
            .0
            .passwords
            .hash_new(password, &[&email, &name])
            .await?;
        Ok(NewUser {
            id: UserId::new(),
            email,
            name,
            password_hash,
        })
    }

    /// The same for somebody whom a provider knows: no password opens the account until one is set by a link. What
    /// is no name to show is replaced by the address.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the address is none.
    pub fn prepare_known_elsewhere(&self, email: &str, name: &str) -> Result<NewUser, Error> {
        let email = address_of(email)?;
        let name = if is_label(name) { name.trim() } else { &email };
        Ok(NewUser {
            id: UserId::new(),
            name: name.to_owned(),
            password_hash: self.0.passwords.none(),
            email,
        })
    }

    /// Begins a session for a user who was proved to be it.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin_known(
        &self,
        user: UserRow,
        from: impl Into<Visitor>,
    ) -> Result<Session, Error> {
        let generation = user.generation;
        let user = User {
            id: user.id,
            email: user.email,
            name: user.name,
        };
        self.begin_session(user, generation, &from.into()).await
    }

    /// Begins a session for a user who was just stored.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin(&self, user: NewUser, from: impl Into<Visitor>) -> Result<Session, Error> {
        let user = User {
            id: user.id,
            email: user.email,
            name: user.name,
        };
        self.begin_session(user, 0, &from.into()).await
    }

    /// Whether a password is the one of this hash.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], or [`Error::Overloaded`].
    pub async fn check_password(&self, password: &str, hash: &str) -> Result<(), Error> {
        match self.0.passwords.verify(password, Some(hash)).await? {
            true => Ok(()),
            false => Err(Error::InvalidCredentials),
        }
    }

    /// Signs in by password.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::Throttled`], [`Error::Overloaded`], or the store's.
    pub async fn login(
        &self,
        email: &str,
        password: &str,
        from: impl Into<Visitor>,
    ) -> Result<Session, Error> {
        let (email, from) = (normal(email), from.into());
        self.0.throttle.address(from.address)?;
        self.0.throttle.account(&email, from.address)?;
        let found = match email.len() <= MAX_EMAIL_BYTES {
            true => self.0.store.user_by_email(&email).await?,
            false => None,
        };
        let hash = found.as_ref().map(|user| user.password_hash.as_str());
        let right = self.0.passwords.verify(password, hash).await?;
        match found {
            Some(user) if right && user.disabled_at.is_none() => {
                self.improve(user.id, password, &user.password_hash).await;
                self.begin_known(user, from).await
            }
            Some(user) => {
                self.note_refused(user.id, email, from.address);
                Err(Error::InvalidCredentials)
            }
            None => Err(Error::InvalidCredentials),
        }
    }

    /// Writes down that somebody was refused who named an account: how many since the last time, and not more
    /// than once a minute, so that guessing fills no log. Nobody waits for it: how long a refusal takes tells nobody
    /// whether there is such an account.
    fn note_refused(&self, user: UserId, email: String, from: IpAddr) {
        let Some(count) = self.0.refusals.count(user) else {
            return;
        };
        let store = self.0.store.clone();
        tokio::spawn(async move {
            let act = Act {
                organization: None,
                actor: &Sender::system("hub"),
                action: "session.refused",
                target: &format!("{email} ({count})"),
                address: Some(from),
            };
            if let Err(error) = store.record_of(&act, user).await {
                tracing::warn!(%user, %error, "a refused sign-in was not written down");
            }
        });
    }

    /// Hashes a password anew whose cost is not the configured one. Signing in goes on where that fails.
    async fn improve(&self, user: UserId, password: &str, old: &str) {
        if !self.0.passwords.is_outdated(old) {
            return;
        }
        let improved = async {
            let new = self.0.passwords.hash(password).await?;
            self.0.store.rehash(user, old, &new).await?;
            Ok::<_, Error>(())
        };
        if let Err(error) = improved.await {
            tracing::warn!(%user, %error, "a password keeps its old cost");
        }
    }

    async fn begin_session(
        &self,
        user: User,
        generation: i64,
        from: &Visitor,
    ) -> Result<Session, Error> {
        let ends = Timestamp::now().plus_ms(self.0.refresh_ms);
        let sender = Sender::user(user.id, &user.name);
        let store = &self.0.store;
        let session = store
            .begin_session(user.id, generation, ends, from.origin(), &sender)
            .await?;
        self.session(user, session, generation, 0)
    }

    pub(super) fn session(
        &self,
        user: User,
        session: SessionId,
        generation: i64,
        counter: i64,
    ) -> Result<Session, Error> {
        let (access_token, expires_at) = self.0.access.make(user.id, session, generation)?;
        Ok(Session {
            access_token,
            expires_at,
            refresh_token: self.0.refresh.make(session, counter),
            user,
        })
    }

    /// Trades a refresh token for the next one and a new access token. A token that was traded before
    /// was stolen from one of its two holders: then the session ends for both.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], [`Error::Reused`], or the store's.
    pub async fn refresh(&self, token: &str) -> Result<Session, Error> {
        let (session, counter) = self.0.refresh.read(token)?;
        let store = &self.0.store;
        let rotated = store
            .rotate_session(session, counter, GRACE_MS, self.0.refresh_ms)
            .await?;
        match rotated {
            Rotation::Now(row) => {
                let user = User {
                    id: row.user,
                    email: row.email,
                    name: row.name,
                };
                self.session(user, session, row.generation, row.refresh_counter)
            }
            Rotation::Reused => {
                self.0.sessions.forget(&session);
                tracing::warn!(%session, "a used refresh token came again; the session is ended");
                Err(Error::Reused(session))
            }
            Rotation::Over => Err(Error::InvalidToken),
        }
    }

    /// Ends the session of a genuine refresh token, also of one that was traded already; says which.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], or the store's.
    pub async fn logout(&self, token: &str, from: Option<IpAddr>) -> Result<SessionId, Error> {
        let (session, _) = self.0.refresh.read(token)?;
        self.0.store.end_session(session, from).await?;
        self.0.sessions.forget(&session);
        Ok(session)
    }
}

pub(super) fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// An e-mail address as it is stored.
///
/// # Errors
/// [`Error::Invalid`].
pub fn address_of(email: &str) -> Result<String, Error> {
    let email = normal(email);
    match is_email(&email) {
        true => Ok(email),
        false => Err(Error::Invalid("`email` is not an e-mail address")),
    }
}

/// A form check only: whether mail arrives there is another question.
fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= MAX_EMAIL_BYTES
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && parts
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}
