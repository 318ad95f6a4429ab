//! Invites into an organization, and links to a new password for its members.

use super::service::Tenants;
use super::workspace::first_room;
use super::{Error, OrganizationScope};
use crate::auth::{self, Auth, Person, Role, Visitor, digest_of, secret};
use crate::store::account::Founding;
use crate::store::audit::Act;
use crate::store::invite::{Accepted, Guest, InviteRow};
use crate::store::{self, invite};
use generic_corp_protocol::rest::{AcceptInvite, Invite, InviteInfo, NewInvite, Session};
use generic_corp_protocol::{InviteId, OrganizationId, Slug, Timestamp, UserId};
use std::net::IpAddr;
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;
/// How long an invite is open when nothing is said, and at most.
const OPEN_DAYS: i64 = 7;
const MAX_DAYS: i64 = 30;
/// Organizations that one person may own.
const MAX_OWNED: usize = 20;
/// How long a link that one member made for another is good.
const RESET_LIFETIME: Duration = Duration::from_secs(24 * 3600);

impl Tenants {
    /// Makes an invite; returns it with the token of its link, of which only the hash is kept.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Forbidden`], [`Error::TooMany`], or the store's.
    pub async fn invite(
        &self,
        scope: &OrganizationScope,
        new: &NewInvite,
        from: IpAddr,
    ) -> Result<(Invite, String), Error> {
        let role = Role::parse(&new.role).ok_or(Error::Invalid(
            "`role` is `owner`, `admin`, `member` or `viewer`",
        ))?;
        if role == Role::Owner && scope.role != Role::Owner {
            return Err(Error::Forbidden("only owners invite owners"));
        }
        let email = new.email.as_deref().map(auth::address_of).transpose()?;
        let now = Timestamp::now();
        let expires_at = new
            .expires_at
            .unwrap_or_else(|| now.plus_ms(OPEN_DAYS * DAY_MS));
        if expires_at <= now || expires_at > now.plus_ms(MAX_DAYS * DAY_MS) {
            return Err(Error::Invalid("`expires_at` is within the next 30 days"));
        }
        let token = secret::random_text()?;
        let new = invite::NewInvite {
            organization: scope.id,
            token_hash: digest_of(&token),
            email: email.as_deref(),
            role: role.name(),
            created_by: scope.user,
            expires_at,
        };
        let act = act(scope, "invite.made", "", from);
        let made = self.store.create_invite(&new, &act).await?;
        let made = made.ok_or(Error::TooMany(
            "there are 200 open invites; revoke some, or wait until they end",
        ))?;
        Ok((shown(made), token))
    }

    /// The open invites of an organization, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn invites(&self, scope: &OrganizationScope) -> Result<Vec<Invite>, Error> {
        let rows = self.store.invites(scope.id).await?;
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Takes an invite back.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn revoke_invite(
        &self,
        scope: &OrganizationScope,
        id: InviteId,
        from: IpAddr,
    ) -> Result<(), Error> {
        let target = id.to_string();
        let act = act(scope, "invite.revoked", &target, from);
        match self.store.revoke_invite(scope.id, id, &act).await? {
            true => Ok(()),
            false => Err(Error::NotFound("invite")),
        }
    }

    /// What the invite of this token leads to.
    ///
    /// # Errors
    /// [`Error::Invite`], or the store's.
    pub async fn show_invite(&self, token: &str) -> Result<InviteInfo, Error> {
        let row = self.open_invite(token).await?;
        Ok(InviteInfo {
            organization: row.slug,
            name: row.organization_name,
            email: row.email,
            role: row.role,
            made_by: row.made_by,
            expires_at: row.expires_at,
        })
    }

    /// Makes an account and a member of it, by an invite.
    ///
    /// # Errors
    /// [`Error::Invite`], [`Error::Forbidden`], what [`Auth::prepare_user`] says, or the store's.
    pub async fn accept_invite(
        &self,
        auth: &Auth,
        accept: &AcceptInvite,
        from: Visitor,
    ) -> Result<Session, Error> {
        // Before the work of hashing.
        let row = self.open_invite(&accept.token).await?;
        let email = match (&accept.email, &row.email) {
            (Some(email), _) | (None, Some(email)) => email,
            (None, None) => return Err(Error::Invalid("`email` is missing")),
        };
        let user = auth.prepare_user(email, &accept.name, &accept.password);
        let user = user.await?;
        let guest = Guest::New(&user);
        self.accept(&accept.token, guest, from.address).await?;
        Ok(auth.begin(user, from).await?)
    }

