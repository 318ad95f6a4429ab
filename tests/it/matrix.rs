//! The permission table, asked from outside: every path and every frame, as everybody, about their own, about
//! others' and about what there is not. What is expected comes from the table of the hub; what each row is asked
//! with stands in `sample`, and a row without a sample fails.

mod sample;
mod world;

use crate::support::rest::Answer;
use crate::support::socket::{handshake_to, with_token};
use crate::support::{Received, Socket, TestServer, within};
use generic_corp::auth::Role;
use generic_corp::connection::needed;
use generic_corp::http::routes::TABLE;
use generic_corp::tenant::Permission;
use generic_corp_protocol::frame::Failure;
use generic_corp_protocol::{ClientFrame, ErrorCode, ServerFrame};
use reqwest::header::CONNECTION;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;
use world::{Actor, Place, Who, World};

/// What came of asking, as far as the table is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Allowed,
    Unknown,
    Forbidden,
    Missing,
}

impl Outcome {
    fn shown(self) -> &'static str {
        match self {
            Self::Allowed => "yes",
            Self::Unknown => "401",
            Self::Forbidden => "403",
            Self::Missing => "404",
        }
    }
}

/// What the table says about an actor who asks for this, in a place that is theirs or is not.
fn expected(actor: &Actor, permission: Permission, path: &str, at_home: bool) -> Outcome {
    if permission == Permission::Anyone {
        return Outcome::Allowed;
    }
    let placed = path.contains("{workspace}") || path.contains("{organization}");
    let person = matches!(actor.who, Who::Person(_));
    let of_organization = matches!(
        permission,
        Permission::Member | Permission::Manage | Permission::Own
    );
    let has = match actor.who {
        Who::Nobody | Who::Garbage => return Outcome::Unknown,
        _ if placed && !at_home => return Outcome::Missing,
        Who::Person(None) if placed => return Outcome::Missing,
        Who::Key(_) if of_organization => return Outcome::Missing,
        _ if permission == Permission::Known => true,
        _ if permission == Permission::Person => person,
        // Of these people only who set the hub up.
        Who::Person(role) if permission == Permission::Operate => {
            actor.home == "ours" && role == Some(Role::Owner)
        }
        Who::Person(role) => role.is_some_and(|role| permission.is_of(role)),
        Who::Key(scopes) => permission.is_in(scopes),
    };
    match has {
        true => Outcome::Allowed,
        false => Outcome::Forbidden,
    }
}

/// What the gate said; what a handler says is behind it.
fn outcome(code: ErrorCode, detail: &str) -> Outcome {
    let by_gate = |starts: &[&str]| starts.iter().any(|start| detail.starts_with(start));
    match code {
        ErrorCode::Unauthenticated | ErrorCode::InvalidToken => Outcome::Unknown,
        ErrorCode::Forbidden
            if by_gate(&[
                "this needs the scope",
                "only owners of the organization may do this",
                "only owners and admins of the organization may do this",
                "only a signed-in person",
                "only who runs this hub",
            ]) =>
        {
            Outcome::Forbidden
        }
        ErrorCode::NotFound
            if by_gate(&[
                "there is no such workspace here",
                "there is no such organization here",
            ]) =>
        {
            Outcome::Missing
        }
        _ => Outcome::Allowed,
    }
}

/// Asks, without waiting for the end of an answer that has none.
async fn ask(world: &World, actor: &Actor, method: &str, path: &str, place: &Place) -> Answer {
    let sample = sample::of_route(method, path);
    let filled = place.fill(path);
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
    let request = world
        .rest(actor)
        .request(method, &format!("{filled}{}", sample.query));
    let request = match sample.body {
        sample::Body::None => request,
        sample::Body::Json(body) => request.json(&body),
        sample::Body::Bytes => request.body("x"),
    };
    let answer = within("an answer", request.send()).await.expect("answered");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let endless = status.is_success() && path.ends_with("/live");
    let body = match endless {
        true => Vec::new(),
        false => within("a body", answer.bytes())
            .await
            .expect("a body")
            .to_vec(),
    };
    // What this hub does not offer is told after it is known who asks.
    let offered = status != StatusCode::NOT_IMPLEMENTED;
    assert!(!offered || !status.is_server_error(), "{path}: {status}");
    Answer {
        status,
        headers,
        body,
    }
}

fn outcome_of(answer: &Answer) -> Outcome {
    if answer.status.is_success() {
        return Outcome::Allowed;
    }
    let problem = answer.problem();
    outcome(problem.code, &problem.detail)
}

