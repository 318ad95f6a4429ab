//! What holds of any message of a client. For `fuzz/`, and for its seeds as a test.

use crate::{BinaryFrame, decode, encode};

/// A binary frame is what it was made of; what is read of a text, written and read again is the same.
pub fn messages(data: &[u8]) {
    if let Some(frame) = BinaryFrame::decode(data) {
        assert_eq!(frame.encode(), data);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(frames) = decode(text) else {
        return;
    };
    for frame in frames.into_iter().flatten() {
        let written = encode(&frame);
        let again = decode(&written).expect("what was written is read");
        let again: Vec<String> = again
            .into_iter()
            .flatten()
            .map(|frame| encode(&frame))
            .collect();
        assert_eq!(again, [written]);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_seeds_of_messages_hold() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/messages");
        for seed in std::fs::read_dir(seeds).expect("seeds") {
            super::messages(&std::fs::read(seed.expect("a file").path()).expect("read"));
        }
    }
}
