//! Further people of a test hub.

use super::server::PASSWORD;
use super::{Rest, TestServer};
use generic_corp_protocol::rest::{NewInviteLink, Registered, Session};
use serde_json::json;

impl TestServer {
    /// Somebody with an organization of their own, where registration is open.
    pub async fn register(&self, email: &str, organization: &str) -> Session {
        let new = json!({
            "email": email, "name": "Eve", "password": PASSWORD, "organization": organization,
        });
        let _: Registered = self.anybody().post("/auth/register", &new).await.ok();
        let login = json!({ "email": email, "password": PASSWORD });
        self.anybody().post("/auth/login", &login).await.ok()
    }

    /// Somebody who has joined the administrator's organization with this role.
    pub async fn member(&self, owner: &Rest, email: &str, role: &str) -> Session {
        let invites = "/organizations/main/invites";
        let made = owner.post(invites, &json!({ "role": role })).await;
        let made: NewInviteLink = made.ok();
        let accept = json!({
            "token": made.token, "email": email, "name": "Somebody", "password": PASSWORD,
        });
        self.anybody().post("/invites/accept", &accept).await.ok()
    }
}
