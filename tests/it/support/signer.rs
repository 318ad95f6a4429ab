//! Signs the tokens of a provider, or forges them.

use super::provider::SECRET;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

/// How its tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// By its key.
    Right,
    /// By another key of the same name.
    OtherKey,
    /// By the hub's own secret, as HS256.
    Secret,
    /// Not at all: `alg` is `none`.
    None,
}

/// See the module.
pub struct Signer {
    /// How it signs.
    pub signing: Signing,
    algorithm: Algorithm,
    key: EncodingKey,
    key_id: String,
}

impl Signer {
    /// By RS256 or ES256, with a new key.
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            signing: Signing::Right,
            algorithm,
            key: key(algorithm),
            key_id: "first".to_owned(),
        }
    }

    /// Makes a new key of this name and forgets the old one.
    pub fn rotate(&mut self, name: &str) {
        self.key = key(self.algorithm);
        self.key_id = name.to_owned();
    }

    /// The key that others check its tokens with.
    pub fn public(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a key");
        jwk.common.key_id = Some(self.key_id.clone());
        jwk
    }

    /// A token of these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let header = |algorithm| Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(algorithm)
        };
        let signed = match self.signing {
            Signing::Right => encode(&header(self.algorithm), claims, &self.key),
            Signing::OtherKey => encode(&header(self.algorithm), claims, &key(self.algorithm)),
            Signing::Secret => {
                let secret = EncodingKey::from_secret(SECRET.as_bytes());
                encode(&header(Algorithm::HS256), claims, &secret)
            }
            Signing::None => {
                let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
                Ok(format!(
                    "{}.{}.",
                    part(&json!({ "alg": "none" })),
                    part(claims)
                ))
            }
        };
        signed.expect("a token")
    }
}

fn key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::RS256 => {
            let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
            let key = key.expect("a key").serialize_der();
            // PKCS #8 around PKCS #1, whose place is fixed at this size.
            assert_eq!(key[22..24], [0x04, 0x82], "an octet string");
            EncodingKey::from_rsa_der(&key[26..])
        }
        Algorithm::ES256 => {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
            EncodingKey::from_ec_der(&key.serialize_der())
        }
        other => panic!("no keys for {other:?}"),
    }
}
