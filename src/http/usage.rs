//! Plans, usage, limits and alerts of organizations.

use super::ApiError;
use super::body::Body;
use super::extract::{InOrganization, Manage, Member, Own, page, query};
use super::routes::next_page;
use super::usage_csv::csv;
use crate::config::{self, Beyond};
use crate::metering::{Cost, Month, Standing, Used, cost};
use crate::store::Store;
use crate::store::limit::AlertRow;
use crate::store::usage::{By, UsageRow as Sum};
use crate::tenant::{OrganizationScope, Permission, Tenants};
use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use generic_corp_protocol::rest::{
    Alert, OrganizationLimits, Plan, UsageCost, UsageLimit, UsageReport, UsageRow,
};
use generic_corp_protocol::{ErrorCode, Timestamp};
use jiff::civil::Date;
use serde::Deserialize;

/// The most days of one report.
const MAX_DAYS: i32 = 400;
/// A million dollars: no ceiling needs to be higher.
const MAX_CEILING_CENTS: u64 = 100_000_000;

/// The plans that organizations can have, the cheapest first.
#[utoipa::path(get, path = "/plans", tag = "organization", security(()),
    responses((status = 200, body = Vec<Plan>)))]
pub(super) async fn plans(tenants: web::Data<Tenants>) -> web::Json<Vec<Plan>> {
    web::Json(tenants.plans().iter().map(|plan| shown(plan)).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageQuery {
    from: Option<String>,
    to: Option<String>,
    by: Option<String>,
    format: Option<String>,
}

/// What an organization used, what its plan allows, and what that costs. As CSV where `Accept` or `format`
/// asks for it.
#[utoipa::path(get, path = "/organizations/{organization}/usage", tag = "organization",
    params(("organization" = String, Path, description = "Name or id"),
        ("from" = Option<String>, Query, description = "The first day, as 2026-11-24, UTC; the first of this month"),
        ("to" = Option<String>, Query, description = "The last day; today"),
        ("by" = Option<String>, Query, description = "day (the default), workspace, agent or key"),
        ("format" = Option<String>, Query, description = "json or csv")),
    responses((status = 200, body = UsageReport)))]
pub(super) async fn usage(
    request: HttpRequest,
    member: InOrganization<Member>,
    store: web::Data<Store>,
) -> Result<HttpResponse, ApiError> {
    let asked: UsageQuery = query(&request)?;
    let (name, by) = by(asked.by.as_deref())?;
    let as_csv = wants_csv(&request, asked.format.as_deref())?;
    let now = Timestamp::now();
    let month = Month::of(now);
    let from = day("from", asked.from.as_deref(), &month.first_day)?;
    let to = day("to", asked.to.as_deref(), &now.day())?;
    let days = (to - from).get_days() + 1;
    if !(1..=MAX_DAYS).contains(&days) {
        let text = format!("`to` is `from` or later, by at most {MAX_DAYS} days");
        return Err(ApiError::new(ErrorCode::Invalid, text));
    }
    let (from, to) = (from.to_string(), to.to_string());
    let scope = &member.scope;
    let seen_by = (!Permission::Manage.is_of(scope.role)).then_some(scope.user);
    let rows = store.usage(scope.id, (&from, &to), by, seen_by).await?;
    let rows = grouped(rows);
    if as_csv {
        let file = format!("attachment; filename=\"usage-{from}-{to}-by-{name}.csv\"");
        return Ok(HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8")
            .insert_header((CONTENT_DISPOSITION, file))
            .body(csv(name, &rows)?));
    }
    let report = report(&store, &member.scope, &month).await?;
    Ok(HttpResponse::Ok().json(UsageReport {
        from,
        to,
        by: name.to_owned(),
        total: total(&rows),
        rows,
        ..report
    }))
}

/// The owners' ceiling.
#[utoipa::path(get, path = "/organizations/{organization}/limits", tag = "organization",
    params(("organization" = String, Path, description = "Name or id")),
    responses((status = 200, body = OrganizationLimits)))]
pub(super) async fn limits(
    member: InOrganization<Member>,
    store: web::Data<Store>,
) -> Result<web::Json<OrganizationLimits>, ApiError> {
    let ceiling = store.overage_ceiling(member.scope.id).await?;
    Ok(web::Json(OrganizationLimits {
        overage_ceiling_cents: ceiling.map(i64::unsigned_abs),
    }))
}

