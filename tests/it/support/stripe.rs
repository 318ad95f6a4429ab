//! Stripe, as far as the hub speaks to it: customers, pages, subscriptions, and its signature.

use super::http::{Answer, Request, serve};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// What the hub authenticates with.
pub const KEY: &str = "sk_test_51NotARealKey";

#[derive(Default)]
struct State {
    /// By idempotency key.
    customers: BTreeMap<String, Value>,
    subscriptions: Vec<Value>,
    /// Forms that were posted, with their paths.
    posts: Vec<(String, BTreeMap<String, String>)>,
    fetches: usize,
    down: bool,
    /// What the next answer waits for.
    held: Option<oneshot::Receiver<()>>,
}

/// See the module.
pub struct Stripe {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Stripe {
    /// On a port of its own.
    pub async fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let (address, task) = serve(move |request| {
            let mut state = shared.lock().expect("whole");
            let (answer, held) = (state.answer(&request), state.held.take());
            async move {
                if let Some(held) = held {
                    // Who drops the other end lets it go as well.
                    let _ = held.await;
                }
                answer
            }
        })
        .await;
        Self {
            address,
            state,
            task,
        }
    }

    /// What the hub's `stripe.api_url` is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Subscribes a customer, or changes their subscription of this id.
    pub fn subscribe(&self, customer: &str, id: &str, status: &str, price: &str) {
        let mut state = self.state.lock().expect("whole");
        state.subscriptions.retain(|known| known["id"] != id);
        state.subscriptions.push(json!({
            "id": id, "object": "subscription", "customer": customer, "status": status,
            "items": { "object": "list", "data": [{
                "id": "si_1", "object": "subscription_item", "current_period_end": 1_798_761_600,
                "price": { "id": price, "object": "price", "currency": "usd" },
            }] },
        }));
    }

    /// Answers every call with 500, or well again.
    pub fn set_down(&self, down: bool) {
        self.state.lock().expect("whole").down = down;
    }

    /// Works the next answer out when it is asked, and gives it when the other end is used or dropped.
    pub fn hold(&self) -> oneshot::Sender<()> {
        let (release, held) = oneshot::channel();
        self.state.lock().expect("whole").held = Some(held);
        release
    }

    /// How often subscriptions were fetched.
    pub fn fetches(&self) -> usize {
        self.state.lock().expect("whole").fetches
    }

    /// Customers that were made.
    pub fn customers(&self) -> Vec<String> {
        let state = self.state.lock().expect("whole");
        let ids = state.customers.values();
        ids.map(|known| known["id"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// The forms that were posted to this path.
    pub fn posts(&self, path: &str) -> Vec<BTreeMap<String, String>> {
        let state = self.state.lock().expect("whole");
        let posts = state.posts.iter().filter(|(known, _)| known == path);
        posts.map(|(_, form)| form.clone()).collect()
    }
}

impl Drop for Stripe {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        let json = |status: &str, body: Value| {
            (
                format!("{status}\r\ncontent-type: application/json"),
                body.to_string(),
            )
        };
        if self.down {
            return json("500 Down", json!({ "error": { "type": "api_error" } }));
        }
        assert_eq!(request.header("authorization"), format!("Bearer {KEY}"));
        assert!(request.header("stripe-version").starts_with("2026-"));
        if request.method == "GET" {
            let url = format!("http://stripe{}", request.path);
            let url = reqwest::Url::parse(&url).expect("a path");
            assert_eq!(url.path(), "/v1/subscriptions");
            let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
            assert_eq!(query["status"], "all");
            self.fetches += 1;
            let data = self.subscriptions.iter();
            let data: Vec<_> = data
                .filter(|it| it["customer"] == query["customer"])
                .collect();
            return json(
                "200 OK",
                json!({ "object": "list", "data": data, "has_more": false }),
            );
        }
        let form = format!("http://stripe/?{}", request.body);
        let form = reqwest::Url::parse(&form).expect("a form");
        let form: BTreeMap<_, _> = form.query_pairs().into_owned().collect();
        self.posts.push((request.path.clone(), form));
        let key = request.header("idempotency-key").to_owned();
        match request.path.as_str() {
            "/v1/customers" => {
                let id = format!("cus_{}", self.customers.len() + 1);
                let made = || json!({ "id": id, "object": "customer" });
                json(
                    "200 OK",
                    self.customers.entry(key).or_insert_with(made).clone(),
                )
            }
            "/v1/checkout/sessions" => json(
                "200 OK",
                json!({
                    "id": "cs_test_1", "object": "checkout.session",
                    "url": "https://checkout.stripe.com/c/pay/cs_test_1",
                }),
            ),
            "/v1/billing_portal/sessions" => json(
                "200 OK",
                json!({
                    "id": "bps_1", "object": "billing_portal.session",
                    "url": "https://billing.stripe.com/p/session/test_1",
                }),
            ),
            path => panic!("Stripe has no {path}"),
        }
    }
}

/// An event about a customer's subscription.
pub fn event(id: &str, kind: &str, customer: &str) -> String {
    json!({
        "id": id, "object": "event", "type": kind, "api_version": "2026-10-28.endive",
        "data": { "object": {
            "id": "sub_1", "object": "subscription", "customer": customer, "status": "active",
        } },
    })
    .to_string()
}

/// The header `Stripe-Signature`.
pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let mut header = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(header, "{byte:02x}");
    }
    header
}
