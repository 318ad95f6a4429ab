//! How often the API may be called: counted before a handler runs, told with every answer.
//!
//! The headers are those of draft-ietf-httpapi-ratelimit-headers: the policy is the caller's bucket, `q`
//! calls that fill again in `w` seconds; of it `r` are left, and in `t` seconds it is full.

use super::extract::{address, bearer};
use super::{ApiError, Options};
use crate::auth::{Auth, Principal};
use crate::metering::{Actor, ApiCalls};
use crate::quota::{Caller, Calls, Rate, Standing};
use crate::tenant::Tenants;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, ResponseError as _, web};
use generic_corp_protocol::{ErrorCode, OrganizationId, WorkspaceId};
use std::time::Duration;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Whose call it is, once a handler has proved it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Billed {
    pub(super) organization: OrganizationId,
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) actor: Actor,
}

/// A middleware: refuses what comes too fast, and counts what did not.
pub(super) async fn limit<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let standing = take(request.request()).await;
    if let Some(refused) = standing.as_ref().filter(|standing| !standing.allowed) {
        metrics::counter!("generic_corp_api_rejections_total").increment(1);
        let mut answer = too_fast(refused).error_response();
        tell(answer.headers_mut(), refused);
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let mut response = next.call(request).await?.map_into_left_body();
    if let Some(standing) = &standing {
        tell(response.headers_mut(), standing);
    }
    count(response.request());
    Ok(response)
}

/// Counts a call against whoever makes it; `None` where nothing limits it.
async fn take(request: &HttpRequest) -> Option<Standing> {
    let calls = request.app_data::<web::Data<Calls>>()?;
    let known = match principal(request).await {
        Some(principal) => {
            let tenants = request.app_data::<web::Data<Tenants>>()?;
            // Without the store the handler says what is wrong.
            let plan = tenants.plan_of_caller(&principal).await.ok()?;
            let rate = Rate {
                per_minute: plan.api_calls_per_minute,
                burst: plan.api_call_burst,
            };
            let id = match &principal {
                Principal::User { id, .. } => id.0,
                Principal::Agent { key, .. } => key.0,
            };
            request.extensions_mut().insert(principal);
            Some((Caller::Known(id), rate))
        }
        None => None,
    };
    let (caller, rate) = match known {
        Some(known) => known,
        None => {
            let options = request.app_data::<web::Data<Options>>()?;
            let per_minute = options.unknown_calls_per_minute;
            if per_minute == 0 {
                return None;
            }
            let rate = Rate {
                per_minute,
                burst: per_minute,
            };
            (Caller::Address(address(request)), rate)
        }
    };
    Some(calls.take(caller, rate).await)
}

/// Who asks, if the credential is good. What is wrong with it the handler says.
async fn principal(request: &HttpRequest) -> Option<Principal> {
    let token = bearer(request).ok().flatten()?;
    let auth = request.app_data::<web::Data<Auth>>()?;
    auth.authenticate(token).await.ok()
}

fn count(request: &HttpRequest) {
    let billed = request.extensions().get::<Billed>().copied();
    if let (Some(billed), Some(calls)) = (billed, request.app_data::<web::Data<ApiCalls>>()) {
        let workspace = billed.workspace.unwrap_or(WorkspaceId(uuid::Uuid::nil()));
        calls.count(billed.organization, workspace, billed.actor);
    }
}

fn too_fast(standing: &Standing) -> ApiError {
    let wait = standing.reset;
    ApiError::new(
        ErrorCode::RateLimited,
        format!(
            "more calls than the plan allows; wait {} ms",
            wait.as_millis() + 1
        ),
    )
    .after(wait)
}

fn tell(headers: &mut HeaderMap, standing: &Standing) {
    let (policy, limit) = texts(standing);
    for (name, text) in [(POLICY, policy), (LIMIT, limit)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

/// `RateLimit-Policy` and `RateLimit`. Whole seconds, rounded up; a window is at least one.
fn texts(standing: &Standing) -> (String, String) {
    let seconds = |time: Duration| time.as_millis().div_ceil(1000);
    let (burst, window) = (standing.burst, seconds(standing.window).max(1));
    let (remaining, reset) = (standing.remaining, seconds(standing.reset));
    (
        format!("\"calls\";q={burst};w={window}"),
        format!("\"calls\";r={remaining};t={reset}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_are_structured_fields_in_whole_seconds() {
        let standing = Standing {
            allowed: true,
            burst: 60,
            window: Duration::from_secs(30),
            remaining: 58,
            reset: Duration::from_millis(1001),
        };
        let (policy, limit) = texts(&standing);
        assert_eq!(policy, "\"calls\";q=60;w=30");
        assert_eq!(limit, "\"calls\";r=58;t=2");
    }
}