/// Set or lift the ceiling on what may be charged beyond the plan's price in a month.
#[utoipa::path(patch, path = "/organizations/{organization}/limits", tag = "organization",
    params(("organization" = String, Path, description = "Name or id")),
    request_body = OrganizationLimits, responses((status = 200, body = OrganizationLimits)))]
pub(super) async fn set_limits(
    owner: InOrganization<Own>,
    store: web::Data<Store>,
    body: Body,
) -> Result<web::Json<OrganizationLimits>, ApiError> {
    let limits: OrganizationLimits = body.json().await?;
    let cents = limits.overage_ceiling_cents;
    if cents.is_some_and(|cents| cents > MAX_CEILING_CENTS) {
        let text = format!("`overage_ceiling_cents` is at most {MAX_CEILING_CENTS}, or null");
        return Err(ApiError::new(ErrorCode::Invalid, text));
    }
    let cents = cents.map(u64::cast_signed);
    store
        .set_overage_ceiling(owner.scope.id, cents, &owner.scope.sender)
        .await?;
    Ok(web::Json(limits))
}

/// Limits that were come near to, reached or passed, the newest first; older ones as the `Link` header says.
#[utoipa::path(get, path = "/organizations/{organization}/alerts", tag = "organization",
    params(("organization" = String, Path, description = "Name or id"),
        ("after" = Option<String>, Query, description = "The last id of the page before"),
        ("limit" = Option<u32>, Query, description = "At most 1000")),
    responses((status = 200, body = Vec<Alert>)))]
pub(super) async fn alerts(
    request: HttpRequest,
    manager: InOrganization<Manage>,
    store: web::Data<Store>,
) -> Result<HttpResponse, ApiError> {
    let page = page(&request)?;
    let after = page.after_id()?;
    let rows = store.alerts(manager.scope.id, after, page.limit).await?;
    let last = rows.last().map(|row| row.id.to_string());
    let alerts: Vec<Alert> = rows.into_iter().map(alert).collect();
    Ok(next_page(&request, &page, alerts.len(), last).json(alerts))
}

fn alert(row: AlertRow) -> Alert {
    Alert {
        id: row.id.to_string(),
        meter: row.meter,
        level: u32::try_from(row.level).unwrap_or(u32::MAX),
        period: row.period,
        used: row.used.unsigned_abs(),
        limit: row.allowed.unsigned_abs(),
        time: row.time,
    }
}

/// Everything of a report but its rows.
async fn report(
    store: &Store,
    scope: &OrganizationScope,
    month: &Month,
) -> Result<UsageReport, ApiError> {
    let used = Used::of(&store.totals(scope.id, &month.first_day).await?);
    let counts = store.counts(scope.id).await?;
    let Cost {
        price,
        overage,
        projected,
    } = cost(&scope.plan, &used, month);
    let standings = Standing::of(&scope.plan, &used)
        .into_iter()
        .chain(Standing::counted(&scope.plan, counts));
    let ceiling = store.overage_ceiling(scope.id).await?;
    Ok(UsageReport {
        organization: scope.id,
        plan: scope.plan.key.clone(),
        from: String::new(),
        to: String::new(),
        by: String::new(),
        rows: Vec::new(),
        total: row(String::new(), None),
        limits: standings
            .map(|standing| UsageLimit {
                meter: standing.meter.to_owned(),
                used: standing.used,
                limit: standing.limit,
                resets_at: standing.monthly.then_some(month.ends_at),
            })
            .collect(),
        cost: UsageCost {
            price_cents: price,
            overage_cents: overage,
            projected_cents: projected,
        },
        overage_ceiling_cents: ceiling.map(i64::unsigned_abs),
    })
}

fn by(asked: Option<&str>) -> Result<(&'static str, By), ApiError> {
    Ok(match asked.unwrap_or("day") {
        "day" => ("day", By::Day),
        "workspace" => ("workspace", By::Workspace),
        "agent" => ("agent", By::Sender),
        "key" => ("key", By::Key),
        _ => {
            let text = "`by` is `day`, `workspace`, `agent` or `key`";
            return Err(ApiError::new(ErrorCode::Invalid, text));
        }
    })
}

fn day(field: &str, asked: Option<&str>, else_day: &str) -> Result<Date, ApiError> {
    let text = asked.unwrap_or(else_day);
    let day = text.parse::<Date>().ok();
    day.filter(|day| day.to_string() == text).ok_or_else(|| {
        let text = format!("`{field}` is a day, as 2026-11-24");
        ApiError::new(ErrorCode::Invalid, text)
    })
}

