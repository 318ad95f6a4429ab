//! New passwords, by the old one or by a link, and the list of one's sessions.

use super::account::normal;
use super::password::{Passwords, digest_of};
use super::{Auth, Error, secret};
use crate::store::audit::Act;
use crate::store::password::NewReset;
use crate::store::session::OwnSession;
use generic_corp_protocol::rest::{Session, User};
use generic_corp_protocol::{OrganizationId, Sender, SessionId, Timestamp, UserId, is_label};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// How long a link that was sent is good, and how many of one account are at once.
const MAILED_LIFETIME: Duration = Duration::from_secs(3600);
const MAILED_AT_ONCE: usize = 5;

/// A signed-in person, about their own account.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// The session they ask from.
    pub session: SessionId,
    /// As others see them.
    pub sender: Sender,
}

impl Person {
    fn act<'a>(&'a self, action: &'static str, target: &'a str, from: IpAddr) -> Act<'a> {
        Act {
            organization: None,
            actor: &self.sender,
            action,
            target,
            address: Some(from),
        }
    }
}

impl Auth {
    /// Changes the password of one who knows it. Every other session ends; returns the tokens of this one, which
    /// are new, and which sessions ended.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::Invalid`], [`Error::Throttled`], [`Error::Overloaded`], or the store's.
    pub async fn change_password(
        &self,
        person: &Person,
        current: &str,
        new: &str,
        from: IpAddr,
    ) -> Result<(Session, Vec<SessionId>), Error> {
        // By session: whoever holds a stolen one cannot guess from many addresses, and locks out nobody else.
        let anywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let guesser = format!("password of {}", person.session);
        self.0.throttle.account(&guesser, anywhere)?;
        let user = self.0.store.user(person.id).await?;
        let user = user.ok_or(Error::InvalidToken)?;
        Passwords::check(new)?;
        let old = user.password_hash.as_str();
        if !self.0.passwords.verify(current, Some(old)).await? {
            return Err(Error::WrongPassword);
        }
        let known = [user.email.as_str(), user.name.as_str()];
        let hash = self.0.passwords.hash_new(new, &known).await?;
        let target = person.id.to_string();
        let act = person.act("password.changed", &target, from);
        let changed = self
            .0
            .store
            .change_password(person.id, person.session, old, &hash, &act)
            .await?
            .ok_or(Error::InvalidToken)?;
        self.forget_session(person.session);
        self.forget_sessions(&changed.ended);
        let user = User {
            id: user.id,
            email: user.email,
            name: user.name,
        };
        let session = self.session(
            user,
            person.session,
            changed.generation,
            changed.refresh_counter,
        )?;
        Ok((session, changed.ended))
    }

    /// A link to a new password for the account of this address; `None` when there is none. `by` says who made it
    /// for another, and in which organization.
    ///
    /// # Errors
    /// The store's.
    pub async fn make_reset(
        &self,
        email: &str,
        by: Option<(OrganizationId, &Sender)>,
        lifetime: Duration,
        from: Option<IpAddr>,
    ) -> Result<Option<String>, Error> {
        let made = self.put_reset(email, by, lifetime, None, from).await?;
        Ok(made.map(|(_, token)| token))
    }

    /// The same to be sent by mail: the address and the token; `None` also when enough were sent within an hour.
    ///
    /// # Errors
    /// The store's.
    pub async fn mail_reset(
        &self,
        email: &str,
        from: IpAddr,
    ) -> Result<Option<(String, String)>, Error> {
        let (lifetime, most) = (MAILED_LIFETIME, Some(MAILED_AT_ONCE));
        self.put_reset(email, None, lifetime, most, Some(from))
            .await
    }

    async fn put_reset(
        &self,
        email: &str,
        by: Option<(OrganizationId, &Sender)>,
        lifetime: Duration,
        at_most: Option<usize>,
        from: Option<IpAddr>,
    ) -> Result<Option<(String, String)>, Error> {
        let user = self.0.store.user_by_email(&normal(email)).await?;
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            return Ok(None);
        };
        let token = secret::random_text()?;
        let lifetime = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        let new = NewReset {
            token_hash: digest_of(&token),
            user: user.id,
            by: by.map(|(organization, maker)| (organization, UserId(maker.id))),
            expires_at: Timestamp::now().plus_ms(lifetime),
            at_most,
        };
        let hub = Sender::system("hub");
        let act = Act {
            organization: by.map(|(organization, _)| organization),
            actor: by.map_or(&hub, |(_, maker)| maker),
            action: "reset_link.made",
            target: &user.id.to_string(),
            address: from,
        };
        let kept = self.0.store.put_reset(&new, &act).await?;
        Ok(kept.then_some((user.email, token)))
    }

    /// Sets a new password by a link, which is spent. Every session ends; says which.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::Invalid`], [`Error::Throttled`], [`Error::Overloaded`], or the store's.
    pub async fn reset(
        &self,
        token: &str,
        password: &str,
        from: IpAddr,
    ) -> Result<Vec<SessionId>, Error> {
        self.admit(from)?;
        Passwords::check(password)?;
        let token_hash = digest_of(token);
        let user = self.0.store.reset(token_hash).await?.ok_or(Error::Link)?;
        let known = [user.email.as_str(), user.name.as_str()];
        let hash = self.0.passwords.hash_new(password, &known).await?;
        let ended = self.0.store.spend_reset(token_hash, &hash, Some(from));
        let ended = ended.await?.ok_or(Error::Link)?;
        self.forget_sessions(&ended);
        Ok(ended)
    }

    /// Counts an attempt to have a link sent to an address.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub fn admit_mail(&self, email: &str, from: IpAddr) -> Result<(), Error> {
        self.admit(from)?;
        let account = format!("mail to {}", normal(email));
        self.0.throttle.account(&account, from)
    }

    /// The live sessions of a person, the last used first.
    ///
    /// # Errors
    /// The store's.
    pub async fn sessions(&self, person: &Person) -> Result<Vec<OwnSession>, Error> {
        Ok(self.0.store.sessions_of(person.id).await?)
    }

    /// Ends one session of a person; `false` when they have no live one of this id.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_session(
        &self,
        person: &Person,
        id: SessionId,
        from: IpAddr,
    ) -> Result<bool, Error> {
        let target = id.to_string();
        let act = person.act("session.ended", &target, from);
        let ended = self.0.store.end_session_of(person.id, id, &act).await?;
        self.forget_sessions(&[id]);
        Ok(ended)
    }

    /// Ends every session of a person but the one they ask from; says which.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_other_sessions(
        &self,
        person: &Person,
        from: IpAddr,
    ) -> Result<Vec<SessionId>, Error> {
        let target = person.id.to_string();
        let act = person.act("sessions.ended", &target, from);
        let ended = self
            .0
            .store
            .end_other_sessions(person.id, person.session, &act)
            .await?;
        self.forget_sessions(&ended);
        Ok(ended)
    }

    /// Gives a person another name. Sockets that are open keep the old one.
    ///
    /// # Errors
    /// [`Error::Invalid`], or the store's.
    pub async fn rename(&self, person: &Person, name: &str) -> Result<(), Error> {
        if !is_label(name) {
            return Err(Error::Invalid(
                "`name` has 1 to 256 bytes and no control characters",
            ));
        }
        self.0.store.rename_user(person.id, name.trim()).await?;
        self.forget_session(person.session);
        Ok(())
    }

    fn forget_sessions(&self, ids: &[SessionId]) {
        for id in ids {
            self.forget_session(*id);
        }
    }
}
