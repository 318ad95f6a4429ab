//! Every path of the API, once: what registers it is what the document and its test are held to.

use super::error::no_such_path;
use super::{
    ApiError, Origins, account, agent, api_key, billing, calls, cluster, event, gate, health,
    invite, live, me, member, oidc, openapi, removal, search, security, stream, stream_bytes,
    unread, usage, webhook, workspace, workspace_member,
};
use crate::tenant::{Page, Permission};
use actix_web::http::header::{ALLOW, CACHE_CONTROL, LINK};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Resource, ResponseError, Route, guard,
};
use generic_corp_protocol::ErrorCode;

macro_rules! routes {
    ($($path:literal => $($method:ident $handler:path [$permission:ident]),+;)*) => {
        /// Every path under `/api/v1` with its methods and what each needs.
        pub const TABLE: &[(&str, &[(&str, Permission)])] =
            &[$(($path, &[$((stringify!($method), Permission::$permission)),+]),)*];

        fn resources() -> Vec<Resource> {
            vec![$(resource(
                $path,
                &[$(stringify!($method)),+],
                vec![$(kept(routes!(@ $method).to($handler), Permission::$permission)),+],
            ),)*]
        }
    };
    (@ get) => { web::route().guard(guard::Any(guard::Get()).or(guard::Head())) };
    (@ post) => { web::post() };
    (@ put) => { web::put() };
    (@ patch) => { web::patch() };
    (@ delete) => { web::delete() };
}

routes! {
    "/openapi.json" => get openapi::document [Anyone];
    "/setup" => get account::status [Anyone], post account::set_up [Anyone];
    "/auth/register" => post account::register [Anyone];
    "/auth/login" => post account::login [Anyone];
    "/auth/oidc" => post oidc::begin [Anyone];
    "/auth/oidc/callback" => post oidc::finish [Anyone];
    "/auth/refresh" => post account::refresh [Anyone];
    "/auth/logout" => post account::logout [Anyone];
    "/auth/confirm" => post account::confirm [Anyone];
    "/auth/forgot" => post me::forgot [Anyone];
    "/auth/reset" => post me::reset [Anyone];
    "/invites/show" => post invite::show [Anyone];
    "/invites/accept" => post invite::accept [Anyone];
    "/invites/join" => post invite::join [Person];
    "/me" => get account::me [Known], patch me::rename [Person];
    "/me/password" => post me::change_password [Person];
    "/me/sessions" => get me::sessions [Person], delete me::end_other_sessions [Person];
    "/me/sessions/{session}" => delete me::end_session [Person];
    "/organizations" => post invite::found [Person];
    "/organizations/{organization}/invites" => get invite::list [Manage], post invite::create [Manage];
    "/organizations/{organization}/invites/{invite}" => delete invite::revoke [Manage];
    "/organizations/{organization}/members/{user}/reset" => post invite::reset_member [Manage];
    "/organizations/{organization}/workspaces" => get workspace::list [Known], post workspace::create [Manage];
    "/organizations/{organization}/workspaces/{workspace}" => delete removal::workspace [Manage];
    "/cluster" => get cluster::show [Operate];
    "/plans" => get usage::plans [Anyone];
    "/organizations/{organization}/usage" => get usage::usage [Member];
    "/organizations/{organization}/limits" => get usage::limits [Member], patch usage::set_limits [Own];
    "/organizations/{organization}/alerts" => get usage::alerts [Manage];
    "/organizations/{organization}/billing" => get billing::show [Manage];
    "/organizations/{organization}/billing/checkout" => post billing::checkout [Own];
    "/organizations/{organization}/billing/portal" => post billing::portal [Own];
    "/billing/stripe" => post billing::event [Anyone];
    "/organizations/{organization}/webhooks" => get webhook::list [Manage], post webhook::create [Manage];
    "/organizations/{organization}/webhooks/{webhook}" => patch webhook::change [Manage], delete webhook::remove [Manage];
    "/organizations/{organization}/webhooks/{webhook}/rotate" => post webhook::rotate [Manage];
    "/organizations/{organization}/webhooks/{webhook}/test" => post webhook::test [Manage];
    "/organizations/{organization}/webhooks/{webhook}/deliveries" => get webhook::deliveries [Manage];
    "/organizations/{organization}" => patch member::rename [Manage], delete removal::organization [Own];
    "/organizations/{organization}/members" => get member::list [Member];
    "/organizations/{organization}/members/{user}" => patch member::change [Manage], delete member::remove [Member];
    "/organizations/{organization}/audit" => get member::audit [Manage];
    "/workspaces/{workspace}" => get workspace::show [Read], patch workspace::change [Admin];
    "/workspaces/{workspace}/members" => get workspace_member::list [Admin];
    "/workspaces/{workspace}/members/{user}" => put workspace_member::put [Admin], delete workspace_member::remove [Admin];
    "/workspaces/{workspace}/rooms" => get workspace::rooms [Read], post workspace::create_room [Admin];
    "/workspaces/{workspace}/rooms/{room}" => get workspace::show_room [Read];
    "/workspaces/{workspace}/agents" => get agent::list [Read], post agent::create [Admin];
    "/workspaces/{workspace}/agents/{agent}" => patch agent::change [Admin];
    "/workspaces/{workspace}/keys" => get api_key::list [Admin], post api_key::create [Admin];
    "/workspaces/{workspace}/keys/{key}" => delete api_key::revoke [Admin];
    "/workspaces/{workspace}/keys/{key}/rotate" => post api_key::rotate [Admin];
    "/workspaces/{workspace}/connections" => get workspace::connections [Admin];
    "/workspaces/{workspace}/search" => get search::page [Read];
    "/workspaces/{workspace}/connections/{connection}" => delete workspace::disconnect [Admin];
    "/workspaces/{workspace}/rooms/{room}/events" => get event::history [Read], post event::publish [Publish];
    "/workspaces/{workspace}/rooms/{room}/live" => get live::room [Read];
    "/workspaces/{workspace}/rooms/{room}/streams" => get stream::list [Read], post stream::open [Stream];
    "/workspaces/{workspace}/streams/{stream}" => get stream::show [Read];
    "/workspaces/{workspace}/streams/{stream}/bytes" => get stream_bytes::read [Read], post stream_bytes::append [Stream];
    "/workspaces/{workspace}/streams/{stream}/times" => get stream::times [Read];
    "/workspaces/{workspace}/streams/{stream}/close" => post stream::close [Stream];
    "/workspaces/{workspace}/streams/{stream}/cancel" => post stream::cancel [Publish];
    "/workspaces/{workspace}/streams/{stream}/live" => get live::stream [Read];
}

