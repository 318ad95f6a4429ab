//! What the operator does on the hub's own machine, also while it runs: administrators and keys.

use crate::auth::{self, Auth};
use crate::config::{Config, Plans};
use crate::store::{self, Store};
use crate::tenant::{Administrator, Tenants, operator};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use generic_corp_protocol::rest::NewApiKey;
use generic_corp_protocol::{Slug, Timestamp};
use secrecy::ExposeSecret as _;
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::time::Duration;

const PASSWORD: &str = "GENERIC_CORP_PASSWORD";
const DAY_MS: i64 = 86_400_000;
const RESET_LIFETIME: Duration = Duration::from_secs(86_400);

/// Commands of the operator. They open the database themselves and need no credential.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Makes an owner of an organization, and the organization where there is none of that name.
    ///
    /// The password comes from GENERIC_CORP_PASSWORD, from a question on the terminal, or as a line on
    /// standard input.
    Create(CreateArgs),
    /// Makes an API key for an agent and prints it; the agent is made where there is none of that name.
    ///
    /// For instance: export GENERIC_CORP_API_KEY=$(generic-corp admin key --workspace main --agent bot)
    Key(KeyArgs),
    /// Prints a link by which the owner of an account sets a new password, once, within a day.
    Reset {
        /// E-mail address of the account.
        email: String,
    },
    /// Makes a new secret for tokens where the hub keeps it beside its SQLite file. Nobody is signed out: the last
    /// three before it are still read. The hub uses it from its next start.
    RotateSecret {
        /// Forgets the older ones, since one has leaked: everybody has to sign in again.
        #[arg(long)]
        forget: bool,
    },
    /// Gives an organization another plan. A hub that runs goes by it within seconds; what a connection may
    /// send changes at its next hello.
    Plan(PlanArgs),
    /// Locks a person out: every session of theirs ends, on every node.
    Disable(PersonArgs),
    /// Lets a person in again.
    Enable(PersonArgs),
    /// Makes a person one who runs the hub: the dashboard shows them its nodes. Whoever set the hub up is one.
    Operator {
        /// E-mail address.
        email: String,
        /// They are to be one no longer.
        #[arg(long)]
        remove: bool,
    },
    /// Says that the database was put back to an earlier state, by a restore or a failover that lost commits.
    ///
    /// Every room gets a new epoch: viewers are told that it is not the log they know. Streams that were being
    /// written are closed as interrupted. On SQLite a hub finds this out by itself when it starts.
    Restored,
}

/// Whom a command is about.
#[derive(Debug, Args)]
pub struct PersonArgs {
    /// E-mail address.
    email: String,
}

/// See [`AdminCommand::Create`].
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// E-mail address to sign in with.
    #[arg(long)]
    email: String,
    /// Name to show; what stands before the `@` when left out.
    #[arg(long)]
    name: Option<String>,
    /// The organization to own.
    #[arg(long, default_value = "main")]
    organization: Slug,
    /// The first workspace of a new organization.
    #[arg(long, default_value = "main")]
    workspace: Slug,
}

/// See [`AdminCommand::Key`].
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The workspace, by name or id.
    #[arg(long, env = "GENERIC_CORP_WORKSPACE")]
    workspace: String,
    /// The agent the key speaks for.
    #[arg(long)]
    agent: Slug,
    /// What the key allows: read, publish, stream, admin.
    #[arg(long, value_delimiter = ',', default_value = "read,publish,stream")]
    scopes: Vec<String>,
    /// The rooms that the key opens; a name that ends in * stands for all that begin so. All, when left out.
    #[arg(long, value_delimiter = ',')]
    rooms: Vec<String>,
    /// Name for people.
    #[arg(long, default_value = "")]
    name: String,
    /// Days until the key ends; never, when left out.
    #[arg(long)]
    days: Option<u32>,
}

/// See [`AdminCommand::Plan`].
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The organization, by name.
    organization: Slug,
    /// A plan of the plans file.
    plan: String,
}

