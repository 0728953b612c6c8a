#![no_main]

#[path = "../checks/loose_json.rs"]
mod loose_json;

libfuzzer_sys::fuzz_target!(|input: &[u8]| loose_json::check(input));
