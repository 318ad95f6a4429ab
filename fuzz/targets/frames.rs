//! See `src/socket/fuzz.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| generic_corp::socket::fuzz::frames(data));