/// Registers the API and the health paths.
///
/// The application needs as data: [`super::Options`], [`super::Origins`], [`crate::auth::Auth`],
/// [`crate::tenant::Tenants`], [`crate::store::Store`] and the draining flag, an `AtomicBool`.
pub fn configure(origins: &Origins, config: &mut ServiceConfig) {
    let headers = DefaultHeaders::new().add((CACHE_CONTROL, "no-store"));
    let mut api = web::scope("/api/v1");
    for resource in resources() {
        api = api.service(resource);
    }
    config
        .service(
            api.default_service(web::to(no_such_path))
                .wrap(from_fn(calls::limit))
                .wrap(from_fn(unread::hold))
                .wrap(headers)
                // Around all, so that a refusal can be read as well.
                .wrap(security::cors(origins)),
        )
        .service(web::scope("/api").default_service(web::to(no_such_path)))
        .service(resource(
            "/healthz",
            &["get"],
            vec![routes!(@ get).to(health::live)],
        ))
        .service(resource(
            "/readyz",
            &["get"],
            vec![routes!(@ get).to(health::ready)],
        ));
}

/// A handler behind its row of the table.
fn kept(route: Route, permission: Permission) -> Route {
    route.wrap(from_fn(move |request, next| {
        gate::keep(permission, request, next)
    }))
}

/// A path whose wrong methods are answered by 405 and the right ones.
fn resource(path: &str, methods: &[&str], routes: Vec<Route>) -> Resource {
    let mut allowed = methods.join(", ").to_uppercase();
    if methods.contains(&"get") {
        allowed.push_str(", HEAD");
    }
    let refuse = move || {
        let error = ApiError::new(
            ErrorCode::MethodNotAllowed,
            format!("this path takes {allowed}"),
        );
        let mut answer = error.error_response();
        if let Ok(allowed) = allowed.parse() {
            answer.headers_mut().insert(ALLOW, allowed);
        }
        std::future::ready(answer)
    };
    let resource = web::resource(path).default_service(web::to(refuse));
    routes.into_iter().fold(resource, Resource::route)
}

/// An answer with a part of a list; while there may be more, with the way to the next part.
pub(super) fn next_page(
    request: &HttpRequest,
    page: &Page,
    count: usize,
    last: Option<String>,
) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    if let Some(last) = last
        && count >= page.limit as usize
    {
        let (path, limit) = (request.path(), page.limit);
        let link = format!("<{path}?after={last}&limit={limit}>; rel=\"next\"");
        answer.insert_header((LINK, link));
    }
    answer
}
