//! Viewers whose events are no longer in memory: the store gives them, page by page, and none is lost.

use crate::support::{Received, TestServer, eventually};
use generic_corp_protocol::ServerFrame;
use serde_json::json;
use std::collections::BTreeMap;

/// More than the kernel takes for a viewer that does not read.
const ROOMS: u64 = 6;
const EVENTS: u64 = 640;

#[tokio::test]
async fn a_viewer_that_reads_late_loses_nothing_of_many_rooms_at_once() {
    let hub = TestServer::builder()
        .with("log.hot_tail_bytes", 1)
        .start()
        .await;
    let mut writer = hub.agent("writer").await;
    let mut epochs = BTreeMap::new();
    for room in 1..=ROOMS {
        let room = format!("room-{room}");
        hub.room(&room).await;
        epochs.insert(room.clone(), writer.join(&room).await.epoch);
        let body = json!({ "text": "x".repeat(600) });
        let publish = json!({ "type": "publish", "room": room, "body": body });
        for _ in 0..EVENTS / 64 {
            writer.send(json!(vec![&publish; 64])).await;
        }
        writer.events(EVENTS as usize).await;
    }

    let mut viewer = hub.agent("viewer").await;
    let joins = epochs
        .iter()
        .map(|(room, epoch)| json!({ "type": "join", "room": room, "after": 0, "epoch": epoch }));
    viewer.send(joins.collect()).await;
    // The store answers for one room after the other, while nothing is taken.
    let admin = hub.admin().await;
    eventually("the hub has sent what the kernel takes", async || {
        let path = "/workspaces/main/connections";
        let connections: Vec<serde_json::Value> = admin.get(path).await.ok();
        let mut viewers = connections.iter();
        let viewer = viewers.find(|connection| connection["sender"]["name"] == "viewer")?;
        (viewer["frames_sent"].as_u64()? > 100).then_some(())
    })
    .await;

    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    while seen.values().sum::<u64>() < ROOMS * EVENTS {
        if let Received::Frame(ServerFrame::Event(event)) = viewer.next().await {
            let seen = seen.entry(event.room.to_string()).or_default();
            assert_eq!(event.seq, *seen + 1, "in {}", event.room);
            *seen = event.seq;
        }
    }
}
