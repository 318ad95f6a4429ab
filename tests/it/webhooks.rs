//! What leaves the hub: alerts by webhook, Slack and mail, signed, once, until they are taken.

mod fault;

use crate::support::database::execute;
use crate::support::http::Request;
use crate::support::receiver::Receiver;
use crate::support::server::EMAIL;
use crate::support::smtp::Smtp;
use crate::support::{Rest, TestServer, eventually};
use base64::prelude::{BASE64_STANDARD, Engine};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{Delivery, NewWebhookSecret, Webhook};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const WEBHOOKS: &str = "/organizations/main/webhooks";
/// What waits is due now: tests do not wait for minutes.
const DUE: &str = "UPDATE deliveries SET next_at = 0 WHERE state = 'waiting'";

/// A hub that reaches this machine, with a limit that one message passes.
async fn hub() -> TestServer {
    TestServer::builder()
        .with("webhooks.allowed_networks", "127.0.0.0/8")
        .with_plan(&[("messages_per_month", 1)])
        .start()
        .await
}

async fn make(owner: &Rest, kind: &str, url: &str) -> NewWebhookSecret {
    let new = json!({ "kind": kind, "url": url });
    owner.post(WEBHOOKS, &new).await.ok()
}

async fn pass_the_limit(hub: &TestServer) {
    let mut bot = hub.agent("sable").await;
    bot.join("lobby").await;
    bot.say("lobby", "the one message of the month").await;
}

async fn deliveries(owner: &Rest, webhook: &Webhook) -> Vec<Delivery> {
    let path = format!("{WEBHOOKS}/{}/deliveries", webhook.id);
    owner.get(&path).await.ok()
}

