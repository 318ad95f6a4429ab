//! The few calls of the REST API that commands need.

use anyhow::Context as _;
use generic_corp_protocol::rest::Problem;
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// From the first packet to the last.
const TIMEOUT: Duration = Duration::from_secs(15);

/// An HTTP client, and the address of `path` at the hub.
pub fn client(url: &str, path: &str) -> anyhow::Result<(Client, String)> {
    let client = Client::builder()
        .timeout(TIMEOUT)
        .build()
        .context("cannot make an HTTP client")?;
    let base = url.trim_end_matches('/');
    let base = match base.split_once("://") {
        Some(("ws", rest)) => format!("http://{rest}"),
        Some(("wss", rest)) => format!("https://{rest}"),
        _ => base.to_owned(),
    };
    Ok((client, format!("{base}{path}")))
}

/// Sends a request; an error is told in words, without the address, which may hold anything.
pub async fn send(request: RequestBuilder, url: &str) -> anyhow::Result<Response> {
    request.send().await.map_err(|error| {
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        anyhow::anyhow!("cannot reach the hub at {url}: {cause}")
    })
}

/// The answer's body, or the problem it tells.
pub async fn read<T: DeserializeOwned>(response: Response) -> anyhow::Result<T> {
    let status = response.status();
    let body = response
        .bytes()
        .await
        .context("the hub's answer broke off")?;
    if status.is_success() {
        return serde_json::from_slice(&body).context("the hub's answer cannot be read");
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Err(anyhow::anyhow!("{} ({})", problem.detail, problem.code)),
        Err(_) => Err(anyhow::anyhow!(
            "the hub answered with HTTP status {status}"
        )),
    }
}
