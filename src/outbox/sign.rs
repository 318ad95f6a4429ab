//! Signatures by [Standard Webhooks](https://www.standardwebhooks.com), version 1: HMAC-SHA-256 over id, time and body.

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header `webhook-signature`: one signature for each secret, separated by spaces. A secret that is not base64
/// after `whsec_` counts as it stands.
pub(super) fn signatures(secrets: &[SecretString], id: &str, seconds: i64, body: &str) -> String {
    let sign = |secret: &SecretString| {
        let text = secret.expose_secret();
        let coded = text.strip_prefix("whsec_").unwrap_or(text);
        let key = BASE64_STANDARD
            .decode(coded)
            .unwrap_or_else(|_| coded.as_bytes().to_vec());
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    };
    let signed: Vec<String> = secrets.iter().map(sign).collect();
    signed.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_specifications_example_is_signed_alike() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let (id, time) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let body = r#"{"test": 2432232314}"#;
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let signed = signatures(std::slice::from_ref(&secret), id, time, body);
        assert_eq!(signed, expected);
        let both = signatures(&[secret.clone(), secret], id, time, body);
        assert_eq!(both, format!("{expected} {expected}"));
    }
}