/// Whether the message is signed with this secret, as a receiver looks at it.
fn is_signed(message: &Request, secret: &str) -> bool {
    let key = secret.strip_prefix("whsec_").expect("its form");
    let key = BASE64_STANDARD.decode(key).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    let (id, time) = (
        message.header("webhook-id"),
        message.header("webhook-timestamp"),
    );
    mac.update(format!("{id}.{time}.{}", message.body).as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let given = message.header("webhook-signature").split(' ');
    given
        .into_iter()
        .any(|given| given == format!("v1,{signature}"))
}

#[tokio::test]
async fn an_alert_reaches_webhooks_and_slack_once_and_signed() {
    let (hub, receiver) = (hub().await, Receiver::start(&[]).await);
    let slack = Receiver::start(&[]).await;
    let owner = hub.admin().await;
    let made = make(&owner, "webhook", &receiver.url("/hook")).await;
    let secret = made.secret.expect("shown once");
    let quiet = make(&owner, "slack", &slack.url("/services/T000/B000/XXXXXXXX")).await;
    assert!(quiet.secret.is_none() && !quiet.webhook.url.contains("XXXX"));
    pass_the_limit(&hub).await;

    // 80 and 100 % of one message are reached at once.
    let mut levels = Vec::new();
    for number in 0..2 {
        let message = receiver.message(number).await;
        assert_eq!(message.path, "/hook");
        assert_eq!(message.header("content-type"), "application/json");
        assert!(is_signed(&message, &secret), "{message:?}");
        let body: Value = serde_json::from_str(&message.body).expect("JSON");
        assert_eq!(body["type"], "limit.reached");
        assert_eq!(body["data"]["meter"], "messages_per_month");
        assert_eq!(body["data"]["organization"]["slug"], "main");
        levels.push(body["data"]["level"].as_i64().expect("a number"));
    }
    levels.sort_unstable();
    assert_eq!(levels, [80, 100]);
    let text: Value = serde_json::from_str(&slack.message(0).await.body).expect("JSON");
    let text = text["text"].as_str().expect("Slack's format");
    assert!(text.starts_with("main is at ") && text.ends_with("messages per month: 1 of 1."));
    slack.message(1).await;

    let told = eventually("both are taken", async || {
        let told = deliveries(&owner, &made.webhook).await;
        told.iter()
            .all(|told| told.state == "delivered")
            .then_some(told)
    })
    .await;
    assert_eq!(told.len(), 2);
    assert!(
        told.iter()
            .all(|told| told.attempts == 1 && told.status == Some(204))
    );
    assert_eq!(
        (receiver.count(), slack.count()),
        (2, 2),
        "on every node together"
    );
    let everything = format!("{}{}", hub.log(), owner.get(WEBHOOKS).await.text());
    for secret in [secret.as_str(), "XXXXXXXX"] {
        assert!(!everything.contains(secret), "{secret} is told");
    }
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_under_the_same_id() {
    let (hub, receiver) = (
        hub().await,
        Receiver::start(&["500 Busy", "429 Slow"]).await,
    );
    let owner = hub.admin().await;
    let made = make(&owner, "webhook", &receiver.url("/")).await;
    let test = format!("{WEBHOOKS}/{}/test", made.webhook.id);
    assert_eq!(owner.post(&test, &json!({})).await.status.as_u16(), 202);
    let mut ids = Vec::new();
    for (attempt, status) in [(1, 500), (2, 429), (3, 204)] {
        let message = receiver.message(attempt - 1).await;
        ids.push(message.header("webhook-id").to_owned());
        let told = eventually("what came of it is written down", async || {
            let told = deliveries(&owner, &made.webhook).await.remove(0);
            (told.status == Some(status)).then_some(told)
        })
        .await;
        assert_eq!(told.attempts as usize, attempt);
        assert_eq!(
            told.state,
            if status == 204 {
                "delivered"
            } else {
                "waiting"
            }
        );
        assert_eq!(told.error.is_some(), status != 204);
        execute(&hub.database(), DUE).await.expect("due");
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert!(ids[0].starts_with("msg_"));
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_new_one() {
    let (hub, receiver) = (hub().await, Receiver::start(&[]).await);
    let owner = hub.admin().await;
    let made = make(&owner, "webhook", &receiver.url("/")).await;
    let path = format!("{WEBHOOKS}/{}", made.webhook.id);
    let rotated: NewWebhookSecret = owner.post(&format!("{path}/rotate"), &json!({})).await.ok();
    let (old, new) = (made.secret.expect("shown"), rotated.secret.expect("shown"));
    assert_ne!(old, new);
    owner.post(&format!("{path}/test"), &json!({})).await;
    let message = receiver.message(0).await;
    assert!(is_signed(&message, &old) && is_signed(&message, &new));
    execute(&hub.database(), "UPDATE webhooks SET former_until = 1")
        .await
        .expect("a day later");
    owner.post(&format!("{path}/test"), &json!({})).await;
    let message = receiver.message(1).await;
    assert!(!is_signed(&message, &old) && is_signed(&message, &new));
}

#[tokio::test]
async fn who_says_gone_hears_nothing_more() {
    let (hub, receiver) = (hub().await, Receiver::start(&["410 Gone"]).await);
    let owner = hub.admin().await;
    let made = make(&owner, "webhook", &receiver.url("/")).await;
    let path = format!("{WEBHOOKS}/{}", made.webhook.id);
    owner.post(&format!("{path}/test"), &json!({})).await;
    let shown = eventually("it is disabled", async || {
        let shown: Vec<Webhook> = owner.get(WEBHOOKS).await.ok();
        shown[0].disabled_at.is_some().then_some(shown)
    });
    shown.await;
    let refused = owner.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(refused.code(), ErrorCode::Invalid);
    let enabled: Webhook = owner.patch(&path, &json!({ "disabled": false })).await.ok();
    assert!(enabled.disabled_at.is_none());
    owner.post(&format!("{path}/test"), &json!({})).await;
    receiver.message(1).await;
    assert_eq!(owner.delete(&path).await.status.as_u16(), 204);
    assert_eq!(owner.delete(&path).await.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn nothing_is_sent_into_the_hubs_own_network() {
    let receiver = Receiver::start(&[]).await;
    // Only one address is allowed, and it is not the receiver's.
    let hub = TestServer::builder()
        .with("webhooks.allowed_networks", "127.0.0.2")
        .start()
        .await;
    let owner = hub.admin().await;
    let port = receiver
        .url("")
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "2130706433",
    ] {
        let made = make(&owner, "webhook", &format!("http://{host}:{port}/")).await;
        let path = format!("{WEBHOOKS}/{}", made.webhook.id);
        owner.post(&format!("{path}/test"), &json!({})).await;
        let told = eventually("it was tried", async || {
            let told = deliveries(&owner, &made.webhook).await.remove(0);
            (told.attempts > 0 && told.error.is_some()).then_some(told)
        })
        .await;
        let why = told.error.expect("why");
        assert!(why.contains("not a public one"), "{host}: {why}");
        assert_eq!(told.state, "waiting");
        owner.delete(&path).await;
    }
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let inside = Receiver::start(&[]).await;
    let redirect = format!("307 Elsewhere\r\nlocation: {}", inside.url("/"));
    let (hub, receiver) = (hub().await, Receiver::start(&[&redirect]).await);
    let owner = hub.admin().await;
    let made = make(&owner, "webhook", &receiver.url("/")).await;
    owner
        .post(&format!("{WEBHOOKS}/{}/test", made.webhook.id), &json!({}))
        .await;
    eventually("it counts as not taken", async || {
        let told = deliveries(&owner, &made.webhook).await.remove(0);
        (told.status == Some(307) && told.state == "waiting").then_some(())
    })
    .await;
    assert_eq!(inside.count(), 0);
}

#[tokio::test]
async fn unsound_addresses_are_refused_and_ten_are_enough() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let long = format!("https://example.com/{}", "x".repeat(2048));
    for url in [
        "",
        "example.com/hook",
        "http://example.com/hook",
        "ftp://example.com/hook",
        "https://ada:secret@example.com/hook",
        "file:///etc/passwd",
        long.as_str(),
    ] {
        let refused = owner
            .post(WEBHOOKS, &json!({ "kind": "webhook", "url": url }))
            .await;
        assert_eq!(refused.code(), ErrorCode::Invalid, "{url}");
        assert!(!refused.text().contains("secret"), "{}", refused.text());
    }
    let url = "https://example.com/hook";
    let refused = owner
        .post(WEBHOOKS, &json!({ "kind": "fax", "url": url }))
        .await;
    assert_eq!(refused.code(), ErrorCode::Invalid);
    for _ in 0..10 {
        make(&owner, "webhook", url).await;
    }
    let refused = owner
        .post(WEBHOOKS, &json!({ "kind": "webhook", "url": url }))
        .await;
    assert_eq!(refused.code(), ErrorCode::LimitReached);
}

#[tokio::test]
async fn owners_and_the_operator_are_told_of_twice_the_plan() {
    let (server, receiver) = (Smtp::start(0).await, Receiver::start(&[]).await);
    let secret = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0";
    let hub = TestServer::builder()
        .with("mail.url", server.url())
        .with("mail.from", "Hub <hub@example.com>")
        .with("server.public_url", "https://hub.example.com")
        .with("webhooks.allowed_networks", "127.0.0.0/8")
        .with("webhooks.operator_url", receiver.url("/operator"))
        .with("webhooks.operator_secret", secret)
        .with_plan(&[("messages_per_month", 1)])
        .start()
        .await;
    let made = hub
        .command(&["admin", "create", "--email", "bob@example.com"])
        .env("GENERIC_CORP_PASSWORD", crate::support::server::PASSWORD)
        .output()
        .await
        .expect("it runs");
    assert!(made.status.success(), "{made:?}");
    let mut bot = hub.agent("sable").await;
    bot.join("lobby").await;
    // Before the first look at what was used, nothing is refused.
    bot.say("lobby", "one").await;
    bot.say("lobby", "two").await;
    let message = receiver.message(0).await;
    assert!(is_signed(&message, secret));
    let body: Value = serde_json::from_str(&message.body).expect("JSON");
    assert_eq!(
        (&body["data"]["meter"], &body["data"]["level"]),
        (&json!("messages_per_month"), &json!(200))
    );
    let mut told = Vec::new();
    for number in 0..6 {
        let letter = server.letter(number).await;
        assert!(letter.text.contains("main is at "), "{}", letter.text);
        told.push(letter.to);
    }
    told.sort_unstable();
    assert_eq!(told[..3], [EMAIL; 3]);
    assert_eq!(told[3..], ["bob@example.com"; 3]);
    assert_eq!(receiver.count(), 1);
}

/// Nobody is told twice, and a node that dies with a message on its way leaves it to the others.
#[tokio::test]
async fn what_a_dead_node_had_taken_on_is_sent_when_its_lease_is_over() {
    let (mut hub, receiver) = (hub().await, Receiver::start(&[]).await);
    let owner = hub.admin().await;
    let made = make(&owner, "webhook", &receiver.url("/")).await;
    let test = format!("{WEBHOOKS}/{}/test", made.webhook.id);
    owner.post(&test, &json!({})).await;
    receiver.message(0).await;
    // As if the answer had not been written down before the node died.
    let died = "UPDATE deliveries SET state = 'waiting', ended_at = NULL, next_at = 0,
        leased_until = 9000000000000000";
    execute(&hub.database(), died).await.expect("died");
    hub.restart().await;
    assert_eq!(receiver.count(), 1);
    execute(&hub.database(), "UPDATE deliveries SET leased_until = 1")
        .await
        .expect("over");
    let (first, second) = (receiver.message(0).await, receiver.message(1).await);
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
}
