//! The session that `docs/protocol.md` tells, played against a real hub, and the attacks of `docs/security.md`.

use crate::support::socket::{handshake, with_token};
use crate::support::{Received, Socket, TestServer};
use generic_corp_protocol::ServerFrame;
use serde_json::{Map, Value, json};

/// The examples of the session: whether the client says it, and what.
fn examples() -> Vec<(bool, Value)> {
    let page = include_str!("../../docs/protocol.md");
    let begin = page.find("## A whole session").expect("the session");
    let session = &page[begin..];
    let session = &session[..session.find("\n## ").expect("the next heading")];
    let blocks = session.split("```json ").skip(1);
    blocks
        .map(|block| {
            let (marker, text) = block.split_once('\n').expect("a marker");
            let text = text.split("\n```").next().expect("an end");
            let frame = serde_json::from_str(text).expect("JSON");
            (marker == "client", frame)
        })
        .collect()
}

/// A frame with ids, times and epochs blotted out: they differ at each run.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| match name.as_str() {
                "connection" | "epoch" | "time" | "since" | "stream" | "opened_at" | "key" => {
                    (name.clone(), json!("*"))
                }
                // A sender's id; a request's stays.
                "id" if fields.contains_key("kind") => (name.clone(), json!("*")),
                _ => (name.clone(), shape(value)),
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(values) => values.iter().map(shape).collect(),
        other => other.clone(),
    }
}

/// What the page calls the stream and the epoch, and what they are in this run.
#[derive(Default)]
struct Names(Vec<(String, String)>);

impl Names {
    fn learn(&mut self, told: &Value, came: &Value) {
        let pointers = ["/epoch", "/result/stream"];
        for pointer in pointers {
            if let (Some(told), Some(came)) = (told.pointer(pointer), came.pointer(pointer)) {
                let text = |value: &Value| value.as_str().expect("a name").to_owned();
                self.0.push((text(told), text(came)));
            }
        }
    }

    fn translate(&self, frame: &Value) -> String {
        let text = frame.to_string();
        let replace = |text: String, (told, came): &(String, String)| text.replace(told, came);
        self.0.iter().fold(text, replace)
    }
}

async fn connect(hub: &TestServer, key: &str) -> Socket {
    let request = with_token(handshake(hub.address), key);
    let mut socket = Socket::open(hub.address, request).await.expect("accepted");
    socket.welcome().await;
    socket
}

/// The frame that the page tells next; others may come before it.
async fn told(socket: &mut Socket, told: &Value) -> Value {
    socket
        .pick(&told.to_string(), |received| match received {
            Received::Frame(frame) => {
                let came = serde_json::to_value(&frame).expect("JSON");
                if shape(&came) == shape(told) {
                    Ok(came)
                } else {
                    Err(Received::Frame(frame))
                }
            }
            other => Err(other),
        })
        .await
}

#[tokio::test]
async fn the_session_on_the_page_is_what_happens() {
    let hub = TestServer::start().await;
    hub.room("deploy").await;
    let (admin, key) = (hub.admin().await, hub.key("deploy-bot").await);
    let mut bot = connect(&hub, &key).await;
    let mut names = Names::default();
    for (by_client, frame) in examples() {
        if by_client {
            if frame[0]["type"] == "hello" {
                // The answer to the last append is lost with the connection, but it is stored.
                bot.pick(
                    "the ack that the page does not tell",
                    |received| match received {
                        Received::Frame(ServerFrame::StreamAck(ack)) if ack.offset == 30 => Ok(()),
                        other => Err(other),
                    },
                )
                .await;
                bot = connect(&hub, &key).await;
            }
            bot.send_text(&names.translate(&frame)).await;
            continue;
        }
        if frame["sender"]["name"] == "ada" {
            let said = json!({ "body": frame["body"], "mentions": frame["mentions"] });
            let path = "/workspaces/main/rooms/deploy/events";
            let _: Value = admin.post(path, &said).await.ok();
        }
        let came = told(&mut bot, &frame).await;
        names.learn(&frame, &came);
    }
    bot.reply("4").await.expect("closed");
    bot.reply("5").await.expect("published");
}

#[test]
fn every_attack_on_the_page_is_a_test() {
    let page = include_str!("../../docs/security.md");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let mut count = 0;
    for row in rows {
        let ["", _, _, test, ""] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            continue;
        };
        let words: Vec<_> = test
            .split('`')
            .filter(|word| !word.trim().is_empty())
            .collect();
        let [file, name] = words[..] else { continue };
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&path).expect(&path);
        assert!(
            source.contains(&format!("fn {name}(")),
            "{file} has no test {name}"
        );
        count += 1;
    }
    assert!(count >= 60, "{count}");
}
