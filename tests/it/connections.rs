//! The list of live connections: what an operator sees of each, and who may see it.

use crate::support::socket::{handshake, with_token};
use crate::support::{Rest, Socket, TestServer, eventually, rest::Answer};
use generic_corp_protocol::rest::{Connection, Me, NewApiKeySecret};
use generic_corp_protocol::{ErrorCode, Timestamp};
use serde_json::{Value, json};

const LIST: &str = "/workspaces/main/connections";

async fn list(operator: &Rest) -> Vec<Connection> {
    operator.get(LIST).await.ok()
}

#[tokio::test]
async fn each_live_connection_is_listed_with_its_counters() {
    let plan = [("messages_per_second", 1), ("message_burst", 10)];
    let hub = TestServer::builder().with_plan(&plan).start().await;
    let operator = hub.admin().await;
    assert!(list(&operator).await.is_empty());
    let mut bot = hub.agent("bot").await;
    let client = json!({ "name": "deploy", "version": "1.2" });
    bot.send(json!({ "type": "hello", "client": client })).await;
    let welcome = bot.welcome().await;
    bot.join("lobby").await;
    let stream = bot.open_stream("lobby", "x").await;
    let _: Value = bot
        .ask(json!({ "type": "stream.read", "stream": stream }))
        .await;
    let publish = json!({ "type": "publish", "room": "lobby", "body": "0123456789" });
    bot.send(json!(vec![publish; 30])).await;
    bot.error().await;
    let _other = hub.agent("other").await;
    // The counters are told once a second.
    let shown = eventually("the counters are told", async || {
        let shown = list(&operator).await;
        (shown.len() == 2 && shown[0].rejected > 0 && shown[1].messages_received == 0)
            .then_some(shown)
    });
    let shown = shown.await;
    let of_bot = &shown[0];
    assert_eq!(of_bot.id, welcome.connection);
    assert_eq!(
        (&*of_bot.sender.name, &*of_bot.address),
        ("bot", "127.0.0.1")
    );
    assert_eq!(of_bot.client.as_ref().unwrap().name, "deploy");
    assert!((Timestamp::now().0 - of_bot.connected_at.0).abs() < 60_000);
    assert_eq!((of_bot.rooms, of_bot.streams), (1, 1));
    // Five messages, the last of which carried thirty frames; what was not refused counts in the hour.
    assert_eq!(of_bot.messages_received, 5);
    assert!(of_bot.bytes_received > 30 * 60, "{}", of_bot.bytes_received);
    assert!(of_bot.frames_sent > 30, "{}", of_bot.frames_sent);
    assert!((15..30).contains(&of_bot.rejected), "{}", of_bot.rejected);
    assert_eq!(of_bot.quota.messages_this_hour, 1 + 30 - of_bot.rejected);
    assert_eq!(
        (&*of_bot.quota.plan, of_bot.quota.message_burst),
        ("tested", 10)
    );
    let of_other = &shown[1];
    assert_eq!((&*of_other.sender.name, of_other.rejected), ("other", 0));
    bot.close().await;
    let left = eventually("who has gone is listed no more", async || {
        let shown = list(&operator).await;
        (shown.len() == 1).then_some(shown)
    });
    assert_eq!(left.await[0].sender.name, "other");
}

/// What is the same for two problems that must not differ.
fn told(answer: Answer) -> String {
    assert_eq!(answer.code(), ErrorCode::NotFound);
    answer.text()
}

#[tokio::test]
async fn another_workspaces_key_does_not_see_them() {
    let hub = TestServer::start().await;
    let operator = hub.admin().await;
    let me: Me = operator.get("/me").await.ok();
    let workspaces = format!("/organizations/{}/workspaces", me.organizations[0].id);
    let _: Value = operator
        .post(&workspaces, &json!({ "slug": "second" }))
        .await
        .ok();
    let body = json!({ "agent": "spy", "scopes": ["read", "publish", "stream", "admin"] });
    let made: NewApiKeySecret = operator.post("/workspaces/second/keys", &body).await.ok();
    let spy = hub.anybody().with_token(&made.secret);
    let _bot = hub.agent("bot").await;
    let own: Vec<Connection> = spy.get("/workspaces/second/connections").await.ok();
    assert!(own.is_empty(), "its own workspace has none");
    assert_eq!(
        told(spy.get(LIST).await),
        told(spy.get("/workspaces/absent/connections").await)
    );
    assert_eq!(list(&operator).await.len(), 1);
    // Nor does a key of the same workspace that is no operator's.
    let key = hub.anybody().with_token(&hub.key("bot").await);
    assert_eq!(key.get(LIST).await.code(), ErrorCode::Forbidden);
}

#[tokio::test]
async fn who_comes_through_a_trusted_proxy_is_known_by_the_address_it_names() {
    for (trusted, address) in [("127.0.0.1", "203.0.113.9"), ("10.0.0.0/8", "127.0.0.1")] {
        let hub = TestServer::builder().with("server.trusted_proxies", trusted);
        let hub = hub.start().await;
        let mut request = with_token(handshake(hub.address), &hub.key("bot").await);
        let forwarded = "198.51.100.1, 203.0.113.9".parse().expect("a value");
        request.headers_mut().insert("x-forwarded-for", forwarded);
        let mut socket = Socket::open(hub.address, request).await.expect("opened");
        socket.welcome().await;
        let operator = hub.admin().await;
        eventually("it is listed", async || {
            let shown = list(&operator).await;
            shown
                .first()
                .map(|shown| assert_eq!(shown.address, address))
        })
        .await;
    }
}
