//! A provider of OpenID Connect for one test, on a port of its own: real HTTP, keys made at its start, and what a
//! forger or a broken provider would answer.

use super::signer::{Signer, Signing};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use generic_corp_protocol::Timestamp;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// As whom it knows the hub.
pub const CLIENT: &str = "hub-of-the-test";
/// What the hub proves that with. It has what has to be escaped.
pub const SECRET: &str = "kiln+dried oak/42 and some more";
/// Where it sends browsers back to.
pub const HUB: &str = "https://hub.example.com";

/// Whether it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// As it should.
    Well,
    /// It closes every connection.
    Away,
    /// It takes connections and says nothing.
    Silent,
    /// It sends whoever asks to this machine's port 9.
    Elsewhere,
}

/// A code that was given out.
struct Grant {
    nonce: String,
    challenge: String,
    redirect: String,
    /// The person's claims at that time.
    claims: Value,
}

struct State {
    health: Health,
    signer: Signer,
    /// Whoever sits before it.
    person: Value,
    /// What its tokens say in place of the truth; `null` takes a claim out.
    lies: Value,
    /// What only the answer about the person says.
    profile: Value,
    grants: HashMap<String, Grant>,
    tokens: HashMap<String, Value>,
    asked_for_keys: usize,
}

/// See the module.
pub struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

/// With what a browser comes back to the hub.
#[derive(Clone, Debug)]
pub struct Back {
    pub state: String,
    pub code: String,
    pub iss: String,
}

