//! What holds of any text that comes as a token. For `fuzz/`, and for its seeds as a test.

use super::access_token::AccessTokens;
use super::api_key::{self, MadeKey};
use super::refresh_token::RefreshTokens;
use super::secret::Secrets;
use generic_corp_protocol::{SessionId, UserId};
use std::sync::LazyLock;
use std::time::Duration;
use uuid::Uuid;

struct Known {
    access: AccessTokens,
    refresh: RefreshTokens,
    key: MadeKey,
    tokens: [String; 3],
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let secrets = Secrets::from("a secret that nobody guesses, of 32 bytes and more");
    let access = AccessTokens::new(&secrets, Duration::from_secs(900));
    let refresh = RefreshTokens::new(&secrets);
    let session = SessionId(Uuid::from_u128(1));
    let made = access.make(UserId(Uuid::from_u128(2)), session, 3);
    let key = api_key::make().expect("made");
    let tokens = [
        made.expect("made").0,
        refresh.make(session, 4),
        key.text.clone(),
    ];
    Known {
        access,
        refresh,
        key,
        tokens,
    }
});

/// Nothing is taken that was not made here, whether it is invented or a real token with some bytes changed. The
/// first byte says which, the second from where on the rest stands in its place.
pub fn tokens(data: &[u8]) {
    let [kind, at, bytes @ ..] = data else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let known = &*KNOWN;
    let token = match known.tokens.get(usize::from(*kind)) {
        None => text.into_owned(),
        Some(real) => {
            let at = usize::from(*at) % real.len();
            let end = (at + text.len()).min(real.len());
            format!("{}{text}{}", &real[..at], &real[end..])
        }
    };
    let [access, refresh, key] = &known.tokens;
    assert!(known.access.read(&token).is_err() || token == *access);
    assert!(known.refresh.read(&token).is_err() || token == *refresh);
    if let Ok(read) = api_key::read(&token) {
        // The store is asked by the prefix, and then the secret is compared.
        let taken = read.prefix == known.key.prefix && read.matches(&known.key.secret_hash);
        assert_eq!(taken, token == *key);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_seeds_of_tokens_hold() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/tokens");
        for seed in std::fs::read_dir(seeds).expect("seeds") {
            super::tokens(&std::fs::read(seed.expect("a file").path()).expect("read"));
        }
        // Every byte of every token, changed.
        for kind in 0..3 {
            for at in 0..=255 {
                super::tokens(&[kind, at, b'x']);
            }
        }
    }
}
