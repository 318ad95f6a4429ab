//! The door against a real store: what opens it and what must not.

mod password;
mod token;

use super::*;
use crate::config::Durability;
use crate::store::account::{Founded, Founding, Gate};
use crate::store::api_key::NewKey;
use crate::store::audit::Act;
use crate::store::{self, Store};
use generic_corp_protocol::rest::Session;
use generic_corp_protocol::{ApiKeyId, ErrorCode, Sender, Slug, Timestamp};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PASSWORD: &str = "correct horse";
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Hub {
    auth: Auth,
    store: Store,
    folder: tempfile::TempDir,
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).expect("a name")
}

fn auth(store: &Store, access: Duration) -> Auth {
    let options = Options {
        secret: SECRET.into(),
        access_lifetime: access,
        refresh_lifetime: Duration::from_secs(86_400),
        bcrypt_cost: 4,
    };
    Auth::new(store.clone(), options)
}

impl Hub {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = store::Options {
            url: format!("sqlite:{}", folder.path().join("hub.db").display()).into(),
            durability: Durability::Normal,
            read_connections: 2,
        };
        let store = Store::open(options).await.expect("opens");
        let auth = auth(&store, Duration::from_secs(900));
        Self {
            auth,
            store,
            folder,
        }
    }

    async fn sign_up(&self, email: &str, organization: &str) -> Session {
        let user = self.auth.prepare_user(email, "Ann", PASSWORD).await;
        let user = user.expect("good");
        let (organization, workspace) = (slug(organization), slug("main"));
        let founding = Founding {
            organization: &organization,
            plan: "free",
            workspace: &workspace,
            room: &slug("lobby"),
        };
        let made = self.store.found(&user, Gate::Open, &founding).await;
        assert_eq!(made.expect("stored"), Founded::Made);
        self.auth.begin(user, HOME).await.expect("begun")
    }

    /// A key in the only workspace there is.
    async fn key(&self, expires_at: Option<Timestamp>) -> String {
        let made = api_key::make().expect("made");
        let home = self
            .store
            .operator_reach(None, "main")
            .await
            .expect("asked");
        let home = home.first().expect("there").workspace.clone();
        let new = NewKey {
            id: ApiKeyId::new(),
            rooms: None,
            name: "",
            prefix: &made.prefix,
            secret_hash: made.secret_hash,
            scopes: "read,publish",
            created_by: None,
            expires_at,
        };
        let actor = Sender::system("test");
        let act = Act {
            organization: None,
            actor: &actor,
            action: "key.made",
            target: "",
            address: None,
        };
        let row = self
            .store
            .create_key(home.organization, home.id, &slug("sable"), &new, 10, &act)
            .await;
        row.expect("stored").expect("room for it");
        made.text
    }

    async fn refused(&self, token: &str) -> ErrorCode {
        let refused = self.auth.authenticate(token).await;
        refused.expect_err("refused").code()
    }

    async fn sql(&self, statement: &'static str) {
        sqlx::query(statement)
            .execute(self.store.sqlite().1)
            .await
            .expect("ran");
    }
}

#[tokio::test]
async fn a_session_opens_the_door_until_it_ends() {
    let hub = Hub::open().await;
    let session = hub.sign_up("Ann@Example.com ", "acme").await;
    assert_eq!(session.user.email, "ann@example.com");
    let principal = hub
        .auth
        .authenticate(&session.access_token)
        .await
        .expect("in");
    assert_eq!(principal.sender().id, session.user.id.0);
    assert!(hub.auth.is_live(&principal).await.expect("asked"));

    let again = hub
        .auth
        .login("ANN@example.com", PASSWORD, HOME)
        .await
        .expect("in");
    hub.auth
        .logout(&session.refresh_token, None)
        .await
        .expect("out");
    assert_eq!(
        hub.refused(&session.access_token).await,
        ErrorCode::InvalidToken
    );
    assert!(!hub.auth.is_live(&principal).await.expect("asked"));
    assert!(hub.auth.refresh(&session.refresh_token).await.is_err());
    hub.auth
        .authenticate(&again.access_token)
        .await
        .expect("the other session");
}

