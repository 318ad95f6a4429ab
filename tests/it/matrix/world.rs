//! Everybody there is, and the places they may or may not reach.

use crate::support::server::{EMAIL, PASSWORD};
use crate::support::{Rest, TestServer};
use generic_corp::auth::Role;
use generic_corp::auth::Scopes;
use generic_corp_protocol::rest::{Me, NewApiKeySecret, Session};
use serde_json::{Value, json};

/// An id of nothing.
const MISSING: &str = "00000000-0000-7000-8000-000000000000";
const SCOPES: [&str; 5] = ["read", "publish", "stream", "task", "admin"];

/// As whom a request is made.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    Nobody,
    Garbage,
    /// In no organization: without a role.
    Person(Option<Role>),
    Key(Scopes),
}

/// Somebody who asks.
pub struct Actor {
    pub name: &'static str,
    pub who: Who,
    pub token: Option<String>,
    /// `ours`, `theirs` or nowhere.
    pub home: &'static str,
}

/// What a path's names stand for.
pub struct Place {
    pub organization: String,
    pub workspace: String,
    pub room: String,
    pub stream: String,
}

/// See the module.
pub struct World {
    pub actors: Vec<Actor>,
    pub ours: Place,
    pub theirs: Place,
    pub nowhere: Place,
    base: Rest,
}

impl Place {
    pub fn nowhere() -> Self {
        Self {
            organization: MISSING.into(),
            workspace: MISSING.into(),
            room: "nowhere".into(),
            stream: MISSING.into(),
        }
    }

    /// The path with this place's names; single things that a path would end are ones that there are not.
    pub fn fill(&self, path: &str) -> String {
        let filled = path
            .replace("{organization}", &self.organization)
            .replace("{workspace}", &self.workspace)
            .replace("{room}", &self.room)
            .replace("{stream}", &self.stream);
        let mut parts: Vec<&str> = filled.split('/').collect();
        for part in &mut parts {
            if part.starts_with('{') {
                *part = MISSING;
            }
        }
        parts.join("/")
    }

    /// Where this person's first workspace is, with a room of this name and a stream in it.
    async fn of(hub: &TestServer, owner: &Rest, room: &str) -> Self {
        let me: Me = owner.get("/me").await.ok();
        let organization = &me.organizations[0];
        let workspace = organization.workspaces[0].id;
        let rooms = format!("/workspaces/{workspace}/rooms");
        let _: Value = owner.post(&rooms, &json!({ "name": room })).await.ok();
        let streams = format!("{rooms}/{room}/streams");
        let body = json!({ "name": "build", "role": "stdout" });
        let opened: Value = hub
            .anybody()
            .with_token(owner.token.as_deref().expect("a token"))
            .post(&streams, &body)
            .await
            .ok();
        Self {
            organization: organization.id.to_string(),
            workspace: workspace.to_string(),
            room: room.into(),
            stream: opened["stream"].as_str().expect("an id").into(),
        }
    }

    fn names(&self) -> [&str; 4] {
        [
            &self.organization,
            &self.workspace,
            &self.room,
            &self.stream,
        ]
    }
}

impl World {
    pub async fn make(hub: &TestServer) -> Self {
        let owner = hub.admin().await;
        let ours = Place::of(hub, &owner, "our-room").await;
        let eve = hub.register("eve@example.com", "evil").await;
        let stranger = hub.anybody().with_token(&eve.access_token);
        let theirs = Place::of(hub, &stranger, "their-room").await;

        let person = |name, role, token: String, home| Actor {
            name,
            who: Who::Person(role),
            token: Some(token),
            home,
        };
        let mut actors = vec![
            Actor {
                name: "nobody",
                who: Who::Nobody,
                token: None,
                home: "",
            },
            Actor {
                name: "bad token",
                who: Who::Garbage,
                token: Some("garbage".into()),
                home: "",
            },
            person(
                "owner",
                Some(Role::Owner),
                sign_in(hub, EMAIL).await,
                "ours",
            ),
        ];
        for (name, email, role) in [
            ("admin", "bob@example.com", Some(Role::Admin)),
            ("member", "mia@example.com", Some(Role::Member)),
            ("viewer", "vic@example.com", Some(Role::Viewer)),
            ("person of none", "out@example.com", None),
        ] {
            let token = join(hub, &owner, &ours, email, role).await;
            actors.push(person(name, role, token, "ours"));
        }
        let key = |name, scopes: Scopes, token, home| Actor {
            name,
            who: Who::Key(scopes),
            token: Some(token),
            home,
        };
        let all = make_key(&owner, &ours, &SCOPES).await;
        actors.push(key("key", Scopes::ALL, all, "ours"));
        for (name, without) in [
            ("key without `read`", "read"),
            ("key without `publish`", "publish"),
            ("key without `stream`", "stream"),
            ("key without `task`", "task"),
            ("key without `admin`", "admin"),
        ] {
            let left: Vec<&str> = SCOPES
                .into_iter()
                .filter(|scope| *scope != without)
                .collect();
            let scopes = Scopes::parse(left.iter().copied()).expect("scopes");
            let token = make_key(&owner, &ours, &left).await;
            actors.push(key(name, scopes, token, "ours"));
        }
        let strange = make_key(&stranger, &theirs, &SCOPES).await;
        let token = eve.access_token;
        actors.push(person(
            "another's owner",
            Some(Role::Owner),
            token,
            "theirs",
        ));
        actors.push(key("another's key", Scopes::ALL, strange, "theirs"));
        Self {
            actors,
            ours,
            theirs,
            nowhere: Place::nowhere(),
            base: hub.anybody(),
        }
    }

    pub fn rest(&self, actor: &Actor) -> Rest {
        match &actor.token {
            Some(token) => self.base.with_token(token),
            None => self.base.clone(),
        }
    }

    /// A text without the names of places.
    pub fn without_names(&self, text: &str) -> String {
        let places = [&self.ours, &self.theirs, &self.nowhere];
        let names = places.iter().flat_map(|place| place.names());
        names.fold(text.to_owned(), |text, name| text.replace(name, "NAME"))
    }
}

async fn sign_in(hub: &TestServer, email: &str) -> String {
    let login = json!({ "email": email, "password": PASSWORD });
    let session: Session = hub.anybody().post("/auth/login", &login).await.ok();
    session.access_token
}

/// A person who was made an owner by the operator, and then what they are to be by the owner.
async fn join(
    hub: &TestServer,
    owner: &Rest,
    place: &Place,
    email: &str,
    role: Option<Role>,
) -> String {
    let made = hub
        .command(&["admin", "create", "--email", email])
        .env("GENERIC_CORP_PASSWORD", PASSWORD)
        .output()
        .await
        .expect("it runs");
    assert!(made.status.success(), "{made:?}");
    let login = json!({ "email": email, "password": PASSWORD });
    let session: Session = hub.anybody().post("/auth/login", &login).await.ok();
    let member = format!(
        "/organizations/{}/members/{}",
        place.organization, session.user.id
    );
    let answer = match role {
        Some(role) => {
            let request = owner.request(reqwest::Method::PATCH, &member);
            crate::support::rest::send(request.json(&json!({ "role": role.name() }))).await
        }
        None => owner.delete(&member).await,
    };
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text());
    session.access_token
}

async fn make_key(owner: &Rest, place: &Place, scopes: &[&str]) -> String {
    let keys = format!("/workspaces/{}/keys", place.workspace);
    let body = json!({ "agent": "sable", "scopes": scopes });
    let made: NewApiKeySecret = owner.post(&keys, &body).await.ok();
    made.secret
}
