//! The Rust client over kills: a program that publishes and streams, and one that watches, know of none.

use super::outcome;
use super::publisher::Sent;
use super::truth::Truth;
use super::viewer::Seen;
use crate::support::{TestServer, eventually};
use generic_corp_client::{Client, ReadFrom, RoomItem, State};
use generic_corp_protocol::{StreamId, StreamOutcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The client waits longer after each kill, so these are few.
const KILLS: usize = 4;
const ROOM: &str = "lobby";
/// Programs on one client.
const SPEAKERS: u64 = 4;

#[derive(Default)]
struct Run {
    over: AtomicBool,
    acks: AtomicU64,
}

impl Run {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::SeqCst)
    }
}

async fn connect(hub: &TestServer, agent: &str) -> Client {
    let client = Client::builder(hub.url(""), "main").token(hub.key(agent).await);
    client.connect().await.expect("connected")
}

async fn speak(client: Client, run: Arc<Run>, speaker: u64) -> Vec<Sent> {
    let mut sent = Vec::new();
    while run.goes_on() {
        let (text, key) = (sent.len().to_string(), format!("{speaker}-{}", sent.len()));
        let published = client.say(ROOM, &text).key(&key).await.expect("published");
        run.acks.fetch_add(1, Ordering::SeqCst);
        let (body, seq) = (json!({ "text": text }), published.seq.expect("a seq"));
        sent.push(Sent {
            room: ROOM,
            key,
            body,
            seq,
        });
    }
    sent
}

async fn stream(client: Client, run: Arc<Run>) -> BTreeMap<StreamId, Vec<u8>> {
    let mut writer = client.open_stream(ROOM, "counting").await.expect("opened");
    let mut written = Vec::new();
    let mut number = 0_u64;
    while run.goes_on() {
        let line = format!("{number}\n").repeat(40);
        writer.write(line.as_bytes()).await.expect("written");
        written.extend_from_slice(line.as_bytes());
        number += 1;
        // Ahead of its acks, but not by much: the hub shall be killed while bytes are on their way.
        if number.is_multiple_of(8) {
            writer.flush().await.expect("stored");
            run.acks.fetch_add(1, Ordering::SeqCst);
        }
    }
    let id = writer.stream();
    writer
        .close(StreamOutcome::Completed, Some(0))
        .await
        .expect("closed");
    BTreeMap::from([(id, written)])
}

/// Watches the room until the stream has ended and everything up to `head` has come.
async fn watch(client: Client, mut head: tokio::sync::watch::Receiver<u64>) -> Seen {
    let mut room = client.join(ROOM).tail(100).await.expect("joined");
    let mut seen = Seen::default();
    let mut reading = None;
    while seen.position(ROOM) != *head.borrow_and_update() {
        let item = tokio::select! {
            item = room.next() => item.expect("an item"),
            _ = head.changed() => continue,
        };
        match item {
            RoomItem::Event(event) => {
                if event.kind == "stream.opened" {
                    let body: Value = serde_json::from_str(event.body.get()).expect("JSON");
                    let id = serde_json::from_value(body["stream"].clone()).expect("an id");
                    let reader = client
                        .read_stream(id, ReadFrom::Offset(0))
                        .await
                        .expect("read");
                    reading = Some((id, tokio::spawn(read(reader))));
                }
                seen.event(event);
            }
            RoomItem::Presence(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }
    let (id, reading) = reading.expect("a stream");
    seen.streams
        .insert(id, (outcome("a reader", reading).await, true));
    seen
}

async fn read(mut reader: generic_corp_client::StreamReader) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(chunk) = reader.next().await.expect("a chunk") {
        assert_eq!(chunk.offset, bytes.len() as u64);
        bytes.extend_from_slice(&chunk.bytes);
    }
    bytes
}

#[tokio::test]
async fn programs_on_the_rust_client_do_not_notice() {
    let mut hub = TestServer::builder()
        .with_fixed_port()
        .with_plan(&[])
        .start()
        .await;
    hub.room(super::ROOMS[1]).await;
    let (worker, viewer) = (connect(&hub, "worker").await, connect(&hub, "viewer").await);
    let run = Arc::new(Run::default());
    let head = tokio::sync::watch::Sender::new(u64::MAX);
    let watching = tokio::spawn(watch(viewer.clone(), head.subscribe()));
    let speakers: Vec<_> = (0..SPEAKERS)
        .map(|speaker| tokio::spawn(speak(worker.clone(), run.clone(), speaker)))
        .collect();
    let streaming = tokio::spawn(stream(worker.clone(), run.clone()));
    for kill in 0..=KILLS {
        let begun = run.acks.load(Ordering::SeqCst);
        eventually("both are back and work", async || {
            let live = |client: &Client| matches!(*client.states().borrow(), State::Live);
            let works = run.acks.load(Ordering::SeqCst) > begun + 50;
            (live(&worker) && live(&viewer) && works).then_some(())
        })
        .await;
        if kill < KILLS {
            hub.kill().await;
            hub.restart().await;
        }
    }
    run.over.store(true, Ordering::SeqCst);
    let mut sent = Vec::new();
    for speaker in speakers {
        sent.extend(outcome("a speaker", speaker).await);
    }
    let streams = outcome("a stream", streaming).await;
    let truth = Truth::read(&hub).await;
    truth.must_hold(&sent, &streams);
    head.send_replace(truth.heads()[ROOM]);
    truth.must_equal("the viewer", &outcome("a viewer", watching).await);
}
