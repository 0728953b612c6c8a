#![no_main]

#[path = "../checks/stored_record.rs"]
mod stored_record;

libfuzzer_sys::fuzz_target!(|input: &[u8]| stored_record::check(input));
