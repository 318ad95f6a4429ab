//! Keeps `protocol.ts` and `rest/` in `clients/typescript/src` equal to the types of this crate.

#![cfg(feature = "typescript")]

use generic_corp_protocol::{
    ClientFrame, CloseCode, ErrorCode, SUBPROTOCOL, ServerFrame, frame, limit, rest,
};
use std::{
    any::TypeId,
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
    fs,
    path::PathBuf,
};
use ts_rs::{Config, TS, TypeVisitor};

const REFRESH: &str =
    "GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript";

/// Every named type reachable from the roots, dependencies first.
struct Declarations {
    config: Config,
    seen: HashSet<TypeId>,
    text: String,
}

impl Declarations {
    fn declare<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        let mut direct = Dependencies::default();
        T::visit_dependencies(&mut direct);
        for declare in direct.0.into_values() {
            declare(self);
        }
        let docs = T::docs().unwrap_or_default();
        let declaration = T::decl(&self.config);
        let _ = write!(self.text, "\n{docs}export {declaration}\n");
    }
}

/// The named types that one type mentions, by name: ts-rs tells them in another order at each build.
#[derive(Default)]
struct Dependencies(BTreeMap<PathBuf, fn(&mut Declarations)>);

impl TypeVisitor for Dependencies {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Primitives and containers have no file of their own and so no declaration.
        if let Some(path) = T::output_path() {
            self.0.insert(path, Declarations::declare::<T>);
        }
    }
}

/// The files by name: what goes over the socket, then the bodies of the REST API. Each mentions those before it.
fn generated() -> Vec<(&'static str, String)> {
    let mut types = Declarations {
        config: Config::new(),
        seen: HashSet::new(),
        text: String::new(),
    };
    let mut files = Vec::new();
    macro_rules! files { ($($name:literal: $($root:ty),* ;)*) => { $(
        $(types.declare::<$root>();)*
        files.push(($name, tidy(&std::mem::take(&mut types.text))));
    )* } }
    files! {
        "protocol.ts": ClientFrame, ServerFrame, ErrorCode, frame::Published, frame::HistoryPage,
            frame::StreamOpened, frame::StreamReading;
        "rest/workspace.ts": rest::Workspace, rest::NewWorkspace, rest::ChangeWorkspace,
            rest::WorkspaceMember, rest::ListWorkspaceMember, rest::Room, rest::NewRoom, rest::Agent,
            rest::NewAgent, rest::ChangeAgent, rest::ApiKey, rest::NewApiKey, rest::NewApiKeySecret,
            rest::RotateApiKey, rest::Connection;
        "rest/log.ts": rest::NewEvent, rest::NewStream, rest::StreamPage, rest::StreamTime, rest::StreamTimes, rest::Appended,
            rest::CloseStream, rest::CancelStream, rest::SearchHit, rest::SearchPage;
        "rest/organization.ts": rest::Organization, rest::NewOrganization, rest::ChangeOrganization,
            rest::OrganizationName, rest::OrganizationMember, rest::ChangeMember, rest::NewInvite,
            rest::NewInviteLink, rest::Invite, rest::InviteInfo, rest::AuditEntry;
        "rest/usage.ts": rest::Plan, rest::UsageRow, rest::UsageLimit, rest::UsageCost,
            rest::UsageReport, rest::OrganizationLimits, rest::Alert, rest::Webhook, rest::NewWebhook,
            rest::NewWebhookSecret, rest::ChangeWebhook, rest::Delivery, rest::Checkout,
            rest::BillingPage, rest::BillingStatus;
        "rest/account.ts": rest::Problem, rest::SetupStatus, rest::Setup, rest::Register,
            rest::Registered, rest::Login, rest::SignInAddress, rest::FinishSignIn, rest::Refresh,
            rest::Session, rest::User, rest::Me, rest::LinkToken, rest::Forgot, rest::ResetPassword,
            rest::ResetLink, rest::ConfirmAccount, rest::AcceptInvite, rest::ChangeMe,
            rest::ChangePassword, rest::OwnSession;
        "rest/hub.ts": rest::Readiness, rest::ClusterReport, rest::Node;
    }
    (0..files.len())
        .map(|at| (files[at].0, whole(&files, at)))
        .collect()
}

