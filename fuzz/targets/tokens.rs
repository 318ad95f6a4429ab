//! See `src/auth/fuzz.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| generic_corp::auth::fuzz::tokens(data));
