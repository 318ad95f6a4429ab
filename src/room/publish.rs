//! Publishing: an event for the log, or something that skips it.

use super::{Error, Rooms, check, tenant};
use crate::bus::Hint;
use crate::metering::Work;
use crate::store::op::{Done, Draft, Op};
use crate::tenant::Scope;
use generic_corp_protocol::frame::{Ephemeral, Publish, Published};
use generic_corp_protocol::limit::MAX_FRAME_BYTES;
use generic_corp_protocol::{RoomId, Timestamp};
use std::sync::Arc;

impl Rooms {
    /// The operation that publishes `frame`.
    ///
    /// # Errors
    /// When a value is unsound.
    pub fn publish_op(&self, scope: &Scope, room: RoomId, frame: Publish) -> Result<Op, Error> {
        let Publish {
            key,
            kind,
            body,
            mentions,
            reply_to,
            ..
        } = frame;
        scope.budget().check(Work::Publish, scope.sender().kind)?;
        check::mentions(&mentions)?;
        reply_to.map_or(Ok(()), |seq| check::position("reply_to", seq))?;
        if body.get().len() > MAX_FRAME_BYTES {
            let text = format!("a body has at most {MAX_FRAME_BYTES} bytes; use a stream for more");
            return Err(Error::TooLarge(text));
        }
        let (key, kind) = (check::key(key)?, check::kind(kind)?);
        let draft = Draft {
            sender: scope.sender().clone(),
            key,
            kind,
            body,
            mentions,
            reply_to,
        };
        Ok(Op::Publish {
            tenant: tenant(scope),
            room,
            draft,
        })
    }

    /// Publishes and waits for the commit.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn publish(&self, scope: &Scope, frame: Publish) -> Result<Published, Error> {
        let room = self.find(scope, &frame.room).await?;
        if frame.ephemeral {
            return self.publish_ephemeral(scope, room, frame);
        }
        let op = self.publish_op(scope, room, frame)?;
        Ok(published(&self.history.submit(op).await?))
    }

    /// Tells everyone who is in the room now and keeps up; nothing is stored.
    ///
    /// # Errors
    /// When a value is unsound.
    pub fn publish_ephemeral(
        &self,
        scope: &Scope,
        room: RoomId,
        frame: Publish,
    ) -> Result<Published, Error> {
        let kind = check::kind(frame.kind)?;
        let body = serde_json::from_str(frame.body.get())
            .map_err(|_| Error::Invalid("`body` is not JSON that can be read".into()))?;
        let (time, sender) = (Timestamp::now(), scope.sender().clone());
        let message = Arc::new(Ephemeral {
            room: frame.room,
            time,
            sender,
            kind,
            body,
        });
        self.bus.publish(vec![Hint::Ephemeral { room, message }]);
        Ok(Published {
            seq: None,
            time,
            duplicate: false,
        })
    }
}

/// The answer to a publish that was committed.
pub(crate) fn published(done: &Done) -> Published {
    match done {
        Done::Published { seq, time, entry } => Published {
            seq: Some(*seq),
            time: *time,
            duplicate: entry.is_none(),
        },
        _ => Published {
            seq: None,
            time: Timestamp::now(),
            duplicate: false,
        },
    }
}