/// A file with its head: what it takes from those before it, or, in the first, hands on from those behind it.
fn whole(files: &[(&'static str, String)], at: usize) -> String {
    let mut text =
        format!("// Generated from the Rust crate `protocol`; to refresh it:\n// {REFRESH}\n\n");
    let own = &files[at].1;
    if at == 0 {
        for (name, _) in &files[1..] {
            let _ = writeln!(
                text,
                "export type * from \"./{}\";",
                name.replace(".ts", ".js")
            );
        }
        text.push_str(&constants());
    }
    for (name, declared) in &files[..at] {
        let names = mentioned(declared, own).join(", ");
        if !names.is_empty() {
            let from = name
                .strip_prefix("rest/")
                .map_or(format!("../{name}"), |name| format!("./{name}"));
            let _ = writeln!(
                text,
                "import type {{ {names} }} from \"{}\";",
                from.replace(".ts", ".js")
            );
        }
    }
    text + own
}

/// The names declared in one file that the other one mentions.
fn mentioned<'a>(declared: &'a str, elsewhere: &str) -> Vec<&'a str> {
    let code = elsewhere
        .lines()
        .filter(|line| !line.trim_start().starts_with("/**"));
    let words: HashSet<&str> = code
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
        .collect();
    let names = declared.lines().filter_map(|line| {
        let name = line.strip_prefix("export type ")?;
        name.split(|c: char| !c.is_alphanumeric()).next()
    });
    let mut names: Vec<_> = names.filter(|name| words.contains(name)).collect();
    names.sort_unstable();
    names
}

/// One-line comments, and fields indented: ts-rs writes neither.
fn tidy(text: &str) -> String {
    let (mut out, mut lines, mut inside) = (
        String::new(),
        text.lines().map(str::trim_end).peekable(),
        false,
    );
    while let Some(line) = lines.next() {
        let indent = if inside { "  " } else { "" };
        if line == "/**" {
            let words: Vec<_> = lines
                .by_ref()
                .take_while(|line| line.trim() != "*/")
                .map(|line| line.trim_start().trim_start_matches('*').trim())
                .collect();
            let _ = writeln!(out, "{indent}/** {} */", words.join(" ").trim());
            continue;
        }
        match line.strip_suffix(" };").filter(|_| inside) {
            Some(last) => {
                let _ = writeln!(out, "  {last}\n}};");
                inside = false;
            }
            None => {
                let _ = writeln!(out, "{}{line}", if line.is_empty() { "" } else { indent });
                inside |= line.starts_with("export type") && line.ends_with('{');
            }
        }
    }
    out
}

fn constants() -> String {
    let mut text = format!("\nexport const SUBPROTOCOL = {SUBPROTOCOL:?};\n");
    for (name, value) in [
        ("MAX_APPEND_BYTES", limit::MAX_APPEND_BYTES),
        ("MAX_HISTORY_PAGE", limit::MAX_HISTORY_PAGE as usize),
        ("MAX_IN_FLIGHT", limit::MAX_IN_FLIGHT),
    ] {
        let _ = writeln!(text, "export const {name} = {value};");
    }
    text.push_str("\n/** Why the hub ended a connection, and whether a client should connect again by itself. */\n");
    text.push_str(
        "export const CLOSE_CODES: Record<number, { reason: string; reconnect: boolean }> = {\n",
    );
    for code in CloseCode::ALL {
        let (number, reason, reconnect) = (code.code(), code.reason(), code.reconnect());
        let _ = writeln!(
            text,
            "  {number}: {{ reason: {reason:?}, reconnect: {reconnect} }},"
        );
    }
    text.push_str("};\n");
    text
}

#[test]
fn the_typescript_client_has_these_types() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../clients/typescript/src");
    for (name, fresh) in generated() {
        let path = folder.join(name);
        if std::env::var_os("GENERIC_CORP_REFRESH").is_some() {
            fs::write(&path, &fresh).expect("clients/typescript/src is writable");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == fresh,
            "clients/typescript/src/{name} is out of date; refresh it with\n  {REFRESH}"
        );
    }
}
