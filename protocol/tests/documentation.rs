//! Every JSON example of `docs/protocol.md` is a frame, and every frame has an example.
//!
//! A block says in its first line whose it is: `json client`, `json server` (after which may stand the
//! type of the `result`), or `json body` for the content of an event.

use generic_corp_protocol::frame::{HistoryPage, Published, StreamOpened, StreamReading};
use generic_corp_protocol::{
    ClientFrame, CloseCode, ServerFrame, StreamInfo, codec, decode, limit,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Every `type` of the hub; [`kind`] does not compile without a new one.
const SERVER_TYPES: [&str; 14] = [
    "welcome",
    "joined",
    "ok",
    "error",
    "event",
    "ephemeral",
    "stream.data",
    "stream.ack",
    "stream.closed",
    "cancel",
    "presence",
    "usage",
    "reset",
    "goaway",
];

fn kind(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Welcome(_) => "welcome",
        ServerFrame::Joined(_) => "joined",
        ServerFrame::Ok(_) => "ok",
        ServerFrame::Error(_) => "error",
        ServerFrame::Event(_) => "event",
        ServerFrame::Ephemeral(_) => "ephemeral",
        ServerFrame::StreamData(_) => "stream.data",
        ServerFrame::StreamAck(_) => "stream.ack",
        ServerFrame::StreamClosed(_) => "stream.closed",
        ServerFrame::Cancel(_) => "cancel",
        ServerFrame::Presence(_) => "presence",
        ServerFrame::Usage(_) => "usage",
        ServerFrame::Reset(_) => "reset",
        ServerFrame::Goaway(_) => "goaway",
    }
}

/// An example: the line it begins at, its marker, its text.
struct Block {
    line: usize,
    marker: String,
    text: String,
}

fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    fs::read_to_string(path).expect("docs/protocol.md is there")
}

/// The blocks of a page whose language is JSON.
fn blocks(page: &str) -> Vec<Block> {
    let (mut found, mut lines) = (Vec::new(), page.lines().enumerate());
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let inner = lines.by_ref().map(|(_, line)| line);
        let text: Vec<&str> = inner.take_while(|line| *line != "```").collect();
        if let Some(marker) = info.strip_prefix("json") {
            found.push(Block {
                line: at + 2,
                marker: marker.trim().to_owned(),
                text: text.join("\n"),
            });
        }
    }
    found
}

/// The types that the example shows.
fn check(block: &Block) -> Result<Vec<&'static str>, String> {
    let mut words = block.marker.split(' ');
    match (words.next(), words.next()) {
        (Some("client"), None) => client(&block.text),
        (Some("server"), result) => server(&block.text, result),
        (Some("body"), None) => serde_json::from_str::<Value>(&block.text)
            .map(|_| Vec::new())
            .map_err(|error| error.to_string()),
        _ => Err("mark it as `json client`, `json server` or `json body`".into()),
    }
}

fn client(text: &str) -> Result<Vec<&'static str>, String> {
    let frames = decode(text).map_err(|error| error.to_string())?;
    let kinds = frames
        .into_iter()
        .map(|frame| frame.map(|frame| frame.kind()));
    kinds
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

fn server(text: &str, result: Option<&str>) -> Result<Vec<&'static str>, String> {
    let written: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let frames = codec::decode_server(text).map_err(|error| error.to_string())?;
    let [frame] = &frames[..] else {
        return Err("an example of the hub shows one frame of a known type".into());
    };
    same(&written, frame)?;
    let answer = written.get("result");
    match (result, answer) {
        (None, None) => {}
        (Some("Published"), Some(answer)) => same_as::<Published>(answer)?,
        (Some("HistoryPage"), Some(answer)) => same_as::<HistoryPage>(answer)?,
        (Some("StreamOpened"), Some(answer)) => same_as::<StreamOpened>(answer)?,
        (Some("StreamReading"), Some(answer)) => same_as::<StreamReading>(answer)?,
        (Some("StreamInfo"), Some(answer)) => same_as::<StreamInfo>(answer)?,
        (Some("Offset"), Some(answer)) => match answer.as_object().map(|map| map.len()) {
            Some(1) if answer["offset"].is_u64() => {}
            _ => return Err("the result of an append is its `offset`".into()),
        },
        other => return Err(format!("the result and its marker do not fit: {other:?}")),
    }
    Ok(vec![kind(frame)])
}

fn same_as<T: DeserializeOwned + Serialize>(written: &Value) -> Result<(), String> {
    let read: T = serde_json::from_str(&written.to_string()).map_err(|error| error.to_string())?;
    same(written, &read)
}

