//! Writing streams: open, append, close, ask to cancel.

use super::{Error, Rooms, check, tenant};
use crate::metering::Work;
use crate::store::op::{Done, Ending, Op, StreamDraft};
use crate::tenant::Scope;
use bytes::Bytes;
use generic_corp_protocol::frame::{StreamClose, StreamOpen, StreamOpened};
use generic_corp_protocol::{RoomId, StreamId, StreamInfo, StreamOutcome};

/// Media type of a stream that says nothing: what a terminal shows.
const DEFAULT_MEDIA_TYPE: &str = "text/x-ansi";

/// Bytes for a stream.
#[derive(Clone, Debug)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// Where they begin.
    pub offset: u64,
    /// The bytes.
    pub data: Bytes,
}

impl Rooms {
    /// The operation that opens a stream.
    ///
    /// # Errors
    /// When a value is unsound.
    pub fn open_op(&self, scope: &Scope, room: RoomId, frame: StreamOpen) -> Result<Op, Error> {
        scope.budget().check(Work::Stream, scope.sender().kind)?;
        check::label("name", &frame.name)?;
        check::optional_label("media_type", frame.media_type.as_deref())?;
        check::optional_label("tool_call", frame.tool_call.as_deref())?;
        let draft = StreamDraft {
            id: StreamId::new(),
            sender: scope.sender().clone(),
            key: check::key(frame.key)?,
            name: frame.name,
            role: frame.role,
            media_type: frame
                .media_type
                .unwrap_or_else(|| DEFAULT_MEDIA_TYPE.into()),
            tool_call: frame.tool_call,
            parent: frame.parent,
        };
        Ok(Op::Open {
            tenant: tenant(scope),
            room,
            draft,
        })
    }

    /// The operation that appends to a stream.
    ///
    /// # Errors
    /// When the offset is unsound.
    pub fn append_op(&self, scope: &Scope, append: Append) -> Result<Op, Error> {
        scope.budget().check(Work::Stream, scope.sender().kind)?;
        let Append {
            stream,
            offset,
            data,
        } = append;
        check::position("offset", offset.saturating_add(data.len() as u64))?;
        Ok(Op::Append {
            tenant: tenant(scope),
            stream,
            sender: scope.sender().id,
            offset,
            data,
        })
    }

    /// The operation that closes a stream.
    ///
    /// # Errors
    /// When the outcome is one that only the hub gives.
    pub fn close_op(&self, scope: &Scope, frame: StreamClose) -> Result<Op, Error> {
        check::position("offset", frame.offset)?;
        if frame.outcome == StreamOutcome::Interrupted {
            let text = "`outcome` is `completed`, `failed` or `cancelled`; `interrupted` is the hub's word";
            return Err(Error::Invalid(text.into()));
        }
        let ending = Ending {
            sender: Some(scope.sender().id),
            offset: Some(frame.offset),
            outcome: frame.outcome,
            exit_code: frame.exit_code,
            metadata: frame.metadata,
        };
        Ok(Op::Close {
            tenant: tenant(scope),
            stream: frame.stream,
            ending,
        })
    }

    /// The operation that notes the wish to stop a stream.
    ///
    /// # Errors
    /// When the reason is unsound.
    pub fn cancel_op(
        &self,
        scope: &Scope,
        stream: StreamId,
        reason: Option<String>,
    ) -> Result<Op, Error> {
        check::optional_label("reason", reason.as_deref())?;
        Ok(Op::Cancel {
            tenant: tenant(scope),
            stream,
            by: scope.sender().clone(),
            reason,
        })
    }

    /// Opens a stream, or finds the one with this key, and waits for the commit.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn open_stream(
        &self,
        scope: &Scope,
        frame: StreamOpen,
    ) -> Result<StreamOpened, Error> {
        let room = self.find(scope, &frame.room).await?;
        match self
            .history
            .submit(self.open_op(scope, room, frame)?)
            .await?
        {
            Done::Opened { info, entry, .. } => Ok(opened(&info, entry.is_none(), None)),
            _ => Err(Error::NotFound("stream")),
        }
    }

    /// Closes a stream and waits for the commit.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn close_stream(
        &self,
        scope: &Scope,
        frame: StreamClose,
    ) -> Result<StreamInfo, Error> {
        self.reach(scope, frame.stream).await?;
        match self.history.submit(self.close_op(scope, frame)?).await? {
            Done::Closed { info, .. } => Ok(info),
            _ => Err(Error::NotFound("stream")),
        }
    }

    /// Asks the producer of a stream to stop; it is told now or when it returns.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel_stream(
        &self,
        scope: &Scope,
        stream: StreamId,
        reason: Option<String>,
    ) -> Result<(), Error> {
        self.reach(scope, stream).await?;
        self.history
            .submit(self.cancel_op(scope, stream, reason)?)
            .await?;
        Ok(())
    }
}

/// The answer to an open that was committed.
pub(crate) fn opened(info: &StreamInfo, duplicate: bool, handle: Option<u32>) -> StreamOpened {
    StreamOpened {
        stream: info.stream,
        seq: info.opened_seq,
        offset: info.length,
        duplicate,
        handle,
        state: info.state,
    }
}
