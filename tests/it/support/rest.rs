//! The REST API, as somebody with or without a token calls it.

use super::wait::within;
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::Problem;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// See the module.
#[derive(Clone)]
pub struct Rest {
    base: String,
    client: reqwest::Client,
    /// What it authenticates with.
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Rest {
    /// Paths are relative to `base`.
    pub fn new(base: String, token: Option<String>) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self {
            base,
            client,
            token,
        }
    }

    /// The same with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// A request to be added to.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &impl Serialize) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let answer = within("an HTTP answer", request.send())
        .await
        .expect("an HTTP answer");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = within("an HTTP body", answer.bytes())
        .await
        .expect("an HTTP body");
    Answer {
        status,
        headers,
        body: body.to_vec(),
    }
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok<T: DeserializeOwned>(self) -> T {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        serde_json::from_slice(&self.body).expect("the body has the promised shape")
    }

    /// The problem of a failure, whose status and media type must fit its code.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        let kind = self
            .headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok());
        assert_eq!(
            kind,
            Some("application/problem+json"),
            "{} {}",
            self.status,
            self.text()
        );
        let problem: Problem = serde_json::from_slice(&self.body).expect("a problem");
        assert_eq!(self.status.as_u16(), problem.status);
        assert_eq!(problem.code.http_status(), problem.status);
        assert!(!problem.detail.is_empty());
        problem
    }

    /// The code of a failure.
    #[track_caller]
    pub fn code(&self) -> ErrorCode {
        self.problem().code
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
