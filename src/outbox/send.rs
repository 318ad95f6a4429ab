//! Posts a message: to where the guard lets it, once, without following anybody anywhere.

use super::Outcome;
use super::guard::{Forbidden, Guard};
use super::sign::signatures;
use crate::store::delivery::DeliveryRow;
use generic_corp_protocol::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Sender {
    guard: Guard,
    secure: Client,
    plain: Client,
}

impl Sender {
    pub(super) fn new(guard: Guard) -> Result<Self, reqwest::Error> {
        let client = |guard: Guard| {
            Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .timeout(TIMEOUT)
                // The next message finds out anew where its name leads.
                .pool_max_idle_per_host(0)
                .dns_resolver(Arc::new(guard))
                .user_agent(concat!("generic-corp/", env!("CARGO_PKG_VERSION")))
                .build()
        };
        Ok(Self {
            secure: client(guard.clone())?,
            plain: client(guard.without_tls())?,
            guard,
        })
    }

    /// With the headers of Standard Webhooks.
    pub(super) async fn signed(
        &self,
        url: &SecretString,
        secrets: &[SecretString],
        delivery: &DeliveryRow,
    ) -> Outcome {
        let id = format!("msg_{}", delivery.id);
        let seconds = Timestamp::now().0 / 1000;
        let signature = signatures(secrets, &id, seconds, &delivery.body);
        let headers = |request: RequestBuilder| {
            request
                .header("webhook-id", &id)
                .header("webhook-timestamp", seconds)
                .header("webhook-signature", signature)
        };
        self.post(url, delivery.body.clone(), headers).await
    }

    /// Without a signature: whoever knows the address may post to it.
    pub(super) async fn plain(&self, url: &SecretString, body: String) -> Outcome {
        self.post(url, body, |request| request).await
    }

    async fn post(
        &self,
        url: &SecretString,
        body: String,
        headers: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Outcome {
        let Ok(url) = Url::parse(url.expose_secret()) else {
            return Outcome::Failed("the address is none".into());
        };
        let (client, guard) = match url.scheme() {
            "https" => (&self.secure, self.guard.clone()),
            _ => (&self.plain, self.guard.without_tls()),
        };
        // An address that is written out is not looked up.
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if literal.is_ok_and(|address| !guard.admits(address)) {
            return Outcome::Failed(Forbidden.to_string());
        }
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        // What the receiver says beyond the status is not read.
        match headers(request).send().await {
            Ok(answer) => Outcome::Status(answer.status().as_u16()),
            Err(error) => Outcome::Failed(why(&error)),
        }
    }
}

/// Words without the address, which may be a secret.
fn why(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Forbidden>() {
            return Forbidden.to_string();
        }
        cause = inner.source();
    }
    let text = match () {
        () if error.is_timeout() => "no answer within 10 s",
        () if error.is_connect() => "no connection: the name, the address or the certificate",
        () => "the connection ended without an answer",
    };
    text.to_owned()
}
