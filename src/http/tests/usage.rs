//! What an organization may use: how often it may call, what it is told, where it stops.

use super::*;
use crate::config::Plan;
use crate::quota::{Caller, Rate};
use crate::store::op::Actor;
use crate::store::usage::{Amount, Connected, Flush};
use generic_corp_protocol::rest::{Alert, Plan as Shown, UsageReport};
use generic_corp_protocol::{OrganizationId, Sender, Timestamp, WorkspaceId};
use std::sync::Arc;
use uuid::Uuid;

const EVENTS: &str = "/workspaces/main/rooms/lobby/events";
const USAGE: &str = "/organizations/acme/usage";

impl Hub {
    async fn plan(&self, key: &str) -> (OrganizationId, Arc<Plan>) {
        let operator = Sender::system("operator");
        let acme = Slug::parse("acme").expect("a name");
        let changed = self.store.set_plan(&acme, key, &operator).await;
        let plans = Plans::load("").expect("built in");
        let id = changed.expect("changed").expect("there");
        (id, plans.get(key).expect("built in"))
    }

    /// As if so many events had been published by nobody in particular.
    async fn use_messages(&self, organization: OrganizationId, amount: u64) {
        let flush = Flush {
            node: Uuid::now_v7(),
            number: 1,
        };
        let amount = Amount {
            organization,
            workspace: WorkspaceId(Uuid::nil()),
            actor: Actor::default(),
            day: Timestamp::now().day(),
            meter: "messages",
            amount: amount.cast_signed(),
        };
        for _ in 0..2 {
            let added = self.store.add_usage(flush, std::slice::from_ref(&amount));
            added.await.expect("a repeat is not counted");
        }
        self.tenants.budgets().refresh().await;
    }

    async fn publish(&self, token: &str) -> Response {
        self.post(EVENTS, token, &json!({ "body": "hello" })).await
    }

    async fn report(&self, token: &str, query: &str) -> UsageReport {
        let answer = self.get(&format!("{USAGE}{query}"), token).await;
        assert_eq!(answer.status(), StatusCode::OK, "{query}");
        answer.json().await.expect("a report")
    }

    async fn alerts(&self, token: &str) -> Vec<(String, u32)> {
        let answer = self.get("/organizations/acme/alerts", token).await;
        let alerts: Vec<Alert> = answer.json().await.expect("alerts");
        let alerts = alerts.into_iter().map(|alert| (alert.meter, alert.level));
        alerts.collect()
    }
}

#[actix_web::test]
async fn plans_are_listed_to_anybody_the_cheapest_first() {
    let hub = Hub::empty().await;
    let answer = hub.request(Method::GET, "/plans").send().await;
    let plans: Vec<Shown> = answer.expect("answered").json().await.expect("plans");
    let prices: Vec<_> = plans.iter().map(|plan| plan.price_usd_per_month).collect();
    assert_eq!(prices, [0, 0, 49, 149]);
    let free = plans.iter().find(|plan| plan.plan == "free").expect("free");
    assert_eq!(free.limits["agent_minutes_per_month"], 10_000);
    assert_eq!((&*free.beyond, free.overage_cents.len()), ("stop", 0));
}

#[actix_web::test]
async fn calls_beyond_the_plan_are_refused_and_every_answer_tells_the_bucket() {
    let (hub, token) = Hub::start().await;
    let (_, plan) = hub.plan("starter").await;
    let burst = plan.api_call_burst;
    let mut passed = 0;
    let refused = loop {
        let answer = hub.get("/me", &token).await;
        let header = |name: &str| {
            let header = answer.headers().get(name).map(|value| value.to_str());
            header.map(|text| text.expect("text").to_owned())
        };
        let policy = format!("\"calls\";q={burst};w=20");
        assert_eq!(header("ratelimit-policy"), Some(policy));
        let limit = header("ratelimit").expect("told");
        if answer.status() == StatusCode::OK {
            passed += 1;
            assert!(passed < 10 * burst, "refused at some time");
            continue;
        }
        assert!(limit.starts_with("\"calls\";r=0;t="), "{limit}");
        assert_eq!(header("retry-after").as_deref(), Some("1"));
        break answer;
    };
    assert_eq!(code(refused).await, "rate_limited");
    assert!(passed >= burst, "{passed}");
}

#[actix_web::test]
async fn a_hundred_calls_at_once_at_a_limit_of_ten_are_ten() {
    let hub = Hub::empty().await;
    let rate = Rate {
        per_minute: 1,
        burst: 10,
    };
    let caller = Caller::Known(Uuid::now_v7());
    let call = || {
        let calls = hub.calls.clone();
        tokio::task::spawn_blocking(move || calls.take_here(caller, rate).allowed)
    };
    let calls: Vec<_> = (0..100).map(|_| call()).collect();
    let mut allowed = 0;
    for call in calls {
        allowed += u32::from(call.await.expect("taken"));
    }
    assert_eq!(allowed, 10);
}

