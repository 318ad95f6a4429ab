//! The provider: where it is, its keys, and the authorization code flow with PKCE (RFC 7636).

use super::client::Client;
use super::{Error, Identity};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreIdToken,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, TokenResponse as _,
};
use parking_lot::RwLock;
use secrecy::{ExposeSecret, SecretString};
use std::error::Error as _;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long what the provider says of itself is taken for true.
const FRESH: Duration = Duration::from_secs(3600);
/// After a failure it is not asked for so long.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// Longest subject there may be (Core 1.0, section 2).
const MAX_SUBJECT_BYTES: usize = 255;

/// Asymmetric ones only: nobody but the provider can then have signed.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 6] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Which provider, and as whom the hub is known to it.
pub struct Options {
    /// As its tokens name it.
    pub issuer: String,
    /// The hub's id.
    pub client_id: String,
    /// Its secret; empty for a public client.
    pub client_secret: SecretString,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Where people come back to.
    pub redirect_url: String,
}

/// What belongs to one sign-in, and comes back with it.
pub struct Ticket<'a> {
    /// Comes back with the browser.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a SecretString,
    /// Proves that who takes the code is who asked for it.
    pub verifier: &'a SecretString,
}

/// See the module. A cheap handle.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    scopes: Vec<Scope>,
    redirect_url: RedirectUrl,
    client: Client,
    known: RwLock<Option<Known>>,
    /// Held while it is asked; when that failed last.
    asking: Mutex<Option<Instant>>,
}

/// What the provider said of itself, and when.
#[derive(Clone)]
struct Known {
    metadata: Arc<CoreProviderMetadata>,
    at: Instant,
}

type CoreErrorResponse = openidconnect::StandardErrorResponse<CoreErrorResponseType>;
type OpenId = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    /// Asks for nothing yet.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn new(options: Options) -> Result<Self, Error> {
        let secret = options.client_secret.expose_secret();
        let scopes = options.scopes.into_iter().filter(|name| name != "openid");
        Ok(Self(Arc::new(Inner {
            issuer: IssuerUrl::new(options.issuer)
                .map_err(|_| Error::Invalid("oidc.issuer: a URL"))?,
            client_id: ClientId::new(options.client_id),
            client_secret: (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned())),
            scopes: scopes.map(Scope::new).collect(),
            redirect_url: RedirectUrl::new(options.redirect_url)
                .map_err(|_| Error::Invalid("server.public_url: a URL"))?,
            client: Client::new()
                .map_err(|_| Error::Invalid("oidc: no HTTP client can be made"))?,
            known: RwLock::new(None),
            asking: Mutex::new(None),
        })))
    }

    /// Whether this is the provider's name (RFC 9207).
    pub fn is_issuer(&self, name: &str) -> bool {
        self.0.issuer.as_str() == name
    }

    /// Where to send a browser.
    ///
    /// # Errors
    /// [`Error::Away`].
    pub async fn address(&self, ticket: &Ticket<'_>) -> Result<String, Error> {
        let client = self.open_id(&self.known(None).await?);
        let (state, nonce) = (
            ticket.state.to_owned(),
            ticket.nonce.expose_secret().to_owned(),
        );
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        );
        let verifier = verifier(ticket);
        let (url, _, _) = request
            .add_scopes(self.0.scopes.iter().cloned())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn identify(&self, code: &str, ticket: &Ticket<'_>) -> Result<Identity, Error> {
        let known = self.known(None).await?;
        let client = self.open_id(&known);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| away(&error))?
            .set_pkce_verifier(verifier(ticket));
        let answer = request.request_async(&self.0.client).await;
        let answer = answer.map_err(refused)?;
        let token = answer.id_token();
        let token = token.ok_or_else(|| untrusted(&"there is no ID token"))?;
        let identity = match verify(&client, token, ticket.nonce) {
            // A key that is not known may be a new one. Only who has a code from the provider comes so far.
            Err(error) if is_of_key(&error) => {
                let known = self.known(Some(known.at)).await?;
                verify(&self.open_id(&known), token, ticket.nonce)
            }
            verified => verified,
        };
        let identity = identity.map_err(|error| untrusted(&error))?;
        let subject = identity.subject.as_str();
        if !(1..=MAX_SUBJECT_BYTES).contains(&subject.len()) || subject.contains(char::is_control) {
            return Err(untrusted(&"the subject is empty, too long or no text"));
        }
        Ok(match identity.email {
            Some(_) => identity,
            None => self.ask(&client, &answer, identity).await,
        })
    }

    /// Some providers have the address in another answer than the ID token. Without one the person is the same.
    async fn ask(
        &self,
        client: &OpenId,
        answer: &CoreTokenResponse,
        identity: Identity,
    ) -> Identity {
        let token = answer.access_token().clone();
        let subject = openidconnect::SubjectIdentifier::new(identity.subject.clone());
        let Ok(request) = client.user_info(token, Some(subject)) else {
            return identity;
        };
        match request.request_async(&self.0.client).await {
            Ok(claims) => identity.with(&claims),
            Err(error) => {
                tracing::warn!(%error, "the sign-in provider does not tell about a person");
                identity
            }
        }
    }

    /// What the provider says of itself; asked for anew where that is old, or not newer than `than`.
    async fn known(&self, than: Option<Instant>) -> Result<Known, Error> {
        let fresh = |known: &Known| match than {
            Some(than) => known.at > than,
            None => known.at.elapsed() < FRESH,
        };
        let last = || self.0.known.read().clone();
        if let Some(known) = last().filter(fresh) {
            return Ok(known);
        }
        let mut failed = self.0.asking.lock().await;
        if let Some(known) = last().filter(fresh) {
            return Ok(known);
        }
        if failed.is_none_or(|at| at.elapsed() >= PAUSE) {
            let issuer = self.0.issuer.clone();
            let found = CoreProviderMetadata::discover_async(issuer, &self.0.client).await;
            match found {
                Ok(metadata) => {
                    *failed = None;
                    let known = Known {
                        metadata: Arc::new(metadata),
                        at: Instant::now(),
                    };
                    *self.0.known.write() = Some(known.clone());
                    return Ok(known);
                }
                Err(error) => {
                    *failed = Some(Instant::now());
                    // Only its cause says more than that it failed.
                    away(error.source().map_or(&error as &dyn Display, |cause| cause));
                }
            }
        }
        // Keys that are an hour old are most likely still good; those that were just found wanting are not.
        last().filter(|_| than.is_none()).ok_or(Error::Away)
    }

    fn open_id(&self, known: &Known) -> OpenId {
        let metadata = (*known.metadata).clone();
        let methods = metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
        let kind = match takes(CoreClientAuthMethod::ClientSecretBasic) {
            true => AuthType::BasicAuth,
            false => AuthType::RequestBody,
        };
        let (id, secret) = (self.0.client_id.clone(), self.0.client_secret.clone());
        CoreClient::from_provider_metadata(metadata, id, secret)
            .set_redirect_uri(self.0.redirect_url.clone())
            .set_auth_type(kind)
    }
}

