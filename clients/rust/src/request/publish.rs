//! Publishing an event, again and again until it is certain.

use super::{Boxed, name, new_key};
use crate::{Client, Error};
use generic_corp_protocol::frame::{self, Published};
use serde::Serialize;
use std::future::IntoFuture;
use std::time::Duration;

/// How long a publish is tried, across reconnects.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(60);
/// The wait before a refused publish is tried again, when the hub names none.
const PUBLISH_RETRY: Duration = Duration::from_millis(500);

/// An event on its way; see [`Client::publish`].
#[must_use = "await it to publish"]
#[derive(Debug)]
pub struct Publish {
    client: Client,
    frame: Result<frame::Publish, Error>,
    deadline: Option<Duration>,
}

impl Publish {
    pub(crate) fn new(client: Client, room: &str, kind: &str, body: &impl Serialize) -> Self {
        let body = serde_json::value::to_raw_value(body)
            .map_err(|error| Error::Invalid(format!("the body is no JSON: {error}")));
        let frame = name(room).and_then(|room| {
            Ok(frame::Publish {
                id: None,
                room,
                key: Some(new_key()),
                kind: Some(kind.to_owned()),
                body: body?,
                mentions: Vec::new(),
                reply_to: None,
                ephemeral: false,
            })
        });
        Self {
            client,
            frame,
            deadline: Some(PUBLISH_DEADLINE),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut frame::Publish)) -> Self {
        if let Ok(frame) = &mut self.frame {
            change(frame);
        }
        self
    }

    /// The idempotency key; a new one when not given. The same key again gets the first answer.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with(|frame| frame.key = Some(key.into()))
    }

    /// Names addressed by it.
    pub fn mentions(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names: Result<Vec<_>, _> = names.into_iter().map(|text| name(text.as_ref())).collect();
        match names {
            Ok(names) => self.with(|frame| frame.mentions = names),
            Err(error) => {
                self.frame = Err(error);
                self
            }
        }
    }

    /// The `seq` it answers to.
    pub fn reply_to(self, seq: u64) -> Self {
        self.with(|frame| frame.reply_to = Some(seq))
    }

    /// Skip the log: only who is connected and keeps up sees it, once.
    pub fn ephemeral(self) -> Self {
        self.with(|frame| {
            frame.ephemeral = true;
            frame.key = None;
        })
    }

    /// How long to try, across reconnects and refusals; 60 s when not given, `None` for ever.
    pub fn deadline(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    async fn send(self) -> Result<Published, Error> {
        let frame = self.frame?;
        // An ephemeral event has no key: a second try could show it twice.
        let once = frame.ephemeral;
        let tries = async {
            loop {
                match self.client.call(frame.clone().into(), "publish").await {
                    Err(error) if error.retryable() && !once => {
                        tokio::time::sleep(error.retry_after().unwrap_or(PUBLISH_RETRY)).await;
                    }
                    answer => return answer,
                }
            }
        };
        match self.deadline {
            Some(deadline) => tokio::time::timeout(deadline, tries)
                .await
                .unwrap_or(Err(Error::Timeout("publish"))),
            None => tries.await,
        }
    }
}

impl IntoFuture for Publish {
    type Output = Result<Published, Error>;
    type IntoFuture = Boxed<Published>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
