//! What a plan keeps no longer goes, what was deleted goes, and whoever asks for it is told.

use crate::support::database::{execute, number};
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::frame::HistoryPage;
use serde_json::{Value, json};

const STORED: &str =
    "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM usage WHERE meter = 'stored_bytes'";

async fn hub() -> TestServer {
    TestServer::builder()
        .with_plan(&[("retention_days", 1)])
        .with("log.sweep_seconds", 1)
        .start()
        .await
}

async fn page(rest: &Rest, query: &str) -> HistoryPage {
    let path = format!("/workspaces/main/rooms/lobby/events{query}");
    rest.get(&path).await.ok()
}

#[tokio::test]
async fn what_is_older_than_the_plan_keeps_goes_and_a_resume_from_there_is_told() {
    let hub = hub().await;
    let owner = hub.admin().await;
    let mut bot = hub.agent("sable").await;
    bot.join("lobby").await;
    let old = bot.open_stream("lobby", "build").await;
    let open = bot.open_stream("lobby", "serve").await;
    for stream in [&old, &open] {
        bot.request(json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "x" }))
            .await
            .expect("appended");
    }
    let close =
        json!({ "type": "stream.close", "stream": old, "offset": 1, "outcome": "completed" });
    bot.request(close).await.expect("closed");
    // More than one step removes.
    for _ in 0..1100 {
        bot.say("lobby", "old").await;
    }
    let until = bot.say("lobby", "the last old one").await;
    let kept = bot.say("lobby", "new").await;
    let before = number(&hub.database(), STORED).await;
    execute(
        &hub.database(),
        "UPDATE events SET time = time - 172800000 WHERE seq < (SELECT MAX(seq) FROM events)",
    )
    .await
    .expect("aged");
    execute(
        &hub.database(),
        "UPDATE streams SET closed_at = closed_at - 172800000",
    )
    .await
    .expect("aged");

    let first = eventually("the old events are gone", async || {
        let page = page(&owner, "?after=0").await;
        (page.oldest == kept).then_some(page)
    })
    .await;
    assert_eq!(first.events[0].seq, kept);
    let earlier = page(&owner, &format!("?before={kept}")).await;
    assert!(earlier.events.is_empty() && !earlier.more);
    let stream = format!("/workspaces/main/streams/{old}");
    eventually("the old stream is gone", async || {
        let answer = owner.get(&stream).await;
        (answer.status.as_u16() == 404).then_some(())
    })
    .await;
    for path in ["/bytes", "/live"] {
        let answer = owner.get(&format!("{stream}{path}")).await;
        assert_eq!(answer.code(), ErrorCode::NotFound, "{path}");
    }
    // What is being written stays, however old.
    let _: Value = owner
        .get(&format!("/workspaces/main/streams/{open}"))
        .await
        .ok();

    let mut viewer = hub.agent("viewer").await;
    let epoch = first.epoch;
    for (after, recovered) in [(1, false), (until - 1, false), (until, true), (kept, true)] {
        let join = json!({ "type": "join", "room": "lobby", "after": after, "epoch": epoch });
        let joined = viewer.join_with(join).await;
        assert_eq!(joined.recovered, recovered, "{after}");
    }
    let joined = viewer
        .join_with(json!({ "type": "join", "room": "lobby", "tail": 50 }))
        .await;
    assert_eq!(joined.after, until);
    assert_eq!(viewer.event().await.seq, kept);

    let left = "SELECT CAST(SUM(octet_length(body)) + 1 AS BIGINT) FROM events";
    eventually("what is stored is what is left", async || {
        let stored = number(&hub.database(), STORED).await;
        let left = number(&hub.database(), left).await;
        (stored == left && stored < before).then_some(())
    })
    .await;
    let rows = "SELECT COUNT(*) FROM stream_chunks";
    eventually("the bytes are gone", async || {
        (number(&hub.database(), rows).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_deleted_is_removed_to_the_last_row() {
    let hub = hub().await;
    let owner = hub.admin().await;
    let mut bot = hub.agent("sable").await;
    bot.join("lobby").await;
    for name in ["one", "two"] {
        let stream = bot.open_stream("lobby", name).await;
        let append = json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "x" });
        bot.request(append).await.expect("appended");
        bot.say("lobby", "hello").await;
    }
    let sure = "/organizations/main?confirm=main";
    assert_eq!(owner.delete(sure).await.status.as_u16(), 204);
    for statement in [
        "UPDATE workspaces SET deleted_at = 1",
        "UPDATE organizations SET deleted_at = 1",
    ] {
        assert_eq!(execute(&hub.database(), statement).await.expect("aged"), 1);
    }
    let rows = "SELECT (SELECT COUNT(*) FROM organizations) + (SELECT COUNT(*) FROM workspaces)
        + (SELECT COUNT(*) FROM rooms) + (SELECT COUNT(*) FROM agents)
        + (SELECT COUNT(*) FROM api_keys) + (SELECT COUNT(*) FROM events)
        + (SELECT COUNT(*) FROM streams) + (SELECT COUNT(*) FROM stream_chunks)";
    eventually("every row is gone", async || {
        (number(&hub.database(), rows).await == 0).then_some(())
    })
    .await;
    assert_eq!(number(&hub.database(), STORED).await, 0);
    let messages = "SELECT CAST(SUM(amount) AS BIGINT) FROM usage WHERE meter = 'messages'";
    assert_eq!(number(&hub.database(), messages).await, 2);
}
