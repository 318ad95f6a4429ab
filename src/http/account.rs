//! Setup, registering, signing in and out, and who one is.

use super::body::Body;
use super::extract::{Caller, address, visitor};
use super::link::{Page, link};
use super::{ApiError, Elsewhere, Options, Origins, letter};
use crate::auth::{self, Auth};
use crate::bus::{Bus, Ended, Hint};
use crate::config::Registration;
use crate::mail::Mail;
use crate::tenant::{Kept, Pending, Tenants};
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{
    ConfirmAccount, Login, Me, Refresh, Register, Registered, Session, Setup, SetupStatus,
};

const COOKIE: &str = "gc_refresh";
const COOKIE_PATH: &str = "/api/v1/auth";

/// What a visitor without a session can do.
#[utoipa::path(get, path = "/setup", tag = "account", security(()),
    responses((status = 200, body = SetupStatus)))]
pub(super) async fn status(
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    mail: web::Data<Mail>,
    elsewhere: web::Data<Option<Elsewhere>>,
) -> Result<web::Json<SetupStatus>, ApiError> {
    Ok(web::Json(SetupStatus {
        setup_needed: tenants.setup_needed().await?,
        registration_open: options.registration == Registration::Open,
        registration: options.registration.name().to_owned(),
        reset_by_mail: mail.is_on(),
        sign_in_with: elsewhere
            .as_ref()
            .as_ref()
            .map(|elsewhere| elsewhere.name.clone()),
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
    let session = tenants.set_up(&auth, &setup, visitor(&request)).await?;
    Ok(signed_in(HttpResponse::Created(), &options, &session))
}

/// Make an account with an organization of one's own. The answer does not tell whether the address had an account.
/// Where registration is not open: forbidden.
#[utoipa::path(post, path = "/auth/register", tag = "account", security(()), request_body = Register,
    responses((status = 202, body = Registered)))]
pub(super) async fn register(
    request: HttpRequest,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    mail: web::Data<Mail>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    if options.registration != Registration::Open {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            match options.registration {
                Registration::Invite => "accounts are made by invite on this hub; ask for one",
                _ => "registration is closed on this hub; ask its administrator",
            },
        ));
    }
    auth.admit(address(&request))?;
    let new: Register = body.json().await?;
    let next = match mail.is_on() {
        true => {
            let pending = tenants.prepare_registration(&auth, &new).await?;
            confirm_by_mail(&tenants, &mail, &options, pending)?;
            "confirm"
        }
        false => {
            tenants.register(&auth, &new).await?;
            "sign_in"
        }
    };
    Ok(HttpResponse::Accepted().json(Registered {
        next: next.to_owned(),
    }))
}

/// Writes to the address: with a link that finishes the account, or that it has one.
fn confirm_by_mail(
    tenants: &Tenants,
    mail: &Mail,
    options: &Options,
    pending: Pending,
) -> Result<(), ApiError> {
    let (tenants, letters, options) = (tenants.clone(), mail.clone(), options.clone());
    let work = async move {
        let to = pending.email().to_owned();
        let written = match tenants.keep_registration(pending).await {
            Ok(Kept::Pending(token)) => {
                let link = link(&options, Page::Confirm, &token);
                letters.send(letter::confirm(&to, &link))
            }
            Ok(Kept::Known) => letters.send(letter::known(&to, &options.public_url)),
            Ok(Kept::Enough) => Ok(()),
            Err(error) => {
                tracing::error!(%error, "a registration was not kept");
                Ok(())
            }
        };
        if let Err(error) = written {
            tracing::warn!(%error, "a registration is not confirmed");
        }
    };
    Ok(mail.later(work)?)
}

/// Finish an account by the link that was sent to its address and the password it was registered with: who has
/// but one of them gets none.
#[utoipa::path(post, path = "/auth/confirm", tag = "account", security(()), request_body = ConfirmAccount,
    responses((status = 201, body = Session)))]
pub(super) async fn confirm(
    request: HttpRequest,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    auth.admit(address(&request))?;
    let confirmed: ConfirmAccount = body.json().await?;
    let session = tenants.confirm(&auth, &confirmed, visitor(&request));
    Ok(signed_in(
        HttpResponse::Created(),
        &options,
        &session.await?,
    ))
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
        .login(&login.email, &login.password, visitor(&request))
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
    let session = auth.logout(&token, Some(address(&request))).await?;
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

pub(super) fn signed_in(
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
