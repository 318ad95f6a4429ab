//! Publishing over HTTP, judged as over a socket.

use super::attempt::Draft;
use super::session::Answer;
use super::{Door, PATIENCE};
use generic_corp_protocol::frame::Failure;
use generic_corp_protocol::rest::Problem;
use serde_json::json;

/// A client that keeps its connections.
pub struct Http(reqwest::Client);

impl Http {
    /// One without connections.
    pub fn new() -> Option<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        client.build().ok().map(Self)
    }

    /// Publishes at this door.
    pub async fn publish(&self, door: &Door, draft: &Draft) -> Answer {
        let workspace = door.path.trim_start_matches("/ws/");
        let (address, room) = (door.address, &draft.room);
        let url = format!("http://{address}/api/v1/workspaces/{workspace}/rooms/{room}/events");
        let body = json!({ "key": draft.key, "kind": draft.kind, "body": draft.body });
        let asked = self.0.post(url).bearer_auth(&door.token).json(&body);
        match read(asked).await {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => Answer::Lost("no answer in time"),
            Err(_) => Answer::Lost("the connection ended"),
        }
    }
}

async fn read(asked: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let answer = asked.send().await?;
    let (good, body) = (answer.status().is_success(), answer.bytes().await?);
    let unreadable = Answer::Lost("an unreadable answer");
    if good {
        return Ok(serde_json::from_slice(&body).map_or(unreadable, Answer::Done));
    }
    let Ok(problem) = serde_json::from_slice::<Problem>(&body) else {
        return Ok(unreadable);
    };
    Ok(Answer::Refused(Box::new(Failure {
        id: None,
        code: problem.code,
        message: problem.detail,
        retryable: problem.retryable,
        retry_after_ms: problem.retry_after_ms,
        details: problem.details,
    })))
}
