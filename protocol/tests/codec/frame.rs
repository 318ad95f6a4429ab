//! Frames of every kind, with whatever may stand in them.

use generic_corp_protocol::frame::{
    Cancel, Goaway, Hello, History, Join, Leave, Okay, Presence, Publish, Reset, StreamAck,
    StreamAppend, StreamClose, StreamClosed, StreamData, StreamOpen, StreamRead, Token,
};
use generic_corp_protocol::limit::MAX_ID_BYTES;
use generic_corp_protocol::message::{ClientInfo, StreamRole};
use generic_corp_protocol::{
    ClientFrame, Event, Sender, SenderKind, ServerFrame, Slug, StreamId, StreamOutcome, Timestamp,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn number() -> impl Strategy<Value = u64> {
    any::<u64>()
}

fn words() -> impl Strategy<Value = String> {
    any::<String>()
}

/// Any JSON, as it may be written: also with space between its tokens.
pub fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| Value::from(text).to_string()),
        Just(r#""\ud83d\ude00 \u00e9 \\ \" \/""#.to_owned()),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let member =
            ("[a-z]{0,6}", inner.clone()).prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop_oneof![
            vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(" ,"))),
            vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

fn raw() -> impl Strategy<Value = Box<RawValue>> {
    json_text().prop_map(|text| RawValue::from_string(text).expect("JSON"))
}

fn id() -> impl Strategy<Value = Option<String>> {
    of(any::<String>().prop_filter("1 to 64 bytes", |id| (1..=MAX_ID_BYTES).contains(&id.len())))
}

fn slug() -> impl Strategy<Value = Slug> {
    "[a-z0-9][a-z0-9_.-]{0,63}".prop_map(|name| Slug::parse(&name).expect("a name"))
}

fn stream() -> impl Strategy<Value = StreamId> {
    any::<u128>().prop_map(|id| StreamId(uuid::Uuid::from_u128(id)))
}

fn outcome() -> impl Strategy<Value = StreamOutcome> {
    use StreamOutcome::{Cancelled, Completed, Failed, Interrupted};
    prop::sample::select(vec![Cancelled, Completed, Failed, Interrupted])
}

fn role() -> impl Strategy<Value = StreamRole> {
    use StreamRole::{Args, Data, File, Reasoning, Stderr, Stdout, Text};
    prop::sample::select(vec![Args, Data, File, Reasoning, Stderr, Stdout, Text])
}

fn text() -> impl Strategy<Value = Option<String>> {
    of(any::<String>())
}

fn publish() -> impl Strategy<Value = ClientFrame> {
    let fields = (
        id(),
        slug(),
        text(),
        text(),
        raw(),
        vec(slug(), 0..3),
        of(number()),
        any::<bool>(),
    );
    fields.prop_map(
        |(id, room, key, kind, body, mentions, reply_to, ephemeral)| {
            Publish {
                id,
                room,
                key,
                kind,
                body,
                mentions,
                reply_to,
                ephemeral,
            }
            .into()
        },
    )
}

fn stream_frame() -> impl Strategy<Value = ClientFrame> {
    let open = (
        id(),
        slug(),
        text(),
        words(),
        role(),
        text(),
        text(),
        of(stream()),
    )
        .prop_map(
            |(id, room, key, name, role, media_type, tool_call, parent)| {
                StreamOpen {
                    id,
                    room,
                    key,
                    name,
                    role,
                    media_type,
                    tool_call,
                    parent,
                }
                .into()
            },
        );
    let append = (id(), stream(), number(), text(), text()).prop_map(
        |(id, stream, offset, text, base64)| {
            StreamAppend {
                id,
                stream,
                offset,
                text,
                base64,
            }
            .into()
        },
    );
    let metadata = raw().prop_filter("null is none", |json| json.get() != "null");
    let close = (
        id(),
        stream(),
        number(),
        outcome(),
        of(any::<i32>()),
        of(metadata),
    )
        .prop_map(|(id, stream, offset, outcome, exit_code, metadata)| {
            StreamClose {
                id,
                stream,
                offset,
                outcome,
                exit_code,
                metadata,
            }
            .into()
        });
    let read = (
        id(),
        stream(),
        of(number()),
        of(number()),
        of(any::<bool>()),
    )
        .prop_map(|(id, stream, offset, tail_bytes, follow)| {
            StreamRead {
                id,
                stream,
                offset,
                tail_bytes,
                follow,
            }
            .into()
        });
    prop_oneof![open, append, close, read]
}

