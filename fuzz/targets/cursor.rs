#![no_main]

#[path = "../checks/cursor.rs"]
mod cursor;

libfuzzer_sys::fuzz_target!(|input: &[u8]| cursor::check(input));
