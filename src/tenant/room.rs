//! Rooms of a workspace.

use super::service::{MAX_PAGE, Page, Tenants, maybe_label};
use super::{Error, Scope};
use crate::store;
use crate::store::room::RoomRow;
use generic_corp_protocol::Slug;
use generic_corp_protocol::rest::NewRoom;
use std::net::IpAddr;

impl Tenants {
    /// The room of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the store's.
    pub async fn find_room(&self, scope: &Scope, name: &Slug) -> Result<RoomRow, Error> {
        let found = match scope.opens(name) {
            true => self.store.room(scope.workspace(), name).await?,
            false => None,
        };
        found.ok_or(Error::NotFound("room"))
    }

    /// A part of the workspace's rooms, by name.
    ///
    /// # Errors
    /// The store's.
    pub async fn rooms(&self, scope: &Scope, page: &Page) -> Result<Vec<RoomRow>, Error> {
        let limit = page.limit.min(MAX_PAGE);
        Ok(self
            .store
            .rooms(scope.workspace(), &page.after, limit)
            .await?)
    }

    /// Makes a room.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::LimitReached`], [`Error::Invalid`], or the store's.
    pub async fn create_room(
        &self,
        scope: &Scope,
        new: &NewRoom,
        address: Option<IpAddr>,
    ) -> Result<RoomRow, Error> {
        let topic = maybe_label(
            &new.topic,
            "`topic` has at most 256 bytes and no control characters",
        )?;
        let limit = scope.plan().rooms;
        let act = scope.act("room.made", &new.name, address);
        let made = self
            .store
            .create_room(
                scope.organization(),
                scope.workspace(),
                &new.name,
                topic,
                limit,
                &act,
            )
            .await;
        match made {
            Ok(Some(room)) => Ok(room),
            Ok(None) => Err(Error::LimitReached {
                what: "rooms",
                limit,
            }),
            Err(store::Error::Conflict) => Err(Error::Taken("a room")),
            Err(error) => Err(error.into()),
        }
    }
}
