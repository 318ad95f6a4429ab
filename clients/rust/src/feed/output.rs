//! What goes into a stream: how it begins, its bytes, how it ends.

use bytes::Bytes;
use generic_corp_protocol::message::StreamRole;
use generic_corp_protocol::{Slug, StreamId, StreamOutcome};

/// What a stream is opened with.
#[derive(Clone, Debug)]
pub(crate) struct StreamSpec {
    pub(crate) room: Slug,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) role: StreamRole,
    pub(crate) media_type: Option<String>,
    pub(crate) tool_call: Option<String>,
    pub(crate) parent: Option<StreamId>,
}

/// How the producer ends it.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) outcome: StreamOutcome,
    pub(crate) exit_code: Option<i32>,
}

/// Bytes to send.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) stream: StreamId,
    pub(crate) handle: Option<u32>,
    pub(crate) offset: u64,
    pub(crate) bytes: Bytes,
}
