#![no_main]

#[path = "../checks/link_header.rs"]
mod link_header;

libfuzzer_sys::fuzz_target!(|input: &[u8]| link_header::check(input));
