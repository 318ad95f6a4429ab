//! Keys that open some rooms, that take another's place, that fall with their maker; agents that are locked out.

use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::rest::{Agent, ApiKey, NewApiKeySecret, Room};
use generic_corp_protocol::{CloseCode, ErrorCode};
use serde_json::{Value, json};

async fn key(maker: &Rest, body: Value) -> NewApiKeySecret {
    maker.post("/workspaces/main/keys", &body).await.ok()
}

#[tokio::test]
async fn a_key_for_some_rooms_finds_no_others() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    hub.room("build-1").await;
    hub.room("secret").await;
    let rooms = json!({ "agent": "sable", "rooms": ["build-*"] });
    let made = key(&owner, rooms).await;
    let all = key(&owner, json!({ "agent": "sable" })).await;
    assert_eq!(made.key.rooms, ["build-*"]);
    let rest = hub.anybody().with_token(&made.secret);

    let shown: Vec<Room> = rest.get("/workspaces/main/rooms").await.ok();
    let names: Vec<&str> = shown.iter().map(|room| &*room.name).collect();
    assert_eq!(names, ["build-1"]);
    let secret = "/workspaces/main/rooms/secret";
    for path in ["", "/events", "/streams", "/live"] {
        let answer = rest.get(&format!("{secret}{path}")).await;
        assert_eq!(answer.code(), ErrorCode::NotFound, "{path}");
    }
    let said = rest
        .post(&format!("{secret}/events"), &json!({ "body": 1 }))
        .await;
    assert_eq!(said.code(), ErrorCode::NotFound);

    let mut free = hub.connect(&all.secret).await;
    let stream = free.open_stream("secret", "build").await;
    let mut socket = hub.connect(&made.secret).await;
    socket.join("build-1").await;
    socket.say("build-1", "hello").await;
    let own = socket.open_stream("build-1", "build").await;
    let append = |stream: &str| json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "x" });
    socket.request(append(&own)).await.expect("its own stream");
    // The same agent's stream, but in a room that this key does not open.
    for frame in [
        json!({ "type": "join", "room": "secret" }),
        json!({ "type": "history", "room": "secret" }),
        json!({ "type": "publish", "room": "secret", "body": 1 }),
        json!({ "type": "stream.open", "room": "secret", "name": "build" }),
        json!({ "type": "stream.read", "stream": stream }),
        append(&stream),
        json!({ "type": "cancel", "stream": stream }),
        json!({ "type": "stream.close", "stream": stream, "offset": 0, "outcome": "completed" }),
    ] {
        let refused = socket.request(frame.clone()).await.expect_err("refused");
        assert_eq!(refused.code, ErrorCode::NotFound, "{frame}");
    }
    let bytes = format!("/workspaces/main/streams/{stream}");
    for path in ["", "/bytes", "/live"] {
        let answer = rest.get(&format!("{bytes}{path}")).await;
        assert_eq!(answer.code(), ErrorCode::NotFound, "{path}");
    }
    for (path, body) in [
        ("/bytes?offset=0", json!("x")),
        ("/cancel", json!({})),
        ("/close", json!({ "offset": 0, "outcome": "completed" })),
    ] {
        let answer = rest.post(&format!("{bytes}{path}"), &body).await;
        assert_eq!(answer.code(), ErrorCode::NotFound, "{path}");
    }

    for unsound in [
        json!({ "agent": "sable", "rooms": ["*"] }),
        json!({ "agent": "sable", "rooms": ["A b"] }),
        json!({ "agent": "sable", "rooms": ["lobby"], "scopes": ["admin"] }),
    ] {
        let answer = owner.post("/workspaces/main/keys", &unsound).await;
        assert_eq!(answer.code(), ErrorCode::Invalid, "{unsound}");
    }
}

