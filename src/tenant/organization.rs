//! An organization, as one of its members may act in it.

use super::Error;
use super::permission::Permission;
use super::service::Tenants;
use crate::auth::{Principal, Role};
use crate::config::Plan;
use generic_corp_protocol::{OrganizationId, Sender, Slug, UserId};
use std::sync::Arc;

/// One person's right to one organization. Only authorization makes one.
#[expect(
    clippy::manual_non_exhaustive,
    reason = "the attribute would let the rest of the crate make one"
)]
#[derive(Clone, Debug)]
pub struct OrganizationScope {
    /// Which.
    pub id: OrganizationId,
    /// Its name in URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Who acts.
    pub user: UserId,
    /// The same, as others see it.
    pub sender: Sender,
    /// What they are in it.
    pub role: Role,
    _private: (),
}

impl Tenants {
    /// The right of `principal` to do this in the organization with this name or id. One they are no member
    /// of and one that there is not are the same; a key opens none.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], or the store's.
    pub async fn authorize_organization(
        &self,
        principal: &Principal,
        organization: &str,
        permission: Permission,
    ) -> Result<OrganizationScope, Error> {
        let missing = Error::NotFound("organization");
        let Principal::User { id: user, .. } = principal else {
            return Err(missing);
        };
        let id = organization.parse::<OrganizationId>().ok();
        let row = self.store.membership(*user, id, organization).await?;
        let row = row.ok_or(missing)?;
        let role = Role::parse(&row.role)
            .ok_or_else(|| Error::Fault(format!("a member of {} has no role", row.id)))?;
        if !permission.is_of(role) {
            return Err(Error::Forbidden(match permission {
                Permission::Own => "only owners of the organization may do this",
                _ => "only owners and admins of the organization may do this",
            }));
        }
        Ok(OrganizationScope {
            id: row.id,
            slug: row.slug,
            name: row.name,
            plan: self.plan(&row.plan)?,
            user: *user,
            sender: principal.sender(),
            role,
            _private: (),
        })
    }
}
