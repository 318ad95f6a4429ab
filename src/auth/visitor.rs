//! Where somebody comes from, as their sessions are remembered by.

use crate::store::session::Origin;
use std::net::IpAddr;

/// Most bytes of what a program says of itself that are kept.
const MAX_AGENT_BYTES: usize = 256;

/// One who asks, before it is known who they are.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The address, also through a trusted proxy.
    pub address: IpAddr,
    /// The `User-Agent` header, cut.
    agent: Option<String>,
}

impl Visitor {
    /// From an address, with a program that says this of itself.
    pub fn new(address: IpAddr, agent: Option<&str>) -> Self {
        let cut = |text: &str| text[..text.floor_char_boundary(MAX_AGENT_BYTES)].to_owned();
        Self {
            address,
            agent: agent
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(cut),
        }
    }

    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            address: Some(self.address),
            user_agent: self.agent.as_deref(),
        }
    }
}

impl From<IpAddr> for Visitor {
    fn from(address: IpAddr) -> Self {
        Self::new(address, None)
    }
}
