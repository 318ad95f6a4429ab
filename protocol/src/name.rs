//! Names of rooms, workspaces, organizations and agents, safe in URLs, logs and shells.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, ops::Deref, str::FromStr};

/// A name of 1 to 64 characters: `a`–`z`, `0`–`9`, `-`, `_` and `.`, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(as = "String"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
#[serde(transparent)]
pub struct Slug(String);

/// Why a text is no [`Slug`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to 64 characters of a-z, 0-9, '-', '_' and '.', and begins with a letter or digit"
)]
pub struct NameError;

impl Slug {
    /// Checks `text`; see the type for what is allowed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        match text.as_bytes() {
            [first, tail @ ..]
                if tail.len() < 64
                    && (first.is_ascii_lowercase() || first.is_ascii_digit())
                    && tail.iter().all(|b| rest(*b)) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NameError),
        }
    }
}

/// Whether `text` may stand in front of people as a name, title or reason: 1 to
/// [`MAX_LABEL_BYTES`](crate::limit::MAX_LABEL_BYTES) bytes with something to see, no control
/// characters, nothing that turns the direction of writing.
pub fn is_label(text: &str) -> bool {
    let turns = |c| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.len() <= crate::limit::MAX_LABEL_BYTES
        && !text.trim().is_empty()
        && !text.chars().any(|c| c.is_control() || turns(c))
}

impl Deref for Slug {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}
