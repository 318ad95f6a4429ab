//! The one who acts, once a token or key has proved it.

use super::RoomLimit;
use generic_corp_protocol::{
    AgentId, ApiKeyId, Sender, SenderKind, SessionId, Timestamp, UserId, WorkspaceId,
};

/// What a principal may do in a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// Join rooms, read history and streams.
    pub read: bool,
    /// Publish events, ask to cancel.
    pub publish: bool,
    /// Open and write streams.
    pub stream: bool,
    /// Claim, beat and end tasks.
    pub task: bool,
    /// Make rooms, agents and keys; see connections.
    pub admin: bool,
}

impl Scopes {
    /// Nothing.
    pub const NONE: Self = Self {
        read: false,
        publish: false,
        stream: false,
        task: false,
        admin: false,
    };
    /// Everything.
    pub const ALL: Self = Self {
        read: true,
        publish: true,
        stream: true,
        task: true,
        admin: true,
    };
    /// What a key gets when nothing is said.
    pub const BOT: Self = Self {
        admin: false,
        ..Self::ALL
    };
    /// Looking only.
    pub const VIEW: Self = Self {
        read: true,
        ..Self::NONE
    };

    /// Those that both have.
    pub fn and(self, others: Self) -> Self {
        Self {
            read: self.read && others.read,
            publish: self.publish && others.publish,
            stream: self.stream && others.stream,
            task: self.task && others.task,
            admin: self.admin && others.admin,
        }
    }

    /// Whether every one of `others` is among these.
    pub fn contain(self, others: Self) -> bool {
        (self.read || !others.read)
            && (self.publish || !others.publish)
            && (self.stream || !others.stream)
            && (self.task || !others.task)
            && (self.admin || !others.admin)
    }

    /// The scopes' names, as stored and shown.
    pub fn names(self) -> Vec<String> {
        [
            ("read", self.read),
            ("publish", self.publish),
            ("stream", self.stream),
            ("task", self.task),
            ("admin", self.admin),
        ]
        .into_iter()
        .filter(|(_, has)| *has)
        .map(|(name, _)| name.to_owned())
        .collect()
    }

    /// The scopes that `names` lists; `None` when one is not known.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut scopes = Self::default();
        for name in names {
            match name {
                "read" => scopes.read = true,
                "publish" => scopes.publish = true,
                "stream" => scopes.stream = true,
                "task" => scopes.task = true,
                "admin" => scopes.admin = true,
                _ => return None,
            }
        }
        Some(scopes)
    }
}

/// A person or a program whose credential was checked. Only `auth` makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A signed-in person.
    User {
        /// Who.
        id: UserId,
        /// The name to show.
        name: String,
        /// The session the access token belongs to.
        session: SessionId,
        /// When the access token ends.
        expires_at: Timestamp,
    },
    /// A program with an API key.
    Agent {
        /// Who.
        id: AgentId,
        /// The name to show and to mention.
        name: String,
        /// The key it came with.
        key: ApiKeyId,
        /// The one workspace the key opens.
        workspace: WorkspaceId,
        /// What the key allows.
        scopes: Scopes,
        /// The rooms it opens; all, when there is no limit.
        rooms: Option<RoomLimit>,
        /// When the key ends, if it does.
        expires_at: Option<Timestamp>,
    },
}

impl Principal {
    /// As others see it.
    pub fn sender(&self) -> Sender {
        match self {
            Self::User { id, name, .. } => Sender::user(*id, name),
            Self::Agent { id, name, .. } => Sender {
                kind: SenderKind::Agent,
                id: id.0,
                name: name.clone(),
            },
        }
    }

    /// When the credential ends.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::User { expires_at, .. } => Some(*expires_at),
            Self::Agent { expires_at, .. } => *expires_at,
        }
    }
}
