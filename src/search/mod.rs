//! Search across the logs of a workspace. The index follows the logs like any other reader, by a cursor for each
//! room: who publishes does not wait for it, and an answer says how many events it has not reached yet.

mod error;
mod indexer;
mod text;

pub use error::Error;
pub use indexer::run;

use crate::store::Store;
use crate::store::search::Search as Query;
use crate::tenant::Scope;
use generic_corp_protocol::rest::{SearchHit, SearchPage};
use generic_corp_protocol::{Event, Slug};

/// Hits of a page when nothing is said, and at most.
const DEFAULT_PAGE: u32 = 20;
const MAX_PAGE: u32 = 50;
/// Bytes of what is looked for.
const MAX_TEXT: usize = 256;
/// Words of it.
const MAX_WORDS: usize = 16;

/// What is looked for; all of it must be so.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Words that the event has, in any order; of the last one the beginning is enough, from two letters on.
    pub text: String,
    /// Only in this room.
    pub room: Option<Slug>,
    /// Only what a sender of this name wrote.
    pub from: Option<String>,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// The hits behind those of a page, by its `next`.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: Option<u32>,
}

/// A cheap handle to the index.
#[derive(Clone)]
pub struct Search {
    store: Store,
}

impl Search {
    /// Of this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// A page of what is found in a workspace, the newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn page(&self, scope: &Scope, request: Request) -> Result<SearchPage, Error> {
        let words = words(&request.text)?;
        if request.limit == Some(0) {
            return Err(Error::Invalid("`limit` is at least 1"));
        }
        for text in [&request.from, &request.kind].into_iter().flatten() {
            if text.contains(char::is_control) {
                return Err(Error::Invalid(
                    "`from` and `kind` have no control characters",
                ));
            }
        }
        let workspace = scope.workspace();
        let room = match &request.room {
            Some(name) => {
                let found = match scope.opens(name) {
                    true => self.store.room_id(workspace, name).await?,
                    false => None,
                };
                Some(found.ok_or(Error::NotFound("room"))?)
            }
            None => None,
        };
        let limit = request.limit.unwrap_or(DEFAULT_PAGE).min(MAX_PAGE);
        let query = Query {
            words,
            room,
            names: scope.rooms().map(|rooms| rooms.names().to_vec()),
            sender: request.from,
            kind: request.kind,
            before: request.before,
            limit,
        };
        // Asked first: what is indexed meanwhile is found and counted as missing, never the other way round.
        let behind = self.store.unindexed_events(workspace, &query).await?;
        let found = self.store.search(workspace, &query).await?;
        let next = found.last().map(|(position, _)| *position);
        Ok(SearchPage {
            next: next.filter(|_| found.len() == limit as usize),
            hits: found
                .into_iter()
                .map(|(_, event)| hit(event, &query.words))
                .collect(),
            behind,
        })
    }
}

fn words(text: &str) -> Result<Vec<String>, Error> {
    if text.len() > MAX_TEXT {
        return Err(Error::Invalid("`q` has at most 256 bytes"));
    }
    let words: Vec<String> = text::words(text).collect();
    match words.len() {
        0 => Err(Error::Invalid(
            "`q` needs a word: letters or digits to look for",
        )),
        1..=MAX_WORDS => Ok(words),
        _ => Err(Error::Invalid("`q` has at most 16 words")),
    }
}

fn hit(event: Event, words: &[String]) -> SearchHit {
    let text = text::of_body(&event.kind, event.body.get());
    let stream = text::Opened::of(&event.kind, event.body.get()).map(|opened| opened.stream);
    SearchHit {
        room: event.room,
        seq: event.seq,
        time: event.time,
        sender: event.sender,
        kind: event.kind,
        text: text::excerpt(&text, words),
        stream,
    }
}
