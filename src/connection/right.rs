//! The permission table of frames: what each needs in the workspace. The same act over HTTP has the same row
//! (`http/routes.rs`).

use super::Connection;
use crate::telemetry::fault;
use crate::tenant::{Permission, Scope};
use generic_corp_protocol::{ClientFrame, ErrorCode};

/// What a frame needs. A new one does not compile without a row here.
pub fn needed(frame: &ClientFrame) -> Permission {
    match frame {
        ClientFrame::Hello(_) => Permission::Anyone,
        // Both concern only what the connection has joined.
        ClientFrame::Leave(_) | ClientFrame::Presence(_) => Permission::Known,
        ClientFrame::Join(_) | ClientFrame::History(_) | ClientFrame::StreamRead(_) => {
            Permission::Read
        }
        ClientFrame::Publish(_) | ClientFrame::Cancel(_) => Permission::Publish,
        ClientFrame::StreamOpen(_) | ClientFrame::StreamAppend(_) | ClientFrame::StreamClose(_) => {
            Permission::Stream
        }
    }
}

impl Connection {
    /// A role or a key has changed: from the next frame on the new scopes count.
    pub(super) fn take_rights(&self) {
        let Some(scopes) = self.parts.registry.scopes(self.id) else {
            return;
        };
        if let Some(session) = self.session.borrow_mut().as_deref_mut() {
            session.scope = session.scope.with_scopes(scopes);
        }
    }

    /// Whether the scope allows this; else the client is told.
    pub(super) fn allows(&self, scope: &Scope, needed: Permission, id: Option<&str>) -> bool {
        let Err(error) = scope.require(needed) else {
            return true;
        };
        let code = ErrorCode::Forbidden;
        self.fail(
            id.map(Into::into),
            code,
            fault::visible(code, &error),
            None,
            None,
        );
        false
    }
}
