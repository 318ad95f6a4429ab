//! Search across a workspace's rooms: what is found, what is never found, and what keeps up.

use crate::support::database::number;
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{NewApiKeySecret, SearchPage};
use serde_json::{Value, json};

async fn search(rest: &Rest, query: &str) -> SearchPage {
    rest.get(&format!("/workspaces/main/search?{query}"))
        .await
        .ok()
}

/// The same when everything that was published can be found.
async fn search_all(rest: &Rest, query: &str) -> SearchPage {
    eventually("the index has caught up", async || {
        let page = search(rest, query).await;
        (page.behind == 0).then_some(page)
    })
    .await
}

fn places(page: &SearchPage) -> Vec<(String, u64)> {
    let place = |hit: &generic_corp_protocol::rest::SearchHit| (hit.room.to_string(), hit.seq);
    page.hits.iter().map(place).collect()
}

#[tokio::test]
async fn messages_and_names_of_streams_are_found_by_their_words() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let mut sable = hub.agent("sable").await;
    hub.room("deploy").await;
    for room in ["lobby", "deploy"] {
        sable.join(room).await;
    }
    let roll = sable
        .say("lobby", "Deploy of hub-2 FAILED: src/main.rs:42")
        .await;
    sable.say("lobby", "nothing to see here").await;
    let stream = sable.open_stream("deploy", "cargo test --workspace").await;
    let again = sable
        .say("deploy", "the deploy of hub-3 went well, 東京 too")
        .await;

    let lobby = |seq| ("lobby".to_owned(), seq);
    let deploy = |seq| ("deploy".to_owned(), seq);
    let page = search_all(&owner, "q=deploy").await;
    assert_eq!(places(&page).len(), 2, "{:?}", places(&page));
    for (query, found) in [
        ("q=failed+deploy", vec![lobby(roll)]),
        ("q=MAIN", vec![lobby(roll)]),
        ("q=main.rs%3A42", vec![lobby(roll)]),
        ("q=depl&room=deploy", vec![deploy(again)]),
        ("q=%E4%BA%AC", vec![deploy(again)]),
        ("q=well&from=sable&kind=message", vec![deploy(again)]),
        ("q=well&from=yuki", vec![]),
        ("q=well&kind=task.done", vec![]),
        ("q=ploy", vec![]),
        ("q=w", vec![]),
        ("q=deploy+nowhere", vec![]),
    ] {
        assert_eq!(places(&search(&owner, query).await), found, "{query}");
    }
    let hit = &search(&owner, "q=cargo").await.hits[0];
    assert_eq!(
        hit.stream.map(|id| id.to_string()),
        Some(stream.to_string())
    );
    assert_eq!(hit.text, "cargo test --workspace");
    assert_eq!(hit.sender.name, "sable");
}

#[tokio::test]
async fn pages_go_on_behind_one_another_and_the_newest_come_first() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let mut bot = hub.agent("sable").await;
    bot.join("lobby").await;
    let mut said = Vec::new();
    for number in 0..450 {
        said.push(bot.say("lobby", &format!("needle {number}")).await);
    }
    search_all(&owner, "q=needle").await;
    let (mut found, mut query) = (Vec::new(), "q=needle&limit=50".to_owned());
    loop {
        let page = search(&owner, &query).await;
        found.extend(page.hits.iter().map(|hit| hit.seq));
        let Some(next) = page.next else { break };
        query = format!("q=needle&limit=50&before={next}");
    }
    said.reverse();
    assert_eq!(found, said);
}

fn id_of(answer: &Value) -> String {
    answer["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn nobody_finds_what_is_not_theirs() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .start()
        .await;
    let owner = hub.admin().await;
    let mut bot = hub.agent("sable").await;
    hub.room("build-1").await;
    for room in ["lobby", "build-1"] {
        bot.join(room).await;
        bot.say(room, "a needle").await;
    }
    let session = hub.register("eve@example.com", "eve-corp").await;
    let stranger = hub.anybody().with_token(&session.access_token);
    let new = json!({ "slug": "theirs" });
    let made = stranger
        .post("/organizations/eve-corp/workspaces", &new)
        .await;
    let theirs = format!("/workspaces/{}", id_of(&made.ok()));
    // Whoever writes another workspace's word of place is not found there.
    let main: Value = owner.get("/workspaces/main").await.ok();
    let main = id_of(&main);
    let word = main.replace('-', "");
    let event = json!({ "body": { "text": format!("needle w{word}") } });
    let events = format!("{theirs}/rooms/lobby/events");
    let _: Value = stranger.post(&events, &event).await.ok();

    assert_eq!(search_all(&owner, "q=needle").await.hits.len(), 2);
    assert!(search(&owner, &format!("q=w{word}")).await.hits.is_empty());
    let own: SearchPage = eventually("theirs is found", async || {
        let answer = stranger.get(&format!("{theirs}/search?q=needle")).await;
        let page: SearchPage = answer.ok();
        (page.behind == 0).then_some(page)
    })
    .await;
    assert_eq!(own.hits.len(), 1);
    let foreign = format!("/workspaces/{main}/search?q=needle");
    let foreign = stranger.get(&foreign).await;
    assert_eq!(foreign.code(), ErrorCode::NotFound);

    let limited = json!({ "agent": "sable", "rooms": ["build-*"] });
    let made: NewApiKeySecret = owner.post("/workspaces/main/keys", &limited).await.ok();
    let limited = hub.anybody().with_token(&made.secret);
    assert_eq!(
        places(&search(&limited, "q=needle").await),
        [("build-1".to_owned(), 1)]
    );
    let closed = limited
        .get("/workspaces/main/search?q=needle&room=lobby")
        .await;
    assert_eq!(closed.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_told() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let long = format!("q={}", "x".repeat(257));
    let many = format!("q={}", "x+".repeat(17));
    for (query, code) in [
        ("", ErrorCode::Invalid),
        ("q=", ErrorCode::Invalid),
        ("q=%22+%2A+%27+--", ErrorCode::Invalid),
        ("q=x&limit=0", ErrorCode::Invalid),
        ("q=x&before=-1", ErrorCode::Invalid),
        ("q=x&color=red", ErrorCode::UnknownField),
        ("q=x&room=A+b", ErrorCode::Invalid),
        ("q=x&kind=%00", ErrorCode::Invalid),
        ("q=x&from=%00", ErrorCode::Invalid),
        ("q=x&room=nowhere", ErrorCode::NotFound),
        (long.as_str(), ErrorCode::Invalid),
        (many.as_str(), ErrorCode::Invalid),
    ] {
        let answer = owner.get(&format!("/workspaces/main/search?{query}")).await;
        assert_eq!(answer.code(), code, "{query}");
    }
    // Signs of either query language are no words and change nothing.
    for query in [
        "q=%22x%22+OR+1",
        "q=x%3A*+%26+%21y",
        "q=x%27%29%3B+DROP+TABLE+rooms",
        "q=%00x",
    ] {
        assert!(search(&owner, query).await.hits.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn the_index_goes_on_after_a_kill_and_has_nothing_twice() {
    let mut hub = TestServer::builder().with_fixed_port().start().await;
    let owner = hub.admin().await;
    let mut bot = hub.agent("sable").await;
    bot.join("lobby").await;
    for number in 0..600 {
        bot.say("lobby", &format!("needle {number}")).await;
    }
    hub.kill().await;
    hub.restart().await;
    search_all(&owner, "q=needle").await;
    let entries = "SELECT COUNT(*) FROM search_entries";
    assert_eq!(number(&hub.database(), entries).await, 600);
}
