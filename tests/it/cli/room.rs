//! `publish` and `watch`.

use super::{Running, client, run, run_with_input};
use crate::support::TestServer;
use generic_corp_protocol::Event;
use generic_corp_protocol::frame::HistoryPage;
use serde_json::json;

async fn log(hub: &TestServer) -> Vec<Event> {
    let page: HistoryPage = hub
        .admin()
        .await
        .get("/workspaces/main/rooms/lobby/events")
        .await
        .ok();
    page.events
}

#[tokio::test]
async fn publish_takes_its_text_from_the_line_or_from_standard_input() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let publish =
        |arguments: &[&str]| client(&hub, &key, &[&["publish", "lobby"], arguments].concat());
    assert_eq!(run(&mut publish(&["hello @sable"])).await.good(), "1\n");
    assert_eq!(
        run_with_input(&mut publish(&["-"]), "zwei\nZeilen ✓\n".as_bytes())
            .await
            .good(),
        "2\n"
    );
    let deploy = publish(&[
        r#"{"to": "prod"}"#,
        "--json",
        "--kind",
        "deploy",
        "--reply-to",
        "1",
    ]);
    assert_eq!(run(&mut { deploy }).await.good(), "3\n");
    for _ in 0..2 {
        assert_eq!(
            run(&mut publish(&["once", "--key", "k"])).await.good(),
            "4\n",
            "the same again"
        );
    }
    let log = log(&hub).await;
    let bodies: Vec<_> = log.iter().map(|event| event.body.get()).collect();
    let expected = [
        r#"{"text":"hello @sable"}"#,
        r#"{"text":"zwei\nZeilen ✓"}"#,
        r#"{"to": "prod"}"#,
        r#"{"text":"once"}"#,
    ];
    assert_eq!(bodies, expected);
    assert_eq!((&*log[0].mentions[0], log[2].reply_to), ("sable", Some(1)));
    assert_eq!(
        (log[2].kind.as_str(), log[2].sender.name.as_str()),
        ("deploy", "bot")
    );
}

#[tokio::test]
async fn what_cannot_be_published_is_told_in_a_sentence() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let reader = hub
        .key_with(json!({ "agent": "reader", "scopes": ["read"] }))
        .await;
    let cases: [(&str, &[&str], &str); 10] = [
        (
            "gck_nobody",
            &["lobby", "x"],
            "check the key in GENERIC_CORP_API_KEY",
        ),
        ("", &["lobby", "x"], "no API key: set GENERIC_CORP_API_KEY"),
        (
            &reader,
            &["lobby", "x"],
            "this needs the scope `publish` (forbidden)",
        ),
        (
            &key,
            &["attic", "x"],
            "there is no such room in this workspace (not_found)",
        ),
        (
            &key,
            &["lobby", "x", "--workspace", "other"],
            "there is no such workspace",
        ),
        (
            &key,
            &["lobby", ""],
            "the text is empty; nothing was published",
        ),
        (&key, &["lobby", "{", "--json"], "the body is no JSON"),
        (
            &key,
            &["lobby", "x", "--kind", "stream.opened"],
            "written by the hub alone",
        ),
        (
            &key,
            &["lobby", "x", "--url", "hub:1"],
            "the hub's address is wrong",
        ),
        (
            &key,
            &["lobby", "x", "--token-file", "/nowhere"],
            "cannot read the token file /nowhere",
        ),
    ];
    for (key, arguments, sentence) in cases {
        let ended = run(&mut client(&hub, key, &[&["publish"], arguments].concat())).await;
        let said = ended.failed();
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
    let long = run_with_input(
        &mut client(&hub, &key, &["publish", "lobby", "-"]),
        &[b'x'; 100_000],
    )
    .await;
    assert!(long.failed().contains("use a stream"));
    let noise = run_with_input(&mut client(&hub, &key, &["publish", "lobby", "-"]), b"\xFF").await;
    assert!(
        noise
            .failed()
            .contains("cannot read standard input as UTF-8 text")
    );
    assert!(log(&hub).await.is_empty());
}

