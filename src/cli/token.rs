//! `token`: sign in, or see whose a token is.

use super::hub::CredentialArgs;
use super::{input, rest};
use clap::Args;
use generic_corp_protocol::SenderKind;
use generic_corp_protocol::rest::{Login, Me, Session};

/// Shown below the help.
pub const HELP: &str = "Environment:
  GENERIC_CORP_URL       Address of the hub
  GENERIC_CORP_EMAIL     E-mail address to sign in with
  GENERIC_CORP_PASSWORD  Password; asked for on a terminal when not set
  GENERIC_CORP_API_KEY   What --check looks at

The access token ends after some minutes; programs use API keys.

Exit status: 0 done, 1 failed, 2 used wrongly";

/// Arguments of `token`.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// Address of the hub.
    #[arg(
        long,
        env = "GENERIC_CORP_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// E-mail address; asked for when not given.
    #[arg(long, env = "GENERIC_CORP_EMAIL")]
    email: Option<String>,
    /// Say whose the token or API key is, and what it reaches.
    #[arg(long, conflicts_with = "email")]
    check: bool,
    #[command(flatten)]
    credentials: CredentialArgs,
}

/// Prints an access token, or who a token is.
pub async fn run(args: TokenArgs) -> anyhow::Result<()> {
    if args.check {
        return check(&args).await;
    }
    let email = match args.email {
        Some(email) => email,
        None => input::ask("E-mail: ")?,
    };
    let password = match std::env::var("GENERIC_CORP_PASSWORD") {
        Ok(password) if !password.is_empty() => password,
        _ => input::ask_secret("Password: ")?,
    };
    let (client, address) = rest::client(&args.url, "/api/v1/auth/login")?;
    let request = client.post(address).json(&Login { email, password });
    let session: Session = rest::read(rest::send(request, &args.url).await?).await?;
    eprintln!(
        "signed in as {}; the token ends at {}",
        session.user.name, session.expires_at
    );
    println!("{}", session.access_token);
    Ok(())
}

async fn check(args: &TokenArgs) -> anyhow::Result<()> {
    let (client, address) = rest::client(&args.url, "/api/v1/me")?;
    let request = client.get(address).bearer_auth(args.credentials.token()?);
    let me: Me = rest::read(rest::send(request, &args.url).await?).await?;
    let kind = match me.you.kind {
        SenderKind::User => "user",
        SenderKind::Agent => "agent",
        SenderKind::System => "system",
    };
    let email = me.email.map(|email| format!(" <{email}>"));
    println!("{kind} {}{}", me.you.name, email.unwrap_or_default());
    for organization in me.organizations {
        for workspace in &organization.workspaces {
            println!(
                "  {}/{}  as {}",
                organization.slug, workspace.slug, organization.role
            );
        }
    }
    Ok(())
}
