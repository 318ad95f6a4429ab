//! Registering where the hub sends mail: the account is made when its address was confirmed.

use super::Error;
use super::founding::first_workspace;
use super::service::Tenants;
use crate::auth::{self, Auth, Visitor, digest_of, secret};
use crate::store::account::{Gate, NewUser};
use generic_corp_protocol::rest::{ConfirmAccount, Register, Session};
use generic_corp_protocol::{Slug, Timestamp};

/// How long an address can be confirmed.
const OPEN_MS: i64 = 24 * 3600 * 1000;

/// An account that nobody has confirmed yet.
pub struct Pending {
    user: NewUser,
    organization: Slug,
}

impl Pending {
    /// Where to write to.
    pub fn email(&self) -> &str {
        &self.user.email
    }
}

/// What to write to somebody who registers.
pub enum Kept {
    /// The token of the link that makes the account.
    Pending(String),
    /// That they have one.
    Known,
    /// Nothing: enough was written within a day.
    Enough,
}

impl Tenants {
    /// Checks what somebody says of themselves. The address is not looked at yet, so neither the outcome nor the time
    /// depends on it.
    ///
    /// # Errors
    /// [`Error::Taken`], what [`Auth::prepare_user`] says, or the store's.
    pub async fn prepare_registration(
        &self,
        auth: &Auth,
        new: &Register,
    ) -> Result<Pending, Error> {
        if self.store.has_organization(&new.organization).await? {
            return Err(Error::Taken("an organization"));
        }
        let user = auth.prepare_user(&new.email, &new.name, &new.password);
        Ok(Pending {
            user: user.await?,
            organization: new.organization.clone(),
        })
    }

    /// Keeps it until its address is confirmed.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_registration(&self, pending: Pending) -> Result<Kept, Error> {
        let token = secret::random_text()?;
        let ends = Timestamp::now().plus_ms(OPEN_MS);
        let Pending { user, organization } = &pending;
        let kept = self
            .store
            .put_registration(digest_of(&token), user, organization, ends)
            .await?;
        if !kept {
            return Ok(Kept::Enough);
        }
        match self.store.user_by_email(&user.email).await? {
            Some(_) => Ok(Kept::Known),
            None => Ok(Kept::Pending(token)),
        }
    }

    /// Makes the account whose link and password these are, with its organization, and begins a session. The
    /// link alone is not enough: somebody else may have registered the address, with a password of theirs.
    ///
    /// # Errors
    /// [`auth::Error::Link`], [`auth::Error::InvalidCredentials`], [`Error::Taken`], or the store's.
    pub async fn confirm(
        &self,
        auth: &Auth,
        confirmed: &ConfirmAccount,
        from: Visitor,
    ) -> Result<Session, Error> {
        let pending = self.store.registration(digest_of(&confirmed.token)).await?;
        let (user, organization) = pending.ok_or(auth::Error::Link)?;
        auth.check_password(&confirmed.password, &user.password_hash)
            .await?;
        let made = self
            .found(&user, Gate::Open, &organization, &first_workspace())
            .await;
        match made {
            Err(Error::Auth(auth::Error::EmailTaken)) => Err(auth::Error::Link.into()),
            Err(error) => Err(error),
            Ok(()) => {
                self.store.forget_registrations(&user.email).await?;
                Ok(auth.begin(user, from).await?)
            }
        }
    }
}
