//! Seals what the hub must be able to read again: AES-256-GCM (NIST SP 800-38D) with a key made of the hub's secret.

use super::secret::{Secrets, mac, random};
use super::{Auth, Error};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::SecretString;

/// What the key is for; another use has another key.
const PURPOSE: &[u8] = b"generic-corp sealed v1";

/// Keys of the hub's secrets, the current one first.
pub(super) struct Seal(Vec<LessSafeKey>);

impl Seal {
    pub(super) fn new(secrets: &Secrets) -> Self {
        let key = |secret: &[u8]| {
            let key = UnboundKey::new(&AES_256_GCM, &mac(secret, &[PURPOSE]));
            LessSafeKey::new(key.expect("a key of 32 bytes"))
        };
        Self(secrets.all().map(key).collect())
    }

    /// `about` is what it belongs to: it opens nowhere else.
    fn close(&self, text: &str, about: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = text.as_bytes().to_vec();
        self.0[0]
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(about),
                &mut sealed,
            )
            .map_err(|_| Error::Fault("a secret could not be sealed".into()))?;
        let mut whole = nonce.to_vec();
        whole.append(&mut sealed);
        Ok(whole)
    }

    fn open(&self, sealed: &[u8], about: &[u8]) -> Option<SecretString> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        self.0.iter().find_map(|key| {
            let mut text = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let text = key.open_in_place(nonce, Aad::from(about), &mut text).ok()?;
            Some(String::from_utf8(text.to_vec()).ok()?.into())
        })
    }
}

impl Auth {
    /// Seals a text that belongs to `about`.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn seal(&self, text: &str, about: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.seal.close(text, about)
    }

    /// Opens what was sealed by this secret of the hub or one it still knows.
    ///
    /// # Errors
    /// [`Error::Fault`] when the secret was forgotten, or what was sealed belongs to something else.
    pub fn unseal(&self, sealed: &[u8], about: &[u8]) -> Result<SecretString, Error> {
        let opened = self.0.seal.open(sealed, about);
        opened.ok_or_else(|| {
            Error::Fault("a stored secret does not open; was auth.secret changed?".into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn what_is_sealed_opens_with_an_older_secret_and_for_its_owner_alone() {
        let (old, new) = ("an old secret of the hub", "a new secret of the hub");
        let sealed = Seal::new(&Secrets::from(old))
            .close("whsec_x", b"one")
            .expect("sealed");
        assert!(!sealed.windows(7).any(|window| window == b"whsec_x"));
        let both = Secrets::new(new.into(), vec![old.into()]);
        let opened = Seal::new(&both).open(&sealed, b"one").expect("opened");
        assert_eq!(opened.expose_secret(), "whsec_x");
        assert!(Seal::new(&both).open(&sealed, b"two").is_none());
        assert!(
            Seal::new(&Secrets::from(new))
                .open(&sealed, b"one")
                .is_none()
        );
        let mut torn = sealed.clone();
        torn[NONCE_LEN] ^= 1;
        assert!(Seal::new(&both).open(&torn, b"one").is_none());
        assert!(Seal::new(&both).open(&sealed[..5], b"one").is_none());
    }
}
