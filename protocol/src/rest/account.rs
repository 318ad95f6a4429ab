//! Who is there: the first administrator, accounts, sessions, organizations.

use super::Workspace;
use crate::{OrganizationId, Sender, Slug, Timestamp, UserId};
use serde::{Deserialize, Serialize};

bodies! {
    /// `GET /setup`: what a visitor without a session can do.
    answer SetupStatus {
        /// Whether the first administrator is still to be made, by the link in the start banner.
        setup_needed: bool,
        /// Whether anybody may register.
        registration_open: bool,
        /// Who may have an account: `open` (anybody), `invite` (whom an organization invites) or `closed`.
        registration: String,
        /// Whether a forgotten password can be set anew by mail.
        reset_by_mail: bool,
        /// What people call the provider that one can sign in with, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        sign_in_with: Option<String>,
    }
    /// `POST /setup`: the first administrator, with an organization and a workspace.
    request Setup {
        /// The token of the one-time link.
        token: String,
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
        /// 10 to 256 bytes.
        password: String,
        /// Name of the organization.
        organization: Slug,
        /// Name of its first workspace.
        workspace: Slug,
    }
    /// `POST /auth/register`.
    request Register {
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
        /// 10 to 256 bytes.
        password: String,
        /// Name of the new organization; a workspace `main` is made in it.
        organization: Slug,
    }
    /// `POST /auth/login`.
    request Login {
        /// E-mail address.
        email: String,
        /// Password.
        password: String,
    }
    /// `POST /auth/oidc`: a sign-in at the provider was begun.
    answer SignInAddress {
        /// Where the browser goes; it comes back to `/sign-in/callback`.
        url: String,
    }
    /// `POST /auth/oidc/callback`: what the address has that the browser came back to.
    request FinishSignIn {
        /// What the hub sent along.
        state: String,
        /// What the hub gets the person's identity for; without it the provider has refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        code: Option<String>,
        /// The provider's name, where it says so (RFC 9207).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        iss: Option<String>,
    }
    /// `POST /auth/refresh` and `/auth/logout`; without a token the cookie counts.
    request Refresh {
        /// The newest refresh token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        refresh_token: Option<String>,
    }
    /// A signed-in session. The refresh token is also set as an HttpOnly cookie.
    answer Session {
        /// Bearer token for the API and `hello`.
        access_token: String,
        /// When the access token ends.
        expires_at: Timestamp,
        /// Makes the next session, once.
        refresh_token: String,
        /// Who is signed in.
        user: User,
    }
    /// A person.
    answer User {
        /// Id.
        id: UserId,
        /// E-mail address.
        email: String,
        /// Name to show.
        name: String,
    }
    /// `GET /me`: who asks, and what they can reach.
    answer Me {
        /// Person or agent.
        you: Sender,
        /// A person's e-mail address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        email: Option<String>,
        /// Whether they run this hub.
        #[serde(default)]
        operator: bool,
        /// Organizations with their workspaces.
        organizations: Vec<Organization>,
    }
    /// An organization as a member sees it.
    answer Organization {
        /// Id.
        id: OrganizationId,
        /// Name in URLs.
        slug: Slug,
        /// Name for people.
        name: String,
        /// Plan.
        plan: String,
        /// The asker's role: owner, admin, member or viewer (an agent: `agent`).
        role: String,
        /// Its workspaces.
        workspaces: Vec<Workspace>,
    }
}