/// Every path, as everybody; what comes of asking about `ours` is given back for the page.
async fn ask_routes(world: &World) -> Vec<(String, Vec<Outcome>)> {
    let mut rows = Vec::new();
    for (path, methods) in TABLE {
        for (method, permission) in *methods {
            let mut row = Vec::new();
            for actor in &world.actors {
                let what = format!("{method} {path} as {}", actor.name);
                let answer = ask(world, actor, method, path, &world.ours).await;
                if *permission == Permission::Anyone {
                    row.push(Outcome::Allowed);
                    continue;
                }
                let came = outcome_of(&answer);
                let at_home = actor.home == "ours";
                assert_eq!(
                    came,
                    expected(actor, *permission, path, at_home),
                    "{what}: {}",
                    answer.text()
                );
                row.push(came);
                if !path.contains('{') {
                    continue;
                }
                let theirs = ask(world, actor, method, path, &world.theirs).await;
                let at_home = actor.home == "theirs";
                assert_eq!(
                    outcome_of(&theirs),
                    expected(actor, *permission, path, at_home),
                    "{what}, theirs: {}",
                    theirs.text()
                );
                let nowhere = ask(world, actor, method, path, &world.nowhere).await;
                assert_eq!(
                    outcome_of(&nowhere),
                    expected(actor, *permission, path, false),
                    "{what}, nowhere: {}",
                    nowhere.text()
                );
                let foreign = if actor.home == "ours" {
                    &theirs
                } else {
                    &answer
                };
                same(world, &what, foreign, &nowhere);
            }
            rows.push((
                format!(
                    "| `{} {path}` | {} |",
                    method.to_uppercase(),
                    permission.name()
                ),
                row,
            ));
        }
    }
    rows
}