pub fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let program = of((words(), words()).prop_map(|(name, version)| ClientInfo { name, version }));
    let hello = (id(), text(), program, any::<bool>()).prop_map(|(id, token, client, binary)| {
        Hello {
            id,
            token: token.map(Token),
            client,
            binary,
        }
        .into()
    });
    let join = (id(), slug(), of(number()), text(), of(number())).prop_map(
        |(id, room, after, epoch, tail)| {
            Join {
                id,
                room,
                after,
                epoch,
                tail,
            }
            .into()
        },
    );
    let leave = (id(), of(slug()), of(stream()))
        .prop_map(|(id, room, stream)| Leave { id, room, stream }.into());
    let history = (
        id(),
        slug(),
        of(number()),
        of(number()),
        of(any::<u32>()),
        vec(words(), 0..3),
    )
        .prop_map(|(id, room, before, after, limit, kinds)| {
            History {
                id,
                room,
                before,
                after,
                limit,
                kinds,
            }
            .into()
        });
    let cancel = (id(), stream(), text())
        .prop_map(|(id, stream, reason)| Cancel { id, stream, reason }.into());
    let presence =
        (id(), words(), text()).prop_map(|(id, state, text)| Presence { id, state, text }.into());
    prop_oneof![
        publish(),
        stream_frame(),
        hello,
        join,
        leave,
        history,
        cancel,
        presence
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let time = (0i64..253_402_300_799_999).prop_map(Timestamp);
    let sender = (any::<u128>(), words()).prop_map(|(id, name)| Sender {
        kind: SenderKind::Agent,
        id: uuid::Uuid::from_u128(id),
        name,
    });
    let fields = (
        slug(),
        number(),
        time,
        sender,
        words(),
        raw(),
        text(),
        vec(slug(), 0..3),
        of(number()),
    );
    fields.prop_map(
        |(room, seq, time, sender, kind, body, key, mentions, reply_to)| Event {
            room,
            seq,
            time,
            sender,
            kind,
            body,
            key,
            mentions,
            reply_to,
        },
    )
}

pub fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let data = (stream(), number(), text(), text()).prop_map(|(stream, offset, text, base64)| {
        ServerFrame::StreamData(StreamData {
            stream,
            offset,
            text,
            base64,
        })
    });
    let closed = (stream(), number(), outcome(), of(any::<i32>())).prop_map(
        |(stream, offset, outcome, exit_code)| {
            ServerFrame::StreamClosed(StreamClosed {
                stream,
                offset,
                outcome,
                exit_code,
            })
        },
    );
    let reset = (of(slug()), of(stream()), words(), number(), text()).prop_map(
        |(room, stream, reason, position, epoch)| {
            ServerFrame::Reset(Reset {
                room,
                stream,
                reason,
                position,
                epoch,
            })
        },
    );
    let goaway = (words(), number()).prop_map(|(reason, reconnect_after_ms)| {
        ServerFrame::Goaway(Goaway {
            reason,
            reconnect_after_ms,
        })
    });
    let ok = (any::<String>(), of(any::<i64>())).prop_map(|(id, number)| {
        ServerFrame::Ok(Okay {
            id,
            result: number.map(|number| json!({ "offset": number })),
        })
    });
    let ack = (stream(), number())
        .prop_map(|(stream, offset)| ServerFrame::StreamAck(StreamAck { stream, offset }));
    prop_oneof![3 => event().prop_map(ServerFrame::Event), 1 => data, 1 => closed, 1 => reset,
        1 => goaway, 1 => ok, 1 => ack]
}