fn wants_csv(request: &HttpRequest, format: Option<&str>) -> Result<bool, ApiError> {
    match format {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(ApiError::new(
            ErrorCode::Invalid,
            "`format` is `json` or `csv`",
        )),
        None => {
            let accept = request.headers().get(ACCEPT);
            let accept = accept.and_then(|accept| accept.to_str().ok());
            Ok(accept.is_some_and(|accept| accept.trim_start().starts_with("text/csv")))
        }
    }
}

fn row(group: String, name: Option<String>) -> UsageRow {
    UsageRow {
        group,
        name,
        messages: 0,
        streams: 0,
        stream_bytes: 0,
        api_calls: 0,
        agent_seconds: 0,
        stored_bytes: 0,
    }
}

/// One row a group, out of sums that come sorted by group.
fn grouped(sums: Vec<Sum>) -> Vec<UsageRow> {
    // Milliseconds are rounded once, when they are all there: a day has a sum for each workspace.
    let mut rows: Vec<(UsageRow, u64)> = Vec::new();
    for sum in sums {
        if rows.last().is_none_or(|(last, _)| last.group != sum.group) {
            rows.push((row(sum.group.clone(), sum.name.clone()), 0));
        }
        let Some((row, agent_ms)) = rows.last_mut() else {
            continue;
        };
        let amount = sum.amount.max(0).unsigned_abs();
        match sum.meter.as_str() {
            "messages" => row.messages += amount,
            "streams" => row.streams += amount,
            "stream_bytes" => row.stream_bytes += amount,
            "api_calls" => row.api_calls += amount,
            "agent_ms" => *agent_ms += amount,
            "stored_bytes" => row.stored_bytes += sum.amount,
            _ => {}
        }
    }
    let seconds = |(row, agent_ms)| UsageRow {
        agent_seconds: agent_ms / 1000,
        ..row
    };
    rows.into_iter().map(seconds).collect()
}

fn total(rows: &[UsageRow]) -> UsageRow {
    rows.iter()
        .fold(row(String::new(), None), |sum, row| UsageRow {
            messages: sum.messages + row.messages,
            streams: sum.streams + row.streams,
            stream_bytes: sum.stream_bytes + row.stream_bytes,
            api_calls: sum.api_calls + row.api_calls,
            agent_seconds: sum.agent_seconds + row.agent_seconds,
            stored_bytes: sum.stored_bytes + row.stored_bytes,
            ..sum
        })
}

fn shown(plan: &config::Plan) -> Plan {
    let named = |pairs: &[(&str, u64)]| {
        let named = pairs.iter().map(|(key, value)| ((*key).to_owned(), *value));
        named.collect()
    };
    Plan {
        plan: plan.key.clone(),
        name: plan.name.clone(),
        price_usd_per_month: plan.price_usd_per_month,
        beyond: match plan.beyond {
            Beyond::Stop => "stop",
            Beyond::Overage => "overage",
        }
        .to_owned(),
        retention_days: plan.retention(),
        limits: named(&[
            ("messages_per_second", plan.messages_per_second.into()),
            ("message_burst", plan.message_burst.into()),
            ("bytes_per_second", plan.bytes_per_second),
            ("byte_burst", plan.byte_burst),
            ("messages_per_hour", plan.messages_per_hour),
            ("api_calls_per_minute", plan.api_calls_per_minute.into()),
            ("api_call_burst", plan.api_call_burst.into()),
            ("connections", plan.connections.into()),
            ("members", plan.members.into()),
            ("workspaces", plan.workspaces.into()),
            ("rooms", plan.rooms.into()),
            ("agents", plan.agents.into()),
            ("stored_bytes", plan.stored_bytes),
            ("agent_minutes_per_month", plan.agent_minutes_per_month),
            ("api_calls_per_month", plan.api_calls_per_month),
            ("messages_per_month", plan.messages_per_month),
        ]),
        overage_cents: match plan.beyond {
            Beyond::Stop => named(&[]),
            Beyond::Overage => named(&[
                ("agent_minutes", plan.overage_cents_agent_minutes.into()),
                ("api_calls", plan.overage_cents_api_calls.into()),
                ("messages", plan.overage_cents_messages.into()),
                ("stored_gib", plan.overage_cents_stored_gib.into()),
            ]),
        },
    }
}
