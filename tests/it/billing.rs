//! Plans that are paid for, against a Stripe of the test's own.

use crate::support::database::execute;
use crate::support::rest::{Answer, send};
use crate::support::stripe::{KEY, Stripe, event, signature};
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::rest::{AuditEntry, BillingPage, BillingStatus};
use generic_corp_protocol::{ErrorCode, Timestamp};
use reqwest::Method;
use serde_json::json;

const BILLING: &str = "/organizations/main/billing";
const SECRETS: [&str; 2] = [
    "whsec_the_new_one_0123456789",
    "whsec_the_old_one_0123456789",
];

async fn hub(stripe: &Stripe) -> TestServer {
    TestServer::builder()
        .with("server.public_url", "https://hub.example.com")
        .with("stripe.secret_key", KEY)
        .with("stripe.webhook_secrets", SECRETS.join(","))
        .with("stripe.prices", "starter=price_starter,pro=price_pro")
        .with("stripe.api_url", stripe.url())
        .start()
        .await
}

async fn post(hub: &TestServer, header: &str, body: &str) -> Answer {
    let request = hub.anybody().request(Method::POST, "/billing/stripe");
    let request = request.header("stripe-signature", header);
    send(
        request
            .header("content-type", "application/json")
            .body(body.to_owned()),
    )
    .await
}

async fn tell(hub: &TestServer, id: &str, customer: &str) {
    let body = event(id, "customer.subscription.updated", customer);
    let now = Timestamp::now().0 / 1000;
    let taken = post(hub, &signature(SECRETS[0], now, &body), &body).await;
    assert_eq!(taken.status.as_u16(), 204, "{}", taken.text());
}

async fn has_plan(owner: &Rest, plan: &str) -> BillingStatus {
    eventually("the plan is another one", async || {
        // A plan that is less has fewer calls as well.
        let answer = owner.get(BILLING).await;
        let status: BillingStatus = answer.status.is_success().then(|| answer.ok())?;
        (status.plan == plan).then_some(status)
    })
    .await
}

/// A customer who went to pay for `starter`.
async fn customer(stripe: &Stripe, owner: &Rest) -> String {
    let checkout = format!("{BILLING}/checkout");
    let page: BillingPage = owner
        .post(&checkout, &json!({ "plan": "starter" }))
        .await
        .ok();
    assert!(page.url.starts_with("https://checkout.stripe.com/"));
    stripe.customers().remove(0)
}

