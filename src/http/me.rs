//! One's own account: name, password, sessions.

use super::account::signed_in;
use super::body::Body;
use super::extract::{Person, address, in_path};
use super::link::{Page, link};
use super::{ApiError, Options, letter};
use crate::auth::Auth;
use crate::bus::{Bus, Ended, Hint};
use crate::mail::Mail;
use crate::tenant::Tenants;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::rest::{
    ChangeMe, ChangePassword, Forgot, Me, OwnSession, ResetPassword, Session,
};
use generic_corp_protocol::{ErrorCode, SessionId};

/// Change one's name. Sockets that are open keep the old one.
#[utoipa::path(patch, path = "/me", tag = "account", request_body = ChangeMe,
    responses((status = 200, body = Me)))]
pub(super) async fn rename(
    person: Person,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<web::Json<Me>, ApiError> {
    let change: ChangeMe = body.json().await?;
    auth.rename(&person.person, &change.name).await?;
    let mut me = tenants.me(&person.principal).await?;
    // The principal was proved before.
    me.you.name = change.name.trim().to_owned();
    Ok(web::Json(me))
}

/// Change one's password. Every other session ends; this one goes on with the tokens of the answer.
#[utoipa::path(post, path = "/me/password", tag = "account", request_body = ChangePassword,
    responses((status = 200, body = Session)))]
pub(super) async fn change_password(
    request: HttpRequest,
    person: Person,
    auth: web::Data<Auth>,
    options: web::Data<Options>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let change: ChangePassword = body.json().await?;
    let (current, new) = (&change.current, &change.password);
    let changed = auth.change_password(&person.person, current, new, address(&request));
    let (session, ended) = changed.await?;
    announce(&bus, &ended);
    Ok(signed_in(HttpResponse::Ok(), &options, &session))
}

/// Have a link to a new password sent. The answer, and the time it takes, do not tell whether there is an account.
#[utoipa::path(post, path = "/auth/forgot", tag = "account", security(()), request_body = Forgot,
    responses((status = 202)))]
pub(super) async fn forgot(
    request: HttpRequest,
    auth: web::Data<Auth>,
    options: web::Data<Options>,
    mail: web::Data<Mail>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let from = address(&request);
    let Forgot { email } = body.json().await?;
    auth.admit_mail(&email, from)?;
    let letters = mail.get_ref().clone();
    let work = async move {
        match auth.mail_reset(&email, from).await {
            Ok(Some((to, token))) => {
                let link = link(&options, Page::Reset, &token);
                if let Err(error) = letters.send(letter::reset(&to, &link)) {
                    tracing::warn!(%error, "a link to a new password is not sent");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a link to a new password was not made"),
        }
    };
    mail.later(work)?;
    Ok(HttpResponse::Accepted().finish())
}

/// Set a new password by a one-time link. Every session of the account ends.
#[utoipa::path(post, path = "/auth/reset", tag = "account", security(()), request_body = ResetPassword,
    responses((status = 204)))]
pub(super) async fn reset(
    request: HttpRequest,
    auth: web::Data<Auth>,
    bus: web::Data<Bus>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let reset: ResetPassword = body.json().await?;
    let ended = auth.reset(&reset.token, &reset.password, address(&request));
    announce(&bus, &ended.await?);
    Ok(HttpResponse::NoContent().finish())
}

/// One's live sessions, the last used first.
#[utoipa::path(get, path = "/me/sessions", tag = "account",
    responses((status = 200, body = Vec<OwnSession>)))]
pub(super) async fn sessions(
    person: Person,
    auth: web::Data<Auth>,
) -> Result<web::Json<Vec<OwnSession>>, ApiError> {
    let rows = auth.sessions(&person.person).await?;
    let shown = rows.into_iter().map(|row| OwnSession {
        id: row.id,
        current: row.id == person.person.session,
        created_at: row.created_at,
        last_used_at: row.rotated_at,
        expires_at: row.expires_at,
        address: row.address,
        user_agent: row.user_agent,
    });
    Ok(web::Json(shown.collect()))
}

/// End one of one's sessions and its connections.
#[utoipa::path(delete, path = "/me/sessions/{session}", tag = "account",
    params(("session" = String, Path, description = "Id")), responses((status = 204)))]
pub(super) async fn end_session(
    request: HttpRequest,
    person: Person,
    auth: web::Data<Auth>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let id: SessionId = in_path(&request, "session")?;
    let ended = auth.end_session(&person.person, id, address(&request));
    if !ended.await? {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            "there is no such session here",
        ));
    }
    announce(&bus, &[id]);
    Ok(HttpResponse::NoContent().finish())
}

/// End every other session and its connections.
#[utoipa::path(delete, path = "/me/sessions", tag = "account", responses((status = 204)))]
pub(super) async fn end_other_sessions(
    request: HttpRequest,
    person: Person,
    auth: web::Data<Auth>,
    bus: web::Data<Bus>,
) -> Result<HttpResponse, ApiError> {
    let ended = auth.end_other_sessions(&person.person, address(&request));
    announce(&bus, &ended.await?);
    Ok(HttpResponse::NoContent().finish())
}

/// Closes the sockets of ended sessions on every node.
fn announce(bus: &Bus, ended: &[SessionId]) {
    let hints = ended.iter().map(|id| Hint::Ended(Ended::Session(*id)));
    bus.publish(hints.collect());
}