/// Runs a command of the operator. `ask_secret` asks a person at a terminal without showing the answer.
///
/// # Errors
/// In words for the operator.
pub async fn run(
    command: AdminCommand,
    config: &Config,
    plans: Plans,
    ask_secret: impl FnOnce(&str) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let store = Store::open_beside(store::Options {
        url: config.database.url.clone(),
        durability: config.database.durability,
        read_connections: 1,
    });
    let store = store.await?;
    let tenants = Tenants::new(store.clone(), plans.clone(), &config.tenancy.default_plan);
    match command {
        AdminCommand::Create(args) => {
            let password = password(ask_secret)?;
            create(args, &password, config, store, &tenants).await
        }
        AdminCommand::Key(args) => key(args, &tenants).await,
        AdminCommand::Reset { email } => reset(&email, config, store).await,
        AdminCommand::RotateSecret { forget } => rotate_secret(forget, config, &store),
        AdminCommand::Disable(args) => disable(&args.email, true, &tenants).await,
        AdminCommand::Enable(args) => disable(&args.email, false, &tenants).await,
        AdminCommand::Operator { email, remove } => make_operator(&email, !remove, &tenants).await,
        AdminCommand::Restored => restored(&store).await,
        AdminCommand::Plan(args) => plan(&args, &plans, &store).await,
    }
}

async fn create(
    args: CreateArgs,
    password: &str,
    config: &Config,
    store: Store,
    tenants: &Tenants,
) -> anyhow::Result<()> {
    let auth = door(config, store)?;
    let before_at = args.email.split('@').next().unwrap_or_default();
    let administrator = Administrator {
        email: &args.email,
        name: args.name.as_deref().unwrap_or(before_at),
        password,
        organization: &args.organization,
        workspace: &args.workspace,
    };
    tenants.create_administrator(&auth, administrator).await?;
    println!("{} owns {} and can sign in", args.email, args.organization);
    Ok(())
}

/// What checks passwords and makes links.
fn door(config: &Config, store: Store) -> anyhow::Result<Auth> {
    let settings = &config.auth;
    let previous = &settings.previous_secrets;
    let secret = auth::secret::load_or_make(&settings.secret, previous, store.folder())?;
    let options = auth::Options {
        secret,
        access_lifetime: Duration::from_secs(settings.access_token_minutes * 60),
        refresh_lifetime: Duration::from_secs(settings.refresh_token_days * 86_400),
        bcrypt_cost: settings.bcrypt_cost,
    };
    Ok(Auth::new(store, options))
}

async fn reset(email: &str, config: &Config, store: Store) -> anyhow::Result<()> {
    let auth = door(config, store)?;
    let token = auth.make_reset(email, None, RESET_LIFETIME, None).await?;
    let token = token.with_context(|| format!("nobody can sign in as {email}"))?;
    eprintln!("sets a new password for {email}, once, within a day");
    let hub = config.server.public_url.trim_end_matches('/');
    println!("{hub}/reset#{token}");
    Ok(())
}

fn rotate_secret(forget: bool, config: &Config, store: &Store) -> anyhow::Result<()> {
    let folder = store
        .folder()
        .filter(|_| config.auth.secret.expose_secret().is_empty());
    let folder = folder.context(
        "the secret is in the settings: put it into auth.previous_secrets, and a new one (openssl rand -hex 32) \
         into auth.secret",
    )?;
    auth::secret::rotate(folder, forget)?;
    println!("there is a new secret; restart the hub to use it");
    Ok(())
}

async fn plan(args: &PlanArgs, plans: &Plans, store: &Store) -> anyhow::Result<()> {
    let PlanArgs { organization, plan } = args;
    if plans.get(plan).is_none() {
        let plans = plans.all();
        let keys: Vec<_> = plans.iter().map(|plan| plan.key.as_str()).collect();
        anyhow::bail!("there is no plan `{plan}`, only {}", keys.join(", "));
    }
    let changed = store.set_plan(organization, plan, &operator()).await?;
    changed.with_context(|| format!("there is no organization `{organization}`"))?;
    println!("{organization} has the plan {plan}");
    Ok(())
}

async fn disable(email: &str, disabled: bool, tenants: &Tenants) -> anyhow::Result<()> {
    tenants.set_disabled(email, disabled).await?;
    match disabled {
        true => println!("{email} is locked out; every session has ended"),
        false => println!("{email} can sign in again"),
    }
    Ok(())
}

async fn make_operator(email: &str, runs: bool, tenants: &Tenants) -> anyhow::Result<()> {
    tenants.set_operator(email, runs).await?;
    match runs {
        true => println!("{email} sees the hub's nodes in the dashboard"),
        false => println!("{email} sees the hub's nodes no longer"),
    }
    Ok(())
}