/// What is another's and what there is not are answered alike, but for the names that were asked for.
fn same(world: &World, what: &str, foreign: &Answer, unknown: &Answer) {
    assert_eq!(foreign.status, unknown.status, "{what}");
    let plain = |answer: &Answer| world.without_names(&answer.text());
    assert_eq!(plain(foreign), plain(unknown), "{what}");
    // `Connection: close` says whether the body had come when the answer went out, and nothing about the place.
    let headers = |answer: &Answer| {
        let names = answer.headers.keys().filter(|name| *name != CONNECTION);
        let mut names: Vec<_> = names.map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(headers(foreign), headers(unknown), "{what}");
}

/// The socket of an actor in a place, or what the handshake was refused with.
async fn connect(
    hub: &TestServer,
    actor: &Actor,
    workspace: &str,
) -> Result<Socket, (u16, String)> {
    let request = handshake_to(&format!("ws://{}/ws/{workspace}", hub.address));
    let request = match &actor.token {
        Some(token) => with_token(request, token),
        None => request,
    };
    match Socket::open(hub.address, request).await {
        Ok(socket) => Ok(socket),
        Err(Error::Http(answer)) => {
            let body = answer.body().clone().unwrap_or_default();
            let text = String::from_utf8_lossy(&body).into_owned();
            Err((answer.status().as_u16(), text))
        }
        Err(error) => panic!("no handshake: {error}"),
    }
}

/// Sends a frame; how it failed, if it did.
async fn send(socket: &mut Socket, mut frame: Value) -> Option<Failure> {
    frame["id"] = json!("m");
    socket.send(frame).await;
    let mine = |id: &Option<String>| id.as_deref() == Some("m");
    socket
        .pick("an answer", |received| match received {
            Received::Frame(ServerFrame::Ok(ok)) if ok.id == "m" => Ok(None),
            Received::Frame(ServerFrame::Joined(joined)) if mine(&joined.id) => Ok(None),
            Received::Frame(ServerFrame::Welcome(welcome)) if mine(&welcome.id) => Ok(None),
            Received::Frame(ServerFrame::Error(error)) if mine(&error.id) => Ok(Some(error)),
            other => Err(other),
        })
        .await
}

fn decoded(frame: &Value) -> ClientFrame {
    let mut frames = generic_corp_protocol::decode(&frame.to_string()).expect("a sample decodes");
    frames.remove(0).expect("a sample is a frame")
}

async fn ask_frames(hub: &TestServer, world: &World) -> Vec<(String, Vec<Outcome>)> {
    let mut rows = Vec::new();
    for kind in ClientFrame::TYPES {
        let frame = sample::of_frame(kind, &world.ours);
        let permission = needed(&decoded(&frame));
        let mut row = Vec::new();
        for actor in &world.actors {
            let what = format!("{kind} as {}", actor.name);
            let came = match connect(hub, actor, &world.ours.workspace).await {
                Err((404, _)) => Outcome::Missing,
                Err((401, _)) => Outcome::Unknown,
                Err(other) => panic!("{what}: {other:?}"),
                // A sample of `hello` has no token: it fits whoever is known already.
                Ok(mut socket) => match send(&mut socket, frame.clone()).await {
                    None => Outcome::Allowed,
                    Some(failure) => outcome(failure.code, &failure.message),
                },
            };
            let at_home = actor.home == "ours";
            let asked = match permission {
                Permission::Anyone => Permission::Known,
                other => other,
            };
            assert_eq!(
                came,
                expected(actor, asked, "{workspace}", at_home),
                "{what}"
            );
            row.push(came);
        }
        rows.push((format!("| `{kind}` | {} |", permission.name()), row));
    }
    rows
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .with("server.unknown_calls_per_minute", 0)
        .with_plan(&[])
        .start()
        .await;
    let world = World::make(&hub).await;
    let routes = ask_routes(&world).await;
    let frames = ask_frames(&hub, &world).await;
    let names: Vec<&str> = world.actors.iter().map(|actor| actor.name).collect();
    hold_page(&page(&names, &routes, &frames));
}

#[tokio::test]
async fn a_foreign_workspace_shakes_no_hand_like_one_that_there_is_not() {
    let hub = TestServer::builder()
        .with("auth.registration", "open")
        .with("server.unknown_calls_per_minute", 0)
        .with_plan(&[])
        .start()
        .await;
    let world = World::make(&hub).await;
    for actor in &world.actors {
        let foreign = match actor.home {
            "ours" => &world.theirs.workspace,
            _ => &world.ours.workspace,
        };
        let foreign = connect(&hub, actor, foreign).await.err();
        let unknown = connect(&hub, actor, &world.nowhere.workspace).await.err();
        let plain = |refused: Option<(u16, String)>| {
            refused.map(|(status, text)| (status, world.without_names(&text)))
        };
        assert_eq!(plain(foreign), plain(unknown), "{}", actor.name);
    }
}

#[test]
fn an_act_needs_the_same_over_http_and_over_a_socket() {
    let place = Place::nowhere();
    for (kind, method, path) in sample::SAME_ACTS {
        let row = TABLE.iter().find(|(known, _)| known == path);
        let methods = row.expect("a path of the table").1;
        let needs = methods.iter().find(|(known, _)| known == method);
        let frame = decoded(&sample::of_frame(kind, &place));
        assert_eq!(
            needs.map(|(_, permission)| *permission),
            Some(needed(&frame)),
            "{kind} and {method} {path}"
        );
    }
}

fn page(
    names: &[&str],
    routes: &[(String, Vec<Outcome>)],
    frames: &[(String, Vec<Outcome>)],
) -> String {
    let mut text = String::new();
    for (first, rows) in [("path", routes), ("frame", frames)] {
        text.push_str(&format!("\n| {first} | needs | {} |\n", names.join(" | ")));
        text.push_str(&format!("| --- | --- |{}\n", " --- |".repeat(names.len())));
        for (head, row) in rows {
            let cells: Vec<&str> = row.iter().map(|outcome| outcome.shown()).collect();
            text.push_str(&format!("{head} {} |\n", cells.join(" | ")));
        }
    }
    text.push('\n');
    text
}

/// Holds the page to the table, or writes it there.
fn hold_page(table: &str) {
    const BEGIN: &str = "<!-- matrix -->\n";
    const END: &str = "<!-- /matrix -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md");
    let text = std::fs::read_to_string(path).expect("docs/security.md");
    let (before, rest) = text
        .split_once(BEGIN)
        .expect("docs/security.md has a place");
    let (there, after) = rest.split_once(END).expect("docs/security.md has an end");
    if std::env::var_os("GENERIC_CORP_REFRESH").is_some() {
        let text = format!("{before}{BEGIN}{table}{END}{after}");
        return std::fs::write(path, text).expect("docs/security.md is written");
    }
    assert_eq!(
        there, table,
        "docs/security.md is old: GENERIC_CORP_REFRESH=1 cargo test --test it matrix"
    );
}
