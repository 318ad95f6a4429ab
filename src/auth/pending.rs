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

    fn begin(&self, now: Timestamp) -> Result<(String, Pending), Error> {
        let mut bytes = [0; RANDOM + 8];
        bytes[..RANDOM].copy_from_slice(&secret::random::<RANDOM>()?);
        bytes[RANDOM..].copy_from_slice(&now.0.to_be_bytes());
        let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let pending = pending(&self.keys[0], &token, now);
        Ok((token, pending))
    }

    fn resume(&self, token: &str, state: &str, now: Timestamp) -> Option<Pending> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let bytes: [u8; RANDOM + 8] = bytes.try_into().ok()?;
        let begun = bytes[RANDOM..].try_into().ok()?;
        let begun = Timestamp(i64::from_be_bytes(begun));
        let mut all = self.keys.iter().map(|key| pending(key, token, begun));
        // The time is a part of what the state is derived from: nobody makes it later.
        all.find(|pending| bool::from(pending.state.as_bytes().ct_eq(state.as_bytes())))
            .filter(|pending| now < pending.expires_at)
    }
}

impl Auth {
    /// Begins a sign-in elsewhere: the token for the browser, and what goes to the provider.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn begin_elsewhere(&self) -> Result<(String, Pending), Error> {
        self.0.pending.begin(Timestamp::now())
    }

    /// The sign-in that the browser with this token began, when `state` is its own and it is not too old.
    ///
    /// # Errors
    /// [`Error::Elsewhere`].
    pub fn resume_elsewhere(&self, token: &str, state: &str) -> Result<Pending, Error> {
        let resumed = self.0.pending.resume(token, state, Timestamp::now());
        resumed.ok_or(Error::Elsewhere)
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

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::{ExposeSecret as _, SecretString};

    const OLD: &str = "0123456789abcdef0123456789abcdef";
    const NEW: &str = "another secret, another secret!!";

    #[test]
    fn a_sign_in_elsewhere_is_resumed_by_its_own_browser_in_time() {
        let (keys, begun) = (PendingKeys::new(&OLD.into()), Timestamp(1_700_000_000_000));
        let (token, made) = keys.begin(begun).expect("random");
        let late = begun.plus_ms(i64::from(PENDING_SECONDS) * 1000);
        let just = Timestamp(late.0 - 1);
        let found = keys.resume(&token, &made.state, just).expect("in time");
        assert_eq!(found.token_hash, made.token_hash);
        for (one, other) in [
            (&found.nonce, &made.nonce),
            (&found.verifier, &made.verifier),
        ] {
            assert_eq!(one.expose_secret(), other.expose_secret());
        }
        assert_eq!(
            found.verifier.expose_secret().len(),
            43,
            "RFC 7636: 43 to 128"
        );
        assert!(keys.resume(&token, &made.state, late).is_none());
        let (other, _) = keys.begin(begun).expect("random");
        for (token, state) in [
            (&other, made.state.as_str()),
            (&token, ""),
            (&token, made.nonce.expose_secret()),
            (&String::new(), made.state.as_str()),
            (&"A".repeat(43), made.state.as_str()),
        ] {
            assert!(keys.resume(token, state, just).is_none(), "{token} {state}");
        }
    }

    #[test]
    fn a_sign_in_elsewhere_goes_on_under_a_new_secret_while_the_old_one_is_kept() {
        let now = Timestamp::now();
        let (token, made) = PendingKeys::new(&OLD.into()).begin(now).expect("random");
        let both = Secrets::new(NEW.into(), vec![SecretString::from(OLD)]);
        let kept = PendingKeys::new(&both).resume(&token, &made.state, now);
        assert!(kept.is_some());
        let gone = PendingKeys::new(&NEW.into()).resume(&token, &made.state, now);
        assert!(gone.is_none());
    }
}