    /// Makes a signed-in person a member, by an invite; says of what.
    ///
    /// # Errors
    /// [`Error::Invite`], [`Error::Forbidden`], [`Error::Member`], or the store's.
    pub async fn join(
        &self,
        person: &Person,
        token: &str,
        from: IpAddr,
    ) -> Result<OrganizationId, Error> {
        self.accept(token, Guest::Known(person.id), from).await
    }

    /// Makes an organization for a signed-in person, with a first workspace.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::TooMany`], or the store's.
    pub async fn found_another(
        &self,
        person: &Person,
        organization: &Slug,
        from: IpAddr,
    ) -> Result<(), Error> {
        let founding = Founding {
            organization,
            plan: &self.default_plan,
            workspace: &super::founding::first_workspace(),
            room: &first_room(),
        };
        let act = Act {
            organization: None,
            actor: &person.sender,
            action: "organization.made",
            target: organization,
            address: Some(from),
        };
        let made = self
            .store
            .found_another(person.id, &founding, MAX_OWNED, &act)
            .await?;
        match made {
            Some(true) => Ok(()),
            Some(false) => Err(Error::Taken("an organization")),
            None => Err(Error::TooMany("one person owns at most 20 organizations")),
        }
    }

    /// A link to a new password for a member, made by another: only for one whose role the other's reaches, and who
    /// is in no other organization, since whoever holds the link gets all that the account opens.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], or the store's.
    pub async fn reset_member(
        &self,
        auth: &Auth,
        scope: &OrganizationScope,
        user: UserId,
        from: IpAddr,
    ) -> Result<String, Error> {
        let missing = Error::NotFound("member");
        let theirs = self.store.organizations(user).await?;
        let role = theirs.iter().find(|row| row.id == scope.id);
        let role = role.and_then(|row| Role::parse(&row.role));
        let reached = match (scope.role, role.ok_or(missing)?) {
            (Role::Owner, _) => true,
            (_, theirs) => matches!(theirs, Role::Member | Role::Viewer),
        };
        if !reached || theirs.len() != 1 {
            return Err(Error::Forbidden(
                "this password is reset by its owner, or by the hub's operator (generic-corp admin reset)",
            ));
        }
        let row = self
            .store
            .user(user)
            .await?
            .ok_or(Error::NotFound("member"))?;
        let by = Some((scope.id, &scope.sender));
        let made = auth.make_reset(&row.email, by, RESET_LIFETIME, Some(from));
        made.await?.ok_or(Error::NotFound("member"))
    }

    async fn open_invite(&self, token: &str) -> Result<InviteRow, Error> {
        let row = self.store.invite(digest_of(token)).await?;
        row.ok_or(Error::Invite)
    }

    async fn accept(
        &self,
        token: &str,
        guest: Guest<'_>,
        from: IpAddr,
    ) -> Result<OrganizationId, Error> {
        let organization = self.open_invite(token).await?.organization;
        let plan = self
            .store
            .plan_of(organization)
            .await?
            .ok_or(Error::Invite)?;
        let limit = self.plan(&plan)?.members;
        let accepted = self
            .store
            .accept_invite(digest_of(token), guest, limit, Some(from));
        match accepted.await? {
            Accepted::Done(organization) => Ok(organization),
            Accepted::Void => Err(Error::Invite),
            Accepted::OtherAddress => {
                Err(Error::Forbidden("the invite is for another e-mail address"))
            }
            Accepted::EmailTaken => Err(auth::Error::EmailTaken.into()),
            Accepted::Member => Err(Error::Member),
            Accepted::Full => Err(Error::LimitReached {
                what: "members",
                limit,
            }),
        }
    }
}

fn act<'a>(
    scope: &'a OrganizationScope,
    action: &'static str,
    target: &'a str,
    from: IpAddr,
) -> Act<'a> {
    Act {
        organization: Some(scope.id),
        actor: &scope.sender,
        action,
        target,
        address: Some(from),
    }
}

fn shown(row: store::invite::InviteRow) -> Invite {
    Invite {
        id: row.id,
        email: row.email,
        role: row.role,
        made_by: row.made_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }
}