fn verifier(ticket: &Ticket<'_>) -> PkceCodeVerifier {
    PkceCodeVerifier::new(ticket.verifier.expose_secret().to_owned())
}

/// Signature, issuer, audience, time and nonce (Core 1.0, section 3.1.3.7).
fn verify(
    client: &OpenId,
    token: &CoreIdToken,
    nonce: &SecretString,
) -> Result<Identity, ClaimsVerificationError> {
    let nonce = Nonce::new(nonce.expose_secret().to_owned());
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    token.claims(&verifier, &nonce).map(Identity::of)
}

fn is_of_key(error: &ClaimsVerificationError) -> bool {
    use SignatureVerificationError::{AmbiguousKeyId, CryptoError, NoMatchingKey};
    matches!(
        error,
        ClaimsVerificationError::SignatureVerification(
            AmbiguousKeyId(_) | CryptoError(_) | NoMatchingKey
        )
    )
}

fn refused<E: std::error::Error + 'static>(
    error: RequestTokenError<E, CoreErrorResponse>,
) -> Error {
    match error {
        RequestTokenError::ServerResponse(answer) if answer.error().as_ref() == "invalid_grant" => {
            Error::Spent
        }
        // Its description is the provider's own text, which may quote what it was sent.
        RequestTokenError::ServerResponse(answer) => {
            away(&format_args!("it answers {}", answer.error().as_ref()))
        }
        RequestTokenError::Request(error) => away(&error),
        RequestTokenError::Parse(..) => untrusted(&"its answer about a code has not the form"),
        RequestTokenError::Other(_) => away(&"its answer about a code is none"),
    }
}

fn away(error: &dyn Display) -> Error {
    tracing::warn!(%error, "the sign-in provider does not answer as one");
    Error::Away
}

fn untrusted(error: &dyn Display) -> Error {
    tracing::warn!(%error, "an answer of the sign-in provider was refused");
    Error::Untrusted
}
