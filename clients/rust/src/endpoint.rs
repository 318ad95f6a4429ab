//! Where the hub is: from the address a person types to the WebSocket's.

use crate::Error;
use generic_corp_protocol::Slug;
use tokio_tungstenite::tungstenite::http::Uri;

/// The WebSocket address of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: String,
    pub(crate) secure: bool,
}

impl Endpoint {
    /// From the hub's address (`http`, `https`, `ws` or `wss`, a path prefix allowed) and a workspace.
    pub(crate) fn parse(url: &str, workspace: &str) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::Invalid(format!(
                "the hub's address is wrong: {why}; give one like http://127.0.0.1:8080"
            ))
        };
        let workspace = Slug::parse(workspace)
            .map_err(|error| Error::Invalid(format!("the workspace's name is wrong: {error}")))?;
        let uri: Uri = url.trim().parse().map_err(|_| wrong("it is no URL"))?;
        let secure = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => {
                return Err(wrong(
                    "it does not begin with http://, https://, ws:// or wss://",
                ));
            }
        };
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it holds a user name or password"));
        }
        if uri.query().is_some() {
            return Err(wrong("it holds a query"));
        }
        let scheme = if secure { "wss" } else { "ws" };
        let path = uri.path().trim_end_matches('/');
        Ok(Self {
            address: format!("{scheme}://{authority}{path}/ws/{workspace}"),
            secure,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_websocket_addresses() {
        for (url, expected) in [
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws/main"),
            ("http://127.0.0.1:8080/", "ws://127.0.0.1:8080/ws/main"),
            ("ws://hub:1", "ws://hub:1/ws/main"),
            (
                "https://hub.example.com/corp/",
                "wss://hub.example.com/corp/ws/main",
            ),
            ("wss://[::1]:9", "wss://[::1]:9/ws/main"),
        ] {
            let endpoint = Endpoint::parse(url, "main").expect(url);
            assert_eq!(endpoint.address, expected);
            assert_eq!(endpoint.secure, expected.starts_with("wss"));
        }
    }

    #[test]
    fn a_wrong_address_is_told_in_words() {
        for url in [
            "hub",
            "ftp://hub",
            "http://a:b@hub",
            "http://hub/?token=x",
            "",
        ] {
            let error = Endpoint::parse(url, "main").expect_err(url).to_string();
            assert!(error.contains("address is wrong"), "{error}");
        }
        assert!(Endpoint::parse("http://hub", "Not A Name").is_err());
    }
}
