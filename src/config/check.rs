//! What settings must be, beyond their types: every fault with its key.

use super::{Config, Environment, Plans, network};
use generic_corp_protocol::Slug;
use secrecy::ExposeSecret;

/// All faults at once.
pub(super) fn check(config: &Config, plans: &Plans) -> Vec<String> {
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
        webhooks,
        stripe,
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
        (1..=86_400).contains(&log.sweep_seconds),
        "log.sweep_seconds: 1 to 86400",
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
    need(
        (1..=3600).contains(&server.idle_timeout_seconds),
        "server.idle_timeout_seconds: 1 to 3600",
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
    let sells = !stripe.secret_key.expose_secret().is_empty();
    let sold = stripe.plans();
    need(
        sold.len() == stripe.prices.len() && sold.values().all(|plan| plans.get(plan).is_some()),
        "stripe.prices: plans of the plans file with the ids of their prices, as starter=price_123",
    );
    need(
        !sells || plans.get(&stripe.lapsed_plan).is_some(),
        "stripe.lapsed_plan: no plan of this name in the plans file",
    );
    need(
        !sells || !stripe.webhook_secrets.is_empty(),
        "stripe.webhook_secrets: at least one when stripe.secret_key is set",
    );
    need(
        !sells || !server.public_url.is_empty(),
        "server.public_url: whoever has paid comes back to the hub's own address",
    );
    let known = |text: &String| network(text).is_some();
    need(
        webhooks.allowed_networks.iter().all(known),
        "webhooks.allowed_networks: networks such as 10.0.0.0/8, or addresses",
    );
    let operator = webhooks.operator_url.expose_secret();
    need(
        operator.is_empty() || operator.starts_with("https://") || operator.starts_with("http://"),
        "webhooks.operator_url: an address that begins with https://",
    );
    need(
        operator.is_empty() || webhooks.operator_secret.expose_secret().len() >= 24,
        "webhooks.operator_secret: at least 24 bytes when webhooks.operator_url is set",
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
