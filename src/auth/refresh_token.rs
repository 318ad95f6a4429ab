//! Refresh tokens: derived from the session and a counter, so that nothing secret is stored and a
//! repeated request can be given the same successor.

use super::Error;
use super::secret::{self, Secrets};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use generic_corp_protocol::SessionId;
use subtle::ConstantTimeEq;

const PREFIX: &str = "gcr_";

/// Makes and reads refresh tokens.
pub(super) struct RefreshTokens {
    // The first makes; tokens of the others are still read.
    keys: Vec<[u8; 32]>,
}

impl RefreshTokens {
    pub(super) fn new(secrets: &Secrets) -> Self {
        let derive = |secret| secret::mac(secret, &[b"refresh token, version 1"]);
        Self {
            keys: secrets.all().map(derive).collect(),
        }
    }

    /// The token of this session with this number.
    pub(super) fn make(&self, session: SessionId, counter: i64) -> String {
        let mut bytes = Vec::with_capacity(56);
        bytes.extend(session.0.as_bytes());
        bytes.extend(counter.to_be_bytes());
        bytes.extend(secret::mac(&self.keys[0], &[&bytes]));
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The session and the number of a genuine token.
    pub(super) fn read(&self, token: &str) -> Result<(SessionId, i64), Error> {
        let encoded = token
            .strip_prefix(PREFIX)
            .filter(|encoded| encoded.len() == 75)
            .ok_or(Error::InvalidToken)?;
        let bytes: [u8; 56] = BASE64_URL_SAFE_NO_PAD
            .decode(encoded)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(Error::InvalidToken)?;
        let (message, mac) = bytes.split_at(24);
        let made = |key: &[u8; 32]| bool::from(secret::mac(key, &[message]).ct_eq(mac));
        if !self.keys.iter().any(made) {
            return Err(Error::InvalidToken);
        }
        let (session, counter) = message.split_at(16);
        let session = uuid::Uuid::from_slice(session).map_err(|_| Error::InvalidToken)?;
        let counter = counter.try_into().map_err(|_| Error::InvalidToken)?;
        Ok((SessionId(session), i64::from_be_bytes(counter)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_back_and_nothing_else_is() {
        let tokens = RefreshTokens::new(&"0123456789abcdef0123456789abcdef".into());
        let session = SessionId::new();
        let token = tokens.make(session, 7);
        assert_eq!(tokens.read(&token).expect("genuine"), (session, 7));
        assert_eq!(token, tokens.make(session, 7), "derivable");

        let other = RefreshTokens::new(&"another secret, another secret!!".into());
        assert!(other.read(&token).is_err());
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ASCII");
            assert!(tokens.read(&forged).is_err(), "{at}");
        }
        for junk in ["", "gcr_", &token[4..], &format!("{token}A")] {
            assert!(tokens.read(junk).is_err());
        }
    }
}
