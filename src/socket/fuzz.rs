//! What holds of any bytes that come over a socket. For `fuzz/`, and for its seeds as a test.

use super::frame::{Message, Reader};
use generic_corp_protocol::CloseCode;

const MAX_BYTES: usize = 4096;

/// What the bytes mean does not hang on the pieces they come in. The first byte says how large these are.
pub fn frames(data: &[u8]) {
    let Some((size, bytes)) = data.split_first() else {
        return;
    };
    let whole = read(std::iter::once(bytes));
    let pieces = read(bytes.chunks(usize::from(*size).max(1)));
    assert_eq!(whole, pieces);
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Result<Message, CloseCode>> {
    let (mut reader, mut read) = (Reader::new(MAX_BYTES), Vec::new());
    for piece in pieces {
        reader.feed(piece);
        loop {
            match reader.next() {
                Ok(Some(message)) => read.push(Ok(message)),
                Ok(None) => break,
                Err(code) => {
                    read.push(Err(code));
                    return read;
                }
            }
        }
    }
    read
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_seeds_of_frames_hold() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/frames");
        for seed in std::fs::read_dir(seeds).expect("seeds") {
            super::frames(&std::fs::read(seed.expect("a file").path()).expect("read"));
        }
    }
}
