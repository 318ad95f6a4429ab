//! Reads the settings and checks them; all faults at once, each with its key.

use super::{Config, Environment, Plans, network};
use config::{Source as _, ValueKind};
use generic_corp_protocol::Slug;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use std::path::Path;

const DEFAULTS: &str = include_str!("../../config/default.toml");
const ENVIRONMENT_PREFIX: &str = "GENERIC_CORP";

type Table = config::Map<String, config::Value>;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is missing or no TOML, or a value has the wrong type.
    #[error("the settings cannot be read")]
    Read(#[from] config::ConfigError),
    /// Keys that there are not, or values that cannot work; one line each.
    #[error("the settings cannot work:\n  {}", .0.join("\n  "))]
    Check(Vec<String>),
}

/// Loads the defaults, then `file`, then `GENERIC_CORP__SECTION__KEY`.
///
/// # Errors
/// See [`Error`].
pub fn load(file: Option<&Path>) -> Result<(Config, Plans), Error> {
    load_with(file, environment())
}

/// Values stay the text that they are, until a setting wants a number: a password of digits is no number.
fn environment() -> config::Environment {
    config::Environment::with_prefix(ENVIRONMENT_PREFIX)
        .prefix_separator("__")
        .separator("__")
}

fn load_with(
    file: Option<&Path>,
    environment: config::Environment,
) -> Result<(Config, Plans), Error> {
    let defaults = config::File::from_str(DEFAULTS, config::FileFormat::Toml);
    let known = defaults.collect()?;
    let mut builder = config::Config::builder().add_source(defaults);
    if let Some(file) = file {
        builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
    }
    let merged = builder.add_source(environment).build()?;
    let mut faults = Vec::new();
    unknown(&known, &merged.collect()?, "", &mut faults);
    if !faults.is_empty() {
        return Err(Error::Check(faults));
    }
    let config: Config = merged.try_deserialize()?;
    let plans =
        Plans::load(&config.tenancy.plans_file).map_err(|fault| Error::Check(vec![fault]))?;
    let faults = check(&config, &plans);
    if faults.is_empty() {
        Ok((config, plans))
    } else {
        Err(Error::Check(faults))
    }
}

/// A list, or one text with commas, as the environment has it.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Many(Vec<String>),
        One(String),
    }
    Ok(match List::deserialize(deserializer)? {
        List::Many(texts) => texts,
        List::One(text) => {
            let texts = text.split(',').map(str::trim);
            texts
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .collect()
        }
    })
}

/// A list of secrets, as [`list`].
pub(super) fn secrets<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<SecretString>, D::Error> {
    let texts = list(deserializer)?;
    Ok(texts.into_iter().map(SecretString::from).collect())
}

/// Names every key that the defaults do not have; they have all there are.
fn unknown(known: &Table, given: &Table, path: &str, faults: &mut Vec<String>) {
    for (key, value) in given {
        match (known.get(key).map(|value| &value.kind), &value.kind) {
            (None, _) => faults.push(format!("{path}{key}: there is no such setting")),
            (Some(ValueKind::Table(known)), ValueKind::Table(given)) => {
                unknown(known, given, &format!("{path}{key}."), faults);
            }
            _ => {}
        }
    }
    faults.sort();
}

