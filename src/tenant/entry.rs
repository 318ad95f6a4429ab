//! How people whom a provider knows come in: by the account they have, by an invite, or because of their domain.

use super::Error;
use super::service::Tenants;
use crate::auth::{self, Auth, Pending, Visitor};
use crate::config::SignUp;
use crate::oidc::Identity;
use crate::store::account::NewUser;
use crate::store::identity::{Arrival, Entered, Welcome};
use generic_corp_protocol::Slug;
use generic_corp_protocol::rest::Session;

/// Who may come in.
#[derive(Clone, Debug)]
pub struct EntryRules {
    /// Whether who has an account of the same address has that one.
    pub link: bool,
    /// Who gets an account.
    pub sign_up: SignUp,
    /// The domains of [`SignUp::Domains`], in lower case.
    pub domains: Vec<String>,
    /// Where who comes by their domain is a member.
    pub organization: Slug,
    /// As what.
    pub role: String,
}

impl EntryRules {
    fn welcome<'a>(
        &'a self,
        new: Option<&NewUser>,
        members: &'a (dyn Fn(&str) -> u32 + Sync),
    ) -> Welcome<'a> {
        let domain = new.and_then(|new| new.email.rsplit_once('@'));
        let listed = domain.is_some_and(|(_, domain)| self.domains.iter().any(|one| one == domain));
        Welcome {
            link: self.link,
            invited: self.sign_up != SignUp::Never,
            into: (self.sign_up == SignUp::Domains && listed)
                .then_some((&self.organization, self.role.as_str())),
            members,
        }
    }
}

impl Tenants {
    /// Signs in whom the provider has proved; links or makes their account where the rules allow it and the provider
    /// says that the address is theirs.
    ///
    /// # Errors
    /// [`auth::Error::Elsewhere`] where the sign-in was finished before, [`Error::Forbidden`], [`Error::Linked`], [`Error::LimitReached`], or
    /// the store's.
    pub async fn enter(
        &self,
        auth: &Auth,
        (identity, pending): (&Identity, &Pending),
        rules: &EntryRules,
        from: Visitor,
    ) -> Result<Session, Error> {
        let email = identity.email.as_deref();
        let email = email.filter(|_| identity.email_verified);
        let name = identity.name.as_deref().unwrap_or_default();
        // What is no address is as good as none.
        let new = email.and_then(|email| auth.prepare_known_elsewhere(email, name).ok());
        let arrival = Arrival {
            issuer: &identity.issuer,
            subject: &identity.subject,
            new: new.as_ref(),
            token_hash: pending.token_hash,
            expires_at: pending.expires_at,
            address: from.address,
        };
        // Of a plan that the settings no longer have, nobody more comes in.
        let members = |plan: &str| self.plan(plan).map_or(0, |plan| plan.members);
        let welcome = rules.welcome(new.as_ref(), &members);
        match self.store.enter(&arrival, &welcome).await? {
            Entered::Known(user) => Ok(auth.begin_known(user, from).await?),
            Entered::Twice => Err(auth::Error::Elsewhere.into()),
            Entered::LockedOut => Err(Error::Forbidden(
                "this account is locked; ask the hub's operator",
            )),
            Entered::Unlinked => Err(Error::Linked),
            Entered::Unknown if new.is_none() => Err(Error::Forbidden(
                "the sign-in provider does not confirm your e-mail address; confirm it there, or sign in by password",
            )),
            Entered::Unknown => Err(Error::Forbidden(
                "you have no account on this hub; ask for an invite to the e-mail address that the sign-in provider knows",
            )),
            Entered::Full(limit) => Err(Error::LimitReached {
                what: "members",
                limit,
            }),
            Entered::NoOrganization => Err(Error::Fault(
                "oidc.organization: there is no organization of this name".to_owned(),
            )),
        }
    }
}
