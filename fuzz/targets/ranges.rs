//! See `src/http/fuzz.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| generic_corp::http::fuzz::ranges(data));
