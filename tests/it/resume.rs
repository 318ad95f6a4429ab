//! A database that was put back from a backup, or is gone: viewers and producers that know another
//! history are told so, and never given what only looks like theirs.

use crate::support::{Received, Rest, Socket, TestServer, eventually};
use generic_corp_client::{Client, RoomItem};
use generic_corp_protocol::frame::{Joined, StreamOpened};
use generic_corp_protocol::{ErrorCode, ServerFrame, StreamId, StreamInfo, StreamState};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A consistent copy, as `sqlite3 hub.db "VACUUM INTO 'backup.db'"` makes it.
fn back_up(hub: &TestServer, name: &str) -> PathBuf {
    let copy = hub.folder().join(name);
    let file = rusqlite::Connection::open(hub.database()).expect("opens");
    let copied = file.execute("VACUUM INTO $1", [copy.display().to_string()]);
    copied.expect("copied");
    copy
}

fn remove(database: &Path, ends: &[&str]) {
    for end in ends {
        // Some are there only while a hub runs.
        let _ = std::fs::remove_file(format!("{}{end}", database.display()));
    }
}

/// Puts a copy in the place of the database, while the hub is down.
fn put_back(hub: &TestServer, copy: &Path) {
    remove(&hub.database(), &["-wal", "-shm"]);
    std::fs::copy(copy, hub.database()).expect("copied");
}

async fn say(hub: &TestServer, key: &str, texts: &[&str]) {
    let mut bot = hub.connect(key).await;
    for text in texts {
        bot.say("lobby", text).await;
    }
}

async fn resume(hub: &TestServer, key: &str, after: u64, epoch: &str) -> (Socket, Joined) {
    let mut viewer = hub.connect(key).await;
    let frame = json!({ "room": "lobby", "after": after, "epoch": epoch, "tail": 2 });
    let joined = viewer.join_with(frame).await;
    (viewer, joined)
}