fn check(config: &Config, plans: &Plans) -> Vec<String> {
    let mut faults = Vec::new();
    let mut need = |good: bool, fault: &str| {
        if !good {
            faults.push(fault.to_owned());
        }
    };
    let Config {
        server,
        database,
        redis,
        socket,
        log,
        auth,
        oidc,
        tenancy,
        bootstrap,
        mail,
        ..
    } = config;
    let production = server.environment == Environment::Production;
    let secret = auth.secret.expose_secret().len();
    need(server.workers <= 64, "server.workers: at most 64");
    need(
        (1024..=16 << 20).contains(&server.max_body_bytes),
        "server.max_body_bytes: 1 KiB to 16 MiB",
    );
    need(
        server.body_timeout_seconds > 0,
        "server.body_timeout_seconds: at least 1",
    );
    need(
        server.max_connections > 0,
        "server.max_connections: at least 1",
    );
    need(
        server.public_url.is_empty() || server.public_url.starts_with("http"),
        "server.public_url: begins with http:// or https://",
    );
    need(
        server.tls_certificate.is_empty() == server.tls_key.is_empty(),
        "server.tls_certificate and server.tls_key: both or neither",
    );
    need(
        server.tls_certificate.is_empty() || !server.public_url.starts_with("http://"),
        "server.public_url: begins with https:// where the hub has a certificate",
    );
    need(
        server
            .trusted_proxies
            .iter()
            .all(|text| network(text).is_some()),
        "server.trusted_proxies: addresses, or networks like 10.0.0.0/8",
    );
    need(
        !production || server.public_url.is_empty() || server.public_url.starts_with("https://"),
        "server.public_url: production needs https://",
    );
    let url = database.url.expose_secret();
    let postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    need(
        postgres || url.starts_with("sqlite:"),
        "database.url: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME",
    );
    need(
        !postgres || secret >= 32,
        "auth.secret: the nodes of a cluster need one in common (openssl rand -hex 32)",
    );
    need(
        database.read_connections > 0,
        "database.read_connections: at least 1",
    );
    let url = redis.url.expose_secret();
    need(
        url.is_empty() || url.starts_with("redis://") || url.starts_with("rediss://"),
        "redis.url: redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT",
    );
    need(
        url.is_empty() || postgres,
        "redis.url: joins nodes that share a database; set database.url to postgres://USER:PASSWORD@HOST/NAME",
    );
    need(
        url.is_empty() || redis.sentinels.is_empty() || !redis.master.is_empty(),
        "redis.master: what the sentinels call it",
    );
    need(
        redis.ca.is_empty() || url.starts_with("rediss://"),
        "redis.ca: only rediss:// has certificates",
    );
    need(
        !redis.prefix.is_empty() && !redis.prefix.contains(char::is_whitespace),
        "redis.prefix: a word",
    );
    need(
        socket.heartbeat_seconds > 0,
        "socket.heartbeat_seconds: at least 1",
    );
    need(
        socket.hello_timeout_seconds > 0,
        "socket.hello_timeout_seconds: at least 1",
    );
    need(
        socket.stall_timeout_seconds > 0,
        "socket.stall_timeout_seconds: at least 1",
    );
    need(log.append_queue > 0, "log.append_queue: at least 1");
    need(
        log.stream_lease_seconds > 0,
        "log.stream_lease_seconds: at least 1",
    );
    need(
        secret == 0 || secret >= 32,
        "auth.secret: at least 32 bytes (openssl rand -hex 32)",
    );
    need(
        !production || secret >= 32,
        "auth.secret: production needs one (openssl rand -hex 32)",
    );
    need(
        auth.previous_secrets
            .iter()
            .all(|secret| secret.expose_secret().len() >= 32),
        "auth.previous_secrets: at least 32 bytes each",
    );
    need(
        (4..=31).contains(&auth.bcrypt_cost),
        "auth.bcrypt_cost: 4 to 31",
    );
    need(
        !production || auth.bcrypt_cost >= 10,
        "auth.bcrypt_cost: production needs at least 10",
    );
    need(
        (1..=60).contains(&auth.access_token_minutes),
        "auth.access_token_minutes: 1 to 60",
    );
    need(
        auth.refresh_token_days > 0,
        "auth.refresh_token_days: at least 1",
    );
    let confirms = !mail.url.expose_secret().is_empty();
    for (good, fault) in oidc.needs(server, auth.registration, confirms) {
        need(good, fault);
    }
    need(
        plans.get(&tenancy.default_plan).is_some(),
        "tenancy.default_plan: no plan of this name in the plans file",
    );
    let url = mail.url.expose_secret();
    need(
        url.is_empty() || url.starts_with("smtp://") || url.starts_with("smtps://"),
        "mail.url: smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST?tls=required",
    );
    need(
        url.is_empty() || mail.from.contains('@'),
        "mail.from: an e-mail address when mail.url is set",
    );
    need(
        url.is_empty() || !server.public_url.is_empty(),
        "server.public_url: mail has links, which need the hub's own address",
    );
    let open = url.starts_with("smtp://") && !url.contains("?tls=required");
    need(
        !open || is_here(url) || !(production || url.contains('@')),
        "mail.url: a password, and production, need smtps://, or smtp:// with ?tls=required",
    );
    need(
        mail.ca.is_empty() || !open,
        "mail.ca: only TLS has certificates; smtps://, or smtp:// with ?tls=required",
    );
    need(
        bootstrap.email.is_empty() || bootstrap.password.expose_secret().len() >= 10,
        "bootstrap.password: at least 10 bytes when bootstrap.email is set",
    );
    need(
        Slug::parse(&bootstrap.organization).is_ok(),
        "bootstrap.organization: not a name",
    );
    need(
        Slug::parse(&bootstrap.workspace).is_ok(),
        "bootstrap.workspace: not a name",
    );
    faults
}

