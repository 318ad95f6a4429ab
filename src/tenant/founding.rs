//! How organizations begin: the first administrator, by link, settings or command, and registration.

use super::Error;
use super::service::Tenants;
use super::workspace::first_room;
use crate::auth::{Auth, Visitor, digest_of, secret};
use crate::store;
use crate::store::account::{Founded, Founding, Gate, NewUser};
use generic_corp_protocol::{Slug, Timestamp, rest};

/// How long a setup link can be used.
const LINK_MS: i64 = 30 * 60 * 1000;
/// The first workspace of who registers.
const FIRST_WORKSPACE: &str = "main";

/// What an administrator is made of.
#[derive(Clone, Copy)]
pub struct Administrator<'a> {
    /// E-mail address.
    pub email: &'a str,
    /// Name to show.
    pub name: &'a str,
    /// Password.
    pub password: &'a str,
    /// The organization to own.
    pub organization: &'a Slug,
    /// Its first workspace, where the organization is new.
    pub workspace: &'a Slug,
}

impl Tenants {
    /// Whether the first administrator is still to be made.
    ///
    /// # Errors
    /// The store's.
    pub async fn setup_needed(&self) -> Result<bool, Error> {
        Ok(!self.store.has_users().await?)
    }

    /// While there is no user: the token of a new setup link, good for 30 minutes and one use.
    /// Earlier ones are void.
    ///
    /// # Errors
    /// The store's.
    pub async fn setup_link(&self) -> Result<Option<String>, Error> {
        if !self.setup_needed().await? {
            return Ok(None);
        }
        let token = secret::random_text()?;
        let expires_at = Timestamp::now().plus_ms(LINK_MS);
        self.store
            .put_setup_link(digest_of(&token), expires_at)
            .await?;
        Ok(Some(token))
    }

    /// Makes the first administrator, by the link.
    ///
    /// # Errors
    /// [`Error::SetupLink`], [`Error::SetUp`], what [`Auth::prepare_user`] says, or the store's.
    pub async fn set_up(
        &self,
        auth: &Auth,
        setup: &rest::Setup,
        from: Visitor,
    ) -> Result<rest::Session, Error> {
        if !self.setup_needed().await? {
            return Err(Error::SetUp);
        }
        let user = auth.prepare_user(&setup.email, &setup.name, &setup.password);
        let user = user.await?;
        let gate = Gate::SetupLink(digest_of(&setup.token));
        self.found(&user, gate, &setup.organization, &setup.workspace)
            .await?;
        Ok(auth.begin(user, from).await?)
    }

    /// Makes a user with an organization of their own, unless the e-mail address has an account: then nothing is
    /// made, and nothing says so. A name of an organization that is taken is told, before the address is looked at.
    ///
    /// # Errors
    /// [`Error::Taken`], what [`Auth::prepare_user`] says, or the store's.
    pub async fn register(&self, auth: &Auth, new: &rest::Register) -> Result<(), Error> {
        if self.store.has_organization(&new.organization).await? {
            return Err(Error::Taken("an organization"));
        }
        let user = auth
            .prepare_user(&new.email, &new.name, &new.password)
            .await?;
        let made = self
            .found(&user, Gate::Open, &new.organization, &first_workspace())
            .await;
        match made {
            Err(Error::Auth(crate::auth::Error::EmailTaken)) => Ok(()),
            made => made,
        }
    }

    /// Makes the first administrator out of the settings; `false` when there is a user already.
    ///
    /// # Errors
    /// What [`Auth::prepare_user`] says, or the store's.
    pub async fn bootstrap(&self, auth: &Auth, first: Administrator<'_>) -> Result<bool, Error> {
        if !self.setup_needed().await? {
            return Ok(false);
        }
        let user = auth
            .prepare_user(first.email, first.name, first.password)
            .await?;
        let made = self
            .found(&user, Gate::FirstUser, first.organization, first.workspace)
            .await;
        match made {
            Ok(()) => Ok(true),
            Err(Error::SetUp) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes an owner of an organization, and the organization where there is none of that name: for
    /// whoever can open the database anyway.
    ///
    /// # Errors
    /// What [`Auth::prepare_user`] says, or the store's.
    pub async fn create_administrator(
        &self,
        auth: &Auth,
        new: Administrator<'_>,
    ) -> Result<(), Error> {
        let user = auth.prepare_user(new.email, new.name, new.password).await?;
        let first = !self.store.has_users().await?;
        match self.store.join_as_owner(&user, new.organization).await {
            Ok(true) => {}
            Ok(false) => {
                self.found(&user, Gate::Open, new.organization, new.workspace)
                    .await?;
            }
            Err(store::Error::Conflict) => return Err(crate::auth::Error::EmailTaken.into()),
            Err(error) => return Err(error.into()),
        }
        match first {
            true => self.set_operator(&user.email, true).await,
            false => Ok(()),
        }
    }

    pub(super) async fn found(
        &self,
        user: &NewUser,
        gate: Gate,
        organization: &Slug,
        workspace: &Slug,
    ) -> Result<(), Error> {
        let founding = Founding {
            organization,
            plan: &self.default_plan,
            workspace,
            room: &first_room(),
        };
        match self.store.found(user, gate, &founding).await? {
            Founded::Made => Ok(()),
            Founded::Shut if self.setup_needed().await? => Err(Error::SetupLink),
            Founded::Shut => Err(Error::SetUp),
            Founded::EmailTaken => Err(crate::auth::Error::EmailTaken.into()),
            Founded::OrganizationTaken => Err(Error::Taken("an organization")),
        }
    }
}

pub(super) fn first_workspace() -> Slug {
    Slug::parse(FIRST_WORKSPACE).expect("a constant name is one")
}
