//! Stripe's signatures of events: `t=seconds,v1=hex,…`, HMAC-SHA-256 over `seconds.body`
//! ([docs](https://docs.stripe.com/webhooks/signature)).

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far the time may lie from now, in seconds: an event that somebody has seen is not good for longer.
const WINDOW: i64 = 300;

/// Whether one of the signatures is by one of the secrets, and of these minutes. The time it takes tells nothing of
/// the secrets.
pub(super) fn is_good(secrets: &[SecretString], header: &str, body: &[u8], now: i64) -> bool {
    let parts = || {
        header
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let Some(time) = parts().find(|(name, _)| *name == "t").map(|(_, time)| time) else {
        return false;
    };
    let fresh = |seconds: i64| (now - WINDOW..=now + WINDOW).contains(&seconds);
    if !time.parse().is_ok_and(fresh) {
        return false;
    }
    parts()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, hex)| bytes(hex))
        .any(|given| {
            secrets
                .iter()
                .any(|secret| mac(secret, time, body).verify_slice(&given).is_ok())
        })
}

fn mac(secret: &SecretString, time: &str, body: &[u8]) -> Hmac<Sha256> {
    let key = secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// 32 bytes out of 64 hexadecimal digits.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    const NOW: i64 = 1_764_392_400;

    fn signed(secret: &str, time: &str, body: &str) -> String {
        let mac = mac(&secret.into(), time, body.as_bytes()).finalize();
        mac.into_bytes()
            .iter()
            .fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }

    fn good(header: &str) -> bool {
        let secrets = ["whsec_new".into(), "whsec_old".into()];
        is_good(&secrets, header, b"{}", NOW)
    }

    #[test]
    fn a_signature_by_any_secret_counts_within_five_minutes() {
        let at = |seconds: i64, secret| {
            let time = seconds.to_string();
            format!("t={time},v1={}", signed(secret, &time, "{}"))
        };
        assert!(good(&at(NOW, "whsec_new")) && good(&at(NOW - 300, "whsec_old")));
        assert!(!good(&at(NOW - 301, "whsec_new")) && !good(&at(NOW + 301, "whsec_new")));
        assert!(!good(&at(NOW, "whsec_other")));
        let (time, hex) = (NOW.to_string(), signed("whsec_new", &NOW.to_string(), "{}"));
        let wrong = "0".repeat(64);
        assert!(good(&format!("t={time}, v1={wrong}, v1={hex}, v0={wrong}")));
        for header in [
            String::new(),
            format!("v1={hex}"),
            format!("t={time}"),
            format!("t={time},v0={hex}"),
            format!("t={},v1={hex}", NOW - 1),
            format!("t=x,v1={hex}"),
            format!("t={time},v1={}", &hex[..62]),
            format!("t={time},v1=é{}", &hex[2..]),
        ] {
            assert!(!good(&header), "{header}");
        }
    }
}
