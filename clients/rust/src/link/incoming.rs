//! From a WebSocket message to what it says. The result of a request stays raw JSON, so that bodies
//! in it are the bytes the hub has stored.

use crate::Error;
use generic_corp_protocol::ServerFrame;
use generic_corp_protocol::codec::decode_server;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What the hub says.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// The answer to a request, and its result as JSON.
    Ok { id: String, result: String },
    /// Anything else.
    Frame(Box<ServerFrame>),
}

/// Reads a text message; what this client does not know is left out.
pub(crate) fn decode(text: &str) -> Result<Vec<Incoming>, Error> {
    let wrong = |error: serde_json::Error| Error::Decode(error.to_string());
    if !text.trim_start().starts_with('[') {
        return decode_one(text).map_err(wrong);
    }
    let mut all = Vec::new();
    for raw in serde_json::from_str::<Vec<&RawValue>>(text).map_err(wrong)? {
        all.append(&mut decode_one(raw.get()).map_err(wrong)?);
    }
    Ok(all)
}

fn decode_one(text: &str) -> Result<Vec<Incoming>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow, rename = "type")]
        tag: Cow<'a, str>,
        id: Option<String>,
        #[serde(borrow)]
        result: Option<&'a RawValue>,
    }
    // Events are most of what comes, and have no need of this look.
    if !text.starts_with(r#"{"type":"event""#) {
        let head: Head = serde_json::from_str(text)?;
        if let ("ok", Some(id)) = (head.tag.as_ref(), head.id) {
            let result = head.result.map_or("null", RawValue::get).to_owned();
            return Ok(vec![Incoming::Ok { id, result }]);
        }
    }
    let frames = decode_server(text)?;
    let wrap = |frame| Incoming::Frame(Box::new(frame));
    Ok(frames.into_iter().map(wrap).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stay_as_they_are() {
        let text = r#"[{"type":"ok","id":"7","result":{"z":1.50,"a":12345678901234567890123}},{"type":"new.thing"},
            {"type":"stream.ack","stream":"018f3c5e-0000-7000-8000-000000000000","offset":3}]"#;
        let all = decode(text).expect("frames");
        let [Incoming::Ok { id, result }, Incoming::Frame(frame)] = &all[..] else {
            panic!("{all:?}");
        };
        assert_eq!(id, "7");
        assert_eq!(result, r#"{"z":1.50,"a":12345678901234567890123}"#);
        assert!(matches!(**frame, ServerFrame::StreamAck(_)));
    }

    #[test]
    fn what_is_no_json_is_told() {
        assert!(matches!(decode("{"), Err(Error::Decode(_))));
        assert!(matches!(
            decode(r#"{"type":"ok","id":"1"}"#).as_deref(),
            Ok([Incoming::Ok { .. }])
        ));
    }
}
