//! What the demo stands on: a database of its own, somebody who can sign in, rooms, and keys for the bots.

use super::Who;
use crate::auth::secret;
use crate::config::{Config, Environment};
use crate::store;
use crate::tenant::{Error, Page, Scope, Tenants};
use anyhow::{Context as _, bail, ensure};
use generic_corp_protocol::Slug;
use generic_corp_protocol::rest::{NewAgent, NewApiKey, NewRoom};
use secrecy::ExposeSecret as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::net::ToSocketAddrs as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The workspace where everything happens; what the command line takes when none is named.
pub const WORKSPACE: &str = "main";
/// The rooms, and what they are about. Every workspace begins with the first.
pub const ROOMS: [(&str, &str); 3] = [
    ("lobby", "Where everybody meets"),
    ("deploys", "Checks, builds and what the machine says"),
    ("research", "Numbers and explanations"),
];

const EMAIL: &str = "visitor@example.com";
const ORGANIZATION: &str = "demo";
const FOLDER: &str = "demo";
const DATABASE: &str = "hub.db";
const PASSWORD: &str = "password";
const GUEST: &str = "guest";
const GUEST_KEY: &str = "guest.key";
/// Name of the bots' keys: those of earlier runs are revoked.
const BOT_KEY: &str = "a bot of the demo";
/// Letters and digits that are not taken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Who signs in, and where everything is.
#[derive(Clone, Debug)]
pub struct Login {
    /// E-mail address.
    pub email: &'static str,
    /// Password; the same as long as the folder is there.
    pub password: String,
    /// The demo's folder.
    pub folder: PathBuf,
}

impl Login {
    /// A key for whoever tries a program of their own.
    pub fn guest_key(&self) -> PathBuf {
        self.folder.join(GUEST_KEY)
    }
}

/// Turns the settings of a hub into those of a demo: its own folder beside the database, its own
/// administrator. What could be meant for others than this machine's user is refused.
pub fn prepare(config: &mut Config) -> anyhow::Result<Login> {
    let server = &config.server;
    ensure!(
        server.environment != Environment::Production,
        "--demo prints a password and is not for production; start without it, or with server.environment = \"development\""
    );
    let mut addresses = (server.host.as_str(), server.port)
        .to_socket_addrs()
        .with_context(|| format!("server.host: `{}` is no address", server.host))?;
    ensure!(
        addresses.all(|address| address.ip().is_loopback()),
        "--demo prints a password and is for this machine alone; `{}` can be reached by others, set server.host to 127.0.0.1",
        server.host
    );
    ensure!(
        server.public_url.is_empty() && server.tls_certificate.is_empty(),
        "--demo prints a password and is for this machine alone; it has no server.public_url and no certificate"
    );
    ensure!(
        config.database.url.expose_secret().starts_with("sqlite:"),
        "--demo keeps its world in a file; set database.url to sqlite:PATH for it"
    );
    let database = store::path(config.database.url.expose_secret());
    let folder = database.parent().unwrap_or(Path::new("")).join(FOLDER);
    let password = password(&folder)?;
    config.database.url = format!("sqlite:{}", folder.join(DATABASE).display()).into();
    config.bootstrap.email = EMAIL.to_owned();
    config.bootstrap.password = password.clone().into();
    config.bootstrap.organization = ORGANIZATION.to_owned();
    config.bootstrap.workspace = WORKSPACE.to_owned();
    Ok(Login {
        email: EMAIL,
        password,
        folder,
    })
}

/// The password in the demo's folder, which is made at the first start.
fn password(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join(PASSWORD);
    let anew = || {
        format!(
            "the demo has no password any more; delete the folder {} to begin anew",
            folder.display()
        )
    };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 10 => return Ok(text.trim().to_owned()),
        Ok(_) => bail!(anew()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).context(format!("cannot read {}", path.display())),
    }
    ensure!(!folder.join(DATABASE).exists(), anew());
    let password = random_password()?;
    write_private(&path, &password)?;
    Ok(password)
}

