//! Sign-in at a provider of OpenID Connect: the way there and back.

use super::account::signed_in;
use super::body::Body;
use super::extract::{address, visitor};
use super::{ApiError, Options, Origins};
use crate::auth::{self, Auth, PENDING_SECONDS, Pending};
use crate::oidc::{self, Provider, Ticket};
use crate::tenant::{EntryRules, Tenants};
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{FinishSignIn, Session, SignInAddress};

/// The page of the dashboard that people come back to.
pub const CALLBACK: &str = "/sign-in/callback";

/// The provider, where the settings name one, and who may come in by it.
#[derive(Clone)]
pub struct Elsewhere {
    /// Who proves people.
    pub provider: Provider,
    /// What people call it.
    pub name: String,
    /// What is done with who is proved.
    pub rules: EntryRules,
}

/// Begin a sign-in at the provider: the address to go to, and a cookie that only this browser has.
#[utoipa::path(post, path = "/auth/oidc", tag = "account", security(()),
    responses((status = 200, body = SignInAddress)))]
pub(super) async fn begin(
    request: HttpRequest,
    auth: web::Data<Auth>,
    options: web::Data<Options>,
    elsewhere: web::Data<Option<Elsewhere>>,
) -> Result<HttpResponse, ApiError> {
    let elsewhere = configured(&elsewhere)?;
    auth.admit(address(&request))?;
    let (token, pending) = auth.begin_elsewhere()?;
    let url = elsewhere.provider.address(&ticket(&pending)).await?;
    Ok(HttpResponse::Ok()
        .cookie(cookie(&options, &token))
        .json(SignInAddress { url }))
}

/// Finish a sign-in with what the provider's answer has in the address that the browser came back to.
#[utoipa::path(post, path = "/auth/oidc/callback", tag = "account", security(()), request_body = FinishSignIn,
    responses((status = 200, body = Session)))]
pub(super) async fn finish(
    request: HttpRequest,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    origins: web::Data<Origins>,
    elsewhere: web::Data<Option<Elsewhere>>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let Elsewhere {
        provider, rules, ..
    } = configured(&elsewhere)?;
    auth.admit(address(&request))?;
    let answer: FinishSignIn = body.json().await?;
    let token = request.cookie(name(&options));
    let token = token.ok_or(auth::Error::Elsewhere)?;
    origins.check_cookie(&request).map_err(|code| {
        ApiError::new(
            code,
            "the cookie counts only when a page of this hub sends it",
        )
    })?;
    let pending = auth.resume_elsewhere(token.value(), &answer.state)?;
    let issuer = answer.iss.as_deref();
    if issuer.is_some_and(|issuer| !provider.is_issuer(issuer)) {
        return Err(oidc::Error::Untrusted.into());
    }
    let code = answer.code.ok_or(oidc::Error::Denied)?;
    let identity = provider.identify(&code, &ticket(&pending)).await?;
    let session = tenants
        .enter(&auth, (&identity, &pending), rules, visitor(&request))
        .await?;
    let mut answer = signed_in(HttpResponse::Ok(), &options, &session);
    let mut gone = cookie(&options, "");
    gone.make_removal();
    answer
        .add_cookie(&gone)
        .map_err(|error| ApiError::of(ErrorCode::Internal, &format!("a cookie: {error}"), None))?;
    Ok(answer)
}

fn configured(elsewhere: &Option<Elsewhere>) -> Result<&Elsewhere, ApiError> {
    elsewhere.as_ref().ok_or_else(|| {
        ApiError::new(
            ErrorCode::Unsupported,
            "this hub has no sign-in provider; sign in by password",
        )
    })
}

fn ticket(pending: &Pending) -> Ticket<'_> {
    Ticket {
        state: &pending.state,
        nonce: &pending.nonce,
        verifier: &pending.verifier,
    }
}

/// Over TLS the name itself keeps other hosts of the domain from setting the cookie.
fn name(options: &Options) -> &'static str {
    match options.secure_cookies {
        true => "__Host-gc_sign_in",
        false => "gc_sign_in",
    }
}

/// Lax: the browser comes back from another site.
fn cookie(options: &Options, token: &str) -> Cookie<'static> {
    Cookie::build(name(options), token.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(options.secure_cookies)
        .max_age(time::Duration::seconds(i64::from(PENDING_SECONDS)))
        .finish()
}
