//! From a socket to somebody: by the `Authorization` header or by the first frame.

use super::close::Phase;
use super::registry::{Credential, Entry, Refused, Snapshot};
use super::session::Session;
use super::{Connection, Parts};
use crate::auth::Principal;
use crate::fanout::Worker;
use crate::telemetry::fault;
use crate::tenant::Scope;
use generic_corp_protocol::frame::{Hello, Limits, ServerInfo, Welcome};
use generic_corp_protocol::message::ClientInfo;
use generic_corp_protocol::{CloseCode, DecodeError, ErrorCode, ServerFrame, Timestamp, limit};
use std::fmt::Display;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

/// Who comes in over a socket that was authenticated by its header.
pub type Proven = (Principal, Scope);

/// Takes a socket in. `workspace` is the name in the path; with `proven` the conversation is open at once.
pub async fn admit(
    worker: &Rc<Worker>,
    parts: Rc<Parts>,
    workspace: String,
    address: Option<IpAddr>,
    proven: Option<Proven>,
) -> Rc<Connection> {
    let connection = worker.admit(|viewer| Connection::new(parts, viewer, workspace, address));
    if let Some((principal, scope)) = proven {
        connection.open(None, principal, scope, None, false).await;
    }
    connection
}

impl Connection {
    pub(super) fn hello(self: &Rc<Self>, frame: Hello) {
        let Hello {
            id,
            token,
            client,
            binary,
        } = frame;
        if let Some(client) = &client
            && [&client.name, &client.version]
                .iter()
                .any(|text| text.len() > limit::MAX_LABEL_BYTES)
        {
            let message = format!(
                "`client` has at most {} bytes a field",
                limit::MAX_LABEL_BYTES
            );
            // Counted: before somebody is known, no quota counts it.
            let code = ErrorCode::Invalid;
            return self.malformed(DecodeError { id, code, message });
        }
        let Some(token) = token else {
            return self.describe(id, client, binary);
        };
        self.busy.set(true);
        let connection = self.clone();
        actix_web::rt::spawn(async move {
            connection.prove(id, &token.0, client, binary).await;
            connection.resume();
        });
    }

    /// A later `hello` without a token: only says what the program is and takes.
    fn describe(&self, id: Option<String>, client: Option<ClientInfo>, binary: bool) {
        {
            let mut session = self.session.borrow_mut();
            let Some(session) = session.as_deref_mut() else {
                drop(session);
                let text =
                    "`hello` needs a `token` unless the `Authorization` header had it".to_owned();
                self.fail(id, ErrorCode::Unauthenticated, text, None, None);
                return self.close(CloseCode::Unauthenticated);
            };
            session.binary = binary;
            if client.is_some() {
                session.client.clone_from(&client);
                self.parts.registry.describe(self.id, client);
            }
        }
        self.tell_member();
        self.welcome(id);
    }

    async fn prove(
        self: &Rc<Self>,
        id: Option<String>,
        token: &str,
        client: Option<ClientInfo>,
        binary: bool,
    ) {
        let principal = match self.parts.auth.authenticate(token).await {
            Ok(principal) => principal,
            Err(error) => {
                let retry = error.retry_after().map(|wait| wait.as_millis() as u64);
                return self.refuse(id, error.code(), &error, retry);
            }
        };
        match self
            .parts
            .tenants
            .authorize(&principal, &self.workspace)
            .await
        {
            Ok(scope) if self.is_alive() => {
                let open = matches!(*self.phase.borrow(), Phase::Open);
                if open {
                    self.renew(id, principal, scope, client, binary);
                } else {
                    self.open(id, principal, scope, client, binary).await;
                }
            }
            Ok(_) => {}
            Err(error) => {
                let retry = error.retry_after().map(|wait| wait.as_millis() as u64);
                self.refuse(id, error.code(), &error, retry);
            }
        }
    }