/// Whether a server's URL leads to this machine.
fn is_here(url: &str) -> bool {
    let host = url.trim_start_matches("smtp://").split(['/', '?']).next();
    let host = host.and_then(|host| host.rsplit('@').next());
    let bare = host.map(|host| match host.rsplit_once(':') {
        Some((bare, port)) if port.parse::<u16>().is_ok() => bare,
        _ => host,
    });
    matches!(bare, Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn load_text(text: &str) -> Result<(Config, Plans), Error> {
        let mut file = tempfile::Builder::new()
            .suffix(".toml")
            .tempfile()
            .expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        load(Some(file.path()))
    }

    #[test]
    fn defaults_are_valid() {
        let (config, plans) = load(None).expect("the defaults load");
        assert_eq!(config.server.port, 8080);
        assert!(plans.get(&config.tenancy.default_plan).is_some());
    }

    #[test]
    fn unknown_keys_are_named_all_at_once() {
        let text = "speed = 1\n[server]\nprot = 9000\nport = 1\n[nope]\nport = 1\n";
        let error = load_text(text).expect_err("refused").to_string();
        for key in ["  speed:", "  server.prot:", "  nope:"] {
            assert!(error.contains(key), "{key} missing in {error}");
        }
        assert!(!error.contains("server.port"), "{error}");
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let text =
            "[server]\nenvironment = \"production\"\nworkers = 65\n[database]\nurl = \"mysql:x\"\n";
        let error = load_text(text).expect_err("refused").to_string();
        for key in ["server.workers", "database.url", "auth.secret"] {
            assert!(error.contains(key), "{key} missing in {error}");
        }
    }

    fn load_environment(variables: &[(&str, &str)]) -> Result<Config, Error> {
        let variables = variables
            .iter()
            .map(|(name, value)| (format!("GENERIC_CORP__{name}"), (*value).to_owned()));
        let environment = environment().source(Some(variables.collect()));
        load_with(None, environment).map(|(config, _)| config)
    }

    #[test]
    fn the_environment_comes_last_and_keeps_texts_as_they_are() {
        let config = load_environment(&[
            ("SERVER__PORT", "9000"),
            ("SERVER__NODE", "007"),
            (
                "SERVER__ALLOWED_ORIGINS",
                "https://a.example, https://b.example",
            ),
            ("BOOTSTRAP__PASSWORD", "0001234567890"),
            ("BOOTSTRAP__WORKSPACE", "1e3"),
            ("DATABASE__DURABILITY", "normal"),
        ])
        .expect("loads");
        assert_eq!(
            (config.server.port, config.server.node.as_str()),
            (9000, "007")
        );
        assert_eq!(
            config.server.allowed_origins,
            ["https://a.example", "https://b.example"]
        );
        assert_eq!(config.bootstrap.password.expose_secret(), "0001234567890");
        assert_eq!(config.bootstrap.workspace, "1e3");
        let empty = load_environment(&[("SERVER__ALLOWED_ORIGINS", "")]).expect("loads");
        assert!(empty.server.allowed_origins.is_empty());
        for (name, value) in [
            ("SERVER__PORT", "many"),
            ("SERVER__PROT", "1"),
            ("SERVER__PORT", "70000"),
        ] {
            assert!(
                load_environment(&[(name, value)]).is_err(),
                "{name}={value}"
            );
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let text = "[auth]\nsecret = \"0123456789012345678901234567890123456789\"\n";
        let (config, _) = load_text(text).expect("loads");
        assert!(!format!("{config:?}").contains("0123456789"));
    }
}
