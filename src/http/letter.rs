//! What the hub writes to people. Each letter says why it came, and what to do when one did not ask for it.

use crate::mail::Letter;
use generic_corp_protocol::rest::Invite;

/// With an invite.
pub(super) fn invite(to: &str, invite: &Invite, organization: &str, link: &str) -> Letter {
    let (by, role) = (&invite.made_by, &invite.role);
    Letter {
        to: to.to_owned(),
        subject: format!("{by} invites you to {organization}"),
        text: format!(
            "{by} invites you to the organization {organization}, as {role}.\n\n\
             Accept it here, within the next days; the link works once:\n{link}\n\n\
             If you do not know what this is about, do nothing.\n"
        ),
    }
}

/// With a link to a new password.
pub(super) fn reset(to: &str, link: &str) -> Letter {
    Letter {
        to: to.to_owned(),
        subject: "A new password".to_owned(),
        text: format!(
            "Somebody asked for a new password for this address.\n\n\
             Set it here, within the next hour; the link works once:\n{link}\n\n\
             If that was not you, do nothing: your password stays what it is.\n"
        ),
    }
}

/// To confirm an address.
pub(super) fn confirm(to: &str, link: &str) -> Letter {
    Letter {
        to: to.to_owned(),
        subject: "Confirm your address".to_owned(),
        text: format!(
            "Somebody makes an account with this address.\n\n\
             If that was you, finish it here, within a day:\n{link}\n\n\
             If not, do nothing: without the link no account is made.\n"
        ),
    }
}

/// To one who has an account and registers again.
pub(super) fn known(to: &str, hub: &str) -> Letter {
    Letter {
        to: to.to_owned(),
        subject: "You have an account".to_owned(),
        text: format!(
            "Somebody tried to make an account with this address, which has one.\n\n\
             If that was you, sign in, or have a new password sent to you:\n{hub}/sign-in\n\n\
             If not, do nothing: nothing was changed.\n"
        ),
    }
}
