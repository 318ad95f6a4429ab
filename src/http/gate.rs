//! The permission table at work: before a handler runs, what its row of [`super::routes::TABLE`] asks for is
//! proved. Handlers take what was proved and cannot ask for it again, or for less.

use super::ApiError;
use super::calls::Billed;
use super::extract::{part, principal};
use crate::auth::Principal;
use crate::metering::{Actor, Work};
use crate::tenant::{OrganizationScope, Permission, Scope, Tenants};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use generic_corp_protocol::{ErrorCode, OrganizationId};

/// What a request has proved.
#[derive(Clone)]
pub(super) struct Proof {
    /// The row's permission.
    pub permission: Permission,
    /// Whose it is.
    pub right: Right,
}

/// Who asks, and for what.
#[derive(Clone)]
pub(super) enum Right {
    /// Nobody was asked who they are.
    Open,
    /// A principal, for nothing in particular.
    Known(Principal),
    /// A principal, for the workspace in the path.
    Workspace(Principal, Scope),
    /// A person, for the organization in the path.
    Organization(OrganizationScope),
}

/// A middleware: lets those through who have the permission.
pub(super) async fn keep<B: MessageBody + 'static>(
    permission: Permission,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match prove(request.request(), permission).await {
        Ok(right) => {
            request.extensions_mut().insert(Proof { permission, right });
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(error) => Ok(request.error_response(error).map_into_right_body()),
    }
}

async fn prove(request: &HttpRequest, permission: Permission) -> Result<Right, ApiError> {
    match permission {
        Permission::Anyone => Ok(Right::Open),
        Permission::Known => Ok(Right::Known(principal(request).await?)),
        Permission::Person => match principal(request).await? {
            person @ Principal::User { .. } => Ok(Right::Known(person)),
            Principal::Agent { .. } => Err(ApiError::new(
                ErrorCode::Forbidden,
                "only a signed-in person may do this, about their own account",
            )),
        },
        Permission::Operate => operator(request).await,
        Permission::Read
        | Permission::Publish
        | Permission::Stream
        | Permission::Task
        | Permission::Admin => {
            let principal = principal(request).await?;
            let name = request.match_info().get("workspace").unwrap_or_default();
            let scope = part::<Tenants>(request)?
                .authorize(&principal, name)
                .await?;
            scope.require(permission)?;
            bill(request, scope.organization(), Some(&scope), scope.actor());
            if costs(request) {
                scope.budget().check(Work::Call, scope.sender().kind)?;
            }
            Ok(Right::Workspace(principal, scope))
        }
        Permission::Member | Permission::Manage | Permission::Own => {
            let principal = principal(request).await?;
            let name = request.match_info().get("organization");
            let scope = part::<Tenants>(request)?
                .authorize_organization(&principal, name.unwrap_or_default(), permission)
                .await?;
            bill(request, scope.id, None, Actor::of(&scope.sender, None));
            Ok(Right::Organization(scope))
        }
    }
}

async fn operator(request: &HttpRequest) -> Result<Right, ApiError> {
    let principal = principal(request).await?;
    match part::<Tenants>(request)?.is_operator(&principal).await? {
        true => Ok(Right::Known(principal)),
        false => Err(ApiError::new(
            ErrorCode::Forbidden,
            "only who runs this hub may do this (generic-corp admin operator EMAIL)",
        )),
    }
}

/// Says whose call this is, for [`super::calls`] to count.
pub(super) fn bill(
    request: &HttpRequest,
    organization: OrganizationId,
    scope: Option<&Scope>,
    actor: Actor,
) {
    request.extensions_mut().insert(Billed {
        organization,
        workspace: scope.map(Scope::workspace),
        actor,
    });
}

/// Whether a call is refused where a plan's calls are used up: then reading still works, and what was begun
/// can be ended.
fn costs(request: &HttpRequest) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let ends = |path: String| path.ends_with("/close") || path.ends_with("/cancel");
    !reads && !request.match_pattern().is_some_and(ends)
}

/// What the gate has proved of this request. Where a handler counts on another permission than its row gives,
/// nobody gets in.
pub(super) fn proved(
    request: &HttpRequest,
    counted_on: Option<Permission>,
) -> Result<Right, ApiError> {
    let extensions = request.extensions();
    match extensions.get::<Proof>() {
        Some(proof) if counted_on.is_none_or(|counted| counted == proof.permission) => {
            Ok(proof.right.clone())
        }
        _ => {
            let path = request.match_pattern().unwrap_or_default();
            Err(disagree(&path))
        }
    }
}

/// A handler and its row do not fit each other.
pub(super) fn disagree(path: &str) -> ApiError {
    let text = format!("{path} and its row of the permission table disagree");
    ApiError::of(ErrorCode::Internal, &text, None)
}