#[tokio::test]
async fn a_wrong_use_is_status_2() {
    let hub = TestServer::start().await;
    let cases: [(&[&str], &str); 7] = [
        (&["publish", "lobby"], "<TEXT>"),
        (
            &["publish", "Not A Room", "x"],
            "a name has 1 to 64 characters",
        ),
        (&["publish", "lobby", "x", "--colour"], "--colour"),
        (&["watch", "lobby", "--tail", "many"], "--tail"),
        (
            &["watch", "lobby", "--after", "1", "--tail", "1"],
            "cannot be used with",
        ),
        (&["stream", "--", "true"], "--room"),
        (&["frobnicate"], "frobnicate"),
    ];
    for (arguments, word) in cases {
        let said = run(&mut client(&hub, "gck_x", arguments)).await.misused();
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn a_hub_that_is_away_is_told_at_once_and_given_up_after_a_while() {
    let mut hub = TestServer::builder().with_fixed_port().start().await;
    let key = hub.key("bot").await;
    hub.kill().await;
    let mut publish = Running::start(&mut client(&hub, &key, &["publish", "lobby", "x"]));
    assert!(publish.word().await.ends_with("; trying again"));
    let said = publish.word().await;
    let hint = format!("is the hub at {} running?", hub.url(""));
    assert!(
        said.contains("cannot reach the hub") && said.ends_with(&hint),
        "{said}"
    );
    assert_eq!(publish.ended().await, Some(1));
    // One that comes in time is not given up.
    let mut publish = Running::start(&mut client(&hub, &key, &["publish", "lobby", "x"]));
    publish.word().await;
    hub.restart().await;
    assert_eq!(publish.line().await, "1");
    assert_eq!(publish.ended().await, Some(0));
}

#[tokio::test]
async fn watch_goes_on_over_a_kill_and_shows_each_event_once() {
    let mut hub = TestServer::builder().with_fixed_port().start().await;
    let (key, bot) = (hub.key("viewer").await, hub.key("bot").await);
    hub.connect(&bot).await.say("lobby", "before").await;
    let mut watch = Running::start(&mut client(&hub, &key, &["watch", "lobby"]));
    let shown = watch.line().await;
    assert!(
        shown.contains("#1 ") && shown.contains("bot") && shown.ends_with("before"),
        "{shown}"
    );
    for round in 0..2_u64 {
        let mut socket = hub.connect(&bot).await;
        for n in 1..=3 {
            socket.say("lobby", &format!("message {n}")).await;
        }
        for n in 1..=3 {
            let (shown, seq) = (watch.line().await, round * 3 + n + 1);
            let end = format!("message {n}");
            assert!(
                shown.contains(&format!("#{seq} ")) && shown.ends_with(&end),
                "{shown}"
            );
        }
        hub.kill().await;
        assert!(watch.word().await.ends_with("; trying again"));
        hub.restart().await;
        assert_eq!(watch.word().await, "generic-corp: connected again");
    }
    watch.signal("INT");
    assert_eq!(watch.ended().await, Some(0));
}

#[tokio::test]
async fn watch_shows_what_was_asked_for() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    for kind in ["message", "deploy", "message", "deploy"] {
        let body = json!({ "text": "\u{1b}[31mred\u{7}" });
        let frame = json!({ "type": "publish", "room": "lobby", "kind": kind, "body": body });
        bot.request(frame).await.expect("published");
    }
    let after = [
        "watch", "lobby", "--json", "--after", "1", "--kind", "deploy",
    ];
    let mut watch = Running::start(&mut client(&hub, &key, &after));
    for seq in [2, 4] {
        let event: Event = serde_json::from_str(&watch.line().await).expect("an event");
        assert_eq!((event.seq, event.kind.as_str()), (seq, "deploy"));
    }
    drop(watch);
    let mut watch = Running::start(&mut client(&hub, &key, &["watch", "lobby", "--tail", "2"]));
    let shown = watch.line().await;
    assert!(
        shown.contains("#3 ") && !shown.contains(['\u{1b}', '\u{7}']),
        "{shown:?}"
    );
    let missing = run(&mut client(&hub, &key, &["watch", "attic"])).await;
    assert!(missing.failed().contains("there is no such room"));
    let beyond = ["watch", "lobby", "--after", "99"];
    let mut beyond = Running::start(&mut client(&hub, &key, &beyond));
    let said = beyond.word().await;
    assert!(
        said.contains("beyond the end") && said.ends_with("going on after #4"),
        "{said}"
    );
}

#[tokio::test]
async fn watch_ends_quietly_when_nobody_reads_any_more() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let mut bot = hub.connect(&key).await;
    bot.say("lobby", "one").await;
    let mut watch = Running::start(&mut client(&hub, &key, &["watch", "lobby"]));
    watch.line().await;
    // As `watch | head -1` does.
    let Running {
        child,
        out,
        mut err,
    } = watch;
    drop(out);
    bot.say("lobby", "two").await;
    let ended = child.wait_with_output();
    let ended = crate::support::wait::within("the end", ended)
        .await
        .expect("it ran");
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(err.next_line().await.expect("text"), None);
}
