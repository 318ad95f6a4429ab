//! The usage rows beside the log: whoever replays the log gets the same sums, to the byte.

use crate::support::rest::send;
use crate::support::socket::{handshake_to, with_token};
use crate::support::{Rest, Socket, TestServer};
use generic_corp_protocol::frame::{HistoryPage, StreamOpened};
use generic_corp_protocol::rest::{
    NewApiKeySecret, Room, StreamPage, UsageReport, UsageRow, Workspace,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const USAGE: &str = "/organizations/main/usage";
/// Whose is what is nobody's.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// What the log's writer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    messages: u64,
    streams: u64,
    stream_bytes: u64,
    stored_bytes: i64,
}

/// Sums by the id of what they are told apart by.
type Sums = BTreeMap<String, Sum>;

/// Somebody who works in a workspace. The log does not keep keys: bodies and names of streams say them.
struct Worker {
    workspace: &'static str,
    key: String,
    rest: Rest,
    socket: Socket,
}

impl Worker {
    async fn start(hub: &TestServer, workspace: &'static str, agent: &str) -> Self {
        let admin = hub.admin().await;
        let path = format!("/workspaces/{workspace}/keys");
        let made = admin.post(&path, &json!({ "agent": agent })).await;
        let made: NewApiKeySecret = made.ok();
        Self::with(hub, workspace, made.key.id.to_string(), &made.secret).await
    }

    async fn with(hub: &TestServer, workspace: &'static str, key: String, token: &str) -> Self {
        let url = format!("ws://{}/ws/{workspace}", hub.address);
        let request = with_token(handshake_to(&url), token);
        let socket = Socket::open(hub.address, request).await;
        let mut socket = socket.expect("the handshake is accepted");
        socket.welcome().await;
        Self {
            workspace,
            key,
            rest: hub.anybody().with_token(token),
            socket,
        }
    }

    /// Messages over the socket and over HTTP, some of them twice, and one that is not stored.
    async fn talk(&mut self, count: u64) {
        let path = format!("/workspaces/{}/rooms/lobby/events", self.workspace);
        for number in 0..count {
            let text = "é".repeat(number as usize * 7 % 50);
            let body = json!({ "key": self.key, "text": text });
            let key = format!("message-{}-{number}", self.key);
            let message = json!({ "key": key, "body": body });
            let mut frame = message.clone();
            (frame["type"], frame["room"]) = (json!("publish"), json!("lobby"));
            match number % 3 {
                0 => drop(self.rest.post(&path, &message).await.ok::<Value>()),
                1 => drop(self.socket.request(frame).await.expect("published")),
                // By both: the second gets the first one's answer.
                _ => {
                    self.socket.request(frame).await.expect("published");
                    self.rest.post(&path, &message).await.ok::<Value>();
                }
            }
        }
        let frame = json!({
            "type": "publish", "room": "lobby", "ephemeral": true, "kind": "pointer", "body": { "x": 1 },
        });
        self.socket.request(frame).await.expect("shown");
    }

    /// A stream whose pieces are each sent twice, over the socket and over HTTP.
    async fn stream(&mut self, pieces: u64) {
        let open = json!({ "type": "stream.open", "room": "lobby", "name": self.key });
        let opened: StreamOpened = self.socket.ask(open).await;
        let mut offset = 0;
        for number in 0..pieces {
            let text = "x".repeat(1 + number as usize * 37 % 900);
            let append = json!({
                "type": "stream.append", "stream": opened.stream, "offset": offset, "text": text,
            });
            self.socket.request(append).await.expect("appended");
            let path = format!(
                "/workspaces/{}/streams/{}/bytes?offset={offset}",
                self.workspace, opened.stream
            );
            // The end of what is there, and as much again behind it.
            let more = self.rest.request(Method::POST, &path);
            let more = more.header("content-type", "application/octet-stream");
            let sent = send(more.body(text.repeat(2))).await;
            assert!(sent.status.is_success(), "{}", sent.text());
            offset += 2 * text.len();
        }
        let close = json!({
            "type": "stream.close", "stream": opened.stream, "offset": offset, "outcome": "completed",
        });
        self.socket.request(close).await.expect("closed");
    }
}

/// Sums as the log has them.
#[derive(Default)]
struct Replay {
    workspaces: Sums,
    senders: Sums,
    keys: Sums,
    days: Sums,
}

impl Replay {
    async fn of(admin: &Rest) -> Self {
        let mut replay = Self::default();
        let list = "/organizations/main/workspaces";
        for workspace in admin.get(list).await.ok::<Vec<Workspace>>() {
            let path = format!("/workspaces/{}/rooms", workspace.id);
            for room in admin.get(&path).await.ok::<Vec<Room>>() {
                let id = workspace.id.to_string();
                let path = format!("{path}/{}", room.name);
                replay.read_events(admin, &id, &path).await;
                replay.read_streams(admin, &id, &path).await;
            }
        }
        replay
    }

    /// Adds where it belongs: bytes stored are a workspace's, nobody's in particular.
    fn add(&mut self, at: [&str; 4], change: impl Fn(&mut Sum), stored: u64) {
        let [day, workspace, sender, key] = at;
        let nobody = (NIL, NIL);
        for ((sender, key), is_stored) in [((sender, key), false), (nobody, true)] {
            for (sums, id) in [
                (&mut self.days, day),
                (&mut self.workspaces, workspace),
                (&mut self.senders, sender),
                (&mut self.keys, key),
            ] {
                let sum = sums.entry(id.to_owned()).or_default();
                match is_stored {
                    true => sum.stored_bytes += stored.cast_signed(),
                    false => change(sum),
                }
            }
        }
    }

