//! What a tool prints: coloured lines with letters beyond ASCII, so that a cut may fall into a character.

/// The bytes `from..from + length` of the output of the tool `number`.
pub fn piece(number: u64, from: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + LINE);
    let mut line = from / LINE as u64;
    while bytes.len() < length + LINE {
        let text =
            format!("\x1b[32mok\x1b[0m test {line:08} of tool {number:08} – größer, schöner, 速い");
        bytes.extend_from_slice(text.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(LINE) - 1, b'.');
        bytes.push(b'\n');
        line += 1;
    }
    let skip = (from % LINE as u64) as usize;
    bytes.drain(..skip);
    bytes.truncate(length);
    bytes
}

/// Bytes of a line.
const LINE: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_of_one_text() {
        let whole = piece(3, 0, 10_000);
        let cut: Vec<u8> = (0..100)
            .flat_map(|part| piece(3, part * 100, 100))
            .collect();
        assert!(whole == cut && whole.len() == 10_000);
        assert!(std::str::from_utf8(&whole[..96 * 100]).is_ok());
    }
}
