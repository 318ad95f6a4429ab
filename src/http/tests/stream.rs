//! The log over plain HTTP: events, streams, bytes.

use super::*;

const ROOM: &str = "/workspaces/main/rooms/lobby";

async fn open(hub: &Hub, token: &str, body: &Value) -> String {
    let answer = hub.post(&format!("{ROOM}/streams"), token, body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let opened: Value = answer.json().await.expect("JSON");
    let id = opened["stream"].as_str().expect("an id");
    format!("/workspaces/main/streams/{id}")
}

async fn append(hub: &Hub, token: &str, path: &str, offset: u64, bytes: &[u8]) -> Response {
    let request = hub.request(Method::POST, &format!("{path}/bytes?offset={offset}"));
    let request = request.bearer_auth(token).body(bytes.to_vec());
    request.send().await.expect("answered")
}

async fn json_of(answer: Response) -> Value {
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json().await.expect("JSON")
}

#[actix_web::test]
async fn events_are_published_once_and_paged() {
    let (hub, token) = Hub::start().await;
    let path = format!("{ROOM}/events");
    for n in 1..=5 {
        let body = json!({ "body": { "text": format!("hello {n}") }, "key": format!("k{n}") });
        let answer = hub.post(&path, &token, &body).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(json_of(answer).await["seq"], n);
    }
    let again = json!({ "body": { "text": "hello 3" } });
    let request = hub
        .request(Method::POST, &path)
        .header("idempotency-key", "k3");
    let answer = request
        .bearer_auth(&token)
        .json(&again)
        .send()
        .await
        .expect("answered");
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = json_of(answer).await;
    assert_eq!(
        (&answer["seq"], &answer["duplicate"]),
        (&json!(3), &json!(true))
    );

    let page = json_of(hub.get(&format!("{path}?after=1&limit=2"), &token).await).await;
    let seqs: Vec<_> = page["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|e| &e["seq"])
        .collect();
    assert_eq!(
        (seqs, &page["head"], &page["more"]),
        (vec![&json!(2), &json!(3)], &json!(5), &json!(true))
    );
    let newest = json_of(
        hub.get(&format!("{path}?limit=1&kinds=message,x"), &token)
            .await,
    )
    .await;
    assert_eq!(newest["events"][0]["body"]["text"], "hello 5");
    let room = json_of(hub.get(ROOM, &token).await).await;
    assert_eq!(room["head"], 5);
}

#[actix_web::test]
async fn bad_events_are_refused_by_name() {
    let (hub, token) = Hub::start().await;
    let path = format!("{ROOM}/events");
    hub.post(&path, &token, &json!({ "body": 1, "key": "k" }))
        .await;
    for (body, expected) in [
        (json!({ "body": 2, "key": "k" }), "idempotency_conflict"),
        (json!({ "body": 1, "key": "x".repeat(300) }), "invalid"),
        (json!({ "body": 1, "key": "a\nb" }), "invalid"),
        (json!({ "body": 1, "kind": "stream.opened" }), "invalid"),
        (json!({ "body": 1, "kind": "No" }), "invalid"),
        (json!({ "body": 1, "mentions": ["../x"] }), "invalid"),
        (json!({ "body": 1, "seq": 9 }), "unknown_field"),
        (json!({ "body": 1, "sender": {} }), "unknown_field"),
        (json!({}), "invalid_frame"),
        (json!({ "body": 1, "reply_to": -1 }), "invalid_frame"),
    ] {
        assert_eq!(
            code(hub.post(&path, &token, &body).await).await,
            expected,
            "{body}"
        );
    }
    let request = hub
        .request(Method::POST, &path)
        .header("idempotency-key", "other");
    let request = request
        .bearer_auth(&token)
        .json(&json!({ "body": 1, "key": "k" }));
    assert_eq!(
        code(request.send().await.expect("answered")).await,
        "invalid"
    );
    for (query, expected) in [
        ("before=1&after=1", "invalid"),
        ("limit=0", "invalid"),
        ("after=-1", "invalid"),
        ("from=1", "unknown_field"),
    ] {
        let answer = hub.get(&format!("{path}?{query}"), &token).await;
        assert_eq!(code(answer).await, expected, "{query}");
    }
    let reader = hub.key(&token, &["read"]).await.secret;
    assert_eq!(
        code(hub.post(&path, &reader, &json!({ "body": 1 })).await).await,
        "forbidden"
    );
    let writer = hub.key(&token, &["publish"]).await.secret;
    assert_eq!(
        hub.post(&path, &writer, &json!({ "body": 1 }))
            .await
            .status(),
        StatusCode::CREATED
    );
    assert_eq!(code(hub.get(&path, &writer).await).await, "forbidden");
    let lost = "/workspaces/main/rooms/nowhere/events";
    assert_eq!(code(hub.get(lost, &token).await).await, "not_found");
    assert_eq!(
        code(hub.post(lost, &token, &json!({ "body": 1 })).await).await,
        "not_found"
    );
}

#[actix_web::test]
async fn a_stream_is_written_read_in_parts_and_closed() {
    let (hub, token) = Hub::start().await;
    let new = json!({ "name": "build", "key": "s1", "media_type": "text/html" });
    let path = open(&hub, &token, &new).await;
    let again = hub.post(&format!("{ROOM}/streams"), &token, &new).await;
    assert_eq!(again.status(), StatusCode::OK);
    // More than one read of the store.
    let piece: Vec<u8> = (0..60_000).map(|n| (n % 251) as u8).collect();
    let mut all = Vec::new();
    for _ in 0..5 {
        let answer = append(&hub, &token, &path, all.len() as u64, &piece).await;
        all.extend_from_slice(&piece);
        assert_eq!(json_of(answer).await["offset"], all.len() as u64);
    }
    let repeated = append(&hub, &token, &path, 0, &piece).await;
    assert_eq!(
        json_of(repeated).await["offset"],
        all.len() as u64,
        "known bytes"
    );
    let beyond = append(&hub, &token, &path, all.len() as u64 + 1, b"x").await;
    let problem: Problem = beyond.json().await.expect("a problem");
    assert_eq!(problem.code.as_str(), "stream_offset");
    assert_eq!(problem.details, Some(json!({ "length": all.len() })));

    let whole = hub.get(&format!("{path}/bytes"), &token).await;
    for (name, value) in [
        ("content-type", "text/html"),
        ("content-disposition", "attachment"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
        ("content-length", "300000"),
    ] {
        assert_eq!(whole.headers()[name], value, "{name}");
    }
    assert!(whole.bytes().await.expect("bytes") == all, "every byte");
    let part = async |range: &str| {
        let request = hub
            .request(Method::GET, &format!("{path}/bytes"))
            .header("range", range);
        request.bearer_auth(&token).send().await.expect("answered")
    };
    let answer = part("bytes=100-199").await;
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        answer.headers()["content-range"],
        "bytes 100-199/*",
        "still being written"
    );
    assert_eq!(answer.bytes().await.expect("bytes"), all[100..200]);
    let end = json!({ "offset": all.len(), "outcome": "completed", "exit_code": 0 });
    let closed = json_of(hub.post(&format!("{path}/close"), &token, &end).await).await;
    assert_eq!(
        (&closed["state"], &closed["exit_code"]),
        (&json!("completed"), &json!(0))
    );
    let answer = part("bytes=-5").await;
    assert_eq!(
        answer.headers()["content-range"],
        "bytes 299995-299999/300000"
    );
    assert_eq!(answer.bytes().await.expect("bytes"), all[299_995..]);
    let answer = part("bytes=300000-").await;
    assert_eq!(answer.headers()["content-range"], "bytes */300000");
    assert_eq!(code(answer).await, "range_not_satisfiable");
    assert_eq!(
        part("bytes=0-1,5-6").await.status(),
        StatusCode::OK,
        "several are the whole"
    );

    let more = append(&hub, &token, &path, all.len() as u64, b"x").await;
    assert_eq!(code(more).await, "stream_closed");
    let list = json_of(
        hub.get(&format!("{ROOM}/streams?state=completed"), &token)
            .await,
    )
    .await;
    assert_eq!(
        (&list["streams"][0]["name"], &list["more"]),
        (&json!("build"), &json!(false))
    );
    let open = json_of(hub.get(&format!("{ROOM}/streams?state=open"), &token).await).await;
    assert_eq!(open["streams"], json!([]));
}

#[actix_web::test]
async fn a_producer_learns_of_the_wish_to_stop_with_its_next_append() {
    let (hub, token) = Hub::start().await;
    let bot = hub.key(&token, &[]).await.secret;
    let path = open(&hub, &bot, &json!({ "name": "deploy" })).await;
    let room = json_of(hub.get(ROOM, &token).await).await;
    assert_eq!(room["open_streams"], 1);
    let first = json_of(append(&hub, &bot, &path, 0, b"one").await).await;
    assert_eq!(first, json!({ "offset": 3 }));

    assert_eq!(
        code(append(&hub, &token, &path, 3, b"two").await).await,
        "forbidden",
        "not hers"
    );
    let wish = json!({ "reason": "wrong branch" });
    let answer = hub.post(&format!("{path}/cancel"), &token, &wish).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let told = json_of(append(&hub, &bot, &path, 3, b"").await).await;
    assert_eq!(
        (&told["offset"], &told["cancel"]["reason"]),
        (&json!(3), &json!("wrong branch"))
    );
    assert_eq!(told["cancel"]["by"]["name"], "Ann");
    let end = json!({ "offset": 3, "outcome": "cancelled" });
    json_of(hub.post(&format!("{path}/close"), &bot, &end).await).await;
}

#[actix_web::test]
async fn bad_stream_requests_are_refused_by_name() {
    let (hub, token) = Hub::start().await;
    let path = open(&hub, &token, &json!({ "name": "x" })).await;
    let post = async |path: &str, body: Value| code(hub.post(path, &token, &body).await).await;
    let streams = format!("{ROOM}/streams");
    assert_eq!(post(&streams, json!({ "name": "" })).await, "invalid");
    assert_eq!(
        post(&streams, json!({ "name": "a\u{202e}b" })).await,
        "invalid"
    );
    assert_eq!(
        post(&streams, json!({ "name": "x", "role": "shout" })).await,
        "invalid_frame"
    );
    let close = format!("{path}/close");
    assert_eq!(
        post(&close, json!({ "offset": 9, "outcome": "completed" })).await,
        "stream_offset"
    );
    assert_eq!(
        post(&close, json!({ "offset": 0, "outcome": "interrupted" })).await,
        "invalid"
    );
    assert_eq!(
        post(&format!("{path}/cancel"), json!({ "reason": "" })).await,
        "invalid"
    );
    let unknown = format!("/workspaces/main/streams/{}", uuid::Uuid::now_v7());
    assert_eq!(
        post(&format!("{unknown}/cancel"), json!({})).await,
        "not_found"
    );
    for path in [
        unknown.as_str(),
        "/workspaces/main/streams/x",
        &format!("{unknown}/bytes"),
        &format!("{unknown}/live"),
    ] {
        assert_eq!(
            code(hub.get(path, &token).await).await,
            "not_found",
            "{path}"
        );
    }
    assert_eq!(
        code(append(&hub, &token, &unknown, 0, b"x").await).await,
        "not_found"
    );
    let without = hub
        .request(Method::POST, &format!("{path}/bytes"))
        .bearer_auth(&token)
        .body("x");
    assert_eq!(
        code(without.send().await.expect("answered")).await,
        "invalid"
    );
    let large = append(&hub, &token, &path, 0, &[0; 65_537]).await;
    assert_eq!(code(large).await, "too_large");
    let far = append(&hub, &token, &path, 1 << 53, b"x").await;
    assert_eq!(code(far).await, "invalid");
    assert_eq!(
        code(hub.get(&format!("{streams}?state=done"), &token).await).await,
        "invalid"
    );
}
