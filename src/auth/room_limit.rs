//! The rooms that a key opens.

use generic_corp_protocol::Slug;
use std::sync::Arc;

/// Rooms that one key may name at most.
const MAX: usize = 100;

/// Names of rooms; one that ends in `*` stands for all that begin so. A cheap handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLimit(Arc<[String]>);

impl RoomLimit {
    /// The limit of these names; `None` when there are none or too many, or one is no name.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut known = Vec::new();
        for name in names {
            Slug::parse(name.strip_suffix('*').unwrap_or(name)).ok()?;
            known.push(name.to_owned());
        }
        (1..=MAX).contains(&known.len()).then(|| Self(known.into()))
    }

    /// Whether the room of this name is among them.
    pub fn opens(&self, room: &str) -> bool {
        self.0.iter().any(|name| match name.strip_suffix('*') {
            Some(beginning) => room.starts_with(beginning),
            None => name == room,
        })
    }

    /// Whether everything that `other` opens is among these.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|name| match name.strip_suffix('*') {
            Some(beginning) => self.0.iter().any(|own| {
                own.strip_suffix('*')
                    .is_some_and(|own| beginning.starts_with(own))
            }),
            None => self.opens(name),
        })
    }

    /// The names, as stored and shown.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(names: &str) -> RoomLimit {
        RoomLimit::parse(names.split(',')).expect("a limit")
    }

    #[test]
    fn names_and_beginnings_open_rooms() {
        let limit = limit("lobby,build-*");
        for (room, opens) in [
            ("lobby", true),
            ("lobby-2", false),
            ("build-", true),
            ("build-7", true),
            ("build", false),
            ("other", false),
        ] {
            assert_eq!(limit.opens(room), opens, "{room}");
        }
    }

    #[test]
    fn a_limit_contains_what_opens_no_more() {
        let wide = limit("lobby,build-*");
        for (narrow, contained) in [
            ("lobby", true),
            ("build-7", true),
            ("build-7*", true),
            ("build-*,lobby", true),
            ("buil*", false),
            ("lobby*", false),
            ("lobby,other", false),
        ] {
            assert_eq!(wide.contains(&limit(narrow)), contained, "{narrow}");
        }
    }

    #[test]
    fn what_is_no_name_is_no_limit() {
        for names in ["", "*", "a,,b", "a b", "*a", "a**", "Ä*"] {
            assert!(RoomLimit::parse(names.split(',')).is_none(), "{names}");
        }
        assert!(RoomLimit::parse([]).is_none());
        assert!(RoomLimit::parse(std::iter::repeat_n("a", MAX + 1)).is_none());
    }
}