#[actix_web::test]
async fn usage_is_told_by_day_workspace_agent_and_key() {
    let (hub, token) = Hub::start().await;
    let key = hub.key(&token, &["read", "publish"]).await;
    for _ in 0..3 {
        let answer = hub.publish(&key.secret).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    hub.api_calls.flush(&hub.store).await.expect("written");
    let day = hub.report(&token, "").await;
    assert_eq!(day.rows.len(), 1);
    assert_eq!((day.rows[0].messages, day.total.messages), (3, 3));
    assert!(day.rows[0].stored_bytes > 0 && day.rows[0].api_calls >= 4);
    assert_eq!(day.rows[0].group, Timestamp::now().day());
    let used = day
        .limits
        .iter()
        .find(|limit| limit.meter == "messages_per_month");
    let used = used.expect("a limit");
    assert!(used.used == 3 && used.resets_at.is_some());
    for (by, name) in [("workspace", "main"), ("agent", "sable")] {
        let report = hub.report(&token, &format!("?by={by}")).await;
        let mut rows = report.rows.iter();
        let row = rows.find(|row| row.name.as_deref() == Some(name));
        assert_eq!(row.expect("a row").messages, 3, "{by}");
    }
    let keys = hub.report(&token, "?by=key").await;
    let id = key.key.id.to_string();
    let row = keys.rows.iter().find(|row| row.group == id);
    assert_eq!(row.expect("a row").messages, 3);

    let answer = hub
        .get(&format!("{USAGE}?by=agent&format=csv"), &token)
        .await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let text = answer.text().await.expect("text");
    assert!(
        text.starts_with("agent,name,") && text.contains(",sable,3,"),
        "{text}"
    );
    for query in [
        "?by=room",
        "?from=yesterday",
        "?from=2026-1-1",
        "?from=9999-01-01",
        "?to=1999-01-01",
        "?format=xml",
    ] {
        let answer = hub.get(&format!("{USAGE}{query}"), &token).await;
        assert_eq!(code(answer).await, "invalid", "{query}");
    }
    let answer = hub.get("/organizations/elsewhere/usage", &token).await;
    assert_eq!(code(answer).await, "not_found");
    let answer = hub.get(USAGE, &key.secret).await;
    assert!(answer.status().is_client_error(), "keys see no bill");
}

#[actix_web::test]
async fn a_call_counts_where_the_callers_organization_is_known() {
    let (hub, token) = Hub::start().await;
    let key = hub.key(&token, &["read"]).await;
    let counted = async || {
        hub.api_calls.flush(&hub.store).await.expect("written");
        // The report is a call itself, which the next flush writes.
        hub.report(&token, "?by=key").await
    };
    let of = |report: &UsageReport| {
        let id = key.key.id.to_string();
        let row = report.rows.iter().find(|row| row.group == id);
        row.map_or(0, |row| row.api_calls)
    };
    let before = counted().await;
    let list = "/organizations/acme/workspaces";
    for token in [&token, &key.secret] {
        assert_eq!(hub.get(list, token).await.status(), StatusCode::OK);
    }
    let new = json!({ "slug": "more" });
    let made = hub.post(list, &token, &new).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    // Of nobody's organization, and of none that the caller knows.
    assert_eq!(hub.get("/me", &key.secret).await.status(), StatusCode::OK);
    let foreign = hub.get("/organizations/elsewhere/workspaces", &token).await;
    assert_eq!(code(foreign).await, "not_found");
    let after = counted().await;
    assert_eq!(of(&after), of(&before) + 1);
    // With the list, the new workspace, and the report before.
    let all = |report: &UsageReport| report.total.api_calls;
    assert_eq!(all(&after), all(&before) + 4);
}

#[actix_web::test]
async fn a_plan_that_stops_refuses_and_still_lets_read() {
    let (hub, token) = Hub::start().await;
    let (id, plan) = hub.plan("free").await;
    assert_eq!(hub.publish(&token).await.status(), StatusCode::CREATED);
    hub.use_messages(id, plan.messages_per_month).await;
    let answer = hub.publish(&token).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers().contains_key("retry-after"));
    let problem: Problem = answer.json().await.expect("a problem");
    assert_eq!(problem.code.as_str(), "quota_exceeded");
    let details = problem.details.expect("details");
    assert_eq!(details["meter"], "messages_per_month");
    assert!(details["resets_at"].is_string() && problem.retry_after_ms.is_some());
    assert_eq!(hub.get(EVENTS, &token).await.status(), StatusCode::OK);

    let both = ["messages_per_month"; 2].map(str::to_owned).into_iter();
    let expected: Vec<_> = both.zip([100, 80]).collect();
    assert_eq!(hub.alerts(&token).await, expected);
    hub.use_messages(id, plan.messages_per_month).await;
    assert_eq!(
        hub.alerts(&token).await.len(),
        3,
        "200 %, and the others once"
    );
    let acts = hub.store.acts(id, None, 10).await.expect("asked");
    let act = acts.iter().find(|act| act.action == "limit.exceeded");
    assert_eq!(act.expect("an act").target, "messages_per_month at 200 %");

    hub.plan("starter").await;
    hub.tenants.budgets().refresh().await;
    assert_eq!(hub.publish(&token).await.status(), StatusCode::CREATED);
}