#[tokio::test]
async fn a_plan_is_bought_changed_and_ended() {
    let stripe = Stripe::start().await;
    let hub = hub(&stripe).await;
    let owner = hub.admin().await;
    let before: BillingStatus = owner.get(BILLING).await.ok();
    assert_eq!((before.plan.as_str(), before.status), ("self_hosted", None));
    assert_eq!(before.for_sale.len(), 2);
    let portal = format!("{BILLING}/portal");
    let nothing = owner.post(&portal, &json!({})).await;
    assert_eq!(nothing.code(), ErrorCode::Conflict);

    let customer = customer(&stripe, &owner).await;
    let form = stripe.posts("/v1/checkout/sessions").remove(0);
    assert_eq!(form["mode"], "subscription");
    assert_eq!(form["line_items[0][price]"], "price_starter");
    assert_eq!(form["customer"], customer);
    assert!(form["success_url"].starts_with("https://hub.example.com/o/"));

    stripe.subscribe(&customer, "sub_1", "active", "price_starter");
    tell(&hub, "evt_1", &customer).await;
    let status = has_plan(&owner, "starter").await;
    assert_eq!(status.status.as_deref(), Some("active"));
    assert!(status.period_ends_at.is_some());
    let again = owner
        .post(&format!("{BILLING}/checkout"), &json!({ "plan": "pro" }))
        .await;
    assert_eq!(again.code(), ErrorCode::Conflict);
    let page: BillingPage = owner.post(&portal, &json!({})).await.ok();
    assert!(page.url.starts_with("https://billing.stripe.com/"));

    stripe.subscribe(&customer, "sub_1", "active", "price_pro");
    tell(&hub, "evt_2", &customer).await;
    has_plan(&owner, "pro").await;
    stripe.subscribe(&customer, "sub_1", "past_due", "price_pro");
    tell(&hub, "evt_3", &customer).await;
    let late = eventually("a payment is missing", async || {
        let status: BillingStatus = owner.get(BILLING).await.ok();
        status.past_due_since.is_some().then_some(status)
    })
    .await;
    assert_eq!(late.plan, "pro", "a week of grace");
    let later = "UPDATE billing SET past_due_since = 1, due_at = 0";
    execute(&hub.database(), later).await.expect("a week later");
    has_plan(&owner, "free").await;
    stripe.subscribe(&customer, "sub_1", "active", "price_pro");
    tell(&hub, "evt_4", &customer).await;
    has_plan(&owner, "pro").await;
    stripe.subscribe(&customer, "sub_1", "canceled", "price_pro");
    tell(&hub, "evt_5", &customer).await;
    has_plan(&owner, "free").await;

    let acts: Vec<AuditEntry> = eventually("the audit log", async || {
        let answer = owner.get("/organizations/main/audit").await;
        answer.status.is_success().then(|| answer.ok())
    })
    .await;
    let plans = acts.iter().filter(|act| act.action == "plan.changed");
    let plans: Vec<&str> = plans.map(|act| act.target.as_str()).collect();
    assert_eq!(plans, ["free", "pro", "free", "pro", "starter"]);
    assert!(
        acts.iter()
            .all(|act| act.action != "plan.changed" || act.actor_name == "stripe")
    );
    // The same organization is the same customer.
    eventually("a page to pay again", async || {
        let checkout = format!("{BILLING}/checkout");
        let answer = owner.post(&checkout, &json!({ "plan": "pro" })).await;
        answer.status.is_success().then_some(())
    })
    .await;
    assert_eq!(stripe.customers().len(), 1);
    for secret in [KEY, SECRETS[0], SECRETS[1]] {
        assert!(!hub.log().contains(secret));
    }
}

#[tokio::test]
async fn late_and_repeated_events_change_nothing() {
    let stripe = Stripe::start().await;
    let hub = hub(&stripe).await;
    let owner = hub.admin().await;
    let customer = customer(&stripe, &owner).await;
    stripe.subscribe(&customer, "sub_1", "canceled", "price_starter");
    stripe.subscribe(&customer, "sub_2", "active", "price_pro");
    // What the events say is not what counts: each says `active`.
    tell(&hub, "evt_9", &customer).await;
    has_plan(&owner, "pro").await;
    let fetched = stripe.fetches();
    stripe.subscribe(&customer, "sub_2", "canceled", "price_pro");
    for _ in 0..3 {
        tell(&hub, "evt_9", &customer).await;
    }
    // The operator's word counts until something changes at Stripe, also when it is looked at anew.
    let set = hub
        .command(&["admin", "plan", "main", "starter"])
        .output()
        .await;
    assert!(set.expect("it runs").status.success());
    tell(&hub, "evt_10", "cus_of_somebody_else").await;
    assert_eq!(
        stripe.fetches(),
        fetched,
        "a repeat and a stranger's event fetch nothing"
    );
    stripe.subscribe(&customer, "sub_2", "active", "price_pro");
    execute(&hub.database(), "UPDATE billing SET due_at = 0")
        .await
        .expect("a day later");
    eventually("the daily look", async || {
        (stripe.fetches() > fetched).then_some(())
    })
    .await;
    has_plan(&owner, "starter").await;
    // An event that is lost is made up for by the daily look.
    stripe.subscribe(&customer, "sub_2", "canceled", "price_pro");
    execute(&hub.database(), "UPDATE billing SET due_at = 0")
        .await
        .expect("a day later");
    has_plan(&owner, "free").await;
}

