//! Who asks, and for which workspace: proved before a handler runs.

use super::calls::Billed;
use super::{ApiError, Options};
use crate::auth::{self, Auth, Principal, Visitor};
use crate::metering::{Actor, Work};
use crate::tenant::{MAX_PAGE, OrganizationScope, Page, Permission, Scope, Tenants};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, USER_AGENT};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use generic_corp_protocol::{ErrorCode, Slug, StreamId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// The principal of the `Authorization` header.
pub struct Caller(pub Principal);

/// The caller's right to the workspace in the path, with at least the permission `P`.
pub struct Scoped<P> {
    /// Who asks.
    pub principal: Principal,
    /// The right.
    pub scope: Scope,
    permission: PhantomData<P>,
}

/// The permission that a handler needs, as a type.
pub trait Needs: 'static {
    /// Which.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident = $permission:ident;)*) => {$(
        #[doc = concat!("[`Permission::", stringify!($permission), "`].")]
        pub struct $name;

        impl Needs for $name {
            const PERMISSION: Permission = Permission::$permission;
        }
    )*};
}

needs! {
    Read = Read;
    Admin = Admin;
    // What the handler calls looks at the scopes itself.
    Any = Known;
    Member = Member;
    Manage = Manage;
    Own = Own;
}

/// The caller's right to the organization in the path, with the permission `P`.
pub struct InOrganization<P> {
    /// The right.
    pub scope: OrganizationScope,
    permission: PhantomData<P>,
}

impl<P: Needs> FromRequest for InOrganization<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let principal = principal(&request).await?;
            let organization = request.match_info().get("organization").unwrap_or_default();
            let scope = part::<Tenants>(&request)?
                .authorize_organization(&principal, organization, P::PERMISSION)
                .await?;
            request.extensions_mut().insert(Billed {
                organization: scope.id,
                workspace: None,
                actor: Actor::of(&principal.sender(), None),
            });
            Ok(Self {
                scope,
                permission: PhantomData,
            })
        })
    }
}

/// A signed-in person. A key is refused: it has no account.
pub struct Person {
    /// As whom they are known.
    pub person: auth::Person,
    /// The same, as everybody else is.
    pub principal: Principal,
}

impl Person {
    /// Who sent the request.
    ///
    /// # Errors
    /// As [`Caller`], and `forbidden` for a key.
    pub async fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let principal = principal(request).await?;
        let Principal::User { id, session, .. } = &principal else {
            return Err(ApiError::new(
                ErrorCode::Forbidden,
                "only a signed-in person has an account",
            ));
        };
        Ok(Self {
            person: auth::Person {
                id: *id,
                session: *session,
                sender: principal.sender(),
            },
            principal,
        })
    }
}

impl FromRequest for Person {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { principal(&request).await.map(Self) })
    }
}

impl<P: Needs> FromRequest for Scoped<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let principal = principal(&request).await?;
            let workspace = request.match_info().get("workspace").unwrap_or_default();
            let scope = part::<Tenants>(&request)?
                .authorize(&principal, workspace)
                .await?;
            request.extensions_mut().insert(Billed {
                organization: scope.organization(),
                workspace: Some(scope.workspace()),
                actor: scope.actor(),
            });
            // At the stop reading still works.
            if !matches!(*request.method(), Method::GET | Method::HEAD) {
                scope.budget().check(Work::Call, scope.sender().kind)?;
            }
            if P::PERMISSION.is_in(scope.scopes()) {
                Ok(Self {
                    principal,
                    scope,
                    permission: PhantomData,
                })
            } else {
                Err(ApiError::new(
                    ErrorCode::Forbidden,
                    format!("this needs the scope `{}`", P::PERMISSION.name()),
                ))
            }
        })
    }
}

async fn principal(request: &HttpRequest) -> Result<Principal, ApiError> {
    if let Some(proved) = request.extensions().get::<Principal>() {
        return Ok(proved.clone());
    }
    let token = bearer(request)?.ok_or_else(|| {
        ApiError::new(
            ErrorCode::Unauthenticated,
            "send `Authorization: Bearer` with an access token or an API key",
        )
    })?;
    Ok(part::<Auth>(request)?.authenticate(token).await?)
}

/// The token of the `Authorization` header, if there is the header.
///
/// # Errors
/// `invalid_token` when there are several, or it holds anything but one bearer token.
pub fn bearer(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    bearer_of(request.headers())
}

/// The same for a request that is not actix-web's.
///
/// # Errors
/// As [`bearer`].
pub fn bearer_of(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut headers = headers.get_all(AUTHORIZATION);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty() && !token.contains(' '));
    match (token, headers.next()) {
        (Some(token), None) => Ok(Some(token)),
        _ => Err(ApiError::new(
            ErrorCode::InvalidToken,
            "send one `Authorization` header: `Bearer`, a space, and the token",
        )),
    }
}

/// A part of the hub that was given to the application.
fn part<T: 'static>(request: &HttpRequest) -> Result<&T, ApiError> {
    let missing = || {
        let name = std::any::type_name::<T>();
        ApiError::of(
            ErrorCode::Internal,
            &format!("{name} is not app data"),
            None,
        )
    };
    let data = request.app_data::<web::Data<T>>().ok_or_else(missing)?;
    Ok(data.as_ref())
}

/// Who asks, also through a trusted proxy.
pub fn address(request: &HttpRequest) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    match request.app_data::<web::Data<Options>>() {
        Some(options) => options.proxies.client(peer, request.headers()),
        None => peer,
    }
}

/// Who asks, as a session remembers where it was begun.
pub fn visitor(request: &HttpRequest) -> Visitor {
    let agent = request.headers().get(USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    Visitor::new(address(request), agent)
}

/// The name or id in the path; what has not its form is not there.
///
/// # Errors
/// `not_found`.
pub fn in_path<T: FromStr>(request: &HttpRequest, part: &'static str) -> Result<T, ApiError> {
    let text = request.match_info().get(part).unwrap_or_default();
    text.parse()
        .map_err(|_| ApiError::new(ErrorCode::NotFound, format!("there is no such {part} here")))
}

/// The room's name in the path.
///
/// # Errors
/// `not_found`.
pub fn room(request: &HttpRequest) -> Result<Slug, ApiError> {
    in_path(request, "room")
}

/// The query of this shape.
///
/// # Errors
/// `unknown_field` or `invalid`.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    web::Query::<T>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .map_err(|error| {
            let text = error.to_string();
            let cause = text
                .strip_prefix("Query deserialize error: ")
                .unwrap_or(&text);
            let code = match cause.starts_with("unknown field") {
                true => ErrorCode::UnknownField,
                false => ErrorCode::Invalid,
            };
            ApiError::new(code, format!("query: {cause}"))
        })
}

/// The stream's id in the path.
///
/// # Errors
/// `not_found`.
pub fn stream(request: &HttpRequest) -> Result<StreamId, ApiError> {
    in_path(request, "stream")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    #[serde(default)]
    after: String,
    limit: Option<u32>,
}

/// Which part of a list is asked for: `?after=` and `?limit=`.
///
/// # Errors
/// As [`query`].
pub fn page(request: &HttpRequest) -> Result<Page, ApiError> {
    let query: PageQuery = query(request)?;
    Ok(Page {
        after: query.after,
        limit: query.limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE),
    })
}
