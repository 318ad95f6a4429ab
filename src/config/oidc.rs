//! Sign-in by OpenID Connect: the settings and what must hold of them.

use super::{Registration, Server, load};
use generic_corp_protocol::{Slug, is_label};
use secrecy::SecretString;
use serde::Deserialize;

/// See `[oidc]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Oidc {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub name: String,
    #[serde(deserialize_with = "load::list")]
    pub scopes: Vec<String>,
    pub link_accounts: bool,
    pub sign_up: SignUp,
    #[serde(deserialize_with = "load::list")]
    pub domains: Vec<String>,
    pub organization: String,
    pub role: String,
}

/// Who gets an account when they come from the provider for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    /// Nobody.
    Never,
    /// Whose address is invited.
    Invited,
    /// These, and whose address is in one of the domains.
    Domains,
}

impl Oidc {
    /// Whether there is a provider.
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// What must hold, each with the words for the operator. `confirms`: whether addresses are confirmed by mail.
    pub(super) fn needs(
        &self,
        server: &Server,
        registration: Registration,
        confirms: bool,
    ) -> [(bool, &'static str); 7] {
        let off = !self.is_on();
        let unproved = registration == Registration::Open && !confirms;
        [
            (
                off || self.issuer.starts_with("https://") || is_local(&self.issuer),
                "oidc.issuer: begins with https://, or with http:// on this machine",
            ),
            (
                off || !self.client_id.is_empty(),
                "oidc.client_id: as the provider knows the hub",
            ),
            (
                off || !server.public_url.is_empty(),
                "server.public_url: people come back from oidc.issuer to the hub's own address",
            ),
            (off || is_label(&self.name), "oidc.name: a few words"),
            (
                self.sign_up != SignUp::Domains || !self.domains.is_empty(),
                "oidc.domains: at least one where oidc.sign_up = \"domains\"",
            ),
            (
                Slug::parse(&self.organization).is_ok()
                    && matches!(self.role.as_str(), "admin" | "member" | "viewer"),
                "oidc.organization and oidc.role: a name, and admin, member or viewer",
            ),
            (
                off || !self.link_accounts || !unproved,
                "oidc.link_accounts: anybody may register any address here (auth.registration = \"open\" without mail.url); set it to false, or confirm addresses by mail",
            ),
        ]
    }
}

fn is_local(url: &str) -> bool {
    let host = url.strip_prefix("http://").unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.parse::<u16>().is_ok() => bare,
        _ => host,
    };
    matches!(bare, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_this_machine_is_trusted_without_tls() {
        for url in [
            "http://localhost:9000/realm",
            "http://127.0.0.1",
            "http://[::1]:80",
        ] {
            assert!(is_local(url), "{url}");
        }
        for url in [
            "http://sso.example.com",
            "http://localhost@sso.example.com",
            "http://localhost.example.com",
            "https://127.0.0.1",
            "ftp://localhost",
        ] {
            assert!(!is_local(url), "{url}");
        }
    }
}