#[tokio::test]
async fn a_rotated_key_goes_on_beside_the_new_one_for_a_while() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let old = key(
        &owner,
        json!({ "agent": "sable", "scopes": ["read"], "rooms": ["lobby"] }),
    )
    .await;
    let rotate = format!("/workspaces/main/keys/{}/rotate", old.key.id);
    let new: NewApiKeySecret = owner.post(&rotate, &json!({})).await.ok();
    assert_ne!(new.secret, old.secret);
    assert_eq!(
        (&new.key.scopes, &new.key.rooms),
        (&old.key.scopes, &old.key.rooms)
    );
    let mut both = Vec::new();
    for secret in [&old.secret, &new.secret] {
        let mut socket = hub.connect(secret).await;
        socket.join("lobby").await;
        both.push(socket);
    }
    // And at once, where it leaked: the old one is closed, the new one stays.
    let at_once = json!({ "overlap_seconds": 0 });
    let _: NewApiKeySecret = owner.post(&rotate, &at_once).await.ok();
    assert_eq!(both[0].closed().await, CloseCode::Forbidden);
    both[1]
        .request(json!({ "type": "history", "room": "lobby" }))
        .await
        .expect("it goes on");
    eventually("the old key is refused", async || {
        let answer = hub.anybody().with_token(&old.secret).get("/me").await;
        (!answer.status.is_success()).then_some(())
    })
    .await;
    assert_eq!(
        owner.post(&rotate, &json!({})).await.code(),
        ErrorCode::NotFound
    );
    let long = json!({ "overlap_seconds": 2_592_001 });
    let rotate = format!("/workspaces/main/keys/{}/rotate", new.key.id);
    assert_eq!(owner.post(&rotate, &long).await.code(), ErrorCode::Invalid);
    // A weaker key does not turn itself into the stronger one.
    let weak = key(&owner, json!({ "agent": "sable", "scopes": ["admin"] })).await;
    let weak = hub.anybody().with_token(&weak.secret);
    assert_eq!(
        weak.post(&rotate, &json!({})).await.code(),
        ErrorCode::Forbidden
    );
}

#[tokio::test]
async fn a_key_does_no_more_than_its_maker_may_now() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let bob = hub.member(&owner, "bob@example.com", "admin").await;
    let bobs = hub.anybody().with_token(&bob.access_token);
    let made = key(
        &bobs,
        json!({ "agent": "sable", "scopes": ["read", "publish", "admin"] }),
    )
    .await;
    let rest = hub.anybody().with_token(&made.secret);
    // What the key makes is its maker's as well.
    let second = key(
        &rest,
        json!({ "agent": "sable", "scopes": ["read", "publish"] }),
    )
    .await;
    let mut sockets = [
        hub.connect(&made.secret).await,
        hub.connect(&second.secret).await,
    ];
    for socket in &mut sockets {
        socket.join("lobby").await;
        socket.say("lobby", "hello").await;
    }
    let member = format!("/organizations/main/members/{}", bob.user.id);
    owner.patch(&member, &json!({ "role": "viewer" })).await;
    let say = json!({ "type": "publish", "room": "lobby", "body": 1 });
    for socket in &mut sockets {
        let refused = eventually("the lower role counts for the key", async || {
            socket.request(say.clone()).await.err()
        });
        assert_eq!(refused.await.code, ErrorCode::Forbidden);
    }
    assert_eq!(owner.delete(&member).await.status.as_u16(), 204);
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, CloseCode::Forbidden);
    }
    eventually("the key is refused", async || {
        let answer = rest.get("/workspaces/main").await;
        (!answer.status.is_success()).then_some(())
    })
    .await;
    // Who takes the key over makes it their own.
    let keys: Vec<ApiKey> = owner.get("/workspaces/main/keys").await.ok();
    assert!(
        keys.iter()
            .all(|key| key.suspended == (key.created_by == Some(bob.user.id)))
    );
    let rotate = format!("/workspaces/main/keys/{}/rotate", second.key.id);
    let mine: NewApiKeySecret = owner.post(&rotate, &json!({})).await.ok();
    assert!(!mine.key.suspended);
    hub.connect(&mine.secret).await.join("lobby").await;
}

#[tokio::test]
async fn an_agent_that_is_locked_out_is_out_at_once() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let secret = hub.key("sable").await;
    let mut socket = hub.connect(&secret).await;
    socket.join("lobby").await;
    let agent = "/workspaces/main/agents/sable";
    let locked: Agent = owner.patch(agent, &json!({ "disabled": true })).await.ok();
    assert!(locked.disabled);
    assert_eq!(socket.closed().await, CloseCode::Forbidden);
    let rest = hub.anybody().with_token(&secret);
    eventually("the key is refused", async || {
        let answer = rest.get("/workspaces/main").await;
        (!answer.status.is_success()).then_some(())
    })
    .await;
    let back = json!({ "disabled": false, "title": "Builds" });
    let back: Agent = owner.patch(agent, &back).await.ok();
    assert_eq!((back.disabled, back.title.as_str()), (false, "Builds"));
    eventually("the key counts again", async || {
        rest.get("/workspaces/main")
            .await
            .status
            .is_success()
            .then_some(())
    })
    .await;
    let missing = owner
        .patch("/workspaces/main/agents/nobody", &json!({}))
        .await;
    assert_eq!(missing.code(), ErrorCode::NotFound);
}
