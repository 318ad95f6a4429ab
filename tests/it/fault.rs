//! Faults of the hub: the asker gets a reference, the log has the cause.

use crate::support::TestServer;
use generic_corp_protocol::ErrorCode;
use serde_json::json;

/// The reference that a message ends with.
fn reference(message: &str) -> &str {
    message.rsplit(' ').next().expect("a message")
}

#[tokio::test]
async fn a_fault_is_told_by_a_reference_that_the_log_has() {
    let hub = TestServer::builder().on_sqlite().start().await;
    let mut bot = hub.agent("bot").await;
    let admin = hub.admin().await;
    let database = rusqlite::Connection::open(hub.database()).expect("the database opens");
    database
        .execute_batch("ALTER TABLE events RENAME TO elsewhere")
        .expect("renamed");

    let history = json!({ "type": "history", "room": "lobby" });
    let over_socket = bot.refused(history).await;
    let over_http = admin
        .get("/workspaces/main/rooms/lobby/events")
        .await
        .problem();
    assert_eq!(
        (over_socket.code, over_http.code),
        (ErrorCode::Internal, ErrorCode::Internal)
    );
    for message in [over_socket.message, over_http.detail] {
        assert!(!message.contains("elsewhere") && !message.contains("events"));
        let reference = reference(&message);
        let log = hub.log();
        let line = log.lines().find(|line| line.contains(reference));
        assert!(
            line.is_some_and(|line| line.contains("no such table")),
            "{message}: {log}"
        );
    }
}
