//! Follows a room as Server-Sent Events and comes back with `Last-Event-ID`, as a browser does.

use super::stage::Stage;
use super::viewer::Seen;
use generic_corp_protocol::frame::Joined;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Between two attempts to come back.
const RETRY: Duration = Duration::from_millis(10);

struct Onlooker {
    stage: Arc<Stage>,
    room: &'static str,
    seen: Seen,
    last_id: Option<String>,
}

/// Runs until it has seen the whole room after the end was called.
pub async fn run(stage: Arc<Stage>, token: String, room: &'static str) -> Seen {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client");
    let url = format!(
        "http://{}/api/v1/workspaces/main/rooms/{room}/live?after=0",
        stage.address
    );
    let mut onlooker = Onlooker {
        stage,
        room,
        seen: Seen::default(),
        last_id: None,
    };
    loop {
        let mut request = client.get(&url).bearer_auth(&token);
        if let Some(id) = &onlooker.last_id {
            request = request.header("Last-Event-ID", id);
        }
        match request.send().await {
            Ok(response) => {
                if onlooker.follow(response).await {
                    return onlooker.seen;
                }
                onlooker.stage.note(|tally| tally.resumed += 1);
            }
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

impl Onlooker {
    /// Whether everything was seen; else the connection is gone.
    async fn follow(&mut self, mut response: reqwest::Response) -> bool {
        assert!(response.status().is_success(), "{response:?}");
        let mut targets = self.stage.targets();
        let mut text = Vec::new();
        loop {
            let head = targets
                .borrow_and_update()
                .as_ref()
                .map(|targets| targets.heads[self.room]);
            if head == Some(self.seen.position(self.room)) {
                return true;
            }
            tokio::select! {
                chunk = response.chunk() => match chunk {
                    Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                    Ok(None) | Err(_) => return false,
                },
                _ = targets.changed() => {}
            }
            while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = text.drain(..end + 2).collect();
                self.take_in(std::str::from_utf8(&block).expect("text"));
            }
        }
    }

    fn take_in(&mut self, block: &str) {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        // A heartbeat has no data.
        let Some(data) = field("data: ") else { return };
        match field("event: ") {
            Some("joined") => {
                let joined: Joined = serde_json::from_str(data).expect("joined");
                assert!(joined.recovered, "{joined:?}");
                assert_eq!(joined.after, self.seen.position(self.room));
                self.seen.epoch(self.room, &joined.epoch);
            }
            Some("event") => self
                .seen
                .event(serde_json::from_str(data).expect("an event")),
            Some("presence") => drop(serde_json::from_str::<Value>(data).expect("JSON")),
            other => panic!("unexpected {other:?}: {data}"),
        }
        self.last_id = field("id: ").map(str::to_owned).or(self.last_id.take());
    }
}
