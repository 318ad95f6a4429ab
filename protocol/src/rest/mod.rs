//! Bodies of the REST API, shared by the server, the Rust client and the command line.
//!
//! Paths stand in `docs/http-api.md` and in the served OpenAPI document. The room's log over HTTP
//! uses [`crate::frame`]'s results: `Published`, `HistoryPage`, `StreamOpened`.

use crate::ErrorCode;
use serde::{Deserialize, Serialize};

macro_rules! bodies {
    ($($(#[$meta:meta])* $kind:ident $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* })*) => {
        $(bodies!(@ $kind $(#[$meta])* $name { $($(#[$fmeta])* $field: $ty,)* });)*
    };
    (@ request $(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }
    };
    (@ answer $(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }
    };
}

mod account;
mod billing;
mod cluster;
mod log;
mod member;
mod person;
mod search;
mod usage;
mod webhook;
mod workspace;

pub use account::{
    FinishSignIn, Login, Me, Organization, Refresh, Register, Session, Setup, SetupStatus,
    SignInAddress, User,
};
pub use billing::{BillingPage, BillingStatus, Checkout};
pub use cluster::{ClusterReport, Node};
pub use log::{
    Appended, CancelStream, CloseStream, NewEvent, NewStream, StreamPage, StreamTime, StreamTimes,
};
pub use member::{
    AuditEntry, ChangeMember, ChangeOrganization, ChangeWorkspace, OrganizationMember,
    OrganizationName,
};
pub use person::{
    AcceptInvite, ChangeMe, ChangePassword, ConfirmAccount, Forgot, Invite, InviteInfo, LinkToken,
    NewInvite, NewInviteLink, NewOrganization, OwnSession, Registered, ResetLink, ResetPassword,
};
pub use search::{SearchHit, SearchPage};
pub use usage::{Alert, OrganizationLimits, Plan, UsageCost, UsageLimit, UsageReport, UsageRow};
pub use webhook::{ChangeWebhook, Delivery, NewWebhook, NewWebhookSecret, Webhook};
pub use workspace::{
    Agent, ApiKey, ChangeAgent, Connection, ListWorkspaceMember, NewAgent, NewApiKey,
    NewApiKeySecret, NewRoom, NewWorkspace, Room, RotateApiKey, Workspace, WorkspaceAccess,
    WorkspaceMember,
};

bodies! {
    /// `application/problem+json` (RFC 9457), with the code a program acts on.
    answer Problem {
        /// Where the code is explained: a path into the documentation.
        #[serde(rename = "type")]
        kind: String,
        /// The code in words.
        title: String,
        /// The HTTP status.
        status: u16,
        /// What a person acts on.
        detail: String,
        /// What a program acts on.
        #[cfg_attr(feature = "typescript", ts(as = "String"))]
        code: ErrorCode,
        /// Whether the same request may succeed later.
        retryable: bool,
        /// Not before this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        retry_after_ms: Option<u64>,
        /// Facts that belong to the code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "unknown"))]
        details: Option<serde_json::Value>,
    }
    /// `GET /readyz`.
    answer Readiness {
        /// `ok` or `unavailable`.
        status: String,
        /// Version of the hub.
        version: String,
        /// Which node.
        node: String,
        /// Whether it is draining.
        draining: bool,
        /// Whether the store answers.
        store: bool,
        /// Whether other nodes are heard at once; absent where there is no Redis. Without it a node takes work
        /// all the same, and looks for what others have written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        bus: Option<bool>,
    }
}
