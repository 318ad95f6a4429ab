//! Who may come into a workspace that not everyone of the organization may.

use super::service::{MAX_PAGE, Page, Tenants};
use super::{Error, Scope};
use crate::auth::Role;
use crate::store::workspace_member::ListedRow;
use generic_corp_protocol::UserId;
use generic_corp_protocol::rest::{ListWorkspaceMember, WorkspaceMember};
use std::net::IpAddr;
use uuid::Uuid;

impl Tenants {
    /// A part of those who are listed in the workspace, in the order of their ids. Owners and admins of the
    /// organization need not be.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the page begins after no id, or the store's.
    pub async fn listed(&self, scope: &Scope, page: &Page) -> Result<Vec<WorkspaceMember>, Error> {
        let after = page.after_id()?.unwrap_or(UserId(Uuid::nil()));
        let rows = self
            .store
            .listed(scope.workspace(), after, page.limit.min(MAX_PAGE));
        Ok(rows.await?.into_iter().map(shown).collect())
    }

    /// Lists a member of the organization, or gives who is listed another role in the workspace.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], or the store's.
    pub async fn list_member(
        &self,
        scope: &Scope,
        user: UserId,
        request: &ListWorkspaceMember,
        address: IpAddr,
    ) -> Result<(), Error> {
        let role = Role::parse(&request.role).filter(|role| *role != Role::Owner);
        let role = role.ok_or(Error::Invalid("`role` is `admin`, `member` or `viewer`"))?;
        let target = format!("{user} {} in {}", role.name(), scope.slug());
        let act = scope.act("workspace.member_listed", &target, address);
        let place = (scope.organization(), scope.workspace());
        let listed = self.store.list_member(place, user, role.name(), &act);
        match listed.await? {
            true => Ok(()),
            false => Err(Error::NotFound("member")),
        }
    }

    /// Takes a person off the list.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn unlist_member(
        &self,
        scope: &Scope,
        user: UserId,
        address: IpAddr,
    ) -> Result<(), Error> {
        let target = format!("{user} in {}", scope.slug());
        let act = scope.act("workspace.member_unlisted", &target, address);
        let unlisted = self.store.unlist_member(scope.workspace(), user, &act);
        match unlisted.await? {
            true => Ok(()),
            false => Err(Error::NotFound("member")),
        }
    }
}

fn shown(row: ListedRow) -> WorkspaceMember {
    WorkspaceMember {
        user: row.user,
        email: row.email,
        name: row.name,
        role: row.role,
        added_at: row.added_at,
    }
}
