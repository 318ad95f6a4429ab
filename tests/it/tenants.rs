//! Another tenant's things: not there, word for word as what never was.

use crate::support::{Bystanders, TestServer};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{Me, NewApiKeySecret};
use serde_json::{Value, json};

/// An id of no stream.
const MISSING: &str = "00000000-0000-7000-8000-000000000000";

/// A key for the first workspace of an organization that somebody else has founded.
async fn strangers_key(hub: &TestServer) -> String {
    let session = hub.register("eve@example.com", "evil").await;
    let eve = hub.anybody().with_token(&session.access_token);
    let me: Me = eve.get("/me").await.ok();
    let keys = format!("/workspaces/{}/keys", me.organizations[0].workspaces[0].id);
    let made: NewApiKeySecret = eve.post(&keys, &json!({ "agent": "eve-bot" })).await.ok();
    made.secret
}

/// Everything that can be asked of a stream.
fn requests(stream: &str) -> Vec<Value> {
    vec![
        json!({ "type": "stream.read", "stream": stream }),
        json!({ "type": "stream.read", "stream": stream, "offset": 1 }),
        json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "x" }),
        json!({ "type": "stream.append", "stream": stream, "offset": 9, "base64": "eA==" }),
        json!({ "type": "stream.close", "stream": stream, "offset": 0, "outcome": "completed" }),
        json!({ "type": "cancel", "stream": stream, "reason": "x" }),
        json!({ "type": "leave", "stream": stream }),
        json!({ "type": "stream.open", "room": "lobby", "name": "x", "parent": stream }),
    ]
}

#[tokio::test]
async fn a_foreign_stream_is_a_missing_stream_to_the_byte() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let mut ours = hub.agent("bot").await;
    hub.room("streams").await;
    let stream = ours.open_stream("streams", "secret").await;
    let mut eve = hub.connect(&strangers_key(&hub).await).await;
    for (foreign, missing) in requests(&stream).into_iter().zip(requests(MISSING)) {
        let mut told = Vec::new();
        for (frame, id) in [(foreign, stream.as_str()), (missing, MISSING)] {
            let mut error = eve.refused(frame).await;
            error.id = None;
            assert_eq!(error.code, ErrorCode::NotFound);
            // It may say again what it was asked for.
            told.push(generic_corp_protocol::encode(&error).replace(id, "ID"));
        }
        assert_eq!(told[0], told[1]);
    }
    others.undisturbed().await;
    let append = json!({ "type": "stream.append", "stream": stream, "offset": 0, "text": "ours" });
    ours.request(append)
        .await
        .expect("nobody wrote or closed it");
}

#[tokio::test]
async fn what_is_said_in_a_room_of_the_same_name_stays_there() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await;
    let mut others = Bystanders::join(&hub, "lobby").await;
    let key = strangers_key(&hub).await;
    let mut eve = hub.connect(&key).await;
    assert_eq!(eve.join("lobby").await.members.len(), 1, "she is alone");
    let key_of_ours = json!({ "type": "publish", "room": "lobby", "key": "k", "body": 1 });
    let mut ours = hub.agent("bot").await;
    eve.request(key_of_ours.clone()).await.expect("her own log");
    assert_eq!(eve.event().await.seq, 1);
    others.undisturbed().await;
    // An idempotency key is known to its sender alone.
    let answer = ours.request(key_of_ours).await.expect("another log");
    assert_eq!(answer.result.unwrap()["duplicate"], json!(false));
    let whisper = json!({ "type": "publish", "room": "lobby", "body": 1, "ephemeral": true });
    ours.request(whisper).await.expect("said");
    assert!(eve.is_quiet().await);
}
