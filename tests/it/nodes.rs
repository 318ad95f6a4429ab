//! Several nodes on one PostgreSQL: what one has stored, viewers of the others see, in the same order.
//!
//! SQLite belongs to one hub; there these tests have nothing to say.

use crate::support::database::{self, is_postgres};
use crate::support::proxy::Proxy;
use crate::support::{Received, Rest, Socket, TestServer, eventually};
use generic_corp_protocol::frame::{
    CancelNotice, HistoryPage, Published, StreamClosed, StreamData,
};
use generic_corp_protocol::{ErrorCode, ServerFrame, StreamOutcome};
use serde_json::json;

const MESSAGES: usize = 100;

/// Two nodes and a key that both know; `None` on SQLite.
async fn two_nodes() -> Option<(TestServer, TestServer, String)> {
    if !is_postgres() {
        return None;
    }
    let one = TestServer::start().await;
    let two = one.another_node("two").await;
    let key = one.key("bot").await;
    Some((one, two, key))
}

#[tokio::test]
async fn viewers_of_every_node_see_one_order() {
    let Some((one, two, key)) = two_nodes().await else {
        return;
    };
    let mut viewers = Vec::new();
    for node in [&one, &two] {
        let mut viewer = node.agent(&format!("viewer-{}", viewers.len())).await;
        viewer.join("lobby").await;
        viewers.push(viewer);
    }
    let speak = async |node: &TestServer, name: &str| {
        let mut bot = node.connect(&key).await;
        for n in 0..MESSAGES {
            bot.say("lobby", &format!("{name} {n}")).await;
        }
    };
    tokio::join!(speak(&one, "one"), speak(&two, "two"));
    let mut seen = Vec::new();
    for viewer in &mut viewers {
        let events = viewer.events(2 * MESSAGES).await;
        let order: Vec<_> = events
            .iter()
            .map(|event| (event.seq, event.body.get().to_owned()))
            .collect();
        let whole = order.iter().zip(1..).all(|((seq, _), n)| *seq == n);
        assert!(whole, "without gaps");
        seen.push(order);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn one_key_on_two_nodes_at_once_is_one_event() {
    let Some((one, two, key)) = two_nodes().await else {
        return;
    };
    let (mut here, mut there) = (one.connect(&key).await, two.connect(&key).await);
    for n in 1..=MESSAGES as u64 {
        let publish =
            json!({ "type": "publish", "room": "lobby", "key": format!("k{n}"), "body": n });
        let (first, second): (Published, Published) =
            tokio::join!(here.ask(publish.clone()), there.ask(publish));
        assert_eq!((first.seq, second.seq), (Some(n), Some(n)));
        assert_ne!(first.duplicate, second.duplicate);
    }
}

#[tokio::test]
async fn a_stream_is_followed_and_cancelled_from_another_node() {
    let Some((one, two, key)) = two_nodes().await else {
        return;
    };
    let mut bot = one.connect(&key).await;
    let stream = bot.open_stream("lobby", "out").await;
    let mut viewer = two.agent("viewer").await;
    let read = json!({ "type": "stream.read", "stream": stream });
    viewer.request(read).await.expect("it is there");
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "hello" });
    bot.request(append).await.expect("appended");
    let data: StreamData = pick(&mut viewer, |frame| match frame {
        ServerFrame::StreamData(data) => Some(data.clone()),
        _ => None,
    })
    .await;
    assert_eq!((data.offset, data.text.as_deref()), (0, Some("hello")));
    let cancel = json!({ "type": "cancel", "stream": stream, "reason": "enough" });
    viewer.request(cancel).await.expect("noted");
    let notice: CancelNotice = pick(&mut bot, |frame| match frame {
        ServerFrame::Cancel(notice) => Some(notice.clone()),
        _ => None,
    })
    .await;
    assert_eq!(notice.reason.as_deref(), Some("enough"));
    let close =
        json!({ "type": "stream.close", "stream": stream, "offset": 5, "outcome": "cancelled" });
    bot.request(close).await.expect("closed");
    let end: StreamClosed = pick(&mut viewer, |frame| match frame {
        ServerFrame::StreamClosed(end) => Some(end.clone()),
        _ => None,
    })
    .await;
    assert_eq!((end.offset, end.outcome), (5, StreamOutcome::Cancelled));
}

