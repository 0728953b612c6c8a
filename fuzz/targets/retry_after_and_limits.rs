#![no_main]

#[path = "../checks/retry_after_and_limits.rs"]
mod retry_after_and_limits;

libfuzzer_sys::fuzz_target!(|input: &[u8]| retry_after_and_limits::check(input));
