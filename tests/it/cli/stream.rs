//! `stream`: every byte once, whatever happens to the hub, and what becomes of the command.

use super::{Running, client, run};
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::rest::StreamPage;
use generic_corp_protocol::{StreamId, StreamInfo, StreamState};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

async fn streams(rest: &Rest) -> Vec<StreamInfo> {
    let page: StreamPage = rest.get("/workspaces/main/rooms/lobby/streams").await.ok();
    page.streams
}

/// The newest stream, as it stands.
async fn newest(rest: &Rest) -> StreamInfo {
    streams(rest).await.into_iter().next().expect("a stream")
}

async fn bytes(rest: &Rest, stream: StreamId) -> Vec<u8> {
    rest.get(&format!("/workspaces/main/streams/{stream}/bytes"))
        .await
        .body
}

/// Pipes bytes through the command while the hub is killed in the middle, twice.
async fn pipe_over_kills(flags: &[&str], content: Vec<u8>) {
    let mut hub = TestServer::builder()
        .with_fixed_port()
        .with_plan(&[])
        .start()
        .await;
    let (key, rest) = (hub.key("bot").await, hub.admin().await);
    let mut command = client(
        &hub,
        &key,
        &[&["stream", "--room", "lobby", "--name", "tests"], flags].concat(),
    );
    let mut stream = Running::start(command.stdin(Stdio::piped()));
    let mut stdin = stream.child.stdin.take().expect("stdin is piped");
    let input = content.clone();
    let feeding = tokio::spawn(async move { stdin.write_all(&input).await });
    for part in 1..=2_u64 {
        let stored = content.len() as u64 * part / 3;
        eventually("the bytes come", async || {
            let streams = streams(&rest).await;
            streams
                .first()
                .filter(|stream| stream.length >= stored)
                .map(drop)
        })
        .await;
        hub.kill().await;
        assert!(stream.word().await.ends_with("; trying again"));
        hub.restart().await;
        assert_eq!(stream.word().await, "generic-corp: connected again");
    }
    feeding.await.expect("fed").expect("all input is taken");
    assert_eq!(stream.ended().await, Some(0));
    let info = newest(&rest).await;
    assert_eq!(
        (info.name.as_str(), info.state, info.exit_code),
        ("tests", StreamState::Completed, None)
    );
    assert_eq!(streams(&rest).await.len(), 1);
    let stored = bytes(&rest, info.stream).await;
    assert_eq!(stored.len(), content.len());
    assert_eq!(
        Sha256::digest(&stored),
        Sha256::digest(&content),
        "every byte, once"
    );
}

#[tokio::test]
async fn piped_bytes_survive_kills() {
    let mut content = vec![0; 6 << 20];
    StdRng::seed_from_u64(1).fill(&mut content[..]);
    pipe_over_kills(&[], content).await;
}

#[tokio::test]
async fn piped_text_survives_kills_without_binary_frames() {
    let lines = (0..120_000).map(|n| format!("{n} – naïve ✓\n"));
    pipe_over_kills(&["--no-binary"], lines.collect::<String>().into_bytes()).await;
}

#[tokio::test]
async fn the_exit_status_of_the_command_is_told_and_passed_on() {
    let hub = TestServer::start().await;
    let (key, rest) = (hub.key("bot").await, hub.admin().await);
    let both = "echo out; echo err >&2; exit 3";
    let cases: [(&[&str], i32, &str); 5] = [
        (&["sh", "-c", both], 3, "out\nerr\n"),
        (&["true"], 0, ""),
        (&["sh", "-c", "kill -9 $$"], 137, ""),
        (&["no-such-command"], 127, ""),
        (&["/etc/hostname"], 126, ""),
    ];
    for (command, code, output) in cases {
        let arguments = [&["stream", "--room", "lobby", "--"], command].concat();
        let ended = run(&mut client(&hub, &key, &arguments)).await;
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (Some(code), ""),
            "{command:?}: {}",
            ended.err
        );
        let info = newest(&rest).await;
        assert_eq!(
            (info.exit_code, info.name.as_str()),
            (Some(code), command.join(" ").as_str())
        );
        let outcome = if code == 0 {
            StreamState::Completed
        } else {
            StreamState::Failed
        };
        assert_eq!(info.state, outcome);
        assert_eq!(bytes(&rest, info.stream).await, output.as_bytes());
    }
    let tee = [
        "stream",
        "--room",
        "lobby",
        "--tee",
        "--",
        "sh",
        "-c",
        "echo here, too",
    ];
    assert_eq!(
        run(&mut client(&hub, &key, &tee)).await.good(),
        "here, too\n"
    );
    let missing = run(&mut client(
        &hub,
        &key,
        &["stream", "--room", "attic", "--", "true"],
    ))
    .await;
    assert!(missing.failed().contains("there is no such room"));
}

