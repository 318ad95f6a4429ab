//! See `protocol/src/fuzz.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| generic_corp_protocol::fuzz::messages(data));
