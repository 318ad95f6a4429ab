//! Pages of a room's log: the same events that viewers saw, from either end.

use crate::support::{Socket, TestServer};
use generic_corp_client::Client;
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::frame::HistoryPage;
use serde_json::{Value, json};

async fn page(socket: &mut Socket, mut frame: Value) -> (Vec<u64>, bool) {
    (frame["type"], frame["room"]) = (json!("history"), json!("lobby"));
    let page: HistoryPage = socket.ask(frame).await;
    (
        page.events.iter().map(|event| event.seq).collect(),
        page.more,
    )
}

#[tokio::test]
async fn pages_go_both_ways_and_say_whether_there_is_more() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    assert_eq!(
        page(&mut bot, json!({})).await,
        (vec![], false),
        "an empty room"
    );
    for n in 1..=10 {
        bot.say("lobby", &format!("message {n}")).await;
    }
    let bot = &mut bot;
    assert_eq!(page(bot, json!({})).await, ((1..=10).collect(), false));
    assert_eq!(
        page(bot, json!({ "limit": 3 })).await,
        (vec![8, 9, 10], true)
    );
    assert_eq!(
        page(bot, json!({ "before": 8, "limit": 3 })).await,
        (vec![5, 6, 7], true)
    );
    assert_eq!(
        page(bot, json!({ "before": 4, "limit": 3 })).await,
        (vec![1, 2, 3], false)
    );
    assert_eq!(page(bot, json!({ "before": 1 })).await, (vec![], false));
    assert_eq!(
        page(bot, json!({ "after": 0, "limit": 4 })).await,
        (vec![1, 2, 3, 4], true)
    );
    assert_eq!(
        page(bot, json!({ "after": 6, "limit": 4 })).await,
        (vec![7, 8, 9, 10], false)
    );
    assert_eq!(page(bot, json!({ "after": 10 })).await, (vec![], false));
    assert_eq!(page(bot, json!({ "after": 99 })).await, (vec![], false));
    assert_eq!(
        page(bot, json!({ "limit": 1_000_000_000 })).await,
        ((1..=10).collect(), false)
    );
}

#[tokio::test]
async fn a_page_may_be_narrowed_to_kinds() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    for n in 1..=12_u64 {
        let kind = ["message", "deploy", "alert"][n as usize % 3];
        let frame = json!({ "type": "publish", "room": "lobby", "kind": kind, "body": n });
        bot.request(frame).await.expect("published");
    }
    let bot = &mut bot;
    assert_eq!(
        page(bot, json!({ "kinds": ["deploy"] })).await,
        (vec![1, 4, 7, 10], false)
    );
    let two = json!({ "kinds": ["deploy", "alert"], "limit": 3 });
    assert_eq!(page(bot, two).await, (vec![8, 10, 11], true));
    let older = json!({ "kinds": ["deploy"], "before": 7 });
    assert_eq!(page(bot, older).await, (vec![1, 4], false));
    let newer = json!({ "kinds": ["deploy"], "after": 4, "limit": 1 });
    assert_eq!(page(bot, newer).await, (vec![7], true));
    assert_eq!(
        page(bot, json!({ "kinds": ["nothing"] })).await,
        (vec![], false)
    );
}

#[tokio::test]
async fn walking_the_pages_gives_the_log_whatever_the_sizes() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    // Bodies of a tenth of a page's bytes: pages end by size before they end by number.
    let text = "x".repeat(50_000);
    for _ in 0..40 {
        bot.say("lobby", &text).await;
    }
    let (mut after, mut seen, mut pages) = (0, Vec::<u64>::new(), 0);
    loop {
        let (seqs, more) = page(&mut bot, json!({ "after": after, "limit": 500 })).await;
        seen.extend(&seqs);
        pages += 1;
        match (seqs.last(), more) {
            (Some(last), true) => after = *last,
            (_, more) => break assert!(!more),
        }
    }
    assert_eq!(seen, (1..=40).collect::<Vec<_>>());
    assert!(pages > 2, "a page is bounded by its bytes");
    let (mut before, mut seen) = (41, Vec::<u64>::new());
    loop {
        let (seqs, more) = page(&mut bot, json!({ "before": before, "limit": 7 })).await;
        seen.splice(0..0, seqs.iter().copied());
        match (seqs.first(), more) {
            (Some(first), true) => before = *first,
            (_, more) => break assert!(!more),
        }
    }
    assert_eq!(seen, (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_makes_no_page_is_refused() {
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    for (fields, code) in [
        (json!({ "before": 1, "after": 1 }), ErrorCode::Invalid),
        (json!({ "limit": 0 }), ErrorCode::Invalid),
        (json!({ "limit": -1 }), ErrorCode::InvalidFrame),
        (json!({ "limit": 1.5 }), ErrorCode::InvalidFrame),
        (json!({ "before": -1 }), ErrorCode::InvalidFrame),
        (json!({ "after": u64::MAX }), ErrorCode::Invalid),
        (json!({ "before": u64::MAX }), ErrorCode::Invalid),
        (json!({ "kinds": vec!["k"; 17] }), ErrorCode::Invalid),
        (json!({ "offset": 1 }), ErrorCode::UnknownField),
    ] {
        let mut frame = fields.clone();
        (frame["type"], frame["room"]) = (json!("history"), json!("lobby"));
        let error = bot.refused(frame).await;
        assert_eq!(error.code, code, "{fields}: {error:?}");
    }
}

#[tokio::test]
async fn a_body_comes_back_byte_for_byte() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    // Numbers that a double does not hold, and an order that no map keeps.
    let body = r#"{"z":1.50,"a":12345678901234567890123,"m":1e400}"#;
    let publish = format!(r#"{{"type":"publish","id":"p","room":"lobby","body":{body}}}"#);
    bot.send_text(&publish).await;
    bot.reply("p").await.expect("published");
    let stream = bot.open_stream("lobby", "out").await;
    let close = format!(
        r#"{{"type":"stream.close","id":"c","stream":"{stream}","offset":0,"outcome":"completed","metadata":{body}}}"#
    );
    bot.send_text(&close).await;
    bot.reply("c").await.expect("closed");

    let client = Client::builder(hub.url(""), "main").token(key);
    let client = client.connect().await.expect("connected");
    let page = client.history("lobby").await.expect("a page");
    assert_eq!(page.events[0].body.get(), body);
    let metadata = format!(r#""metadata":{body}}}"#);
    let end = page.events[2].body.get();
    assert!(end.ends_with(&metadata), "{end}");
}
