//! Following rooms and streams as Server-Sent Events.

use super::*;
use base64::prelude::{BASE64_STANDARD, Engine};
use std::collections::HashMap;

const ROOM: &str = "/workspaces/main/rooms/lobby";

/// A reader of events.
struct Events {
    answer: Response,
    text: String,
}

/// One event, or a comment as `(comment)`.
#[derive(Debug)]
struct Got {
    id: Option<String>,
    kind: String,
    data: Value,
}

impl Events {
    async fn open(hub: &Hub, token: &str, path: &str, last_id: Option<&str>) -> Self {
        let mut request = hub.request(Method::GET, path).bearer_auth(token);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let answer = request.send().await.expect("answered");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let text = String::new();
        Self { answer, text }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Got> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                return Some(Got::read(&event));
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.answer.chunk());
            let chunk = chunk.await.expect("in time").expect("read")?;
            self.text
                .push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// The next event of this kind.
    async fn wait(&mut self, kind: &str) -> Got {
        loop {
            let got = self.next().await.expect("not the end");
            if got.kind == kind {
                return got;
            }
        }
    }
}

impl Got {
    fn read(event: &str) -> Self {
        let fields: HashMap<_, _> = event
            .lines()
            .filter_map(|line| line.split_once(": "))
            .collect();
        assert!(
            event.lines().count() <= 4,
            "no line breaks in data: {event}"
        );
        Self {
            id: fields.get("id").map(|id| (*id).to_owned()),
            kind: (*fields.get("event").unwrap_or(&"(comment)")).to_owned(),
            data: fields.get("data").map_or(Value::Null, |data| {
                serde_json::from_str(data).expect("JSON")
            }),
        }
    }
}

async fn publish(hub: &Hub, token: &str, n: u64) {
    // Raw line ends stand between the body's tokens.
    let body = format!("{{\"body\":\n\n{{\"n\":\r\n{n}}}}}");
    let request = hub
        .request(Method::POST, &format!("{ROOM}/events"))
        .bearer_auth(token);
    let request = request
        .header("content-type", "application/json")
        .body(body);
    assert_eq!(
        request.send().await.expect("answered").status(),
        StatusCode::CREATED
    );
}

#[actix_web::test]
async fn a_room_is_followed_and_resumed_without_a_gap() {
    let (hub, token) = Hub::start().await;
    // More than the hot tail holds, so that the first are read from the store.
    for n in 1..=40 {
        publish(&hub, &token, n).await;
    }
    let path = format!("{ROOM}/live");
    let mut events = Events::open(&hub, &token, &format!("{path}?after=0"), None).await;
    let joined = events.next().await.expect("joined");
    assert_eq!(
        (joined.kind.as_str(), &joined.data["recovered"]),
        ("joined", &json!(true))
    );
    let mut last = joined.id.expect("an id");
    for n in 1..=20 {
        let event = events.wait("event").await;
        assert_eq!(
            (&event.data["seq"], &event.data["body"]["n"]),
            (&json!(n), &json!(n))
        );
        last = event.id.expect("an id");
    }
    drop(events);
    publish(&hub, &token, 41).await;

    let mut events = Events::open(&hub, &token, &path, Some(&last)).await;
    assert_eq!(events.next().await.expect("joined").data["recovered"], true);
    for n in 21..=41 {
        assert_eq!(events.wait("event").await.data["seq"], n);
    }
    publish(&hub, &token, 42).await;
    assert_eq!(events.wait("event").await.data["seq"], 42, "live");
    events.wait("(comment)").await;

    let tail = Events::open(&hub, &token, &format!("{path}?tail=2"), None).await;
    let mut tail = tail;
    let joined = tail.next().await.expect("joined");
    assert_eq!(
        (&joined.data["recovered"], &joined.data["after"]),
        (&json!(false), &json!(40))
    );
    assert_eq!(tail.wait("event").await.data["seq"], 41);
    let mut other = Events::open(&hub, &token, &path, Some("another:7")).await;
    let joined = other.next().await.expect("joined");
    assert_eq!(
        (&joined.data["recovered"], &joined.data["after"]),
        (&json!(false), &json!(42))
    );
    for bad in ["x", "epoch:x", "epoch:-1", "7"] {
        let request = hub
            .request(Method::GET, &path)
            .bearer_auth(&token)
            .header("last-event-id", bad);
        assert_eq!(
            code(request.send().await.expect("answered")).await,
            "invalid",
            "{bad}"
        );
    }
}

