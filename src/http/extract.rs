//! Who asks, and for which workspace: what the gate has proved, as a handler takes it.

use super::gate::{Right, disagree, proved};
use super::{ApiError, Options};
use crate::auth::{self, Auth, Principal, Visitor};
use crate::tenant::{MAX_PAGE, OrganizationScope, Page, Permission, Scope};
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, USER_AGENT};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use generic_corp_protocol::{ErrorCode, Slug, StreamId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// The principal of the `Authorization` header.
pub struct Caller(pub Principal);

/// The caller's right to the workspace in the path, with the permission `P`.
pub struct Scoped<P> {
    /// Who asks.
    pub principal: Principal,
    /// The right.
    pub scope: Scope,
    permission: PhantomData<P>,
}

/// The permission that a handler counts on, as a type: that of its row in the table.
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
    Publish = Publish;
    Stream = Stream;
    Admin = Admin;
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
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match proved(request, Some(P::PERMISSION)) {
            Ok(Right::Organization(scope)) => Ok(Self {
                scope,
                permission: PhantomData,
            }),
            Ok(_) => Err(disagree(request.path())),
            Err(error) => Err(error),
        })
    }
}

/// A signed-in person, about their own account.
pub struct Person {
    /// As whom they are known.
    pub person: auth::Person,
    /// The same, as everybody else is.
    pub principal: Principal,
}

impl FromRequest for Person {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match proved(request, Some(Permission::Person)) {
            Ok(Right::Known(principal)) => match &principal {
                Principal::User { id, session, .. } => Ok(Self {
                    person: auth::Person {
                        id: *id,
                        session: *session,
                        sender: principal.sender(),
                    },
                    principal,
                }),
                Principal::Agent { .. } => Err(disagree(request.path())),
            },
            Ok(_) => Err(disagree(request.path())),
            Err(error) => Err(error),
        })
    }
}

/// Somebody who runs the hub.
pub struct Operator;

impl FromRequest for Operator {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(proved(request, Some(Permission::Operate)).map(|_| Self))
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match proved(request, None) {
            Ok(Right::Known(principal) | Right::Workspace(principal, _)) => Ok(Self(principal)),
            Ok(_) => Err(disagree(request.path())),
            Err(error) => Err(error),
        })
    }
}

impl<P: Needs> FromRequest for Scoped<P> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match proved(request, Some(P::PERMISSION)) {
            Ok(Right::Workspace(principal, scope)) => Ok(Self {
                principal,
                scope,
                permission: PhantomData,
            }),
            Ok(_) => Err(disagree(request.path())),
            Err(error) => Err(error),
        })
    }
}

/// Who sent the request; found once, also where calls were counted before.
pub(super) async fn principal(request: &HttpRequest) -> Result<Principal, ApiError> {
    if let Some(known) = request.extensions().get::<Principal>() {
        return Ok(known.clone());
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
pub(super) fn part<T: 'static>(request: &HttpRequest) -> Result<&T, ApiError> {
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
    query_of(request.query_string())
}

/// The same of a query that stands by itself.
///
/// # Errors
/// As [`query`].
pub(super) fn query_of<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    web::Query::<T>::from_query(text)
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
    page_of(request.query_string())
}

/// The same of a query that stands by itself.
///
/// # Errors
/// As [`query`].
pub(super) fn page_of(text: &str) -> Result<Page, ApiError> {
    let query: PageQuery = query_of(text)?;
    Ok(Page {
        after: query.after,
        limit: query.limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE),
    })
}
