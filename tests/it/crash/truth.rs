//! What is in the hub at the end, read page by page and byte by byte, and what must hold of it.

use super::ROOMS;
use super::publisher::Sent;
use super::viewer::Seen;
use crate::support::{Rest, TestServer};
use generic_corp_protocol::frame::HistoryPage;
use generic_corp_protocol::{Event, StreamId};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

pub struct Truth {
    rooms: BTreeMap<String, Vec<Event>>,
    streams: BTreeMap<StreamId, Vec<u8>>,
}

impl Truth {
    /// Reads both rooms and every stream that was opened in them.
    pub async fn read(hub: &TestServer) -> Self {
        let rest = hub.admin().await;
        let mut truth = Self {
            rooms: BTreeMap::new(),
            streams: BTreeMap::new(),
        };
        for room in ROOMS {
            truth.rooms.insert(room.to_owned(), log(&rest, room).await);
        }
        let opened: Vec<StreamId> = truth
            .bodies("stream.opened")
            .map(|body| stream(&body))
            .collect();
        for stream in opened {
            let bytes = rest
                .get(&format!("/workspaces/main/streams/{stream}/bytes"))
                .await;
            assert!(bytes.status.is_success(), "{bytes:?}");
            let before = truth.streams.insert(stream, bytes.body);
            assert!(before.is_none(), "{stream} was opened once");
        }
        truth
    }

    pub fn heads(&self) -> BTreeMap<String, u64> {
        self.rooms
            .iter()
            .map(|(room, log)| (room.clone(), log.len() as u64))
            .collect()
    }

    pub fn len(&self) -> usize {
        self.rooms.values().map(Vec::len).sum()
    }

    fn bodies(&self, kind: &'static str) -> impl Iterator<Item = Value> {
        let events = self
            .rooms
            .values()
            .flatten()
            .filter(move |event| event.kind == kind);
        events.map(|event| serde_json::from_str(event.body.get()).expect("JSON"))
    }

    /// What was acknowledged is there once, and nothing else is.
    pub fn must_hold(&self, sent: &[Sent], streams: &BTreeMap<StreamId, Vec<u8>>) {
        for (room, log) in &self.rooms {
            let seqs = log.iter().map(|event| event.seq);
            assert!(seqs.eq(1..=log.len() as u64), "{room} has a gap");
            let keys: HashSet<_> = log
                .iter()
                .map(|event| (event.sender.id, &event.key))
                .collect();
            assert_eq!(keys.len(), log.len(), "{room} has a key twice");
        }
        for Sent {
            room,
            key,
            body,
            seq,
        } in sent
        {
            let event = &self.rooms[*room][*seq as usize - 1];
            assert_eq!(event.key.as_ref(), Some(key), "#{seq} of {room}");
            assert_eq!(
                serde_json::from_str::<Value>(event.body.get()).expect("JSON"),
                *body
            );
        }
        assert_eq!(
            self.bodies("message").count(),
            sent.len(),
            "nothing that nobody sent"
        );
        assert!(self.streams == *streams, "every byte of every stream, once");
        let mut closed: Vec<StreamId> = Vec::new();
        for body in self.bodies("stream.closed") {
            closed.push(stream(&body));
            let length = body["length"].as_u64();
            assert_eq!(length, Some(streams[&stream(&body)].len() as u64));
        }
        closed.sort();
        assert!(
            closed.iter().eq(streams.keys()),
            "every stream was closed once"
        );
    }

    /// What a viewer saw is the log.
    pub fn must_equal(&self, who: &str, seen: &Seen) {
        let plain = |log: &Vec<Event>| {
            let texts = log
                .iter()
                .map(|event| serde_json::to_string(event).expect("JSON"));
            texts.collect::<Vec<_>>()
        };
        for (room, log) in &seen.rooms {
            assert!(
                plain(log) == plain(&self.rooms[room]),
                "{who} saw another log of {room}"
            );
        }
        for (stream, (bytes, closed)) in &seen.streams {
            assert!(
                *closed && *bytes == self.streams[stream],
                "{who} saw other bytes of {stream}"
            );
        }
    }
}

fn stream(body: &Value) -> StreamId {
    serde_json::from_value(body["stream"].clone()).expect("an id")
}

async fn log(rest: &Rest, room: &str) -> Vec<Event> {
    let mut log: Vec<Event> = Vec::new();
    loop {
        let path = format!(
            "/workspaces/main/rooms/{room}/events?limit=500&after={}",
            log.len()
        );
        let page: HistoryPage = rest.get(&path).await.ok();
        log.extend(page.events);
        if !page.more {
            assert_eq!(page.head, log.len() as u64);
            return log;
        }
    }
}

/// What SQLite says, and what the tables say of each other.
pub fn file_is_sound(path: &Path) {
    let file = rusqlite::Connection::open(path).expect("opens");
    let ask = |sql: &str| {
        file.query_row(sql, [], |row| row.get::<_, String>(0))
            .expect("answered")
    };
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
    let wrong_heads = "SELECT count(*) || '' FROM rooms r WHERE r.head !=
        (SELECT count(*) FROM events e WHERE e.room_id = r.id)";
    assert_eq!(ask(wrong_heads), "0");
    let wrong_lengths = "SELECT count(*) || '' FROM streams s WHERE s.length !=
        (SELECT coalesce(sum(length(c.data)), 0) FROM stream_chunks c WHERE c.stream_id = s.id)";
    assert_eq!(ask(wrong_lengths), "0");
}
