//! What goes wrong around webhooks: silence, haste, and secrets that are gone.

use super::{WEBHOOKS, deliveries, hub, is_signed, make};
use crate::support::receiver::Receiver;
use crate::support::silent::Silent;
use crate::support::{Rest, eventually};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{NewWebhookSecret, Webhook};
use serde_json::json;

async fn test(owner: &Rest, webhook: &Webhook) {
    let path = format!("{WEBHOOKS}/{}/test", webhook.id);
    let answer = owner.post(&path, &json!({})).await;
    assert_eq!(answer.status.as_u16(), 202, "{}", answer.text());
}

#[tokio::test]
async fn who_never_answers_gets_two_messages_at_a_time_and_holds_up_nobody() {
    let (hub, receiver, silent) = (
        hub().await,
        Receiver::start(&[]).await,
        Silent::start().await,
    );
    let owner = hub.admin().await;
    let dead = make(&owner, "webhook", &silent.url()).await.webhook;
    let live = make(&owner, "webhook", &receiver.url("/")).await.webhook;
    for _ in 0..8 {
        test(&owner, &dead).await;
    }
    eventually("some are on their way", async || {
        (silent.most() == 2).then_some(())
    })
    .await;
    // Each of these takes a turn, in which more could be sent to who is silent.
    for number in 0..4 {
        test(&owner, &live).await;
        receiver.message(number).await;
    }
    assert_eq!(silent.most(), 2);
}

#[tokio::test]
async fn the_tests_of_a_webhook_have_an_end() {
    let hub = hub().await;
    let owner = hub.admin().await;
    let silent = Silent::start().await;
    let made = make(&owner, "webhook", &silent.url()).await.webhook;
    for _ in 0..20 {
        test(&owner, &made).await;
    }
    let path = format!("{WEBHOOKS}/{}/test", made.id);
    let refused = owner.post(&path, &json!({})).await;
    assert_eq!(refused.code(), ErrorCode::LimitReached);
    assert_eq!(deliveries(&owner, &made).await.len(), 20);
}

#[tokio::test]
async fn rotations_at_once_lose_no_secret_that_was_shown() {
    let (hub, receiver) = (hub().await, Receiver::start(&[]).await);
    let owner = hub.admin().await;
    let made = make(&owner, "webhook", &receiver.url("/")).await.webhook;
    let path = format!("{WEBHOOKS}/{}/rotate", made.id);
    for number in 0..5 {
        let (nothing, rotate) = (json!({}), async |body| owner.post(&path, body).await);
        let (one, two) = tokio::join!(rotate(&nothing), rotate(&nothing));
        let (one, two): (NewWebhookSecret, NewWebhookSecret) = (one.ok(), two.ok());
        test(&owner, &made).await;
        let message = receiver.message(number).await;
        for shown in [one, two] {
            let secret = shown.secret.expect("shown once");
            assert!(is_signed(&message, &secret), "of rotation {number}");
        }
    }
}

#[tokio::test]
async fn a_webhook_that_does_not_open_any_more_is_shown_told_of_and_deleted() {
    let (mut hub, receiver) = (hub().await, Receiver::start(&[]).await);
    let owner = hub.admin().await;
    make(&owner, "webhook", &receiver.url("/")).await;
    hub.set("auth.secret", "another secret, the former one forgotten");
    hub.restart().await;
    let owner = hub.admin().await;
    let shown: Vec<Webhook> = owner.get(WEBHOOKS).await.ok();
    assert_eq!(shown[0].url, "", "nobody knows it");
    test(&owner, &shown[0]).await;
    let why = eventually("the attempt is told of", async || {
        deliveries(&owner, &shown[0]).await.remove(0).error
    })
    .await;
    assert!(why.contains("auth.secret"), "{why}");
    let gone = owner.delete(&format!("{WEBHOOKS}/{}", shown[0].id)).await;
    assert_eq!(gone.status.as_u16(), 204);
    assert_eq!(receiver.count(), 0);
}
