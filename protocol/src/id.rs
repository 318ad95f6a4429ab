//! Identifiers: UUIDv7, so that they sort by the time they were made.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(as = "String"))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "uuid"))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later than every one made before it in this process.
            #[expect(clippy::new_without_default, reason = "an id is made on purpose, never by default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A customer: the unit that owns workspaces and is billed.
    OrganizationId,
    /// A space inside an organization; a connection belongs to exactly one.
    WorkspaceId,
    /// A room inside a workspace. On the wire rooms go by their name.
    RoomId,
    /// An output stream inside a room.
    StreamId,
    /// A person.
    UserId,
    /// A program that connects by API key.
    AgentId,
    /// An API key, the public part.
    ApiKeyId,
    /// One authenticated socket's life.
    ConnectionId,
    /// A signed-in session of a user (a family of refresh tokens).
    SessionId,
    /// A link into an organization.
    InviteId,
    /// Where an organization wants to be told of things.
    WebhookId,
}
