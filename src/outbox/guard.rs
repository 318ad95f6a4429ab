//! Where a message may go: to public addresses, and to networks that the operator allows. So nobody reaches the
//! hub's own network, or a cloud's metadata, by naming an address there (server-side request forgery). Names are
//! looked up here, and the connection goes to an address that was looked at.

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// See the module. A cheap handle.
#[derive(Clone)]
pub(super) struct Guard {
    allowed: Arc<[IpNet]>,
    /// Whether public addresses may be gone to: not without TLS.
    public: bool,
}

/// A name leads only to addresses where no message goes.
#[derive(Debug, thiserror::Error)]
#[error("the address is not a public one, and webhooks.allowed_networks does not have it")]
pub(super) struct Forbidden;

impl Guard {
    /// These networks may be gone to as well.
    pub(super) fn new(allowed: Vec<IpNet>) -> Self {
        Self {
            allowed: allowed.into(),
            public: true,
        }
    }

    /// The same for what goes without TLS: only networks that are allowed.
    pub(super) fn without_tls(&self) -> Self {
        Self {
            public: false,
            ..self.clone()
        }
    }

    pub(super) fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed.iter().any(|net| net.contains(&address)) || self.public && is_public(address)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.filter(|to| guard.admits(to.ip())).collect();
            match found.is_empty() {
                true => Err(Forbidden.into()),
                false => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether it is an address on the internet, by the registries of special addresses (RFC 6890 and what came after).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, .., g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b) {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address inside.
        (0x64, 0xff9b) if c == 0 && d == 0 => embedded(g, h),
        (0x2002, high) => embedded(high, c),
        // Teredo, benchmarks, documentation and others that are no hosts.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_where_only_the_hub_can() {
        let guard = Guard::new(Vec::new());
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.192",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "fe80::1",
            "fec0::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "::7f00:1",
        ] {
            let address = inside.parse().expect("an address");
            assert!(!guard.admits(address), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "93.184.215.14",
            "2606:4700:4700::1111",
            "64:ff9b::101:101",
        ] {
            let address = outside.parse().expect("an address");
            assert!(guard.admits(address), "{outside}");
            assert!(!guard.without_tls().admits(address), "{outside}");
        }
    }

    #[test]
    fn an_allowed_network_is_gone_to_with_and_without_tls() {
        let guard = Guard::new(vec!["10.0.0.0/8".parse().expect("a network")]);
        for (address, admitted) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("127.0.0.1", false),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(guard.admits(address), admitted);
            assert_eq!(guard.without_tls().admits(address), admitted);
        }
    }
}
