//! API keys: `gck_<public id>_<secret><checksum>`, in letters and digits.
//!
//! The checksum tells a mistyped or invented key from a real one without asking the store. Only the
//! SHA-256 of the secret is kept: it is 256 random bits, so a slow hash would add nothing.

use super::{Error, secret};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How every key begins.
pub const PREFIX: &str = "gck_";
const PUBLIC: usize = 12;
const SECRET: usize = 44;
const CHECKSUM: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new key; the text is shown once and then forgotten.
pub struct MadeKey {
    /// The whole key.
    pub text: String,
    /// How it begins: what finds it in the store.
    pub prefix: String,
    /// SHA-256 of the secret part.
    pub secret_hash: [u8; 32],
}

/// The parts of a key with a right checksum.
pub(super) struct ReadKey<'a> {
    pub prefix: &'a str,
    secret: &'a str,
}

/// Makes a key.
pub(crate) fn make() -> Result<MadeKey, Error> {
    let [public, high, low] = [
        u128::from_be_bytes(secret::random()?),
        u128::from_be_bytes(secret::random()?),
        u128::from_be_bytes(secret::random()?),
    ];
    let prefix = format!("{PREFIX}{}", base62::<PUBLIC>(public));
    let secret = format!("{}{}", base62::<22>(high), base62::<22>(low));
    let body = format!("{prefix}_{secret}");
    Ok(MadeKey {
        text: format!("{body}{}", checksum(&body)),
        prefix,
        secret_hash: Sha256::digest(&secret).into(),
    })
}

/// Takes a key apart. Costs no look-up.
pub(super) fn read(text: &str) -> Result<ReadKey<'_>, Error> {
    let length = PREFIX.len() + PUBLIC + 1 + SECRET + CHECKSUM;
    if text.len() != length || !text.is_ascii() {
        return Err(Error::InvalidToken);
    }
    let (body, sum) = text.split_at(length - CHECKSUM);
    let (prefix, rest) = body.split_at(PREFIX.len() + PUBLIC);
    let secret = rest.strip_prefix('_').ok_or(Error::InvalidToken)?;
    if !prefix.starts_with(PREFIX) || checksum(body) != sum {
        return Err(Error::InvalidToken);
    }
    Ok(ReadKey { prefix, secret })
}

impl ReadKey<'_> {
    /// Whether the secret is the one whose hash is kept; the time it takes tells nothing.
    pub(super) fn matches(&self, secret_hash: &[u8]) -> bool {
        Sha256::digest(self.secret)
            .as_slice()
            .ct_eq(secret_hash)
            .into()
    }
}

fn checksum(body: &str) -> String {
    base62::<CHECKSUM>(crc32fast::hash(body.as_bytes()).into())
}

/// The last `N` digits of `number`.
fn base62<const N: usize>(mut number: u128) -> String {
    let mut digits = [0; N];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back() {
        let made = make().expect("made");
        let read = read(&made.text).expect("read");
        assert_eq!(read.prefix, made.prefix);
        assert!(read.matches(&made.secret_hash));
        assert!(!read.matches(&make().expect("made").secret_hash));
        assert!(!read.matches(&[]));
    }

    #[test]
    fn a_mistyped_key_is_known_by_its_checksum() {
        let made = make().expect("made");
        for at in 0..made.text.len() {
            let mut typed = made.text.clone().into_bytes();
            typed[at] = if typed[at] == b'x' { b'y' } else { b'x' };
            let typed = String::from_utf8(typed).expect("ASCII");
            assert!(read(&typed).is_err(), "{at}");
        }
        for junk in ["", "gck_", "gck_x_y", &made.text[1..], &"é".repeat(34)] {
            assert!(read(junk).is_err());
        }
    }
}
