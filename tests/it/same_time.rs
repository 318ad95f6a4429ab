//! Whether the time of an answer tells a foreign thing from one that there is not: figures for
//! `docs/security.md`.

use crate::support::socket::{handshake_to, with_token};
use crate::support::{Rest, Socket, TestServer};
use generic_corp_protocol::rest::{Me, NewApiKeySecret};
use serde_json::json;
use std::time::Instant;

/// Of each kind, interleaved.
const SAMPLES: usize = 3_000;
/// Ids that nothing has: two, so that their own difference shows how far chance goes.
const UNKNOWN: [&str; 2] = [
    "01980000-0000-7000-8000-000000000001",
    "01980000-0000-7000-8000-000000000002",
];

/// Who asks for what is not theirs, and its ids.
struct Stranger {
    key: String,
    eve: Rest,
    bot: Rest,
    workspace: String,
    room: &'static str,
    stream: String,
}

impl Stranger {
    async fn on(hub: &TestServer) -> Self {
        let room = "foreign-room";
        hub.room(room).await;
        let stream = hub.agent("bot").await.open_stream(room, "build").await;
        let ours: Me = hub.admin().await.get("/me").await.ok();
        let session = hub.register("eve@example.com", "evil").await;
        let eve = hub.anybody().with_token(&session.access_token);
        let me: Me = eve.get("/me").await.ok();
        let keys = format!("/workspaces/{}/keys", me.organizations[0].workspaces[0].id);
        let made: NewApiKeySecret = eve.post(&keys, &json!({ "agent": "eve-bot" })).await.ok();
        Self {
            bot: eve.with_token(&made.secret),
            key: made.secret,
            eve,
            workspace: ours.organizations[0].workspaces[0].id.to_string(),
            room,
            stream,
        }
    }
}

/// How long each of the three took, so many times, in every order. Nanoseconds.
async fn interleave(three: [String; 3], mut ask: impl AsyncFnMut(&str)) -> [Vec<f64>; 3] {
    const ORDERS: [[usize; 3]; 6] = [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
        [0, 2, 1],
        [2, 0, 1],
        [1, 0, 2],
    ];
    let mut took = [const { Vec::new() }; 3];
    // What is asked first warms what the others find warm.
    for number in 0..SAMPLES + 60 {
        for which in ORDERS[number % ORDERS.len()] {
            let begun = Instant::now();
            ask(&three[which]).await;
            if number >= 60 {
                took[which].push(begun.elapsed().as_nanos() as f64);
            }
        }
    }
    took
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Mann and Whitney's rank test: how often a value of `a` is above one of `b` (one half where nothing tells
/// them apart), and how many standard deviations that is from one half.
fn ranked(a: &[f64], b: &[f64]) -> (f64, f64) {
    let mut all: Vec<(f64, bool)> = a.iter().map(|value| (*value, true)).collect();
    all.extend(b.iter().map(|value| (*value, false)));
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ties = all.chunk_by(|one, other| one.0 == other.0);
    let (mut ranks, mut before) = (0.0, 0.0);
    for tie in ties {
        let length = tie.len() as f64;
        let of_a = tie.iter().filter(|(_, is_a)| *is_a).count() as f64;
        ranks += of_a * (before + (length + 1.0) / 2.0);
        before += length;
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    let deviation = (n * m * (n + m + 1.0) / 12.0).sqrt();
    (u / (n * m), (u - n * m / 2.0) / deviation)
}

fn show(what: &str, [foreign, unknown, other]: [Vec<f64>; 3]) {
    let us = |values: &[f64]| median(values) / 1_000.0;
    let (share, z) = ranked(&foreign, &unknown);
    let (by_chance, z_by_chance) = ranked(&other, &unknown);
    println!(
        "{what}: foreign {:.1} µs, unknown {:.1} µs, other unknown {:.1} µs; \
         foreign above unknown {share:.3} (z {z:+.2}), unknown above unknown {by_chance:.3} (z {z_by_chance:+.2})",
        us(&foreign),
        us(&unknown),
        us(&other)
    );
}

fn three(foreign: &str, path: impl Fn(&str) -> String) -> [String; 3] {
    [foreign, UNKNOWN[0], UNKNOWN[1]].map(path)
}

#[tokio::test]
#[ignore = "measures; docs/security.md says how to run it"]
async fn how_long_foreign_and_unknown_things_take() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .with_plan(&[])
        .start()
        .await;
    let stranger = Stranger::on(&hub).await;
    let (eve, bot) = (stranger.eve.clone(), stranger.bot.clone());
    for (who, rest) in [("a person", eve), ("a key", bot)] {
        let paths = three(&stranger.workspace, |id| format!("/workspaces/{id}"));
        let took = interleave(paths, async |path| {
            assert_eq!(rest.get(path).await.status.as_u16(), 404);
        });
        show(
            &format!("GET /workspaces/{{workspace}} by {who}"),
            took.await,
        );
    }
    let at = |id: &str| format!("ws://{}/ws/{id}", hub.address);
    let key = stranger.key.clone();
    let took = interleave(three(&stranger.workspace, at), async |url| {
        let refused = Socket::open(hub.address, with_token(handshake_to(url), &key)).await;
        assert!(refused.is_err());
    });
    show("handshake at /ws/{workspace}", took.await);
    let mut socket = hub.connect(&key).await;
    let rooms = [stranger.room, "unknown-room", "another-room"].map(str::to_owned);
    let took = interleave(rooms, async |room| {
        let join = json!({ "type": "join", "room": room });
        socket.request(join).await.expect_err("it is not there");
    });
    show("join of a room", took.await);
    let streams = three(&stranger.stream, str::to_owned);
    let took = interleave(streams, async |stream| {
        let read = json!({ "type": "stream.read", "stream": stream });
        socket.request(read).await.expect_err("it is not there");
    });
    show("stream.read", took.await);
}

#[test]
fn ranks_tell_apart_what_differs_alone() {
    let (low, high) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
    let (share, z) = ranked(&high, &low);
    assert!((share - 1.0).abs() < 1e-9 && z > 2.3, "{share} {z}");
    let (share, z) = ranked(&low, &low);
    assert!((share - 0.5).abs() < 1e-9 && z.abs() < 1e-9, "{share} {z}");
}
