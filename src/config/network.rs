//! Networks in settings.

use ipnet::IpNet;
use std::net::IpAddr;

/// `10.0.0.0/8`, or an address, which is a network of one.
pub fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| address()).ok()
}
