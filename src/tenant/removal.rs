//! The end of a workspace or an organization. Whoever ends one gives its name, so that nothing goes by a slip.

use super::service::Tenants;
use super::{Error, OrganizationScope};
use generic_corp_protocol::WorkspaceId;
use std::net::IpAddr;

impl Tenants {
    /// Deletes a workspace of the organization, by name or id. Its connections are closed within a second, and
    /// what is on the way is refused. `confirmed` is its name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] when the name is another one, or the store's.
    pub async fn delete_workspace(
        &self,
        scope: &OrganizationScope,
        workspace: &str,
        confirmed: &str,
        address: IpAddr,
    ) -> Result<(), Error> {
        let missing = || Error::NotFound("workspace");
        let id = workspace.parse::<WorkspaceId>().ok();
        let found = self.store.workspace_of(scope.id, id, workspace).await?;
        let (id, name) = found.ok_or_else(missing)?;
        if *name != *confirmed {
            return Err(Error::Invalid(
                "to delete a workspace give its name as `?confirm=`",
            ));
        }
        let act = scope.act("workspace.deleted", &name, address);
        match self.store.delete_workspace(id, &act).await? {
            true => Ok(()),
            false => Err(missing()),
        }
    }

    /// Deletes the organization and all that is in it, as [`Tenants::delete_workspace`] does.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the name is another one, or the store's.
    pub async fn delete_organization(
        &self,
        scope: &OrganizationScope,
        confirmed: &str,
        address: IpAddr,
    ) -> Result<(), Error> {
        if *scope.slug != *confirmed {
            return Err(Error::Invalid(
                "to delete an organization give its name as `?confirm=`",
            ));
        }
        let act = scope.act("organization.deleted", &scope.slug, address);
        Ok(self.store.delete_organization(scope.id, &act).await?)
    }
}