/// Whether `read` would be written the same way: no field is missing, none is stale.
fn same(written: &Value, read: &impl Serialize) -> Result<(), String> {
    let again = serde_json::to_value(read).map_err(|error| error.to_string())?;
    if *written == again {
        Ok(())
    } else {
        Err(format!("the hub would write it as {again}"))
    }
}

/// What is wrong with the examples of a page, and the types of both sides that they show.
fn examine(page: &str) -> (Vec<String>, BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut faults, mut ours, mut theirs) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for block in blocks(page) {
        match check(&block) {
            Ok(kinds) if block.marker == "client" => theirs.extend(kinds),
            Ok(kinds) => ours.extend(kinds),
            Err(fault) => faults.push(format!("docs/protocol.md:{}: {fault}", block.line)),
        }
    }
    (faults, ours, theirs)
}

#[test]
fn every_example_is_a_frame_and_every_frame_has_an_example() {
    let (faults, ours, theirs) = examine(&page());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert_eq!(ours, BTreeSet::from(SERVER_TYPES), "frames of the hub");
    let expected: BTreeSet<_> = ClientFrame::TYPES.iter().copied().collect();
    assert_eq!(theirs, expected, "frames of clients");
}

#[test]
fn a_planted_fault_is_told_with_its_line() {
    for (example, words) in [
        ("json client\n{\"type\":\"join\"}", "missing field `room`"),
        (
            "json client\n{\"type\":\"join\",\"room\":\"a\",\"tial\":1}",
            "unknown field `tial`",
        ),
        (
            "json server\n{\"type\":\"ok\",\"id\":\"1\",\"stale\":1}",
            "would write it as",
        ),
        ("json server\n{\"type\":\"new\"}", "known type"),
        (
            "json server\n{\"type\":\"ok\",\"id\":\"1\",\"result\":{}}",
            "do not fit",
        ),
        (
            "json server Published\n{\"type\":\"ok\",\"id\":\"1\",\"result\":{}}",
            "missing field",
        ),
        ("json\n{\"type\":\"leave\"}", "mark it"),
        ("json body\n{", "EOF"),
    ] {
        let page = format!("# Title\n\n```{example}\n```\n");
        let (faults, _, _) = examine(&page);
        assert!(
            faults.len() == 1
                && faults[0].starts_with("docs/protocol.md:4: ")
                && faults[0].contains(words),
            "{example}: {faults:?}"
        );
    }
}

#[test]
fn the_numbers_are_those_of_the_code() {
    let page = page();
    let thousands = |number: usize| match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", number / 1000, number % 1000),
    };
    for row in [
        format!(
            "| message of a client | {} bytes,",
            thousands(limit::MAX_FRAME_BYTES)
        ),
        format!(
            "| frames in a message | {} |",
            limit::MAX_FRAMES_PER_MESSAGE
        ),
        format!("| nesting of JSON | {} |", limit::MAX_JSON_DEPTH),
        format!("| append | {} bytes |", thousands(limit::MAX_APPEND_BYTES)),
        format!(
            "| `id`; `key`; `kind` | {}; {}; {} bytes |",
            limit::MAX_ID_BYTES,
            limit::MAX_KEY_BYTES,
            limit::MAX_KIND_BYTES
        ),
        format!("presence text | {} bytes,", limit::MAX_LABEL_BYTES),
        format!("| mentions | {} |", limit::MAX_MENTIONS),
        format!(
            "| rooms joined by a connection | {} |",
            limit::MAX_ROOMS_PER_CONNECTION
        ),
        format!(
            "| streams read by a connection | {} |",
            limit::MAX_STREAMS_PER_CONNECTION
        ),
        format!(
            "| writes that wait for their commit | {},",
            limit::MAX_IN_FLIGHT
        ),
        format!("| page of history | {} events |", limit::MAX_HISTORY_PAGE),
        format!(
            "| `tail` | {} events |",
            thousands(limit::MAX_TAIL_EVENTS as usize)
        ),
        format!("| members shown | {} |", limit::MAX_MEMBERS_SHOWN),
    ] {
        assert!(page.contains(&row), "docs/protocol.md lacks: {row}");
    }
    let stay: Vec<String> = CloseCode::ALL
        .iter()
        .filter(|code| !code.reconnect())
        .map(|code| code.code().to_string())
        .collect();
    let stay = format!("**{}**: do not come back", stay.join(", "));
    assert!(page.contains(&stay), "docs/protocol.md lacks: {stay}");
}
