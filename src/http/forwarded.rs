//! Who came through a proxy. `X-Forwarded-For` is believed from trusted proxies alone: anybody can send it.

use crate::config::network;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

const HEADER: &str = "x-forwarded-for";

/// The proxies in front of the hub. A cheap handle.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Addresses and networks, as the settings have them. What is neither counts for nothing.
    pub fn new(texts: &[String]) -> Self {
        Self(texts.iter().filter_map(|text| network(text)).collect())
    }

    /// Whether this is the address of one.
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whom `peer` speaks for: the last address in the header that is not a proxy's itself.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values: Vec<_> = headers.get_all(HEADER).collect();
        let values = values.iter().rev().filter_map(|value| value.to_str().ok());
        for address in values.flat_map(|value| value.rsplit(',')) {
            if !self.has(client) {
                break;
            }
            // Behind what cannot be read nothing is believed.
            let Some(before) = parse(address.trim()) else {
                break;
            };
            client = before.to_canonical();
        }
        client
    }
}

/// An address, with a port or without.
fn parse(text: &str) -> Option<IpAddr> {
    let socket = || {
        text.parse::<std::net::SocketAddr>()
            .map(|socket| socket.ip())
    };
    text.parse().or_else(|_| socket()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let proxies = Proxies::new(&["10.0.0.0/8".into(), "192.0.2.1".into()]);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let name = HeaderName::from_static(HEADER);
            headers.append(name, HeaderValue::from_static(value));
        }
        let peer = peer.parse().expect("an address");
        proxies.client(peer, &headers).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_say_is_believed() {
        assert_eq!(client("198.51.100.7", &["203.0.113.9"]), "198.51.100.7");
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            client("::ffff:10.1.2.3", &["203.0.113.9:4711"]),
            "203.0.113.9"
        );
        // What came before the first that is not a proxy is its own word.
        let chain = "127.0.0.1, 203.0.113.9, 192.0.2.1";
        assert_eq!(client("10.1.2.3", &[chain]), "203.0.113.9");
        assert_eq!(
            client("10.1.2.3", &["1.1.1.1", "2001:db8::1"]),
            "2001:db8::1"
        );
        assert_eq!(client("10.1.2.3", &["203.0.113.9, unknown"]), "10.1.2.3");
    }
}