#[tokio::test]
async fn a_log_that_was_put_back_is_another_one_however_far_it_grows() {
    let mut hub = TestServer::builder()
        .on_sqlite()
        .with_fixed_port()
        .start()
        .await;
    let (key, viewer) = (hub.key("bot").await, hub.key("viewer").await);
    say(&hub, &key, &["one", "two", "three"]).await;
    let copy = back_up(&hub, "monday.db");
    say(&hub, &key, &["four", "five", "six"]).await;
    let later = back_up(&hub, "tuesday.db");
    say(&hub, &key, &["seven"]).await;
    let (_, joined) = resume(&hub, &viewer, 7, &hub_epoch(&hub, &viewer).await).await;
    assert!(joined.recovered);
    let old = joined.epoch;

    hub.kill().await;
    put_back(&hub, &copy);
    hub.restart().await;
    let (mut socket, joined) = resume(&hub, &viewer, 7, &old).await;
    assert_eq!((joined.head, joined.after, joined.recovered), (3, 1, false));
    assert_ne!(joined.epoch, old);
    assert_eq!(socket.events(2).await[1].body.get(), r#"{"text":"three"}"#);
    // Grown past the old position, with another history.
    say(&hub, &key, &["IV", "V", "VI", "VII", "VIII"]).await;
    for after in [2, 7] {
        let (_, again) = resume(&hub, &viewer, after, &old).await;
        assert_eq!(
            (again.head, again.recovered, &again.epoch),
            (8, false, &joined.epoch)
        );
    }
    assert!(
        hub.log()
            .contains("not known to be the one that was served last")
    );
    let (_, same) = resume(&hub, &viewer, 7, &joined.epoch).await;
    assert!(same.recovered, "positions of the new log count");

    // The other copy of the same past is further on, but not as far as what was served since.
    hub.kill().await;
    put_back(&hub, &later);
    hub.restart().await;
    for epoch in [&old, &joined.epoch] {
        let (_, again) = resume(&hub, &viewer, 5, epoch).await;
        assert_eq!((again.head, again.recovered), (6, false));
    }
}

async fn hub_epoch(hub: &TestServer, key: &str) -> String {
    hub.connect(key).await.join("lobby").await.epoch
}

#[tokio::test]
async fn an_ordinary_restart_keeps_the_log_and_a_copy_elsewhere_does_not() {
    let mut hub = TestServer::builder()
        .on_sqlite()
        .with_fixed_port()
        .start()
        .await;
    let key = hub.key("bot").await;
    say(&hub, &key, &["one"]).await;
    let epoch = hub_epoch(&hub, &key).await;
    hub.terminate();
    hub.ended().await;
    hub.restart().await;
    hub.kill().await;
    hub.restart().await;
    assert_eq!(hub_epoch(&hub, &key).await, epoch);
    // A copy of the database alone, as on another machine: how old it is cannot be known.
    let copy = back_up(&hub, "copy.db");
    hub.kill().await;
    put_back(&hub, &copy);
    remove(&hub.database(), &[".lock"]);
    hub.restart().await;
    let (_, joined) = resume(&hub, &key, 1, &epoch).await;
    assert!(!joined.recovered && joined.epoch != epoch);
    let epoch = joined.epoch;
    hub.restart().await;
    assert_eq!(
        hub_epoch(&hub, &key).await,
        epoch,
        "it is known from then on"
    );
}

#[tokio::test]
async fn a_log_that_is_gone_is_not_the_new_one_of_the_same_name() {
    let mut hub = TestServer::builder()
        .on_sqlite()
        .with_fixed_port()
        .start()
        .await;
    let key = hub.key("bot").await;
    say(&hub, &key, &["one", "two"]).await;
    let copy = back_up(&hub, "backup.db");
    say(&hub, &key, &["three"]).await;
    let epoch = hub_epoch(&hub, &key).await;
    hub.kill().await;
    remove(&hub.database(), &["", "-wal", "-shm"]);
    hub.restart().await;
    let new = hub.key("bot").await;
    say(&hub, &new, &["I", "II", "III"]).await;
    let (_, joined) = resume(&hub, &new, 2, &epoch).await;
    assert_eq!((joined.head, joined.recovered), (3, false));
    // The backup that is found afterwards is known for what it is.
    hub.kill().await;
    put_back(&hub, &copy);
    hub.restart().await;
    say(&hub, &key, &["III"]).await;
    let (_, joined) = resume(&hub, &key, 3, &epoch).await;
    assert_eq!((joined.head, joined.recovered), (3, false));
}

#[tokio::test]
async fn readers_and_the_producer_of_a_stream_that_lost_its_end_are_told() {
    let mut hub = TestServer::builder()
        .on_sqlite()
        .with_fixed_port()
        .start()
        .await;
    let (key, rest) = (hub.key("bot").await, hub.admin().await);
    let mut bot = hub.connect(&key).await;
    let open = json!({ "type": "stream.open", "room": "lobby", "key": "build", "name": "build" });
    let opened: StreamOpened = bot.ask(open.clone()).await;
    let append = |offset: u64, text: &str| json!({ "type": "stream.append", "stream": opened.stream, "offset": offset, "text": text });
    let _: Value = bot.ask(append(0, "kept")).await;
    let copy = back_up(&hub, "backup.db");
    // No event comes after the copy, only bytes.
    let _: Value = bot.ask(append(4, " and lost")).await;
    hub.kill().await;
    put_back(&hub, &copy);
    hub.restart().await;

    let mut bot = hub.connect(&key).await;
    let again: StreamOpened = bot.ask(open).await;
    assert_eq!((again.stream, again.offset), (opened.stream, 4));
    assert_eq!(
        again.state,
        StreamState::Interrupted,
        "nobody writes another end to it"
    );
    assert_eq!(
        bot.refused(append(4, " or new")).await.code,
        ErrorCode::StreamClosed
    );
    let read = json!({ "type": "stream.read", "stream": opened.stream, "offset": 13 });
    let beyond = bot.refused(read).await;
    assert_eq!(beyond.code, ErrorCode::StreamOffset);
    assert_eq!(beyond.details.expect("details")["length"], json!(4));
    must_be_whole(&rest, opened.stream).await;
}

async fn must_be_whole(rest: &Rest, stream: StreamId) {
    let path = format!("/workspaces/main/streams/{stream}");
    let info: StreamInfo = rest.get(&path).await.ok();
    assert_eq!((info.state, info.length), (StreamState::Interrupted, 4));
    assert_eq!(rest.get(&format!("{path}/bytes")).await.body, b"kept");
    let log = rest
        .get("/workspaces/main/rooms/lobby/events?limit=1")
        .await;
    let log: Value = log.ok();
    assert_eq!(log["events"][0]["kind"], "stream.closed");
    assert_eq!(log["events"][0]["body"]["outcome"], "interrupted");
}

#[tokio::test]
async fn programs_that_were_watching_hear_of_it_too() {
    let mut hub = TestServer::builder()
        .on_sqlite()
        .with_fixed_port()
        .start()
        .await;
    let (key, viewer) = (hub.key("bot").await, hub.key("viewer").await);
    say(&hub, &key, &["one"]).await;
    let copy = back_up(&hub, "backup.db");
    say(&hub, &key, &["two", "three"]).await;
    let client = Client::builder(hub.url(""), "main")
        .token(&viewer)
        .connect()
        .await
        .expect("in");
    let mut room = client.join("lobby").tail(3).await.expect("joined");
    let mut next = async || loop {
        match crate::support::wait::within("the next item", room.next())
            .await
            .expect("an item")
        {
            RoomItem::Presence(_) => {}
            other => return other,
        }
    };
    for seq in 1..=3 {
        assert!(matches!(next().await, RoomItem::Event(event) if event.seq == seq));
    }
    hub.kill().await;
    put_back(&hub, &copy);
    hub.restart().await;
    say(&hub, &key, &["II", "III", "IV"]).await;
    let RoomItem::Reset(reset) = next().await else {
        panic!("a reset comes first")
    };
    assert_eq!(reset.reason, "the room's log is another one than before");
    let mut seq = reset.after;
    while seq < 4 {
        let RoomItem::Event(event) = next().await else {
            panic!("then the new log")
        };
        seq += 1;
        assert_eq!((event.seq, event.body.get().contains('I')), (seq, seq > 1));
    }

    // A browser's EventSource gives back the id of the old log.
    let admin = hub.admin().await;
    let live = admin.request(reqwest::Method::GET, "/workspaces/main/rooms/lobby/live");
    let mut live = live
        .header("Last-Event-ID", "0a0a0a0a:3")
        .send()
        .await
        .expect("an answer");
    let mut text = String::new();
    eventually("joined", async || {
        text.push_str(&String::from_utf8_lossy(
            &live.chunk().await.expect("a chunk")?,
        ));
        text.contains("\n\n").then_some(())
    })
    .await;
    assert!(text.contains(r#""recovered":false"#), "{text}");
}

#[tokio::test]
async fn a_reset_is_not_sent_to_who_lost_nothing() {
    let mut hub = TestServer::builder()
        .on_sqlite()
        .with_fixed_port()
        .start()
        .await;
    let key = hub.key("bot").await;
    say(&hub, &key, &["one"]).await;
    let epoch = hub_epoch(&hub, &key).await;
    hub.restart().await;
    let (mut viewer, joined) = resume(&hub, &key, 0, &epoch).await;
    assert!(joined.recovered);
    assert!(
        matches!(viewer.next().await, Received::Frame(ServerFrame::Event(event)) if event.seq == 1)
    );
    assert!(viewer.is_quiet().await);
}