#[tokio::test]
async fn what_a_dead_node_has_acked_is_resumed_on_another() {
    let Some((mut one, two, key)) = two_nodes().await else {
        return;
    };
    let mut bot = one.connect(&key).await;
    let mut viewer = one.agent("viewer").await;
    let joined = viewer.join("lobby").await;
    let stream = bot.open_stream("lobby", "out").await;
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "one " });
    bot.request(append).await.expect("appended");
    assert_eq!(bot.say("lobby", "still here").await, 2);
    assert_eq!(viewer.event().await.seq, 1);
    one.kill().await;
    let mut bot = two.connect(&key).await;
    let mut viewer = two.agent("viewer").await;
    let resume = json!({ "room": "lobby", "after": 1, "epoch": joined.epoch });
    let resumed = viewer.join_with(resume).await;
    assert!(resumed.recovered);
    assert_eq!(viewer.event().await.seq, 2);
    // The producer goes on at the byte it had reached, under the same lease.
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 4, "text": "two" });
    let answer: serde_json::Value = bot.ask(append).await;
    assert_eq!(answer["offset"], json!(7));
}

/// A node whose way to its PostgreSQL can be cut; `None` on SQLite.
async fn behind_a_proxy() -> Option<(TestServer, Proxy)> {
    if !is_postgres() {
        return None;
    }
    let url = database::url(std::path::Path::new(""));
    database::make(&url).await;
    let (before, rest) = url.split_once('@').expect("a user");
    let (target, name) = rest.split_once('/').expect("a database");
    let proxy = Proxy::to(target).await;
    let url = format!("{before}@{}/{name}", proxy.address);
    let builder = TestServer::builder().with("database.url", url);
    Some((builder.start().await, proxy))
}

#[tokio::test]
async fn a_database_that_is_away_is_told_and_comes_back_by_itself() {
    let Some((hub, proxy)) = behind_a_proxy().await else {
        return;
    };
    let (mut bot, mut viewer) = (hub.agent("bot").await, hub.agent("viewer").await);
    viewer.join("lobby").await;
    assert_eq!(bot.say("lobby", "before").await, 1);
    assert_eq!(viewer.event().await.seq, 1);
    proxy.cut();
    let publish = json!({ "type": "publish", "room": "lobby", "key": "k", "body": 2 });
    let refusal = bot.refused(publish.clone()).await;
    assert_eq!(
        (refusal.code, refusal.retryable),
        (ErrorCode::Unavailable, true)
    );
    let ready = async || Rest::new(hub.url(""), None).get("/readyz").await.status;
    assert_eq!(ready().await, 503);
    proxy.mend();
    eventually("it is ready again", async || {
        (ready().await == 200).then_some(())
    })
    .await;
    let published: Published = bot.ask(publish).await;
    assert_eq!((published.seq, published.duplicate), (Some(2), false));
    assert_eq!(viewer.event().await.seq, 2);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_by_its_key() {
    const CUTS: usize = 40;
    let Some((hub, proxy)) = behind_a_proxy().await else {
        return;
    };
    let mut bot = hub.agent("bot").await;
    let mut acked = Vec::new();
    let stream = bot.open_stream("lobby", "out").await;
    for n in 0..CUTS {
        let (publish, append) = (format!("k{n}"), format!("a{n}"));
        bot.send(json!([
            { "type": "publish", "id": publish, "room": "lobby", "key": publish, "body": n },
            { "type": "stream.append", "id": append, "stream": stream, "offset": n, "text": "x" },
        ]))
        .await;
        // Anywhere between the request and its answer.
        tokio::time::sleep(std::time::Duration::from_micros(rand::random_range(
            0..4_000,
        )))
        .await;
        proxy.cut();
        proxy.mend();
        for id in [publish, append] {
            let answer = bot.reply(&id).await;
            let okay = answer.expect("the hub tries again by itself");
            acked.extend(okay.result.and_then(|result| result["seq"].as_u64()));
        }
    }
    let page: HistoryPage = bot
        .ask(json!({ "type": "history", "room": "lobby", "limit": 500 }))
        .await;
    let bodies: Vec<_> = page.events[1..]
        .iter()
        .map(|event| (event.seq, event.body.get()))
        .collect();
    let expected: Vec<_> = (0..CUTS).map(|n| (acked[n], n.to_string())).collect();
    assert!(
        bodies
            .iter()
            .map(|(seq, body)| (*seq, (*body).to_owned()))
            .eq(expected),
        "{bodies:?}"
    );
    assert!(
        page.events
            .iter()
            .zip(1..)
            .all(|(event, seq)| event.seq == seq)
    );
    let close =
        json!({ "type": "stream.close", "stream": stream, "offset": CUTS, "outcome": "completed" });
    bot.request(close).await.expect("every byte is there once");
}

async fn pick<T>(socket: &mut Socket, choose: impl Fn(&ServerFrame) -> Option<T>) -> T {
    let choose = |received| match &received {
        Received::Frame(frame) => choose(frame).ok_or(received),
        _ => Err(received),
    };
    socket.pick("a frame of this kind", choose).await
}
