//! What is in a stream: bytes that follow from its key, so that everybody can tell whether they are right.

use sha2::{Digest as _, Sha256};

/// Bytes of a block.
const BLOCK: u64 = 64;

/// The bytes from `from` to `to` of the stream with this key.
pub fn content(key: &str, from: u64, to: u64) -> String {
    let mut text = String::new();
    let first = from / BLOCK;
    for block in first..to.div_ceil(BLOCK) {
        let mut hash = Sha256::new();
        hash.update(key);
        hash.update(block.to_be_bytes());
        text.push_str(&hex(&hash.finalize()));
    }
    let skipped = (from - first * BLOCK) as usize;
    text[skipped..skipped + (to - from) as usize].to_owned()
}

/// As text.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_is_a_part_of_the_whole() {
        let whole = content("k", 0, 1000);
        assert_eq!(whole.len(), 1000);
        for (from, to) in [(0, 0), (0, 64), (63, 65), (64, 128), (100, 1000), (7, 7)] {
            assert_eq!(content("k", from, to), whole[from as usize..to as usize]);
        }
        assert_ne!(content("other", 0, 1000), whole);
    }
}
