#![no_main]

#[path = "../checks/api_error.rs"]
mod api_error;

libfuzzer_sys::fuzz_target!(|input: &[u8]| api_error::check(input));
