//! One-time links, and where they lead.

use super::Options;

/// The pages of the dashboard that a link leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Page {
    /// Joins an organization.
    Invite,
    /// Sets a new password.
    Reset,
    /// Finishes an account.
    Confirm,
}

/// The link of a token, which stands behind the `#`: it reaches no server's log. A whole address where the hub
/// knows its own; what a request says of its host is believed by no link.
pub(super) fn link(options: &Options, page: Page, token: &str) -> String {
    let path = match page {
        Page::Invite => "invite",
        Page::Reset => "reset",
        Page::Confirm => "confirm",
    };
    format!("{}/{path}#{token}", options.public_url)
}
