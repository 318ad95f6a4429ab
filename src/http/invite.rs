//! Organizations, and the invites that lead into them.

use super::account::signed_in;
use super::body::Body;
use super::extract::{InOrganization, Manage, Person, address, in_path, visitor};
use super::link::{Page, link};
use super::{ApiError, Options, letter};
use crate::auth::Auth;
use crate::config::Registration;
use crate::mail::Mail;
use crate::tenant::Tenants;
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::rest::{
    AcceptInvite, Invite, InviteInfo, LinkToken, Me, NewInvite, NewInviteLink, NewOrganization,
    ResetLink,
};
use generic_corp_protocol::{ErrorCode, InviteId, UserId};

/// Make an organization of one's own, with a workspace `main`. Where registration is not open: forbidden.
#[utoipa::path(post, path = "/organizations", tag = "account", request_body = NewOrganization,
    responses((status = 201, body = Me)))]
pub(super) async fn found(
    request: HttpRequest,
    person: Person,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    if options.registration != Registration::Open {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "only the operator makes organizations on this hub",
        ));
    }
    let new: NewOrganization = body.json().await?;
    tenants
        .found_another(&person.person, &new.slug, address(&request))
        .await?;
    Ok(HttpResponse::Created().json(tenants.me(&person.principal).await?))
}

/// The invites of an organization that are open, the newest first.
#[utoipa::path(get, path = "/organizations/{organization}/invites", tag = "account",
    params(("organization" = String, Path, description = "Name or id")),
    responses((status = 200, body = Vec<Invite>)))]
pub(super) async fn list(
    organization: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
) -> Result<web::Json<Vec<Invite>>, ApiError> {
    Ok(web::Json(tenants.invites(&organization.scope).await?))
}

/// Make an invite. Its link works once and is shown this once.
#[utoipa::path(post, path = "/organizations/{organization}/invites", tag = "account",
    params(("organization" = String, Path, description = "Name or id")),
    request_body = NewInvite, responses((status = 201, body = NewInviteLink)))]
pub(super) async fn create(
    request: HttpRequest,
    organization: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    mail: web::Data<Mail>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let new: NewInvite = body.json().await?;
    let made = tenants.invite(&organization.scope, &new, address(&request));
    let (invite, token) = made.await?;
    let link = link(&options, Page::Invite, &token);
    let sent = invite.email.as_ref().is_some_and(|to| {
        let letter = letter::invite(to, &invite, &organization.scope.name, &link);
        // Who made it sees that it was not sent, and hands the link on.
        mail.send(letter).is_ok()
    });
    Ok(HttpResponse::Created().json(NewInviteLink {
        link,
        sent,
        invite,
        token,
    }))
}

/// Take an invite back.
#[utoipa::path(delete, path = "/organizations/{organization}/invites/{invite}", tag = "account",
    params(("organization" = String, Path, description = "Name or id"),
        ("invite" = String, Path, description = "Id")),
    responses((status = 204)))]
pub(super) async fn revoke(
    request: HttpRequest,
    organization: InOrganization<Manage>,
    tenants: web::Data<Tenants>,
) -> Result<HttpResponse, ApiError> {
    let id: InviteId = in_path(&request, "invite")?;
    tenants
        .revoke_invite(&organization.scope, id, address(&request))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What an invite leads to.
#[utoipa::path(post, path = "/invites/show", tag = "account", security(()), request_body = LinkToken,
    responses((status = 200, body = InviteInfo)))]
pub(super) async fn show(
    request: HttpRequest,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<web::Json<InviteInfo>, ApiError> {
    auth.admit(address(&request))?;
    let link: LinkToken = body.json().await?;
    Ok(web::Json(tenants.show_invite(&link.token).await?))
}

/// Accept an invite with a new account. Where registration is closed: forbidden.
#[utoipa::path(post, path = "/invites/accept", tag = "account", security(()), request_body = AcceptInvite,
    responses((status = 201, body = generic_corp_protocol::rest::Session)))]
pub(super) async fn accept(
    request: HttpRequest,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    if options.registration == Registration::Closed {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "no accounts are made on this hub; sign in to accept the invite, or ask its operator",
        ));
    }
    auth.admit(address(&request))?;
    let accept: AcceptInvite = body.json().await?;
    let session = tenants
        .accept_invite(&auth, &accept, visitor(&request))
        .await?;
    Ok(signed_in(HttpResponse::Created(), &options, &session))
}

/// Accept an invite with the account that asks.
#[utoipa::path(post, path = "/invites/join", tag = "account", request_body = LinkToken,
    responses((status = 200, body = Me)))]
pub(super) async fn join(
    request: HttpRequest,
    person: Person,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    body: Body,
) -> Result<web::Json<Me>, ApiError> {
    auth.admit(address(&request))?;
    let link: LinkToken = body.json().await?;
    tenants
        .join(&person.person, &link.token, address(&request))
        .await?;
    Ok(web::Json(tenants.me(&person.principal).await?))
}

/// Make a link to a new password for a member who is in no other organization.
#[utoipa::path(post, path = "/organizations/{organization}/members/{user}/reset", tag = "account",
    params(("organization" = String, Path, description = "Name or id"),
        ("user" = String, Path, description = "Id")),
    responses((status = 201, body = ResetLink)))]
pub(super) async fn reset_member(
    request: HttpRequest,
    organization: InOrganization<Manage>,
    auth: web::Data<Auth>,
    tenants: web::Data<Tenants>,
    options: web::Data<Options>,
) -> Result<HttpResponse, ApiError> {
    let user: UserId = in_path(&request, "user")?;
    let made = tenants.reset_member(&auth, &organization.scope, user, address(&request));
    let token = made.await?;
    Ok(HttpResponse::Created().json(ResetLink {
        link: link(&options, Page::Reset, &token),
        token,
    }))
}
