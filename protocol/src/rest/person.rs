//! People and their accounts: registering, invites, passwords, one's own sessions.

use crate::{InviteId, SessionId, Slug, Timestamp};
use serde::{Deserialize, Serialize};

bodies! {
    /// `POST /auth/register`: the same whether the address had an account or not.
    answer Registered {
        /// What to do next: `sign_in`, or `confirm` by the link that was sent to the address.
        next: String,
    }
    /// A one-time link's token, as it stands behind the `#` of the link.
    request LinkToken {
        /// The token.
        token: String,
    }
    /// `POST /auth/confirm`: the link shows whose mailbox it is, the password who registered.
    request ConfirmAccount {
        /// The token of the mailed link.
        token: String,
        /// The password that the account was registered with.
        password: String,
    }
    /// `POST /organizations`.
    request NewOrganization {
        /// Name in URLs; a workspace `main` is made in it.
        slug: Slug,
    }
    /// `POST /organizations/{organization}/invites`.
    request NewInvite {
        /// The only e-mail address that may come; without it whoever has the link.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        email: Option<String>,
        /// `owner`, `admin`, `member` or `viewer`.
        role: String,
        /// When the link ends, at most 30 days from now; 7 days when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        expires_at: Option<Timestamp>,
    }
    /// An invite that was not accepted yet.
    answer Invite {
        /// Id.
        id: InviteId,
        /// The only e-mail address that may come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        email: Option<String>,
        /// What the guest becomes.
        role: String,
        /// The name of who made it.
        made_by: String,
        /// When it was made.
        created_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
    }
    /// A new invite with its link, which is shown this once.
    answer NewInviteLink {
        /// The invite.
        invite: Invite,
        /// The token of the link.
        token: String,
        /// The link: a whole address where `server.public_url` is set, else a path of the hub.
        link: String,
        /// Whether it was also handed to the mail server.
        sent: bool,
    }
    /// `POST /invites/show`: what an invite leads to.
    answer InviteInfo {
        /// The organization's name in URLs.
        organization: Slug,
        /// The organization's name for people.
        name: String,
        /// The only e-mail address that may come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        email: Option<String>,
        /// What the guest becomes.
        role: String,
        /// The name of who made it.
        made_by: String,
        /// When it ends.
        expires_at: Timestamp,
    }
    /// `POST /invites/accept`: comes with a new account.
    request AcceptInvite {
        /// The token of the link.
        token: String,
        /// E-mail address; may be left out where the invite names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        email: Option<String>,
        /// Name to show.
        name: String,
        /// 10 to 256 bytes.
        password: String,
    }
    /// `POST /auth/forgot`.
    request Forgot {
        /// E-mail address of the account.
        email: String,
    }
    /// `POST /auth/reset`.
    request ResetPassword {
        /// The token of the link.
        token: String,
        /// The new password, 10 to 256 bytes.
        password: String,
    }
    /// A link to a new password, which is shown this once.
    answer ResetLink {
        /// The token of the link.
        token: String,
        /// The link: a whole address where `server.public_url` is set, else a path of the hub.
        link: String,
    }
    /// `POST /me/password`.
    request ChangePassword {
        /// The current password.
        current: String,
        /// The new one, 10 to 256 bytes.
        password: String,
    }
    /// `PATCH /me`.
    request ChangeMe {
        /// Name to show.
        name: String,
    }
    /// A session of one's own.
    answer OwnSession {
        /// Id.
        id: SessionId,
        /// Whether it is the one that asks.
        current: bool,
        /// When it was begun.
        created_at: Timestamp,
        /// When it was last renewed, which happens within the life of an access token.
        last_used_at: Timestamp,
        /// When it ends by itself.
        expires_at: Timestamp,
        /// Where it was begun.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        address: Option<String>,
        /// What the program said of itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        user_agent: Option<String>,
    }
}