#[tokio::test]
async fn a_command_of_several_lines_has_a_name_of_one() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let script = format!("echo one\necho two\t#\u{202E}{}", "é".repeat(300));
    let arguments = ["stream", "--room", "lobby", "--", "sh", "-c", &script];
    run(&mut client(&hub, &key, &arguments)).await.good();
    let name = newest(&hub.admin().await).await.name;
    assert!(
        name.starts_with("sh -c echo one echo two # éé") && name.len() <= 256,
        "{name}"
    );
}

#[tokio::test]
async fn input_that_cannot_be_read_is_no_complete_stream() {
    let hub = TestServer::start().await;
    let key = hub.key("bot").await;
    let folder = std::fs::File::open(hub.folder()).expect("a folder");
    let mut command = client(&hub, &key, &["stream", "--room", "lobby"]);
    let said = run(command.stdin(Stdio::from(folder))).await.failed();
    assert!(said.contains("cannot read standard input"), "{said}");
    assert_eq!(newest(&hub.admin().await).await.state, StreamState::Failed);
}

/// Starts a command that runs for ever, with a child of its own, and waits until it is up.
async fn endless(hub: &TestServer, key: &str, rest: &Rest) -> (Running, StreamInfo) {
    let script = "trap 'echo bye; exit 7' TERM; echo up; sleep 1000 & wait";
    let arguments = [
        "stream", "--room", "lobby", "--name", "job", "--", "sh", "-c", script,
    ];
    let stream = Running::start(&mut client(hub, key, &arguments));
    let info = eventually("the command is up", async || {
        streams(rest)
            .await
            .into_iter()
            .next()
            .filter(|stream| stream.length == 3)
    });
    (stream, info.await)
}

async fn must_be_cancelled(rest: &Rest, stream: StreamId) {
    let info: StreamInfo = rest
        .get(&format!("/workspaces/main/streams/{stream}"))
        .await
        .ok();
    assert_eq!(
        (info.state, info.exit_code),
        (StreamState::Cancelled, Some(7))
    );
    let text = String::from_utf8(bytes(rest, stream).await).expect("text");
    assert!(
        text.starts_with("up\n") && text.ends_with("bye\n"),
        "its last words count: {text}"
    );
}

#[tokio::test]
async fn a_wish_from_the_room_stops_the_command_and_what_it_started() {
    let hub = TestServer::start().await;
    let (key, rest) = (hub.key("bot").await, hub.admin().await);
    let (mut stream, info) = endless(&hub, &key, &rest).await;
    let cancel = format!("/workspaces/main/streams/{}/cancel", info.stream);
    let wish = rest
        .post(&cancel, &json!({ "reason": "wrong branch" }))
        .await;
    assert!(wish.status.is_success(), "{wish:?}");
    assert_eq!(
        stream.word().await,
        "generic-corp: ada asked to stop: wrong branch"
    );
    assert_eq!(stream.ended().await, Some(7));
    must_be_cancelled(&rest, info.stream).await;
}

#[tokio::test]
async fn a_signal_stops_the_command_and_what_it_started() {
    let hub = TestServer::start().await;
    let (key, rest) = (hub.key("bot").await, hub.admin().await);
    let (stream, info) = endless(&hub, &key, &rest).await;
    stream.signal("INT");
    assert_eq!(stream.ended().await, Some(7));
    must_be_cancelled(&rest, info.stream).await;
}

#[tokio::test]
async fn an_interrupted_pipe_is_a_cancelled_stream() {
    let hub = TestServer::start().await;
    let (key, rest) = (hub.key("bot").await, hub.admin().await);
    let mut command = client(&hub, &key, &["stream", "--room", "lobby"]);
    let mut stream = Running::start(command.stdin(Stdio::piped()));
    let mut stdin = stream.child.stdin.take().expect("stdin is piped");
    stdin.write_all(b"half a line").await.expect("taken");
    eventually("the bytes come", async || {
        streams(&rest)
            .await
            .first()
            .filter(|stream| stream.length == 11)
            .map(drop)
    })
    .await;
    stream.signal("TERM");
    // The other end does not stop: it is not waited for much longer.
    assert_eq!(stream.ended().await, Some(130));
    drop(stdin);
    let info = newest(&rest).await;
    assert_eq!((info.state, info.length), (StreamState::Cancelled, 11));
}
