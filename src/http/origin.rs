//! Which pages may speak to the hub. A browser says whose page asks in `Origin`; programs say nothing.

use actix_web::HttpRequest;
use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use generic_corp_protocol::ErrorCode;
use std::net::IpAddr;
use std::sync::Arc;

/// The pages that may. A cheap handle.
#[derive(Clone, Debug)]
pub struct Origins(Arc<[Origin]>);

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origins {
    /// The hub's own public address and what else the settings allow. What is no origin allows nothing.
    pub fn new(public_url: &str, allowed: &[String]) -> Self {
        let own = std::iter::once(public_url);
        let all = own.chain(allowed.iter().map(String::as_str));
        Self(all.filter_map(Origin::parse).collect())
    }

    /// Refuses a request from a foreign page. Pages of the very host and port that was asked may speak
    /// when that is this machine: elsewhere a name could be made to point here.
    ///
    /// # Errors
    /// `origin_not_allowed`.
    pub fn check(&self, request: &HttpRequest) -> Result<(), ErrorCode> {
        self.check_headers(request.headers())
    }

    /// The same for a request that is not actix-web's.
    ///
    /// # Errors
    /// `origin_not_allowed`.
    pub fn check_headers(&self, request: &HeaderMap) -> Result<(), ErrorCode> {
        let mut headers = request.get_all(ORIGIN);
        let Some(header) = headers.next() else {
            return Ok(());
        };
        let origin = header.to_str().ok().and_then(Origin::parse);
        let good = headers.next().is_none()
            && origin.is_some_and(|origin| {
                self.0.contains(&origin) || (origin.is_loopback() && origin.is_asked(request))
            });
        if good {
            Ok(())
        } else {
            Err(ErrorCode::OriginNotAllowed)
        }
    }

    /// Refuses a request whose cookie a foreign page may have brought along: the browser must say that
    /// it comes from a page that may.
    ///
    /// # Errors
    /// `origin_not_allowed`.
    pub fn check_cookie(&self, request: &HttpRequest) -> Result<(), ErrorCode> {
        let own_page = request
            .headers()
            .get("sec-fetch-site")
            .is_some_and(|site| site.as_bytes() == b"same-origin");
        if own_page || request.headers().contains_key(ORIGIN) {
            self.check(request)
        } else {
            Err(ErrorCode::OriginNotAllowed)
        }
    }
}

impl Origin {
    /// Of a URL or an `Origin` header; `null` is none.
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let port = match (uri.port_u16(), scheme.as_str()) {
            (Some(port), _) => port,
            (None, "http") => 80,
            (None, "https") => 443,
            _ => return None,
        };
        // User names in front of the host would hide where it begins.
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        Some(Self {
            scheme,
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }

    fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    fn is_asked(&self, request: &HeaderMap) -> bool {
        let host = request.get(HOST).and_then(|host| host.to_str().ok());
        host.and_then(|host| Self::parse(&format!("{}://{host}", self.scheme)))
            .is_some_and(|asked| asked == *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn allowed(host: &str, origin: &str) -> bool {
        let allowed = ["https://app.example.com".to_owned()];
        let origins = Origins::new("https://hub.example.com/", &allowed);
        let request = TestRequest::default()
            .insert_header((HOST, host))
            .insert_header((ORIGIN, origin))
            .to_http_request();
        origins.check(&request).is_ok()
    }

    #[test]
    fn own_and_listed_pages_may() {
        for origin in [
            "https://hub.example.com",
            "https://hub.example.com:443",
            "https://HUB.example.com",
            "https://app.example.com",
        ] {
            assert!(allowed("hub.example.com", origin), "{origin}");
        }
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(allowed(host, origin), "{origin}");
        }
        let without = TestRequest::default().to_http_request();
        assert_eq!(Origins::new("", &[]).check(&without), Ok(()));
    }

    #[test]
    fn foreign_pages_may_not() {
        for origin in [
            "https://evil.example",
            "null",
            "",
            "http://hub.example.com",
            "https://hub.example.com:8443",
            "https://app.example.com.evil.com",
            "https://app.example.com@evil.com",
            "https://evilapp.example.com",
            "file://",
            "http://localhost:9090",
        ] {
            assert!(!allowed("hub.example.com", origin), "{origin}");
            assert!(!allowed("127.0.0.1:8080", origin), "{origin}");
        }
        assert!(
            !allowed("evil.com:8080", "http://evil.com:8080"),
            "a name made to point here"
        );
        let twice = TestRequest::default()
            .append_header((ORIGIN, "https://app.example.com"))
            .append_header((ORIGIN, "https://evil.example"))
            .to_http_request();
        assert!(
            Origins::new("", &["https://app.example.com".to_owned()])
                .check(&twice)
                .is_err()
        );
    }

    #[test]
    fn a_cookie_needs_a_page_that_may() {
        let origins = Origins::new("https://hub.example.com", &[]);
        let with = |name: &'static str, value: &'static str| {
            let request = TestRequest::default().insert_header((name, value));
            origins.check_cookie(&request.to_http_request()).is_ok()
        };
        assert!(with("origin", "https://hub.example.com"));
        assert!(with("sec-fetch-site", "same-origin"));
        assert!(!with("sec-fetch-site", "cross-site"));
        assert!(!with("origin", "https://evil.example"));
        assert!(!with("accept", "*/*"));
    }
}
