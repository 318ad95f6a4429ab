//! A workspace to load: where it is, what opens it, and its rooms.

use crate::args::Target;
use crate::hub::Hub;
use anyhow::{Context as _, bail};
use generic_corp_protocol::frame::HistoryPage;
use generic_corp_protocol::rest::{
    Login, Me, NewApiKey, NewApiKeySecret, NewRoom, NewWorkspace, Problem, Room, Session,
    StreamPage, Workspace,
};
use generic_corp_protocol::{Slug, StreamInfo, encode};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;

/// See the module.
pub struct Tenant {
    /// Where its sockets connect.
    pub address: SocketAddr,
    /// The path of its sockets.
    pub path: String,
    /// An API key or an access token.
    pub token: String,
    workspace: String,
    rest: Rest,
}

impl Tenant {
    /// The workspace that the options name, on a hub that runs.
    ///
    /// # Errors
    /// When the hub is elsewhere and that was not allowed, or it refuses.
    pub async fn of(target: &Target) -> anyhow::Result<Self> {
        let address = address(&target.url, target.allow_remote).await?;
        if target.bootstrap {
            let email = secret("GENERIC_CORP_EMAIL")?;
            let password = secret("GENERIC_CORP_PASSWORD")?;
            return Self::bootstrap(address, &email, &password).await;
        }
        let token = secret(&target.token_env)?;
        let rest = Rest::new(address, Some(token.clone()))?;
        let workspace: Workspace = rest
            .get(&format!("/workspaces/{}", target.workspace))
            .await?;
        Ok(Self::new(address, rest, token, &workspace))
    }

    /// A new workspace on a private hub.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn on(hub: &Hub) -> anyhow::Result<Self> {
        let (email, password) = hub.administrator();
        Self::bootstrap(hub.address, email, password).await
    }

    /// A new workspace on the hub at this address, whose administrator this is.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn bootstrap(
        address: SocketAddr,
        email: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let mut rest = Rest::new(address, None)?;
        let login = Login {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        let session: Session = rest
            .post("/auth/login", &login)
            .await
            .context("signing in")?;
        rest.token = Some(session.access_token);
        let me: Me = rest.get("/me").await?;
        let organization = me
            .organizations
            .first()
            .context("you belong to no organization")?;
        let slug = Slug::parse(&format!("loadtest-{:08x}", rand::random::<u32>()))?;
        let path = format!("/organizations/{}/workspaces", organization.id);
        let workspace: Workspace = rest.post(&path, &NewWorkspace { slug, name: None }).await?;
        let agent = Slug::parse("loadtest")?;
        let scopes = ["read", "publish", "stream", "admin"]
            .map(str::to_owned)
            .to_vec();
        let key = NewApiKey {
            agent,
            name: "load test".into(),
            scopes,
            rooms: Vec::new(),
            expires_at: None,
        };
        let path = format!("/workspaces/{}/keys", workspace.id);
        let made: NewApiKeySecret = rest.post(&path, &key).await?;
        rest.token = Some(made.secret.clone());
        Ok(Self::new(address, rest, made.secret, &workspace))
    }

    /// The same workspace as another node shows it.
    pub fn through(&self, address: SocketAddr) -> Self {
        let rest = Rest {
            base: base(address),
            ..self.rest.clone()
        };
        Self {
            address,
            path: self.path.clone(),
            token: self.token.clone(),
            workspace: self.workspace.clone(),
            rest,
        }
    }

    /// The workspace's id.
    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    fn new(address: SocketAddr, rest: Rest, token: String, workspace: &Workspace) -> Self {
        let workspace = workspace.id.to_string();
        let path = format!("/ws/{workspace}");
        Self {
            address,
            path,
            token,
            workspace,
            rest,
        }
    }

    /// Makes rooms of the run's own and gives their names.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn rooms(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let run = rand::random::<u16>();
        let mut names = Vec::with_capacity(count);
        for number in 1..=count {
            let name = Slug::parse(&format!("load-{run:04x}-{number}"))?;
            let body = NewRoom {
                name,
                topic: "a load test".into(),
            };
            let room: Room = self
                .rest
                .post(&format!("/workspaces/{}/rooms", self.workspace), &body)
                .await?;
            names.push(room.name.to_string());
        }
        Ok(names)
    }

    /// A room as the store has it.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn room(&self, room: &str) -> anyhow::Result<Room> {
        self.rest
            .get(&format!("/workspaces/{}/rooms/{room}", self.workspace))
            .await
    }

    /// The next page of a room's log.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn events(&self, room: &str, after: u64) -> anyhow::Result<HistoryPage> {
        let rooms = format!("/workspaces/{}/rooms", self.workspace);
        self.rest
            .get(&format!("{rooms}/{room}/events?after={after}&limit=500"))
            .await
    }

    /// The streams of a room that are being written.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn open_streams(&self, room: &str) -> anyhow::Result<Vec<StreamInfo>> {
        let rooms = format!("/workspaces/{}/rooms", self.workspace);
        let page: StreamPage = self
            .rest
            .get(&format!("{rooms}/{room}/streams?state=open"))
            .await?;
        Ok(page.streams)
    }

    /// A stream as it stands.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn stream(&self, stream: &str) -> anyhow::Result<StreamInfo> {
        self.rest
            .get(&format!("/workspaces/{}/streams/{stream}", self.workspace))
            .await
    }

    /// A stream's bytes.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn stream_bytes(&self, stream: &str) -> anyhow::Result<Vec<u8>> {
        let streams = format!("/workspaces/{}/streams", self.workspace);
        self.rest.bytes(&format!("{streams}/{stream}/bytes")).await
    }
}

