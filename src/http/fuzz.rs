//! What holds of any text that comes in a header or a query. For `fuzz/`, and for its seeds as a test.

use super::extract::PageQuery;
use super::stream_bytes::Range;
use super::{event, live, stream, stream_bytes};
use actix_web::web::Query;

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

/// A query is read or refused, and what is read says the same when it is read again.
pub fn queries(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    macro_rules! read {
        ($($query:ty),*) => {$({
            let read = || Query::<$query>::from_query(&text).map(|query| format!("{:?}", query.0)).ok();
            assert_eq!(read(), read());
        })*};
    }
    read!(
        PageQuery,
        event::HistoryQuery,
        live::RoomQuery,
        live::StreamQuery,
        stream::ListQuery,
        stream_bytes::AppendQuery
    );
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
