//! Setup, registering, signing in and out, and who one is.

use super::body::Body;
use super::extract::{Caller, address};
use super::{ApiError, Options, Origins};
use crate::auth::{self, Auth};
use crate::bus::{Bus, Ended, Hint};
use crate::tenant::Tenants;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{Login, Me, Refresh, Register, Session, Setup, SetupStatus};

const COOKIE: &str = "gc_refresh";
const COOKIE_PATH: &str = "/api/v1/auth";

/// What a visitor without a session can do.
#[utoipa::path(get, path = "/setup", tag = "account", security(()),
    responses((status = 200, body = SetupStatus)))]
pub(super) async fn status(
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
) -> Result<web::Json<SetupStatus>, ApiError> {
    Ok(web::Json(SetupStatus {
        setup_needed: tenants.setup_needed().await?,
        registration_open: options.registration_open,
    }))
}

/// Make the first administrator, with an organization and a workspace, by the one-time link.
#[utoipa::path(post, path = "/setup", tag = "account", security(()), request_body = Setup,
    responses((status = 201, body = Session)))]
pub(super) async fn set_up(
    request: HttpRequest,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    auth.admit(address(&request))?;
    let setup: Setup = body.json().await?;
    let session = tenants.set_up(&auth, &setup).await?;
    Ok(signed_in(HttpResponse::Created(), &options, &session))
}

/// Make an account with an organization of one's own. Where registration is closed: forbidden.
#[utoipa::path(post, path = "/auth/register", tag = "account", security(()), request_body = Register,
    responses((status = 201, body = Session)))]
pub(super) async fn register(
    request: HttpRequest,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    if !options.registration_open {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "registration is closed on this hub; ask its administrator",
        ));
    }
    auth.admit(address(&request))?;
    let new: Register = body.json().await?;
    let session = tenants.register(&auth, &new).await?;
    Ok(signed_in(HttpResponse::Created(), &options, &session))
}

/// Sign in by password.
#[utoipa::path(post, path = "/auth/login", tag = "account", security(()), request_body = Login,
    responses((status = 200, body = Session)))]
pub(super) async fn login(
    request: HttpRequest,
    auth: web::Data<Auth>,
    options: web::Data<Options>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let login: Login = body.json().await?;
    let session = auth
        .login(&login.email, &login.password, address(&request))
        .await?;
    Ok(signed_in(HttpResponse::Ok(), &options, &session))
}

/// Trade the refresh token, from the body or the cookie, for a new session answer.
#[utoipa::path(post, path = "/auth/refresh", tag = "account", security(()), request_body = Option<Refresh>,
    responses((status = 200, body = Session)))]
pub(super) async fn refresh(
    request: HttpRequest,
    auth: web::Data<Auth>,
    options: web::Data<Options>,
    origins: web::Data<Origins>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let token = refresh_token(&request, &origins, body).await?;
    let traded = auth.refresh(&token).await;
    if let Err(auth::Error::Reused(session)) = &traded {
        bus.publish(vec![Hint::Ended(Ended::Session(*session))]);
    }
    Ok(signed_in(HttpResponse::Ok(), &options, &traded?))
}

/// End the session of the refresh token, from the body or the cookie.
#[utoipa::path(post, path = "/auth/logout", tag = "account", security(()), request_body = Option<Refresh>,
    responses((status = 204)))]
pub(super) async fn logout(
    request: HttpRequest,
    auth: web::Data<Auth>,
    options: web::Data<Options>,
    origins: web::Data<Origins>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let token = refresh_token(&request, &origins, body).await?;
    let session = auth.logout(&token).await?;
    bus.publish(vec![Hint::Ended(Ended::Session(session))]);
    let mut gone = cookie(&options, "");
    gone.make_removal();
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

/// Who asks, and what they can reach.
#[utoipa::path(get, path = "/me", tag = "account", responses((status = 200, body = Me)))]
pub(super) async fn me(
    caller: Caller,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<Me>, ApiError> {
    Ok(web::Json(tenants.me(&caller.0).await?))
}

/// The refresh token of the body; without one that of the cookie, if a page of ours sent it.
async fn refresh_token(
    request: &HttpRequest,
    origins: &Origins,
    body: Body,
) -> Result<String, ApiError> {
    let given: Option<Refresh> = body.json_if_any().await?;
    if let Some(token) = given.and_then(|given| given.refresh_token) {
        return Ok(token);
    }
    let cookie = request.cookie(COOKIE).ok_or_else(|| {
        ApiError::new(
            ErrorCode::Unauthenticated,
            "send `refresh_token`, or the cookie that signing in gave",
        )
    })?;
    origins.check_cookie(request).map_err(|code| {
        ApiError::new(
            code,
            "the cookie counts only when a page of this hub sends it",
        )
    })?;
    Ok(cookie.value().to_owned())
}

fn signed_in(
    mut answer: HttpResponseBuilder,
    options: &Options,
    session: &Session,
) -> HttpResponse {
    answer
        .cookie(cookie(options, &session.refresh_token))
        .json(session)
}

fn cookie(options: &Options, token: &str) -> Cookie<'static> {
    let lifetime = i64::try_from(options.refresh_lifetime.as_secs()).unwrap_or(i64::MAX);
    Cookie::build(COOKIE, token.to_owned())
        .path(COOKIE_PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(options.secure_cookies)
        .max_age(time::Duration::seconds(lifetime))
        .finish()
}