#[actix_web::test]
async fn a_stream_is_followed_to_its_end() {
    let (hub, token) = Hub::start().await;
    let answer = hub
        .post(&format!("{ROOM}/streams"), &token, &json!({ "name": "x" }))
        .await;
    let opened: Value = answer.json().await.expect("JSON");
    let path = format!(
        "/workspaces/main/streams/{}",
        opened["stream"].as_str().expect("an id")
    );
    let write = async |offset: u64, bytes: &[u8]| {
        let request = hub.request(Method::POST, &format!("{path}/bytes?offset={offset}"));
        let answer = request
            .bearer_auth(&token)
            .body(bytes.to_vec())
            .send()
            .await;
        assert_eq!(answer.expect("answered").status(), StatusCode::OK);
    };
    write(0, "grün\n".as_bytes()).await;
    let live = format!("{path}/live");
    let mut events = Events::open(&hub, &token, &live, None).await;
    assert_eq!(events.next().await.expect("first").kind, "stream.reading");
    let text = events.wait("stream.data").await;
    assert_eq!(
        (text.id.as_deref(), &text.data["text"]),
        (Some("6"), &json!("grün\n"))
    );
    write(6, b"\xff\x00\xfe\xfd").await;
    let raw = events.wait("stream.data").await;
    let bytes = BASE64_STANDARD
        .decode(raw.data["base64"].as_str().expect("base64"))
        .expect("decodes");
    assert_eq!(
        (raw.id.as_deref(), bytes.as_slice()),
        (Some("10"), &b"\xff\x00\xfe\xfd"[..])
    );

    let end = json!({ "offset": 10, "outcome": "failed", "exit_code": 2 });
    hub.post(&format!("{path}/close"), &token, &end).await;
    let closed = events.wait("stream.closed").await;
    assert_eq!(
        (closed.id.as_deref(), &closed.data["exit_code"]),
        (Some("10"), &json!(2))
    );
    assert!(events.next().await.is_none(), "the answer ends");

    let again = hub
        .request(Method::GET, &live)
        .bearer_auth(&token)
        .header("last-event-id", "10");
    assert_eq!(
        again.send().await.expect("answered").status(),
        StatusCode::NO_CONTENT
    );
    let mut part = Events::open(&hub, &token, &live, Some("6")).await;
    assert_eq!(part.wait("stream.data").await.id.as_deref(), Some("10"));
    part.wait("stream.closed").await;
    let beyond = hub.get(&format!("{live}?offset=11"), &token).await;
    assert_eq!(code(beyond).await, "stream_offset");
}

#[actix_web::test]
async fn lookers_on_are_listed_limited_and_sent_away() {
    let (hub, token) = Hub::start().await;
    let path = format!("{ROOM}/live");
    let key = hub.key(&token, &["read"]).await;
    let mut events = Events::open(&hub, &key.secret, &path, None).await;
    events.next().await.expect("joined");
    let list: Value = hub
        .get("/workspaces/main/connections", &token)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&list[0]["sender"]["name"], &list[0]["address"]),
        (&json!("sable"), &json!("127.0.0.1"))
    );
    let refused = hub.get("/workspaces/main/connections", &key.secret).await;
    assert_eq!(code(refused).await, "forbidden");

    let revoke = hub.request(
        Method::DELETE,
        &format!("/workspaces/main/keys/{}", key.key.id),
    );
    revoke.bearer_auth(&token).send().await.expect("answered");
    assert_eq!(events.wait("close").await.data["code"], 4403);
    assert!(events.next().await.is_none());

    // Ended elsewhere: noticed by the check on a timer.
    let session = hub.login(EMAIL).await;
    let mut events = Events::open(&hub, &session.access_token, &path, None).await;
    hub.auth
        .logout(&session.refresh_token, None)
        .await
        .expect("out");
    hub.registry.close_ended(&hub.auth, &hub.tenants).await;
    assert_eq!(events.wait("close").await.data["code"], 4401);

    let mut all = Vec::new();
    while hub.registry.count() < 100 {
        all.push(Events::open(&hub, &token, &path, None).await);
    }
    assert_eq!(code(hub.get(&path, &token).await).await, "limit_reached");
    hub.registry.drain(0);
    for mut events in all {
        assert_eq!(events.wait("goaway").await.data["reconnect_after_ms"], 5000);
    }
    assert_eq!(code(hub.get(&path, &token).await).await, "shutting_down");
    let empty = async {
        while hub.registry.count() > 0 {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(Duration::from_secs(5), empty)
        .await
        .expect("places are given back");
}
