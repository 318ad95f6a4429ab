//! Who belongs to an organization, and what was done in it.

use crate::{OrganizationId, SenderKind, Slug, Timestamp, UserId};
use serde::{Deserialize, Serialize};

bodies! {
    /// A person in an organization.
    answer OrganizationMember {
        /// Who.
        user: UserId,
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
        /// `owner`, `admin`, `member` or `viewer`.
        role: String,
        /// Whether the hub's operator has locked them out.
        disabled: bool,
        /// Since when they are in it.
        joined_at: Timestamp,
    }
    /// `PATCH /organizations/{organization}/members/{user}`.
    request ChangeMember {
        /// `owner`, `admin`, `member` or `viewer`.
        role: String,
    }
    /// `PATCH /organizations/{organization}`.
    request ChangeOrganization {
        /// Name for people.
        name: String,
    }
    /// An organization by its names.
    answer OrganizationName {
        /// Id.
        id: OrganizationId,
        /// Name in URLs.
        slug: Slug,
        /// Name for people.
        name: String,
    }
    /// `PATCH /workspaces/{workspace}`. What is left out stays.
    request ChangeWorkspace {
        /// Name for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        name: Option<String>,
        /// Who may come in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        access: Option<super::WorkspaceAccess>,
    }
    /// An act that bears on security.
    answer AuditEntry {
        /// Id; later acts have greater ones.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        id: uuid::Uuid,
        /// When.
        time: Timestamp,
        /// What kind of actor.
        actor_kind: SenderKind,
        /// Who.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        actor_id: uuid::Uuid,
        /// Their name at the time.
        actor_name: String,
        /// What, as `thing.done`.
        action: String,
        /// To what or whom.
        target: String,
        /// Where they came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        address: Option<String>,
    }
}