/// 80 random bits that can be read aloud.
fn random_password() -> anyhow::Result<String> {
    let letters = secret::random::<16>()?.map(|byte| LETTERS[usize::from(byte % 32)]);
    let groups: Vec<_> = letters.chunks(4).map(String::from_utf8_lossy).collect();
    Ok(groups.join("-"))
}

/// Writes a file that nobody else may read.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(path)?;
        writeln!(file, "{text}")?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Makes the rooms and agents that are missing, and a new key for each bot.
pub async fn furnish(tenants: &Tenants, login: &Login) -> anyhow::Result<Vec<(Who, String)>> {
    let scope = tenants.authorize_operator(WORKSPACE).await?;
    for (name, topic) in ROOMS {
        let (name, topic) = (Slug::parse(name)?, topic.to_owned());
        there(
            tenants
                .create_room(&scope, &NewRoom { name, topic }, None)
                .await,
        )?;
    }
    revoke_keys(tenants, &scope).await?;
    let mut keys = Vec::new();
    for who in Who::ALL {
        let (name, title) = (Slug::parse(who.name())?, who.title().to_owned());
        there(
            tenants
                .create_agent(&scope, &NewAgent { name, title }, None)
                .await,
        )?;
        keys.push((who, key(tenants, &scope, who.name(), BOT_KEY).await?));
    }
    // It stays, so that a program goes on when the hub is started again.
    if !login.guest_key().exists() {
        let key = key(tenants, &scope, GUEST, "whoever tries the demo").await?;
        write_private(&login.guest_key(), &key)?;
    }
    Ok(keys)
}

/// What is there already is as good as made.
fn there<T>(made: Result<T, Error>) -> anyhow::Result<()> {
    match made {
        Ok(_) | Err(Error::Taken(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn key(tenants: &Tenants, scope: &Scope, agent: &str, name: &str) -> anyhow::Result<String> {
    let new = NewApiKey {
        agent: Slug::parse(agent)?,
        name: name.to_owned(),
        scopes: Vec::new(),
        rooms: Vec::new(),
        expires_at: None,
    };
    Ok(tenants.create_key(scope, &new, None).await?.secret)
}

/// Ends the keys of the bots of earlier runs.
async fn revoke_keys(tenants: &Tenants, scope: &Scope) -> anyhow::Result<()> {
    let mut page = Page {
        after: String::new(),
        limit: crate::tenant::MAX_PAGE,
    };
    loop {
        let keys = tenants.keys(scope, &page).await?;
        let Some(last) = keys.last() else {
            return Ok(());
        };
        page.after = last.id.to_string();
        for key in keys.iter().filter(|key| key.name == BOT_KEY) {
            tenants.revoke_key(scope, key.id, None).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn settings(folder: &Path) -> Config {
        let (mut config, _) = crate::config::load(None).expect("the defaults load");
        config.database.url = format!("sqlite:{}", folder.join("real.db").display()).into();
        config
    }

    #[test]
    fn the_password_stays_and_is_for_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = settings(folder.path());
        let first = prepare(&mut config).expect("prepared");
        assert_eq!(first.password.len(), 19);
        assert_eq!(
            store::path(config.database.url.expose_secret()),
            folder.path().join("demo/hub.db")
        );
        let again = prepare(&mut settings(folder.path())).expect("prepared again");
        assert_eq!(first.password, again.password);
        let file = first.folder.join(PASSWORD);
        let mode = std::fs::metadata(&file)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);

        std::fs::write(first.folder.join(DATABASE), "").expect("written");
        std::fs::remove_file(&file).expect("removed");
        let error = prepare(&mut settings(folder.path())).expect_err("refused");
        assert!(error.to_string().contains("to begin anew"), "{error}");
    }

    #[test]
    fn what_others_could_reach_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |change: fn(&mut Config)| {
            let mut config = settings(folder.path());
            change(&mut config);
            let error = prepare(&mut config).expect_err("refused");
            assert!(error.to_string().contains("--demo"), "{error}");
        };
        refused(|config| config.server.host = "0.0.0.0".into());
        refused(|config| config.server.host = "::".into());
        refused(|config| config.server.public_url = "https://hub.example.com".into());
        refused(|config| config.server.environment = Environment::Production);
        assert!(!folder.path().join(FOLDER).exists());
    }
}
