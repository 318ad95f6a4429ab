//! A browser that signs in at a provider: it keeps the hub's cookie and goes where it is sent.

use super::TestServer;
use super::provider::{Back, CLIENT, HUB, Provider, SECRET};
use super::rest::{Answer, send};
use super::server::Builder;
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::SignInAddress;
use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN};
use serde_json::{Value, json};

/// One node alone: for tests that count what it asks the provider.
pub const ALONE: (&str, &str) = ("alone", "");

/// A hub that signs people in at this provider.
pub async fn hub(provider: &Provider) -> TestServer {
    hub_with(provider, &[]).await
}

/// The same with further settings.
pub async fn hub_with(provider: &Provider, settings: &[(&str, &str)]) -> TestServer {
    builder_with(provider, settings).start().await
}

/// The same before it is started.
pub fn builder_with(provider: &Provider, settings: &[(&str, &str)]) -> Builder {
    let mut hub = TestServer::builder()
        .with("server.public_url", HUB)
        .with("oidc.issuer", provider.issuer())
        .with("oidc.client_id", CLIENT)
        .with("oidc.client_secret", SECRET)
        .with("oidc.name", "Kiln");
    for (key, value) in settings {
        hub = match *key {
            "alone" => hub.alone(),
            key => hub.with(key, value),
        };
    }
    hub
}

/// See the module.
pub struct Browser<'a> {
    hub: &'a TestServer,
    /// `name=value`, once there is one.
    pub cookie: Option<String>,
    /// The whole header that gave it.
    pub set_cookie: String,
}

impl<'a> Browser<'a> {
    /// With no cookies.
    pub fn new(hub: &'a TestServer) -> Self {
        Self {
            hub,
            cookie: None,
            set_cookie: String::new(),
        }
    }

    /// Presses the button: where it is sent.
    pub async fn begin(&mut self) -> Result<String, ErrorCode> {
        let answer = self.hub.anybody().post("/auth/oidc", &json!({})).await;
        if !answer.status.is_success() {
            return Err(answer.code());
        }
        let set = answer.headers["set-cookie"].to_str().expect("text");
        self.set_cookie = set.to_owned();
        self.cookie = set.split(';').next().map(str::to_owned);
        Ok(answer.ok::<SignInAddress>().url)
    }

    /// Brings what it came back with to the hub.
    pub async fn finish(&self, back: &Back) -> Answer {
        let body = json!({ "state": back.state, "code": back.code, "iss": back.iss });
        self.bring(&body, HUB).await
    }

    /// The same with any body, from a page of this origin.
    pub async fn bring(&self, body: &Value, origin: &str) -> Answer {
        let rest = self.hub.anybody();
        let mut request = rest
            .request(Method::POST, "/auth/oidc/callback")
            .header(ORIGIN, origin)
            .json(body);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        send(request).await
    }

    /// Signs in, all the way.
    pub async fn sign_in(mut self, provider: &Provider) -> Answer {
        let url = self.begin().await.expect("an address");
        let back = provider.visit(&url).await;
        self.finish(&back).await
    }

    /// The same up to the way back, which is taken when it is awaited.
    pub async fn begin_at(mut self, provider: &Provider) -> impl Future<Output = Answer> {
        let url = self.begin().await.expect("an address");
        let back = provider.visit(&url).await;
        async move { self.finish(&back).await }
    }
}
