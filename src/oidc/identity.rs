//! Who somebody is, as the provider says.

use openidconnect::core::{CoreIdTokenClaims, CoreUserInfoClaims};
use openidconnect::{EndUserEmail, EndUserName, EndUserUsername, LocalizedClaim};

/// What a provider says of somebody, proved by its signature.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Who it is there, for ever.
    pub subject: String,
    /// The e-mail address, as it says it.
    pub email: Option<String>,
    /// Whether it says that the address is theirs.
    pub email_verified: bool,
    /// A name to show.
    pub name: Option<String>,
}

impl Identity {
    pub(super) fn of(claims: &CoreIdTokenClaims) -> Self {
        Self {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            email: text(claims.email()),
            email_verified: claims.email_verified() == Some(true),
            name: name(claims.name(), claims.preferred_username()),
        }
    }

    /// The same with the address and the name of the provider's answer about the person, as far as there was none.
    pub(super) fn with(self, claims: &CoreUserInfoClaims) -> Self {
        Self {
            email: text(claims.email()),
            email_verified: claims.email_verified() == Some(true),
            name: self
                .name
                .or_else(|| name(claims.name(), claims.preferred_username())),
            ..self
        }
    }
}

fn text(email: Option<&EndUserEmail>) -> Option<String> {
    email.map(|email| email.to_string())
}

fn name(
    name: Option<&LocalizedClaim<EndUserName>>,
    username: Option<&EndUserUsername>,
) -> Option<String> {
    let name = name.and_then(|names| names.get(None));
    let name = name.map(|name| name.to_string());
    name.or_else(|| username.map(|name| name.to_string()))
}
