//! A hub whose disk is full: it says so, goes on with what needs no space, loses nothing that it has
//! acknowledged, and takes up its work by itself when there is space.

use crate::support::{Rest, Socket, TestServer, eventually};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::frame::{Failure, HistoryPage};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Room for a few hundred messages.
const SMALL: &str = "8m";
const LARGE: &str = "256m";
/// Bytes of one message.
const MESSAGE_BYTES: usize = 20_000;

/// What bounds the files of a hub.
#[derive(Clone, Copy, PartialEq)]
enum Disk {
    /// A file system of its own, in a mount namespace that ends with the hub.
    Own { rootless: bool },
    /// Where that is not permitted: a limit on the size of its files.
    Limit,
}

impl Disk {
    fn choose() -> Self {
        for rootless in [false, true] {
            let mut words = Self::Own { rootless }.below("/tmp");
            let mut probe = Command::new(words.remove(0));
            let probe = probe.args(words).arg("true").stderr(Stdio::null()).status();
            if probe.is_ok_and(|status| status.success()) {
                return Self::Own { rootless };
            }
        }
        let text = "disk_full: NO FILE SYSTEM MAY BE MOUNTED HERE (neither as root nor in a user\n\
                    namespace). The disk is not full then; a limit on the size of files stands for it.";
        // Past the test harness, which would keep it to itself.
        let _ = writeln!(std::io::stderr(), "\n{text}");
        Self::Limit
    }

    /// The command that runs a hub on it.
    fn below(self, folder: &str) -> Vec<String> {
        let mount = format!("mount -t tmpfs -o size={SMALL} tmpfs {folder} && exec \"$@\"");
        // In half KiB; who may write no more is told, not killed.
        let limit = "trap '' XFSZ && ulimit -S -f 8192 && exec \"$@\"".to_owned();
        let words: &[&str] = match self {
            Self::Own { rootless: false } => &["unshare", "--mount", "sh", "-c", &mount, "sh"],
            Self::Own { rootless: true } => &[
                "unshare",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                &mount,
                "sh",
            ],
            Self::Limit => &["sh", "-c", &limit, "sh"],
        };
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// Makes space for the running hub.
    fn grow(self, hub: &TestServer, folder: &str) {
        let pid = hub.pid().to_string();
        let size = format!("remount,size={LARGE}");
        let mut command = match self {
            Self::Own { rootless } => {
                let mut command = Command::new("nsenter");
                command.args(["--target", &pid, "--mount"]);
                if rootless {
                    command.args(["--user", "--preserve-credentials"]);
                }
                // With its source given, `mount` does not repeat the owner it finds, who has no number in here.
                command.args(["mount", "-o", &size, "tmpfs", folder]);
                command
            }
            Self::Limit => {
                let mut command = Command::new("prlimit");
                command.args(["--pid", &pid, "--fsize=unlimited:"]);
                command
            }
        };
        assert!(command.status().expect("util-linux").success());
    }
}

/// A hub on a disk that is nearly full from the start.
async fn hub_on(disk: Disk) -> (TestServer, String) {
    let builder = TestServer::builder().on_sqlite();
    let folder = builder.folder().join("disk");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.to_str().expect("a plain path").to_owned();
    let words = disk.below(&folder);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let builder = builder
        .with("database.url", format!("sqlite:{folder}/hub.db"))
        .below(&words);
    (builder.start().await, folder)
}

/// Message number `n`, which can be told from every other.
fn message(n: usize) -> Value {
    let body = format!("{n} {}", "x".repeat(MESSAGE_BYTES));
    json!({ "type": "publish", "room": "lobby", "key": format!("k{n}"), "body": body })
}

/// Publishes until the disk is full; how many were acknowledged, and what the next one was told.
async fn fill(bot: &mut Socket) -> (usize, Failure) {
    for n in 1..2_000 {
        if let Err(error) = bot.request(message(n)).await {
            return (n - 1, error);
        }
    }
    panic!("forty megabytes fit on {SMALL}");
}

/// Makes rooms until there is no space for one more, and gives the refusal.
async fn fill_with_rooms(operator: &Rest) -> ErrorCode {
    for n in 1..2_000 {
        let room = json!({ "name": format!("room-{n}") });
        let answer = operator.post("/workspaces/main/rooms", &room).await;
        if !answer.status.is_success() {
            return answer.code();
        }
    }
    panic!("no end of rooms fits on {SMALL}");
}

/// The room's log holds these messages, each once, and nothing else.
async fn holds(reader: &Rest, count: usize) {
    let (mut after, mut events) = (0, Vec::new());
    loop {
        let path = format!("/workspaces/main/rooms/lobby/events?after={after}&limit=100");
        let page: HistoryPage = reader.get(&path).await.ok();
        assert_eq!(page.head as usize, count);
        events.extend(page.events);
        after = events.last().map_or(0, |event| event.seq);
        if !page.more {
            break;
        }
    }
    assert_eq!(events.len(), count);
    for (n, event) in (1..).zip(&events) {
        assert_eq!(event.seq as usize, n);
        let body: Value = serde_json::from_str(event.body.get()).unwrap();
        assert_eq!(body, message(n)["body"]);
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    let disk = Disk::choose();
    let (hub, folder) = hub_on(disk).await;
    let full = match disk {
        Disk::Own { .. } => ErrorCode::StorageFull,
        Disk::Limit => ErrorCode::Unavailable,
    };
    let key = hub.key("bot").await;
    let operator = hub.admin().await;
    hub.room("streams").await;
    let (mut bot, mut viewer) = (hub.connect(&key).await, hub.connect(&key).await);
    viewer.join("lobby").await;
    let stream = bot.open_stream("streams", "x").await;
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "x".repeat(40_000) });