impl Provider {
    /// Signs by RS256 or ES256.
    pub async fn start(algorithm: Algorithm) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(Mutex::new(State {
            health: Health::Well,
            signer: Signer::new(algorithm),
            person: Value::Null,
            lies: json!({}),
            profile: json!({}),
            grants: HashMap::new(),
            tokens: HashMap::new(),
            asked_for_keys: 0,
        }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    // Who goes away ends its own conversation alone.
                    let _ = talk(stream, address, &state).await;
                });
            }
        });
        Self {
            address,
            state,
            task,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// Its name.
    pub fn issuer(&self) -> String {
        issuer(self.address)
    }

    /// From now on this person sits before it, with a confirmed address.
    pub fn person(&self, subject: &str, email: &str) {
        self.claims(
            json!({ "sub": subject, "email": email, "email_verified": true, "name": "Robin" }),
        );
    }

    /// From now on whoever sits before it has these claims.
    pub fn claims(&self, claims: Value) {
        self.state().person = claims;
    }

    /// What its tokens say in place of the truth.
    pub fn lies(&self, claims: Value) {
        self.state().lies = claims;
    }

    /// What it says of a person when it is asked, and not in tokens.
    pub fn profile(&self, claims: Value) {
        self.state().profile = claims;
    }

    /// How its tokens are signed.
    pub fn signs(&self, signing: Signing) {
        self.state().signer.signing = signing;
    }

    /// Whether it answers.
    pub fn is(&self, health: Health) {
        self.state().health = health;
    }

    /// Makes a new key and forgets the old one.
    pub fn rotate(&self, name: &str) {
        self.state().signer.rotate(name);
    }

    /// How often somebody asked for its keys.
    pub fn asked_for_keys(&self) -> usize {
        self.state().asked_for_keys
    }

    /// A browser goes to it, where the person says yes, and is sent back.
    pub async fn visit(&self, url: &str) -> Back {
        assert!(url.starts_with(&self.issuer()), "{url}");
        let browser = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        let browser = browser.build().expect("a client");
        let answer = browser.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 302, "{url}");
        let back = answer.headers()["location"].to_str().expect("text");
        let back = reqwest::Url::parse(back).expect("a URL");
        assert_eq!(back.origin().ascii_serialization(), HUB);
        assert_eq!(back.path(), "/sign-in/callback");
        let found: HashMap<String, String> = back.query_pairs().into_owned().collect();
        Back {
            state: found["state"].clone(),
            code: found["code"].clone(),
            iss: found["iss"].clone(),
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn issuer(address: SocketAddr) -> String {
    format!("http://{address}/realm")
}

impl State {
    fn answer(&mut self, address: SocketAddr, request: &Request) -> (u16, String, Value) {
        let base = issuer(address);
        let path = request.url.path().to_owned();
        let json = |status: u16, body: Value| (status, String::new(), body);
        match path.as_str() {
            "/realm/.well-known/openid-configuration" => json(
                200,
                json!({
                    "issuer": base,
                    "authorization_endpoint": format!("{base}/authorize"),
                    "token_endpoint": format!("{base}/token"),
                    "userinfo_endpoint": format!("{base}/userinfo"),
                    "jwks_uri": format!("{base}/keys"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                }),
            ),
            "/realm/keys" => {
                self.asked_for_keys += 1;
                json(200, json!({ "keys": [self.signer.public()] }))
            }
            "/realm/authorize" => (302, self.authorize(&base, &request.url), Value::Null),
            "/realm/token" => match self.token(&base, request) {
                Ok(answer) => json(200, answer),
                Err(error) => json(400, json!({ "error": error })),
            },
            "/realm/userinfo" => {
                let token = request.authorization.trim_start_matches("Bearer ");
                match self.tokens.get(token) {
                    Some(claims) => json(200, claims.clone()),
                    None => json(401, json!({ "error": "invalid_token" })),
                }
            }
            _ => json(404, json!({})),
        }
    }

    /// The person says yes: where the browser is sent.
    fn authorize(&mut self, base: &str, url: &reqwest::Url) -> String {
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let code = format!("code-{:032x}", rand::random::<u128>());
        let grant = Grant {
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            redirect: asked["redirect_uri"].clone(),
            claims: self.person.clone(),
        };
        self.grants.insert(code.clone(), grant);
        let mut back = reqwest::Url::parse(&asked["redirect_uri"]).expect("a URL");
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked["state"])
            .append_pair("iss", base);
        back.into()
    }

    /// Trades a code, once, for who proves to be the hub and to have asked for it.
    fn token(&mut self, base: &str, request: &Request) -> Result<Value, &'static str> {
        let form: HashMap<String, String> = request.form();
        let escape = |text: &str| {
            let pair = reqwest::Url::parse_with_params("http://x", [("x", text)]).expect("a URL");
            pair.query().expect("a query")[2..].to_owned()
        };
        let basic = STANDARD.encode(format!("{}:{}", escape(CLIENT), escape(SECRET)));
        if request.authorization != format!("Basic {basic}") {
            return Err("invalid_client");
        }
        // A code that was tried is gone, whatever comes of it.
        let grant = self.grants.remove(&form["code"]).ok_or("invalid_grant")?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
        if challenge != grant.challenge || form["redirect_uri"] != grant.redirect {
            return Err("invalid_grant");
        }
        let now = Timestamp::now().0 / 1000;
        let mut claims = grant.claims;
        merge(
            &mut claims,
            &json!({
                "iss": base, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": grant.nonce,
            }),
        );
        merge(&mut claims, &self.lies);
        let access = format!("access-{:032x}", rand::random::<u128>());
        let mut profile = json!({ "sub": claims["sub"] });
        merge(&mut profile, &self.profile);
        self.tokens.insert(access.clone(), profile);
        Ok(json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 300,
            "id_token": self.signer.sign(&claims),
        }))
    }
}

fn merge(claims: &mut Value, more: &Value) {
    let claims = claims.as_object_mut().expect("claims");
    for (name, value) in more.as_object().expect("claims") {
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.clone(), value.clone()),
        };
    }
}

struct Request {
    url: reqwest::Url,
    authorization: String,
    body: String,
}

impl Request {
    fn form(&self) -> HashMap<String, String> {
        let url = reqwest::Url::parse(&format!("http://x/?{}", self.body)).expect("a form");
        url.query_pairs().into_owned().collect()
    }
}

async fn talk(stream: TcpStream, address: SocketAddr, state: &Mutex<State>) -> std::io::Result<()> {
    let health = || state.lock().expect("no panic").health;
    if health() == Health::Away {
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "authorization" => authorization = value.to_owned(),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    if health() == Health::Silent {
        // Until the asker has had enough.
        stream.read_u8().await?;
        return Ok(());
    }
    let request = Request {
        url: reqwest::Url::parse(&format!("http://{address}{path}")).expect("a URL"),
        authorization,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let (status, location, body) = match health() {
        Health::Elsewhere => (302, "http://127.0.0.1:9/".to_owned(), Value::Null),
        _ => state.lock().expect("no panic").answer(address, &request),
    };
    let body = body.to_string();
    let head = match location.as_str() {
        "" => "content-type: application/json".to_owned(),
        location => format!("location: {location}"),
    };
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await
}
