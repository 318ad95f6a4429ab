//! What each path and each frame is asked with: enough to come past the permission table, and nothing that
//! would take away what the next one asks about.

use super::world::Place;
use serde_json::{Value, json};

/// A request's body.
pub enum Body {
    None,
    Json(Value),
    Bytes,
}

/// What a path is asked with.
pub struct Sample {
    pub query: &'static str,
    pub body: Body,
}

/// Frames and paths that are the same act.
pub const SAME_ACTS: &[(&str, &str, &str)] = &[
    ("join", "get", "/workspaces/{workspace}/rooms/{room}/live"),
    (
        "history",
        "get",
        "/workspaces/{workspace}/rooms/{room}/events",
    ),
    (
        "publish",
        "post",
        "/workspaces/{workspace}/rooms/{room}/events",
    ),
    (
        "stream.open",
        "post",
        "/workspaces/{workspace}/rooms/{room}/streams",
    ),
    (
        "stream.append",
        "post",
        "/workspaces/{workspace}/streams/{stream}/bytes",
    ),
    (
        "stream.close",
        "post",
        "/workspaces/{workspace}/streams/{stream}/close",
    ),
    (
        "stream.read",
        "get",
        "/workspaces/{workspace}/streams/{stream}/live",
    ),
    (
        "stream.read",
        "get",
        "/workspaces/{workspace}/streams/{stream}/bytes",
    ),
    (
        "stream.read",
        "get",
        "/workspaces/{workspace}/streams/{stream}/times",
    ),
    (
        "cancel",
        "post",
        "/workspaces/{workspace}/streams/{stream}/cancel",
    ),
];

/// The sample of a path; each row of the table needs one.
pub fn of_route(method: &str, path: &str) -> Sample {
    let json = |body| Sample {
        query: "",
        body: Body::Json(body),
    };
    let nothing = Sample {
        query: "",
        body: Body::None,
    };
    match (method, path) {
        ("get", "/workspaces/{workspace}/search") => Sample {
            query: "?q=hello",
            body: Body::None,
        },
        ("get" | "delete", _) => nothing,
        // Whether somebody is let in here is not the table's affair.
        (
            "post",
            "/setup"
            | "/auth/register"
            | "/auth/login"
            | "/auth/refresh"
            | "/auth/logout"
            | "/auth/confirm"
            | "/auth/oidc"
            | "/auth/oidc/callback"
            | "/auth/forgot"
            | "/auth/reset"
            | "/invites/show"
            | "/invites/accept",
        ) => json(json!({})),
        // Refused for what is missing, so that nobody's account is another afterwards.
        (
            "post",
            "/invites/join"
            | "/me/password"
            | "/organizations"
            | "/organizations/{organization}/members/{user}/reset"
            | "/billing/stripe"
            | "/organizations/{organization}/billing/checkout"
            | "/organizations/{organization}/billing/portal"
            | "/organizations/{organization}/webhooks/{webhook}/rotate"
            | "/organizations/{organization}/webhooks/{webhook}/test",
        ) => json(json!({})),
        ("post", "/organizations/{organization}/invites") => json(json!({ "role": "nobody" })),
        ("post", "/organizations/{organization}/webhooks") => {
            json(json!({ "kind": "fax", "url": "https://example.com" }))
        }
        ("patch", "/organizations/{organization}/webhooks/{webhook}") => {
            json(json!({ "disabled": true }))
        }
        ("patch", "/organizations/{organization}/limits") => json(json!({})),
        ("patch", "/me") => json(json!({ "name": "Somebody" })),
        ("post", "/organizations/{organization}/workspaces") => json(json!({ "slug": "main" })),
        ("patch", "/organizations/{organization}" | "/workspaces/{workspace}") => {
            json(json!({ "name": "Renamed" }))
        }
        ("patch", "/organizations/{organization}/members/{user}") => {
            json(json!({ "role": "viewer" }))
        }
        ("post", "/workspaces/{workspace}/rooms") => json(json!({ "name": "lobby" })),
        ("post", "/workspaces/{workspace}/agents") => json(json!({ "name": "sable" })),
        ("put", "/workspaces/{workspace}/members/{user}") => json(json!({ "role": "viewer" })),
        ("patch", "/workspaces/{workspace}/agents/{agent}") => json(json!({ "title": "Bot" })),
        ("post", "/workspaces/{workspace}/keys/{key}/rotate") => json(json!({})),
        ("post", "/workspaces/{workspace}/keys") => {
            json(json!({ "agent": "sable", "scopes": ["admin"] }))
        }
        ("post", "/workspaces/{workspace}/rooms/{room}/events") => {
            json(json!({ "body": { "text": "hello" } }))
        }
        ("post", "/workspaces/{workspace}/rooms/{room}/streams") => {
            json(json!({ "name": "build", "role": "stdout" }))
        }
        ("post", "/workspaces/{workspace}/streams/{stream}/bytes") => Sample {
            query: "?offset=0",
            body: Body::Bytes,
        },
        ("post", "/workspaces/{workspace}/streams/{stream}/close") => {
            json(json!({ "offset": 9, "outcome": "completed" }))
        }
        ("post", "/workspaces/{workspace}/streams/{stream}/cancel") => json(json!({})),
        _ => panic!("{method} {path} is a row of the table without a sample in the matrix test"),
    }
}

/// The sample of a frame; each type needs one.
pub fn of_frame(kind: &str, place: &Place) -> Value {
    let (room, stream) = (&place.room, &place.stream);
    let mut frame = match kind {
        "hello" => json!({ "client": { "name": "matrix", "version": "1" } }),
        "join" | "leave" | "history" => json!({ "room": room }),
        "publish" => json!({ "room": room, "body": 1 }),
        "stream.open" => json!({ "room": room, "name": "build" }),
        "stream.append" => json!({ "stream": stream, "offset": 0, "text": "x" }),
        "stream.close" => json!({ "stream": stream, "offset": 9, "outcome": "completed" }),
        "stream.read" | "cancel" => json!({ "stream": stream }),
        "presence" => json!({ "state": "busy" }),
        _ => panic!("{kind} is a type of frame without a sample in the matrix test"),
    };
    frame["type"] = json!(kind);
    frame
}
