//! Passwords: bcrypt on the blocking pool, few at a time, behind a queue with an end.

use super::Error;
use base64::prelude::{BASE64_STANDARD, Engine};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Shortest and longest password, in bytes.
const LENGTH: std::ops::RangeInclusive<usize> = 10..=256;
/// Passwords that may wait for their turn.
const QUEUE: usize = 32;
/// Longest wait for it.
const WAIT: Duration = Duration::from_secs(10);

/// Hashes and checks passwords.
#[derive(Clone)]
pub(super) struct Passwords {
    cost: u32,
    // What is verified for an address without an account, so that it takes as long as one with.
    nobody: Arc<str>,
    queue: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(super) fn new(cost: u32) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cost,
            nobody: format!("$2b${cost:02}${}", ".".repeat(53)).into(),
            queue: Arc::new(Semaphore::new(QUEUE)),
            // Half of the cores: signing in must not slow the rooms.
            turns: Arc::new(Semaphore::new((cores / 2).max(1))),
        }
    }

    /// What is kept of an account without a password: no password made it, and refusing takes as long as ever.
    pub(super) fn none(&self) -> String {
        self.nobody.to_string()
    }

    /// Whether `password` may be one.
    pub(super) fn check(password: &str) -> Result<(), Error> {
        if LENGTH.contains(&password.len()) {
            Ok(())
        } else {
            Err(Error::Invalid("`password` has 10 to 256 bytes"))
        }
    }

    /// Hashes a password that is new, unless it is easily guessed. `known` are words that a guesser would try
    /// first, for instance the e-mail address.
    pub(super) async fn hash_new(&self, password: &str, known: &[&str]) -> Result<String, Error> {
        let password_text = SecretString::from(password);
        let known: Vec<String> = known.iter().map(|&word| word.to_owned()).collect();
        let weak = self.turn(move || {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            zxcvbn::zxcvbn(password_text.expose_secret(), &known).score() < zxcvbn::Score::Two
        });
        if weak.await? {
            return Err(Error::Invalid(
                "`password` is one of those that are guessed first; use a longer or a less common one",
            ));
        }
        self.hash(password).await
    }

    /// Whether a hash was made at another cost than new ones are.
    pub(super) fn is_outdated(&self, hash: &str) -> bool {
        let parts = hash.parse::<bcrypt::HashParts>();
        parts.is_ok_and(|parts| parts.get_cost() != self.cost)
    }

    pub(super) async fn hash(&self, password: &str) -> Result<String, Error> {
        let (cost, digest) = (self.cost, digest(password));
        let hash = self.turn(move || bcrypt::non_truncating_hash(digest, cost));
        hash.await?
            .map_err(|error| Error::Fault(format!("bcrypt: {error}")))
    }

    /// Whether `password` made `hash`; without a hash it takes as long and is `false`.
    pub(super) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        // Longer than any password that was accepted: not worth the work, and no hint either.
        if password.len() > *LENGTH.end() {
            return Ok(false);
        }
        let (digest, known) = (digest(password), hash.is_some());
        let hash = hash.map_or_else(|| self.nobody.to_string(), str::to_owned);
        let good = self.turn(move || bcrypt::non_truncating_verify(digest, &hash));
        Ok(good.await?.unwrap_or(false) && known)
    }

    async fn turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.queue)
            .try_acquire_owned()
            .map_err(|_| Error::Overloaded)?;
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| Error::Overloaded)?
            .map_err(|_| Error::Overloaded)?;
        let job = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when the asker has gone.
            let _held = (place, turn);
            work()
        });
        job.await
            .map_err(|error| Error::Fault(format!("password work: {error}")))
    }
}

/// What is kept of a link's token.
pub fn digest_of(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// bcrypt reads 72 bytes and stops at NUL; the hash of the password has neither trouble.
fn digest(password: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_byte_counts() {
        let passwords = Passwords::new(4);
        let long = "x".repeat(255) + "y";
        for (password, other) in [
            (long.as_str(), "x".repeat(256).as_str()),
            ("a\0bcdefghij", "a\0bcdefghiJ"),
            ("aaaaaaaaaa", "aaaaaaaaaa\0aaaaaaaaaa"),
            ("caf\u{e9}-caf\u{e9}", "cafe\u{301}-cafe\u{301}"),
        ] {
            let hash = passwords.hash(password).await.expect("hashed");
            let verify = |text: String| {
                let (passwords, hash) = (passwords.clone(), hash.clone());
                async move { passwords.verify(&text, Some(&hash)).await.expect("ran") }
            };
            assert!(verify(password.to_owned()).await);
            assert!(!verify(other.to_owned()).await);
        }
    }

    #[tokio::test]
    async fn nobody_takes_as_much_work_and_is_never_right() {
        let passwords = Passwords::new(5);
        assert_eq!(passwords.nobody.len(), 60);
        let ran = bcrypt::non_truncating_verify("x", &passwords.nobody);
        assert!(matches!(ran, Ok(false)), "bcrypt really runs: {ran:?}");
        assert!(!passwords.verify("0000000000", None).await.expect("ran"));
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let passwords = Passwords::new(4);
        let held = Arc::clone(&passwords.queue)
            .acquire_many_owned(QUEUE as u32)
            .await
            .expect("taken");
        let refused = passwords.hash("0123456789").await;
        assert!(matches!(refused, Err(Error::Overloaded)), "{refused:?}");
        drop(held);
        passwords.hash("0123456789").await.expect("free again");
    }
}
