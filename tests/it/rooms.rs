//! Joining rooms: where a viewer begins, what it gets, and what is not there for it.

use crate::support::{Socket, TestServer};
use generic_corp_protocol::{ErrorCode, Event, limit};
use serde_json::{Value, json};

fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

async fn with_events(hub: &TestServer, count: u64) -> Socket {
    let mut socket = hub.agent("writer").await;
    for n in 1..=count {
        assert_eq!(socket.say("lobby", &format!("message {n}")).await, n);
    }
    socket
}

#[tokio::test]
async fn a_join_begins_at_the_end_or_as_many_before_it_as_asked() {
    let hub = TestServer::start().await;
    let mut writer = with_events(&hub, 5).await;
    let mut fresh = hub.agent("fresh").await;
    let joined = fresh.join("lobby").await;
    assert_eq!((joined.head, joined.after, joined.recovered), (5, 5, false));
    assert!(!joined.epoch.is_empty());
    let mut tail = hub.agent("tail").await;
    let joined = tail.join_with(json!({ "room": "lobby", "tail": 2 })).await;
    assert_eq!((joined.head, joined.after, joined.recovered), (5, 3, false));
    assert_eq!(seqs(&tail.events(2).await), [4, 5]);
    let mut all = hub.agent("all").await;
    assert_eq!(
        all.join_with(json!({ "room": "lobby", "tail": 99 }))
            .await
            .after,
        0
    );
    assert_eq!(seqs(&all.events(5).await), [1, 2, 3, 4, 5]);

    assert_eq!(writer.say("lobby", "live").await, 6);
    for viewer in [&mut fresh, &mut tail, &mut all] {
        let event = viewer.event().await;
        assert_eq!(
            (event.seq, event.kind.as_str(), &*event.room),
            (6, "message", "lobby")
        );
        assert_eq!(event.body.get(), r#"{"text":"live"}"#);
        assert_eq!(event.sender.name, "writer");
    }
}

#[tokio::test]
async fn a_resume_gets_exactly_what_was_missed() {
    let hub = TestServer::start().await;
    let mut writer = with_events(&hub, 3).await;
    let key = hub.key("viewer").await;
    let mut viewer = hub.connect(&key).await;
    let joined = viewer.join("lobby").await;
    drop(viewer);
    for n in 4..=6 {
        writer.say("lobby", &format!("message {n}")).await;
    }
    let mut viewer = hub.connect(&key).await;
    let resume = json!({ "room": "lobby", "after": 3, "epoch": joined.epoch });
    let resumed = viewer.join_with(resume).await;
    assert_eq!(
        (resumed.head, resumed.after, resumed.recovered),
        (6, 3, true)
    );
    assert_eq!(seqs(&viewer.events(3).await), [4, 5, 6]);
    // With everything there already, nothing comes.
    let resume = json!({ "room": "lobby", "after": 6, "epoch": joined.epoch });
    let resumed = viewer.join_with(resume).await;
    assert_eq!((resumed.after, resumed.recovered), (6, true));
    writer.say("lobby", "next").await;
    assert_eq!(viewer.event().await.seq, 7);
}

#[tokio::test]
async fn a_resume_that_cannot_be_is_told_so_and_begins_as_a_first_join() {
    let hub = TestServer::start().await;
    with_events(&hub, 3).await;
    let mut viewer = hub.agent("viewer").await;
    let epoch = viewer.join("lobby").await.epoch;
    let wrong = json!({ "room": "lobby", "after": 1, "epoch": "another", "tail": 1 });
    let joined = viewer.join_with(wrong).await;
    assert_eq!(
        (joined.after, joined.recovered, &joined.epoch),
        (2, false, &epoch)
    );
    assert_eq!(viewer.event().await.seq, 3);
    let beyond = json!({ "room": "lobby", "after": 4, "epoch": epoch });
    let joined = viewer.join_with(beyond).await;
    assert_eq!((joined.after, joined.recovered), (3, false));
    let absurd = json!({ "type": "join", "room": "lobby", "after": 1_u64 << 53 });
    assert_eq!(viewer.refused(absurd).await.code, ErrorCode::Invalid);
    let negative = json!({ "type": "join", "room": "lobby", "after": -1 });
    assert_eq!(viewer.refused(negative).await.code, ErrorCode::InvalidFrame);
}

#[tokio::test]
async fn who_leaves_hears_nothing_more() {
    let hub = TestServer::start().await;
    hub.room("other").await;
    let mut writer = hub.agent("writer").await;
    let mut viewer = hub.agent("viewer").await;
    viewer.join("lobby").await;
    viewer.join("other").await;
    viewer
        .request(json!({ "type": "leave", "room": "lobby" }))
        .await
        .expect("left");
    writer.say("lobby", "unheard").await;
    writer.say("other", "heard").await;
    let event = viewer.event().await;
    assert_eq!((&*event.room, event.seq), ("other", 1));
    let again = viewer
        .refused(json!({ "type": "leave", "room": "lobby" }))
        .await;
    assert_eq!(again.code, ErrorCode::NotFound);
    let neither = viewer.refused(json!({ "type": "leave" })).await;
    assert_eq!(neither.code, ErrorCode::Invalid);
}

#[tokio::test]
async fn who_joins_twice_reads_from_the_new_place_and_once() {
    let hub = TestServer::start().await;
    let mut writer = with_events(&hub, 2).await;
    let mut viewer = hub.agent("viewer").await;
    viewer.join("lobby").await;
    let joined = viewer
        .join_with(json!({ "room": "lobby", "after": 0 }))
        .await;
    assert_eq!(
        (joined.after, joined.recovered, joined.member_count),
        (0, true, 1)
    );
    assert_eq!(seqs(&viewer.events(2).await), [1, 2]);
    writer.say("lobby", "once").await;
    assert_eq!(viewer.event().await.seq, 3);
    writer.say("lobby", "and on").await;
    assert_eq!(viewer.event().await.seq, 4, "not the third again");
}

#[tokio::test]
async fn a_connection_joins_a_hundred_rooms_and_no_more() {
    let hub = TestServer::start().await;
    let admin = hub.admin().await;
    for n in 0..=limit::MAX_ROOMS_PER_CONNECTION {
        let _: Value = admin
            .post(
                "/workspaces/main/rooms",
                &json!({ "name": format!("r{n}") }),
            )
            .await
            .ok();
    }
    let mut viewer = hub.agent("viewer").await;
    for n in 0..limit::MAX_ROOMS_PER_CONNECTION {
        viewer.join(&format!("r{n}")).await;
    }
    let beyond = json!({ "type": "join", "room": format!("r{}", limit::MAX_ROOMS_PER_CONNECTION) });
    assert_eq!(
        viewer.refused(beyond.clone()).await.code,
        ErrorCode::LimitReached
    );
    viewer.join("r0").await;
    viewer
        .request(json!({ "type": "leave", "room": "r0" }))
        .await
        .expect("left");
    viewer.join(beyond["room"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_foreign_room_is_a_missing_room_to_the_byte() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await;
    let session = hub.register("eve@example.com", "evil").await;
    let eve = hub.anybody().with_token(&session.access_token);
    let me: Value = eve.get("/me").await.ok();
    let workspace = &me["organizations"][0]["workspaces"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let room: Value = eve
        .post(
            &format!("/workspaces/{workspace}/rooms"),
            &json!({ "name": "secret" }),
        )
        .await
        .ok();
    let mut ours = hub.agent("bot").await;
    for make in [
        |room: &str| json!({ "type": "join", "room": room }),
        |room: &str| json!({ "type": "publish", "room": room, "body": 1 }),
        |room: &str| json!({ "type": "publish", "room": room, "body": 1, "ephemeral": true }),
        |room: &str| json!({ "type": "history", "room": room }),
        |room: &str| json!({ "type": "stream.open", "room": room, "name": "x" }),
    ] {
        let mut told = Vec::new();
        for name in ["secret", "absent"] {
            let mut error = ours.refused(make(name)).await;
            error.id = None;
            told.push(generic_corp_protocol::encode(&error));
        }
        assert!(told[0].contains("not_found"), "{}", told[0]);
        assert_eq!(told[0], told[1]);
    }
    // Nor is it there under its id.
    let by_id = json!({ "type": "join", "room": room["id"] });
    assert_eq!(ours.refused(by_id).await.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_key_without_the_scope_may_not() {
    let hub = TestServer::start().await;
    let reader = hub
        .key_with(json!({ "agent": "reader", "scopes": ["read"] }))
        .await;
    let mut reader = hub.connect(&reader).await;
    reader.join("lobby").await;
    for frame in [
        json!({ "type": "publish", "room": "lobby", "body": 1 }),
        json!({ "type": "publish", "room": "lobby", "body": 1, "ephemeral": true }),
        json!({ "type": "stream.open", "room": "lobby", "name": "x" }),
    ] {
        assert_eq!(reader.refused(frame).await.code, ErrorCode::Forbidden);
    }
    let writer = hub
        .key_with(json!({ "agent": "writer", "scopes": ["publish"] }))
        .await;
    let mut writer = hub.connect(&writer).await;
    assert_eq!(writer.say("lobby", "blind").await, 1);
    for frame in [
        json!({ "type": "join", "room": "lobby" }),
        json!({ "type": "history", "room": "lobby" }),
    ] {
        assert_eq!(writer.refused(frame).await.code, ErrorCode::Forbidden);
    }
    assert_eq!(reader.event().await.seq, 1);
}

#[tokio::test]
async fn two_viewers_on_different_workers_see_the_same() {
    let hub = TestServer::builder()
        .with("server.workers", 4)
        .start()
        .await;
    let mut writer = hub.agent("writer").await;
    let mut viewers = Vec::new();
    for n in 0..8 {
        let mut viewer = hub.agent(&format!("viewer-{n}")).await;
        viewer.join("lobby").await;
        viewers.push(viewer);
    }
    for n in 0..50 {
        writer
            .send(json!({ "type": "publish", "room": "lobby", "body": n }))
            .await;
    }
    for viewer in &mut viewers {
        let events = viewer.events(50).await;
        assert_eq!(seqs(&events), (1..=50).collect::<Vec<_>>());
        let bodies: Vec<u64> = events
            .iter()
            .map(|e| e.body.get().parse().unwrap())
            .collect();
        assert_eq!(
            bodies,
            (0..50).collect::<Vec<_>>(),
            "one sender's order is kept"
        );
    }
}

#[tokio::test]
async fn a_workspaces_room_list_tells_its_head() {
    let hub = TestServer::start().await;
    with_events(&hub, 2).await;
    let admin = hub.admin().await;
    let rooms: Vec<Value> = admin.get("/workspaces/main/rooms").await.ok();
    assert_eq!(
        (&rooms[0]["name"], &rooms[0]["head"]),
        (&json!("lobby"), &json!(2))
    );
    // Nothing is sent to somebody who has joined nothing.
    let mut idle = hub.agent("idle").await;
    assert!(idle.is_quiet().await);
}
