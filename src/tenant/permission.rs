//! The permission table: what there is to be allowed, and who is. Every path of the API and every frame of a
//! socket names one of these; nothing else decides.

use crate::auth::{Role, Scopes};

/// What a path or a frame needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Nothing: nobody need be known.
    Anyone,
    /// A principal that is known, whoever it is.
    Known,
    /// A signed-in person, about their own account.
    Person,
    /// In a workspace: join rooms, read history and streams.
    Read,
    /// In a workspace: publish, ask to cancel.
    Publish,
    /// In a workspace: open, write and close streams.
    Stream,
    /// In a workspace: claim, beat and end tasks.
    Task,
    /// In a workspace: make rooms, agents and keys; see connections.
    Admin,
    /// In an organization: see it, its members and what it used.
    Member,
    /// In an organization: its members, workspaces, audit log and alerts.
    Manage,
    /// In an organization: its plan, its money, its owners, its end.
    Own,
    /// A person who runs the hub: see its nodes.
    Operate,
}

impl Permission {
    /// All of them, in the table's order.
    pub const ALL: [Self; 12] = [
        Self::Anyone,
        Self::Known,
        Self::Person,
        Self::Read,
        Self::Publish,
        Self::Stream,
        Self::Task,
        Self::Admin,
        Self::Member,
        Self::Manage,
        Self::Own,
        Self::Operate,
    ];

    /// Its name in the table and in refusals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Known => "known",
            Self::Person => "person",
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Stream => "stream",
            Self::Task => "task",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Manage => "manage",
            Self::Own => "own",
            Self::Operate => "operate",
        }
    }

    /// Whether these scopes of a workspace give it.
    pub fn is_in(self, scopes: Scopes) -> bool {
        match self {
            Self::Read => scopes.read,
            Self::Publish => scopes.publish,
            Self::Stream => scopes.stream,
            Self::Task => scopes.task,
            Self::Admin => scopes.admin,
            Self::Anyone | Self::Known => true,
            Self::Person | Self::Member | Self::Manage | Self::Own | Self::Operate => false,
        }
    }

    /// Whether a member with this role has it in the organization.
    pub fn is_of(self, role: Role) -> bool {
        match self {
            Self::Anyone | Self::Known | Self::Person | Self::Member => true,
            Self::Manage => matches!(role, Role::Owner | Role::Admin),
            Self::Own => role == Role::Owner,
            Self::Operate => false,
            _ => self.is_in(role.scopes()),
        }
    }
}
