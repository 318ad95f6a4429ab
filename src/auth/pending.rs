//! A sign-in that goes on elsewhere, at a provider: what binds it to the browser in which it was begun.
//!
//! The browser keeps a random token in a cookie. State, nonce and PKCE verifier are derived from it with the hub's
//! secret, so that any node can go on, nothing is stored for who only begins, and none of them can be made by others.

use super::secret::{self, Secrets};
use super::{Auth, Error, digest_of};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use generic_corp_protocol::Timestamp;
use secrecy::SecretString;
use subtle::ConstantTimeEq;

/// How long a sign-in may take elsewhere.
pub const PENDING_SECONDS: u32 = 600;
const RANDOM: usize = 24;

/// Derives what belongs to a token.
pub(super) struct PendingKeys {
    // The first makes; what was begun with the others is still finished.
    keys: Vec<[u8; 32]>,
}

/// A sign-in that was begun.
pub struct Pending {
    /// Comes back with the browser (RFC 6749, section 10.12).
    pub state: String,
    /// Comes back in the ID token (OpenID Connect Core 1.0, section 3.1.2.1).
    pub nonce: SecretString,
    /// The PKCE code verifier (RFC 7636).
    pub verifier: SecretString,
    /// What is kept of it when it is finished.
    pub token_hash: [u8; 32],
    /// Until when it can be finished.
    pub expires_at: Timestamp,
}

impl PendingKeys {
    pub(super) fn new(secrets: &Secrets) -> Self {
        let derive = |secret| secret::mac(secret, &[b"sign-in elsewhere, version 1"]);
        Self {
            keys: secrets.all().map(derive).collect(),
        }
    }
}

impl Auth {
    /// Begins a sign-in elsewhere: the token for the browser, and what goes to the provider.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn begin_elsewhere(&self) -> Result<(String, Pending), Error> {
        let begun = Timestamp::now();
        let mut bytes = [0; RANDOM + 8];
        bytes[..RANDOM].copy_from_slice(&secret::random::<RANDOM>()?);
        bytes[RANDOM..].copy_from_slice(&begun.0.to_be_bytes());
        let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let pending = pending(&self.0.pending.keys[0], &token, begun);
        Ok((token, pending))
    }

    /// The sign-in that the browser with this token began, when `state` is its own and it is not too old.
    ///
    /// # Errors
    /// [`Error::Elsewhere`].
    pub fn resume_elsewhere(&self, token: &str, state: &str) -> Result<Pending, Error> {
        let bytes: [u8; RANDOM + 8] = BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(Error::Elsewhere)?;
        let (_, begun) = bytes.split_at(RANDOM);
        let begun = begun.try_into().map_err(|_| Error::Elsewhere)?;
        let begun = Timestamp(i64::from_be_bytes(begun));
        let keys = self.0.pending.keys.iter();
        let mut all = keys.map(|key| pending(key, token, begun));
        all.find(|pending| bool::from(pending.state.as_bytes().ct_eq(state.as_bytes())))
            .filter(|pending| Timestamp::now() < pending.expires_at)
            .ok_or(Error::Elsewhere)
    }
}

fn pending(key: &[u8; 32], token: &str, begun: Timestamp) -> Pending {
    let derive = |what: &[u8]| {
        BASE64_URL_SAFE_NO_PAD.encode(secret::mac(key, &[what, b" of ", token.as_bytes()]))
    };
    Pending {
        state: derive(b"state"),
        nonce: derive(b"nonce").into(),
        verifier: derive(b"verifier").into(),
        token_hash: digest_of(token),
        expires_at: begun.plus_ms(i64::from(PENDING_SECONDS) * 1000),
    }
}
