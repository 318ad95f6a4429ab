//! What is said: as JSON to programs, in words to people.

use crate::mail::Letter;
use crate::store::limit::AlertRow;
use serde_json::{Value, json};

/// The type of a message on an alert.
pub(super) const LIMIT_REACHED: &str = "limit.reached";

/// The message on an alert.
pub(super) fn body(alert: &AlertRow, organization: &str) -> String {
    let body = json!({
        "type": LIMIT_REACHED,
        "timestamp": alert.time,
        "data": {
            "organization": { "id": alert.organization, "slug": organization },
            "alert": alert.id,
            "meter": alert.meter,
            "level": alert.level,
            "period": alert.period,
            "used": alert.used,
            "limit": alert.allowed,
        },
    });
    body.to_string()
}

/// The same for Slack's incoming webhooks.
pub(super) fn slack(body: &str) -> String {
    json!({ "text": sentence(body) }).to_string()
}

/// The same as a letter.
pub(super) fn letter(to: &str, body: &str) -> Letter {
    let sentence = sentence(body);
    Letter {
        to: to.to_owned(),
        subject: sentence.clone(),
        text: format!(
            "{sentence}\n\nWhat goes on at a limit and what stops is the plan's choice; reading always works. The \
             usage page of the dashboard says where the organization stands and when the month ends.\n\n\
             You get this because you are an owner or admin of the organization.\n"
        ),
    }
}

fn sentence(body: &str) -> String {
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    let data = &message["data"];
    let organization = data["organization"]["slug"].as_str().unwrap_or_default();
    if message["type"] != LIMIT_REACHED {
        return format!("A test: this is where {organization} is told of its limits.");
    }
    let meter = data["meter"].as_str().unwrap_or_default().replace('_', " ");
    let (level, used, limit) = (&data["level"], &data["used"], &data["limit"]);
    format!("{organization} is at {level} % of its {meter}: {used} of {limit}.")
}
