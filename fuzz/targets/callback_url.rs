#![no_main]

#[path = "../checks/callback_url.rs"]
mod callback_url;

libfuzzer_sys::fuzz_target!(|input: &[u8]| callback_url::check(input));