#[tokio::test]
async fn a_locked_out_user_and_a_new_generation_end_every_session() {
    for change in [
        "UPDATE users SET disabled_at = 1",
        "UPDATE users SET generation = generation + 1",
    ] {
        let hub = Hub::open().await;
        let session = hub.sign_up("ann@example.com", "acme").await;
        let principal = hub
            .auth
            .authenticate(&session.access_token)
            .await
            .expect("in");
        hub.sql(change).await;
        let fresh = auth(&hub.store, Duration::from_secs(900));
        assert!(fresh.authenticate(&session.access_token).await.is_err());
        assert!(fresh.refresh(&session.refresh_token).await.is_err());
        assert!(!fresh.is_live(&principal).await.expect("asked"));
        // What the first door remembered is forgotten within a second.
        let gone = async { while hub.auth.authenticate(&session.access_token).await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(3), gone)
            .await
            .expect("forgotten");
    }
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_session() {
    let hub = Hub::open().await;
    let first = hub.sign_up("ann@example.com", "acme").await;
    let second = hub
        .auth
        .refresh(&first.refresh_token)
        .await
        .expect("traded");
    assert_ne!(first.refresh_token, second.refresh_token);
    let again = hub
        .auth
        .refresh(&first.refresh_token)
        .await
        .expect("within the grace");
    assert_eq!(second.refresh_token, again.refresh_token);

    let third = hub
        .auth
        .refresh(&second.refresh_token)
        .await
        .expect("traded");
    hub.auth
        .authenticate(&third.access_token)
        .await
        .expect("in");
    assert!(
        hub.auth.refresh(&first.refresh_token).await.is_err(),
        "two trades ago"
    );
    assert!(
        hub.auth.refresh(&third.refresh_token).await.is_err(),
        "the session is over"
    );
    assert_eq!(
        hub.refused(&third.access_token).await,
        ErrorCode::InvalidToken
    );
}

#[tokio::test]
async fn after_the_grace_a_used_refresh_token_ends_the_session() {
    let hub = Hub::open().await;
    let first = hub.sign_up("ann@example.com", "acme").await;
    let second = hub
        .auth
        .refresh(&first.refresh_token)
        .await
        .expect("traded");
    hub.sql("UPDATE sessions SET rotated_at = rotated_at - 11000")
        .await;
    assert!(hub.auth.refresh(&first.refresh_token).await.is_err());
    assert!(hub.auth.refresh(&second.refresh_token).await.is_err());
}

#[tokio::test]
async fn one_refresh_token_traded_twice_at_once_gives_one_successor() {
    let hub = Hub::open().await;
    let first = hub.sign_up("ann@example.com", "acme").await;
    let (a, b) = tokio::join!(
        hub.auth.refresh(&first.refresh_token),
        hub.auth.refresh(&first.refresh_token)
    );
    assert_eq!(
        a.expect("traded").refresh_token,
        b.expect("traded").refresh_token
    );
}

#[tokio::test]
async fn keys_open_the_door_until_they_end() {
    let hub = Hub::open().await;
    hub.sign_up("ann@example.com", "acme").await;
    let key = hub.key(None).await;
    let principal = hub.auth.authenticate(&key).await.expect("in");
    let Principal::Agent { name, scopes, .. } = &principal else {
        panic!("{principal:?}")
    };
    assert_eq!((name.as_str(), scopes.stream), ("sable", false));
    assert!(hub.auth.is_live(&principal).await.expect("asked"));

    let used = async {
        loop {
            let key = hub.store.key_by_prefix(&key[..16]).await.expect("asked");
            if key.expect("there").last_used_at.is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), used)
        .await
        .expect("its use is written");

    let old = hub.key(Some(Timestamp::now())).await;
    assert_eq!(hub.refused(&old).await, ErrorCode::TokenExpired);
    hub.sql("UPDATE agents SET disabled_at = 1").await;
    let fresh = auth(&hub.store, Duration::from_secs(900));
    assert_eq!(
        fresh.authenticate(&key).await.expect_err("refused").code(),
        ErrorCode::InvalidToken
    );
    assert!(!fresh.is_live(&principal).await.expect("asked"));
}

#[tokio::test]
async fn a_wrong_checksum_costs_no_look_up() {
    let hub = Hub::open().await;
    hub.sign_up("ann@example.com", "acme").await;
    let key = hub.key(None).await;
    let unknown = api_key::make().expect("made").text;
    assert_eq!(hub.refused(&unknown).await, ErrorCode::InvalidToken);
    let mixed = format!("{}{}", &key[..17], &unknown[17..]);
    assert_eq!(hub.refused(&mixed).await, ErrorCode::InvalidToken);

    hub.store.sqlite().0.close().await;
    assert_eq!(
        hub.refused(&unknown).await,
        ErrorCode::Unavailable,
        "this one asks"
    );
    let mut mistyped = unknown;
    mistyped.replace_range(20..21, "-");
    assert_eq!(hub.refused(&mistyped).await, ErrorCode::InvalidToken);
}

#[tokio::test]
async fn guessing_is_answered_alike_and_slowed() {
    let hub = Hub::open().await;
    hub.sign_up("ann@example.com", "acme").await;
    for email in ["ann@example.com", "nobody@example.com"] {
        let mut codes = Vec::new();
        for _ in 0..11 {
            let refused = hub.auth.login(email, "wrong password", HOME).await;
            codes.push(refused.err().expect("refused").code());
        }
        assert_eq!(codes.pop(), Some(ErrorCode::RateLimited));
        assert!(
            codes
                .iter()
                .all(|code| *code == ErrorCode::InvalidCredentials),
            "{codes:?}"
        );
    }
    let elsewhere = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    hub.auth
        .login("ann@example.com", PASSWORD, elsewhere)
        .await
        .expect("the owner gets in");
}

#[tokio::test]
async fn what_is_said_of_a_user_is_checked() {
    let hub = Hub::open().await;
    for (email, name, password) in [
        ("ann", "Ann", PASSWORD),
        ("a@b@c", "Ann", PASSWORD),
        ("a b@c", "Ann", PASSWORD),
        (
            &*format!("{}@example.com", "x".repeat(250)),
            "Ann",
            PASSWORD,
        ),
        ("ann@example.com", " ", PASSWORD),
        ("ann@example.com", "A\nB", PASSWORD),
        ("ann@example.com", "\u{202e}nnA", PASSWORD),
        ("ann@example.com", "Ann", "too short"),
        ("ann@example.com", "Ann", &"x".repeat(257)),
    ] {
        let refused = hub.auth.prepare_user(email, name, password).await;
        assert_eq!(
            refused.err().expect("refused").code(),
            ErrorCode::Invalid,
            "{email} {name}"
        );
    }
}

#[tokio::test]
async fn no_secret_is_stored() {
    let hub = Hub::open().await;
    let session = hub.sign_up("ann@example.com", "acme").await;
    let key = hub.key(None).await;
    hub.sql("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let bytes = std::fs::read(hub.folder.path().join("hub.db")).expect("read");
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("ann@example.com"), "the file is the right one");
    for secret in [
        PASSWORD,
        SECRET,
        &session.refresh_token[4..],
        &session.access_token,
        &key[17..],
    ] {
        assert!(!holds(secret));
    }
}
