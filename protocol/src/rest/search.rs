//! What is found in the logs of a workspace.

use crate::{Sender, Slug, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

bodies! {
    /// An event in which all words were found.
    answer SearchHit {
        /// In which room.
        room: Slug,
        /// Where in its log.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        seq: u64,
        /// When it came.
        time: Timestamp,
        /// From whom.
        sender: Sender,
        /// What it is.
        kind: String,
        /// Its text around the first word that was found, in one line of at most 242 characters.
        text: String,
        /// The stream that it opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        stream: Option<StreamId>,
    }
    /// `GET /workspaces/{workspace}/search`.
    answer SearchPage {
        /// What was found, the newest first.
        hits: Vec<SearchHit>,
        /// Give this as `before` for the hits behind these; missing when there are none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        next: Option<u64>,
        /// Events of the rooms that are searched that were published and cannot be found yet.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        behind: u64,
    }
}
