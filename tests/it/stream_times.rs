//! When bytes of a stream were stored, before and after its chunks are joined.

use crate::support::{Rest, Socket, TestServer, eventually};
use generic_corp_protocol::rest::StreamTimes;
use generic_corp_protocol::{ErrorCode, Timestamp};
use reqwest::StatusCode;
use serde_json::json;

/// Joined chunks keep their times to this many milliseconds.
const EXACT_MS: i64 = 50;
/// Enough appends that the hub joins them.
const APPENDS: u64 = 300;
const BYTES: u64 = 8;

/// Appends eight bytes, in a millisecond of their own; tells between which times they were stored.
async fn append(bot: &mut Socket, stream: &str, offset: u64) -> (i64, i64) {
    let last = Timestamp::now();
    while Timestamp::now() == last {
        tokio::task::yield_now().await;
    }
    let before = Timestamp::now();
    let frame =
        json!({ "type": "stream.append", "stream": stream, "offset": offset, "text": "1234567\n" });
    bot.request(frame).await.expect("appended");
    (before.0, Timestamp::now().0)
}

async fn times(rest: &Rest, stream: &str, query: &str) -> StreamTimes {
    rest.get(&format!("/workspaces/main/streams/{stream}/times?{query}"))
        .await
        .ok()
}

#[tokio::test]
async fn times_are_exact_and_stay_so_when_chunks_are_joined() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    let rest = hub.admin().await;
    assert!(
        times(&rest, &stream, "").await.times.is_empty(),
        "no bytes, no times"
    );
    let mut stored = Vec::new();
    for n in 0..3 {
        stored.push(append(&mut bot, &stream, n * BYTES).await);
    }
    let first = times(&rest, &stream, "").await;
    assert_eq!(first.next, None);
    assert_eq!(first.times.len(), 3);
    for (time, (n, (before, after))) in first.times.iter().zip(stored.iter().enumerate()) {
        assert_eq!(time.offset, n as u64 * BYTES);
        assert!(
            (*before..=*after).contains(&time.time.0),
            "{} of {before} to {after}",
            time.time.0
        );
    }
    for n in 3..APPENDS {
        stored.push(append(&mut bot, &stream, n * BYTES).await);
    }
    // A chunk for each append at first; in the end only as many times as are 50 ms apart.
    let joined = eventually("the chunks to be joined", async || {
        let page = times(&rest, &stream, "limit=500").await;
        (page.times.len() < APPENDS as usize / 2).then_some(page.times)
    })
    .await;
    for (n, (before, after)) in stored.iter().enumerate() {
        let of = joined
            .iter()
            .rfind(|time| time.offset <= n as u64 * BYTES)
            .expect("a time");
        assert!(
            of.time.0 <= *after && of.time.0 > before - EXACT_MS,
            "{n} was stored from {before} to {after}, not at {}",
            of.time.0
        );
    }
    assert!(joined.is_sorted_by(|a, b| a.offset < b.offset && a.time < b.time));
}

#[tokio::test]
async fn times_begin_where_they_are_asked_for() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let stream = bot.open_stream("lobby", "out").await;
    let rest = hub.admin().await;
    let mut stored = Vec::new();
    for n in 0..5 {
        stored.push(append(&mut bot, &stream, n * BYTES).await);
    }
    let offsets = |page: &StreamTimes| {
        page.times
            .iter()
            .map(|one| one.offset / BYTES)
            .collect::<Vec<_>>()
    };
    let page = times(&rest, &stream, "limit=2").await;
    assert_eq!((offsets(&page), page.next), (vec![0, 1], Some(2 * BYTES)));
    let page = times(
        &rest,
        &stream,
        &format!("offset={}&limit=2", page.next.unwrap()),
    )
    .await;
    assert_eq!((offsets(&page), page.next), (vec![2, 3], Some(4 * BYTES)));
    assert_eq!(
        offsets(&times(&rest, &stream, "offset=9").await),
        [1, 2, 3, 4],
        "the byte inside of a chunk"
    );
    assert_eq!(
        offsets(&times(&rest, &stream, "offset=99999").await),
        [4],
        "beyond the end the last holds"
    );
    let at = Timestamp(stored[2].1);
    assert_eq!(
        offsets(&times(&rest, &stream, &format!("time={at}")).await),
        [2, 3, 4]
    );
    assert_eq!(
        offsets(&times(&rest, &stream, "time=2020-01-01T00:00:00Z").await),
        [0, 1, 2, 3, 4]
    );
    assert_eq!(offsets(&times(&rest, &stream, "every=3600000").await), [0]);
    for (query, problem) in [
        ("offset=1&time=2026-01-01T00:00:00Z", "not both"),
        ("time=yesterday", "RFC 3339"),
        ("offset=-1", "invalid digit"),
        ("every=often", "invalid digit"),
    ] {
        let answer = rest
            .get(&format!("/workspaces/main/streams/{stream}/times?{query}"))
            .await;
        let told = answer.problem();
        assert_eq!(
            (answer.status, told.code),
            (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::Invalid),
            "{query}"
        );
        assert!(told.detail.contains(problem), "{query}: {}", told.detail);
    }
    let unknown = rest
        .get("/workspaces/main/streams/01a22000-0000-7000-8000-000000000000/times")
        .await;
    assert_eq!(unknown.problem().code, ErrorCode::NotFound);
}
