//! What holds of any text that comes in a header or a query. For `fuzz/`, and for its seeds as a test.

use super::extract::{page_of, query_of};
use super::stream_bytes::Range;
use super::{ApiError, event, live, stream, stream_bytes};
use crate::tenant::MAX_PAGE;
use generic_corp_protocol::ErrorCode;

/// A range lies within what there is, whatever it says. The first eight bytes are how much that is.
pub fn ranges(data: &[u8]) {
    let Some((length, text)) = data.split_first_chunk::<8>() else {
        return;
    };
    let length = u64::from_be_bytes(*length);
    let text = String::from_utf8_lossy(text);
    if let Some((from, to)) = Range::parse(&text).and_then(|range| range.of(length)) {
        assert!(from < to && to <= length, "{from}..{to} of {length}");
    }
}

/// A query is read or refused for what is wrong with it, and a part of a list has its bounds.
pub fn queries(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(page) = read(page_of(&text)) {
        assert!((1..=MAX_PAGE).contains(&page.limit), "{}", page.limit);
    }
    read(query_of::<event::HistoryQuery>(&text));
    read(query_of::<live::RoomQuery>(&text));
    read(query_of::<live::StreamQuery>(&text));
    read(query_of::<stream::ListQuery>(&text));
    read(query_of::<stream_bytes::AppendQuery>(&text));
}

fn read<T>(query: Result<T, ApiError>) -> Option<T> {
    let refused = query.as_ref().err().map(ApiError::code);
    let told = [
        None,
        Some(ErrorCode::Invalid),
        Some(ErrorCode::UnknownField),
    ];
    assert!(told.contains(&refused), "{refused:?}");
    query.ok()
}

#[cfg(test)]
mod tests {
    fn hold(name: &str, target: impl Fn(&[u8])) {
        let seeds = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
        for seed in std::fs::read_dir(seeds).expect("seeds") {
            target(&std::fs::read(seed.expect("a file").path()).expect("read"));
        }
    }

    #[test]
    fn the_seeds_of_ranges_and_queries_hold() {
        hold("ranges", super::ranges);
        hold("queries", super::queries);
    }
}