#[actix_web::test]
async fn owners_set_a_ceiling_at_which_overage_stops() {
    let (hub, token) = Hub::start().await;
    let (id, plan) = hub.plan("starter").await;
    let limits = "/organizations/acme/limits";
    let patch = async |body: Value| {
        let request = hub.request(Method::PATCH, limits).bearer_auth(&token);
        request.json(&body).send().await.expect("answered")
    };
    let answer = patch(json!({ "overage_ceiling_cents": 100_000_001 })).await;
    assert_eq!(code(answer).await, "invalid");
    let answer = patch(json!({ "overage_ceiling_cents": 20 })).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let shown: Value = hub.get(limits, &token).await.json().await.expect("JSON");
    assert_eq!(shown["overage_ceiling_cents"], 20);

    hub.use_messages(id, plan.messages_per_month).await;
    assert_eq!(hub.publish(&token).await.status(), StatusCode::CREATED);
    hub.use_messages(id, 1_000).await;
    let problem: Problem = hub.publish(&token).await.json().await.expect("a problem");
    let details = problem.details.expect("details");
    assert_eq!(details["meter"], "overage_ceiling_cents");
    let report = hub.report(&token, "").await;
    assert_eq!(
        (report.cost.price_cents, report.cost.overage_cents),
        (4_900, 21)
    );

    let answer = patch(json!({ "overage_ceiling_cents": null })).await;
    assert_eq!(answer.status(), StatusCode::OK);
    hub.tenants.budgets().refresh().await;
    assert_eq!(hub.publish(&token).await.status(), StatusCode::CREATED);
}

#[actix_web::test]
async fn workspaces_made_at_once_stop_exactly_at_the_limit() {
    let (hub, token) = Hub::start().await;
    let (_, plan) = hub.plan("free").await;
    let make = |n: u32| {
        let (hub, token) = (&hub, &token);
        async move {
            let new = json!({ "slug": format!("w{n}") });
            let path = "/organizations/acme/workspaces";
            hub.post(path, token, &new).await.status()
        }
    };
    let answers = futures_util::future::join_all((0..40).map(make)).await;
    let made = answers
        .iter()
        .filter(|status| **status == StatusCode::CREATED);
    // `main` is the first.
    assert_eq!(made.count() as u32, plan.workspaces - 1);
    let full = answers
        .iter()
        .filter(|status| **status == StatusCode::CONFLICT);
    assert_eq!(full.count() as u32, 40 - (plan.workspaces - 1));
}

#[actix_web::test]
async fn an_agent_on_several_nodes_is_counted_once() {
    let (hub, _) = Hub::start().await;
    let (organization, _) = hub.plan("free").await;
    let actor = Actor {
        sender: Uuid::now_v7(),
        key: Uuid::now_v7(),
    };
    let now = Timestamp::now().0;
    let time = |from: i64, to: i64| Connected {
        organization,
        workspace: WorkspaceId(Uuid::nil()),
        actor,
        from: now + from,
        to: now + to,
    };
    let write = |times: Vec<Connected>| {
        let store = hub.store.clone();
        async move { store.add_agent_time(times).await.expect("written") }
    };
    // Three nodes at once, one of which does not know whether it was written.
    let here = [
        time(0, 5_000),
        time(1_000, 5_000),
        time(0, 5_000),
        time(0, 4_000),
    ];
    futures_util::future::join_all(here.map(|time| write(vec![time]))).await;
    write(vec![time(5_000, 7_000), time(6_000, 9_000)]).await;
    let totals = hub.store.totals(organization, "2000-01-01").await;
    let counted = totals.expect("asked")["agent_ms"];
    // Who writes a later beginning first takes away the second before it: less, never twice.
    assert!((8_000..=9_000).contains(&counted), "{counted}");
}
