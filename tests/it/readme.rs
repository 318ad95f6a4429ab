//! What README.md shows is what runs.

use crate::support::{TestServer, eventually};
use serde_json::{Value, json};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// The blocks of code in a language.
fn blocks(language: &str) -> Vec<String> {
    let text = read("README.md");
    let fence = format!("\n```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// A shell with the hub's binary in its path and a key of `guest`; it ends with all that it started.
struct Shell(Child);

impl Shell {
    fn run(hub: &TestServer, lines: &str, key: &str) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_generic-corp"));
        let folder = binary.parent().unwrap().display();
        let path = std::env::var("PATH").unwrap();
        let shell = Command::new("sh")
            .args(["-c", lines])
            .env("PATH", format!("{folder}:{path}"))
            .env("GENERIC_CORP_URL", hub.url(""))
            .env("GENERIC_CORP_API_KEY", key)
            .current_dir(hub.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn();
        Self(shell.unwrap())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let kill = format!("kill -KILL -{}", self.0.id());
        let _ = Command::new("sh").args(["-c", &kill]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn the_bots_are_the_compiled_examples() {
    for (language, path) in [
        ("rust", "clients/rust/examples/bot.rs"),
        ("ts", "clients/typescript/examples/bot.ts"),
        ("python", "clients/python/examples/echo_bot.py"),
    ] {
        let file = read(path);
        let (_, code) = file.split_once("\n\n").unwrap();
        assert_eq!(blocks(language), [code], "README.md quotes {path}");
    }
}

#[tokio::test]
async fn the_bot_for_the_shell_answers_and_streams() {
    let hub = TestServer::start().await;
    let mut visitor = hub.agent("visitor").await;
    let bot = blocks("sh")
        .into_iter()
        .find(|lines| lines.contains("case"));
    let _bot = Shell::run(&hub, &bot.unwrap(), &hub.key("guest").await);
    eventually("the bot is in the lobby", async || {
        let joined = visitor
            .join_with(json!({ "room": "lobby", "tail": 0 }))
            .await;
        let mut names = joined.members.iter().map(|member| &member.sender.name);
        names.any(|name| name == "guest").then_some(())
    })
    .await;
    let mention = json!({ "type": "publish", "room": "lobby", "mentions": ["guest"],
        "body": { "text": "@guest hello" } });
    visitor.ask::<Value>(mention).await;
    let mut bodies = Vec::new();
    while bodies.len() < 3 {
        let event = visitor.event().await;
        if event.sender.name == "guest" {
            bodies.push(serde_json::from_str::<Value>(event.body.get()).unwrap());
        }
    }
    assert_eq!(bodies[0]["text"], "I read you");
    assert_eq!(bodies[1]["name"], "uptime");
    assert_eq!(bodies[2]["exit_code"], 0);
}
