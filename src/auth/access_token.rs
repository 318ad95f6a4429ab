//! Access tokens: short-lived JWTs, as RFC 8725 and RFC 9068 want them.

use super::Error;
use super::secret::{self, Secrets};
use generic_corp_protocol::{SessionId, Timestamp, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const TYPE: &str = "at+jwt";
const ISSUER: &str = "generic-corp";
const AUDIENCE: &str = "generic-corp-hub";
/// Between machines' clocks, in seconds.
const LEEWAY: u64 = 5;

/// Makes and reads access tokens.
pub(super) struct AccessTokens {
    signing: EncodingKey,
    // The first signs; tokens of the others are still read.
    keys: Vec<(String, DecodingKey)>,
    validation: Validation,
    lifetime_seconds: i64,
}

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    #[serde(rename = "gen")]
    pub generation: i64,
    iat: i64,
    nbf: i64,
    pub exp: i64,
}

impl AccessTokens {
    pub(super) fn new(secrets: &Secrets, lifetime: std::time::Duration) -> Self {
        // Of several compiled-in providers jsonwebtoken would panic at the first use rather than choose.
        let _already_installed = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let derive = |secret: &[u8]| secret::mac(secret, &[b"access token, version 1"]);
        let keys = secrets.all().map(|secret| {
            let key = derive(secret);
            (key_id(&key), DecodingKey::from_secret(&key))
        });
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        Self {
            signing: EncodingKey::from_secret(&derive(secrets.current())),
            keys: keys.collect(),
            validation,
            lifetime_seconds: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 2),
        }
    }

    /// A token and when it ends.
    pub(super) fn make(
        &self,
        user: UserId,
        session: SessionId,
        generation: i64,
    ) -> Result<(String, Timestamp), Error> {
        let now = Timestamp::now().0 / 1000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            sid: session,
            generation,
            iat: now,
            nbf: now,
            exp: now + self.lifetime_seconds,
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = self.keys.first().map(|(id, _)| id.clone());
        let token = jsonwebtoken::encode(&header, &claims, &self.signing)
            .map_err(|error| Error::Fault(format!("a token cannot be signed: {error}")))?;
        Ok((token, Timestamp(claims.exp.saturating_mul(1000))))
    }

    /// What a good token says.
    pub(super) fn read(&self, token: &str) -> Result<Claims, Error> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::InvalidToken)?;
        if header.alg != Algorithm::HS256 || header.typ.as_deref() != Some(TYPE) {
            return Err(Error::InvalidToken);
        }
        let mut keys = self.keys.iter();
        let key = keys.find(|(id, _)| header.kid.as_deref() == Some(id.as_str()));
        let (_, key) = key.ok_or(Error::InvalidToken)?;
        // The signature is checked before the times are.
        match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
            Ok(token) => Ok(token.claims),
            Err(error) => Err(match error.kind() {
                jsonwebtoken::errors::ErrorKind::ExpiredSignature => Error::TokenExpired,
                _ => Error::InvalidToken,
            }),
        }
    }
}

fn key_id(key: &[u8]) -> String {
    let mut id = String::new();
    for byte in &Sha256::digest(key)[..6] {
        write!(id, "{byte:02x}").expect("writing to a string");
    }
    id
}