/// Only the environment has secrets: arguments can be read by everybody on the machine.
fn secret(name: &str) -> anyhow::Result<String> {
    let found = std::env::var(name).ok().filter(|value| !value.is_empty());
    found.with_context(|| {
        format!("{name} is not in the environment (or use --spawn for a private hub)")
    })
}

/// The address of a hub; loopback unless more is allowed.
async fn address(url: &str, allow_remote: bool) -> anyhow::Result<SocketAddr> {
    let url = Url::parse(url).with_context(|| format!("`{url}` is no URL"))?;
    if url.scheme() != "http" {
        bail!(
            "{url}: the load test speaks plain http only; run it beside the hub, behind what ends TLS"
        );
    }
    let host = url
        .host_str()
        .context("the URL names no host")?
        .trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    let mut found = tokio::net::lookup_host((host, port))
        .await
        .with_context(|| format!("{host} is not known"))?;
    let address = found
        .next()
        .with_context(|| format!("{host} has no address"))?;
    if !address.ip().is_loopback() && !allow_remote {
        bail!(
            "{host} is not this machine; --allow-remote lets load go there, with its owner's consent"
        );
    }
    Ok(address)
}

#[derive(Clone)]
struct Rest {
    base: String,
    token: Option<String>,
    client: reqwest::Client,
}

/// Where the API of a hub is.
fn base(address: SocketAddr) -> String {
    format!("http://{address}/api/v1")
}

impl Rest {
    fn new(address: SocketAddr, token: Option<String>) -> anyhow::Result<Self> {
        Ok(Self {
            base: base(address),
            token,
            client: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(Method::GET, path, None).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.send(Method::POST, path, Some(encode(body))).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> anyhow::Result<T> {
        let what = format!("{method} {path}");
        let answer = self.ask(method, path, body).await?;
        serde_json::from_slice(&answer)
            .with_context(|| format!("{what}: an answer of another shape"))
    }

    async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        self.ask(Method::GET, path, None).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> anyhow::Result<Vec<u8>> {
        let what = format!("{method} {path}");
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("{what}: no hub answers"))?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        if status.is_success() {
            return Ok(body.into());
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => bail!("{what}: {status}: {} ({})", problem.detail, problem.code),
            Err(_) => bail!("{what}: {status}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn load_goes_to_loopback_unless_more_is_allowed() {
        for local in [
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost:1/",
        ] {
            assert!(address(local, false).await.is_ok(), "{local}");
        }
        // An address of the range for documentation: nothing is sent there.
        assert!(address("http://192.0.2.1", false).await.is_err());
        assert!(address("http://192.0.2.1", true).await.is_ok());
        for bad in ["https://127.0.0.1", "ws://127.0.0.1", "hub"] {
            assert!(address(bad, true).await.is_err(), "{bad}");
        }
    }
}