    let (acked, error) = fill(&mut bot).await;
    assert!(acked > 20, "only {acked} fit");
    assert_eq!(error.code, full);
    assert!(
        error.retryable && error.retry_after_ms.is_some(),
        "{error:?}"
    );
    // Refused over every way, each time, and each time without a trace.
    for _ in 0..3 {
        assert_eq!(bot.refused(message(acked + 1)).await.code, full);
        assert_eq!(bot.refused(append.clone()).await.code, full);
    }
    let rest = hub.anybody().with_token(&key);
    let mut body = message(acked + 1);
    body.as_object_mut()
        .unwrap()
        .retain(|field, _| field == "key" || field == "body");
    let events = "/workspaces/main/rooms/lobby/events";
    let answer = rest.post(events, &body).await;
    assert_eq!(answer.code(), full);
    assert_eq!(fill_with_rooms(&operator).await, full);
    // Reading needs no space: those who are there, those who come, and those without a socket.
    for n in 1..=acked {
        assert_eq!(viewer.event().await.seq as usize, n);
    }
    holds(&rest, acked).await;
    let mut late = hub.connect(&key).await;
    assert_eq!(
        late.join_with(json!({ "room": "lobby", "tail": 3 }))
            .await
            .head as usize,
        acked
    );
    assert_eq!(late.events(3).await[2].seq as usize, acked);
    let whisper =
        json!({ "type": "publish", "room": "lobby", "body": "still here", "ephemeral": true });
    bot.request(whisper)
        .await
        .expect("what is not stored needs no space");

    disk.grow(&hub, &folder);
    // It goes on by itself, and the same keys make of each refusal the one event it was to be.
    let again = eventually("there is space", async || {
        bot.request(message(acked + 1)).await.ok()
    });
    assert_eq!(again.await.result.unwrap()["seq"], json!(acked + 1));
    bot.request(append).await.expect("there is space");
    bot.request(message(acked + 2))
        .await
        .expect("there is space");
    for viewer in [&mut viewer, &mut late] {
        assert_eq!(viewer.event().await.seq as usize, acked + 1);
        assert_eq!(viewer.event().await.seq as usize, acked + 2);
    }
    holds(&rest, acked + 2).await;
    assert!(hub.log().contains("appends are committed again"));
    // So does what is no event: signing in, rooms, keys.
    hub.room("late").await;
    hub.key("late").await;
    sound(&hub, Path::new(&folder));
}

/// What lies on the disk is whole. It is seen as the hub sees it.
fn sound(hub: &TestServer, folder: &Path) {
    let root = PathBuf::from(format!("/proc/{}/root", hub.pid()));
    let file = root.join(folder.strip_prefix("/").unwrap()).join("hub.db");
    let database = rusqlite::Connection::open(file).expect("the database opens");
    let verdict: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("it is checked");
    assert_eq!(verdict, "ok");
}