/// A node that was slow to fetch must not put back what another has fetched since.
#[tokio::test]
async fn what_was_fetched_before_changes_nothing_of_what_was_fetched_since() {
    let stripe = Stripe::start().await;
    let hub = hub(&stripe).await;
    let owner = hub.admin().await;
    let customer = customer(&stripe, &owner).await;
    stripe.subscribe(&customer, "sub_1", "canceled", "price_pro");
    let release = stripe.hold();
    tell(&hub, "evt_1", &customer).await;
    eventually("it is being fetched", async || {
        (stripe.fetches() == 1).then_some(())
    })
    .await;
    // What another node does meanwhile, after an event that this one does not know.
    for done in [
        "UPDATE billing SET subscription_id = 'sub_1', status = 'active', price_id = 'price_pro',
             applied = 'pro', due_at = due_at + 86400000",
        "UPDATE organizations SET plan = 'pro'",
    ] {
        execute(&hub.database(), done).await.expect("done");
    }
    release.send(()).expect("it waits");
    eventually("the late one is let go", async || {
        hub.log()
            .contains("was fetched again meanwhile")
            .then_some(())
    })
    .await;
    let status = has_plan(&owner, "pro").await;
    assert_eq!(status.status.as_deref(), Some("active"));
    assert_eq!(stripe.fetches(), 1);
}

#[tokio::test]
async fn nobody_but_stripe_sends_events() {
    let stripe = Stripe::start().await;
    let hub = hub(&stripe).await;
    let body = event("evt_1", "customer.subscription.updated", "cus_1");
    let now = Timestamp::now().0 / 1000;
    for (header, code) in [
        (signature(SECRETS[0], now, &body), None),
        (signature(SECRETS[1], now, &body), None),
        (
            signature("whsec_of_nobody_0123456789", now, &body),
            Some(ErrorCode::InvalidToken),
        ),
        (
            signature(SECRETS[0], now - 400, &body),
            Some(ErrorCode::InvalidToken),
        ),
        (
            signature(SECRETS[0], now + 400, &body),
            Some(ErrorCode::InvalidToken),
        ),
        (
            signature(SECRETS[0], now, &format!("{body} ")),
            Some(ErrorCode::InvalidToken),
        ),
        (String::new(), Some(ErrorCode::InvalidToken)),
        ("x".repeat(5000), Some(ErrorCode::InvalidToken)),
    ] {
        let answer = post(&hub, &header, &body).await;
        match code {
            None => assert_eq!(answer.status.as_u16(), 204, "{header}"),
            Some(code) => assert_eq!(answer.code(), code, "{header}"),
        }
    }
    for body in ["", "{}", "[]", r#"{"id":1}"#] {
        let answer = post(&hub, &signature(SECRETS[0], now, body), body).await;
        assert_eq!(answer.code(), ErrorCode::Invalid, "{body}");
    }
}

#[tokio::test]
async fn a_stripe_that_is_away_is_told_and_asked_again() {
    let stripe = Stripe::start().await;
    let hub = hub(&stripe).await;
    let owner = hub.admin().await;
    let checkout = format!("{BILLING}/checkout");
    stripe.set_down(true);
    let away = owner.post(&checkout, &json!({ "plan": "starter" })).await;
    assert_eq!(away.code(), ErrorCode::Unavailable);
    let told = away.problem().detail;
    assert!(told.starts_with("Stripe answered 500"), "{told}");
    assert!(away.headers.contains_key("retry-after"));
    let unknown = owner.post(&checkout, &json!({ "plan": "free" })).await;
    assert_eq!(unknown.code(), ErrorCode::Invalid);
    stripe.set_down(false);
    let customer = customer(&stripe, &owner).await;
    stripe.subscribe(&customer, "sub_1", "active", "price_starter");
    stripe.set_down(true);
    tell(&hub, "evt_1", &customer).await;
    eventually("it was tried", async || {
        hub.log()
            .contains("a subscription was not fetched")
            .then_some(())
    })
    .await;
    stripe.set_down(false);
    has_plan(&owner, "starter").await;
}

#[tokio::test]
async fn a_hub_that_sells_nothing_says_so() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let status: BillingStatus = owner.get(BILLING).await.ok();
    assert!(status.for_sale.is_empty());
    let refused = owner
        .post(&format!("{BILLING}/checkout"), &json!({ "plan": "pro" }))
        .await;
    assert_eq!(refused.code(), ErrorCode::Unsupported);
    let refused = post(&hub, "t=1,v1=0", "{}").await;
    assert_eq!(refused.code(), ErrorCode::Unsupported);
}
