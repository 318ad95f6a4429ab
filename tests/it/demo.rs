//! `serve --demo`: five bots at work, seen by somebody who just started it.

use crate::support::wait::within;
use crate::support::{Received, Rest, Socket, TestServer, eventually};
use generic_corp_protocol::rest::Session;
use generic_corp_protocol::{Event, ServerFrame};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const BOTS: [&str; 5] = ["devonte", "graham", "marcus", "sable", "yuki"];

async fn start() -> TestServer {
    let with_argument = ["sh", "-c", "exec \"$@\" --demo", "sh"];
    TestServer::builder()
        .on_sqlite()
        .below(&with_argument)
        .start()
        .await
}

/// What the banner says behind `label`.
fn told(hub: &TestServer, label: &str) -> String {
    let line = hub.banner.lines().find_map(|line| {
        let rest = line.trim_start().strip_prefix(label)?;
        Some(rest.trim().to_owned())
    });
    line.unwrap_or_else(|| panic!("no {label} in {}", hub.banner))
}

/// Signs in with what the banner says.
async fn sign_in(hub: &TestServer) -> Rest {
    let login = json!({ "email": told(hub, "e-mail"), "password": told(hub, "password") });
    let session: Session = hub.anybody().post("/auth/login", &login).await.ok();
    hub.anybody().with_token(&session.access_token)
}

/// A socket with the key that lies in the demo's folder.
async fn guest(hub: &TestServer) -> Socket {
    let file = hub.folder().join("demo").join("guest.key");
    let key = std::fs::read_to_string(file).unwrap();
    hub.connect(key.trim()).await
}

/// The next event that is wanted.
async fn event(socket: &mut Socket, what: &str, wanted: impl Fn(&Event) -> bool) -> Event {
    let picked = socket.pick(what, |received| match received {
        Received::Frame(ServerFrame::Event(event)) if wanted(&event) => Ok(event),
        other => Err(other),
    });
    // The bots go on talking: the socket is never quiet.
    within(what, picked).await
}

fn body(event: &Event) -> Value {
    serde_json::from_str(event.body.get()).unwrap()
}

#[tokio::test]
async fn five_bots_are_there_talk_and_stream_real_commands() {
    let hub = start().await;
    let visitor = sign_in(&hub).await;
    let me: Value = visitor.get("/me").await.ok();
    assert_eq!(me["organizations"][0]["role"], "owner");

    let mut socket = guest(&hub).await;
    eventually("five bots in the lobby", async || {
        let joined = socket
            .join_with(json!({ "room": "lobby", "tail": 0 }))
            .await;
        let names: BTreeSet<_> = joined
            .members
            .iter()
            .map(|m| m.sender.name.clone())
            .collect();
        BOTS.iter().all(|bot| names.contains(*bot)).then_some(())
    })
    .await;
    for room in ["lobby", "deploys", "research"] {
        let path = format!("/workspaces/main/rooms/{room}/events");
        eventually("a message and a finished stream", async || {
            let page: Value = visitor.get(&path).await.ok();
            let events = page["events"].as_array()?;
            let said = events.iter().find(|event| event["kind"] == "message")?;
            assert!(BOTS.contains(&said["sender"]["name"].as_str()?));
            let closed = events
                .iter()
                .find(|event| event["kind"] == "stream.closed")?;
            (closed["body"]["length"].as_u64()? > 0).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn people_are_answered_and_what_runs_stops_when_asked() {
    let mut hub = start().await;
    let mut socket = guest(&hub).await;
    socket
        .join_with(json!({ "room": "lobby", "tail": 0 }))
        .await;

    let visitor = sign_in(&hub).await;
    let path = "/workspaces/main/rooms/lobby/events";
    let question = json!({ "body": { "text": "Anybody?" } });
    let asked: Value = visitor.post(path, &question).await.ok();
    let asked = asked["seq"].as_u64();
    let answer = event(&mut socket, "a welcome", |e| e.reply_to == asked).await;
    assert_eq!(answer.sender.name, "sable");

    let asked = socket.say("lobby", "@sable help").await;
    let answer = event(&mut socket, "an answer", |e| e.reply_to == Some(asked)).await;
    assert_eq!(answer.sender.name, "sable");
    let text = body(&answer)["text"].as_str().unwrap().to_owned();
    assert!(text.contains("@devonte rehearsal"), "{text}");

    socket.say("lobby", "@devonte rehearsal").await;
    let is_rehearsal =
        |e: &Event| e.kind == "stream.opened" && body(e)["name"] == "rehearsal in 60 steps";
    let opened = event(&mut socket, "the rehearsal", is_rehearsal).await;
    assert_eq!(opened.sender.name, "devonte");
    let stream = body(&opened)["stream"].clone();
    let cancel = json!({ "type": "cancel", "stream": stream, "reason": "seen enough" });
    socket.ask::<Value>(cancel).await;
    let is_closed = |e: &Event| e.kind == "stream.closed" && body(e)["stream"] == stream;
    let closed = event(&mut socket, "its end", is_closed).await;
    assert_eq!(body(&closed)["outcome"], "cancelled");
    let said = |e: &Event| body(e)["text"] == "Stopped; guest asked for it: seen enough.";
    event(&mut socket, "a word about it", said).await;

    hub.terminate();
    assert!(hub.ended().await.success(), "{}", hub.log());
}

#[tokio::test]
async fn a_second_run_goes_on_where_the_first_ended() {
    let mut hub = start().await;
    let mut socket = guest(&hub).await;
    let password = told(&hub, "password");
    let seq = socket.say("lobby", "before").await;
    hub.terminate();
    assert!(hub.ended().await.success(), "{}", hub.log());

    hub.restart().await;
    assert_eq!(told(&hub, "password"), password);
    let visitor = sign_in(&hub).await;
    let mut socket = guest(&hub).await;
    let joined = socket
        .join_with(json!({ "room": "lobby", "tail": 0 }))
        .await;
    assert!(joined.head >= seq, "{joined:?}");
    event(&mut socket, "a bot speaks", |e| e.sender.name == "sable").await;
    let keys: Value = visitor.get("/workspaces/main/keys").await.ok();
    let bots = keys.as_array().unwrap().iter();
    let bots = bots.filter(|key| key["name"] == "a bot of the demo");
    assert_eq!(bots.count(), BOTS.len(), "earlier keys are revoked");
}

#[tokio::test]
async fn it_is_refused_where_others_could_reach_it() {
    for (setting, value) in [
        ("server.host", "0.0.0.0"),
        ("server.public_url", "https://hub.example.com"),
    ] {
        let hub = TestServer::builder().with(setting, value);
        let output = hub.command(&["serve", "--demo"]).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("for this machine alone"), "{said}");
        let left = std::fs::read_dir(hub.folder()).unwrap().count();
        assert_eq!(left, 0, "nothing is made");
    }
}
