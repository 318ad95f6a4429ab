//! Members of an organization, its name, and its audit log.

use super::service::{MAX_PAGE, Page, Tenants, label};
use super::{Error, OrganizationScope, Permission, Scope};
use crate::auth::{Role, Scopes};
use crate::store::audit::{Act, AuditRow};
use crate::store::member::{Change, Changed, MemberRow};
use generic_corp_protocol::rest::{
    AuditEntry, ChangeMember, ChangeOrganization, OrganizationMember, OrganizationName,
};
use generic_corp_protocol::{Sender, UserId, WorkspaceId};
use std::collections::HashMap;
use std::net::IpAddr;
use uuid::Uuid;

pub(super) const NAME: &str = "`name` has 1 to 256 bytes and no control characters";

impl Tenants {
    /// A part of the organization's members, in the order of their ids.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the page begins after no id, or the store's.
    pub async fn members(
        &self,
        scope: &OrganizationScope,
        page: &Page,
    ) -> Result<Vec<OrganizationMember>, Error> {
        let after = page.after_id()?.unwrap_or(UserId(Uuid::nil()));
        let rows = self
            .store
            .members(scope.id, after, page.limit.min(MAX_PAGE));
        Ok(rows.await?.into_iter().map(shown).collect())
    }

    /// Gives a member another role. Owners are touched by owners alone, and one always stays.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::LastOwner`], [`Error::Invalid`], or the store's.
    pub async fn change_member(
        &self,
        scope: &OrganizationScope,
        user: UserId,
        change: &ChangeMember,
        address: IpAddr,
    ) -> Result<(), Error> {
        let role = Role::parse(&change.role).ok_or(Error::Invalid(
            "`role` is `owner`, `admin`, `member` or `viewer`",
        ))?;
        self.change(scope, user, Some(role), address).await
    }

    /// Ends a membership: one's own, or another's for those who manage members.
    ///
    /// # Errors
    /// As [`Tenants::change_member`].
    pub async fn remove_member(
        &self,
        scope: &OrganizationScope,
        user: UserId,
        address: IpAddr,
    ) -> Result<(), Error> {
        if user != scope.user && !Permission::Manage.is_of(scope.role) {
            return Err(Error::Forbidden(
                "only owners and admins of the organization remove others",
            ));
        }
        self.change(scope, user, None, address).await
    }

    async fn change(
        &self,
        scope: &OrganizationScope,
        user: UserId,
        role: Option<Role>,
        address: IpAddr,
    ) -> Result<(), Error> {
        let target = match role {
            Some(role) => format!("{user} {}", role.name()),
            None => user.to_string(),
        };
        let action = match (role, user == scope.user) {
            (Some(_), _) => "member.role_changed",
            (None, true) => "member.left",
            (None, false) => "member.removed",
        };
        let change = Change {
            organization: scope.id,
            by: scope.user,
            user,
            role: role.map(Role::name),
        };
        let act = scope.act(action, &target, address);
        match self.store.change_member(change, &act).await? {
            Changed::Done => Ok(()),
            Changed::Missing => Err(Error::NotFound("member")),
            Changed::LastOwner => Err(Error::LastOwner),
            Changed::OwnersOnly => Err(Error::Forbidden(
                "only owners of the organization make, change or remove owners",
            )),
        }
    }

    /// Gives the organization another name for people.
    ///
    /// # Errors
    /// [`Error::Invalid`], or the store's.
    pub async fn rename_organization(
        &self,
        scope: &OrganizationScope,
        change: &ChangeOrganization,
        address: IpAddr,
    ) -> Result<OrganizationName, Error> {
        let name = label(&change.name, NAME)?;
        let act = scope.act("organization.renamed", name, address);
        self.store.rename_organization(scope.id, name, &act).await?;
        Ok(OrganizationName {
            id: scope.id,
            slug: scope.slug.clone(),
            name: name.to_owned(),
        })
    }

    /// Acts in the organization before this one, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn audit(
        &self,
        scope: &OrganizationScope,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Error> {
        let rows = self.store.acts(scope.id, before, limit.min(MAX_PAGE));
        Ok(rows.await?.into_iter().map(entry).collect())
    }

    /// What these people may do in these workspaces now; who is missing may nothing.
    ///
    /// # Errors
    /// The store's; then nothing is known.
    pub async fn rights(
        &self,
        asked: &[(WorkspaceId, UserId)],
    ) -> Result<HashMap<(WorkspaceId, UserId), Scopes>, Error> {
        let roles = self.store.roles(asked).await?;
        let scopes = roles.into_iter().map(|(workspace, user, role)| {
            let scopes = Role::parse(&role).map_or(Scopes::NONE, Role::scopes);
            ((workspace, user), scopes)
        });
        Ok(scopes.collect())
    }

    /// Makes a person one who runs the hub, or no longer: the operator's.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn set_operator(&self, email: &str, runs: bool) -> Result<(), Error> {
        let email = email.trim().to_lowercase();
        let act = Act {
            organization: None,
            actor: &operator(),
            action: match runs {
                true => "operator.made",
                false => "operator.removed",
            },
            target: &email,
            address: None,
        };
        match self.store.set_operator(&email, runs, &act).await? {
            true => Ok(()),
            false => Err(Error::NotFound("user")),
        }
    }

    /// Locks a person out of the hub, or lets them in again: the operator's.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn set_disabled(&self, email: &str, disabled: bool) -> Result<(), Error> {
        let email = email.trim().to_lowercase();
        let act = Act {
            organization: None,
            actor: &operator(),
            action: match disabled {
                true => "user.disabled",
                false => "user.enabled",
            },
            target: &email,
            address: None,
        };
        match self.store.set_disabled(&email, disabled, &act).await? {
            true => Ok(()),
            false => Err(Error::NotFound("user")),
        }
    }
}

/// Who acts by commands on the hub's own machine.
pub fn operator() -> Sender {
    Sender::system("operator")
}

impl OrganizationScope {
    /// An act in this organization, for its audit log.
    pub(super) fn act<'a>(
        &'a self,
        action: &'static str,
        target: &'a str,
        address: IpAddr,
    ) -> Act<'a> {
        Act {
            organization: Some(self.id),
            actor: &self.sender,
            action,
            target,
            address: Some(address),
        }
    }
}

impl Scope {
    /// An act in this workspace, for its organization's audit log.
    pub(super) fn act<'a>(
        &'a self,
        action: &'static str,
        target: &'a str,
        address: impl Into<Option<IpAddr>>,
    ) -> Act<'a> {
        Act {
            organization: Some(self.organization()),
            actor: self.sender(),
            action,
            target,
            address: address.into(),
        }
    }
}

fn shown(row: MemberRow) -> OrganizationMember {
    OrganizationMember {
        user: row.user,
        email: row.email,
        name: row.name,
        role: row.role,
        disabled: row.disabled,
        joined_at: row.joined_at,
    }
}

fn entry(row: AuditRow) -> AuditEntry {
    AuditEntry {
        id: row.id,
        time: row.time,
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        action: row.action,
        target: row.target,
        address: row.address,
    }
}
