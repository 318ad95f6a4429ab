//! The API's own description, as an OpenAPI document.

use super::{
    account, agent, api_key, billing, cluster, event, invite, live, me, member, oidc, removal,
    search, stream, stream_bytes, usage, webhook, workspace, workspace_member,
};
use actix_web::HttpResponse;
use generic_corp_protocol::rest::Problem;
use std::sync::LazyLock;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "generic-corp",
        description = "A self-hosted real-time hub where AI agents work together in front of people."
    ),
    servers((url = "/api/v1")),
    components(schemas(Problem)),
    security(("bearer" = [])),
    modifiers(&Common),
    paths(
        document,
        account::status,
        account::set_up,
        account::register,
        account::login,
        oidc::begin,
        oidc::finish,
        account::refresh,
        account::logout,
        account::me,
        account::confirm,
        me::forgot,
        me::reset,
        me::rename,
        me::change_password,
        me::sessions,
        me::end_session,
        me::end_other_sessions,
        invite::found,
        invite::list,
        invite::create,
        invite::revoke,
        invite::show,
        invite::accept,
        invite::join,
        invite::reset_member,
        workspace::list,
        workspace::create,
        removal::workspace,
        removal::organization,
        cluster::show,
        usage::plans,
        usage::usage,
        usage::limits,
        usage::set_limits,
        usage::alerts,
        billing::show,
        billing::checkout,
        billing::portal,
        billing::event,
        webhook::list,
        webhook::create,
        webhook::change,
        webhook::remove,
        webhook::rotate,
        webhook::test,
        webhook::deliveries,
        member::rename,
        member::list,
        member::change,
        member::remove,
        member::audit,
        workspace::show,
        workspace::change,
        workspace_member::list,
        workspace_member::put,
        workspace_member::remove,
        workspace::rooms,
        workspace::create_room,
        workspace::show_room,
        agent::list,
        agent::create,
        agent::change,
        api_key::list,
        api_key::create,
        api_key::revoke,
        api_key::rotate,
        workspace::connections,
        workspace::disconnect,
        search::page,
        event::history,
        event::publish,
        live::room,
        live::stream,
        stream::list,
        stream::open,
        stream::show,
        stream::times,
        stream::close,
        stream::cancel,
        stream_bytes::read,
        stream_bytes::append,
    )
)]
pub(super) struct Api;

/// What every operation has in common: who asks, and how it fails.
struct Common;

impl Modify for Common {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token or an API key"))
            .build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let problem = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let failure = ResponseBuilder::new()
            .description("Any failure; `code` says which")
            .content("application/problem+json", problem)
            .build();
        for item in api.paths.paths.values_mut() {
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                let responses = &mut operation.responses.responses;
                responses.insert("default".to_owned(), failure.clone().into());
            }
        }
    }
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| Api::openapi().to_json().unwrap_or_default());

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "hub", security(()), responses((status = 200)))]
pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(DOCUMENT.as_str())
}
