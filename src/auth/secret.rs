//! The hub's one secret, from which the keys of tokens are derived.

use super::Error;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FILE: &str = "secret.key";
/// Older secrets that the file keeps.
const MAX_KEPT: usize = 3;

/// The secret that tokens are made with, and older ones whose tokens are still good.
#[derive(Clone, Debug)]
pub struct Secrets {
    current: SecretString,
    previous: Vec<SecretString>,
}

impl Secrets {
    /// These. An older one that is also the current one is no other.
    pub fn new(current: SecretString, previous: Vec<SecretString>) -> Self {
        Self { current, previous }
    }

    pub(super) fn current(&self) -> &[u8] {
        self.current.expose_secret().as_bytes()
    }

    /// The current one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &[u8]> {
        let all = std::iter::once(&self.current).chain(&self.previous);
        all.map(|secret| secret.expose_secret().as_bytes())
    }
}

impl From<&str> for Secrets {
    fn from(text: &str) -> Self {
        Self::new(text.into(), Vec::new())
    }
}

/// The configured secrets, or those kept in `folder`, which is made at the first start.
///
/// # Errors
/// When the file cannot be read or made, is too short, or others may read it.
pub fn load_or_make(
    configured: &SecretString,
    previous: &[SecretString],
    folder: Option<&Path>,
) -> Result<Secrets, Error> {
    if !configured.expose_secret().is_empty() {
        return Ok(Secrets::new(configured.clone(), previous.to_vec()));
    }
    let Some(folder) = folder else {
        return Err(Error::Fault(
            "auth.secret: the nodes of a cluster need one in common (openssl rand -hex 32)".into(),
        ));
    };
    let mut secrets = load_or_make_file(folder)?;
    secrets.previous.extend_from_slice(previous);
    Ok(secrets)
}

/// Puts a new secret before those kept in `folder`; with `forget`, those made before it are gone, and with them every
/// session that was not renewed since.
///
/// # Errors
/// When the file cannot be read or written.
pub fn rotate(folder: &Path, forget: bool) -> Result<(), Error> {
    let kept = load_or_make_file(folder)?;
    let mut text = random_text()?;
    if !forget {
        for secret in kept.all().take(MAX_KEPT) {
            text.push('\n');
            text.push_str(&String::from_utf8_lossy(secret));
        }
    }
    let (path, fresh) = (folder.join(FILE), folder.join(format!("{FILE}.new")));
    let fault = |error: std::io::Error| Error::Fault(format!("{}: {error}", path.display()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(fault)?;
    file.write_all(text.as_bytes()).map_err(fault)?;
    file.sync_all().map_err(fault)?;
    // Whole or not at all.
    std::fs::rename(&fresh, &path).map_err(fault)
}

fn load_or_make_file(folder: &Path) -> Result<Secrets, Error> {
    let path = folder.join(FILE);
    let fault = |error: std::io::Error| Error::Fault(format!("{}: {error}", path.display()));
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path);
    match made {
        Ok(mut file) => {
            let secret = random_text()?;
            file.write_all(secret.as_bytes()).map_err(fault)?;
            file.sync_all().map_err(fault)?;
            Ok(Secrets::from(secret.as_str()))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(&path),
        Err(error) => Err(fault(error)),
    }
}

/// One secret a line, the newest first.
fn read(path: &Path) -> Result<Secrets, Error> {
    let fault = |what: &dyn std::fmt::Display| Error::Fault(format!("{}: {what}", path.display()));
    let mut file = std::fs::File::open(path).map_err(|error| fault(&error))?;
    let mode = file
        .metadata()
        .map_err(|error| fault(&error))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(fault(&"others may read it; chmod 600 it"));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|error| fault(&error))?;
    let mut secrets = text.trim().lines().map(str::trim);
    let long = |secret: &&str| secret.len() >= 32;
    match secrets.next().filter(long) {
        Some(current) => Ok(Secrets::new(
            current.into(),
            secrets.filter(long).map(SecretString::from).collect(),
        )),
        None => Err(fault(
            &"holds less than 32 bytes; delete it to get a new one",
        )),
    }
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Error::Fault(format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}

/// 32 random bytes as text that is safe in URLs.
pub(crate) fn random_text() -> Result<String, Error> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// HMAC-SHA-256.
pub(super) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let none = SecretString::from("");
        let first = load_or_make(&none, &[], Some(folder.path())).expect("made");
        let again = load_or_make(&none, &[], Some(folder.path())).expect("read");
        assert_eq!(first.current(), again.current());
        let path = folder.path().join(FILE);
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
        let error = load_or_make(&none, &[], Some(folder.path())).expect_err("refused");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_configured_secret_wins() {
        let folder = tempfile::tempdir().expect("a folder");
        let configured = SecretString::from("0123456789abcdef0123456789abcdef");
        let secret = load_or_make(&configured, &[], Some(folder.path())).expect("taken");
        assert_eq!(secret.current(), configured.expose_secret().as_bytes());
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn a_new_secret_stands_before_the_old_ones_until_they_are_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let none = SecretString::from("");
        let load = || load_or_make(&none, &[], Some(folder.path())).expect("read");
        let first = load();
        rotate(folder.path(), false).expect("rotated");
        let second = load();
        assert_ne!(first.current(), second.current());
        let all: Vec<_> = second.all().collect();
        assert_eq!(all, [second.current(), first.current()]);
        for _ in 0..5 {
            rotate(folder.path(), false).expect("rotated");
        }
        assert_eq!(load().all().count(), 1 + MAX_KEPT);
        rotate(folder.path(), true).expect("rotated");
        assert_eq!(load().all().count(), 1);
        let mode = std::fs::metadata(folder.path().join(FILE)).expect("there");
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
}