    async fn read_events(&mut self, admin: &Rest, workspace: &str, room: &str) {
        let mut after = 0;
        loop {
            let path = format!("{room}/events?after={after}&limit=500");
            let page: HistoryPage = admin.get(&path).await.ok();
            for event in &page.events {
                assert_eq!(event.seq, after + 1, "a log has no gaps");
                after = event.seq;
                let body: Value = serde_json::from_str(event.body.get()).expect("JSON");
                let said = match &*event.kind {
                    "message" => &body["key"],
                    _ => &body["name"],
                };
                let (day, sender) = (event.time.day(), event.sender.id.to_string());
                let at = [&*day, workspace, &*sender, said.as_str().expect("a key")];
                let count = |sum: &mut Sum| match &*event.kind {
                    "message" => sum.messages += 1,
                    "stream.opened" => sum.streams += 1,
                    kind => assert_eq!(kind, "stream.closed"),
                };
                self.add(at, count, event.body.get().len() as u64);
            }
            if !page.more {
                return assert_eq!(after, page.head);
            }
        }
    }

    async fn read_streams(&mut self, admin: &Rest, workspace: &str, room: &str) {
        let path = format!("{room}/streams?limit=500");
        let page: StreamPage = admin.get(&path).await.ok();
        assert!(!page.more);
        for info in page.streams {
            let path = format!("/workspaces/{workspace}/streams/{}/bytes", info.stream);
            let length = admin.get(&path).await.body.len() as u64;
            assert_eq!(length, info.length);
            let (day, sender) = (info.opened_at.day(), info.sender.id.to_string());
            let at = [&*day, workspace, &*sender, &*info.name];
            self.add(at, |sum| sum.stream_bytes += length, length);
        }
    }
}

fn sum(row: &UsageRow) -> Sum {
    Sum {
        messages: row.messages,
        streams: row.streams,
        stream_bytes: row.stream_bytes,
        stored_bytes: row.stored_bytes,
    }
}

/// Sums as the hub has counted them, without those who only called or were connected.
async fn counted(admin: &Rest, by: &str, from: &str) -> Sums {
    let report: UsageReport = admin
        .get(&format!("{USAGE}?by={by}&from={from}"))
        .await
        .ok();
    let rows = report.rows.iter();
    let sums = rows.map(|row| (row.group.clone(), sum(row)));
    sums.filter(|(_, sum)| *sum != Sum::default()).collect()
}

/// A test that runs over midnight has appends of another day than the opening of their stream.
fn without_bytes(sums: &Sums) -> Sums {
    let days = sums.iter().map(|(day, sum)| {
        let sum = Sum {
            stream_bytes: 0,
            stored_bytes: 0,
            ..*sum
        };
        (day.clone(), sum)
    });
    days.filter(|(_, sum)| *sum != Sum::default()).collect()
}

#[tokio::test]
async fn whoever_replays_the_log_gets_the_usage_rows() {
    let mut hub = TestServer::start().await;
    let admin = hub.admin().await;
    let more = json!({ "slug": "more" });
    let list = "/organizations/main/workspaces";
    admin.post(list, &more).await.ok::<Workspace>();
    let token = admin.token.clone().expect("signed in");
    let mut workers = vec![
        Worker::start(&hub, "main", "ash").await,
        // Another key of the same agent, and an agent of the same name elsewhere.
        Worker::start(&hub, "main", "ash").await,
        Worker::start(&hub, "main", "birch").await,
        Worker::start(&hub, "more", "ash").await,
        // A person comes without a key.
        Worker::with(&hub, "main", NIL.to_owned(), &token).await,
    ];
    let work = workers.iter_mut().zip(1..).map(async |(worker, number)| {
        worker.talk(number * 9).await;
        for pieces in 0..3 {
            worker.stream(pieces * number).await;
        }
    });
    futures_util::future::join_all(work).await;
    drop(workers);
    // What was counted with what it counts is there after a kill, too.
    hub.kill().await;
    hub.restart().await;
    let admin = hub.admin().await;
    let replay = Replay::of(&admin).await;
    let from = replay.days.keys().next().expect("a day").clone();
    let done = replay.days.values();
    let done = done.fold((0, 0), |(messages, streams), sum| {
        (messages + sum.messages, streams + sum.streams)
    });
    assert_eq!(done, (9 * (1 + 2 + 3 + 4 + 5), 5 * 3));
    for (by, there) in [
        ("workspace", &replay.workspaces),
        ("agent", &replay.senders),
        ("key", &replay.keys),
    ] {
        assert_eq!(&counted(&admin, by, &from).await, there, "by {by}");
        assert!(there.len() >= 2, "{by} tells something apart");
    }
    let days = counted(&admin, "day", &from).await;
    assert_eq!(without_bytes(&days), without_bytes(&replay.days));
    let total = |sums: &Sums| sums.values().map(|sum| sum.stored_bytes).sum::<i64>();
    assert_eq!(total(&days), total(&replay.days));
}
