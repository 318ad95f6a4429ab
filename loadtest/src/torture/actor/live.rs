//! A room as Server-Sent Events: the same frames as over a socket, a line each.

use super::{Door, PATIENCE};
use generic_corp_protocol::ServerFrame;
use generic_corp_protocol::codec::decode_server;
use std::time::Duration;

/// The hub breaks a silence of 25 s; after a longer one the connection is dead.
const SILENCE: Duration = Duration::from_secs(30);
/// Most bytes of a line.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Opens them.
pub struct Live(reqwest::Client);

/// One that is open.
pub struct Opened {
    answer: reqwest::Response,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
}

impl Live {
    /// One without connections.
    pub fn new() -> Option<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(PATIENCE);
        client.build().ok().map(Self)
    }

    /// Follows a room behind this `seq` of this epoch; `None` when it is not let in.
    pub async fn open(
        &self,
        door: &Door,
        room: &str,
        from: Option<(u64, String)>,
    ) -> Option<Opened> {
        let workspace = door.path.trim_start_matches("/ws/");
        let address = door.address;
        let mut url = format!("http://{address}/api/v1/workspaces/{workspace}/rooms/{room}/live");
        if let Some((after, epoch)) = from {
            url.push_str(&format!("?after={after}&epoch={epoch}"));
        }
        let asked = self.0.get(url).bearer_auth(&door.token).send();
        let answer = tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?;
        answer.status().is_success().then_some(Opened {
            answer,
            begun: Vec::new(),
        })
    }
}

impl Opened {
    /// Hands every frame to `take` until the end; why it ended.
    pub async fn read(&mut self, take: impl Fn(&ServerFrame)) -> String {
        loop {
            let chunk = match tokio::time::timeout(SILENCE, self.answer.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return "ended".to_owned(),
                Ok(Err(_)) => return "the connection ended".to_owned(),
                Err(_) => return "silent".to_owned(),
            };
            self.begun.extend_from_slice(&chunk);
            while let Some(end) = memchr::memchr(b'\n', &self.begun) {
                let line: Vec<u8> = self.begun.drain(..=end).collect();
                take_line(&line, &take);
            }
            if self.begun.len() > MAX_LINE_BYTES {
                return "an endless line".to_owned();
            }
        }
    }
}

/// What is no frame is a name, an id, a comment or a reason to go; an event that is missed leaves a gap.
fn take_line(line: &[u8], take: &impl Fn(&ServerFrame)) {
    if let Some(data) = line.strip_prefix(b"data: ") {
        let frames = decode_server(&String::from_utf8_lossy(data));
        frames.into_iter().flatten().for_each(|frame| take(&frame));
    }
}
