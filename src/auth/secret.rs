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

/// The configured secret, or the one kept in `folder`, which is made at the first start.
///
/// # Errors
/// When the file cannot be read or made, is too short, or others may read it.
pub fn load_or_make(
    configured: &SecretString,
    folder: Option<&Path>,
) -> Result<SecretString, Error> {
    if !configured.expose_secret().is_empty() {
        return Ok(configured.clone());
    }
    let Some(folder) = folder else {
        return Err(Error::Fault(
            "auth.secret: the nodes of a cluster need one in common (openssl rand -hex 32)".into(),
        ));
    };
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
            Ok(secret.into())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(&path),
        Err(error) => Err(fault(error)),
    }
}

fn read(path: &Path) -> Result<SecretString, Error> {
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
    let mut secret = String::new();
    file.read_to_string(&mut secret)
        .map_err(|error| fault(&error))?;
    if secret.trim().len() < 32 {
        return Err(fault(
            &"holds less than 32 bytes; delete it to get a new one",
        ));
    }
    Ok(secret.trim().into())
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
        let first = load_or_make(&none, Some(folder.path())).expect("made");
        let again = load_or_make(&none, Some(folder.path())).expect("read");
        assert_eq!(first.expose_secret(), again.expose_secret());
        let path = folder.path().join(FILE);
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
        let error = load_or_make(&none, Some(folder.path())).expect_err("refused");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_configured_secret_wins() {
        let folder = tempfile::tempdir().expect("a folder");
        let configured = SecretString::from("0123456789abcdef0123456789abcdef");
        let secret = load_or_make(&configured, Some(folder.path())).expect("taken");
        assert_eq!(secret.expose_secret(), configured.expose_secret());
        assert!(!folder.path().join(FILE).exists());
    }
}
