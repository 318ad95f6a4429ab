//! A usage report as CSV (RFC 4180), for spreadsheets: what a name could make one calculate is only text.

use super::ApiError;
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::UsageRow;
use std::borrow::Cow;

/// The rows, under a head whose first column is what they are told apart by.
pub(super) fn csv(by: &str, rows: &[UsageRow]) -> Result<Vec<u8>, ApiError> {
    let fault = |error: &dyn std::fmt::Display| ApiError::of(ErrorCode::Internal, error, None);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = [
        by,
        "name",
        "messages",
        "streams",
        "stream_bytes",
        "api_calls",
        "agent_seconds",
        "stored_bytes",
    ];
    writer.write_record(head).map_err(|error| fault(&error))?;
    for row in rows {
        let record = [
            text(&row.group),
            text(row.name.as_deref().unwrap_or_default()),
            row.messages.to_string().into(),
            row.streams.to_string().into(),
            row.stream_bytes.to_string().into(),
            row.api_calls.to_string().into(),
            row.agent_seconds.to_string().into(),
            row.stored_bytes.to_string().into(),
        ];
        let record = record.iter().map(|field| field.as_bytes());
        writer.write_record(record).map_err(|error| fault(&error))?;
    }
    writer.into_inner().map_err(|error| fault(&error))
}

/// What begins like a formula gets an apostrophe before it, by which spreadsheets take it for text.
fn text(field: &str) -> Cow<'_, str> {
    match field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{field}").into(),
        false => field.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_only_text_and_commas_are_quoted() {
        let row = |name: &str| UsageRow {
            group: "2026-11-24".into(),
            name: Some(name.into()),
            messages: 3,
            streams: 0,
            stream_bytes: 0,
            api_calls: 0,
            agent_seconds: 61,
            stored_bytes: -5,
        };
        let rows = [row("=HYPERLINK(\"x\")"), row("@a"), row("a,b")];
        let text = String::from_utf8(csv("day", &rows).expect("written")).expect("UTF-8");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("day,name,messages,"), "{text}");
        assert_eq!(
            lines[1],
            "2026-11-24,\"'=HYPERLINK(\"\"x\"\")\",3,0,0,0,61,-5"
        );
        assert!(
            lines[2].contains(",'@a,") && lines[3].contains(",\"a,b\","),
            "{text}"
        );
    }
}