    fn refuse(&self, id: Option<String>, code: ErrorCode, why: &dyn Display, retry: Option<u64>) {
        let close = match code {
            ErrorCode::NotFound | ErrorCode::Forbidden => CloseCode::Forbidden,
            ErrorCode::Internal => CloseCode::Internal,
            code if code.retryable() => CloseCode::TryAgainLater,
            _ => CloseCode::Unauthenticated,
        };
        metrics::counter!("generic_corp_auth_failures_total").increment(1);
        self.fail(id, code, fault::visible(code, why), retry, None);
        self.close(close);
    }

    fn renew(
        &self,
        id: Option<String>,
        principal: Principal,
        scope: Scope,
        client: Option<ClientInfo>,
        binary: bool,
    ) {
        {
            let mut session = self.session.borrow_mut();
            let Some(session) = session.as_deref_mut() else {
                return;
            };
            if session.scope.sender().id != scope.sender().id
                || session.scope.workspace() != scope.workspace()
            {
                let text = "a token can be renewed only for the same principal";
                return self.refuse(id, ErrorCode::InvalidToken, &text, None);
            }
            self.parts
                .registry
                .renew(self.id, Credential::from(&principal), scope.scopes());
            session.principal = principal;
            session.meter.change_plan(scope.plan());
            session.scope = scope;
            session.binary = binary;
            if client.is_some() {
                session.client.clone_from(&client);
                self.parts.registry.describe(self.id, client);
            }
        }
        self.welcome(id);
    }

    async fn open(
        &self,
        id: Option<String>,
        principal: Principal,
        scope: Scope,
        client: Option<ClientInfo>,
        binary: bool,
    ) {
        let session = Session::new(principal, scope, client, binary);
        let most = session.scope.plan().connections;
        let entry = Entry {
            organization: session.scope.organization(),
            workspace: session.scope.workspace(),
            sender: session.scope.sender().clone(),
            client: session.client.clone(),
            address: self.address,
            connected_at: self.connected_at,
            credential: Credential::from(&session.principal),
            scopes: session.scope.scopes(),
            mailbox: self.viewer.address(),
            snapshot: Snapshot {
                rooms: 0,
                streams: 0,
                messages_received: 0,
                bytes_received: 0,
                frames_sent: 0,
                rejected: 0,
                quota: session.meter.quota(Instant::now()),
            },
        };
        match self.parts.registry.insert(self.id, entry, most).await {
            Ok(()) if self.is_alive() => {}
            // It went while its seat was asked for.
            Ok(()) => return self.parts.registry.remove(self.id),
            Err(Refused::Full) => {
                let text = format!("the plan allows {most} connections at a time");
                self.fail(id, ErrorCode::LimitReached, text, None, None);
                return self.close(CloseCode::ConnectionLimit);
            }
            Err(Refused::Draining) => {
                let text = "the hub is stopping; connect again in a moment".to_owned();
                self.fail(id, ErrorCode::ShuttingDown, text, None, None);
                return self.close(CloseCode::ServiceRestart);
            }
        }
        *self.session.borrow_mut() = Some(Box::new(session));
        *self.phase.borrow_mut() = Phase::Open;
        self.welcome(id);
    }

    fn welcome(&self, id: Option<String>) {
        let session = self.session.borrow();
        let Some(session) = session.as_deref() else {
            return;
        };
        let options = &self.parts.options;
        let welcome = Welcome {
            id,
            connection: self.id,
            workspace: session.scope.workspace_ref().clone(),
            you: session.scope.sender().clone(),
            scopes: session.scope.scopes().names(),
            server: ServerInfo {
                version: env!("CARGO_PKG_VERSION").into(),
                node: options.node.clone(),
                time: Timestamp::now(),
            },
            heartbeat_ms: options.heartbeat.as_millis() as u64,
            limits: Limits {
                max_frame_bytes: limit::MAX_FRAME_BYTES as u32,
                max_append_bytes: limit::MAX_APPEND_BYTES as u32,
                max_rooms: limit::MAX_ROOMS_PER_CONNECTION as u32,
                max_streams: limit::MAX_STREAMS_PER_CONNECTION as u32,
                max_in_flight: limit::MAX_IN_FLIGHT as u32,
            },
            quota: session.meter.quota(Instant::now()),
            token_expires_at: session.principal.expires_at(),
        };
        self.viewer.send(&ServerFrame::Welcome(welcome));
    }
}
