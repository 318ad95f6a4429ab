//! Who is in a room and what they say they are doing.

use crate::support::{Received, Socket, TestServer};
use generic_corp_protocol::frame::PresenceChange;
use generic_corp_protocol::{ErrorCode, ServerFrame};
use serde_json::json;

async fn change(viewer: &mut Socket, what: impl Fn(&PresenceChange) -> bool) -> PresenceChange {
    viewer
        .pick("a change of presence", |received| match received {
            Received::Frame(ServerFrame::Presence(change)) if what(&change) => Ok(change),
            other => Err(other),
        })
        .await
}

#[tokio::test]
async fn others_see_who_comes_changes_and_goes() {
    let hub = TestServer::start().await;
    let mut viewer = hub.agent("viewer").await;
    let alone = viewer.join("lobby").await;
    assert_eq!((alone.members.len(), alone.member_count), (1, 1));
    assert_eq!(alone.members[0].sender.name, "viewer");

    let mut bot = hub.agent("bot").await;
    let client = json!({ "name": "deploy", "version": "1.2" });
    bot.send(json!({ "type": "hello", "client": client })).await;
    let joined = bot.join("lobby").await;
    assert_eq!(joined.member_count, 2);
    let came = change(&mut viewer, |change| change.member_count == 2).await;
    let member = came
        .changed
        .iter()
        .find(|member| member.sender.name == "bot")
        .expect("the bot");
    assert_eq!((member.state.as_str(), &member.text), ("online", &None));
    assert_eq!(member.client.as_ref().unwrap().name, "deploy");
    assert_eq!((&*came.room, came.left.len()), ("lobby", 0));
    let connection = member.connection;

    let frame = json!({ "type": "presence", "state": "running", "text": "cargo test" });
    bot.request(frame).await.expect("said");
    let said = change(&mut viewer, |change| !change.changed.is_empty()).await;
    let said = said
        .changed
        .iter()
        .find(|member| member.connection == connection)
        .unwrap();
    assert_eq!(
        (said.state.as_str(), said.text.as_deref()),
        ("running", Some("cargo test"))
    );
    assert_eq!(said.since, member.since, "it has not come anew");
    let again = bot.join_with(json!({ "room": "lobby", "after": 0 })).await;
    let itself = again
        .members
        .iter()
        .find(|member| member.connection == connection);
    assert_eq!(itself.unwrap().since, member.since, "nor by joining again");

    bot.request(json!({ "type": "leave", "room": "lobby" }))
        .await
        .expect("left");
    let went = change(&mut viewer, |change| change.member_count == 1).await;
    assert_eq!(went.left, [connection]);

    bot.join("lobby").await;
    let back = change(&mut viewer, |change| change.member_count == 2).await;
    assert_eq!(
        back.changed[0].state, "running",
        "what it said holds for every room"
    );
    drop(bot);
    let gone = change(&mut viewer, |change| change.member_count == 1).await;
    assert_eq!(gone.left, [connection], "a lost connection is no member");
}

#[tokio::test]
async fn one_agent_with_two_connections_is_there_twice() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let (mut one, mut two) = (hub.connect(&key).await, hub.connect(&key).await);
    one.join("lobby").await;
    // On another node the first may be heard of a moment later.
    if two.join("lobby").await.member_count != 2 {
        change(&mut two, |change| change.member_count == 2).await;
    }
    // Who comes and goes between two changes is told to nobody.
    change(&mut one, |change| change.member_count == 2).await;
    drop(two);
    change(&mut one, |change| {
        change.member_count == 1 && change.left.len() == 1
    })
    .await;
}

#[tokio::test]
async fn who_is_elsewhere_is_not_told() {
    let hub = TestServer::start().await;
    hub.room("other").await;
    let (mut here, mut there) = (hub.agent("here").await, hub.agent("there").await);
    here.join("lobby").await;
    there.join("other").await;
    let frame = json!({ "type": "presence", "state": "idle" });
    there.request(frame).await.expect("said");
    // Whatever was to be told about `other` is told before its own news come back.
    change(&mut there, |change| {
        change.changed.iter().any(|member| member.state == "idle")
    })
    .await;
    assert_eq!(here.join("lobby").await.member_count, 1);
}

#[tokio::test]
async fn a_state_is_short_and_plain() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    for (state, text) in [
        ("", "x".to_owned()),
        (&"s".repeat(65), String::new()),
        ("a\u{7}b", String::new()),
        ("fine", "t".repeat(257)),
        ("fine", "line\nbreak".to_owned()),
    ] {
        let frame = json!({ "type": "presence", "state": state, "text": text });
        assert_eq!(
            bot.refused(frame).await.code,
            ErrorCode::Invalid,
            "{state:?} {text:?}"
        );
    }
}