async fn restored(store: &Store) -> anyhow::Result<()> {
    let (rooms, streams) = store.begin_anew().await?;
    println!("{rooms} rooms have a new epoch; {streams} streams that were being written will end");
    Ok(())
}

async fn key(args: KeyArgs, tenants: &Tenants) -> anyhow::Result<()> {
    let scope = tenants.authorize_operator(&args.workspace).await?;
    let ends = |days| Timestamp::now().plus_ms(i64::from(days) * DAY_MS);
    let new = NewApiKey {
        agent: args.agent,
        name: args.name,
        scopes: args.scopes,
        rooms: args.rooms,
        expires_at: args.days.map(ends),
    };
    let made = tenants.create_key(&scope, &new, None).await?;
    eprintln!(
        "a key for {} in {}; it is shown this once",
        made.key.agent,
        scope.slug()
    );
    println!("{}", made.secret);
    Ok(())
}

fn password(ask_secret: impl FnOnce(&str) -> anyhow::Result<String>) -> anyhow::Result<String> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(password);
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return ask_secret("Password (10 to 256 bytes): ");
    }
    let mut line = String::new();
    // No password is longer; what follows the line is left alone.
    stdin
        .lock()
        .take(1024)
        .read_line(&mut line)
        .with_context(|| format!("set {PASSWORD}, or give the password on standard input"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(subcommand)]
        command: AdminCommand,
    }

    fn parse(words: &[&str]) -> AdminCommand {
        let words = std::iter::once("admin").chain(words.iter().copied());
        Cli::try_parse_from(words).expect("good words").command
    }

    #[tokio::test]
    async fn administrators_and_keys_are_made_beside_a_running_hub() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut config, plans) = crate::config::load(None).expect("the defaults load");
        config.database.url = format!("sqlite:{}", folder.path().join("hub.db").display()).into();
        config.auth.bcrypt_cost = 4;
        let options = store::Options {
            url: config.database.url.clone(),
            durability: config.database.durability,
            read_connections: 1,
        };
        let hub = Store::open(options).await.expect("opens");
        let create_one = async |email: &str, organization: &str| {
            let words = ["create", "--email", email, "--organization", organization];
            let AdminCommand::Create(args) = parse(&words) else {
                panic!("not a create")
            };
            let tenants = Tenants::new(hub.clone(), plans.clone(), "free");
            let beside = Store::open_beside(store::Options {
                url: config.database.url.clone(),
                durability: config.database.durability,
                read_connections: 1,
            });
            let beside = beside.await.expect("opens beside");
            create(args, "correct horse", &config, beside, &tenants).await
        };
        create_one("ann@example.com", "acme").await.expect("made");
        let again = create_one("ann@example.com", "acme").await;
        let again = again.expect_err("taken").to_string();
        assert!(again.contains("e-mail"), "{again}");
        create_one("bob@example.com", "acme")
            .await
            .expect("a second owner");

        let ask = |_: &str| anyhow::bail!("keys need no password");
        let key = parse(&[
            "key",
            "--workspace",
            "main",
            "--agent",
            "sable",
            "--scopes",
            "read",
        ]);
        run(key, &config, plans.clone(), ask).await.expect("made");
        let lost = parse(&["key", "--workspace", "nowhere", "--agent", "sable"]);
        let error = run(lost, &config, plans.clone(), ask)
            .await
            .expect_err("no such");
        assert_eq!(error.to_string(), "there is no such workspace here");
        let plan = |organization, plan| parse(&["plan", organization, plan]);
        for (wrong, words) in [
            (plan("acme", "gold"), "there is no plan `gold`, only free"),
            (plan("nowhere", "pro"), "there is no organization `nowhere`"),
        ] {
            let error = run(wrong, &config, plans.clone(), ask).await;
            let error = error.expect_err("no such").to_string();
            assert!(error.starts_with(words), "{error}");
        }
        let good = run(plan("acme", "pro"), &config, plans.clone(), ask);
        good.await.expect("changed");
        let home = hub.operator_reach(None, "main").await.expect("asked");
        let keys = hub
            .keys(home[0].workspace.id, None, 10)
            .await
            .expect("asked");
        assert_eq!((keys.len(), home[0].plan.as_str()), (1, "pro"));
        assert_eq!(
            (&*keys[0].agent_name, keys[0].scopes.as_str()),
            ("sable", "read")
        );
    }
}
